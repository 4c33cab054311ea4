"""What of a live flow can be said in a config, and the reason for what cannot: one odd value at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.importing.convert import ConversionContext, ImportableFlow, convert_flow
from exportctl.importing.result import LeftOutFlow, LeftOutReason
from exportctl.model.project import Format, Schedule
from exportctl.plan.ownership import build_ownership
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.destinations.type import DATA_LAKE_SPEC, PROFILE_STORE_SPEC
from tests.importing.one_flow import DAY, HOUR, LISTED_SPECS, MIDNIGHT, NOW, Docs, documents, live_sandbox

Edit = Callable[[Docs], object]
READS_PROFILES = {"id": "s", "connectionSpec": {"id": PROFILE_STORE_SPEC, "version": "1.0"}}
READS_DATASETS = {"id": "s", "connectionSpec": {"id": DATA_LAKE_SPEC, "version": "1.0"}}


def read_flow(
    edit: Edit = lambda docs: None, *, specs: Any = LISTED_SPECS, **more: Any
) -> ImportableFlow | LeftOutFlow:
    docs = documents()
    edit(docs)
    ownership = build_ownership(live_sandbox(docs), "acme")
    given: dict[str, Any] = {"project": "acme", "adopted": {}, "as_of": NOW, **more}
    return convert_flow(ownership.flows[0], ConversionContext(ownership=ownership, specs=specs, **given))


def read_export(edit: Edit = lambda docs: None, **more: Any) -> ImportableFlow:
    one = read_flow(edit, **more)
    assert isinstance(one, ImportableFlow), one
    return one


def schedule(**changes: Any) -> Edit:
    def edit(docs: Docs) -> None:
        params = docs["flow"]["scheduleParams"]
        params.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del params[key]

    return edit


def params(**changes: Any) -> Edit:
    return lambda docs: docs["target"]["params"].update(changes)


def flow(**changes: Any) -> Edit:
    return lambda docs: docs["flow"].update(changes)


def datasets(*entries: Any) -> Edit:
    return lambda docs: docs["source"]["params"].update(datasets=list(entries))


def test_a_flow_is_read_in_words_of_the_config() -> None:
    one = read_export()

    assert (one.id, one.title, one.description, one.type) == ("f", "Orders", "Feeds the lake", AMAZON_S3)
    assert (one.base.id, one.location, one.path) == ("b", {"bucket": "acme", "path": "aep"}, "aep")
    assert one.datasets == (("d1", "Orders"), ("d2", ""))
    assert (one.schedule, one.end) == (Schedule("hour", 6, HOUR), NOW + DAY)
    assert (one.format, one.folder) == (Format("json", "gzip"), "%DATASET_ID%/%EXPORT_TIME%")
    assert (one.enabled, one.created) == (True, NOW)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (schedule(timeUnit="day", interval=1), Schedule("day", 1, HOUR)),
        (schedule(interval=9, startTime=MIDNIGHT - DAY + 11 * HOUR + 900), Schedule("hour", 9, 2 * HOUR + 900)),
        (schedule(startTime=MIDNIGHT + 13 * HOUR), Schedule("hour", 6, HOUR)),
        (schedule(timeUnit="day", interval=1, startTime=NOW - DAY + 17), Schedule("day", 1, 8 * HOUR + 17)),
        (schedule(startTime=NOW + DAY + 17), Schedule("hour", 6, 2 * HOUR + 17, NOW + DAY + 17)),
        (schedule(timeUnit="Day", interval=1, exportMode="first_full_then_incremental"), Schedule("day", 1, HOUR)),
        (schedule(startTime=MIDNIGHT + 19 * HOUR), Schedule("hour", 6, HOUR, MIDNIGHT + 19 * HOUR)),
        (schedule(timeUnit="day", interval=0), Schedule("once", 0, 0)),
        (schedule(timeUnit="day", interval=0, startTime=None), Schedule("once", 0, 0)),
        (schedule(timeUnit="day", interval=0, startTime=NOW + HOUR), Schedule("once", 0, 9 * HOUR)),
        (
            schedule(timeUnit="day", interval=0, startTime=NOW + 3 * DAY),
            Schedule("once", 0, 8 * HOUR, NOW + 3 * DAY),
        ),
    ],
    ids=[
        "daily",
        "nine hours, on the grid of three",
        "begins at the next point of its grid",
        "begun by a script at an odd second",
        "begins at an odd second, later than the next point",
        "words of the service in another case",
        "begins later than that",
        "once, done",
        "once, done, start unknown",
        "once, at the next point",
        "once, some days later",
    ],
)
def test_a_schedule_keeps_its_grid_and_a_start_that_says_more(edit: Edit, expected: Schedule) -> None:
    assert read_export(edit).schedule == expected


def test_a_manifest_is_forced_where_the_service_does_not_list_it() -> None:
    assert read_export(params(includeFileManifest=True)).format.manifest is True
    assert read_export(params(includeFileManifest=True), specs={}).format.manifest == "force"
    assert read_export(params(includeFileManifest=False)).format.manifest is False


def test_a_flow_that_is_off_or_has_no_end_can_be_said() -> None:
    assert not read_export(flow(state="disabled")).enabled
    assert read_export(schedule(endTime=None)).end is None


ODD: dict[str, tuple[Edit, LeftOutReason, str]] = {
    "no name": (flow(name=""), LeftOutReason.NOT_EXPRESSIBLE, "no name"),
    "half a character": (flow(description="a\ud83d"), LeftOutReason.NOT_EXPRESSIBLE, "half a character"),
    "half a line break": (flow(description="x\r"), LeftOutReason.NOT_EXPRESSIBLE, "ends in a carriage return"),
    "in a state between": (flow(state="pending"), LeftOutReason.NOT_EXPRESSIBLE, 'state "pending"'),
    "no schedule": (flow(scheduleParams=None), LeftOutReason.NOT_EXPRESSIBLE, "interval None"),
    "weekly": (schedule(timeUnit="week", interval=1), LeftOutReason.NOT_EXPRESSIBLE, "timeUnit week"),
    "full every day": (schedule(exportMode="DAILY_FULL_EXPORT"), LeftOutReason.NOT_EXPRESSIBLE, "DAILY_FULL_EXPORT"),
    "incremental once": (
        schedule(timeUnit="day", interval=0, exportMode="FIRST_FULL_THEN_INCREMENTAL"),
        LeftOutReason.NOT_EXPRESSIBLE,
        "interval 0",
    ),
    "no start": (schedule(startTime=None), LeftOutReason.NOT_EXPRESSIBLE, "no startTime"),
    "two folders": (
        schedule(foldernameTemplate="%DATASET_ID%", folderNameTemplate="x"),
        LeftOutReason.NOT_EXPRESSIBLE,
        "two folder templates",
    ),
    "an end in words": (schedule(endTime="2027-12-01"), LeftOutReason.NOT_EXPRESSIBLE, "not a moment"),
    "no bucket": (params(bucketName=""), LeftOutReason.NOT_EXPRESSIBLE, "no bucket"),
    "a path of numbers": (params(path=7), LeftOutReason.NOT_EXPRESSIBLE, "path that is not text"),
    "half a path": (params(path="\udc00"), LeftOutReason.NOT_EXPRESSIBLE, "path that is not text"),
    "no file type": (params(datasetFileType=None), LeftOutReason.NOT_EXPRESSIBLE, "no file type"),
    "half a compression": (params(compression="\udc00"), LeftOutReason.NOT_EXPRESSIBLE, "half a character"),
    "a manifest in words": (params(includeFileManifest="yes"), LeftOutReason.NOT_EXPRESSIBLE, "includeFileManifest"),
    "no params": (lambda d: d["target"].pop("params"), LeftOutReason.NOT_EXPRESSIBLE, "without params"),
    "no datasets": (datasets(), LeftOutReason.NOT_EXPRESSIBLE, "without datasets"),
    "a dataset with an empty id": (datasets({"dataSetId": ""}), LeftOutReason.NOT_EXPRESSIBLE, "without its id"),
    "a dataset twice": (datasets({"dataSetId": "d"}, {"dataSetId": "d"}), LeftOutReason.NOT_EXPRESSIBLE, "twice"),
    "a dataset without id": (
        datasets({"dataSetId": "d"}, {"name": "x"}),
        LeftOutReason.NOT_EXPRESSIBLE,
        "without its id",
    ),
    "two targets": (flow(targetConnectionIds=["t", "u"]), LeftOutReason.SEVERAL_CONNECTIONS, "2 target connections"),
    "no source": (flow(sourceConnectionIds=[]), LeftOutReason.SEVERAL_CONNECTIONS, "0 source connections"),
    "a hidden source": (
        lambda d: d.pop("source"),
        LeftOutReason.HIDDEN,
        "source connection that this credential cannot see",
    ),
    "a hidden target": (
        lambda d: d.pop("target"),
        LeftOutReason.HIDDEN,
        "target connection that this credential cannot see",
    ),
    "a hidden account": (lambda d: d.pop("base"), LeftOutReason.HIDDEN, "account that this credential cannot see"),
    "a target of another card": (
        lambda d: d["target"].update(connectionSpec={"id": AZURE_BLOB.connection_spec}),
        LeftOutReason.NOT_EXPRESSIBLE,
        "another destination type",
    ),
    "encrypted account": (
        lambda d: d["base"].update(encryptionSpecs={"specName": "x"}),
        LeftOutReason.ENCRYPTED,
        "encrypts",
    ),
    "encrypted target": (
        lambda d: d["target"].update(encryptionSpecs={"specName": "x"}),
        LeftOutReason.ENCRYPTED,
        "encrypts",
    ),
    "audience": (flow(flowSpec={"id": AMAZON_S3.audience_flow_spec}), LeftOutReason.AUDIENCE, "audiences"),
    "audiences on an unknown card": (
        flow(flowSpec={"id": "x"}, inheritedAttributes={"sourceConnections": [READS_PROFILES]}),
        LeftOutReason.AUDIENCE,
        "audiences",
    ),
    "datasets on an unknown card": (
        flow(flowSpec={"id": "x"}, inheritedAttributes={"sourceConnections": [READS_DATASETS]}),
        LeftOutReason.UNKNOWN_TYPE,
        "does not know",
    ),
    "another card": (flow(flowSpec={"id": "x"}), LeftOutReason.UNKNOWN_TYPE, "does not know"),
    "no card": (flow(flowSpec=None), LeftOutReason.UNKNOWN_TYPE, "does not know"),
    "of another project": (
        flow(description="[exportctl/1 e other web 1o 0 0000]"),
        LeftOutReason.OTHER_PROJECT,
        "project other (exports.web)",
    ),
    "of another project and a later version": (
        flow(description="[exportctl/9 e other web]"),
        LeftOutReason.OTHER_PROJECT,
        "project other (exports.web)",
    ),
    "of this project": (flow(description="[exportctl/1 e acme web 1o 0 0000]"), LeftOutReason.DECLARED, "exports.web"),
    "on a target of another project": (
        lambda d: d["target"].update(description="[exportctl/1 e other web 1o 0 0000]"),
        LeftOutReason.MARKED_TARGET,
        "exports.web of project other",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_the_config_has_no_words_for_is_left_out(name: str) -> None:
    edit, reason, words = ODD[name]

    one = read_flow(edit)

    assert isinstance(one, LeftOutFlow)
    assert one.reason is reason
    assert words in one.text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"interval": 1}, Schedule("hour", 1, 0)),
        ({"interval": "7"}, Schedule("hour", 7, 0)),
        ({"interval": 24}, Schedule("day", 1, 0)),
        ({"timeUnit": "DAY", "interval": 2}, Schedule("day", 2, 0)),
        ({"interval": 48}, Schedule("day", 2, 0)),
    ],
    ids=str,
)
def test_every_whole_number_of_hours_is_kept(shown: dict[str, Any], expected: Schedule) -> None:
    one = read_flow(schedule(**shown))

    assert isinstance(one, ImportableFlow)
    assert (one.schedule.unit, one.schedule.interval) == (expected.unit, expected.interval)


def test_a_file_type_that_nobody_knows_yet_is_kept() -> None:
    one = read_flow(params(datasetFileType="AVRO", compression="ZSTD"))

    assert isinstance(one, ImportableFlow)
    assert one.format == Format("avro", "zstd")


def test_a_flow_that_the_config_adopts_is_declared() -> None:
    one = read_flow(adopted={"f": "exports.orders"})

    assert isinstance(one, LeftOutFlow)
    assert (one.reason, one.text) == (LeftOutReason.DECLARED, "is adopted by exports.orders already")


def test_a_description_that_ends_like_ours_is_taken_as_it_is() -> None:
    edit = flow(description="x\nManaged in Git: me")

    assert read_export(edit).description == "x\nManaged in Git: me"


def test_words_of_the_service_may_be_in_another_case() -> None:
    one = read_export(params(datasetFileType="Parquet", compression="none"))

    assert one.format == Format("parquet", "none")
    assert one.kept == ()


def test_two_spellings_of_one_folder_are_one() -> None:
    one = read_export(schedule(foldernameTemplate="%DATASET_ID%", folderNameTemplate="%DATASET_ID%"))

    assert (one.folder, one.kept) == ("%DATASET_ID%", ())


def test_a_source_may_carry_a_marker_since_a_release_leaves_it() -> None:
    read_export(lambda d: d["source"].update(description="[exportctl/1 e other web 1o 0 0000]"))
