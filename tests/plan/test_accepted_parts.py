"""A location and a format are sent whole: a write of one part keeps the live values of the parts under `accept`."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model.plan import Cause, LiveObject, Step
from exportctl.model.project import AcceptEntry, Format
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import AT, NOW


def accepted_plan(field: str, *, place: Any = None, **declared: Any) -> tuple[dict[str, Cause], list[Step]]:
    """The causes by path and the writes of the target, where `accept` covers `field`."""
    entry = AcceptEntry("exports.old", field, "agreed", "data-team", NOW + 1, AT)
    live: tuple[LiveObject, ...] = (*flow("old", place=place), account())
    planned = item(build_plan(build_project(export("old", **declared), accept=(entry,)), *live), "exports.old")
    return {c.path: c.cause for c in planned.fields}, [s for s in planned.steps if s.kind == "target_connection"]


@pytest.mark.parametrize(
    ("field", "place", "sent"),
    [
        ("bucket", {"bucketName": "other", "path": "elsewhere"}, {"bucket": "other", "path": "aep"}),
        ("path", {"bucketName": "other", "path": "elsewhere"}, {"bucket": "acme", "path": "elsewhere"}),
        ("path", {"bucketName": "other"}, {"bucket": "acme"}),
    ],
    ids=["the bucket is accepted", "the path is accepted", "an absent path is accepted"],
)
def test_a_write_of_the_location_keeps_the_accepted_part(field: str, place: Any, sent: Any) -> None:
    causes, (step,) = accepted_plan(field, place=place)

    other = {"bucket": "path", "path": "bucket"}[field]
    assert (causes[field], causes[other]) == (Cause.ACCEPTED, Cause.UNKNOWN_ORIGIN)
    assert step.fields == {"location": sent}


def test_a_write_of_the_format_keeps_the_accepted_part() -> None:
    causes, (step,) = accepted_plan("format.compression", format=Format("json", "none"))

    assert (causes["format.compression"], causes["format.type"]) == (Cause.ACCEPTED, Cause.UNKNOWN_ORIGIN)
    assert step.fields == {"format": {"type": "json", "compression": "gzip", "manifest": False}}


def test_an_accepted_difference_alone_is_not_written() -> None:
    causes, steps = accepted_plan("bucket", place={"bucketName": "other", "path": "aep"})

    assert causes["bucket"] is Cause.ACCEPTED
    assert [step.fields for step in steps] == [{}]  # the format already matches, which only the marker says
