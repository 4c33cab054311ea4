"""The states that objects show: during a write, and in which case of letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulator.emulator_api import Api


@pytest.mark.parametrize(
    ("setting", "created", "patched", "disabled", "enabled", "deleted"),
    [
        ("after", "enabled", "enabled", "disabled", "enabled", "delete-finalizing"),
        ("change", "initializing", "updating", "disabling", "enabling", "deleting"),
        (
            "finalizing",
            "pending",
            "enabled-finalizing",
            "disabled-finalizing",
            "enabled-finalizing",
            "delete-finalizing",
        ),
    ],
)
def test_transition_state(
    build: Callable[..., Api], setting: str, created: str, patched: str, disabled: str, enabled: str, deleted: str
) -> None:
    api = build(transition_state=setting, transition=5, delete_lag=5)
    flow = api.flow()

    def state_during(request: Callable[[], object]) -> str:
        api.emulator.advance(5)
        request()
        return str(api.item(f"/flows/{flow}")["state"])

    assert api.item(f"/flows/{flow}")["state"] == created
    assert state_during(lambda: api.replace(f"/flows/{flow}", "/name", "other")) == patched
    assert state_during(lambda: api.act(flow, "disable")) == disabled
    api.emulator.advance(5)
    assert api.item(f"/flows/{flow}")["state"] == "disabled"
    assert state_during(lambda: api.act(flow, "enable")) == enabled
    assert state_during(lambda: api.delete(f"/flows/{flow}")) == deleted


@pytest.mark.parametrize(("setting", "shown"), [("lower", "enabled"), ("upper", "ENABLED")])
def test_state_case(build: Callable[..., Api], setting: str, shown: str) -> None:
    api = build(state_case=setting)
    flow = api.flow()

    assert api.item(f"/flows/{flow}")["state"] == shown
    assert api.act(flow, "disable").is_success


@pytest.mark.parametrize("word", ["failed", "draft", "archived"])
def test_the_service_can_show_any_state(build: Callable[..., Api], word: str) -> None:
    api = build()
    flow = api.flow()

    api.emulator.ui.state(flow, word)

    item = api.item(f"/flows/{flow}")
    assert (item["state"], item["updatedClient"]) == (word, "acp_foundation_connectors")
