"""The connection: its button in the form of Airflow, and an extra that a secrets backend holds unchecked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.models import Connection

from exportctl_airflow.airflow_exceptions import AirflowException
from exportctl_airflow.operators import ExportctlPlanOperator

CONTEXT: Any = {}
KEY = "canary-of-the-lake"


def pressed(monkeypatch: pytest.MonkeyPatch, **fields: str) -> tuple[bool, str]:
    """Press the button, as the API server does: under a name that only the environment has."""
    given: Any = {"conn_type": "exportctl", **fields}
    monkeypatch.setenv("AIRFLOW_CONN_PRESSED", json.dumps(given))
    is_good, words = Connection(conn_id="pressed", **given).test_connection()
    return is_good, words


def test_the_button_says_which_variables_a_connection_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = json.dumps({"LAKE_SECRET_KEY": KEY})

    is_good, words = pressed(monkeypatch, login="id", password="secret-canary", extra=extra)

    assert is_good
    assert words.startswith("sets AEP_CLIENT_ID, AEP_CLIENT_SECRET, LAKE_SECRET_KEY. No request was sent")
    assert [secret for secret in (KEY, "secret-canary") if secret in words] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": "id"}, "AEP_CLIENT_SECRET not set"),
        ({"login": "id", "password": "p", "extra": f'{{"LD_PRELOAD": "{KEY}"}}'}, "LD_PRELOAD decides which code runs"),
        ({"login": "id", "password": "p", "extra": f'{{"LAKE-KEY": "{KEY}"}}'}, "'LAKE-KEY' is not the name"),
    ],
)
def test_the_button_says_what_is_wrong(fields: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_good, said = pressed(monkeypatch, **fields)

    assert not is_good
    assert words in said
    assert KEY not in said


def test_a_task_with_an_extra_that_is_no_json_fails_without_its_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    account = {"conn_type": "exportctl", "login": "id", "password": "p", "extra": f'{{"LAKE_SECRET_KEY": "{KEY}"'}
    monkeypatch.setenv("AIRFLOW_CONN_EXPORTCTL_DEFAULT", json.dumps(account))

    # Airflow 3.1 reads the extra itself, and takes the connection for one that is not there.
    with pytest.raises(AirflowException, match=r"extra of the connection is not JSON|isn't defined") as raised:
        ExportctlPlanOperator(task_id="t", project=".").execute(CONTEXT)

    assert KEY not in f"{raised.value}{raised.value.__context__}{caplog.text}{capfd.readouterr()}"
