"""Rules against secrets in the text of the config: in plain fields, and in the URL of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exportctl.errors import Level, SourcePosition
from exportctl.model.project import Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.patterns import compile_on_use
from exportctl.resources.kinds import SECRET_VERSION
from exportctl.rules.rule import Hit, Rule, is_unresolved, key_position

SHAPES = (
    ("an AWS access key id", compile_on_use(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("an Azure account key", compile_on_use(r"AccountKey=", re.IGNORECASE)),
    (
        "an Azure shared access signature",
        compile_on_use(r"[?&;]sig=[A-Za-z0-9%+/=]{20}|SharedAccessSignature=", re.IGNORECASE),
    ),
    ("a private key", compile_on_use(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")),
    # LS0t… is the base64 of ----- and BEGIN, the others are that of PRIVATE KEY at each place in three bytes
    (
        "a private key in base64",
        compile_on_use(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{1,60}(UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW)"),
    ),
    ("a token (JWT)", compile_on_use(r"\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{4,}")),
    ("a password in a URL", compile_on_use(r"://[^/\s:@]{1,200}:[^/\s@]{1,200}@")),
    ("a GitHub or GitLab token", compile_on_use(r"\b(gh[pousr]_[A-Za-z0-9]{20}|github_pat_\w{20}|glpat-[\w-]{20})")),
)
_REMOTES = (
    compile_on_use(r"https://[A-Za-z0-9.-]+(:\d+)?(/\S*)?"),
    compile_on_use(r"ssh://([\w.-]+@)?[A-Za-z0-9.-]+(:\d+)?/\S+"),
    compile_on_use(r"[\w.-]+@[A-Za-z0-9.-]+:(?!//)\S+"),
)
_CREDENTIALS = compile_on_use(r"https?://[^/\s@]{0,400}@|[a-z+]{1,20}://[^/\s@:]{0,200}:[^/\s@]{0,200}@", re.IGNORECASE)

Text = tuple[str, str, SourcePosition, str]  # key, value, position, address


def secret_shape(text: str) -> str | None:
    """Name the kind of secret that a text looks like, or None."""
    return next((words for words, pattern in SHAPES if pattern.search(text)), None)


def texts(project: Project) -> Iterator[Text]:
    """Yield every text of the config that output shows: plain values, titles, names and reasons."""
    platform = project.platform
    yield "platform.organization", platform.organization, platform.at, ""
    yield "platform.sandbox", platform.sandbox, platform.at, ""
    for destination in project.destinations.values():
        yield from _destination_texts(destination)
    for export in project.exports.values():
        address = export.address
        for key in ("title", "description", "folder", "subpath"):
            yield key, getattr(export, key), key_position(export, key), address
        for dataset in export.datasets:
            yield "datasets", f"{dataset.id or ''} {dataset.name or ''}", dataset.at, address
        for allow in export.allow:
            yield "reason", allow.reason, allow.at, address
    for removed in project.removed:
        yield "reason", removed.reason, removed.at, removed.address
    for moved in project.move_from:
        yield "reason", moved.reason, moved.at, f"exports.{moved.to}"
    for accepted in project.accept:
        yield "reason", f"{accepted.reason} {accepted.owner}", accepted.at, accepted.address
    for setting in project.rules.values():
        yield "reason", setting.reason, setting.at, ""


def _destination_texts(destination: Destination) -> Iterator[Text]:
    address = destination.address
    yield "title", destination.title or "", key_position(destination, "title"), address
    yield "description", destination.description, key_position(destination, "description"), address
    for key, value in destination.location.items():
        yield key, value, key_position(destination, key), address
    account = destination.account
    yield "account", f"{account.existing or ''} {account.id or ''}", key_position(destination, "account"), address
    if destination.encryption is not None:
        yield "encryption.public_key", destination.encryption.text, destination.encryption.at, address
    yield SECRET_VERSION, account.secret_version or "", key_position(destination, SECRET_VERSION), address
    for name, auth in account.auth.items():
        if auth.secrecy is Secrecy.PLAIN:
            yield name, auth.text, auth.at, address


def _check_secret_literal(project: Project, as_of: int) -> Iterable[Hit]:
    for key, text, at, address in texts(project):
        if shape := secret_shape(text):
            yield Hit(f"{key} contains what looks like {shape}", at, (address,) if address else (), subject=key)


def repository_position(project: Project) -> SourcePosition:
    """Return the file that may set `repository`: the project keeps no position of its own for it."""
    return SourcePosition(project.files[0]) if project.files else project.platform.at


def _check_repository_form(project: Project, as_of: int) -> Iterable[Hit]:
    text = project.repository
    if text is None or is_unresolved(text) or _CREDENTIALS.search(text):
        return
    if not any(remote.fullmatch(text) for remote in _REMOTES):
        yield Hit(f"repository {text!r} is neither an https URL nor a git remote", repository_position(project))


def _check_repository_credentials(project: Project, as_of: int) -> Iterable[Hit]:
    if project.repository is not None and _CREDENTIALS.search(project.repository):
        yield Hit("repository contains a user or password", repository_position(project))


RULES = (
    Rule(
        "secret-in-plain-field",
        Level.ERROR,
        "A value in a plain field that looks like a secret",
        "exportctl sends plain fields to the service and shows them in plans and logs, and the config is in Git (ours)."
        " The message does not repeat the value.",
        'Rotate it now: it is in the history of the repository. Then write "${env:NAME}" in an `auth` field.',
        "exports: {orders: {description: 'key AKIAABCDEFGHIJKLMNOP'}}",
        "exports: {orders: {description: 'key kept by the platform team'}}",
        check_project=_check_secret_literal,
        fixed=True,
    ),
    Rule(
        "repository-form",
        Level.ERROR,
        "A repository that is not a URL",
        "exportctl writes it into the description of every object, so that AEP users find the config (ours).",
        "Write https://host/path, git@host:path or ssh://git@host/path.",
        "repository: acme/aep-exports",
        "repository: https://github.com/acme/aep-exports",
        check_project=_check_repository_form,
    ),
    Rule(
        "repository-credentials",
        Level.ERROR,
        "Credentials in the repository's URL",
        "exportctl writes the URL into the description of every object, and all users of the sandbox can read it"
        " (ours). With https even a user name is often a token.",
        "Rotate the token, and write the URL without it.",
        "repository: https://acme:token@github.com/acme/aep-exports",
        "repository: ssh://git@github.com/acme/aep-exports",
        check_project=_check_repository_credentials,
        fixed=True,
    ),
)
