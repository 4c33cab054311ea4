"""
Golden texts of verify: file name -> what the views say now.

`python -m tests.output.golden_verify` rewrites golden_verify_files/.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.output import github_actions, junit
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.text import verify as text_verify
from tests.output.sample_reports import full_report

FOLDER = Path(__file__).parent / "golden_verify_files"


def texts() -> dict[str, str]:
    report = full_report()
    return {
        "verify.txt": text_verify.render_verify_report(report),
        "verify-80.txt": text_verify.render_verify_report(report, width=80),
        "verify.md": markdown_monitoring.render_verify_report(report),
        "verify.json": json_monitoring.render_verify_report(report),
        "verify.xml": junit.render_verify_report(report),
        "annotations.txt": github_actions.render_annotations(github_actions.verify_findings(report, {})),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
