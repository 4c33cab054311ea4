"""azure_data_lake."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import Destination
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import AuthField, AuthMethod, DestinationType, LocationField

AZURE_DATA_LAKE = DestinationType(
    name="azure-data-lake",
    label="Azure Data Lake Gen2",
    connection_spec="be2c3209-53bc-47e7-ab25-145db8b873e1",
    flow_spec="17be2013-2549-41ce-96e7-a70363bec293",
    audience_flow_spec="db060570-a155-418a-a6d3-b4d97698e5dc",
    location=(LocationField("path", "path", True),),
    methods=(
        AuthMethod(
            "service-principal",
            "Azure Service Principal Auth",
            (
                AuthField("endpoint", "url", Secrecy.PLAIN),  # from storage_account + container, or endpoint
                AuthField("tenant_id", "tenant", Secrecy.SENSITIVE, sample="00000000-0000-4000-8000-000000000000"),
                AuthField(
                    "client_id", "servicePrincipalId", Secrecy.SENSITIVE, sample="00000000-0000-4000-8000-000000000001"
                ),
                AuthField(
                    "client_secret", "servicePrincipalKey", Secrecy.SECRET, hidden=True, sample="emulated-client-secret"
                ),
            ),
        ),
    ),
    account_keys=("storage_account", "container", "endpoint"),
)


def _lake(destination: Destination) -> Iterator[str]:
    yield "the service principal as Storage Blob Data Contributor on the container (usual; no role is documented)"
