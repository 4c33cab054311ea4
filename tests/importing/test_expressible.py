"""What of a live flow can be said in a config, and the reason for what cannot: one odd value at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.declared import Format, Schedule
from exportctl.destination_types import AMAZON_S3, AZURE_BLOB, DATA_LAKE_SPEC, PROFILE_STORE_SPEC
from exportctl.importing.expressible import Found, Terms, found
from exportctl.importing.report import LeftOut, Reason
from exportctl.planning.ownership import survey
from tests.importing.one_flow import DAY, HOUR, LISTED, MIDNIGHT, NOW, Docs, documents, live

Edit = Callable[[Docs], object]
READS_PROFILES = {"id": "s", "connectionSpec": {"id": PROFILE_STORE_SPEC, "version": "1.0"}}
READS_DATASETS = {"id": "s", "connectionSpec": {"id": DATA_LAKE_SPEC, "version": "1.0"}}


def read(edit: Edit = lambda docs: None, *, specs: Any = LISTED, **more: Any) -> Found | LeftOut:
    docs = documents()
    edit(docs)
    estate = survey(live(docs), "acme")
    given: dict[str, Any] = {"project": "acme", "adopted": {}, "as_of": NOW, **more}
    return found(estate.holdings[0], Terms(estate=estate, specs=specs, **given))


def taken(edit: Edit = lambda docs: None, **more: Any) -> Found:
    one = read(edit, **more)
    assert isinstance(one, Found), one
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
    one = taken()

    assert (one.id, one.title, one.description, one.type) == ("f", "Orders", "Feeds the lake", AMAZON_S3)
    assert (one.base.id, one.place, one.path) == ("b", {"bucket": "acme", "path": "aep"}, "aep")
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
    assert taken(edit).schedule == expected


def test_a_manifest_is_forced_where_the_service_does_not_list_it() -> None:
    assert taken(params(includeFileManifest=True)).format.manifest is True
    assert taken(params(includeFileManifest=True), specs={}).format.manifest == "force"
    assert taken(params(includeFileManifest=False)).format.manifest is False


def test_a_flow_that_is_off_or_has_no_end_can_be_said() -> None:
    assert not taken(flow(state="disabled")).enabled
    assert taken(schedule(endTime=None)).end is None


ODD: dict[str, tuple[Edit, Reason, str]] = {
    "no name": (flow(name=""), Reason.NOT_EXPRESSIBLE, "no name"),
    "half a character": (flow(description="a\ud83d"), Reason.NOT_EXPRESSIBLE, "half a character"),
    "half a line break": (flow(description="x\r"), Reason.NOT_EXPRESSIBLE, "ends in a carriage return"),
    "in a state between": (flow(state="pending"), Reason.NOT_EXPRESSIBLE, "state pending"),
    "no schedule": (flow(scheduleParams=None), Reason.NOT_EXPRESSIBLE, "interval None"),
    "every 7 hours": (schedule(interval=7), Reason.NOT_EXPRESSIBLE, "every 7 hours"),
    "every 24 hours": (schedule(interval=24), Reason.NOT_EXPRESSIBLE, "every 24 hours"),
    "every second day": (schedule(timeUnit="day", interval=2), Reason.NOT_EXPRESSIBLE, "every 2 days"),
    "weekly": (schedule(timeUnit="week", interval=1), Reason.NOT_EXPRESSIBLE, "timeUnit week"),
    "full every day": (schedule(exportMode="DAILY_FULL_EXPORT"), Reason.NOT_EXPRESSIBLE, "DAILY_FULL_EXPORT"),
    "incremental once": (
        schedule(timeUnit="day", interval=0, exportMode="FIRST_FULL_THEN_INCREMENTAL"),
        Reason.NOT_EXPRESSIBLE,
        "interval 0",
    ),
    "no start": (schedule(startTime=None), Reason.NOT_EXPRESSIBLE, "no startTime"),
    "two folders": (
        schedule(foldernameTemplate="%DATASET_ID%", folderNameTemplate="x"),
        Reason.NOT_EXPRESSIBLE,
        "two folder templates",
    ),
    "an end in words": (schedule(endTime="2027-12-01"), Reason.NOT_EXPRESSIBLE, "no moment"),
    "no bucket": (params(bucketName=""), Reason.NOT_EXPRESSIBLE, "no bucket"),
    "a path of numbers": (params(path=7), Reason.NOT_EXPRESSIBLE, "path that is no text"),
    "half a path": (params(path="\udc00"), Reason.NOT_EXPRESSIBLE, "path that is no text"),
    "another file type": (params(datasetFileType="CSV"), Reason.NOT_EXPRESSIBLE, '"csv"'),
    "another compression": (params(compression="SNAPPY"), Reason.NOT_EXPRESSIBLE, '"snappy"'),
    "a manifest in words": (params(includeFileManifest="yes"), Reason.NOT_EXPRESSIBLE, "includeFileManifest"),
    "no params": (lambda d: d["target"].pop("params"), Reason.NOT_EXPRESSIBLE, "without params"),
    "no datasets": (datasets(), Reason.NOT_EXPRESSIBLE, "without datasets"),
    "a dataset with an empty id": (datasets({"dataSetId": ""}), Reason.NOT_EXPRESSIBLE, "without its id"),
    "a dataset twice": (datasets({"dataSetId": "d"}, {"dataSetId": "d"}), Reason.NOT_EXPRESSIBLE, "twice"),
    "a dataset without id": (datasets({"dataSetId": "d"}, {"name": "x"}), Reason.NOT_EXPRESSIBLE, "without its id"),
    "two targets": (flow(targetConnectionIds=["t", "u"]), Reason.SEVERAL, "2 target connections"),
    "no source": (flow(sourceConnectionIds=[]), Reason.SEVERAL, "0 source connections"),
    "a hidden source": (lambda d: d.pop("source"), Reason.HIDDEN, "source connection that this credential cannot see"),
    "a hidden target": (lambda d: d.pop("target"), Reason.HIDDEN, "target connection that this credential cannot see"),
    "a hidden account": (lambda d: d.pop("base"), Reason.HIDDEN, "account that this credential cannot see"),
    "a target of another card": (
        lambda d: d["target"].update(connectionSpec={"id": AZURE_BLOB.connection_spec}),
        Reason.NOT_EXPRESSIBLE,
        "another destination type",
    ),
    "encrypted account": (lambda d: d["base"].update(encryptionSpecs={"specName": "x"}), Reason.ENCRYPTED, "encrypts"),
    "encrypted target": (lambda d: d["target"].update(encryptionSpecs={"specName": "x"}), Reason.ENCRYPTED, "encrypts"),
    "audience": (flow(flowSpec={"id": AMAZON_S3.audience_flow_spec}), Reason.AUDIENCE, "audiences"),
    "audiences on a card nobody here knows": (
        flow(flowSpec={"id": "x"}, inheritedAttributes={"sourceConnections": [READS_PROFILES]}),
        Reason.AUDIENCE,
        "audiences",
    ),
    "datasets on a card nobody here knows": (
        flow(flowSpec={"id": "x"}, inheritedAttributes={"sourceConnections": [READS_DATASETS]}),
        Reason.FOREIGN_CARD,
        "does not know",
    ),
    "another card": (flow(flowSpec={"id": "x"}), Reason.FOREIGN_CARD, "does not know"),
    "no card": (flow(flowSpec=None), Reason.FOREIGN_CARD, "does not know"),
    "of another project": (
        flow(description="[exportctl/1 e other web 1o 0 0000]"),
        Reason.OTHER_PROJECT,
        "project other (exports.web)",
    ),
    "of another project and a later version": (
        flow(description="[exportctl/9 e other web]"),
        Reason.OTHER_PROJECT,
        "project other (exports.web)",
    ),
    "of this project": (flow(description="[exportctl/1 e acme web 1o 0 0000]"), Reason.DECLARED, "exports.web"),
    "on a target of another project": (
        lambda d: d["target"].update(description="[exportctl/1 e other web 1o 0 0000]"),
        Reason.MARKED,
        "exports.web of project other",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_the_config_has_no_words_for_is_left_out(name: str) -> None:
    edit, reason, words = ODD[name]

    one = read(edit)

    assert isinstance(one, LeftOut)
    assert one.reason is reason
    assert words in one.text


def test_a_flow_that_the_config_adopts_is_declared() -> None:
    one = read(adopted={"f": "exports.orders"})

    assert isinstance(one, LeftOut)
    assert (one.reason, one.text) == (Reason.DECLARED, "is adopted by exports.orders already")


def test_a_description_that_ends_like_ours_is_taken_as_it_is() -> None:
    edit = flow(description="x\nManaged in Git: me")

    assert taken(edit).description == "x\nManaged in Git: me"


def test_words_of_the_service_may_be_in_another_case() -> None:
    one = taken(params(datasetFileType="Parquet", compression="none"))

    assert one.format == Format("parquet", "none")
    assert one.kept == ()


def test_two_spellings_of_one_folder_are_one() -> None:
    one = taken(schedule(foldernameTemplate="%DATASET_ID%", folderNameTemplate="%DATASET_ID%"))

    assert (one.folder, one.kept) == ("%DATASET_ID%", ())


def test_a_source_may_carry_a_marker_since_a_release_leaves_it() -> None:
    taken(lambda d: d["source"].update(description="[exportctl/1 e other web 1o 0 0000]"))
