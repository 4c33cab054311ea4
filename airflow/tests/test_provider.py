"""What Airflow finds of the package: metadata, connection type, and what it stores."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from airflow import __version__ as airflow_version
from airflow.providers_manager import ProvidersManager
from airflow.triggers.base import BaseTrigger

from exportctl_airflow import __version__
from exportctl_airflow.airflow_exceptions import AirflowFailException, AirflowSensorTimeout, TaskDeferred
from exportctl_airflow.hooks import ExportctlHook
from exportctl_airflow.sensors import ExportctlRunSensor
from exportctl_airflow.triggers import ExportctlRunTrigger
from tests.conftest import LAKE_KEY, SECRET, Emulated
from tests.test_operators import options

CONTEXT: Any = {}


def test_the_metadata_is_what_airflow_expects() -> None:
    (entry,) = (e for e in entry_points(group="apache_airflow_provider") if "exportctl" in e.value)
    info = entry.load()()

    jsonschema.validate(info, json.loads(files("airflow").joinpath("provider_info.schema.json").read_text()))
    assert info["package-name"] == "exportctl-airflow"


def test_airflow_knows_the_connection_type_and_its_form() -> None:
    manager = ProvidersManager()

    assert manager.providers["exportctl-airflow"].version == __version__
    hook = manager.hooks["exportctl"]  # deprecated since 3.2; Airflow 3.1 has it nowhere else
    assert hook is not None
    assert hook.hook_class_name == f"{ExportctlHook.__module__}.{ExportctlHook.__qualname__}"
    # Airflow 3.1 has labels only with Flask-AppBuilder, which it does not bring along.
    labels = manager.field_behaviours.get("exportctl", {}).get("relabeling", {})
    assert labels.get("password", "") == ("" if airflow_version.startswith("3.1.") else "Client secret")


def sensor(made: Emulated, **more: Any) -> ExportctlRunSensor:
    return ExportctlRunSensor(**options(made, export="exports.orders", **more))


def deferred(task: ExportctlRunSensor) -> BaseTrigger:
    with pytest.raises(TaskDeferred) as raised:
        task.execute(CONTEXT)
    trigger = raised.value.trigger
    assert isinstance(trigger, BaseTrigger)
    return trigger


async def first_event(trigger: BaseTrigger) -> Any:
    async for event in trigger.run():
        return event.payload
    return None


@pytest.mark.usefixtures("secrets")
def test_the_sensor_defers_and_its_trigger_holds_names_only(emulated: Emulated) -> None:
    path, kwargs = deferred(sensor(emulated)).serialize()
    text = json.dumps(kwargs)

    assert path == "exportctl_airflow.triggers.ExportctlRunTrigger"
    assert [secret for secret in (SECRET, LAKE_KEY) if secret in text] == []
    assert ExportctlRunTrigger(**json.loads(text)).serialize() == (path, kwargs)


@pytest.mark.usefixtures("secrets")
def test_a_deadline_that_passed_says_what_the_last_look_found(emulated: Emulated) -> None:
    task = sensor(emulated, timeout=0, poke_interval=0)
    event = asyncio.run(first_event(deferred(task)))

    with pytest.raises(AirflowSensorTimeout, match=r"exports\.orders Orders: MISSING"):
        task.execute_complete(CONTEXT, event)


@pytest.mark.usefixtures("secrets")
def test_many_triggers_do_not_block_the_event_loop(emulated: Emulated) -> None:
    _, kwargs = deferred(sensor(emulated, timeout=0)).serialize()

    async def run_all() -> tuple[int, list[Any]]:
        ticks, looks = 0, [asyncio.create_task(first_event(ExportctlRunTrigger(**kwargs))) for _ in range(6)]
        while not all(look.done() for look in looks):
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks, [look.result()["state"] for look in looks]

    ticks, states = asyncio.run(run_all())

    assert states == ["waiting"] * 6
    assert ticks > 10  # a look takes far longer than a tick: in a loop that is blocked there are about as many as looks


@pytest.mark.usefixtures("secrets")
def test_a_credential_that_is_rejected_fails_the_trigger(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    task = sensor(emulated)
    trigger = deferred(task)
    monkeypatch.setenv("AIRFLOW_CONN_EXPORTCTL_DEFAULT", '{"conn_type": "exportctl", "login": "x", "password": "y"}')

    with pytest.raises(AirflowFailException, match="unauthorized"):
        task.execute_complete(CONTEXT, asyncio.run(first_event(trigger)))


@pytest.mark.usefixtures("secrets")
def test_the_worker_looks_itself_if_the_sensor_does_not_defer(emulated: Emulated) -> None:
    task = sensor(emulated, deferrable=False, timeout=0, poke_interval=0)

    with pytest.raises(AirflowSensorTimeout):
        task.execute(CONTEXT)
