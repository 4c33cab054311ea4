"""`emulator storage`: where the emulator writes files, in a local folder or in real storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.context import CommandContext, Commands, command_context, read_text
from exportctl.cli.emulator.connect import Url, ask_emulator, show_answer
from exportctl.errors import UsageError
from exportctl.output.format_values import clean_text

Type = Annotated[str, Argument(metavar="TYPE", help="A destination type, such as amazon-s3.")]
StorageOption = Annotated[
    list[str] | None,
    Option("--option", metavar="KEY=VALUE", help="An option of the storage. VALUE can be @FILE or env:NAME."),
]
AllowedHosts = Annotated[
    list[str] | None, Option("--allow-real-storage", metavar="HOST", help="Allow writes to this host. Repeatable.")
]


def storage(ctx: typer.Context, url: Url = None) -> int:
    return storage_show(ctx, url) if ctx.invoked_subcommand is None else exit_codes.DONE


def storage_show(ctx: typer.Context, url: Url = None) -> int:
    """Show where the files of each destination type go."""
    return _show_storage(ctx, ask_emulator(ctx, url, "GET", "storage"))


def storage_set(
    ctx: typer.Context,
    type: Type,
    at: Annotated[str, Argument(metavar="URL", help="Such as http://127.0.0.1:9000 or sftp://127.0.0.1:2222.")],
    option: StorageOption = None,
    allow: AllowedHosts = None,
    url: Url = None,
) -> int:
    """
    Write the files of a destination type to real storage.

    Credentials come from the accounts. Options: region; for roles and service principals, JSON objects that replace AWS
    STS and Entra ID; for the landing zone account, container, and account_key or sas; for SFTP known_hosts.
    """
    call = command_context(ctx)
    given = dict(_parse_storage_option(text, call) for text in option or ())
    body = {"endpoints": {type: {**_parse_endpoint(at), **given}}, "allowed_hosts": allow or []}
    return _show_storage(ctx, ask_emulator(ctx, url, "PATCH", "storage", body))


def storage_local(ctx: typer.Context, type: Type, url: Url = None) -> int:
    """
    Write the files of a destination type to a local folder.

    The emulator forgets the endpoint that was set.
    """
    return _show_storage(ctx, ask_emulator(ctx, url, "DELETE", f"storage/{quote(type, safe='')}"))


def _parse_endpoint(at: str) -> dict[str, Any]:
    from exportctl.emulator.storage.settings import parse_location

    try:
        return parse_location(at)
    except ValueError as error:
        raise UsageError(str(error), rule="usage") from error


def _parse_storage_option(text: str, call: CommandContext) -> tuple[str, Any]:
    name, equals, written = text.partition("=")
    if not equals:
        raise UsageError("--option takes KEY=VALUE", rule="usage")
    value = read_option_value(f"--option {name}", written, call.folder, call.env)
    if not value.lstrip().startswith("{"):
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        raise UsageError(f"--option {name}: the value is not JSON", rule="usage") from None


def read_option_value(option: str, written: str, folder: Path, env: Mapping[str, str]) -> str:
    """Read the value of an option: the content of @FILE, the variable of env:NAME, else the text itself."""
    if written.startswith("@"):
        return read_text(folder / written[1:], f"{option}:").strip()
    if not written.startswith("env:"):
        return written
    variable = written.removeprefix("env:")
    if not env.get(variable):
        raise UsageError(f"{option}: {variable} is not set", rule="usage")
    return env[variable]


def _show_storage(ctx: typer.Context, answer: dict[str, Any]) -> int:
    from exportctl.emulator.storage.settings import OPTIONS

    lines = [f"{type:<22}{_endpoint_text(answer['endpoints'].get(type))}" for type in OPTIONS]
    if answer["allowed_hosts"]:
        lines.append(f"Allowed hosts: {', '.join(answer['allowed_hosts'])}")
    return show_answer(ctx, answer, "\n".join(lines))


def _endpoint_text(endpoint: Mapping[str, Any] | None) -> str:
    if endpoint is None:
        return "a local folder"
    from exportctl.emulator.storage.settings import format_location

    at, members = format_location(endpoint)
    shown = "  ".join(f"{name}={value}" for name, value in members.items() if name != "known_hosts")
    return clean_text(f"{at}  {shown}".rstrip())


_STORAGE = "exportctl emulator storage"
SET = f"{_STORAGE} set data-landing-zone http://127.0.0.1:10000/acme --option account=acme --option account_key=env:KEY"
COMMANDS: Commands = {
    "emulator storage": (storage, ""),
    "emulator storage show": (storage_show, f"{_STORAGE} show"),
    "emulator storage set": (storage_set, SET),
    "emulator storage local": (storage_local, f"{_STORAGE} local amazon-s3"),
}
