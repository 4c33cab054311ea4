"""
Azure Data Lake Gen2: a container of a storage account, with a service principal.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). Account and container are one URL, which belongs to the account.
"""

from __future__ import annotations

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.object_storage import FOLDER
from exportctl.resources.destinations.type import (
    AccountKey,
    AuthField,
    AuthMethod,
    ComposedKey,
    DestinationType,
    IdentityRule,
    Part,
    Protocol,
    Scope,
    constant_needs,
)

AZURE_PRINCIPAL = (
    AuthField("endpoint", "url", Secrecy.PLAIN, part=Part.ENDPOINT),
    AuthField(
        "tenant_id",
        "tenant",
        Secrecy.SENSITIVE,
        sample="00000000-0000-4000-8000-000000000000",
        part=Part.TENANT_ID,
        description="The Entra tenant's id.",
        example="${env:AZURE_TENANT_ID}",
    ),
    AuthField(
        "client_id",
        "servicePrincipalId",
        Secrecy.SENSITIVE,
        sample="00000000-0000-4000-8000-000000000001",
        part=Part.CLIENT_ID,
        description="The service principal's id.",
        example="${env:AZURE_CLIENT_ID}",
    ),
    AuthField(
        "client_secret",
        "servicePrincipalKey",
        Secrecy.SECRET,
        sample="emulated-client-secret",
        part=Part.CLIENT_SECRET,
        description="The service principal's secret.",
        example="${env:AZURE_CLIENT_SECRET}",
    ),
)
# dataset-exports.md 4.3
PRINCIPAL_NEEDS = (
    "the service principal as Storage Blob Data Contributor on the container (usual; no role is documented)"
)
_ENDPOINT = ComposedKey(
    "endpoint",
    ("storage_account", "container"),
    template="abfss://{container}@{storage_account}.dfs.core.windows.net",
    pattern=r"abfss://(?P<container>[a-z0-9][a-z0-9-]{1,61}[a-z0-9])@(?P<storage_account>[a-z0-9]{3,24})"
    r"\.dfs\.core\.windows\.net/?",
    form="abfss URL",
    shape="abfss://<container>@<account>.dfs.core.windows.net",
    # other clouds, such as dfs.core.usgovcloudapi.net and dfs.core.chinacloudapi.cn, and accounts in a DNS zone (z01)
    whole=r"abfss://[a-z0-9][a-z0-9-]{1,61}[a-z0-9]@[a-z0-9]{3,24}(\.z[0-9]{1,2})?\.dfs(\.[a-z0-9-]{1,63}){2,6}/?",
)

AZURE_DATA_LAKE = DestinationType(
    name="azure-data-lake",
    label="Azure Data Lake Gen2",
    connection_spec="be2c3209-53bc-47e7-ab25-145db8b873e1",
    flow_spec="17be2013-2549-41ce-96e7-a70363bec293",
    audience_flow_spec="db060570-a155-418a-a6d3-b4d97698e5dc",
    location=(FOLDER,),
    protocol=Protocol.AZURE_LAKE,
    identity=IdentityRule(Scope.ACCOUNT, "{endpoint}", account=("endpoint",)),
    methods=(AuthMethod("service-principal", "Azure Service Principal Auth", AZURE_PRINCIPAL, source="[XD-new]"),),
    account_keys=(
        AccountKey(
            "storage_account",
            "the storage account, with `container`.",
            "acmelake",
            hint="the name of the storage account",
        ),
        AccountKey("container", "the container.", "exports", hint="the name of the container"),
        AccountKey(
            "endpoint", "the abfss URL, instead.", "abfss://exports@acmelake.dfs.core.windows.net", hint="the abfss URL"
        ),
    ),
    composed_key=_ENDPOINT,
    needs=constant_needs(PRINCIPAL_NEEDS),
    failure_checks="the service principal's secret and its expiry, its role on the container, the firewall",
    aliases=("adls", "adls-gen2", "azure-data-lake-gen2", "data-lake"),
)
