"""
Operators: each runs one command of exportctl, and maps its end to what Airflow does.

| the command | the task |
|---|---|
| did its work | succeeds |
| found drift, or runs that are not complete | fails without a retry; with `on_findings` it is skipped or succeeds |
| could not reach the service, is incomplete, met another run's lease, was interrupted | fails, and Airflow retries |
| anything else: an error of the config, a safety check, a stale plan, wrong usage | fails without a retry |

The XCom is a summary: words, counts, digests and paths. Each member is an XCom of its own, too (`multiple_outputs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from exportctl_airflow.airflow_exceptions import AirflowException, AirflowFailException, AirflowSkipException
from exportctl_airflow.hooks import DEFAULT_CONNECTION, ExportctlHook
from exportctl_airflow.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from airflow.sdk import Context

ON_FINDINGS = ("fail", "skip", "return")
FLEET = ("plan", "drift", "renew", "verify", "status")


class ExportctlOperator(BaseOperator):
    """
    The base of all operators: one project, one environment, one command.

    `project` is the folder of the config on the worker. `report` is a file for the JSON document of the command.
    """

    template_fields: Sequence[str] = (
        *("project", "environment", "files", "targets", "conn_id", "variables", "report", "arguments"),
    )
    ui_color = "#f3e9fb"
    command = ""

    def __init__(
        self,
        *,
        project: str,
        environment: str | None = None,
        files: Sequence[str] = (),
        targets: Sequence[str] | None = None,
        arguments: Sequence[str] = (),
        conn_id: str = DEFAULT_CONNECTION,
        variables: Mapping[str, str] | None = None,
        pass_env: Sequence[str] = (),
        executable: str = "exportctl",
        report: str | None = None,
        on_findings: str = "fail",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)
        super().__init__(**kwargs)
        if on_findings not in ON_FINDINGS:
            raise ValueError(f"on_findings is {on_findings!r}: choose one of {', '.join(ON_FINDINGS)}")
        self.project = project
        self.environment = environment
        self.files = files
        self.targets = targets
        self.arguments = arguments
        self.conn_id = conn_id
        self.variables = variables
        self.pass_env = pass_env
        self.executable = executable
        self.report = report
        self.on_findings = on_findings
        self._hook: ExportctlHook | None = None

    def options(self) -> list[str]:
        """Return the options of the command itself."""
        return []

    def operands(self) -> list[str]:
        """Return the words of the command that are no options. They come last, where no text can become an option."""
        return []

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the command and return its summary."""
        words = self._words()
        self._hook = self._hook or new_hook(self)
        outcome = self._hook.run(words, self.report, partial(self.log.info, "%s"))
        for line in outcome.lines():
            self.log.info("%s", line)
        self._judge(outcome)
        self.log.info("%s", outcome.reason)
        return self.summary(outcome)

    def summary(self, outcome: Outcome) -> dict[str, Any]:
        """Return what becomes the XCom."""
        return {**outcome.summary(), "report": self.report}

    def on_kill(self) -> None:
        """Ask exportctl to stop: an apply finishes the writes under way and releases its lease."""
        self._hook = self._hook or new_hook(self)  # a hook that was stopped before `execute` starts nothing
        self._hook.stop()

    def _words(self) -> list[str]:
        operands = self.operands()
        words = [*self.command.split(), *common_options(self), *self.options(), *self.arguments]
        return [*words, "--", *operands] if operands else words

    def _judge(self, outcome: Outcome) -> None:
        """Raise the exception that an end which is no success has in Airflow."""
        if outcome.verdict is Verdict.RETRY:
            raise AirflowException(outcome.reason)
        if outcome.verdict is Verdict.FOUND and self.on_findings == "skip":
            raise AirflowSkipException(outcome.reason)
        if outcome.verdict is Verdict.FAIL or (outcome.verdict is Verdict.FOUND and self.on_findings == "fail"):
            raise AirflowFailException(outcome.reason)


def new_hook(task: Any) -> ExportctlHook:
    """Return the hook of a task. It holds names; secrets are read when it runs."""
    return ExportctlHook(task.conn_id, executable=task.executable, variables=task.variables, pass_env=task.pass_env)


def common_options(task: Any) -> list[str]:
    """
    Return the options for the project, the environment, the files and the targets of a task.

    Raises:
        AirflowFailException: a value is empty, such as a template that found nothing. Without it, the command would
            mean more than the author of the DAG wrote: another environment, or every export.
    """
    environment = [] if task.environment is None else ["--env", checked_text(task, "environment")]
    files = [word for file in checked_list(task, "files") for word in ("-f", file)]
    targets = [] if task.targets is None else checked_list(task, "targets")
    if task.targets is not None and not targets:
        raise AirflowFailException("targets is empty, which names no export: leave it out for all of them")
    return ["-C", checked_text(task, "project"), *environment, *files, *(w for t in targets for w in ("--target", t))]


def checked_text(task: Any, name: str) -> str:
    """Return an argument of a task that must be text."""
    value = getattr(task, name)
    if not isinstance(value, str) or not value:
        raise AirflowFailException(f"{name} is {value!r}: give text, or leave it out. Did its template find nothing?")
    return value


def checked_list(task: Any, name: str) -> list[str]:
    """Return an argument of a task that must be a list of texts; to Python, a text is a list of its letters."""
    value = getattr(task, name)
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(one, str) and one for one in value):
        raise AirflowFailException(f"{name} is {value!r}: give a list of texts")
    return list(value)


class ExportctlPlanOperator(ExportctlOperator):
    """
    Shows what apply would change. Writes nothing.

    The XCom has `digest`, which approves this plan, and `has_changes`. `plan_file` saves the plan for workers that
    share a disk.
    """

    template_fields = (*ExportctlOperator.template_fields, "plan_file")
    command = "plan"

    def __init__(self, *, plan_file: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan_file = plan_file

    def options(self) -> list[str]:
        """Return `--detailed-exitcode`, and where to save the plan."""
        return ["--detailed-exitcode", *(["--out", self.plan_file] if self.plan_file else [])]

    def summary(self, outcome: Outcome) -> dict[str, Any]:
        """Return the summary with the digest of the plan."""
        return {
            **super().summary(outcome),
            "digest": outcome.result.get("digest"),
            "has_changes": outcome.code == 2,
            "plan_file": self.plan_file,
        }


class ExportctlApplyOperator(ExportctlOperator):
    """
    Makes the sandbox equal to the config.

    Give exactly one approval: `only_if`, the digest of a plan; `plan_file`, a saved plan; or `auto_approve=True`. With
    an approval of a plan, a retry of an incomplete apply finds the plan stale: run the DAG again.
    """

    template_fields = (*ExportctlOperator.template_fields, "only_if", "plan_file")
    command = "apply"

    def __init__(
        self,
        *,
        only_if: str | None = None,
        plan_file: str | None = None,
        auto_approve: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if [only_if is not None, plan_file is not None, auto_approve].count(True) != 1:
            raise ValueError("an apply needs exactly one of only_if, plan_file and auto_approve=True")
        self.only_if = only_if
        self.plan_file = plan_file
        self.auto_approve = auto_approve

    def options(self) -> list[str]:
        """Return the approval; an empty one, such as an XCom that is not there, approves nothing."""
        if self.auto_approve:
            return ["--auto-approve"]
        if not (self.only_if or self.plan_file):
            raise AirflowFailException("only_if or plan_file is empty: did the plan task run?")
        return ["--only-if", self.only_if] if self.only_if else []

    def operands(self) -> list[str]:
        """Return the saved plan."""
        return [self.plan_file] if self.plan_file else []


class ExportctlDriftOperator(ExportctlOperator):
    """Shows what was changed by hand in the sandbox. `fail_on` names the groups that count, as `--fail-on` does."""

    template_fields = (*ExportctlOperator.template_fields, "fail_on")
    command = "drift"

    def __init__(self, *, fail_on: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fail_on = fail_on

    def options(self) -> list[str]:
        """Return the groups of drift that count."""
        return ["--fail-on", ",".join(self.fail_on)] if self.fail_on else []


class ExportctlRenewOperator(ExportctlOperator):
    """Moves the rolling ends that are due, and nothing else."""

    command = "renew"

    def __init__(self, *, dry_run: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_show = dry_run  # `dry_run` is a method of every operator

    def options(self) -> list[str]:
        """Return `--dry-run` if it is asked for."""
        return ["--dry-run"] if self.only_show else []


class ExportctlVerifyOperator(ExportctlOperator):
    """Proves that the files of all runs since `since` arrived. Reads storage with the worker's own identity."""

    template_fields = (*ExportctlOperator.template_fields, "since")
    command = "verify"

    def __init__(
        self,
        *,
        since: str | None = None,
        deep: bool = False,
        runs_only: bool = False,
        require_storage: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.since = since
        self.deep = deep
        self.runs_only = runs_only
        self.require_storage = require_storage

    def options(self) -> list[str]:
        """Return the window, and how to read."""
        return verify_options(self)


def verify_options(task: Any) -> list[str]:
    """Return the options of `verify` of a task."""
    flags = {"--deep": task.deep, "--runs-only": task.runs_only, "--require-storage": task.require_storage}
    since = [] if task.since is None else ["--since", checked_text(task, "since")]
    return [*since, *(flag for flag, is_set in flags.items() if is_set)]


class ExportctlFleetOperator(ExportctlOperator):
    """
    Runs a command of `exportctl fleet` over a shard of many sandboxes in one process, such as `drift`.

    `where` is the folder or the fleet file, from `project`. `shards(10)` gives the values of `shard` for ten mapped
    tasks. All sandboxes use the secrets of one connection.

    The XCom has `noted`: `project`, `environment` and `files` of each sandbox with another exit code than 0, such as
    those with changes to plan. Other operators take them with `expand_kwargs`.
    """

    template_fields = (*ExportctlOperator.template_fields, "where", "shard")

    def __init__(self, *, fleet: str, where: str = ".", shard: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if fleet not in FLEET:
            raise ValueError(f"fleet is {fleet!r}: choose one of {', '.join(FLEET)}")
        self.fleet = fleet
        self.command = f"fleet {fleet}"
        self.where = where
        self.shard = shard

    def options(self) -> list[str]:
        """Return the part of the sandboxes."""
        detailed = ["--detailed-exitcode"] if self.fleet == "plan" else []
        return [*detailed, *(["--shard", checked_text(self, "shard")] if self.shard is not None else [])]

    def operands(self) -> list[str]:
        """Return where the sandboxes are."""
        return [checked_text(self, "where")]

    def summary(self, outcome: Outcome) -> dict[str, Any]:
        """Return the summary with the number of sandboxes, and those that have another code than 0."""
        rows = outcome.result.get("sandboxes", ())
        noted = [self._place(row) for row in rows if row["exit_code"]]
        return {**super().summary(outcome), "sandboxes": len(rows), "noted": noted}

    def _place(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with which another operator uses the sandbox of a row."""
        folder = str(PurePath(self.project, row["folder"]))
        return {"project": folder, "environment": row["environment"], "files": row["files"]}


def shards(count: int) -> list[str]:
    """
    Return the shards of `fleet` for `count` mapped tasks.

    Raises:
        ValueError: `count` is below 1. Airflow skips tasks that are mapped over nothing, and would check no sandbox.
    """
    if count < 1:
        raise ValueError(f"count is {count}: give the number of tasks, 1 or more")
    return [f"{index}/{count}" for index in range(1, count + 1)]
