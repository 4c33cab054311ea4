"""A report of a probe and a profile, with every kind of answer."""

from __future__ import annotations

from exportctl.profile.answers import Need, ProbeReport, ProbeRow
from exportctl.profile.file import ServiceProfile
from tests.output.sample_plans import AS_OF, HEADER


def service_profile() -> ServiceProfile:
    return ServiceProfile(
        platform="service",
        probed_on="2026-11-29",
        version="0.1.0",
        switches={"patch_objects": "merge", "list_lag": 3, "name_unique": False},
        facts={"encryption": "amazon-s3"},
        unanswered={"read_secrets": "no account with made-up values: the service answered 400"},
    )


def probe_report() -> ProbeReport:
    rows = (
        ProbeRow("patch_objects", Need.FREE, "Merge or replace?", "Patches.", "merge", "", "all promises hold"),
        ProbeRow("name_unique", Need.FREE, "Unique?", "Creates two.", False, "", "all promises hold"),
        ProbeRow(
            "read_secrets", Need.FREE, "Masked?", "Reads.", None, "the service answered 400", "every answer works"
        ),
        ProbeRow("encryption", Need.FACT, "Which?", "Reads.", "amazon-s3", "", "no promise depends on it"),
    )
    return ProbeReport(HEADER, AS_OF, rows, {"/flows": 1}, False, "service-profile.json")
