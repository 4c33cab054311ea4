"""
Ten pull requests: the edit of a config in a checkout, and what its plan shows a reviewer as Markdown.

Run as a script, this rewrites the golden files in pull_requests/; hands do not. Ids and digests are masked, because
threads draw them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command_line import CommandLine, CommandResult, fixed_clock_command_line
from tests.workflows.world import private_key

FOLDER = Path(__file__).parent / "pull_requests"
HEAD = "3f9c2d7a6b1e4850c9d2f0a17b6e5d4c3b2a1908"
CI = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/exports",
    "GITHUB_RUN_ID": "4211",
    "EXPORTCTL_COMMIT": HEAD,
    "EXPORTCTL_RUN_URL": "https://github.com/acme/exports/actions/runs/4211",
}
ENVIRONMENT = {"EXPORTCTL_ENV": "prod", "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/lake"}
SECRETS = {"PARTNER_SSH_KEY": private_key(b"first")}
CONFIG = """\
version: 1
project: acme-exports
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, url: embedded}
environments:
  prod: {platform: {sandbox: prod}}
defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"}
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
  partner:
    type: sftp
    host: sftp.partner.example
    path: /incoming
    format: json
    auth: {username: acme, private_key: "${env:PARTNER_SSH_KEY}", secret_version: "1"}
exports:
  orders: {datasets: [Orders]}
  returns: {datasets: [Returns]}
  clicks: {datasets: [Clicks, Page views]}
  orders-to-partner: {datasets: [Orders], destination: partner, protect: true}
  returns-to-partner: {datasets: [Returns], destination: partner}
"""


@dataclass(frozen=True)
class PullRequest:
    """
    Edits of the config, each as text before and after.

    `must_see` is what a reviewer must not miss: money for a full re-export, the end of an export, readers that break.
    """

    name: str
    edits: tuple[tuple[str, str], ...]
    must_see: tuple[str, ...]
    code: int = 0


PULL_REQUESTS = (
    PullRequest(  # without `renamed_from`: it looks harmless, and costs a deletion and a full re-export
        "rename",
        (("  orders: {", "  orders-daily: {"),),
        (
            '"Orders" moves from exports.orders to this flow; this new flow sends it in full again',
            "if you renamed it, write renamed_from: orders: its flow stays and nothing is sent again",
        ),
        code=5,
    ),
    PullRequest(
        "path",
        (("path: aep,", "path: aep-v2,"),),
        (
            "whatever reads parquet, gzip from s3://acme-lake/aep/%DATASET_ID%/%EXPORT_TIME% must change too",
            'path: "aep" → "aep-v2" (3 exports: exports.clicks, exports.orders, exports.returns)',
        ),
    ),
    PullRequest(
        "schedule",
        (("every: 1 day,", "every: 3 hours,"),),
        ("cost: another interval may cause a full re-export of every dataset of the flow (5 exports: ",),
    ),
    PullRequest(
        "json-to-parquet",
        (("    format: json\n", "    format: parquet\n"),),
        (
            "whatever reads json, gzip from SFTP /incoming/%DATASET_ID%/%EXPORT_TIME% must change too",
            "it is protected, and readers must change with it: later files are parquet, gzip",
        ),
    ),
    PullRequest(
        "dataset-added",
        (("[Clicks, Page views]", "[Clicks, Page views, Sessions]"),),
        (
            "cost: a new dataset list may cause a full re-export, at least of the added datasets (exports.clicks)",
            'datasets: adds "Sessions" (',
        ),
    ),
    PullRequest(
        "split",
        (
            (
                "  clicks: {datasets: [Clicks, Page views]}\n",
                "  clicks: {datasets: [Clicks]}\n  views: {datasets: [Page views]}\n",
            ),
        ),
        (
            'cost: "Page views" moves from exports.clicks to this flow; this new flow sends it in full again',
            'stops the export of "Page views"; the other datasets may be sent again in full (exports.clicks)',
        ),
    ),
    PullRequest(
        "removal",
        (
            ("  clicks: {datasets: [Clicks, Page views]}\n", ""),
            ("exports:\n", 'removed: [{export: clicks, do: delete, reason: "no team reads it"}]\nexports:\n'),
        ),
        (
            "ends the export; delivered files stay; to create it again later causes a full re-export (exports.clicks)",
            "delete exports.clicks",
            "last run: 2027-01-17 02:00 UTC, done",
        ),
    ),
    PullRequest(
        "key-rotation",
        (('secret_version: "1"', 'secret_version: "2"'),),
        (
            'changes every flow on this account: "orders-to-partner", "returns-to-partner"',
            "keep the old secrets valid until the next good run of each of these flows",
        ),
    ),
    PullRequest(
        "other-destination",
        (("[Clicks, Page views]}", "[Clicks, Page views], destination: partner}"),),
        (
            "exports.clicks needs a new flow (destination type amazon-s3 -> sftp), which sends every dataset in full",
            "cost: replaces the flow: full re-export under a new flow id (exports.clicks)",
        ),
        code=5,
    ),
    PullRequest(
        "earlier-end",
        (("  orders: {datasets: [Orders]}", "  orders: {datasets: [Orders], end: 2027-03-01}"),),
        ("ends earlier: 2027-03-02 00:00 UTC instead of 2027-07-14 00:00 UTC (exports.orders)",),
    ),
)


def applied_checkout(folder: Path) -> CommandLine:
    """A checkout on its main branch, applied; its exports have had runs since."""
    _git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".gitignore").write_text(".exportctl/\n", encoding="utf-8")
    run = fixed_clock_command_line(folder, CONFIG.replace("Page views]", "Page views, Sessions]"), ENVIRONMENT)
    run.write(CONFIG)
    _commit(folder, "Export orders, returns and clicks", "2027-01-15T07:00:00Z")
    ended = run("apply", "--auto-approve", env=SECRETS)
    assert ended.code == 0, ended.err + ended.out
    assert run("emulator", "clock", "advance", "50 hours").code == 0
    return run


def review_plan(base: CommandLine, folder: Path, request: PullRequest) -> CommandResult:
    """Make the edits on a branch of a copy of the checkout, and its plan as Markdown."""
    shutil.copytree(base.folder, folder, dirs_exist_ok=True)
    run = CommandLine(folder, base.env)
    _git(folder, "switch", "--quiet", "--create", request.name)
    for before, after in request.edits:
        run.edit(before, after)
    _commit(folder, request.name, "2027-01-17T09:00:00Z")
    return run("plan", "--format", "markdown", env=CI)


def mask_ids(shown: str) -> str:
    """The text without what threads draw: ids of objects, and digests of them."""
    shown = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", shown)
    return re.sub(r"--only-if [0-9a-f]{64}", "--only-if DIGEST", shown)


def _commit(folder: Path, message: str, moment: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message, moment=moment)


def _git(folder: Path, *argv: str, moment: str = "") -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{role}_{what}": f"a@{role.lower()}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment} if moment else {}
    subprocess.run(["git", *argv], cwd=folder, env={**own, **who, **when}, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "base").mkdir()
        base = applied_checkout(root / "base")
        FOLDER.mkdir(exist_ok=True)
        for request in PULL_REQUESTS:
            shown = review_plan(base, root / request.name, request)
            (FOLDER / f"{request.name}.md").write_text(mask_ids(shown.out), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
