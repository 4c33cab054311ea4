"""
Golden texts of a backup report and of a drill: file name -> what the views say now.

`python -m tests.output.golden_backup` rewrites golden_backup_files/.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.output import github_actions, junit
from exportctl.output.json import backup as json_backup
from exportctl.output.json import drill as json_drill
from exportctl.output.markdown import backup as markdown_backup
from exportctl.output.markdown import drill as markdown_drill
from exportctl.output.text import backup as text_backup
from exportctl.output.text import drill as text_drill
from tests.output.sample_backups import backup_report, listed_report
from tests.output.sample_drills import drill_report, drilled_backups

FOLDER = Path(__file__).parent / "golden_backup_files"


def texts() -> dict[str, str]:
    report, listed = backup_report(), listed_report()
    return {
        "backup.txt": text_backup.render_backup_report(report),
        "backup-80.txt": text_backup.render_backup_report(report, width=80),
        "backup.md": markdown_backup.render_backup_report(report),
        "backup.json": json_backup.render_backup_report(report),
        "backup.xml": junit.render_backup_report(report),
        "lists.txt": text_backup.render_backup_report(listed),
        "lists.md": markdown_backup.render_backup_report(listed),
        "lists.json": json_backup.render_backup_report(listed),
        "lists.xml": junit.render_backup_report(listed),
        "lists-annotations.txt": github_actions.render_annotations(github_actions.backup_findings(listed)),
        "drilled.txt": text_backup.render_backup_report(drilled_backups()),
        "drilled.md": markdown_backup.render_backup_report(drilled_backups()),
        "drill.txt": text_drill.render_drill_report(drill_report()),
        "drill.md": markdown_drill.render_drill_report(drill_report()),
        "drill.json": json_drill.render_drill_report(drill_report()),
        "drill.xml": junit.render_drill_report(drill_report()),
        "drill-annotations.txt": github_actions.render_annotations(github_actions.drill_findings(drill_report(), {})),
        "annotations.txt": github_actions.render_annotations(github_actions.backup_findings(report)),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
