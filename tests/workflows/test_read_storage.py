"""
The emulator exports into a folder, something goes wrong there or in the service, and verification must say what: the
right word, the right object, and no alarm about anything else. Every situation runs under several answers to the open
questions.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.emulator.store import Record
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.delivery.report import DeliveryResult, Verdict, VerifyReport
from exportctl.workflows.verify import VerifyRequest, open_verifier
from tests.workflows.orders_sandbox import DAY, HOUR, dataset
from tests.workflows.world import DATASETS, DESTINATIONS, ENV, ORGANIZATION, SANDBOX, SECRETS, START, World, config

FIRST = START + 18 * HOUR  # 02:00 of the day after START: when the daily exports run first
MANIFEST = {"type": "parquet", "compression": "gzip", "manifest": True}
LINES = {"type": "json", "compression": "gzip"}
ROWS = 60


@dataclass
class DeliverySandbox:
    """Two exports below one folder that stands for their bucket: `orders` with a manifest, `events` without."""

    world: World
    bucket: Path

    def files(self, pattern: str = "*") -> list[Path]:
        """The files of `orders`, or of what the pattern says, in the order of their names."""
        return sorted(p for p in self.bucket.rglob(pattern) if p.is_file())

    def parts(self, name: str = "Orders") -> list[Path]:
        return [p for p in self.files("part-*") if dataset(self.world, name) in str(p)]

    def manifests(self) -> list[Path]:
        return self.files("manifest-*")

    def pass_nights(self, count: int = 1, rows: int = ROWS) -> None:
        """Let days pass until an hour after their runs; before each of them but the first new rows come in."""
        for night in range(count):
            if night:
                for name in ("Orders", "App Events"):
                    self.world.emulator.ingest(SANDBOX, name, rows)
            until = FIRST + HOUR + night * DAY
            self.world.emulator.set_time(max(until, self.world.emulator.now))

    def verify(self, question: VerifyRequest = VerifyRequest(), env: dict[str, str] | None = None) -> VerifyReport:  # noqa: B008
        with open_verifier(self.world.setup(env=self.env(**(env or {}))), PlanOptions(), wall=lambda: START) as look:
            return look(question)

    def env(self, **more: str) -> dict[str, str]:
        found = {**ENV, **SECRETS, "EXPORTCTL_READER_S3_KEY_FOLDER": str(self.bucket), **more}
        return {name: value for name, value in found.items() if value}

    def verdicts(self, address: str = "exports.orders", **question: Any) -> list[Verdict]:
        report = self.verify(VerifyRequest(**question))
        return [v for e in report.exports if str(e.address) == address for v in e.verdicts]

    def results(self, address: str = "exports.orders", **question: Any) -> list[DeliveryResult]:
        return [v.result for v in self.verdicts(address, **question)]

    def flow(self) -> str:
        return str(self.world.flow("orders")["id"])


@contextmanager
def delivery_sandbox(
    folder: Path, switches: Switches | None = None, /, *, kind: str = "record", **orders: Any
) -> Iterator[DeliverySandbox]:
    """Apply two exports, and let them run: `kind` is that of the dataset of `orders`."""
    storage = folder / "storage"
    emulator = Emulator(switches=switches, clock=START, organization=ORGANIZATION, storage=storage)
    kinds = {"App Events": "event", "Orders": kind}
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(n, rows=ROWS, kind=kinds.get(n, "record")) for n in DATASETS]})
    made = World(folder, emulator)
    made.write(
        config(
            destinations=DESTINATIONS,
            exports={
                "orders": {"datasets": ["Orders"], "destination": "s3-key", "format": MANIFEST, **orders},
                "events": {"datasets": ["App Events", "Returns"], "destination": "s3-key", "format": LINES},
            },
        )
    )
    outcomes, final_check = made.apply()
    assert final_check.passed, [o.message for o in outcomes]
    emulator.advance(700)  # past transitions and lags
    yield DeliverySandbox(made, storage / "amazon-s3" / "acme-lake")


ANSWERS = {
    "as assumed": Switches(),
    "one run per dataset, manifests first": Switches(run_scope="dataset", manifest_last=False),
    "no entities, manifests at the top": Switches(run_entities="hidden", manifest_location="path"),
    "one run per dataset, without the entities": Switches(run_scope="dataset", run_entities="hidden"),
    "empty runs write files": Switches(empty_run="file", empty_manifest=True),
    "times of 14 digits, names encoded": Switches(export_time_digits=14, folder_names="encoded"),
    "empty runs write folders": Switches(empty_run="folder", empty_manifest=False, interval_type="string"),
}


@pytest.fixture(params=ANSWERS)
def answers(request: pytest.FixtureRequest) -> Switches:
    return ANSWERS[request.param]


def is_complete(found: list[DeliveryResult]) -> bool:
    return bool(found) and set(found) <= {DeliveryResult.COMPLETE, DeliveryResult.EMPTY}


@pytest.mark.parametrize("deep", [False, True])
def test_three_clean_nights_raise_no_alarm(tmp_path: Path, answers: Switches, deep: bool) -> None:
    with delivery_sandbox(tmp_path, answers) as scene:
        scene.pass_nights(3)

        report = scene.verify(VerifyRequest(since=START, deep=deep))

        words = {str(e.address): [v.result for v in e.verdicts] for e in report.exports}
        assert words["exports.orders"] == [DeliveryResult.COMPLETE] * 3
        returns_then_events = [
            DeliveryResult.COMPLETE,
            DeliveryResult.COMPLETE,
            DeliveryResult.COMPLETE,
            DeliveryResult.COMPLETE,
            DeliveryResult.EMPTY,
            DeliveryResult.EMPTY,
        ]
        assert words["exports.events"] == returns_then_events
        assert not report.has_failed and not report.errors()
        found = {
            v.rows
            for e in report.exports
            for v in e.verdicts
            if v.result is DeliveryResult.COMPLETE and v.rows is not None
        }
        assert found <= {ROWS}


ODD_SECONDS = {  # a schedule, a folder -> how many runs there are in three nights
    "a folder named to the minute": ({"every": "1 day", "at": "02:00:41"}, "%DATASET_ID%/%EXPORT_TIME%", 3),
    "a folder named to the second": (
        {"every": "1 day", "at": "02:00:41"},
        "%DATASET_ID%/%DATETIME(yyyyMMdd_HHmmss)%",
        3,
    ),
    "a folder named by the day": ({"every": "1 day", "at": "02:00:41"}, "%DATASET_ID%/%DATETIME(yyyy-MM-dd)%", 3),
    "several runs a day": ({"every": "6 hours", "at": "02:59:59"}, "%DATASET_ID%/%EXPORT_TIME%", 12),
}


@pytest.mark.parametrize("row", ODD_SECONDS)
def test_runs_at_odd_seconds_are_found_where_they_wrote(tmp_path: Path, row: str) -> None:
    schedule, folder, count = ODD_SECONDS[row]
    with delivery_sandbox(tmp_path, schedule=schedule, folder=folder, format="parquet") as scene:
        scene.pass_nights(3)
        words = scene.results(since=START, deep=True)
        assert len(words) == count
        assert is_complete(words)

        scene.parts()[-1].unlink()
        assert not is_complete(scene.results(since=START))


@pytest.mark.parametrize(
    ("names", "destination"),
    [("levels", "target"), ("resolved", "base"), ("underscore", "flow"), ("encoded", "target")],
)
def test_every_macro_is_read_however_the_service_writes_names(tmp_path: Path, names: str, destination: str) -> None:
    macros = "%DESTINATION%_%DATASET_ID%/%DESTINATION_INSTANCE_NAME%/%DATASET_NAME%/%SANDBOX_NAME%/%ORGANIZATION_NAME%"
    title, switches = "EU//../a b/./K\u00e4ufe", Switches(folder_names=names, destination_macro=destination)
    with delivery_sandbox(tmp_path, switches, folder=f"{macros}/%DATETIME(YYYYMMdd_HHmmss)%", title=title) as scene:
        scene.pass_nights()
        assert scene.results(since=START) == [DeliveryResult.COMPLETE]

        scene.parts()[0].unlink()
        assert scene.results(since=START) == [DeliveryResult.FILES_MISSING]


Plant = Callable[[DeliverySandbox], object]


@dataclass(frozen=True)
class DeliveryCase:
    """What is planted after one night, and what must be said of `orders`; `names` finds the object it must name."""

    result: DeliveryResult
    plant: Plant
    names: Callable[[DeliverySandbox], Path] | None = None
    deep: bool = False
    orders: dict[str, Any] | None = None
    nights: int = 1
    since: int = START


def truncate_file(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def edit_manifest(scene: DeliverySandbox, change: Callable[[dict[str, Any]], object]) -> None:
    (path,) = scene.manifests()
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body))


def edit_in_ui(verb: str, *values: object) -> Plant:
    return lambda scene: getattr(scene.world.emulator.ui, verb)(scene.flow(), *values, sandbox=SANDBOX)


def advance_clock(seconds: int, plant: Plant | None = None) -> Plant:
    def after(scene: DeliverySandbox) -> None:
        if plant:
            plant(scene)
        scene.world.emulator.advance(seconds)

    return after


def runs_of_orders(scene: DeliverySandbox) -> list[Record]:
    """All runs of the flow, the oldest first."""
    of_flow = (r for r in scene.world.emulator.store.list_records("runs") if r.doc["flowId"] == scene.flow())
    return sorted(of_flow, key=lambda record: int(record.doc["createdAt"]))


def forget_runs(scene: DeliverySandbox, runs: Iterable[Record]) -> None:
    with scene.world.emulator.store.transaction():
        for record in runs:
            scene.world.emulator.store.remove("runs", record.id)


def lose_run(scene: DeliverySandbox) -> None:
    """The service loses a run and its files: what a tick looks like that never ran."""
    forget_runs(scene, runs_of_orders(scene))
    shutil.rmtree(scene.bucket)


def block_bucket(scene: DeliverySandbox) -> None:
    """New rows come in, and a file stands where the bucket was: nothing can be written there any more."""
    scene.world.emulator.ingest(SANDBOX, "Orders", ROWS)
    shutil.rmtree(scene.bucket)
    scene.bucket.write_text("full")


SITUATIONS = {
    "clean": DeliveryCase(DeliveryResult.COMPLETE, lambda s: None),
    "a file deleted": DeliveryCase(
        DeliveryResult.FILES_MISSING, lambda s: s.parts()[0].unlink(), lambda s: s.parts()[0]
    ),
    "every file deleted": DeliveryCase(DeliveryResult.FILES_MISSING, lambda s: shutil.rmtree(s.parts()[0].parent)),
    "a file truncated": DeliveryCase(
        DeliveryResult.MISMATCH, lambda s: truncate_file(s.parts()[0], 100), lambda s: s.parts()[0]
    ),
    "a file emptied": DeliveryCase(
        DeliveryResult.MISMATCH, lambda s: truncate_file(s.parts()[0], 0), lambda s: s.parts()[0]
    ),
    "a file of another program": DeliveryCase(
        DeliveryResult.MISMATCH,
        lambda s: (s.parts()[0].parent / "notes.txt").write_text("x"),
        lambda s: s.parts()[0].parent / "notes.txt",
    ),
    "a loader's mark": DeliveryCase(
        DeliveryResult.COMPLETE, lambda s: (s.parts()[0].parent / "_SUCCESS").write_text("")
    ),
    "a part too many": DeliveryCase(
        DeliveryResult.MISMATCH,
        lambda s: shutil.copy(s.parts()[0], s.parts()[0].with_name(s.parts()[0].name.replace("00000", "00077", 1))),
    ),
    "a manifest of other sizes": DeliveryCase(
        DeliveryResult.MISMATCH,
        lambda s: edit_manifest(s, lambda b: b["exportResults"][0].update(size=1)),
        lambda s: s.parts()[0],
    ),
    "a manifest with a file too many": DeliveryCase(
        DeliveryResult.FILES_MISSING,
        lambda s: edit_manifest(s, lambda b: b["exportResults"].append({**b["exportResults"][0], "name": "part-9"})),
    ),
    "a manifest of another run": DeliveryCase(
        DeliveryResult.MISMATCH,
        lambda s: edit_manifest(s, lambda b: b.update(flowRunId=s.flow())),
        lambda s: s.manifests()[0],
    ),
    "a manifest cut short": DeliveryCase(
        DeliveryResult.MISMATCH, lambda s: truncate_file(s.manifests()[0], 20), lambda s: s.manifests()[0]
    ),
    "the manifest deleted": DeliveryCase(
        DeliveryResult.FILES_MISSING, lambda s: s.manifests()[0].unlink(), lambda s: s.manifests()[0]
    ),
    "files moved to another prefix": DeliveryCase(
        DeliveryResult.FILES_MISSING, lambda s: (s.bucket / "key").rename(s.bucket / "elsewhere")
    ),
    "the dataset's folder has its name in place of its id": DeliveryCase(
        DeliveryResult.UNKNOWN, lambda s: s.parts()[0].parents[1].rename(s.bucket / "key" / "Orders"), deep=True
    ),
    "its folder renamed to a form that is not known": DeliveryCase(
        DeliveryResult.UNKNOWN, lambda s: s.parts()[0].parent.rename(s.parts()[0].parents[1] / "run-1"), deep=True
    ),
    "the storage refused": DeliveryCase(DeliveryResult.FAILED, advance_clock(DAY, block_bucket)),
    "nothing ran": DeliveryCase(DeliveryResult.MISSING, advance_clock(2 * HOUR, lose_run)),
    "nothing ran, and it is early": DeliveryCase(DeliveryResult.UNKNOWN, lose_run),
    "nothing to write": DeliveryCase(DeliveryResult.EMPTY, advance_clock(DAY)),
    "nothing to write, but rows are expected": DeliveryCase(
        DeliveryResult.EMPTY, advance_clock(DAY), orders={"expect": {"non_empty": True}}
    ),
    "disabled, then nothing": DeliveryCase(
        DeliveryResult.UNKNOWN, advance_clock(DAY, edit_in_ui("disable")), since=FIRST + HOUR
    ),
    "ended, then nothing": DeliveryCase(
        DeliveryResult.UNKNOWN, advance_clock(DAY, edit_in_ui("end", FIRST + 7200)), since=FIRST + HOUR
    ),
    "the schedule changed yesterday": DeliveryCase(
        DeliveryResult.COMPLETE,
        advance_clock(HOUR, edit_in_ui("schedule", {"interval": 6, "timeUnit": "hour", "startTime": FIRST + 5 * HOUR})),
    ),
    "the path changed since": DeliveryCase(DeliveryResult.UNKNOWN, advance_clock(HOUR, edit_in_ui("path", "another"))),
    "an export on demand in between": DeliveryCase(DeliveryResult.COMPLETE, lambda s: export_on_demand(s)),
    "two nights": DeliveryCase(DeliveryResult.COMPLETE, lambda s: None, nights=2, deep=True),
}


def export_on_demand(scene: DeliverySandbox) -> None:
    import httpx

    emulator = scene.world.emulator
    with httpx.Client(transport=httpx.WSGITransport(app=emulator), base_url="http://127.0.0.1:1") as http:
        wanted = {"flowId": scene.flow(), "datasets": [{"id": dataset(scene.world, "Orders")}]}
        answer = http.post(
            "/data/core/activation/disflowprovider/adhocrun",
            json={"activationInfo": {"destinations": [wanted]}},
            headers={
                "Authorization": f"Bearer {emulator.issue_token()}",
                "x-api-key": "emulator-client",
                "x-gw-ims-org-id": ORGANIZATION,
                "x-sandbox-name": SANDBOX,
                "Accept": "application/vnd.adobe.adhoc.dataset.activation+json; version=1",
            },
        )
    assert answer.status_code == 200, answer.text
    emulator.advance(900)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_planted_situation_is_found_and_nothing_else(tmp_path: Path, name: str) -> None:
    situation = SITUATIONS[name]
    with delivery_sandbox(tmp_path, **(situation.orders or {})) as scene:
        scene.pass_nights(situation.nights)
        wanted = situation.names(scene) if situation.names and "another program" not in name else None
        situation.plant(scene)
        wanted = wanted or (situation.names(scene) if situation.names else None)

        report = scene.verify(VerifyRequest(since=situation.since, deep=situation.deep))

        by_address = {str(e.address): e.verdicts for e in report.exports}
        orders = by_address["exports.orders"][-1]
        failing = {
            DeliveryResult.LATE,
            DeliveryResult.FAILED,
            DeliveryResult.MISSING,
            DeliveryResult.FILES_MISSING,
            DeliveryResult.MISMATCH,
        }
        assert orders.result is situation.result, orders.reason
        assert orders.fails is (orders.result in failing or "expected" in name)
        if wanted is not None:
            assert str(wanted.relative_to(scene.bucket)) in orders.objects
        if "moved" not in name and "refused" not in name and "ran" not in name:
            assert not any(v.fails for v in by_address["exports.events"])


# -- contents ---------------------------------------------------------------------------------------------------------


def test_a_row_lost_in_lines_is_seen_only_by_reading_them(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()
        path = scene.parts("App Events")[0]
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        path.write_bytes(gzip.compress(b"".join(lines[1:])))

        shallow, deep = (scene.verdicts("exports.events", since=START, deep=d) for d in (False, True))

        assert [v.result for v in shallow] == [DeliveryResult.COMPLETE, DeliveryResult.COMPLETE]
        assert sorted(v.result for v in deep) == [DeliveryResult.COMPLETE, DeliveryResult.MISMATCH]
        (wrong,) = [v for v in deep if v.result is DeliveryResult.MISMATCH]
        assert wrong.dataset == "App Events"
        assert f"{ROWS - 1} rows" in wrong.reason


def test_a_file_cut_short_without_a_manifest_is_seen_by_reading_it(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, format="parquet") as scene:
        scene.pass_nights()
        path = scene.parts()[0]
        truncate_file(path, path.stat().st_size - 10)

        (verdict,) = scene.verdicts(since=START, deep=True)

        assert verdict.result is DeliveryResult.MISMATCH
        assert verdict.objects == (str(path.relative_to(scene.bucket)),)


# -- who reads --------------------------------------------------------------------------------------------------------


def test_without_an_identity_only_runs_are_checked_and_the_report_says_so(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()
        shutil.rmtree(scene.bucket)

        report = scene.verify(VerifyRequest(since=START), env={"EXPORTCTL_READER_S3_KEY_FOLDER": ""})

        assert {v.result for e in report.exports for v in e.verdicts} == {DeliveryResult.COMPLETE}
        assert all(e.storage.startswith("runs only") for e in report.exports)
        assert not report.errors()


def test_a_reader_that_is_not_let_in_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()

        report = scene.verify(
            VerifyRequest(since=START), env={"EXPORTCTL_READER_S3_KEY_FOLDER": str(tmp_path / "nowhere")}
        )

        assert {v.result for e in report.exports for v in e.verdicts} == {DeliveryResult.UNKNOWN}
        assert [f.rule for f in report.errors()] == ["storage-missing", "storage-missing"]


def test_storage_that_is_required_and_not_read_is_an_error(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()

        report = scene.verify(
            VerifyRequest(since=START, require_storage=True), env={"EXPORTCTL_READER_S3_KEY_FOLDER": ""}
        )
        read = scene.verify(VerifyRequest(since=START, require_storage=True))

        assert [f.rule for f in report.errors()] == ["storage-required", "storage-required"]
        assert {v.result for e in report.exports for v in e.verdicts} == {DeliveryResult.UNKNOWN}
        assert not read.errors() and not read.has_failed


def test_runs_only_reads_no_storage(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()
        shutil.rmtree(scene.bucket)

        assert scene.results(since=START, runs_only=True) == [DeliveryResult.COMPLETE]


@pytest.mark.parametrize(("days", "result"), [(7, DeliveryResult.UNKNOWN), (0, DeliveryResult.MISSING)])
def test_a_run_older_than_those_that_the_service_shows_is_not_called_missing(
    tmp_path: Path, days: int, result: DeliveryResult
) -> None:
    with delivery_sandbox(tmp_path, Switches(run_retention=days)) as scene:
        scene.pass_nights()
        scene.world.emulator.advance(9 * DAY)
        forget_runs(scene, runs_of_orders(scene)[1:2])  # with `days`, the service does not show it anyway

        found = scene.results(since=START, runs_only=True)

        assert found[1] is result
        assert set(found[3:]) == {DeliveryResult.EMPTY}


def test_an_export_that_was_never_applied_delivers_nothing(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["new"] = {"datasets": ["Loyalty Profiles"], "destination": "s3-key"}
        scene.world.write(content)

        (verdict,) = scene.verdicts("exports.new")

        assert (verdict.result, verdict.fails) == (DeliveryResult.MISSING, True)


def test_the_requests_of_a_look_do_not_grow_with_exports(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()
        scene.world.forget_requests()

        scene.verify(VerifyRequest(since=START))

        paths = [r["path"].rpartition("/")[2] for r in scene.world.emulator.requests()]
        assert sorted(paths) == ["connections", "flows", "runs", "sourceConnections", "targetConnections", "v3"]


def test_the_storage_of_one_account_is_never_shown_the_identity_of_another(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights()
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["orders"]["destination"] = "gcs"
        scene.world.write(content)
        elsewhere = {"EXPORTCTL_READER_GCS_FOLDER": str(tmp_path)}

        report = scene.verify(VerifyRequest(since=START), env=elsewhere)

        (orders,) = [e for e in report.exports if str(e.address) == "exports.orders"]
        assert [v.result for v in orders.verdicts] == [DeliveryResult.COMPLETE]
        assert orders.storage == str(scene.bucket)  # as the destination it still goes to is read


def test_a_loss_is_not_hidden_by_a_later_edit(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, format="parquet") as scene:
        scene.pass_nights()
        scene.world.emulator.advance(60)
        scene.world.emulator.ui.rename(scene.flow(), "Another name", sandbox=SANDBOX)
        shutil.rmtree(scene.parts()[0].parent)

        assert scene.results(since=START) == [DeliveryResult.FILES_MISSING]
