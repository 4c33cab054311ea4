"""
A sandbox as it grew over the years: some sixty flows made in the user interface or by older scripts, tidy and odd ones,
and some that no import should touch. Nothing of exportctl made any of them.

`mixed` fills an emulator and says which flows an import can take and why it leaves the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exportctl.emulator import Emulator, SeedDataset

DAY, HOUR = 86400, 3600
GONE, RENAMED, SAME_NAME_A, SAME_NAME_B = "a" * 24, "b" * 24, "c" * 24, "d" * 24
ENCRYPTION = {"specName": "File PGP/GPG Encryption", "params": {"encryptionAlgo": "PGPGPG", "publicKey": "bUZJRVk="}}
ODD_NAMES = (
    "Ünïcode \N{EN DASH} Bestellungen [eu] #1",
    "\N{ROCKET}",
    "\N{ROCKET}\N{ROCKET}",
    "true",
    "123",
    "- dash: and, colon",
    " blank at both ends ",
    'quotes "inside" and \\ outside',
    "percent % and & and *",
    "${env:NOT_A_REFERENCE} costs $5",
    "an extremely long name " * 12,
    "an extremely long name " * 12 + "2",
    "null",
    "2026-12-01",
)
MORE, MOST = "more than a config says", "much more than a config says"
DESCRIPTIONS = (
    "Feeds the attribution model",
    "line one\nline two: # no comment\n\n- and a list",
    "ends in a line break\n",
    "${project} — 100 % \N{ROCKET}\t\x07",
)


@dataclass
class Sandbox:
    """One sandbox of an emulator; `taken` are ids of flows to import, `left` maps the others to the reason."""

    emulator: Emulator
    name: str
    imported: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    made: int = 0

    @property
    def now(self) -> int:
        return int(self.emulator.now)

    def create_flow(
        self, name: str, datasets: tuple[str, ...] = ("Orders",), *, why: str | None = None, **more: Any
    ) -> Any:
        """A flow made in the user interface; `why` it is left out, if it is."""
        ids = self.emulator.ui.create_flow(name, datasets, sandbox=self.name, **more)
        self.expect_import(ids["id"], why)
        return ids

    def expect_import(self, flow: str, why: str | None) -> None:
        if why is None:
            self.imported.add(flow)
        else:
            self.left_out[flow] = why

    def schedule(self, unit: str = "day", interval: Any = 1, start: int = 0, **more: Any) -> dict[str, Any]:
        """As the older API wrote it, without exportMode and end; `start` in seconds from the last midnight."""
        return {"timeUnit": unit, "interval": interval, "startTime": self.now // DAY * DAY + start, **more}

    def doc(self, collection: str, identity: str) -> dict[str, Any]:
        return next(d for d in self.emulator.snapshot(self.name)[collection] if d["id"] == identity)

    def copy_flow(
        self, ids: Mapping[str, str], name: str, edit: Callable[[dict[str, Any]], None], why: str | None
    ) -> str:
        """
        The flow once more with connections and an account of its own, put in as it is after `edit`, which gets its four
        documents by collection. What the emulator would refuse gets in like this.
        """
        collections = {
            "flows": "id",
            "sourceConnections": "source",
            "targetConnections": "target",
            "connections": "base",
        }
        text = json.dumps({collection: self.doc(collection, ids[key]) for collection, key in collections.items()})
        for key in collections.values():
            text = text.replace(ids[key], self.next_id())
        docs = json.loads(text)
        for doc in docs.values():
            del doc["etag"], doc["version"]
        docs["flows"]["name"] = name
        docs["connections"]["name"] = f"{name} account"
        edit(docs)
        self.emulator.ui.load({collection: [doc] for collection, doc in docs.items()}, sandbox=self.name)
        flow = str(docs["flows"]["id"])
        self.expect_import(flow, why)
        return flow

    def next_id(self) -> str:
        self.made += 1
        return f"00000000-0000-4000-8000-{self.made:012}"


def fill_sandbox(emulator: Emulator, name: str) -> Sandbox:
    """The whole: sixty-five flows to import, and a score to leave out."""
    sandbox = Sandbox(emulator, name)
    seed_datasets(sandbox)
    add_regular_flows(sandbox)
    add_scripted_flows(sandbox)
    add_oddly_named_flows(sandbox)
    add_odd_datasets(sandbox)
    add_unmodelled_settings(sandbox)
    add_flows_left_out(sandbox)
    return sandbox


def seed_datasets(sandbox: Sandbox) -> None:
    odd = [
        SeedDataset("Gone", GONE),
        SeedDataset("Before", RENAMED),
        SeedDataset("Same Name", SAME_NAME_A),
        SeedDataset("Same Name", SAME_NAME_B),
    ]
    sandbox.emulator.seed([], {sandbox.name: odd})


def add_regular_flows(sandbox: Sandbox) -> None:
    """What the user interface makes: every destination, a shared account, several datasets, switched off, ended."""
    for card in ("Amazon S3", "Azure Blob Storage", "Azure Data Lake Gen2", "Google Cloud Storage", "SFTP"):
        sandbox.create_flow(f"Orders to {card}", destination=card)
    sandbox.create_flow("Landing", destination="Data Landing Zone")
    sandbox.create_flow(
        "Landing returns", ("Returns",), destination="Data Landing Zone", params={"path": "/zone/returns/"}
    )
    shared = sandbox.create_flow("Team lake", ("Orders", "Returns"), params={"path": "team/all"})["base"]
    for number, dataset in enumerate(("Orders", "Order Lines", "Returns", "App Events") * 2):
        path = f"team/{dataset.lower().replace(' ', '-')}/{number}"
        sandbox.create_flow(
            f"Team {number}", (dataset,), base=shared, params={"path": path}, description=DESCRIPTIONS[number % 4]
        )
    sandbox.create_flow("Elsewhere in the lake", base=shared, params={"path": "other//place"})
    sandbox.create_flow("Another bucket", base=shared, params={"bucketName": "acme-second", "path": ""})
    for _ in range(3):
        sandbox.create_flow("Weekly numbers", ("Loyalty Profiles",))
    off = sandbox.create_flow("Switched off", params={"path": "off"})
    sandbox.emulator.ui.disable(off["id"])
    full = {"exportMode": "DAILY_FULL_EXPORT", "foldernameTemplate": "%DATASET_ID%/%EXPORT_TIME%"}
    sandbox.create_flow(
        "Once, done", schedule=sandbox.schedule(interval=0, start=-DAY, **full), params={"path": "once"}
    )
    later = sandbox.schedule(interval=0, start=40 * DAY + 5 * HOUR, **full)
    sandbox.create_flow("Once, later", schedule=later, params={"path": "once-later"})
    ended = sandbox.schedule(start=-90 * DAY, endTime=sandbox.now - 5 * DAY)
    sandbox.create_flow("Ended", schedule=ended, params={"path": "ended"})
    sandbox.create_flow("Manifest", params={"path": "manifest", "includeFileManifest": True})


def add_scripted_flows(sandbox: Sandbox) -> None:
    """What older scripts made: no mode, no end, text for numbers, either spelling of the template."""
    end = sandbox.now // DAY * DAY + 200 * DAY
    schedules: list[dict[str, Any]] = [
        sandbox.schedule(start=2 * HOUR),
        sandbox.schedule(start=2 * HOUR, endTime=end),
        sandbox.schedule("hour", 8, endTime=end + 3661),
        sandbox.schedule("hour", "3", HOUR, endTime=end),
        sandbox.schedule("hour", "6", 30 * 60, endTime=end, frequency="hour"),
        sandbox.schedule("hour", 9, 11 * HOUR + 45 * 60, endTime=end, exportMode="FIRST_FULL_THEN_INCREMENTAL"),
        sandbox.schedule("hour", 12, 365 * DAY, endTime=end + 365 * DAY),
        sandbox.schedule("day", 1, 0, folderNameTemplate="%DATASET_NAME%/%DATETIME(YYYYMMdd)%"),
        sandbox.schedule("day", 1, 0, folderNameTemplate="no-time/%DATASET_ID%", endTime=end),
        sandbox.schedule("day", 1, 0, foldernameTemplate="/", endTime=end + 1),
        sandbox.schedule("day", 1, 0, foldernameTemplate="%UNKNOWN%/a b/%EXPORT_TIME%/", endTime=end),
        sandbox.schedule("day", 1, sandbox.now % DAY + 17),  # "now", as in Adobe's notebook [NB]
        sandbox.schedule("hour", 6, 3 * DAY + 4 * HOUR + 41, endTime=end + 86399),
        sandbox.schedule(interval=0, start=40 * DAY + 5, exportMode="DAILY_FULL_EXPORT"),
        sandbox.schedule("hour", 1, 15 * 60, endTime=end),
        sandbox.schedule("hour", "7", HOUR, endTime=end),
        sandbox.schedule("hour", 24, 5 * HOUR, endTime=end),
        sandbox.schedule("day", 3, 2 * HOUR, endTime=end),
    ]
    for number, schedule in enumerate(schedules):
        sandbox.create_flow(f"script-{number}", ("App Events",), schedule=schedule, params={"path": f"script/{number}"})
    plain = {"datasetFileType": "JSON", "compression": "NONE"}
    for number in range(2):
        sandbox.create_flow(
            f"plain-json-{number}", params={**plain, "path": f"plain/{number}"}, destination="Google Cloud Storage"
        )
    sandbox.create_flow("plain parquet", params={"compression": "NONE", "path": "plain"})


def add_oddly_named_flows(sandbox: Sandbox) -> None:
    for number, name in enumerate(ODD_NAMES):
        sandbox.create_flow(name, ("Loyalty Profiles",), params={"path": f"names/{number}"})


def add_odd_datasets(sandbox: Sandbox) -> None:
    """Datasets that a name no longer means, never meant alone, or that cannot be exported any more."""
    sandbox.create_flow("gone", (GONE, "Orders"), params={"path": "datasets/gone"})
    sandbox.create_flow("renamed", (RENAMED,), params={"path": "datasets/renamed"})
    sandbox.create_flow("same-name", (SAME_NAME_A,), params={"path": "datasets/same-name"})
    nameless = sandbox.create_flow("nameless", ("Returns",), params={"path": "datasets/nameless"})

    def without_name(docs: dict[str, Any]) -> None:
        del docs["sourceConnections"]["params"]["datasets"][0]["name"]

    sandbox.copy_flow(nameless, "nameless too", without_name, None)
    sandbox.emulator.seed(
        [], {sandbox.name: [SeedDataset("Gone", GONE, eligible=False), SeedDataset("After", RENAMED)]}
    )


def add_unmodelled_settings(sandbox: Sandbox) -> None:
    """Access labels, a policy, what scripts and other destinations leave behind: kept, whatever happens to the flow."""
    odd = {"delimiter": "\t", "kept": [1, {"deep": None}]}
    made = sandbox.create_flow(
        MORE, schedule=sandbox.schedule(start=HOUR + 1, frequency="hour"), params={"path": "more/a"}
    )

    def filled(docs: dict[str, Any]) -> None:
        docs["flows"].update(labels=["core/C12"], policy={"enforcementRefs": ["/dulepolicy/marketingActions/x"]})
        docs["targetConnections"]["params"].update(csvOptions=odd, appendSegmentId=False, path="more/b")
        docs["targetConnections"].update(labels=["core/C12"])
        docs["sourceConnections"].update(data={"format": "parquet"}, typeInfo={"type": "x", "id": "y"})

    sandbox.copy_flow(made, MOST, filled, None)


def add_flows_left_out(sandbox: Sandbox) -> None:
    """What no import should take, with the reason."""
    for number in range(3):
        sandbox.create_flow(f"Audience {number}", destination="Amazon S3", audience=True, why="audience")
    marker = "Managed in Git: x\n[exportctl/1 e elsewhere orders 1o 0000 0000]"
    sandbox.create_flow("Of another project", description=marker, why="other-project")
    odd: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
        "its target is another's": ("marker-on-target", lambda d: d["targetConnections"].update(description=marker)),
        "encrypted": ("encrypted", lambda d: d["connections"].update(encryptionSpecs=ENCRYPTION)),
        "two sources": ("several-connections", lambda d: d["flows"]["sourceConnectionIds"].append("x")),
        "no account": ("hidden", lambda d: d["targetConnections"].update(baseConnectionId="x")),
        "no target to be seen": ("hidden", lambda d: d["flows"].update(targetConnectionIds=["x"])),
        "unknown card": ("unknown-type", _make_card_unknown),
        "every week": (
            "not-expressible",
            lambda d: d["flows"]["scheduleParams"].update(timeUnit="week", interval=1),
        ),
        "a daily full export": (
            "not-expressible",
            lambda d: d["flows"]["scheduleParams"].update(exportMode="DAILY_FULL_EXPORT"),
        ),
        "without a start": ("not-expressible", lambda d: d["flows"]["scheduleParams"].pop("startTime")),
        "without a file type": (
            "not-expressible",
            lambda d: d["targetConnections"]["params"].update(datasetFileType=""),
        ),
        "half created": ("not-expressible", lambda d: d["flows"].update(state="initializing")),
        "one dataset twice": ("not-expressible", _double_datasets),
        "a path with blanks": ("rule", lambda d: d["targetConnections"]["params"].update(path="my exports")),
    }
    model = sandbox.create_flow("model", params={"path": "model"})
    for name, (why, edit) in odd.items():
        sandbox.copy_flow(model, name, edit, why)
    one = sandbox.create_flow("one of two on a target", params={"path": "shared"}, why="shared-connections")

    def on_the_same(docs: dict[str, Any]) -> None:
        docs["flows"]["targetConnectionIds"] = [one["target"]]

    sandbox.copy_flow(one, "the other of two on a target", on_the_same, "shared-connections")


def _make_card_unknown(docs: dict[str, Any]) -> None:
    """A flow spec and a connection spec that no table has; its source is the data lake all the same."""
    unknown = {"id": "x", "version": "1.0"}
    docs["flows"]["flowSpec"] = unknown
    docs["flows"]["inheritedAttributes"]["targetConnections"][0]["connectionSpec"] = unknown


def _double_datasets(docs: dict[str, Any]) -> None:
    docs["sourceConnections"]["params"]["datasets"] *= 2
