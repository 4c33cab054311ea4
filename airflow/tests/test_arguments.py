"""What a template or an XCom may put into an argument: nothing there becomes an option, or means everything."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl_airflow.airflow_exceptions import AirflowException, AirflowFailException
from exportctl_airflow.operators import (
    ExportctlApplyOperator,
    ExportctlFleetOperator,
    ExportctlOperator,
    ExportctlPlanOperator,
    ExportctlVerifyOperator,
    shards,
)
from exportctl_airflow.sensors import ExportctlRunSensor
from tests.conftest import Emulated
from tests.test_operators import CONTEXT, options

NOTHING: Any = None


@pytest.mark.usefixtures("secrets")
def test_a_saved_plan_with_the_name_of_an_option_is_a_file(emulated: Emulated) -> None:
    with pytest.raises(AirflowFailException, match="the saved plan --auto-approve does not exist"):
        ExportctlApplyOperator(**options(emulated, plan_file="--auto-approve")).execute(CONTEXT)

    assert ExportctlPlanOperator(**options(emulated)).execute(CONTEXT)["has_changes"]


@pytest.mark.usefixtures("secrets")
def test_a_folder_and_an_environment_with_the_name_of_an_option_are_these(emulated: Emulated) -> None:
    with pytest.raises(AirflowException, match="--help"):
        ExportctlFleetOperator(**options(emulated, fleet="status", where="--help")).execute(CONTEXT)
    with pytest.raises(AirflowFailException, match=r"--auto-approve.*\[unknown-environment\]"):
        ExportctlPlanOperator(**options(emulated, environment="--auto-approve")).execute(CONTEXT)


@pytest.mark.parametrize(
    ("operator", "given", "words"),
    [
        (ExportctlPlanOperator, {"environment": ""}, "environment is ''"),
        (ExportctlPlanOperator, {"targets": "exports.orders"}, "targets is 'exports.orders': give a list"),
        (ExportctlPlanOperator, {"targets": []}, "targets is empty, which names no export"),
        (ExportctlPlanOperator, {"targets": ["exports.orders", None]}, "give a list of texts"),
        (ExportctlPlanOperator, {"files": "exports.yaml"}, "files is 'exports.yaml': give a list"),
        (ExportctlPlanOperator, {"project": ""}, "project is ''"),
        (ExportctlVerifyOperator, {"since": ""}, "since is ''"),
        (ExportctlFleetOperator, {"fleet": "drift", "shard": ""}, "shard is ''"),
        (ExportctlFleetOperator, {"fleet": "drift", "where": NOTHING}, "where is None"),
        (ExportctlRunSensor, {"export": ""}, "export is ''"),
        (ExportctlRunSensor, {"export": "exports.orders", "since": ""}, "since is ''"),
    ],
)
def test_a_template_that_found_nothing_is_an_error(operator: Any, given: dict[str, Any], words: str) -> None:
    task = operator(**{"task_id": "t", "project": ".", **given})

    with pytest.raises(AirflowFailException, match=words):
        task.execute(CONTEXT)


def test_tasks_that_are_mapped_over_no_shard_are_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        shards(0)


def test_no_template_field_can_choose_the_program_or_what_of_the_worker_it_gets() -> None:
    fields = {*ExportctlOperator.template_fields, *ExportctlApplyOperator.template_fields}

    assert fields & {"executable", "pass_env", "auto_approve", "on_findings"} == set()
