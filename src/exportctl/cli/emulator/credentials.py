"""`emulator credentials`: who may ask the emulator for what, to try an export with the least permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer
from typer import Argument, Option

from exportctl.cli.context import Commands, command_context
from exportctl.cli.emulator.connect import Url, ask_emulator, show_answer
from exportctl.cli.emulator.storage import read_option_value
from exportctl.errors import UsageError
from exportctl.output.format_values import clean_text

ClientId = Annotated[str, Argument(metavar="CLIENT_ID", help="The client id, such as exports-reader.")]


def credentials_list(ctx: typer.Context, url: Url = None) -> int:
    """List the credentials and their permissions, without secrets."""
    return _show_credentials(ctx, ask_emulator(ctx, url, "GET", "credentials"))


def credentials_add(
    ctx: typer.Context,
    client_id: ClientId,
    permission: Annotated[
        list[str] | None,
        Option("--permission", metavar="NAME", help="A permission of AEP. Repeatable. Default: all for exports."),
    ] = None,
    sandbox: Annotated[
        list[str] | None, Option("--sandbox", metavar="NAME", help="Only in this sandbox. Repeatable. Default: all.")
    ] = None,
    secret: Annotated[
        str | None, Option("--secret", metavar="REFERENCE", help="env:NAME or @FILE. Default: made up, shown once.")
    ] = None,
    url: Url = None,
) -> int:
    """
    Add a credential with permissions of its own.

    Without --secret the emulator makes a secret up. This command shows it once.
    """
    body: dict[str, Any] = {"client_id": client_id}
    if permission is not None:
        body["permissions"] = permission
    if sandbox is not None:
        body["sandboxes"] = sandbox
    if secret is not None:
        body["client_secret"] = _read_secret(ctx, secret)
    answer = ask_emulator(ctx, url, "POST", "credentials", body)
    return show_answer(ctx, answer, _added_text(answer))


def credentials_remove(ctx: typer.Context, client_id: ClientId, url: Url = None) -> int:
    """Remove a credential. Its tokens become invalid."""
    return _show_credentials(ctx, ask_emulator(ctx, url, "DELETE", f"credentials/{quote(client_id, safe='')}"))


def _read_secret(ctx: typer.Context, written: str) -> str:
    """Read a secret by its reference; one on the command line would stay in the history of the shell."""
    if not written.startswith(("@", "env:")):
        raise UsageError("--secret takes env:NAME or @FILE, never the secret itself", rule="usage")
    call = command_context(ctx)
    return read_option_value("--secret", written, call.folder, call.env)


def _added_text(made: Mapping[str, Any]) -> str:
    lines = [f"Added {_credential_text(made)}", "Clients of a served emulator need:"]
    lines.append(f"  export AEP_CLIENT_ID={clean_text(made['client_id'])}")
    if "client_secret" in made:
        lines += [
            f"  export AEP_CLIENT_SECRET={clean_text(made['client_secret'])}",
            "The secret is shown this once. It is valid on this emulator only.",
        ]
    else:
        lines.append("  and AEP_CLIENT_SECRET as you gave it.")
    return "\n".join(lines)


def _show_credentials(ctx: typer.Context, answer: dict[str, Any]) -> int:
    return show_answer(ctx, answer, "\n".join(_credential_text(one) for one in answer["credentials"]))


def _credential_text(one: Mapping[str, Any]) -> str:
    sandboxes = "all sandboxes" if one["sandboxes"] is None else f"sandboxes {', '.join(one['sandboxes']) or 'none'}"
    permissions = ", ".join(one["permissions"]) or "no permission"
    return clean_text(f"{one['client_id']}: {permissions}; {sandboxes}")


_CREDENTIALS = "exportctl emulator credentials"
ADD = f'{_CREDENTIALS} add reader --permission "View Destinations" --sandbox dev'
COMMANDS: Commands = {
    "emulator credentials list": (credentials_list, f"{_CREDENTIALS} list"),
    "emulator credentials add": (credentials_add, ADD),
    "emulator credentials remove": (credentials_remove, f"{_CREDENTIALS} remove reader"),
}
