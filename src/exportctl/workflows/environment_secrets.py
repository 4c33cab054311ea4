"""The credentials among the environment variables. Pure; every command loads this module."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# The ends of the names of variables with credentials: of the platform, of a cloud, for one destination or for all.
_SECRET_NAMES = (
    "AEP_CLIENT_SECRET",
    "AEP_ACCESS_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "CI_JOB_TOKEN",
    "GCS_HMAC_SECRET_ACCESS_KEY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "PLAN_KEY",
    "SFTP_PASSWORD",
    "SYSTEM_ACCESSTOKEN",
)


def environment_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the credentials that the environment gives to exportctl, its readers of storage, and a CI job."""
    proxies = (_password(value) for name, value in env.items() if name.lower().endswith("_proxy"))
    own = (value for name, value in env.items() if name.removeprefix("EXPORTCTL_").endswith(_SECRET_NAMES))
    return tuple(value for value in (*own, *proxies) if value)


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None
