"""
A person edits the sandbox at a chosen request of an apply: between the plan and the first write, between any two
requests, or between the last write and the end of the final check.

The apply never writes over the edit, and does not say that all is as the config asks if it read the edit. The next plan
shows the edit, and a flow that the person paused stays paused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from exportctl.apply.final_check import FinalCheck
from exportctl.emulator.ui_edits import EditRefused
from exportctl.errors import Error
from exportctl.model.plan import Cause, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.apply import start_apply
from tests.sweeps.judgement import (
    FaultKind,
    require,
    require_no_duplicates,
    require_reasons,
    try_apply,
)
from tests.sweeps.runner import Case
from tests.workflows.test_going_back import CHANGES, ready
from tests.workflows.test_laws import LISTED
from tests.workflows.world import SANDBOX, START, World

DAY = 86_400
SHOWN = {Cause.DRIFT, Cause.CONFLICT, Cause.PAUSED, Cause.UNKNOWN_ORIGIN}


@dataclass(frozen=True)
class Edit:
    """An edit of one flow by a person: how it is made, and how to read it again."""

    make: Callable[[World, str], Any]
    read: Callable[[World, Mapping[str, Any]], Any]
    pauses: bool = False
    is_shown: bool = True  # by the next plan: exportctl does not compare the person's text, and a later end is no drift
    changes: str = "flows"  # the collection of the object that it changes


def linked(made: World, flow: Mapping[str, Any], collection: str, link: str) -> dict[str, Any]:
    return next(c for c in made.emulator.snapshot(SANDBOX)[collection] if c["id"] == flow[link][0])


def live_datasets(made: World, flow: Mapping[str, Any]) -> list[str]:
    source = linked(made, flow, "sourceConnections", "sourceConnectionIds")
    return sorted(entry["name"] for entry in source["params"]["datasets"])


EDITS: Mapping[str, Edit] = {
    "disables it": Edit(lambda made, flow: made.emulator.ui.disable(flow), lambda made, flow: flow["state"], True),
    "ends it soon": Edit(
        lambda made, flow: made.emulator.ui.end(flow, int(made.emulator.now) + 2 * DAY),
        lambda made, flow: flow["scheduleParams"]["endTime"],
        True,
    ),
    "starts it much later": Edit(
        lambda made, flow: made.emulator.ui.start(flow, int(made.emulator.now) // DAY * DAY + 60 * DAY + 2 * 3600),
        lambda made, flow: flow["scheduleParams"]["startTime"],
        True,
    ),
    "takes a dataset out": Edit(lambda made, flow: made.emulator.ui.datasets(flow, ["Order Lines"]), live_datasets),
    "exports other datasets": Edit(lambda made, flow: made.emulator.ui.datasets(flow, ["Returns"]), live_datasets),
    "moves it to another folder": Edit(
        lambda made, flow: made.emulator.ui.path(flow, "theirs"),
        lambda made, flow: linked(made, flow, "targetConnections", "targetConnectionIds")["params"].get("path"),
        changes="targetConnections",
    ),
    "renames it": Edit(lambda made, flow: made.emulator.ui.rename(flow, "theirs"), lambda made, flow: flow["name"]),
    "describes it": Edit(
        lambda made, flow: made.emulator.ui.describe(flow, f"theirs\n{described(made, flow)}"),
        lambda made, flow: "theirs" in flow["description"],
        is_shown=False,
    ),
    "lets it run more often": Edit(
        lambda made, flow: made.emulator.ui.schedule(flow, {"timeUnit": "hour", "interval": 12}),
        lambda made, flow: (flow["scheduleParams"]["timeUnit"], flow["scheduleParams"]["interval"]),
    ),
    "ends it later": Edit(
        lambda made, flow: made.emulator.ui.end(flow, START // DAY * DAY + 700 * DAY),
        lambda made, flow: flow["scheduleParams"]["endTime"],
        is_shown=False,
    ),
}


def described(made: World, flow: str) -> str:
    return str(next(f["description"] for f in flows(made) if f["id"] == flow))


def flows(made: World) -> list[dict[str, Any]]:
    """Return the flows that the scenarios change, the oldest first."""
    found = made.emulator.snapshot(SANDBOX)["flows"]
    return sorted((f for f in found if f["name"] != "returns"), key=lambda f: f["createdAt"])


@dataclass
class EditingTransport(httpx.BaseTransport):
    """Lets a person edit before the `nth` request since it was armed, and notes what is sent from then on."""

    made: World
    edit: Edit | None
    nth: int
    newest: bool = True
    armed: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)
    flow: str = ""  # the id of the flow that was edited; none: there was nothing to edit
    changed: str = ""  # the id of the object that was edited
    value: Any = None  # as the person left it
    was_told: bool = False  # the apply said that a person wrote in between
    since: int = 0  # requests before the edit
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.inner = httpx.WSGITransport(app=self.made.emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if self.armed:
                if len(self.sent) == self.nth:
                    self._edit()
                self.sent.append((request.method, request.url.path.rpartition("/flowservice")[2]))
            return self.inner.handle_request(request)

    def _edit(self) -> None:
        found = flows(self.made)
        if self.edit is None or not found:
            return
        chosen = found[-1 if self.newest else 0]
        before = self.edit.read(self.made, chosen)
        try:
            self.edit.make(self.made, chosen["id"])
        except EditRefused:
            return  # the service refuses this edit now
        left = next(f for f in flows(self.made) if f["id"] == chosen["id"])
        self.value, self.since = self.edit.read(self.made, left), len(self.sent)
        self.flow = chosen["id"] if self.value != before else ""
        self.changed = left["id"] if self.edit.changes == "flows" else left["targetConnectionIds"][0]

    def is_known_to_lists(self) -> bool:
        """Say whether every list was read after the edit, so that the last final check knows it."""
        lists = {"/flows", "/sourceConnections", "/targetConnections"}
        return lists <= {path for method, path in self.sent[self.since :] if method == "GET"}

    def is_known_to_delete(self) -> bool:
        """Say whether the object was read between the edit and its deletion: a DELETE has no condition."""
        assert self.edit is not None
        own, since = f"/{self.edit.changes}/{self.changed}", self.sent[self.since :]
        return ("DELETE", own) not in since or ("GET", own) in since[: since.index(("DELETE", own))]


def apply_watched(made: World, transport: EditingTransport, flags: PlanOptions) -> FinalCheck | None:
    """Plan, and apply while the transport counts; None if an error for people ended it."""
    with made.open_plan(flags, transport=transport) as planned:
        transport.armed = True
        setup = made.setup(transport=transport)
        try:
            run = start_apply(planned, setup, flags, parallelism=4, stop=threading.Event())
            outcomes = tuple(run.execute_steps())
            check = run.run_final_check()
        except Error:
            return None
        require_reasons(outcomes, check)
        transport.was_told = any(o.rule == "stale" for o in outcomes)
        return check


def cases(name: str, folder: Path) -> Iterator[Case]:
    """Yield every edit at every request of one scenario."""
    change = CHANGES[name]
    whole = EditingTransport(ready(folder, change), None, -1)
    apply_watched(whole.made, whole, change.flags)
    for what in EDITS:
        for nth in range(len(whole.sent)):
            for newest in (True, False) if change.flags.allow_replace else (True,):
                which = f"{name}: a person {what} before request {nth + 1}{'' if newest else ' (the older flow)'}"
                yield Case(which, partial(edit_once, name, what, nth, newest))


def edit_once(name: str, what: str, nth: int, newest: bool, folder: Path) -> None:
    """Edit before one request, and judge what is left of the edit, what was said, and what later applies do."""
    made, edit = ready(folder, CHANGES[name]), EDITS[what]
    transport = EditingTransport(made, edit, nth, newest)
    check = apply_watched(made, transport, CHANGES[name].flags)
    require_no_duplicates(made)
    if not transport.flow:
        return
    require_kept(made, transport, FaultKind.PAUSE if edit.pauses else FaultKind.EDIT)
    if transport.value == undisturbed_value(name, what):
        return  # the person did what the config asks for
    if edit.is_shown and is_managed(made, transport.flow):
        says = check is not None and check.verdict.is_as_declared and transport.is_known_to_lists()
        require(not says, FaultKind.VERDICT, "as declared, after the lists showed the edit")
        made.emulator.advance(LISTED)
        if not (transport.was_told and CHANGES[name].flags.allow_replace):  # the flow that goes is not compared again
            require_shown(made.plan())
    for _ in range(2 if edit.pauses else 0):
        made.emulator.advance(LISTED)
        try_apply(made)
    if edit.pauses:
        require_kept(made, transport, FaultKind.PAUSE)


@cache
def undisturbed_value(name: str, what: str) -> Any:
    """Return the value that an apply leaves where nobody edits; None if it leaves no flow."""
    with TemporaryDirectory() as folder:
        made = ready(Path(folder), CHANGES[name])
        made.apply(CHANGES[name].flags)
        left = flows(made)
        return EDITS[what].read(made, left[-1]) if left else None


def is_managed(made: World, flow: str) -> bool:
    """Say whether a flow is still there and belongs to the project."""
    return any(f["id"] == flow and "[exportctl/" in f["description"] for f in flows(made))


def require_kept(made: World, transport: EditingTransport, kind: FaultKind) -> None:
    """Read the edit again; an object that was deleted at the same moment is no fault: a DELETE has no condition."""
    assert transport.edit is not None
    if all(o["id"] != transport.changed for o in made.emulator.snapshot(SANDBOX)[transport.edit.changes]):
        require(not transport.is_known_to_delete(), kind, "it was deleted, and was read after the edit")
        return
    left = [f for f in flows(made) if f["id"] == transport.flow]
    found = [transport.edit.read(made, flow) for flow in left]
    require(found in ([], [transport.value]), kind, f"{found} stands in place of {transport.value}")


def require_shown(plan: Plan) -> None:
    causes = {c.cause for i in plan.items for c in i.fields}
    refused = any(i.refusals for i in plan.items)
    require(causes & SHOWN or refused, FaultKind.EDIT, f"the next plan does not show it: {causes}")
