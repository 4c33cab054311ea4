"""What Airflow reads of this package: the connection type and its form, and where the classes are."""

from __future__ import annotations

from typing import Any

_NAME = "exportctl"


def get_provider_info() -> dict[str, Any]:
    """Return the metadata that the entry point `apache_airflow_provider` names."""
    return {
        "package-name": "exportctl-airflow",
        "name": _NAME,
        "description": "Adobe Experience Platform dataset exports as code.",
        "integrations": [{"integration-name": _NAME, "external-doc-url": "", "tags": ["service"]}],
        "operators": [{"integration-name": _NAME, "python-modules": ["exportctl_airflow.operators"]}],
        "sensors": [{"integration-name": _NAME, "python-modules": ["exportctl_airflow.sensors"]}],
        "hooks": [{"integration-name": _NAME, "python-modules": ["exportctl_airflow.hooks"]}],
        "triggers": [{"integration-name": _NAME, "python-modules": ["exportctl_airflow.triggers"]}],
        "connection-types": [
            {
                "connection-type": "exportctl",
                "hook-class-name": "exportctl_airflow.hooks.ExportctlHook",
                "hook-name": _NAME,
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "schema", "port"],
                    "relabeling": {
                        "login": "Client ID",
                        "password": "Client secret",
                        "extra": "Variables of the config (JSON)",
                    },
                    "placeholders": {"extra": '{"LAKE_SECRET_KEY": "…"}'},
                },
            }
        ],
    }
