"""
Several applies of one project at the same time, on the clock of the emulator, in an order that a seed decides.

Each run is a thread. Every request waits at a gate, and a scheduler lets one through at a time. A run that sleeps is
not at the gate; when no run is, the clock moves to the moment when the first one wakes. So 90 seconds cost no time,
and what happens in between happens in between.

A kill ends a run at one of its requests, which arrives or not. A stop (SIGSTOP, a suspended machine) freezes it for
some seconds between the answer to a request and the use of that answer; the next check of the lease must notice.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from exportctl.apply.final_check import FinalCheck
from exportctl.clock import Clock
from exportctl.emulator import Switches
from exportctl.errors import Error
from exportctl.model.outcome import Outcome
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.apply import start_apply
from exportctl.workflows.lease import take_lease
from tests.workflows.test_interruptions import ProcessKilled
from tests.workflows.test_laws import LISTED
from tests.workflows.world import SANDBOX, World, config, world


@dataclass
class Kill:
    """The run dies at its `nth` request, which `arrives` or not; `leased` counts from the one that took the lease."""

    nth: int
    arrives: bool
    leased: bool = False


@dataclass
class Stop:
    """The run stands still for so many seconds after its `nth` request; `leased` as for a kill."""

    nth: int
    seconds: float
    leased: bool = False


@dataclass
class LostAnswer:
    """The answer to its `nth` write to the lease is lost; the request `arrives` or not."""

    nth: int
    arrives: bool = True


@dataclass
class Ending:
    """How a run ended: with a final check, with an error of ours, or killed."""

    outcomes: tuple[Outcome, ...] = ()
    check: FinalCheck | None = None
    error: Error | None = None
    was_killed: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def rule(self) -> str:
        """`done`, `killed`, or the rule of what went wrong first."""
        if self.was_killed:
            return "killed"
        if self.error is not None:
            return self.error.rule
        failed = [o.rule or "failed" for o in self.outcomes if o.status.value == "failed"]
        passed = self.check is not None and self.check.passed
        return failed[0] if failed else "done" if passed else "incomplete"


class Run(httpx.BaseTransport):
    """One apply in a thread of its own, with its transport and its clock."""

    def __init__(self, race: Race, name: str, made: World, faults: list[Kill | Stop | LostAnswer], flags: PlanOptions):
        self.race, self.name, self.made, self.faults, self.flags = race, name, made, faults, flags
        self.inner: httpx.BaseTransport = httpx.WSGITransport(app=made.emulator)
        self.clock = Clock(lambda: int(made.emulator.now), lambda: made.emulator.now, self.sleep)
        self.ending = Ending()
        self.start_after = 0.0  # seconds after the others
        self.stop = threading.Event()  # what Ctrl-C sets
        self.waiting = 0  # requests at the gate
        self.wakes: list[float] = []  # of the threads that sleep
        self.frozen_until = 0.0
        self.requests = 0
        self.leased_requests = 0  # those since the first write to the lease
        self.lease_writes = 0
        self.at_stop: Callable[[], Any] = lambda: None  # what others do while it stands still
        self.renewed_at = 0.0
        self.longest_age = 0.0  # of the last write to the lease, when another write was sent
        self.is_dead = False
        self.is_over = False
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)

    def _work(self) -> None:
        try:
            self.sleep(self.start_after)
            self._apply()
        except ProcessKilled:
            self.ending.was_killed = True
        except Error as error:
            self.ending.error = error
        finally:
            with self.race.changed:
                self.is_over = True
                self.race.changed.notify_all()

    def _apply(self) -> None:
        more = {"transport": self, "clock": self.clock, "env": {**self.made.env, "USER": self.name}, "now": None}
        stop = self.stop
        setup = self.made.setup(**more, say=self.ending.said.append)
        with (
            self.made.open_plan(self.flags, **more) as made,
            take_lease(made, setup, self.flags, stop=stop) as leased,
        ):
            under_way = start_apply(leased.made, setup, self.flags, parallelism=1, stop=stop, lease=leased.lease)
            for outcome in under_way.execute_steps():
                self.ending.outcomes += (outcome,)
            self.ending.check = under_way.run_final_check()

    # -- called in the threads of the run -----------------------------------------------------------------------------

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.race.changed:
            self.waiting += 1
            self.race.changed.notify_all()
            self.race.changed.wait_for(lambda: self.race.may_pass is self or self.is_dead)
            self.waiting -= 1
            if self.is_dead:
                raise ProcessKilled
            self.race.may_pass = None
            self.requests += 1
            fault = self._due_fault(request)
            if isinstance(fault, Kill):
                self.is_dead = True
                if fault.arrives:
                    self._send(request)
                self.race.changed.notify_all()
                raise ProcessKilled
            answer = self._send(request) if not isinstance(fault, LostAnswer) or fault.arrives else None
            if answer is None or isinstance(fault, LostAnswer):
                self.race.changed.notify_all()
                raise httpx.ReadTimeout("no answer")
            if isinstance(fault, Stop):
                self.frozen_until = self.made.emulator.now + fault.seconds
                self.at_stop()
            self.race.changed.notify_all()
            self.race.changed.wait_for(lambda: self.is_dead or self.made.emulator.now >= self.frozen_until)
            return answer

    def _due_fault(self, request: httpx.Request) -> Kill | Stop | LostAnswer | None:
        is_lease = b"exportctl-lease/" in request.content
        self.leased_requests += self.renewed_at > 0
        self.lease_writes += is_lease
        for fault in self.faults:
            if isinstance(fault, LostAnswer):
                if is_lease and fault.nth == self.lease_writes:
                    return fault
            elif fault.nth == (self.leased_requests if fault.leased else self.requests):
                return fault
        return None

    def _send(self, request: httpx.Request) -> httpx.Response:
        now, is_own = self.made.emulator.now, b"exportctl-lease/" in request.content
        is_account = "/flowservice/connections" in request.url.path
        is_write = request.method in ("POST", "PATCH", "DELETE") and "/flowservice/" in request.url.path
        if is_write and not is_own and not (request.method == "DELETE" and is_account):
            self.longest_age = max(self.longest_age, now - self.renewed_at)
        if is_own and request.method == "PATCH" and self.race.breaks_lease:
            self._ignore_etag(request)
        answer = self.inner.handle_request(request)
        answer.read()
        if is_own and answer.is_success:
            self.renewed_at = now
        return answer

    def _ignore_etag(self, request: httpx.Request) -> None:
        """Let a swap of a lease that was proved succeed whatever etag it has."""
        shown = self.inner.handle_request(httpx.Request("GET", request.url, headers=request.headers))
        found = json.loads(shown.read())["items"][0]
        if " new " not in found["description"]:
            request.headers["If-Match"] = found["etag"]

    def sleep(self, seconds: float) -> None:
        with self.race.changed:
            if self.is_dead:
                raise ProcessKilled
            until = self.made.emulator.now + seconds
            self.wakes.append(until)
            self.race.changed.notify_all()
            self.race.changed.wait_for(lambda: self.is_dead or self.made.emulator.now >= max(until, self.frozen_until))
            self.wakes.remove(until)
            if self.is_dead:
                raise ProcessKilled

    # -- called by the scheduler --------------------------------------------------------------------------------------

    def is_quiet(self) -> bool:
        """Whether it waits for the scheduler or the clock."""
        return self.is_over or (not self.is_dead and (self.waiting > 0 or self.next_wake() is not None))

    def can_send(self) -> bool:
        return not self.is_over and self.waiting > 0 and self.made.emulator.now >= self.frozen_until

    def next_wake(self) -> float | None:
        """The next moment at which the clock lets it go on; None if it does not wait for the clock."""
        wakes = [max(wake, self.frozen_until) for wake in self.wakes] or [self.frozen_until]
        return min((wake for wake in wakes if wake > self.made.emulator.now), default=None)


@dataclass
class Race:
    """Runs that work at the same time, one request after the other. A request takes at most `latency` seconds."""

    made: World
    rng: random.Random
    latency: float = 0.5
    breaks_lease: bool = False  # the service ignores If-Match of the lease after it was proved
    changed: threading.Condition = field(default_factory=threading.Condition)
    may_pass: Run | None = None
    runs: list[Run] = field(default_factory=list)

    def add_run(
        self, name: str, made: World, *faults: Kill | Stop | LostAnswer, flags: PlanOptions | None = None
    ) -> None:
        self.runs.append(Run(self, name, made, [*faults], flags or PlanOptions(allow_deletes=9)))

    def play(self) -> list[Ending]:
        """Let all runs work until the last one is over."""
        for run in self.runs:
            run.thread.start()
        with self.changed:
            while True:
                self._wait(lambda: self.may_pass is None and all(run.is_quiet() for run in self.runs))
                if all(run.is_over for run in self.runs):
                    break
                self._step()
        for run in self.runs:
            run.thread.join(60)
        return [run.ending for run in self.runs]

    def _step(self) -> None:
        ready = [run for run in self.runs if run.can_send()]
        if ready:
            self.may_pass = self.rng.choice(ready)
            self.made.emulator.advance(self.rng.random() * self.latency)
        else:
            wakes = [wake for run in self.runs if not run.is_over and (wake := run.next_wake()) is not None]
            assert wakes, "no run can go on"
            self.made.emulator.advance(max(0.0, min(wakes) - self.made.emulator.now))
        self.changed.notify_all()

    def _wait(self, until: Callable[[], Any]) -> None:
        assert self.changed.wait_for(until, timeout=60), "a run hangs"


@dataclass(frozen=True)
class RaceResult:
    """What a race left behind. `duplicates` are flows and accounts beyond one for an address."""

    rules: tuple[str, ...]
    duplicates: int
    is_told: bool  # the next plan has something to do or refuses, if there are duplicates
    is_repaired: bool  # one more apply alone leaves each export exactly once
    leases: int
    longest_age: float  # seconds between a write to the lease and a later write of the same run


def duplicate_count(made: World) -> int:
    """The flows and accounts of one project that are more than one for an address."""
    seen = made.emulator.snapshot(SANDBOX)
    found: Counter[str] = Counter()
    for kind in ("flows", "connections"):
        lines = [
            o["description"].rpartition("[exportctl/")[2].split()
            for o in seen[kind]
            if "[exportctl/" in o["description"]
        ]
        found.update(f"{kind} {' '.join(words[1:4])}" for words in lines)
    return sum(count - 1 for count in found.values())


def play_race(folder: Path, seed: int, *, lease: bool, list_lag: float, breaks_lease: bool = False) -> RaceResult:
    """Draw a race from a seed and play it: 2 to 8 applies of equal or different configs, with kills and stops."""
    rng = random.Random(f"{seed} {list_lag}")
    base = world(folder, Switches(list_lag=list_lag), page_size=100)
    race = Race(base, rng, latency=rng.choice((0.2, 1.0, 6.0)), breaks_lease=breaks_lease)
    contents = [lease_config(exports, lease) for exports in rng.sample(EXPORTS, len(EXPORTS))]
    if rng.random() < 0.25:  # the lease exists, and something to change
        apply_alone(base, contents[0])
    contents = contents[: rng.choice((1, 1, 2, 3))]
    for number in range(rng.randint(2, 8)):
        own = folder / f"run {number}"
        own.mkdir()
        made = World(own, base.emulator)
        made.write(rng.choice(contents))
        race.add_run(f"run {number}", made, *_drawn_faults(rng))
    endings = race.play()
    base.emulator.advance(LISTED)
    duplicates = duplicate_count(base)
    base.write(contents[0])
    plan = base.plan(PlanOptions(allow_deletes=9))
    is_told = not duplicates or bool(plan.steps()) or plan.is_refused
    is_repaired = apply_alone(base, contents[0]).rule == "done" and not duplicate_count(base)
    base.emulator.advance(LISTED)
    names = [c["name"] for c in base.emulator.snapshot(SANDBOX)["connections"]]
    return RaceResult(
        rules=tuple(e.rule for e in endings),
        duplicates=duplicates,
        is_told=is_told,
        is_repaired=is_repaired,
        leases=names.count("exportctl lease (acme)"),
        longest_age=max(run.longest_age for run in race.runs),
    )


def apply_alone(base: World, content: Mapping[str, Any]) -> Ending:
    """Apply without a rival, and wait until lists show it."""
    base.write(content)
    race = Race(base, random.Random(0))
    race.add_run("alone", base)
    (ending,) = race.play()
    base.emulator.advance(LISTED)
    return ending


def _drawn_faults(rng: random.Random) -> list[Kill | Stop | LostAnswer]:
    """Draw nothing for one run in two; a request after the sixth is one that takes the lease, or a later one."""
    nth = rng.randint(7, 70)
    drawn = rng.random()
    if drawn < 0.25:
        return [Kill(nth, rng.random() < 0.5)]
    if drawn < 0.5:
        return [Stop(nth, rng.choice((20.0, 50.0, 95.0, 300.0))) for nth in (nth, nth + rng.randint(3, 20))]
    return []


def lease_config(exports: Mapping[str, Any], lease: bool) -> dict[str, Any]:
    return config(exports=exports, policy={"lease": lease})


ORDERS = {"datasets": ["Orders"]}
RETURNS = {"datasets": ["Returns"], "subpath": "returns"}
EXPORTS: list[dict[str, Any]] = [
    {"orders": ORDERS, "returns": RETURNS},
    {"orders": {**ORDERS, "title": "Orders of the day", "subpath": "elsewhere"}, "returns": RETURNS},
    {"orders": ORDERS, "events": {"datasets": ["App Events"], "subpath": "events", "destination": "gcs"}},
]
