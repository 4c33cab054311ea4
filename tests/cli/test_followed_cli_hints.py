"""What a command prints as the next step is taken, with the real command line, and then it works."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import pytest

from exportctl.cli import exit_codes
from tests.cli.command_line import CommandLine
from tests.cli.test_verify_cli import run_once_with_files
from tests.hint_words import plain

Prepare = Callable[[CommandLine], object]


@dataclass(frozen=True)
class NextStep:
    """
    A command that prints what to do next.

    `words` are what it prints; «…» marks what the steps take from there: `{0}` is the first of these. A step is a
    command line without `exportctl`, or what a person does outside of it.
    """

    command: str
    words: str
    steps: tuple[str | Prepare, ...]
    prepare: Prepare = lambda run: None
    code: int = exit_codes.USAGE
    ends: int = exit_codes.DONE


def edit(before: str, after: str) -> Prepare:
    return lambda run: run.edit(before, after)


def save_and_drift(run: CommandLine) -> None:
    run.edit("path: aep", "path: new")
    run("plan", "--out", "p.json")
    run("emulator", "ui", "path", "orders", "else/where")


def misspell_dataset(run: CommandLine) -> None:
    run.edit("datasets: [Orders]", "datasets: [Odrers]")


def create_flow_by_hand(run: CommandLine) -> None:
    with closing(run.emulator()) as emulator:
        emulator.ui.create_flow("Theirs", ["Orders"], sandbox="demo")


def import_it(run: CommandLine) -> None:
    create_flow_by_hand(run)
    run("import", "--all", "--into", "exports/new.yaml")


def move_to_production(run: CommandLine) -> None:
    run.edit("sandbox: demo", "sandbox: prod")
    run("emulator", "seed", "--from-config")


def give_key(key: str | None) -> Prepare:
    """Set the key of saved plans in the environment, or remove it."""

    def give(run: CommandLine) -> None:
        run.env.pop("EXPORTCTL_PLAN_KEY", None)
        if key is not None:
            run.env["EXPORTCTL_PLAN_KEY"] = key

    return give


def save_plan(key: str | None, later: str | None) -> Prepare:
    """Change the config and save a plan with one key, then set another one."""

    def save(run: CommandLine) -> None:
        NEW_PATH(run)
        give_key(key)(run)
        assert run("plan", "--out", "p.json").code == exit_codes.DONE
        give_key(later)(run)

    return save


def refuse_deletions(run: CommandLine) -> None:
    fault = {"effect": "status", "status": 403, "method": "DELETE", "path": "/flows/", "count": 99}
    run("emulator", "faults", "add", json.dumps(fault))


def write_a_list(run: CommandLine) -> None:
    run_once_with_files(run)
    assert run("backup", "manifest", "orders", "-o", "o.json").code == exit_codes.DONE


def edit_a_list(run: CommandLine) -> None:
    write_a_list(run)
    run.edit('"rows":', '"row":', "o.json")


KEY, OTHER_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4
NEW_PATH = edit("path: aep", "path: new")
STEPS = {
    "apply without a terminal": NextStep(
        "apply", "add «--auto-approve», or apply a saved plan", ("apply {0}",), NEW_PATH
    ),
    "apply without a terminal, by a saved plan": NextStep(
        "apply",
        "apply a saved plan: exportctl «plan --out plan.json»; exportctl «apply plan.json»",
        ("{0}", "{1}"),
        NEW_PATH,
    ),
    "a plan names its digest": NextStep(
        "plan", "To apply exactly this: exportctl «apply --only-if {digest}»", ("{0}",), NEW_PATH, exit_codes.DONE
    ),
    "a saved plan names its file": NextStep(
        "plan --out p.json", "exportctl «apply p.json»", ("{0}",), NEW_PATH, exit_codes.DONE
    ),
    "a stale saved plan": NextStep(
        "apply p.json",
        "Next, make and review a new plan:",
        ("plan --out p.json", "apply p.json"),
        save_and_drift,
        exit_codes.STALE,
    ),
    "a wrong digest": NextStep(
        "apply --only-if 0123456789abcdef",
        "make and review a new plan",
        ("plan", "apply --auto-approve"),
        NEW_PATH,
        exit_codes.STALE,
    ),
    "a saved plan that is none": NextStep(
        "show exports.yaml", "make a new plan with `exportctl «plan --out FILE»`", ("{0}", "show FILE"), code=1
    ),
    "a snapshot that is none": NextStep(
        "plan --refresh-from exports.yaml",
        "take a new one with `exportctl «snapshot --out FILE»`",
        ("{0}", "plan --refresh-from FILE"),
        code=1,
    ),
    "a plan from a snapshot cannot be saved": NextStep(
        "plan --refresh-from s.json --out p.json",
        "apply cannot use a plan from a snapshot: leave out --out",
        ("plan --refresh-from s.json",),
        lambda run: run("snapshot", "--out", "s.json"),
    ),
    "a misspelt address of a flag": NextStep(
        "apply --auto-approve --resume exports.ordres",
        "did you mean «exports.orders»?",
        ("apply --auto-approve --resume {0}",),
        lambda run: run("emulator", "ui", "disable", "orders"),
    ),
    "a target like none": NextStep(
        "plan --target zzz", "choose one of «exports.orders», exports.returns", ("plan --target {0}",)
    ),
    "runs of nothing": NextStep("runs zzz", "choose one of «exports.orders», exports.returns", ("runs {0}",)),
    "an account like none": NextStep(
        "rotate zzz --auto-approve", "choose one of «lake»", ("rotate {0} --auto-approve",), ends=5
    ),
    "an account without a secret": NextStep(
        "rotate lake --auto-approve",
        "it authenticates with role_arn: change that in the YAML and run `exportctl «apply»`",
        ("{0} --auto-approve",),
        edit("${env:LAKE_ROLE_ARN}", "arn:aws:iam::123456789012:role/new"),
        5,
    ),
    "an import of no flow": NextStep(
        "import --flow zzz",
        "list flows with `exportctl «drift»`",
        ("{0}",),
        create_flow_by_hand,
    ),
    "switches of a rehearsal alone": NextStep(
        "plan --rehearse-switch list_lag=60", "add «--rehearse»", ("plan {0} --rehearse-switch list_lag=60",)
    ),
    "no such switch of a rehearsal": NextStep(
        "plan --rehearse --rehearse-switch lag=60", "list all switches: exportctl «emulator switches show»", ("{0}",)
    ),
    "no such switch": NextStep(
        "emulator switches set lag=60", "list all switches: exportctl «emulator switches show»", ("{0}",), code=1
    ),
    "a dataset that the emulator does not have": NextStep(
        "plan",
        "to add it to the embedded emulator, run: exportctl «emulator seed --from-config»",
        ("{0}", "plan"),
        misspell_dataset,
        1,
    ),
    "an unknown dataset": NextStep(
        "plan", "run `exportctl «datasets»` to list what can be exported", ("{0}",), misspell_dataset, 1
    ),
    "no such flow": NextStep(
        "emulator ui disable zzz", "give an export's address (exports.x or x)", ("emulator ui disable orders",), code=1
    ),
    "a term like none": NextStep("explain unknwon-rule", "did you mean «unknown rule»", ("explain {0}",)),
    "an option without its value": NextStep("forecast --svg", "see `exportctl «forecast --help»`", ("{0}",)),
    "a command that does not exist": NextStep("emulator fault", "see `exportctl «emulator --help»`", ("{0}",)),
    "a probe without a terminal": NextStep(
        "probe --dataset Orders", "add «--auto-approve»", ("probe --dataset Orders {0}",)
    ),
    "a probe of a misspelt dataset": NextStep(
        "probe --dataset Odrers --auto-approve",
        'did you mean "«Orders»"?',
        ("probe --dataset {0} --auto-approve",),
        code=1,
    ),
    "a probe of no dataset": NextStep(
        "probe --dataset zzzzzz --auto-approve", "exportctl «datasets»", ("{0}",), code=1
    ),
    "a sandbox that was not probed": NextStep(
        "doctor", "exportctl «probe --dataset» NAME", ("{0} Orders --auto-approve", "doctor"), code=exit_codes.DONE
    ),
    "a config that is not valid": NextStep(
        "doctor", "run `exportctl «validate»`", ("{0}",), edit("bucket: acme-lake", "bukket: acme-lake"), 1, 1
    ),
    "a config with warnings": NextStep(
        "doctor",
        "`exportctl «validate»` shows them",
        ("{0}",),
        edit("every: 1 day", "every: 8 hours"),
        exit_codes.DONE,
    ),
    "an import into a file that exists": NextStep(
        "import --all --into exports/new.yaml",
        "choose another name",
        ("import --all --into exports/other.yaml", "validate"),
        import_it,
        1,
    ),
    "an import into a file that is not read": NextStep(
        "import --all --into elsewhere/new.yml",
        "choose «exports/new.yaml»",
        ("import --all --into {0}", "validate"),
        create_flow_by_hand,
    ),
    "an update of an account": NextStep("import --update destinations.lake", "for accounts: «drift --patch»", ("{0}",)),
    "objects of a probe that remain": NextStep(
        "probe --dataset Orders --auto-approve",
        "Run the same command again: it deletes them too.",
        (lambda run: run("emulator", "faults", "clear"), "probe --dataset Orders --auto-approve"),
        refuse_deletions,
        exit_codes.INCOMPLETE,
    ),
    "a saved plan without a signature": NextStep(
        "apply p.json",
        "make the plan where EXPORTCTL_PLAN_KEY is set, with `exportctl «plan --out» FILE`",
        ("{0} q.json", "apply q.json"),
        save_plan(None, KEY),
        exit_codes.FAILED,
    ),
    "a saved plan that another key signed": NextStep(
        "apply p.json",
        "use the key of the job that made the plan",
        (give_key(OTHER_KEY), "apply p.json"),
        save_plan(OTHER_KEY, KEY),
        exit_codes.FAILED,
    ),
    "a saved plan that another key signed, made again": NextStep(
        "apply p.json",
        "or make a new plan",
        ("plan --out p.json", "apply p.json"),
        save_plan(OTHER_KEY, KEY),
        exit_codes.FAILED,
    ),
    "an empty key of saved plans": NextStep(
        "apply p.json",
        "to work without signatures, remove the variable",
        (give_key(None), "apply p.json"),
        save_plan(None, ""),
        exit_codes.FAILED,
    ),
    "a short key of saved plans": NextStep(
        "plan --out p.json",
        "make one with `openssl rand -hex 32`, and give it as EXPORTCTL_PLAN_KEY",
        (give_key(KEY), "plan --out p.json", "apply p.json"),
        give_key("short"),
        exit_codes.FAILED,
    ),
    "storage that must be read, without an identity": NextStep(
        "verify --require-storage",
        "or leave out --require-storage",
        ("verify",),
        lambda run: run("emulator", "storage", "set", "amazon-s3", "http://127.0.0.1:1"),
        exit_codes.FAILED,
    ),
    "a list of files names what finds changes later": NextStep(
        "backup manifest orders -o o.json",
        "To find what changes later: exportctl «backup check --against o.json»",
        ("{0}",),
        run_once_with_files,
        exit_codes.DONE,
    ),
    "an edited list of files": NextStep(
        "backup check --against o.json",
        "or write a new one",
        ("backup manifest orders --out o.json", "backup check --against o.json"),
        edit_a_list,
        exit_codes.FAILED,
    ),
    "a list of an export that was not checked": NextStep(
        "backup check --target returns --against o.json",
        "leave out --target, or use the config that declares it",
        ("backup check --against o.json",),
        write_a_list,
        exit_codes.FAILED,
    ),
    "nothing to list": NextStep(
        "backup manifest orders -o o.json",
        "what the chain lacks: exportctl «backup status --target exports.orders»",
        ("{0}",),
        code=exit_codes.FAILED,
    ),
    "a probe in production": NextStep(
        "probe --dataset Orders --auto-approve",
        "probe a development sandbox, or type its name: «--sandbox prod»",
        ("probe --dataset Orders --auto-approve {0}",),
        move_to_production,
    ),
    "two documents for one stream": NextStep(
        "forecast --svg - --format json", "use «--svg» FILE", ("forecast {0} runs.svg --format json",)
    ),
    "a start exists already": NextStep(
        "init", "see what it does with `exportctl «plan»`, or choose another folder with -C DIR", ("{0}",), code=1
    ),
    "a question of an environment that is not declared": NextStep(
        "plan --env prod", "remove --env and EXPORTCTL_ENV", ("plan",), code=1
    ),
}


def printed(run: CommandLine, command: str) -> tuple[int, str]:
    ended = run(*shlex.split(command))
    return ended.code, ended.out + ended.err


@pytest.mark.parametrize("case", STEPS)
def test_the_next_step_that_a_command_prints_works(applied: CommandLine, case: str) -> None:
    """The text of a command with a gap, such as `{digest}`, is read from what it printed."""
    step = STEPS[case]
    step.prepare(applied)
    code, text = printed(applied, step.command)
    assert code == step.code, text
    pattern = re.sub(r"\\\{\w+\\\}", r"\\S+", re.escape(step.words.replace("«", "\0").replace("»", "\1")))
    found = re.search(pattern.replace("\0", "(").replace("\1", ")"), text)
    assert found, (plain(step.words), text)
    for line in step.steps:
        if not isinstance(line, str):
            line(applied)
            continue
        for number, value in enumerate(found.groups()):
            line = line.replace(f"{{{number}}}", value)
        code, text = printed(applied, line)
        is_last = line == step.steps[-1] or code
        assert code == (step.ends if is_last else exit_codes.DONE), (line, text)
