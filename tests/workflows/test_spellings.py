"""
A service that stores another spelling of what it was sent: said once, then no difference, and a hand edit is drift.

The table has a row for every managed field of every kind and every way in which a service may spell it. The emulator
stores what it is sent; the transport of these tests changes the values on their way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.model.plan import Cause
from exportctl.monitor.drift import build_drift_report, failures
from exportctl.resources.kinds import KINDS, Treat
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

Json = dict[str, Any]
Spell = Callable[[Any], Any]
DAY = 86400
ROLE = "arn:aws:iam::123456789012:role/Exports"


class SpellingTransport(httpx.BaseTransport):
    """Changes one member of what is written to collections; `pointer` names it, and its holder if there is one."""

    def __init__(self, made: World, collections: str, pointer: str, spell: Spell):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.collections, self.pointer, self.spell = collections.split(), pointer.strip("/").split("/"), spell

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.split("/flowservice/")[-1].split("/")
        if request.method not in ("POST", "PATCH") or path[0] not in self.collections or path[-1] == "action":
            return self.inner.handle_request(request)
        body = json.loads(request.content)
        if request.method == "POST":
            self.change(body, self.pointer)
        for operation in body if request.method == "PATCH" else ():
            parts = operation["path"].strip("/").split("/")
            if parts == self.pointer[: len(parts)]:
                holder = {"value": operation["value"]}
                self.change(holder, ["value", *self.pointer[len(parts) :]])
                operation["value"] = holder["value"]
        content = json.dumps(body).encode()
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        return self.inner.handle_request(httpx.Request(request.method, request.url, headers=headers, content=content))

    def change(self, holder: Json, parts: list[str]) -> None:
        for part in parts[:-1]:
            if not isinstance(holder.get(part), dict):
                return
            holder = holder[part]
        spelled = self.spell(holder.get(parts[-1]))
        if spelled is not None:
            holder[parts[-1]] = spelled


def text(change: Callable[[str], str]) -> Spell:
    return lambda value: change(value) if isinstance(value, str) else value


def keep_marker(change: Callable[[str], str]) -> Spell:
    """Change the person's text of a description and leave the lines of exportctl below it."""

    def spelled(value: Any) -> Any:
        own, line, rest = str(value).partition("Managed in Git")
        return change(own.removesuffix("\n")) + ("\n" if own else "") + line + rest

    return spelled


def default(filled: Any) -> Spell:
    return lambda value: filled if value in (None, "") else value


def orders(**changes: Any) -> Json:
    return config(exports={"orders": {"datasets": ["Orders", "Returns"], **changes}})


def lake(**changes: Any) -> Json:
    return config(
        exports={"orders": {"datasets": ["Orders", "Returns"]}},
        destinations={**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], **changes}},
    )


def to(destination: str, **changes: Any) -> Json:
    return config(
        exports={"orders": {"datasets": ["Orders", "Returns"], "destination": destination}},
        destinations={**DESTINATIONS, destination: {**DESTINATIONS[destination], **changes}},
    )


strip_slash, upper, lower = text(lambda t: t.rstrip("/")), text(str.upper), text(str.lower)
TITLED, DESCRIBED = orders(title="Orders to the Lake"), orders(description="For  people:\nall Örders ")
FOLDER = "%DATASET_ID%/Out/%EXPORT_TIME%/"

# field -> way of spelling -> config, collection, pointer, spelling
ROWS: dict[str, dict[str, tuple[Json, str, str, Spell]]] = {
    "title": {
        "upper case": (TITLED, "flows", "/name", upper),
        "cut": (TITLED, "flows", "/name", text(lambda t: t[:10])),
        "trimmed": (orders(title="Orders "), "flows", "/name", text(str.strip)),
    },
    "description": {
        "trimmed": (DESCRIBED, "flows", "/description", keep_marker(str.strip)),
        "without line ends": (DESCRIBED, "flows", "/description", keep_marker(lambda t: " ".join(t.split()))),
        "in ASCII": (DESCRIBED, "flows", "/description", keep_marker(lambda t: t.replace("Ö", "?"))),
    },
    "datasets": {
        "in another order": (orders(), "sourceConnections", "/params/datasets", lambda entries: entries[::-1]),
    },
    "schedule.every": {
        "another interval": (orders(), "flows", "/scheduleParams", lambda s: s | {"timeUnit": "hour", "interval": 12}),
        "as text": (orders(), "flows", "/scheduleParams/interval", str),
    },
    "schedule.at": {
        "rounded to a quarter of an hour": (
            orders(schedule={"every": "1 day", "at": "02:05"}),
            "flows",
            "/scheduleParams/startTime",
            lambda start: start // 900 * 900,
        ),
    },
    "folder": {
        "without the last slash": (orders(folder=FOLDER), "flows", "/scheduleParams/foldernameTemplate", strip_slash),
        "upper case": (orders(folder=FOLDER), "flows", "/scheduleParams/foldernameTemplate", upper),
    },
    "end": {
        "rounded to the hour": (
            orders(end="2028-05-05T12:30:00Z"),
            "flows",
            "/scheduleParams/endTime",
            lambda end: end // 3600 * 3600,
        ),
        "rounded up": (
            orders(end="2028-05-05T12:30:00Z"),
            "flows",
            "/scheduleParams/endTime",
            lambda end: end // DAY * DAY + DAY,
        ),
        "rolling, earlier": (orders(), "flows", "/scheduleParams/endTime", lambda end: end - 1),
        "rolling, later": (orders(), "flows", "/scheduleParams/endTime", lambda end: end + 3599),
    },
    "location": {
        "path without the last slash": (lake(path="aep/"), "targetConnections", "/params/path", strip_slash),
        "path with a slash": (lake(), "targetConnections", "/params/path", text(lambda t: t.rstrip("/") + "/")),
        "a default path": (
            config(
                exports={"orders": {"datasets": ["Orders", "Returns"]}},
                destinations={
                    **DESTINATIONS,
                    "s3-role": {k: v for k, v in DESTINATIONS["s3-role"].items() if k != "path"},
                },
            ),
            "targetConnections",
            "/params/path",
            default("exports"),
        ),
        "bucket cut": (lake(), "targetConnections", "/params/bucketName", text(lambda t: t[:6])),
        "container cut": (to("blob"), "targetConnections", "/params/container", text(lambda t: t[:6])),
        "remote path trimmed": (
            to("sftp-password", path="/in/x/"),
            "targetConnections",
            "/params/remotePath",
            strip_slash,
        ),
    },
    "format": {
        "no compression of its own": (
            orders(format={"type": "parquet", "compression": "none"}),
            "targetConnections",
            "/params/compression",
            lambda _: "GZIP",
        ),
        "a manifest by default": (orders(), "targetConnections", "/params/includeFileManifest", lambda _: True),
    },
    "auth": {
        "client id in other case": (to("adls"), "connections", "/auth/params/servicePrincipalId", upper),
        "host in other case": (to("sftp-password"), "connections", "/auth/params/domain", upper),
        "port as text": (to("sftp-key"), "connections", "/auth/params/port", str),
    },
}
CASES = [pytest.param(field, *row, id=f"{field}: {way}") for field, ways in ROWS.items() for way, row in ways.items()]


def applied(made: World, content: Mapping[str, Any], transport: httpx.BaseTransport) -> tuple[str, ...]:
    """Apply once, check that it succeeded, and return the spellings that it told."""
    made.write(content)
    outcomes, final_check = made.apply(transport=transport)
    assert {(o.status.value, o.message) for o in (*outcomes, *final_check.outcomes)} <= {("done", None)}
    left = [(str(i.address), i.fields) for i in final_check.plan.items if i.steps]
    assert final_check.passed, left
    return final_check.normalised


@pytest.mark.parametrize(("field", "content", "collection", "pointer", "spell"), CASES)
def test_another_spelling_is_said_once_and_a_hand_edit_is_still_drift(
    tmp_path: Path, field: str, content: Json, collection: str, pointer: str, spell: Spell
) -> None:
    made = world(tmp_path)
    transport = SpellingTransport(made, collection, pointer, spell)

    said = applied(made, content, transport)

    made.emulator.advance(61)
    made.forget_requests()
    assert len(said) <= 1
    assert applied(made, content, transport) == ()
    assert made.writes() == []
    plan = made.plan()
    assert plan.is_empty
    assert plan.steps() == ()
    assert failures(build_drift_report(plan, end_warning=0)) == ()

    edit_by_hand(made, field)
    causes = {(f.field, f.cause) for i in made.plan().items for f in i.fields if f.cause is not Cause.NORMALISED}
    assert causes & {(field, Cause.DRIFT), (field, Cause.PAUSED)}
    assert len(applied(made, content, transport)) <= 1
    assert made.plan().steps() == ()


def test_ids_of_datasets_in_other_letters_are_a_spelling_too(tmp_path: Path) -> None:
    made = world(tmp_path)
    ids = {d["name"]: d["id"] for d in made.emulator.datasets(SANDBOX)}
    content = orders(datasets=[{"id": ids["Orders"]}])
    in_capitals = SpellingTransport(
        made,
        "sourceConnections",
        "/params/datasets",
        lambda entries: [{**entry, "dataSetId": entry["dataSetId"].upper()} for entry in entries],
    )

    said = applied(made, content, in_capitals)

    assert [text.partition(":")[0] for text in said] == ["exports.orders datasets"]
    made.emulator.advance(61)
    assert applied(made, content, in_capitals) == ()
    assert made.plan().steps() == ()
    edit_by_hand(made, "datasets")
    assert Cause.DRIFT in {f.cause for i in made.plan().items for f in i.fields}


def test_the_spellings_of_several_exports_are_said_in_the_order_of_their_addresses(tmp_path: Path) -> None:
    made = world(tmp_path)
    names = ("returns", "app-events", "orders", "customers", "stock")
    content = config(exports={name: {"datasets": ["Orders"], "subpath": f"{name}/"} for name in names})

    said = applied(made, content, SpellingTransport(made, "flows", "/name", upper))

    assert [text.partition(" ")[0] for text in said] == sorted(f"exports.{name}" for name in names)


def test_a_spelling_that_is_the_former_value_is_one_when_no_reading_is_left(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    cut = SpellingTransport(made, "flows", "/name", text(lambda title: title[: len("orders")]))

    said = applied(made, orders(title="orders of the lake"), cut)

    assert said == ("exports.orders title: sent orders of the lake, stored as orders",)
    assert made.plan().steps() == ()


class EditBeforeTheMarker(SpellingTransport):
    """Lets a person rename the flow between the reading of the final check and the marker of the spelling."""

    def __init__(self, made: World):
        super().__init__(made, "flows", "/name", upper)
        self.made, self.writes = made, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self.writes += 1
            if self.writes == 2:
                self.made.emulator.ui.rename(request.url.path.split("/")[-1], "by hand")
        return super().handle_request(request)


def test_an_edit_between_the_final_check_and_the_marker_of_a_spelling_is_noticed(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    made.write(TITLED)

    _, check = made.apply(transport=EditBeforeTheMarker(made))

    edits = [(c.path, c.before, c.cause) for item in check.plan.items for c in item.fields]
    assert edits == [("title", "by hand", Cause.DRIFT)]
    assert not check.passed
    assert made.flow("by hand")


def edit_by_hand(made: World, field: str) -> None:
    """Give a field a value that is neither the one sent nor the one stored."""
    ui, seen = made.emulator.ui, made.emulator.snapshot(SANDBOX)
    flow = seen["flows"][0]
    edits: dict[str, Callable[[], object]] = {
        "title": lambda: ui.rename(flow["id"], "by hand"),
        "description": lambda: ui.describe(flow["id"], f"by hand\n{flow['description']}"),
        "datasets": lambda: ui.datasets(flow["id"], ["App Events"]),
        "schedule.every": lambda: ui.schedule(flow["id"], {"timeUnit": "hour", "interval": 6}),
        "schedule.at": lambda: ui.schedule(flow["id"], {"startTime": flow["scheduleParams"]["startTime"] - 3 * 3600}),
        "folder": lambda: ui.schedule(flow["id"], {"foldernameTemplate": "by/hand/%EXPORT_TIME%"}),
        "end": lambda: ui.end(flow["id"], flow["scheduleParams"]["endTime"] - 90 * DAY),
        "location": lambda: ui.path(flow["id"], "by/hand"),
        "format": lambda: load(made, "targetConnections", "params", datasetFileType="JSON"),
        "auth": lambda: load(made, "connections", "auth", params=other_auth(seen["connections"][0]["auth"]["params"])),
    }
    edits[field]()
    made.emulator.advance(61)


def other_auth(params: Json) -> Json:
    names = {"servicePrincipalId", "domain"} & params.keys()
    return params | dict.fromkeys(names, "by-hand.example")


def load(made: World, collection: str, holder: str, **changes: Any) -> None:
    (doc,) = made.emulator.snapshot(SANDBOX)[collection]
    made.emulator.ui.load({collection: [doc | {holder: doc[holder] | changes}]}, sandbox=SANDBOX)


def test_the_table_has_every_managed_field_of_every_kind() -> None:
    """
    The service cannot spell three of them: `enabled` is on or off, `auth.secret_version` is never shown, and of
    `schedule.start` the marker holds what the YAML says.
    """
    spelled = {
        rule.name
        for kind in KINDS.values()
        for rule in kind.fields
        if rule.treat not in (Treat.BY_ACTION, Treat.WRITE_ONLY, Treat.STARTING)
    }

    assert set(ROWS) == spelled
