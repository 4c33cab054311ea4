"""
The environment of the exportctl process: only what it needs. Pure.

    worker's environment ── BASE, and the names in `pass_env` ──┐
    connection ── login, password, extra ───────────────────────┼─▶ environment of the process
    Airflow Variables ── the names in `variables` ──────────────┘

Nothing of Airflow's own configuration is passed on: its database address and its keys are no business of exportctl.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

CLIENT_ID, CLIENT_SECRET = "AEP_CLIENT_ID", "AEP_CLIENT_SECRET"
BASE = (
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("SSL_CERT_DIR", "SSL_CERT_FILE"),
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOADERS = re.compile(r"PATH|LD_.*|DYLD_.*|PYTHON.*")  # they decide which code runs


def connection_variables(login: str | None, password: str | None, extra: str | None) -> dict[str, str]:
    """
    Return the variables that a connection of the type `exportctl` holds.

    Login and password are AEP_CLIENT_ID and AEP_CLIENT_SECRET. `extra` is a JSON object: each key is the name of a
    variable.

    Raises:
        ValueError: `extra` is no such object. The message holds no value, because each may be a secret.
    """
    found = {name: value for name, value in ((CLIENT_ID, login), (CLIENT_SECRET, password)) if value}
    for name, value in _read_extra(extra).items():
        check_name(name)
        if not isinstance(value, str):
            raise ValueError(f"the value of {name} in the extra of the connection is not text: put it in quotes")
        found[name] = value
    return found


def _read_extra(text: str | None) -> dict[str, object]:
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except ValueError as error:
        where = f", line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"the extra of the connection is not JSON{where}") from None
    if not isinstance(extra, dict):
        raise ValueError('the extra of the connection is not a JSON object such as {"LAKE_SECRET_KEY": "…"}')
    return extra


def check_name(name: str) -> None:
    """Raise a ValueError if `name` is no name of a variable, or one that decides which code a process runs."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an environment variable")
    if _LOADERS.fullmatch(name):
        raise ValueError(f"{name} decides which code runs, so neither a connection nor a Variable can set it")


def process_environment(
    worker: Mapping[str, str], pass_env: Iterable[str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of the process."""
    return {name: worker[name] for name in (*BASE, *pass_env) if name in worker} | dict(secrets)
