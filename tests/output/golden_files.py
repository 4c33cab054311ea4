"""
Golden texts: file name -> what the views say now. Run as a script, it rewrites golden/; hands do not.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.model.apply_report import ApplyReport
from exportctl.model.verdict import judge
from exportctl.monitor import drift
from exportctl.output import apply_outcome, github_actions, junit_apply
from exportctl.output.json import documents
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import apply, short_plan
from exportctl.output.text import drift as text_drift
from exportctl.output.text import plan as text_plan
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from tests.output.sample_plans import AS_OF, DAY, every_cause, full_plan, outcomes

FOLDER = Path(__file__).parent / "golden"


def texts() -> dict[str, str]:
    plan, causes = full_plan(), every_cause()
    report = drift.build_drift_report(plan, end_warning=30 * DAY)
    saved = planfile.saved_plan(plan)
    unsigned = SignatureState.UNSIGNED
    ended = ApplyReport(plan, tuple(outcomes()), plan, judge(plan, outcomes()), next_commands=("exportctl apply",))
    found = tuple(f for item in plan.items for f in item.findings)
    return {
        "plan.txt": text_plan.render_plan(plan),
        "short.txt": short_plan.render_plan(plan),
        "causes-short.txt": short_plan.render_plan(causes),
        "plan.md": markdown_plan.render_plan(plan),
        "plan.json": documents.render_plan(plan),
        "causes.txt": text_plan.render_plan(causes),
        "causes.md": markdown_plan.render_plan(causes),
        "drift.txt": text_drift.render_drift(report),
        "drift.md": markdown_drift.render_drift(report),
        "drift.json": json_monitoring.render_drift(report),
        "renew.txt": text_plan.render_renewals(plan),
        "show.txt": text_plan.render_saved_plan(saved, unsigned, now=AS_OF + 3 * DAY).replace(saved.version, "VERSION"),
        "apply.txt": "".join(apply.outcome(o, n, 5) for n, o in enumerate(outcomes(), 1))
        + apply.render_apply_report(outcomes(), remaining=plan, verdict=judge(plan, outcomes()), interrupted=True),
        "apply.json": documents.render_apply_report(ended),
        "apply.md": markdown_apply.render_apply_report(ended),
        "apply.xml": junit_apply.render_apply_report(ended),
        "apply annotations.txt": github_actions.render_annotations(apply_outcome.findings(ended)),
        "annotations.txt": github_actions.render_annotations(found),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
