"""Every machine document fits its schema, and schemas/ holds what the code says."""

from __future__ import annotations

import json as stdlib_json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from exportctl.errors import Error, Finding, SourcePosition
from exportctl.model.apply_report import ApplyReport
from exportctl.model.outcome import Check, CheckStatus
from exportctl.model.plan import ListedDataset, Plan
from exportctl.model.verdict import judge
from exportctl.monitor import drift
from exportctl.output.json import backup as json_backup
from exportctl.output.json import documents as json_documents
from exportctl.output.json import drill as json_drill
from exportctl.output.json import environments, monitoring, schemas
from exportctl.output.json import fleet as json_fleet
from exportctl.output.json import import_and_accept as json_edits
from exportctl.output.json import night as json_night
from exportctl.output.json import probe as json_probe
from exportctl.output.json import restore as json_restore
from exportctl.output.json.envelope import EnvironmentBody
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from exportctl.profile import file as profile
from tests.output.document_schemas import check_document
from tests.output.sample_backups import backup_report
from tests.output.sample_drills import drill_report, drilled_backups
from tests.output.sample_environments import FINDINGS, one_of_two, two_environments
from tests.output.sample_fleets import fleet_alerts, fleet_result, full_fleet
from tests.output.sample_imports import ORDERS, import_result
from tests.output.sample_monitoring import forecast_report, runs_report, status_report
from tests.output.sample_nights import full_night
from tests.output.sample_patches import failed_entries, patch_result, shown_patch
from tests.output.sample_plans import AS_OF, DAY, HEADER, every_cause, evil_plan, full_plan, outcomes
from tests.output.sample_probes import probe_report, service_profile
from tests.output.sample_reports import full_report
from tests.output.sample_restores import restore_report

SCHEMAS = Path(__file__).parents[2] / "schemas"
PLANS = {"full": full_plan(), "causes": every_cause(), "evil": evil_plan(), "empty": Plan(HEADER, AS_OF, ())}


def _environments(command: str, found: Any, body: Callable[[Any], EnvironmentBody]) -> str:
    return environments.render_environments(command, one_of_two(found), body)


def documents() -> dict[str, tuple[str, str]]:
    """Name -> (kind, document)."""
    found: dict[str, tuple[str, str]] = {
        "apply": ("apply", json_documents.render_apply_report(ApplyReport(full_plan(), tuple(outcomes())))),
        "apply, final check": (
            "apply",
            json_documents.render_apply_report(
                ApplyReport(
                    full_plan(),
                    remaining_plan=full_plan(),
                    verdict=judge(full_plan()),
                    interrupted=True,
                    errors=FINDINGS,
                    next_commands=("exportctl apply",),
                )
            ),
        ),
        "renew": ("renew", json_documents.render_renewals(ApplyReport(full_plan(), tuple(outcomes())))),
        "validate": ("validate", json_documents.render_validation(FINDINGS, exports=1, destinations=2, environments=0)),
        "datasets": (
            "datasets",
            json_documents.render_datasets([ListedDataset("1", "b")], {"1": ["exports.x"]}, header=HEADER, as_of=AS_OF),
        ),
        "doctor": (
            "doctor",
            json_documents.render_checks(
                [Check("token", CheckStatus.FAILED, "no", "set it"), Check("x", CheckStatus.OK, "yes")]
            ),
        ),
        "explain": (
            "explain",
            json_documents.render_explanation("rule", "words", [("a.b", {"c": 1}, SourcePosition("a.yaml"))]),
        ),
        "error": ("error", json_documents.render_errors(Error("broken", hint="fix it").findings())),
        "stale": (
            "error",
            json_documents.render_stale_plan(
                planfile.saved_plan(full_plan()), [Finding("stale-plan", "exports.x `path`: approved 1, now 2")]
            ),
        ),
    }
    found["runs"] = ("runs", monitoring.render_runs(runs_report()))
    found["status"] = ("status", monitoring.render_status(status_report()))
    found["status of two"] = (
        "status-environments",
        _environments("status", status_report(), environments.status_body),
    )
    found["nightly"] = ("nightly", json_night.render_night(full_night()))
    stored = [json_fleet.StoredParts(0, 1), json_fleet.StoredParts()]
    pieces = json_fleet.render_pieces(full_fleet(), stored, lambda number: (fleet_result(), fleet_alerts())[number])
    found["fleet"] = ("fleet", "".join(pieces))
    found["forecast"] = ("forecast", monitoring.render_forecast(forecast_report()))
    found["verify"] = ("verify", monitoring.render_verify_report(full_report()))
    found["backup"] = ("backup", json_backup.render_backup_report(backup_report()))
    found["backup, drilled"] = ("backup", json_backup.render_backup_report(drilled_backups()))
    found["drill"] = ("drill", json_drill.render_drill_report(drill_report()))
    found["restore"] = ("restore", json_restore.render_restore_report(restore_report()))
    found["backup of two"] = (
        "backup-environments",
        _environments("backup", backup_report(), environments.backup_body),
    )
    found["environments"] = ("diff-environments", environments.render_comparison(two_environments()))
    found["import"] = ("import", json_edits.render_import(import_result(ORDERS), file=None))
    found["patch"] = (
        "patch",
        json_edits.render_patch(patch_result(), shown_patch(), written=False, failures=failed_entries()),
    )
    found["probe"] = ("probe", json_probe.render_report(probe_report()))
    found["service profile"] = ("service-profile", profile.dump_profile(service_profile()))
    for name, plan in PLANS.items():
        report = drift.build_drift_report(plan, end_warning=30 * DAY)
        found[f"plan {name}"] = ("plan", json_documents.render_plan(plan))
        found[f"drift {name}"] = ("drift", monitoring.render_drift(report, fail_on=("pending",)))
        found[f"drift {name}, another not read"] = (
            "drift-environments",
            _environments("drift", report, lambda r: environments.drift_body(r, {"pending"})),
        )
        found[f"plan {name}, another not read"] = (
            "plan-environments",
            _environments("plan", plan, environments.plan_body),
        )
        shown = json_documents.render_saved_plan(planfile.saved_plan(plan), SignatureState.VALID, now=AS_OF)
        found[f"show {name}"] = ("show", shown)
        found[f"saved {name}"] = ("saved-plan", planfile.dump_plan(plan))
    return found


DOCUMENTS = documents()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_fits_its_schema(name: str) -> None:
    kind, text = DOCUMENTS[name]
    document = stdlib_json.loads(text)

    check_document(document, kind)

    assert document["kind"] == kind
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_schema_refuses_a_key_it_does_not_know(name: str) -> None:
    kind, text = DOCUMENTS[name]

    with pytest.raises(ValidationError):
        check_document({**stdlib_json.loads(text), "extra": 1}, kind)


@pytest.mark.parametrize("kind", [*schemas.RESULTS, "saved-plan", "service-profile"])
def test_a_schema_is_one_and_every_kind_is_tried(kind: str) -> None:
    Draft202012Validator.check_schema(schemas.schema(kind))

    assert kind in {k for k, _ in DOCUMENTS.values()}


@pytest.mark.parametrize("name", sorted(schemas.files()))
def test_the_checked_in_schema_is_the_generated_one(name: str) -> None:
    assert schemas.files()[name] == (SCHEMAS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [*schemas.RESULTS, "saved-plan", "service-profile"])
def test_every_property_has_a_description(kind: str) -> None:
    def undescribed(part: object) -> list[object]:
        if isinstance(part, list):
            return [found for each in part for found in undescribed(each)]
        if not isinstance(part, dict):
            return []
        properties = part.get("properties", {}) if isinstance(part.get("properties"), dict) else {}
        bare = [name for name, sub in properties.items() if not ("description" in sub or "$ref" in sub)]
        return bare + [found for each in part.values() for found in undescribed(each)]

    assert undescribed(schemas.schema(kind)) == []


def test_errors_of_items_and_of_the_plan_stand_in_the_envelope() -> None:
    document = stdlib_json.loads(json_documents.render_plan(evil_plan()))

    assert [e["rule"] for e in document["errors"]] == ["rule", "duplicates"]


def test_the_envelope_names_the_platform() -> None:
    document = stdlib_json.loads(json_documents.render_plan(full_plan()))

    assert document["platform"] == {
        "kind": "service",
        "organization": HEADER.organization,
        "sandbox": "prod",
        "environment": "prod",
    }
    assert (document["format_version"], document["as_of"]) == (2, AS_OF)


def test_an_error_has_no_result_and_no_platform_where_none_is_known() -> None:
    document = stdlib_json.loads(json_documents.render_errors(FINDINGS))

    assert (document["platform"], document["as_of"], document["result"]) == (None, None, None)
    assert [e["rule"] for e in document["errors"]] == ["bad"]


def test_a_failed_final_check_comes_with_the_changes_that_remain() -> None:
    result = stdlib_json.loads(DOCUMENTS["apply, final check"][1])["result"]

    assert (result["final_check_passed"], result["interrupted"]) == (False, True)
    assert result["remaining_plan"]["counts"]["delete"] == 1
