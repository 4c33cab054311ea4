"""
How to read a Blob container or a data lake's container: the caller's identity from Azure's usual variables. Pure.

    AZURE_STORAGE_CONNECTION_STRING                                   names the account too
    AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN                        of AZURE_STORAGE_ACCOUNT
    AZURE_TENANT_ID + AZURE_CLIENT_ID + AZURE_FEDERATED_TOKEN_FILE    workload identity
    AZURE_TENANT_ID + AZURE_CLIENT_ID + AZURE_CLIENT_SECRET           a service principal

The first that is set is used. A lake's account and container are those of its base connection's abfss URL
(dataset-exports.md 4.1). A lake is read by the Blob API of the same account, which shows the same files.
"""

from __future__ import annotations

import re

from exportctl.frozen import dataclass
from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import (
    Access,
    AccessInputs,
    Azure,
    AzureCredential,
    FederatedToken,
    Sas,
    ServicePrincipal,
    SharedKey,
    VariableGroup,
)

STRING, KEY, SAS = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
ACCOUNT, ENDPOINT = "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ENDPOINT"
_TENANT, _CLIENT, _CLIENT_SECRET = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"
FAMILY = (STRING, KEY, SAS, _TENANT, _CLIENT, _CLIENT_SECRET, _TOKEN_FILE)

# Azure's clouds: public (also accounts in a DNS zone), US government, China. A URL from the UI must not send a token
# elsewhere.
_CLOUDS = ("core.windows.net", "storage.azure.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn")
_ABFSS = re.compile(
    r"abfss?://(?P<container>[a-z0-9$-]+)@(?P<account>[a-z0-9]+)(?P<zone>\.z[0-9]{1,2})?"
    r"\.dfs\.(?P<cloud>[a-z0-9.-]+)/?"
)
PUBLIC_DOMAIN = f"blob.{_CLOUDS[0]}"


@dataclass(frozen=True)
class ContainerAddress:
    """An account and its address, None if unknown. That of a lake comes from its base connection."""

    account: str | None
    endpoint: str | None
    container: str


def blob_access(inputs: AccessInputs) -> Access:
    """Return how a Blob container is read; the errors are those of `storage_access`."""
    container = inputs.location_value(Part.CONTAINER)
    if inputs.auth is not None:
        if not inputs.has_auth(Part.CONNECTION_STRING):
            return _blob_principal_access(inputs, container)
        text = inputs.auth_value(Part.CONNECTION_STRING).reveal()
        where = ContainerAddress(None, None, container)
        return _connection_string_access(inputs, where, text, "the destination's own connection string")
    account = inputs.setting(ACCOUNT)
    return caller_access(inputs, ContainerAddress(account[1] if account else None, None, container))


def _blob_principal_access(inputs: AccessInputs, container: str) -> Access:
    tenant, client, word = map(inputs.auth_value, (Part.TENANT_ID, Part.CLIENT_ID, Part.CLIENT_SECRET))
    account = inputs.auth_value(Part.ENDPOINT).reveal().partition(".")[0]
    principal = ServicePrincipal(tenant.reveal(), client.reveal(), word)
    where = ContainerAddress(account, None, container)
    return _access(inputs, where, principal, "the destination's own service principal")


def lake_access(inputs: AccessInputs) -> Access:
    """Return how the container of a lake is read; the errors are those of `storage_access`."""
    if inputs.auth is None:
        return caller_access(inputs, _lake_address(inputs))
    tenant, client, word = map(inputs.auth_value, (Part.TENANT_ID, Part.CLIENT_ID, Part.CLIENT_SECRET))
    principal = ServicePrincipal(tenant.reveal(), client.reveal(), word)
    return _access(inputs, _lake_address(inputs), principal, "the destination's own service principal")


def caller_access(inputs: AccessInputs, where: ContainerAddress) -> Access:
    family = inputs.group(FAMILY)
    given = family.values
    fits = family.prefix or where.endpoint is None or inputs.plain_value(ACCOUNT) in (None, where.account)
    if fits:  # a plain key or string of another account is not used for the lake
        if text := given.get(STRING):
            return _connection_string_access(inputs, where, text, family.prefix + STRING)
        if key := given.get(KEY):
            return _access(inputs, where, SharedKey(Secret(key)), family.prefix + KEY)
        if token := given.get(SAS):
            return _access(inputs, where, Sas(Secret(token.lstrip("?"))), family.prefix + SAS)
    if file := given.get(_TOKEN_FILE):
        tenant, client = _tenant_and_client(inputs, family, _TOKEN_FILE)
        return _access(inputs, where, FederatedToken(tenant, client, file), family.prefix + _TOKEN_FILE)
    if word := given.get(_CLIENT_SECRET):
        tenant, client = _tenant_and_client(inputs, family, _CLIENT_SECRET)
        principal = ServicePrincipal(tenant, client, Secret(word))
        return _access(inputs, where, principal, family.prefix + _CLIENT_SECRET)
    hint = (
        f"set {ACCOUNT} and {KEY} or {SAS}, or {STRING}, or {_TENANT}, {_CLIENT} and {_CLIENT_SECRET} "
        f"or {_TOKEN_FILE}; for this destination alone with {inputs.prefix} in front; or {inputs.prefix}FOLDER"
    )
    raise inputs.no_credentials_error("nothing says how to read its container", hint)


def _tenant_and_client(inputs: AccessInputs, family: VariableGroup, beside: str) -> tuple[str, str]:
    if missing := family.missing_names(_TENANT, _CLIENT):
        message = f"{family.prefix}{beside} needs {' and '.join(missing)}"
        raise inputs.setting_error(message, f"set {' and '.join(missing)} too")
    return family.values[_TENANT], family.values[_CLIENT]


def _access(inputs: AccessInputs, where: ContainerAddress, credential: AzureCredential, identity: str) -> Access:
    if where.account is None:
        hint = f"set {ACCOUNT} to the storage account, or {inputs.prefix}{ACCOUNT}"
        raise inputs.no_credentials_error(f"{identity} is set, and nothing says which account it belongs to", hint)
    address = _endpoint(inputs, where.account)
    known = where.endpoint or f"https://{where.account}.{PUBLIC_DOMAIN}"
    endpoint = inputs.parse_endpoint(address[1], address[0]) if address else known
    method = Azure(where.account, where.container, endpoint, credential)
    return Access(f"az://{where.account}/{where.container}", method, identity)


def _connection_string_access(inputs: AccessInputs, where: ContainerAddress, text: str, identity: str) -> Access:
    """Parse a connection string: `AccountName=…;AccountKey=…` or `BlobEndpoint=…;SharedAccessSignature=…`, and more."""
    parts = dict(p.partition("=")[::2] for p in text.strip().split(";") if p)
    key, token, blob = parts.get("AccountKey"), parts.get("SharedAccessSignature"), parts.get("BlobEndpoint")
    address = inputs.parse_endpoint(blob, f"BlobEndpoint in {identity}") if blob else None
    account = parts.get("AccountName") or (_account_name(address) if address else None)
    if account is None or not (key or token):
        hint = "copy it from the account's page `Access keys`; the Azurite shortcut is not known here"
        raise inputs.setting_error(f"{identity} is no connection string with an account and a key or signature", hint)
    if where.account and where.endpoint and account != where.account:
        hint = f"the lake is in {where.account}; give that one's with {inputs.prefix} in front"
        raise inputs.setting_error(f"{identity} is of another account, {account}", hint)
    if address is None:
        suffix = parts.get("EndpointSuffix")
        address = inputs.parse_endpoint(f"https://{account}.blob.{suffix}", identity) if suffix else where.endpoint
    credential = SharedKey(Secret(key)) if key else Sas(Secret((token or "").lstrip("?")))
    return _access(inputs, ContainerAddress(account, address, where.container), credential, identity)


def _lake_address(inputs: AccessInputs) -> ContainerAddress:
    found = _ABFSS.fullmatch(inputs.account_value(Part.ENDPOINT) or "")
    if found is None:
        hint = "it is abfss://CONTAINER@ACCOUNT.dfs.core.windows.net; `reader: none` leaves its storage unread"
        raise inputs.setting_error("its base connection shows no abfss URL of a container", hint)
    account = inputs.own_value(ACCOUNT) or found["account"]
    if found["cloud"] not in _CLOUDS and not _endpoint(inputs, account):
        hint = f"if your credentials may go there, set {inputs.prefix}{ENDPOINT} to its Blob endpoint"
        raise inputs.setting_error(f"its account is at {found['cloud']}, which is not Azure", hint)
    return ContainerAddress(
        account, f"https://{account}{found['zone'] or ''}.blob.{found['cloud']}", found["container"]
    )


def is_lake_url(text: str) -> bool:
    """Check whether a text is the abfss URL of a container, and nothing more."""
    return _ABFSS.fullmatch(text) is not None


def _endpoint(inputs: AccessInputs, account: str) -> tuple[str, str] | None:
    """Return (variable, value) of an address for this account. The plain variable belongs to the plain account."""
    if address := inputs.own_value(ENDPOINT):
        return inputs.prefix + ENDPOINT, address
    address = inputs.plain_value(ENDPOINT)
    return (ENDPOINT, address) if address and inputs.plain_value(ACCOUNT) in (None, account) else None


def _account_name(address: str) -> str:
    """Return the account in `https://ACCOUNT.blob.core.windows.net` or in `http://127.0.0.1:10000/ACCOUNT`."""
    _, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    return path or host.partition(".")[0]
