"""
What each command shows on a terminal: one scenario, in which every command runs at least once.

Run as a script, this rewrites the golden files, one folder of screens/ for each width; hands do not. What is long
is there as far as a terminal of that height shows it.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import tempfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from exportctl import __version__
from exportctl.cli.main import main
from exportctl.emulator import Emulator
from tests.cli.command_line import LAKE_AND_ORDERS, ORGANIZATION, START, STATE, Terminal, northwind

FOLDER = Path(__file__).parent / "screens"
SIZES = {80: 24, 200: 50}  # columns -> rows
_PLAN_DAY = "2027-01-15T09:00:00Z"


@dataclass(frozen=True)
class Screen:
    """
    A command line of the scenario. `name`: of its golden file; empty: it only prepares the next ones.

    `document`: it prints what another program reads, so its lines are not broken. `is_long`: the file has the top only.
    """

    line: str
    name: str = ""
    document: bool = False
    is_long: bool = False


def _prepare(line: str) -> Screen:
    return Screen(line)


def _document(line: str, name: str) -> Screen:
    return Screen(line, name, document=True, is_long=True)


SCREENS = (
    Screen("--help", "help"),
    Screen("-C new init", "init"),
    Screen("-C new init --ci github", "init-ci"),
    Screen("validate", "validate"),
    Screen("datasets", "datasets"),
    Screen("doctor", "doctor"),
    Screen("plan --target exports.web-to-lake --out plan.json", "plan-create"),
    Screen(f"show plan.json --now {_PLAN_DAY}", "show"),
    Screen("apply --auto-approve --parallelism 1", "apply"),
    Screen("emulator requests --writes", "emulator-requests", is_long=True),
    Screen("emulator clock advance '30 hours'", "emulator-clock-advance"),
    Screen("emulator clock get", "emulator-clock-get"),
    Screen("emulator ingest web 500", "emulator-ingest"),
    _prepare("emulator clock advance '5 hours'"),
    Screen("status", "status"),
    Screen("runs web-to-lake", "runs"),
    Screen("forecast --days 7", "forecast"),
    Screen("verify", "verify"),
    Screen("renew", "renew"),
    Screen("rotate partner --dry-run", "rotate"),
    Screen("report -o report.html", "report"),
    Screen("publish comment plan.md", "publish-comment"),
    Screen("publish issue plan.md", "publish-issue"),
    Screen("backup status", "backup-status"),
    Screen("backup manifest orders-to-partner -o partner.json", "backup-manifest"),
    Screen("backup check --against partner.json", "backup-check"),
    Screen("backup drill --seed screens", "backup-drill"),
    Screen("restore check web-to-lake --dataset web", "restore-check"),
    _document("restore sql web-to-lake --dataset web --engine duckdb", "restore-sql"),
    Screen("restore write web-to-lake --dataset web --to restored", "restore-write"),
    Screen("emulator ui path web-to-lake elsewhere/by/hand --as jane@acme.example", "emulator-ui-path"),
    Screen("emulator ui disable orders-to-partner", "emulator-ui-disable"),
    Screen("drift", "drift"),
    Screen("plan", "plan-drift"),
    Screen("plan --short", "plan-short"),
    _document("drift --patch", "drift-patch"),
    Screen("import --all", "import-nothing"),
    Screen("snapshot --out sandbox.json", "snapshot"),
    Screen("plan --target nothing-like-this", "plan-usage"),
    Screen("diff-environments dev prod", "diff-environments-none"),
    Screen("-C two diff-environments dev prod", "diff-environments"),
    _prepare("-C two emulator seed --from-config --env dev"),
    _prepare("-C two emulator seed --from-config --env prod"),
    Screen("-C two status --all-environments", "status-all-environments"),
    Screen("-C two nightly --all-environments --out-dir reports", "nightly"),
    *(Screen(f"fleet {name} two", f"fleet-{name}") for name in ("plan", "drift", "renew", "verify", "status")),
    Screen("fleet matrix two --for gitlab", "fleet-matrix"),
    Screen("-C wrong validate", "validate-errors"),
    Screen("explain paused", "explain"),
    _document("schema plan", "schema"),
    _document("completion bash", "completion"),
    Screen("probe --dataset Orders --auto-approve", "probe", is_long=True),
    Screen("emulator ui enable orders-to-partner", "emulator-ui-enable"),
    Screen("emulator ui end web-to-lake 2027-02-01", "emulator-ui-end"),
    Screen("emulator ui start web-to-lake 2027-01-20", "emulator-ui-start"),
    Screen("emulator ui state web-to-lake failed", "emulator-ui-state"),
    Screen("emulator ui datasets web-to-lake Orders", "emulator-ui-datasets"),
    Screen("emulator ui rename web-to-lake 'By hand'", "emulator-ui-rename"),
    Screen("emulator ui describe sales-to-lake/orders 'for the web team'", "emulator-ui-describe"),
    Screen("emulator ui delete sales-to-lake/returns", "emulator-ui-delete"),
    Screen("status", "status-trouble"),
    Screen("""emulator faults add '{"effect": "lost", "method": "POST", "path": "/flows$"}'""", "emulator-faults-add"),
    Screen("emulator faults list", "emulator-faults-list"),
    Screen("emulator faults clear", "emulator-faults-clear"),
    Screen("emulator switches set list_lag=60", "emulator-switches-set"),
    Screen("emulator switches show", "emulator-switches-show", is_long=True),
    Screen("emulator credentials add reader --secret env:READER --sandbox demo", "emulator-credentials-add"),
    Screen("emulator credentials list", "emulator-credentials-list"),
    Screen("emulator credentials remove reader", "emulator-credentials-remove"),
    Screen("emulator storage set amazon-s3 http://127.0.0.1:9000", "emulator-storage-set"),
    Screen("emulator storage show", "emulator-storage-show"),
    Screen("emulator storage local amazon-s3", "emulator-storage-local"),
    Screen("emulator clock set 2027-03-01", "emulator-clock-set"),
    Screen("emulator seed --dataset Refunds", "emulator-seed"),
    Screen("emulator reset", "emulator-reset"),
)
# Commands that have no screen here, each with the test that shows it.
ELSEWHERE = {
    "fleet merge": "tests/cli/test_fleet_cli.py: it reads what other runs wrote to stdout",
    "emulator serve": "tests/cli/test_screens.py, on a pseudo-terminal: it runs until Ctrl-C",
}

_TWO = (
    """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, url: embedded}
"""
    + LAKE_AND_ORDERS
    + """\
  web-to-lake: {datasets: [Web], environments: [prod]}
environments:
  dev: {platform: {sandbox: dev}, destinations: {lake: {bucket: acme-lake-dev}}}
  prod: {platform: {sandbox: prod}}
"""
)
_WRONG = _TWO.replace("datasets: [Orders]", "dataset: [Orders]").replace("bucket: acme-lake,", "bucket: Acme_Lake,")


# What differs from run to run, by words of the same length, so that lines break at the same places.
_CHANGING_PARTS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "{:08}-0000-4000-8000-000000000000"),
    (r"\b[0-9a-f]{64}\b", "{:064}"),
    (r"\b[0-9a-f]{24}\b", "{:024}"),
    (r"(?<=in )\d\.\d(?= s)", "0.0"),  # how long a restore took
    (r"\d(?=\d*(?:(?:\.\d)? KiB| bytes))|(?<=\.)\d(?= KiB)", "0"),  # of files that the installed libraries compress
)


def take_screens(columns: int) -> dict[str, str]:
    """Run the scenario on a terminal of this width: file name -> the command line and all that it prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        northwind(folder)
        for below, text in (("new", ""), ("two", _TWO), ("wrong", _WRONG)):
            (folder / below).mkdir()
            if text:
                (folder / below / "exports.yaml").write_text(text, encoding="utf-8")
        Emulator(folder / "two" / STATE, clock=START, organization=ORGANIZATION).close()
        with chdir(folder):
            shown = {screen.name: _take(screen, columns) for screen in SCREENS}
    return {f"{name}.txt": text for name, text in shown.items() if name}


def _take(screen: Screen, columns: int) -> str:
    stream = Terminal()  # one for both, as at a terminal: lines stand in the order in which they are written
    env = {"COLUMNS": str(columns), "NO_COLOR": "1", "READER": "screens"}
    code = main(shlex.split(screen.line), env, stdin=io.StringIO(), out=stream, err=stream)
    text = mask_changing_parts(stream.getvalue().replace(str(Path.cwd()), "/FOLDER"))
    return f"$ exportctl {screen.line}\n{_top(text, SIZES[columns]) if screen.is_long else text}[exit {code}]\n"


def _top(text: str, rows: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[:rows]) + ("[more lines]\n" if len(lines) > rows else "")


def mask_changing_parts(text: str) -> str:
    text = text.replace(__version__, "VERSION")
    for pattern, word in _CHANGING_PARTS:
        numbers: dict[str, int] = {}
        text = re.sub(pattern, lambda found: word.format(numbers.setdefault(found[0], len(numbers) + 1)), text)  # noqa: B023
    return text


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    for width in SIZES:
        (FOLDER / str(width)).mkdir(parents=True)
        for file, content in take_screens(width).items():
            (FOLDER / str(width) / file).write_text(content, encoding="utf-8", newline="\n")
