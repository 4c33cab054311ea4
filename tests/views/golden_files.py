"""
Golden texts: file name -> what the views say now. Run as a script, it rewrites golden/; hands do not.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.monitor import drift
from exportctl.planfile import file as planfile
from exportctl.views import github, json, markdown, text, text_apply, text_drift
from tests.views.sample_plans import AS_OF, DAY, every_cause, full_plan, outcomes

FOLDER = Path(__file__).parent / "golden"


def texts() -> dict[str, str]:
    plan, causes = full_plan(), every_cause()
    report = drift.build_drift_report(plan, end_warning=30 * DAY)
    saved = planfile.as_saved(plan)
    found = tuple(f for item in plan.items for f in item.findings)
    return {
        "plan.txt": text.render_plan(plan),
        "plan.md": markdown.render_plan(plan),
        "plan.json": json.render_plan(plan),
        "causes.txt": text.render_plan(causes),
        "causes.md": markdown.render_plan(causes),
        "drift.txt": text_drift.render_drift(report),
        "drift.md": markdown.render_drift(report),
        "drift.json": json.render_drift(report),
        "renew.txt": text.render_renewals(plan),
        "show.txt": text.render_saved_plan(saved, now=AS_OF + 3 * DAY).replace(saved.version, "VERSION"),
        "apply.txt": "".join(text_apply.outcome(o, n, 5) for n, o in enumerate(outcomes(), 1))
        + text_apply.render_apply_report(outcomes(), remaining=plan, interrupted=True),
        "apply.json": json.render_apply_report(plan, outcomes(), remaining=None),
        "annotations.txt": github.render_annotations(found),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
