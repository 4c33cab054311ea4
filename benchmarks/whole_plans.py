"""
What a whole `plan --refresh-from FILE` costs: CPU and memory; and the CPU of a page of the emulator's lists.

Run from the repository: `python -m benchmarks.whole_plans [SIZE]` (Linux). It applies SIZE exports, by default 5,000,
to an emulator in a temporary folder, which takes some minutes, and measures each plan in a process of its own.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from exportctl.emulator import Emulator
from exportctl.emulator.auth import CLIENT_ID
from exportctl.emulator.store import Record
from exportctl.snapshot import file as snapshots

SIZE, OBJECTS, PAGE = 5000, 10_000, 100
OUTPUTS = ("text", "json", "markdown")
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
EXPORTS_PER_ACCOUNT = 100
_HEAD = f"""version: 1
project: bench
platform: {{organization: "{ORGANIZATION}", sandbox: bench, url: embedded}}
defaults: {{schedule: {{every: 1 day, at: "02:00"}}, end: {{rolling: 180 days, renew_before: 30 days}}}}
"""
_FLOWS = "/data/foundation/flowservice/flows"


@dataclass(frozen=True)
class PlanCost:
    """CPU of a process in seconds, and its peak of memory in MiB."""

    cpu: float
    peak: float


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    for applied in (True, False):
        state = "all applied" if applied else "all new"
        for output in OUTPUTS:
            peak = plan_cost(size, applied, output).peak
            print(f"plan of {size:,} exports, {state}, {output}: peak {peak:.0f} MiB", flush=True)
        found = plan_exponents(applied, (size // 5, size))
        print(f"exponents of CPU from {size // 5:,} to {size:,} exports, {state}: {found}", flush=True)
    print(f"page of {PAGE} of {OBJECTS:,} flows: {1000 * page_cpu():.1f} ms of CPU")


def plan_exponents(applied: bool, sizes: tuple[int, int] = (1000, SIZE), rounds: int = 3) -> dict[str, float]:
    """
    Return, for each output, the exponent of the CPU of a plan beyond that of a plan of one export.

    All exports exist, or none. The least CPU of some rounds counts, and each round measures every size.
    """
    every = [(size, output) for output in OUTPUTS for size in (1, *sizes)]
    found = [{one: plan_cost(one[0], applied, one[1]).cpu for one in every} for _ in range(rounds)]
    least = {one: min(costs[one] for costs in found) for one in every}
    small, large = sizes
    beyond = {one: least[one] - least[1, one[1]] for one in every}
    return {o: math.log(beyond[large, o] / beyond[small, o]) / math.log(large / small) for o in OUTPUTS}


def plan_cost(size: int, applied: bool, output: str) -> PlanCost:
    """Return the cost of a plan of `size` exports, all of which exist or none."""
    words = ("plan", "--refresh-from", "s.json", "--format", output)
    process = subprocess.Popen(
        _command(words), cwd=_project(size, applied), env=_environment(), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the plan failed: {status}")
    return PlanCost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)  # kilobytes on Linux


@cache
def _project(size: int, applied: bool) -> str:
    """Return a folder with a config of `size` exports and a snapshot; it lasts until this process ends."""
    folder = Path(_workspace().name, f"{size}-{'applied' if applied else 'new'}")
    folder.mkdir()
    if applied:
        folder.joinpath("exports.yaml").write_text(_config(size), encoding="utf-8")
        for line in ("emulator seed --from-config", "apply --auto-approve", "snapshot --out s.json"):
            subprocess.run(_command(line.split()), cwd=folder, env=_environment(), check=True, capture_output=True)
        return str(folder)
    full = Path(_project(size, True))
    shutil.copy(full / "exports.yaml", folder)
    read = snapshots.load_snapshot(full.joinpath("s.json").read_text(encoding="utf-8"))
    empty = replace(read, objects=dict.fromkeys(read.objects, ()))
    folder.joinpath("s.json").write_text(snapshots.dump_snapshot(empty), encoding="utf-8")
    return str(folder)


@cache
def _workspace() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _config(size: int) -> str:
    lakes = range(-(-size // EXPORTS_PER_ACCOUNT))
    accounts = [f"  l-{n}: {{type: amazon-s3, bucket: bench-{n}, auth: {{role_arn: '${{env:ROLE}}'}}}}" for n in lakes]
    exports = [f"  e-{n}: {{datasets: [Dataset {n}], destination: l-{n % len(lakes)}}}" for n in range(size)]
    return "\n".join([f"{_HEAD}destinations:", *accounts, "exports:", *exports, ""])


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "exportctl", *words]


def _environment() -> dict[str, str]:
    return {**os.environ, "ROLE": "arn:aws:iam::123456789012:role/bench"}


# -- pages of the emulator --------------------------------------------------------------------------------------------


def page_cpu(objects: int = OBJECTS, pages: int = 40) -> float:
    """Return the CPU in seconds of a page of 100 flows in the order of creation, on average over the first pages."""
    with tempfile.TemporaryDirectory() as folder, closing(Emulator(Path(folder, "s.sqlite"), clock="real")) as emulator:
        _fill(emulator, objects)
        token, place, spent = emulator.issue_token(), f"?orderby=createdAt&limit={PAGE}", 0.0
        for _ in range(pages):
            before = time.process_time()
            answer = _get(emulator, token, place)
            spent += time.process_time() - before
            following = json.loads(answer)["_links"]["next"]["href"]
            text = dict(parse_qsl(urlsplit(following).query))["continuationToken"]
            place = f"?orderby=createdAt&limit={PAGE}&continuationToken={quote(text, safe='')}"
        return spent / pages


def _fill(emulator: Emulator, objects: int) -> None:
    """Put flows into a sandbox without a request for each."""
    emulator.seed(["bench"])
    with emulator.store.transaction():
        context = emulator.context("bench")
        for number in range(objects):
            flow = {"id": emulator.store.new_id(), "etag": emulator.store.new_etag(), **context.stamps(), **_FLOW}
            flow["createdAt"] += number
            emulator.store.put(Record("flows", flow["id"], "bench", flow, {"listed_at": context.now}))


_FLOW: dict[str, Any] = {
    "name": "Orders to the lake",
    "description": "[exportctl/2 e bench orders-daily 1o tf368d12aes67bfy89f7h3c5db7423fdc5f e=tyjs00 3c8b]",
    "state": "enabled",
    "version": "1",
    "flowSpec": {"id": "269ba276-16fc-47db-92b0-c1049a3c131f", "version": "1.0"},
    "sourceConnectionIds": ["fc5fc380-99b3-4b88-86b2-b3e6c4af7ded"],
    "targetConnectionIds": ["1626216a-bc7a-46a9-b103-f8e060add132"],
    "scheduleParams": {"interval": 1, "timeUnit": "day", "startTime": 1796090400, "endTime": 1811548800},
    "inheritedAttributes": {"properties": {"isDestinationFlow": True}},
    "transformations": [],
}


def _get(emulator: Emulator, token: str, query: str) -> bytes:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": _FLOWS,
        "QUERY_STRING": query.removeprefix("?"),
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_X_API_KEY": CLIENT_ID,
        "HTTP_X_GW_IMS_ORG_ID": emulator.organization,
        "HTTP_X_SANDBOX_NAME": "bench",
    }
    found: list[str] = []
    body = b"".join(emulator(environ, lambda status, headers: found.append(status)))
    if not found[0].startswith("200"):
        raise RuntimeError(f"{found[0]}: {body[:300]!r}")
    return body


if __name__ == "__main__":
    main()
