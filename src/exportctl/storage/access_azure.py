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
from dataclasses import dataclass

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import (
    Access,
    AuthValues,
    Azure,
    FederatedToken,
    Sas,
    ServicePrincipal,
    SharedKey,
    StorageLocation,
    auth_value,
    location_field,
    no_credentials_error,
    parse_endpoint,
    unusable_setting_error,
)
from exportctl.storage.environment import ReaderVariables, VariableGroup

STRING, KEY, SAS = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
ACCOUNT, ENDPOINT = "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ENDPOINT"
_TENANT, _CLIENT, _CLIENT_SECRET = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"
FAMILY = (STRING, KEY, SAS, _TENANT, _CLIENT, _CLIENT_SECRET, _TOKEN_FILE)

# Azure's clouds: public, US government, China. A URL from the UI must not send a token elsewhere.
_CLOUDS = ("core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn")
_ABFSS = re.compile(r"abfss?://(?P<container>[a-z0-9$-]+)@(?P<account>[a-z0-9]+)\.dfs\.(?P<cloud>[a-z0-9.-]+)/?")
PUBLIC_DOMAIN = f"blob.{_CLOUDS[0]}"


@dataclass(frozen=True)
class ContainerAddress:
    """An account and its address, None if unknown. That of a lake comes from its base connection."""

    account: str | None
    endpoint: str | None
    container: str


def blob_caller_access(location: StorageLocation, variables: ReaderVariables) -> Access:
    """
    Return how the caller reads a Blob container.

    Raises:
        StorageError: the account or credentials are missing.
    """
    found = variables.setting(ACCOUNT)
    return caller_access(
        location,
        variables,
        ContainerAddress(found[1] if found else None, None, location_field(location, Part.CONTAINER)),
    )


def lake_caller_access(location: StorageLocation, variables: ReaderVariables) -> Access:
    """
    Return how the caller reads the container of a lake.

    Raises:
        StorageError: credentials are missing, or the account is not one of Azure's.
    """
    return caller_access(location, variables, _lake_address(location, variables))


def blob_destination_access(location: StorageLocation, auth: AuthValues, variables: ReaderVariables) -> Access:
    where = ContainerAddress(None, None, location_field(location, Part.CONTAINER))
    text = auth_value(location, auth, Part.CONNECTION_STRING).reveal()
    return _connection_string_access(location, variables, where, text, "the destination's own connection string")


def lake_destination_access(location: StorageLocation, auth: AuthValues, variables: ReaderVariables) -> Access:
    parts = (Part.TENANT_ID, Part.CLIENT_ID, Part.CLIENT_SECRET)
    tenant, client, word = (auth_value(location, auth, part) for part in parts)
    principal = ServicePrincipal(tenant.reveal(), client.reveal(), word)
    return _access(
        location, variables, _lake_address(location, variables), principal, "the destination's own service principal"
    )


def caller_access(location: StorageLocation, variables: ReaderVariables, where: ContainerAddress) -> Access:
    family = variables.group(FAMILY)
    fits = family.prefix or where.endpoint is None or variables.plain_value(ACCOUNT) in (None, where.account)
    if fits:  # a plain key or string of another account is not used for the lake
        if text := family.get(STRING):
            return _connection_string_access(location, variables, where, text, family.prefix + STRING)
        if key := family.get(KEY):
            return _access(location, variables, where, SharedKey(Secret(key)), family.prefix + KEY)
        if token := family.get(SAS):
            return _access(location, variables, where, Sas(Secret(token.lstrip("?"))), family.prefix + SAS)
    if file := family.get(_TOKEN_FILE):
        tenant, client = _tenant_and_client(location, family, _TOKEN_FILE)
        return _access(location, variables, where, FederatedToken(tenant, client, file), family.prefix + _TOKEN_FILE)
    if word := family.get(_CLIENT_SECRET):
        tenant, client = _tenant_and_client(location, family, _CLIENT_SECRET)
        principal = ServicePrincipal(tenant, client, Secret(word))
        return _access(location, variables, where, principal, family.prefix + _CLIENT_SECRET)
    hint = (
        f"set {ACCOUNT} and {KEY} or {SAS}, or {STRING}, or {_TENANT}, {_CLIENT} and {_CLIENT_SECRET} "
        f"or {_TOKEN_FILE}; for this destination alone with {variables.prefix} in front; or {variables.prefix}FOLDER"
    )
    raise no_credentials_error(location, "nothing says how to read its container", hint)


def _tenant_and_client(location: StorageLocation, family: VariableGroup, beside: str) -> tuple[str, str]:
    if missing := family.missing_names(_TENANT, _CLIENT):
        message = f"{family.prefix}{beside} needs {' and '.join(missing)}"
        raise unusable_setting_error(location, message, f"set {' and '.join(missing)} too")
    return family.values[_TENANT], family.values[_CLIENT]


def _access(
    location: StorageLocation,
    variables: ReaderVariables,
    where: ContainerAddress,
    credential: SharedKey | Sas | ServicePrincipal | FederatedToken,
    identity: str,
) -> Access:
    if where.account is None:
        hint = f"set {ACCOUNT} to the storage account, or {variables.prefix}{ACCOUNT}"
        raise no_credentials_error(location, f"{identity} is set, and nothing says which account it belongs to", hint)
    given = _endpoint(variables, where.account)
    known = where.endpoint or f"https://{where.account}.{PUBLIC_DOMAIN}"
    address = parse_endpoint(location, given[1], given[0]) if given else known
    method = Azure(where.account, where.container, address, credential)
    return Access(f"az://{where.account}/{where.container}", method, identity)


def _connection_string_access(
    location: StorageLocation, variables: ReaderVariables, where: ContainerAddress, text: str, identity: str
) -> Access:
    """Parse a connection string: `AccountName=…;AccountKey=…` or `BlobEndpoint=…;SharedAccessSignature=…`, and more."""
    parts = dict(p.partition("=")[::2] for p in text.strip().split(";") if p)
    key, token, blob = parts.get("AccountKey"), parts.get("SharedAccessSignature"), parts.get("BlobEndpoint")
    address = parse_endpoint(location, blob, f"BlobEndpoint in {identity}") if blob else None
    account = parts.get("AccountName") or (_account_name(address) if address else None)
    if account is None or not (key or token):
        hint = "copy it from the account's page `Access keys`; the Azurite shortcut is not known here"
        raise unusable_setting_error(
            location, f"{identity} is no connection string with an account and a key or signature", hint
        )
    if where.account and where.endpoint and account != where.account:
        hint = f"the lake is in {where.account}; give that one's with {variables.prefix} in front"
        raise unusable_setting_error(location, f"{identity} is of another account, {account}", hint)
    suffix = parts.get("EndpointSuffix")
    address = address or (
        parse_endpoint(location, f"https://{account}.blob.{suffix}", identity) if suffix else where.endpoint
    )
    credential = SharedKey(Secret(key)) if key else Sas(Secret((token or "").lstrip("?")))
    return _access(location, variables, ContainerAddress(account, address, where.container), credential, identity)


def _lake_address(location: StorageLocation, variables: ReaderVariables) -> ContainerAddress:
    found = _ABFSS.fullmatch(location.account_value(Part.ENDPOINT) or "")
    if found is None:
        hint = "it is abfss://CONTAINER@ACCOUNT.dfs.core.windows.net; `reader: none` leaves its storage unread"
        raise unusable_setting_error(location, "its base connection shows no abfss URL of a container", hint)
    account = variables.own_value(ACCOUNT) or found["account"]
    if found["cloud"] not in _CLOUDS and not _endpoint(variables, account):
        hint = f"if your credentials may go there, set {variables.prefix}{ENDPOINT} to its Blob endpoint"
        raise unusable_setting_error(location, f"its account is at {found['cloud']}, which is not Azure", hint)
    return ContainerAddress(account, f"https://{account}.blob.{found['cloud']}", found["container"])


def _endpoint(variables: ReaderVariables, account: str) -> tuple[str, str] | None:
    """Return (variable, value) of an address for this account. The plain variable belongs to the plain account."""
    if address := variables.own_value(ENDPOINT):
        return variables.prefix + ENDPOINT, address
    address = variables.plain_value(ENDPOINT)
    return (ENDPOINT, address) if address and variables.plain_value(ACCOUNT) in (None, account) else None


def _account_name(address: str) -> str:
    """Return the account in `https://ACCOUNT.blob.core.windows.net` or in `http://127.0.0.1:10000/ACCOUNT`."""
    _, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    return path or host.partition(".")[0]
