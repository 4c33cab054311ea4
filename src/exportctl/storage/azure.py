"""
How a Blob container or a data lake's container is read: the caller's identity from Azure's usual variables. Pure.

    AZURE_STORAGE_CONNECTION_STRING                                   names the account too
    AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN                        of AZURE_STORAGE_ACCOUNT
    AZURE_TENANT_ID + AZURE_CLIENT_ID + AZURE_FEDERATED_TOKEN_FILE    workload identity
    AZURE_TENANT_ID + AZURE_CLIENT_ID + AZURE_CLIENT_SECRET           a service principal

The first that is set is used. A lake's account and container are those of its base connection's abfss URL
(dataset-exports.md 4.1), and a lake is read by the Blob API of the same account, which shows the same files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exportctl.secret import Secret
from exportctl.storage.methods import (
    Access,
    AccountKey,
    Auth,
    Azure,
    FederatedToken,
    Place,
    Sas,
    ServicePrincipal,
    auth_of,
    endpoint,
    field_of,
    not_given,
    unusable,
)
from exportctl.storage.variables import Family, Variables

STRING, KEY, SAS = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
ACCOUNT, ENDPOINT = "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ENDPOINT"
_TENANT, _CLIENT, _CLIENT_SECRET = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"
FAMILY = (STRING, KEY, SAS, _TENANT, _CLIENT, _CLIENT_SECRET, _TOKEN_FILE)

# Azure's clouds: public, US government, China. A URL that somebody typed in the UI must not send a token elsewhere.
_CLOUDS = ("core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn")
_ABFSS = re.compile(r"abfss?://(?P<container>[a-z0-9$-]+)@(?P<account>[a-z0-9]+)\.dfs\.(?P<cloud>[a-z0-9.-]+)/?")
PUBLIC = f"blob.{_CLOUDS[0]}"


@dataclass(frozen=True)
class Where:
    """An account and its address, None where it is not known; the lake's comes from its base connection."""

    account: str | None
    endpoint: str | None
    container: str


def blob_by_caller(place: Place, variables: Variables) -> Access:
    """Raises StorageError: account or credentials are not given."""
    found = variables.setting(ACCOUNT)
    return by_caller(place, variables, Where(found[1] if found else None, None, field_of(place, "container")))


def lake_by_caller(place: Place, variables: Variables) -> Access:
    """Raises StorageError: no credentials are given, or the account is not one of Azure's."""
    return by_caller(place, variables, _lake(place, variables))


def blob_by_destination(place: Place, auth: Auth, variables: Variables) -> Access:
    where = Where(None, None, field_of(place, "container"))
    text = auth_of(place, auth, "connection_string").reveal()
    return _by_string(place, variables, where, text, "the destination's own connection string")


def lake_by_destination(place: Place, auth: Auth, variables: Variables) -> Access:
    tenant, client, word = (auth_of(place, auth, name) for name in ("tenant_id", "client_id", "client_secret"))
    principal = ServicePrincipal(tenant.reveal(), client.reveal(), word)
    return _access(place, variables, _lake(place, variables), principal, "the destination's own service principal")


def by_caller(place: Place, variables: Variables, where: Where) -> Access:
    family = variables.family(FAMILY)
    fits = family.prefix or where.endpoint is None or variables.plain(ACCOUNT) in (None, where.account)
    if fits:  # a plain key or string of another account than the lake's is not tried on it
        if text := family.get(STRING):
            return _by_string(place, variables, where, text, family.prefix + STRING)
        if key := family.get(KEY):
            return _access(place, variables, where, AccountKey(Secret(key)), family.prefix + KEY)
        if token := family.get(SAS):
            return _access(place, variables, where, Sas(Secret(token.lstrip("?"))), family.prefix + SAS)
    if file := family.get(_TOKEN_FILE):
        tenant, client = _named(place, family, _TOKEN_FILE)
        return _access(place, variables, where, FederatedToken(tenant, client, file), family.prefix + _TOKEN_FILE)
    if word := family.get(_CLIENT_SECRET):
        tenant, client = _named(place, family, _CLIENT_SECRET)
        principal = ServicePrincipal(tenant, client, Secret(word))
        return _access(place, variables, where, principal, family.prefix + _CLIENT_SECRET)
    hint = (
        f"set {ACCOUNT} and {KEY} or {SAS}, or {STRING}, or {_TENANT}, {_CLIENT} and {_CLIENT_SECRET} "
        f"or {_TOKEN_FILE}; for this destination alone with {variables.prefix} in front; or {variables.prefix}FOLDER"
    )
    raise not_given(place, "nothing says how to read its container", hint)


def _named(place: Place, family: Family, beside: str) -> tuple[str, str]:
    if missing := family.missing(_TENANT, _CLIENT):
        message = f"{family.prefix}{beside} needs {' and '.join(missing)}"
        raise unusable(place, message, f"set {' and '.join(missing)} too")
    return family.values[_TENANT], family.values[_CLIENT]


def _access(
    place: Place,
    variables: Variables,
    where: Where,
    credential: AccountKey | Sas | ServicePrincipal | FederatedToken,
    identity: str,
) -> Access:
    if where.account is None:
        hint = f"set {ACCOUNT} to the storage account, or {variables.prefix}{ACCOUNT}"
        raise not_given(place, f"{identity} is set, and nothing says which account it is of", hint)
    given = _endpoint(variables, where.account)
    known = where.endpoint or f"https://{where.account}.{PUBLIC}"
    address = endpoint(place, given[1], given[0]) if given else known
    method = Azure(where.account, where.container, address, credential)
    return Access(f"az://{where.account}/{where.container}", method, identity)


def _by_string(place: Place, variables: Variables, where: Where, text: str, identity: str) -> Access:
    """A connection string: `AccountName=…;AccountKey=…` or `BlobEndpoint=…;SharedAccessSignature=…`, and more."""
    parts = dict(p.partition("=")[::2] for p in text.strip().split(";") if p)
    key, token, blob = parts.get("AccountKey"), parts.get("SharedAccessSignature"), parts.get("BlobEndpoint")
    address = endpoint(place, blob, f"BlobEndpoint in {identity}") if blob else None
    account = parts.get("AccountName") or (_account_of(address) if address else None)
    if account is None or not (key or token):
        hint = "copy it from the account's page `Access keys`; the Azurite shortcut is not known here"
        raise unusable(place, f"{identity} is no connection string with an account and a key or signature", hint)
    if where.account and where.endpoint and account != where.account:
        hint = f"the lake is in {where.account}; give that one's with {variables.prefix} in front"
        raise unusable(place, f"{identity} is of another account, {account}", hint)
    suffix = parts.get("EndpointSuffix")
    address = address or (endpoint(place, f"https://{account}.blob.{suffix}", identity) if suffix else where.endpoint)
    credential = AccountKey(Secret(key)) if key else Sas(Secret((token or "").lstrip("?")))
    return _access(place, variables, Where(account, address, where.container), credential, identity)


def _lake(place: Place, variables: Variables) -> Where:
    found = _ABFSS.fullmatch(place.account.get("endpoint", ""))
    if found is None:
        hint = "it is abfss://CONTAINER@ACCOUNT.dfs.core.windows.net; `reader: none` leaves its storage unread"
        raise unusable(place, "its base connection shows no abfss URL of a container", hint)
    account = variables.own(ACCOUNT) or found["account"]
    if found["cloud"] not in _CLOUDS and not _endpoint(variables, account):
        hint = f"if your credentials may go there, set {variables.prefix}{ENDPOINT} to its Blob endpoint"
        raise unusable(place, f"its account is at {found['cloud']}, which is not Azure", hint)
    return Where(account, f"https://{account}.blob.{found['cloud']}", found["container"])


def _endpoint(variables: Variables, account: str) -> tuple[str, str] | None:
    """(variable, value) of an address given for this account; the plain one is of the plain account, if that is set."""
    if address := variables.own(ENDPOINT):
        return variables.prefix + ENDPOINT, address
    address = variables.plain(ENDPOINT)
    return (ENDPOINT, address) if address and variables.plain(ACCOUNT) in (None, account) else None


def _account_of(address: str) -> str:
    """The account in `https://ACCOUNT.blob.core.windows.net`, or in `http://127.0.0.1:10000/ACCOUNT` of an emulator."""
    _, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    return path or host.partition(".")[0]
