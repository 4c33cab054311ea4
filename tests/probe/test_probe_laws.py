"""The probe finds every setting of every switch that it can ask about without an export, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.emulator.switches import QUESTIONS
from exportctl.probe.files import NO_CREDENTIALS
from exportctl.probe.files import QUESTIONS as FILE_QUESTIONS
from exportctl.workflows.service_profile import profile_switches
from tests.law_profile import law_seed
from tests.probe.probe_runs import EXPORT, FREE, objects_in_sandbox, probe_world, run_probe
from tests.workflows.world import SANDBOX

ROUNDS = max(len(QUESTIONS[name].values) for name in FREE)


# Under the other setting of this switch, which no probe can ask about, no PATCH of a flow has an effect.
FIXED = {"late_failure": "never"}
# A service that refuses no params before a run does not show which ones it refuses.
SHOWN_BY_A_RUN = {"manifest", "json_uncompressed"}


def settings_of_round(number: int) -> dict[str, Any]:
    """Every switch at its setting of this number; a switch with fewer settings begins again."""
    return {name: question.values[number % len(question.values)] for name, question in QUESTIONS.items()} | FIXED


def visible(settings: Mapping[str, object]) -> dict[str, object]:
    """The settings that a probe without an export can see."""
    hidden = SHOWN_BY_A_RUN if settings["invalid_params"] == "run" else set()
    return {name: settings[name] for name in FREE if name not in hidden}


def found_settings(folder: Path, settings: dict[str, Any]) -> dict[str, object]:
    made = probe_world(folder, **settings)
    result, profile = run_probe(made)
    assert result.remaining == {}
    assert objects_in_sandbox(made) == []
    reasons = {one.question: one.reason for one in result.answers if one.setting is None}
    assert {name: reason for name, reason in reasons.items() if name not in SHOWN_BY_A_RUN} == {}
    return {name: profile.switches[name] for name in FREE if name in profile.switches}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_probe_finds_every_setting_of_every_switch(tmp_path: Path, number: int) -> None:
    settings = settings_of_round(number)

    assert found_settings(tmp_path, settings) == visible(settings)


def test_an_emulator_built_from_the_profile_answers_alike(tmp_path: Path) -> None:
    settings = Switches.draw_random(random.Random(1)).to_json() | FIXED
    _, first = run_probe(probe_world(tmp_path, **settings))
    _, second = run_probe(probe_world(tmp_path, **profile_switches(first).to_json()))

    assert (second.switches, second.facts) == (first.switches, first.facts)


# A service that refuses every patch of a started flow cannot show what such a patch does.
HIDDEN_BY_A_REFUSAL = {"dataset_change", "schedule_change", "ended_flows", "revival"}


def hidden_from_an_export(settings: Mapping[str, object]) -> set[str]:
    """The questions that a probe with an export cannot answer: nothing shows what the switch does."""
    cannot_patch = settings["past_start"] == "rejected-always"
    has_no_last_run = settings["revival"] == "never" and not cannot_patch
    is_unseen = has_no_last_run or settings["run_duration"] == 0
    return (
        (HIDDEN_BY_A_REFUSAL if cannot_patch else set())
        | ({"delete_during_run"} if is_unseen else set())
        | hidden_in_storage(settings)
    )


def hidden_in_storage(settings: Mapping[str, object]) -> set[str]:
    """A run without rows that writes files has no manifest without files; a manifest hides that its folder is made."""
    if settings["empty_run"] == "file":
        return {"empty_manifest"}
    is_in_folder = settings["empty_manifest"] and settings["manifest_location"] == "folder"
    return {"empty_run"} if is_in_folder else set()


def assert_an_export_finds(folder: Path, settings: Mapping[str, object]) -> None:
    """All settings of the switches of runs that an export can show are found; the others have no answer."""
    hidden = hidden_from_an_export(settings)
    made = probe_world(folder, **settings)
    for dataset in ("Orders", "Returns"):
        made.emulator.ingest(SANDBOX, dataset, 50)
    result, profile = run_probe(made, exported=("Orders", "Returns"))
    assert (result.remaining, objects_in_sandbox(made)) == ({}, [])
    assert {name: profile.switches.get(name) for name in EXPORT} == {
        name: None if name in hidden else setting for name, setting in settings.items()
    }
    assert profile.unanswered.keys() == hidden


@pytest.mark.parametrize("number", range(max(len(QUESTIONS[name].values) for name in EXPORT)))
def test_the_probe_with_an_export_finds_every_setting_of_the_switches_of_runs(tmp_path: Path, number: int) -> None:
    assert_an_export_finds(
        tmp_path, {name: QUESTIONS[name].values[number % len(QUESTIONS[name].values)] for name in EXPORT}
    )


@pytest.mark.slow
def test_the_probe_with_an_export_finds_random_settings_of_the_switches_of_runs(tmp_path: Path) -> None:
    """No answer depends on another switch of runs, but for those that a refusal hides."""
    seed = law_seed(os.environ, Path(__file__).parent)  # the report of the run prints it
    rng = random.Random(f"{seed}/export")
    for _ in range(20):
        settings = {name: rng.choice(QUESTIONS[name].values) for name in EXPORT}
        sys.stdout.write(f"seed {seed}: {settings}\n")  # pytest shows it on failure
        assert_an_export_finds(tmp_path, settings)


@pytest.mark.parametrize("setting", QUESTIONS["revival"].values)
def test_the_probe_finds_what_a_revived_flow_does(tmp_path: Path, setting: str) -> None:
    made = probe_world(tmp_path, revival=setting)
    made.emulator.ingest(SANDBOX, "Orders", 50)
    _, profile = run_probe(made, exported=("Orders",))

    assert profile.switches["revival"] == setting
    assert profile.unanswered.keys() == {"run_scope", "dataset_change", "delete_during_run"}


def test_without_credentials_for_the_landing_zone_the_questions_about_files_have_no_answer(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    made.env = {name: value for name, value in made.env.items() if "READER" not in name}
    made.emulator.ingest(SANDBOX, "Orders", 50)
    _, profile = run_probe(made, exported=("Orders",))

    about_files = {question.name for question in FILE_QUESTIONS}
    assert {profile.unanswered.get(name) for name in about_files} == {NO_CREDENTIALS}
    assert profile.unanswered.keys() - about_files == {"run_scope", "dataset_change", "delete_during_run"}


@pytest.mark.parametrize("offered", ["rejected", "accepted"])
def test_a_manifest_is_asked_for_only_where_the_service_offers_it(tmp_path: Path, offered: str) -> None:
    made = probe_world(tmp_path, manifest=offered)
    made.emulator.ingest(SANDBOX, "Orders", 50)
    _, profile = run_probe(made, exported=("Orders",))

    about_manifests = {"manifest_last", "manifest_location", "empty_manifest"}
    assert about_manifests & profile.unanswered.keys() == (about_manifests if offered == "rejected" else set())
    assert profile.switches["empty_run"] == "nothing"


@pytest.mark.slow
def test_the_probe_finds_random_pairs_of_settings(tmp_path: Path) -> None:
    """Two switches away from their defaults: no answer depends on another switch."""
    seed = law_seed(os.environ, Path(__file__).parent)  # the report of the run prints it
    rng = random.Random(seed)
    defaults = Switches().to_json()
    for _ in range(40):
        pair = {name: rng.choice(QUESTIONS[name].values) for name in rng.sample(FREE, 2)}
        late_is_hidden = pair.get("stale_reads", 0) >= pair.get("late_effect", 0)  # type: ignore[operator]
        expected = visible(defaults | pair)
        expected |= {"late_effect": 0} if late_is_hidden else {}
        assert found_settings(tmp_path, pair) == expected, (seed, pair)
