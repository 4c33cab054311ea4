"""
Golden texts of a backup report: file name -> what the views say now.

`python -m tests.output.golden_backup` rewrites golden_backup_files/.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.output import github_actions, junit
from exportctl.output.json import backup as json_backup
from exportctl.output.markdown import backup as markdown_backup
from exportctl.output.text import backup as text_backup
from tests.output.sample_backups import backup_report, listed_report

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
        "annotations.txt": github_actions.render_annotations(github_actions.backup_findings(report)),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
