"""All commands in one tree, and the page of the documentation that is written from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Annotated, Any

import typer
from typer import Option

from exportctl import __version__
from exportctl.cli import exit_codes
from exportctl.cli.command_tree import build_group
from exportctl.cli.context import command_context
from exportctl.cli.help import SectionedGroup
from exportctl.output.text.columns import TableColumn

_PAGE_WIDTH = 100
_PAGE_HEAD = """# Command line

Every command, as `exportctl … --help` shows it. This page is generated from the code.

You can write the options `-C`, `-f`, `--env`, `--format`, `--now`, `-v` and `-q` before or after the command. Results
go to stdout. Progress, warnings and errors go to stderr. With `--format json` exportctl prints exactly one document,
errors included; the schemas are in `schemas/`. `emulator` commands print the answer of the emulator as it is, without
the common head of the other documents. The [glossary](glossary.md) explains every word that the commands print.

| variable | meaning |
|---|---|
| `EXPORTCTL_ENV` | the environment, if `--env` is not given |
| `EXPORTCTL_COMMIT_TIME` | the commit time of the config; see [older configs](comparison.md#causes-of-a-difference) |
| `EXPORTCTL_COMMIT`, `EXPORTCTL_RUN_URL` | the commit and the run that a Markdown document names. Default: what \
GitHub Actions, GitLab CI, Azure Pipelines or Jenkins say |
| `EXPORTCTL_ALLOWED_HOSTS` | further hosts that may get the token |
| `EXPORTCTL_PLAN_KEY` | the key that signs and checks [plan files](how-to/approve-a-plan.md#sign-plan-files) |
| `EXPORTCTL_VAR_*` | values for plain references of the config |
| `EXPORTCTL_TRACEBACK=1` | shows where an unexpected error comes from |
| `AEP_CLIENT_ID`, `AEP_CLIENT_SECRET`, `AEP_SCOPES`, `AEP_ACCESS_TOKEN` | credentials of the platform |
| `AEP_IMS_URL` | the address that gives the token. Default: Adobe's IMS, or a platform on this machine itself |
| `AEP_ORG_ID`, `AEP_SANDBOX` | values for plain references of the config; `doctor` uses them without a config |
| `EXPORTCTL_READER_*` and the variables of the clouds | \
[how `verify` reads storage](how-to/let-verify-read-storage.md#which-credentials-verify-uses) |
| `HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` | the proxy, hosts without proxy, and the file of trusted certificates |
| `COLUMNS` | the width of the terminal, if it is not the one that the terminal reports |
| `NO_COLOR` | no colour |
| `FORCE_COLOR` | colour even without a terminal |
| `CI` | no questions and no progress bar |
| `GITHUB_ACTIONS`, `GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY` | exportctl writes annotations, outputs and a summary |
| `GITHUB_TOKEN`, `GH_TOKEN`, `GITLAB_TOKEN`, `SYSTEM_ACCESSTOKEN` | the token with which `publish` writes, \
sent only to the API that the CI names |
| `GITHUB_API_URL`, `GITHUB_REPOSITORY`, `GITHUB_REF`, `GITHUB_EVENT_PATH`, `GITHUB_EVENT_NAME`, `GITHUB_SHA` | \
where `publish` writes in a job of GitHub |
| `GITLAB_CI`, `CI_API_V4_URL`, `CI_PROJECT_ID`, `CI_MERGE_REQUEST_IID`, `CI_PIPELINE_SOURCE`, `CI_COMMIT_SHA` | \
where it writes in a job of GitLab |
| `TF_BUILD`, `SYSTEM_COLLECTIONURI`, `SYSTEM_TEAMPROJECTID`, `BUILD_REPOSITORY_ID`, \
`SYSTEM_PULLREQUEST_PULLREQUESTID`, `BUILD_REASON`, `BUILD_SOURCEVERSION` | where it writes in a job of Azure DevOps |

## Progress, -v and -q

While exportctl reads, a line on stderr says what: at once on a terminal, as in `reading flows, page 3` or `asked to
wait 8 s`; in a log after 5 seconds, then every 10. With `CI` set, stderr counts as a log.

`-v` shows each request to the platform on stderr, with its status, how long it took, and the request id that Adobe's
support asks for. `-vv` also shows bodies. Of a body it shows the texts that are known to be no secrets, such as ids,
names and times; all others are `(hidden)`, and so is everything below `auth`. It shows no header, and no body of a
token request. `-q` leaves stderr to errors: no progress, no notes, no warnings.

## The width of the screen

On a terminal no line is wider than the terminal. Prose wraps at blanks. A command of exportctl that wraps has a `\\` at
the end of each line, so that bash, zsh and fish take it. exportctl does not break a word that no line can hold, such
as a long path: the terminal does, so that you can copy the word.

A table that is too wide first wraps some columns, then leaves some out, each table in its own order. A line below it
names the columns that it leaves out; `--format json` has all. Where addresses take more than half of the width, each
stands on a line of its own above its row, and fewer columns are left out.

| table | wraps first | leaves out first |
|---|---|---|
{tables}
In a pipe or a file, tables are whole, one line for each row, and no prose is narrower than 120 columns. So what `grep`
finds does not depend on a window. JSON, YAML, Markdown, SQL and patches never wrap.

## GitHub Actions

With `GITHUB_ACTIONS=true` these commands need no option. They write annotations at the lines of the YAML, outputs for
later steps, and a summary titled as the outcome.

`apply`, `renew` and `rotate` have these outputs, and those of `plan` (`changes`, `digest`, …):

| output | value |
|---|---|
| `result` | `done` (exit 0), `incomplete` (4), `failed` (1 and 64), `blocked` (5), `stale` (6), `lease-held` (7), \
`interrupted` (8). Exit 10 is a report that could be written nowhere, so it has none. |
| `done`, `failed`, `left` | numbers of exports and destinations. `left`: a request was not sent, or the final check \
still finds something. `left` is empty if the run ended before it had a plan. |
| `remaining` | what the final check found; 0: everything is as the config asks |
| `summary` | one line, such as `apply: incomplete: 3 done, 1 failed, 2 left` |

`drift` has an error at the line of each value that makes it exit with 3, and a warning for each end and orphan. Its
outputs are `failing`, `summary` and a number for each group. `verify` has `failing`, `errors`, `summary` and a number
for each result. `import` has `adopted`, `left_out`, `incomplete`, `file` and `summary`, and a warning for each flow
that the YAML lacks.

`plan`, `drift`, `verify`, `import` and `nightly` have `result` too. `done` means that the command came to its end,
whatever it found. `blocked` (5), `incomplete` (4), `failed` and `interrupted` are as above. A command that ends without
a result, also because of a wrong usage, has `result` and `summary`. Its summary and its Markdown say why it ended, with
the marker of the result that is missing, so they replace the comment of an earlier run.

## Code scanning and test reports

`validate`, `drift` and `fleet drift` have `--format sarif` (SARIF 2.1.0) and `--format junit`. The exit code is the
same as without. Each prints one document, also where the config is no YAML or the service does not answer.

SARIF names files from the root of the Git checkout around the config. The fingerprint of an alert is made of the rule,
the file, and the address with the field or the message, without lines and live values: an alert stays the same when
lines move. An error that is about no file is a notification, and `executionSuccessful` is false then. At most 25,000
results are written, the most serious ones, because GitHub takes no more.

In JUnit a case of `drift` is an address, and a case of `validate` a finding. A case has one `<failure>` with a line for
each value, because most readers show only the first.

## The audit file

`apply`, `renew`, `rotate` and `nightly` with `--audit FILE` append one JSON line for each event, when it happens:

| `event` | when | members beside `event`, `run` and `time` |
|---|---|---|
| `started` | before the first write | `who`, `commit`, the sandbox, `digest` of the plan, number of `steps` |
| `step-started` | before the requests of a step | `address`, `action`, `kind`, `id` |
| `step-ended` | when a step has ended | the same, and `status` |
| `ended` | at the end | those of `started`, `outcome`, and all steps as `objects` |

`backup drill --audit FILE` appends one line when it ends, also after an interrupt: `event` is `drill`, the members are
`who`, `commit`, the sandbox, `as_of` (seconds since 1970 UTC), and those of `result` in its JSON document.
`backup status` and `backup check` read these lines with `--audit FILE`, and leave out all others.

After a kill, a step that started and did not end may or may not have happened: the next plan says what is there. A file
that cannot be written is a warning, like a full stdout, stderr, `GITHUB_OUTPUT` or `GITHUB_STEP_SUMMARY`. The work goes
on, and the exit code is that of the work.

`FILE` can be a pipe or a device, such as `>(cat)` or `/dev/stdout`. exportctl never waits for a pipe that no process
reads: the lines of that time are lost, with a warning. A slow reader loses nothing. A reader that takes nothing for 30
seconds gets no more. The same is true of `GITHUB_OUTPUT` and `GITHUB_STEP_SUMMARY`. `--out` and other files that are
the result of a command end with an error then.

## Exit codes

If several apply, the first in the order 64 8 1 7 6 5 4 3 9 10 2 0 counts.

| code | meaning |
|---|---|
"""


def show_version_or_help(
    ctx: typer.Context, version: Annotated[bool, Option("--version", help="Show the version and exit.")] = False
) -> None:
    if version:
        command_context(ctx).screen.show(f"exportctl {__version__}\n")
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        command_context(ctx).screen.show(ctx.get_help() + "\n")
        raise typer.Exit(0)


@cache
def build_command() -> Any:
    """Build the tree of commands once."""
    return build_group("", SectionedGroup, show_version_or_help)


def _table_rows() -> str:
    """Return the order in which the columns of each table wrap and are left out."""
    from exportctl.output.text import backup, forecast, runs, status, tables, verify  # only this page needs them all

    columns_of = {
        "backup status": backup.COLUMNS,
        "datasets": tables.DATASET_COLUMNS,
        "forecast": forecast.COLUMNS,
        "runs": runs.COLUMNS,
        "status": status.COLUMNS,
        "verify": verify.COLUMNS,
    }
    return "".join(
        f"| `{name}` | {_titles(columns, 'wraps')} | {_titles(columns, 'dropped')} |\n"
        for name, columns in columns_of.items()
    )


def _titles(columns: Sequence[TableColumn], turn: str) -> str:
    found = sorted((column for column in columns if getattr(column, turn)), key=attrgetter(turn))
    return ", ".join(column.title for column in found) or "none"


def cli_markdown() -> str:
    """Return the text of docs/cli.md, ending in one newline. A test compares the file with it."""
    rows = "".join(f"| {code} | {exit_codes.TEXTS[code]} |\n" for code in sorted(exit_codes.TEXTS))
    return (
        _PAGE_HEAD.replace("{tables}\n", _table_rows() + "\n")
        + rows
        + "".join(_section(build_command(), "exportctl", None)).rstrip("\n")
        + "\n"
    )


def _section(command: Any, name: str, parent: Any) -> Iterator[str]:
    """Yield the section of a command and those of its subcommands."""
    with command.make_context(name, [], parent, resilient_parsing=True, terminal_width=_PAGE_WIDTH) as ctx:
        yield f"\n## {ctx.command_path}\n\n```text\n{ctx.get_help().rstrip()}\n```\n"
        for below, one in getattr(command, "commands", {}).items():
            yield from _section(one, below, ctx)
