"""Each command sends the requests that it needs, one token and each list once: one more fails."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, SeedDataset
from tests.cli.command_line import SMALL, STATE, CommandLine, fixed_clock_command_line

TOKEN, SANDBOXES = "token", "sandboxes"
OBJECTS = ("base", "source", "target", "flow")
NAMES = {
    "/ims/token/v3": TOKEN,
    "/data/foundation/sandbox-management/": SANDBOXES,
    "/connections": "base",
    "/sourceConnections": "source",
    "/targetConnections": "target",
    "/flows": "flow",
    "/runs": "runs",
    "/connectionSpecs": "specs",
    "/connectionSpecs/{id}/configs": "datasets",
}
OF_PLAN = (TOKEN, *OBJECTS, "datasets", "specs")
READS = {
    "plan": OF_PLAN,
    "plan --out plan.json": OF_PLAN,
    "drift": OF_PLAN,
    "renew": (TOKEN, *OBJECTS),
    "status": (TOKEN, *OBJECTS),
    "forecast": (TOKEN, *OBJECTS),
    "forecast --planned": OF_PLAN,
    "runs exports.orders": (TOKEN, "flow", "runs"),
    "verify --runs-only": (TOKEN, *OBJECTS, "runs"),
    "datasets": (TOKEN, "datasets"),
    "snapshot --out s.json": OF_PLAN,
    "report -o r.html --no-verify": OF_PLAN,
    "doctor": (SANDBOXES, *OF_PLAN),
    "nightly --runs-only": (*OF_PLAN, "runs"),
}


def requests_of(run: CommandLine, *argv: str) -> Counter[str]:
    """Run a command, and count what it sent."""
    with closing(Emulator(run.folder / STATE)) as emulator:
        emulator.forget_requests()
    run(*argv)
    with closing(Emulator(run.folder / STATE)) as emulator:
        return Counter(_name(entry["method"], entry["path"]) for entry in emulator.requests())


def _name(method: str, path: str) -> str:
    known = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/{id}", path.replace("/data/foundation/flowservice", ""))
    return NAMES.get(known, known) if method == "GET" or known.startswith("/ims") else f"{method} {known}"


@pytest.mark.parametrize("command", READS)
def test_a_command_sends_what_it_needs(applied: CommandLine, command: str) -> None:
    assert requests_of(applied, *command.split()) == Counter(READS[command])


def test_the_final_check_reads_what_the_run_can_have_changed(applied: CommandLine) -> None:
    applied.write(SMALL.replace("{datasets: [Orders]}", "{datasets: [Orders], title: Daily orders}"))

    sent = requests_of(applied, "apply", "--auto-approve")

    assert sent == Counter((*OF_PLAN, "PATCH /flows/{id}", "flow"))


def test_a_rotation_reads_the_objects(tmp_path: Path) -> None:
    auth = 'auth: {username: acme, password: "${env:PASSWORD}"}'
    text = SMALL.replace("exports:", f"  partner: {{type: sftp, host: sftp.example, path: /in, {auth}}}\nexports:")
    text = text.replace("[Orders]", "[Orders], destination: partner")
    run = fixed_clock_command_line(tmp_path, text, {"PASSWORD": "correct horse battery"})
    assert run("apply", "--auto-approve").code == 0

    assert requests_of(run, "rotate", "partner", "--dry-run") == Counter((TOKEN, *OBJECTS))
    sent = requests_of(run, "rotate", "partner", "--auto-approve")
    assert sent == Counter((TOKEN, *OBJECTS, "PATCH /connections/{id}", "base", "flow"))


def test_a_plan_of_pinned_ids_reads_datasets_only_for_a_new_one(applied: CommandLine) -> None:
    with closing(Emulator(applied.folder / STATE)) as emulator:
        ids = {str(one.doc["name"]): one.id for one in emulator.store.list_records("datasets", "demo")}
        emulator.seed(["demo"], {"demo": [SeedDataset("Visits", id="0123456789abcdef01234567")]})
    pinned = SMALL
    for name in ("Orders", "Returns"):
        pinned = pinned.replace(f"[{name}]", f"[{{id: {ids[name]}}}]")
    without_datasets = Counter(OF_PLAN) - Counter(["datasets"])

    applied.write(pinned)
    assert requests_of(applied, "plan") == without_datasets
    applied.write(f"{pinned}  visits: {{datasets: [{{id: 0123456789abcdef01234567}}]}}\n")
    assert requests_of(applied, "plan") == Counter(OF_PLAN)
    applied.write(f"{pinned}  visits: {{datasets: [{{id: 0123456789abcdef0123456f}}]}}\n")
    refused = applied("plan")
    assert (refused.code, "cannot be exported" in refused.out + refused.err) == (1, True)


def test_a_flow_with_an_edited_description_is_found_by_its_connections(applied: CommandLine) -> None:
    with closing(Emulator(applied.folder / STATE)) as emulator:
        flow = next(one for one in emulator.store.list_records("flows", "demo") if one.doc["name"] == "orders")
        emulator.ui.describe(flow.id, "ours", sandbox="demo")

    assert requests_of(applied, "runs", "exports.orders") == Counter((TOKEN, "flow", *OBJECTS, "runs"))
    assert flow.id in applied("runs", "exports.orders", "--format", "json").out


def test_a_removal_reads_what_it_deletes_and_its_users_once_however_many_exports_share_an_account(
    tmp_path: Path,
) -> None:
    """Ten exports of two accounts: the reads of a flow after its deletion wait until it is gone."""
    lakes = "".join(
        f'  lake-{n}: {{type: amazon-s3, bucket: acme-{n}, path: aep, auth: {{role_arn: "${{env:LAKE_ROLE_ARN}}"}}}}\n'
        for n in (0, 1)
    )
    head = SMALL.partition("destinations:")[0].replace("  destination: lake\n", "")
    keys = [f"orders-{n}" for n in range(10)]
    exports = "".join(
        f"  {key}: {{datasets: [Orders], destination: lake-{n % 2}, subpath: {key}}}\n" for n, key in enumerate(keys)
    )
    run = fixed_clock_command_line(tmp_path, f"{head}destinations:\n{lakes}exports:\n{exports}")
    assert run("apply", "--auto-approve").code == 0
    gone = "".join(f"  - {{export: {key}, do: delete, reason: unused}}\n" for key in keys)
    gone += "".join(f"  - {{destination: lake-{n}, do: delete, reason: unused}}\n" for n in (0, 1))
    run.write(f"{head}destinations: {{}}\nexports: {{}}\nremoved:\n{gone}")

    sent = requests_of(run, "apply", "--auto-approve", "--parallelism", "1")

    removed = {"flows": 10, "sourceConnections": 10, "targetConnections": 10, "connections": 2}
    expected = Counter((TOKEN, *OBJECTS, "specs", *OBJECTS)) + Counter(
        {f"DELETE /{kind}/{{id}}": count for kind, count in removed.items()}
    )
    expected += Counter({f"/{kind}/{{id}}": count for kind, count in removed.items()})
    expected += Counter({"flow": 20, "/flows/{id}": 20})  # the users of each source and target; until the flow is gone
    assert sent == expected
