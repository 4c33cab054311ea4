"""
The shell texts of the jobs, the same on every CI system; `sh` runs them.

They find the environment in EXPORTCTL_ENV, the credentials in the variables that the config names, and what the CI
system says about the pull request in its own variables. No text holds a value of the project but the requirement,
which is quoted: what others wrote must come as a variable.
"""

from __future__ import annotations

from exportctl.pipelines.pipeline import Pipeline
from exportctl.pipelines.text import shell_quoted

VALIDATE = "exportctl validate"

# 0: no changes. 2: changes. 5: a safety check blocks them. Others: the plan failed, and plan.md says why.
# A workspace may hold the files of another run: none of them may pass for the result of this one.
PLAN = """\
rm -f plan.json plan.md
code=0
exportctl plan --detailed-exitcode --out plan.json --format markdown > plan.md || code=$?"""

COMMENT = "exportctl publish comment plan.md"

PASS_OR_FAIL = """\
case $code in
  0 | 2) ;; # no changes, or changes
  *) exit "$code" ;; # plan.md says why
esac"""

PLAN_AND_COMMENT = f"{PLAN}\n{COMMENT}\n{PASS_OR_FAIL}"
PLAN_AND_SHOW = f"{PLAN}\ncat plan.md\n{PASS_OR_FAIL}"

# Only what the saved plan says; 6 if the config or the sandbox has changed since.
APPLY = "exportctl apply plan.json --audit audit.jsonl"

# What apply did counts: a comment that cannot be written does not fail the job.
APPLY_AND_COMMENT = """\
code=0
exportctl apply plan.json --audit audit.jsonl --format markdown > apply.md || code=$?
cat apply.md
exportctl publish comment apply.md --number "$NUMBER" || echo "the outcome is only in this log" >&2
exit "$code\""""

# Not the metrics: those of the night before stay where a night cannot read the sandbox.
REMOVE_NIGHT = "rm -f nightly/*.json nightly/*.md nightly/*.xml nightly/*.jsonl"


def in_folder(pipeline: Pipeline, text: str) -> str:
    """Return a text that runs in the folder of the config. Its name needs no quotes: see `read_pipeline`."""
    return f"cd ./{pipeline.folder} || exit 1\n{text}" if pipeline.folder else text


def install_command(pipeline: Pipeline) -> str:
    """Return the command that installs exportctl."""
    return f"python -m pip install --quiet {shell_quoted(pipeline.requirement)}"


def nightly_script(pipeline: Pipeline, *, issue: bool) -> str:
    """
    Return the night's text: renew, drift, verify and status, then the issue, which is open while something is found.

    The exit code is that of `nightly`, also if the issue could not be published. A workspace may hold the files of
    another night: none of them may pass for the result of this one.
    """
    chosen = " --all-environments" if pipeline.has_environments else ""
    lines = [
        REMOVE_NIGHT,
        "code=0",
        f"exportctl nightly{chosen} --out-dir nightly --audit nightly/audit.jsonl || code=$?",
    ]
    if issue:
        lines += [
            "state=open",
            'if [ "$code" -eq 0 ]; then state=closed; fi',
            'exportctl publish issue nightly/nightly.md --state "$state" || [ "$code" -ne 0 ]',
        ]
    return "\n".join([*lines, 'exit "$code"'])
