"""The general terms of the glossary. `glossary` adds the words that come from an enum of the code. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.resources.kinds import FLOW


@dataclass(frozen=True)
class Term:
    """A word that people see. `also` are other words for it that people type or see."""

    name: str
    text: str
    also: tuple[str, ...] = ()


TERMS: tuple[Term, ...] = (
    Term(
        "export",
        "What an entry under `exports` declares: datasets, a destination, a schedule and a format. In AEP it is one"
        " dataflow, or one for each dataset with `split_by: dataset`.",
    ),
    Term(
        "dataflow",
        "The object in AEP that runs an export. Ids, plans and the API call it a flow. exportctl creates one for each"
        " export, with a source connection and a target connection.",
        (FLOW.name, "flow id"),
    ),
    Term(
        "dataset",
        "A table of AEP. A config names it by an alias, by its exact name or by its id. `exportctl datasets` lists what"
        " can be exported.",
    ),
    Term(
        "destination",
        "Where files go: an account and a location. A config declares it under `destinations`.",
        ("destination type",),
    ),
    Term(
        "account",
        "The credentials of a destination as AEP stores them. The API calls it a base connection. Several flows can use"
        " one account. `account: {existing: TITLE}` uses an account that exportctl does not manage.",
        ("base connection",),
    ),
    Term(
        "source connection",
        "The object in AEP that holds the datasets of one flow. exportctl creates it and never edits it. When the"
        " datasets of an export change, exportctl creates a new one and deletes the former one.",
    ),
    Term(
        "target connection",
        "The object in AEP that holds the location and the file format of one flow.",
    ),
    Term(
        "location",
        "Where the files of an export go: a bucket or a container, and a path. The fields of each destination type are"
        " in docs/configuration.md.",
    ),
    Term(
        "folder",
        "The part of a path that AEP builds for each run from macros, such as `%DATASET_ID%/%EXPORT_TIME%`.",
        ("macro", "folder template"),
    ),
    Term(
        "schedule",
        "When an export runs: `every` (how often), `at` (the time of day in UTC), `start` (not before) and `end`.",
        ("next runs", "next run", "due", "first", "last"),
    ),
    Term(
        "run",
        "One execution of a flow. `exportctl runs EXPORT` lists runs, `exportctl forecast` shows coming ones.",
        ("last run", "runs", "several"),
    ),
    Term(
        "end",
        "The moment after which a flow runs no more. AEP keeps the flow. If a flow shows no end, exportctl assumes six"
        " months after its creation.",
        ("ends", "days left"),
    ),
    Term(
        "rolling end",
        "An end that exportctl moves on: `end: {rolling: 180 days, renew_before: 30 days}`. When less than"
        " `renew_before` is left, `exportctl renew` sets the end to `rolling` from today.",
    ),
    Term(
        "renewal",
        "Moving a rolling end that is due. `exportctl renew` does only this. Renewals do not count for exit code 2 or"
        " for the digest of a plan.",
        ("renew",),
    ),
    Term(
        "ownership marker",
        "A line of text at the end of an object's description. It says which project owns the object, which address it"
        " has, and a digest of each value last applied. With it exportctl needs no state file. Do not edit it.",
        ("marker", "owner"),
    ),
    Term(
        "address",
        "The name of a thing in the config: `exports.orders-daily`, `destinations.lake`. With `split_by: dataset` one"
        " flow is `exports.KEY/PART`.",
    ),
    Term(
        "managed",
        "A flow is managed if it carries the ownership marker of this project. exportctl changes and deletes nothing"
        " else.",
    ),
    Term(
        "orphan",
        "A connection of this project that no flow uses. An interrupted run can leave one. Apply deletes it when it is"
        " safe to do so.",
    ),
    Term(
        "duplicate",
        "A second flow for one export. exportctl changes neither of them until the config says which one to keep:"
        " `keep: <flow id>`.",
    ),
    Term(
        "plan",
        "The changes that would make the sandbox equal to the config, with the cause of each. `exportctl plan` shows it"
        " and writes nothing.",
    ),
    Term(
        "saved plan",
        "A plan in a file, from `plan --out FILE`. It is an approval of values: `apply FILE` does exactly this, or"
        " writes nothing and exits with 6.",
    ),
    Term(
        "digest",
        "A short hash of what a plan would write. `apply --only-if DIGEST` applies only the plan that has it.",
    ),
    Term(
        "consequence",
        "What follows from a change, such as later folders or a full re-export. A plan shows it as a note, a warning or"
        " a cost under the change.",
        ("cost",),
    ),
    Term(
        "full re-export",
        "Sending a whole dataset again, not only what is new. A plan says when a change may cause it.",
    ),
    Term(
        "safety check",
        "Blocks a dangerous change, with exit code 5. The plan says the one edit or flag that allows exactly this"
        " change. Safety checks have no level, and `rules` and `allow` do not switch them off.",
        ("refused", "refusal"),
    ),
    Term(
        "final check",
        "After an apply, exportctl reads the sandbox again and plans again. It says `Final check: no changes.`, or it"
        " lists what remains and exits with 4.",
    ),
    Term(
        "snapshot",
        "A file that holds what a plan reads from a sandbox, from `exportctl snapshot`. `plan --refresh-from SNAPSHOT`"
        " plans against it without credentials.",
    ),
    Term(
        "rehearsal",
        "The real apply of a plan, carried out in an emulator that holds a copy of the sandbox. `plan --rehearse` does"
        " it. Nothing reaches Adobe.",
        ("rehearse",),
    ),
    Term(
        "emulator",
        "A program that comes with exportctl and answers as the AEP service does. Nothing reaches Adobe."
        " `url: embedded` in the config uses it.",
    ),
    Term(
        "environment",
        "An overlay of the config for one sandbox, under `environments`. Choose one with --env or EXPORTCTL_ENV.",
    ),
    Term("sandbox", "A separate area of an AEP organization with its own datasets and flows."),
    Term("organization", "The customer account at Adobe, such as 0123456789ABCDEF01234567@AdobeOrg."),
    Term("project", "The owner name in the config. exportctl writes it into the marker of everything that it creates."),
    Term("secret", "A value that exportctl never shows. The config holds a reference to it: `${env:NAME}`."),
    Term(
        "sensitive",
        "A value that exportctl compares and sends but never shows. Output says `(sensitive)`.",
    ),
    Term(
        "placeholder value",
        "A made-up value of the right form. The embedded emulator uses it for each variable that is not set.",
    ),
    Term(
        "live",
        'What is in the sandbox now. A comparison shows it beside the config: `live "/a", config "/b"`.',
    ),
    Term(
        "config",
        "The YAML files of a project: exports.yaml and exports/*.yaml. `-f FILE` names other files.",
        ("YAML",),
    ),
    Term(
        "manifest",
        "A file that the service can write beside the files of a run. It lists their names and sizes. `verify` uses"
        " it.",
    ),
    Term(
        "health",
        "The column HEALTH of `exportctl status`: one word for each export.",
    ),
    Term("state", "The column STATE of `exportctl status`: what the flow is, whatever its runs did."),
    Term(
        "result",
        "The column RESULT of `exportctl verify`: one word for each dataset and expected run.",
        ("verdict", "verify"),
    ),
    Term(
        "column",
        "Other columns of tables. DUE is the time of an expected run. ROWS are what the run reports; with --deep, what"
        " the files contain. FILES and SIZE are what is in storage. WHY is the reason of a RESULT. NOTE says what needs"
        " attention. EXPORTED BY names the exports of a dataset.",
        ("rows", "files", "size", "why", "note", "id", "name", "exported by"),
    ),
    Term(
        "checked",
        "The last line of `verify`. It says what was checked and what was not, such as names, numbers and sizes of"
        " files, and their contents (--deep).",
    ),
    Term(
        "status",
        "The command that shows the state of every export: its last run, its next run and its end.",
    ),
    Term("forecast", "The command that shows coming runs, simultaneous runs, and ends.", ("simultaneous runs",)),
    Term(
        "valid",
        "The config has no errors. `exportctl validate` checks it for all environments, without a connection.",
        ("validate",),
    ),
    Term("apply", "The command that makes the sandbox equal to the config. It plans, shows the plan, asks and writes."),
    Term("import", "The command that writes YAML for flows that were made elsewhere. The next apply adopts them."),
    Term(
        "sign",
        "What a plan shows before an address: `+` create, `~` update, `-/+` replace, `-` delete, `>` another verb,"
        " `!` left paused or blocked by a safety check.",
        ("+", "~", "-/+", "-", ">", "!"),
    ),
)
