"""
Two DAGs over the sandboxes of one project.

`exports` plans each sandbox, applies exactly that plan, waits for the files of an export, and verifies them. A sandbox
that fails stops no other. `exports_drift` shows what was changed by hand.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task_group
from exportctl_airflow.operators import (
    ExportctlApplyOperator,
    ExportctlDriftOperator,
    ExportctlPlanOperator,
    ExportctlVerifyOperator,
)
from exportctl_airflow.sensors import ExportctlRunSensor

PROJECT = "/srv/aep-exports"  # a checkout of the config, on every worker and triggerer
EXPORTCTL = "/opt/exportctl/bin/exportctl"  # an environment of its own
POLL = timedelta(minutes=5)
ENVIRONMENTS = ("dev", "stage", "prod", "eu")  # each with a connection of its own
SANDBOXES = [{"environment": name, "conn_id": f"exportctl_{name}"} for name in ENVIRONMENTS]
COMMON = {
    "project": PROJECT,
    "executable": EXPORTCTL,
    "variables": {
        "LAKE_SECRET_KEY": "lake_secret_key"
    },  # ${env:LAKE_SECRET_KEY} is the Airflow Variable lake_secret_key
    "retries": 2,
}

with DAG("exports", schedule="@daily", catchup=False, max_active_runs=1, default_args=COMMON):

    @task_group
    def sandbox(environment: str, conn_id: str) -> None:
        """Handle one sandbox, from the plan to the files."""
        where = {"environment": environment, "conn_id": conn_id}
        plan = ExportctlPlanOperator(task_id="plan", **where)
        apply = ExportctlApplyOperator(task_id="apply", only_if=plan.output["digest"], **where)
        arrived = ExportctlRunSensor(
            task_id="arrived", export="exports.orders", poke_interval=POLL, timeout=timedelta(hours=26), **where
        )
        verify = ExportctlVerifyOperator(task_id="verify", targets=["exports.orders"], **where)
        plan >> apply >> arrived >> verify

    sandbox.expand_kwargs(SANDBOXES)

with DAG("exports_drift", schedule="@hourly", catchup=False, max_active_runs=1, default_args=COMMON):
    ExportctlDriftOperator.partial(task_id="drift").expand_kwargs(SANDBOXES)
