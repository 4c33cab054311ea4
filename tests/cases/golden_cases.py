"""
Golden cases: a folder each with `config.yaml`, and what comes of it in `plan.txt`, `plan.json` and `requests.txt`.

`before.yaml`, if there is one, is applied first; `edits.txt` holds what a person then does in the UI, a verb and its
arguments a line. Running this file rewrites what is expected; hands do not. Ids are replaced, since threads draw them.
"""

from __future__ import annotations

import json as stdlib_json
import re
import sys
import tempfile
from pathlib import Path

from exportctl.model.plan import Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.output.json import documents
from exportctl.output.text import plan as text_plan
from exportctl.planfile.serialize import encode_plan
from tests.workflows.world import World, world

FOLDER = Path(__file__).parent
CASES = sorted(path.parent for path in FOLDER.glob("*/config.yaml"))
EXPECTED = ("plan.txt", "plan.json", "requests.txt")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGESTS = re.compile(r"(--only-if |\"digest\": \"|\"seen\": \{)[^\n]*")


def case_outputs(case: Path) -> dict[str, str]:
    """What the case gives today."""
    with tempfile.TemporaryDirectory() as name:
        made = world(Path(name))
        before = case / "before.yaml"
        if before.exists():
            _write(made, before)
            made.apply()
            made.emulator.advance(61)
        edits = case / "edits.txt"
        for line in edits.read_text(encoding="utf-8").splitlines() if edits.exists() else ():
            verb, *arguments = line.split(" ")
            getattr(made.emulator.ui, verb)(*arguments)
        _write(made, case / "config.yaml")
        plan = made.plan()
        made.forget_requests()
        if not plan.is_refused:
            made.apply(PlanOptions())
        return {
            "plan.txt": _mask_ids(text_plan.render_plan(plan)),
            "plan.json": _mask_ids(_json_without_digests(plan)),
            "requests.txt": "\n".join(made.writes()) + "\n",
        }


def _write(made: World, source: Path) -> None:
    (made.folder / "exports.yaml").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def _json_without_digests(plan: Plan) -> str:
    """The JSON view, less digests of what holds ids."""
    document = stdlib_json.loads(documents.render_plan(plan))
    assert document["result"]["items"] == stdlib_json.loads(stdlib_json.dumps(encode_plan(plan)["items"]))
    for item in document["result"]["items"]:
        for step in item["steps"]:
            step["seen"] = sorted(step["seen"])
    return str(stdlib_json.dumps(document, indent=1, sort_keys=True)) + "\n"


def _mask_ids(shown: str) -> str:
    return DIGESTS.sub(r"\1…", ID.sub("ID", shown))


def main() -> None:
    for case in CASES:
        for name, content in case_outputs(case).items():
            (case / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"wrote {case.name}\n")


if __name__ == "__main__":
    main()
