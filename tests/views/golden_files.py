"""
Golden texts: file name -> what the views say now. Run as a script, it rewrites golden/; hands do not.
"""

from __future__ import annotations

from pathlib import Path

from exportctl import drift_report
from exportctl.saved import planfile
from exportctl.views import github, json, markdown, text, text_apply, text_drift
from tests.views.sample_plans import AS_OF, DAY, every_cause, full_plan, outcomes

FOLDER = Path(__file__).parent / "golden"


def texts() -> dict[str, str]:
    plan, causes = full_plan(), every_cause()
    report = drift_report.drift(plan, end_warning=30 * DAY)
    saved = planfile.saved(plan)
    found = tuple(f for item in plan.items for f in item.findings)
    return {
        "plan.txt": text.plan(plan),
        "plan.md": markdown.plan(plan),
        "plan.json": json.plan(plan),
        "causes.txt": text.plan(causes),
        "causes.md": markdown.plan(causes),
        "drift.txt": text_drift.drift(report),
        "drift.md": markdown.drift(report),
        "drift.json": json.drift(report),
        "renew.txt": text.renew(plan),
        "show.txt": text.show(saved, now=AS_OF + 3 * DAY).replace(saved.version, "VERSION"),
        "apply.txt": "".join(text_apply.outcome(o, n, 5) for n, o in enumerate(outcomes(), 1))
        + text_apply.report(outcomes(), residue=plan, interrupted=True),
        "apply.json": json.apply(plan, outcomes(), residue=None),
        "annotations.txt": github.annotate(found),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
