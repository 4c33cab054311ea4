"""What is sent to the service: counted below the HTTP client, against an emulator in this process with pages of 100."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows import connect
from exportctl.workflows import plan as plan_workflow
from exportctl.workflows.load_config import Setup

NOW = 1767225600
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
RequestCounts = Counter[str]  # "GET /flows" -> how often


class CountingTransport(httpx.BaseTransport):
    """Counts what passes through; ids are left out of the names."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.counted: RequestCounts = Counter()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.counted[request_name(request)] += 1
        return self.inner.handle_request(request)


def request_name(request: httpx.Request) -> str:
    path = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/{id}", request.url.path)
    return f"{request.method} {path.replace('/data/foundation/flowservice', '')}"


@dataclass(frozen=True)
class BenchmarkProject:
    """A project of some size, an emulator for it, and what was counted since `start`."""

    setup: Setup
    transport: CountingTransport

    def reset_counts(self) -> None:
        self.transport.counted.clear()

    def is_plan_empty(self) -> bool:
        """Whether it is empty."""
        with plan_workflow.open_plan(self.setup, PlanOptions(), wall=lambda: NOW) as made:
            return made.plan.is_empty

    def apply(self) -> None:
        with plan_workflow.open_plan(self.setup, PlanOptions(), wall=lambda: NOW) as made:
            under_way = apply_workflow.start_apply(
                made, self.setup, PlanOptions(), parallelism=1, stop=threading.Event()
            )
            for outcome in under_way.execute_steps():
                if outcome.message:
                    raise RuntimeError(outcome.message)


@contextmanager
def benchmark_project(exports: int, accounts: int = 1, datasets: int | None = None) -> Iterator[BenchmarkProject]:
    """`exports` flows of one dataset each, over `accounts` destinations; as many datasets, or the number given."""
    emulator = Emulator(clock=NOW, organization=ORGANIZATION, page_size=100)
    emulator.seed(["bench"], {"bench": [SeedDataset(f"Dataset {n}") for n in range(datasets or exports)]})
    env = {"AEP_CLIENT_ID": CLIENT_ID, "AEP_CLIENT_SECRET": CLIENT_SECRET, "ROLE": "arn:aws:iam::123456789012:role/x"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "exports.yaml").write_text(config(exports, accounts), encoding="utf-8")
        transport = CountingTransport(httpx.WSGITransport(app=emulator))
        clock = connect.emulator_clock(emulator)
        env["AEP_IMS_URL"] = "http://127.0.0.1/ims/token/v3"
        try:
            yield BenchmarkProject(Setup(Path(folder), env=env, transport=transport, clock=clock), transport)
        finally:
            emulator.close()


def config(exports: int, accounts: int, sandbox: str | None = "bench", url: str | None = None) -> str:
    """The text of a config: export N exports "Dataset N". Without a sandbox, environments must name theirs."""
    platform = {"organization": ORGANIZATION, "sandbox": sandbox, "url": url}
    lines = [
        "version: 1",
        "project: bench",
        f"platform: {json.dumps({name: value for name, value in platform.items() if value})}",
        'defaults: {schedule: {every: 1 day, at: "02:00"}, end: {rolling: 180 days, renew_before: 30 days}}',
        "destinations:",
        *(
            f'  lake-{n}: {{type: amazon-s3, bucket: bench-{n}, auth: {{role_arn: "${{env:ROLE}}"}}}}'
            for n in range(accounts)
        ),
        "exports:",
        *(f"  export-{n}: {{datasets: [Dataset {n}], destination: lake-{n % accounts}}}" for n in range(exports)),
    ]
    return "\n".join(lines) + "\n"


def no_change_requests(exports: int, datasets: int) -> RequestCounts:
    """The requests of a plan that finds everything as declared."""
    with benchmark_project(exports, datasets=datasets) as made:
        made.apply()
        made.reset_counts()
        if not made.is_plan_empty():
            raise RuntimeError("the second plan is not empty")
        return Counter(made.transport.counted)


def creation_requests(exports: int, accounts: int) -> RequestCounts:
    """The requests of the apply that creates everything, its plan included."""
    with benchmark_project(exports, accounts) as made:
        made.apply()
        return Counter(made.transport.counted)
