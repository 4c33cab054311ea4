"""Where an account is, as the params of connections say it: all that specs and local folders need to know. Pure."""

from __future__ import annotations

from exportctl.emulator.storage.sink import StorageRefused
from exportctl.patterns import compile_on_use

LANDING_ZONE = "dlz-destination"  # flow-service.md 5.4
SFTP_PORT = 22  # unless the endpoint or the base connection names another
_LAKE = compile_on_use(r"abfss?://([^@/]+)@([^./@]+)(?:\.[^/]*)?/?")


def parse_lake_url(url: str) -> tuple[str, str]:
    """Split `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net` into container and account; refuse any other form."""
    found = _LAKE.fullmatch(url)
    if found is None:
        raise StorageRefused("failed", "the account url is not abfss://CONTAINER@ACCOUNT.dfs.core.windows.net")
    return found[1], found[2]
