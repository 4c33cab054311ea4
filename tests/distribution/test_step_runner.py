"""The runner of steps fails on what it does not know, and otherwise does what GitHub does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.distribution.expressions import Open, Scope, UnknownExpression, condition_holds, evaluate, fill_in
from tests.distribution.step_runner import Job, UnknownYaml, new_job, read_outputs, run_steps

SCOPE = Scope({"inputs": {"a": "yes", "on": True, "none": ""}, "github": {"event": Open({"number": None})}})


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return new_job(tmp_path / "workspace", tmp_path / "temp")


def script(name: str, run: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "run": run, "shell": "bash", **more}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.a", "yes"),
        ("inputs.a == 'YES'", True),
        ("inputs.a != 'yes'", False),
        ("inputs.none || 'other'", "other"),
        ("inputs.a && inputs.on", True),
        ("!inputs.on || (inputs.none == '' && 'it''s')", "it's"),
        ("github.event.pull_request.head", None),
        ("github.event.number == ''", True),
        ("toJSON(inputs.a)", '"yes"'),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(text: str, value: object) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(
    "text", ["inputs.b", "secrets.A", "hashFiles('x')", "inputs.a ==", "1 + 1", "inputs['a']", "inputs.a inputs.a", ""]
)
def test_an_expression_that_is_not_known_is_an_error(text: str) -> None:
    with pytest.raises(UnknownExpression):
        evaluate(text, SCOPE)


def test_text_keeps_what_is_around_an_expression() -> None:
    assert fill_in("<${{ inputs.a }}/${{ inputs.on }}>", SCOPE) == "<yes/true>"


@pytest.mark.parametrize(
    ("condition", "runs"),
    [(None, False), ("inputs.on", False), ("always()", True), ("failure() && inputs.on", True), ("success()", False)],
)
def test_after_a_failure_only_a_step_that_asks_for_it_runs(condition: str | None, runs: bool) -> None:
    assert condition_holds(condition, Scope(SCOPE.contexts, has_failed=True)) is runs
    assert condition_holds(condition, SCOPE) is (condition != "failure() && inputs.on")


def test_a_failure_skips_what_follows_and_is_the_result(job: Job) -> None:
    steps = [script("one", "exit 3"), script("two", "exit 4"), script("three", "exit 5", **{"if": "always()"})]
    done, _ = run_steps(job, steps, {}, {})

    assert done.exit_code == 3
    assert done.outcomes == {"one": "failure", "two": "skipped", "three": "failure"}


def test_a_step_sees_what_earlier_steps_wrote(job: Job) -> None:
    steps = [
        script(
            "write", 'echo x=1 >> "$GITHUB_OUTPUT"; echo Y=2 >> "$GITHUB_ENV"; echo s >> "$GITHUB_STEP_SUMMARY"', id="w"
        ),
        script("read", 'echo "$X $Y"', env={"X": "${{ steps.w.outputs.x }}${{ steps.w.outputs.missing }}"}),
    ]
    run_steps(job, steps, {}, {})

    assert (job.log, job.summary) == ("1 2\n", "s\n")


def test_the_first_command_of_a_pipe_that_fails_ends_a_script(job: Job) -> None:
    done, _ = run_steps(job, [script("pipe", "false | cat; echo reached")], {}, {})

    assert (done.exit_code, job.log) == (1, "")


def test_outputs_of_several_lines_are_read() -> None:
    assert read_outputs("a=1\nb<<END\nx=2\n\ny\nEND\nc=\n") == {"a": "1", "b": "x=2\n\ny", "c": ""}


@pytest.mark.parametrize(
    "step",
    [
        {"name": "a", "run": "true", "shell": "bash", "timeout-minutes": 1},
        {"name": "a", "run": "true", "shell": "pwsh"},
        {"name": "a", "run": "echo ${{ inputs.a }}", "shell": "bash"},
        {"name": "a", "run": "echo nonsense >> $GITHUB_OUTPUT", "shell": "bash"},
        {"name": "a", "uses": "actions/unheard-of@v1"},
        {"name": "a", "uses": "actions/cache"},
        {"name": "a", "uses": "actions/cache@v4", "with": {"paths": "x"}},
        {"name": "a"},
    ],
)
def test_what_the_runner_does_not_know_is_an_error(step: dict[str, Any], job: Job) -> None:
    with pytest.raises(UnknownYaml):
        run_steps(job, [step], {}, {})
