"""The terms of the glossary that no enum of the code has, and other words for them. Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.resources.kinds import FLOW

TERMS: Mapping[str, str] = {
    "export": "What an entry under `exports` declares: datasets, a destination, a schedule and a format. In AEP it is"
    " one dataflow, or one for each dataset with `split_by: dataset`.",
    "dataflow": "The object in AEP that runs an export. Ids, plans and the API call it a flow. exportctl creates one"
    " for each export, with a source connection and a target connection.",
    "dataset": "A table of AEP. A config names it by an alias, by its exact name or by its id. `exportctl datasets`"
    " lists what can be exported.",
    "destination": "Where files go: an account and a location. A config declares it under `destinations`.",
    "account": "The credentials of a destination as AEP stores them. The API calls it a base connection. Several flows"
    " can use one account. `account: {existing: TITLE}` uses an account that exportctl does not manage.",
    "source connection": "The object in AEP that holds the datasets of one flow. exportctl creates it and never edits"
    " it. When the datasets of an export change, exportctl creates a new one and deletes the former one.",
    "target connection": "The object in AEP that holds the location and the file format of one flow.",
    "location": "Where the files of an export go: a bucket or a container, and a path. The fields of each destination"
    " type are in docs/configuration.md.",
    "folder": "The part of a path that AEP builds for each run from macros, such as `%DATASET_ID%/%EXPORT_TIME%`.",
    "schedule": "When an export runs: `every` (how often), `at` (the time of day in UTC), `start` (not before) and"
    " `end`.",
    "run": "One execution of a flow. `exportctl runs EXPORT` lists runs, `exportctl forecast` shows coming ones.",
    "end": "The moment after which a flow runs no more. AEP keeps the flow. If a flow shows no end, exportctl assumes"
    " six months after its creation.",
    "rolling end": "An end that exportctl moves on: `end: {rolling: 180 days, renew_before: 30 days}`. When less than"
    " `renew_before` is left, `exportctl renew` sets the end to `rolling` from today.",
    "renewal": "Moving a rolling end that is due. `exportctl renew` does only this. Renewals do not count for exit code"
    " 2 or for the digest of a plan.",
    "ownership marker": "A line of text at the end of an object's description. It says which project owns the object,"
    " which address it has, and a digest of each value last applied. So exportctl needs no state file. Do not edit it.",
    "address": "The name of a thing in the config: `exports.orders-daily`, `destinations.lake`. With `split_by:"
    " dataset` one flow is `exports.KEY/PART`.",
    "managed": "A flow is managed if it carries the ownership marker of this project. exportctl changes and deletes"
    " nothing else.",
    "orphan": "A connection of this project that no flow uses. An interrupted run can leave one. Apply deletes it when"
    " it is safe to do so.",
    "duplicate": "A second flow for one export. exportctl changes neither of them until the config says which one to"
    " keep: `keep: <flow id>`.",
    "move": "Giving a flow from one project to another, or to the new name of a project. The config of the receiver"
    " lists each flow under `move_from`; apply writes ownership markers only. The former project then says `moved`.",
    "plan": "The changes that would make the sandbox equal to the config, with the cause of each. `exportctl plan`"
    " shows it and writes nothing.",
    "saved plan": "A plan in a file, from `plan --out FILE`. It is an approval of values: `apply FILE` does exactly"
    " this, or writes nothing and exits with 6.",
    "digest": "A short hash of what a plan would write. `apply --only-if DIGEST` applies only the plan that has it.",
    "consequence": "What follows from a change, such as later folders or a full re-export. A plan shows it as a note, a"
    " warning or a cost under the change. `volume` is the size of a full export of a dataset, where it is known.",
    "full re-export": "Sending a whole dataset again, not only what is new. A plan says when a change may cause it.",
    "safety check": "Blocks a dangerous change, with exit code 5. The plan says the one edit or flag that allows"
    " exactly this change. Safety checks have no level, and `rules` and `allow` do not switch them off.",
    "final check": "After an apply, exportctl reads the sandbox again and plans again. It says `Final check: no"
    " changes.`, or it lists what remains and exits with 4.",
    "lease": "With `policy: {lease: true}`, one run at a time writes for a project. `apply`, `renew` and `rotate` take"
    " the lease before they write, and plan again under it. The lease is a connection without credentials in the"
    " sandbox, named `exportctl lease (PROJECT)`. Its description says which run has it. While that run works, another"
    " one ends with exit code 7 and names it. If that run was killed, the next one takes the lease after it saw no"
    " renewal for 90 seconds. No safety depends on the lease. Without it, two first applies at the same time may create"
    " duplicates, which the next plan reports.",
    "snapshot": "A file that holds what a plan reads from a sandbox, from `exportctl snapshot`. `plan --refresh-from"
    " SNAPSHOT` plans against it without credentials.",
    "rehearsal": "The real apply of a plan, carried out in an emulator that holds a copy of the sandbox. `plan"
    " --rehearse` does it. Nothing reaches Adobe.",
    "emulator": "A program that comes with exportctl and answers as the AEP service does. Nothing reaches Adobe. `url:"
    " embedded` in the config uses it.",
    "environment": "An overlay of the config for one sandbox, under `environments`: chosen by --env or EXPORTCTL_ENV.",
    "sandbox": "A separate area of an AEP organization with its own datasets and flows.",
    "organization": "The customer account at Adobe, such as 0123456789ABCDEF01234567@AdobeOrg.",
    "project": "The owner name in the config. exportctl writes it into the marker of everything that it creates.",
    "secret": "A value that exportctl never shows. The config holds a reference to it: `${env:NAME}`.",
    "sensitive": "A value that exportctl compares and sends but never shows. Output says `(sensitive)`.",
    "placeholder value": "A made-up value of the right form. The embedded emulator uses it for each variable that is"
    " not set.",
    "live": 'What is in the sandbox now. A comparison shows it beside the config: `live "/a", config "/b"`.',
    "config": "The YAML files of a project: exports.yaml and exports/*.yaml. `-f FILE` names other files.",
    "manifest": "A file that the service can write beside the files of a run. It lists names and sizes for `verify`.",
    "health": "The column HEALTH of `exportctl status`: one word for each export.",
    "state": "The column STATE of `exportctl status`: what the flow is, whatever its runs did.",
    "result": "The column RESULT of `exportctl verify`: one word for each dataset and expected run.",
    "column": "Other columns of tables. DUE is the time of an expected run. ROWS are what the run reports; with --deep,"
    " what the files contain. FILES and SIZE are what is in storage. WHY is the reason of a RESULT. NOTE says what"
    " needs attention. EXPORTED BY names the exports of a dataset. STARTED and TOOK are of a run.",
    "backup": "The first full export of a dataset and every later run, together. `exportctl backup status` says whether"
    " all of it is there. COVERED FROM is when its first complete run was due, COVERED TO the newest one. AGE is the"
    " time since then. RUNS counts the complete runs. `combine` says how they make one table: append or upsert.",
    "restore": "Reads a backup as one table at a moment. `rule` and `key of a row` say how, and by whom. `added` are"
    " columns that came after the first file. `fails` says what is not as the runs wrote it.",
    "drill": "`exportctl backup drill` restores backups that are chosen at random, and deletes the tables again. `last"
    " drill` and `last restored` of `backup status --audit FILE` say when that was.",
    "checked": "The last line of `verify`. It says what was checked and what was not, such as names, numbers and sizes"
    " of files, and their contents (--deep).",
    "status": "The command that shows the state of every export: its last run, its next run and its end.",
    "forecast": "The command that shows coming runs, simultaneous runs, and ends.",
    "valid": "The config has no errors. `exportctl validate` checks it for all environments, without a connection.",
    "apply": "The command that makes the sandbox equal to the config. It plans, shows the plan, asks and writes.",
    "import": "The command that writes YAML for flows that were made elsewhere. The next apply adopts them.",
    "sign": "What a plan shows before an address: `+` create, `~` update, `-/+` replace, `-` delete, `>` another verb,"
    " `!` left paused or blocked by a safety check.",
}
TERM_ALIASES: Mapping[str, tuple[str, ...]] = {
    "dataflow": (FLOW.name, "flow id"),
    "destination": ("destination type",),
    "account": ("base connection",),
    "folder": ("macro", "folder template"),
    "schedule": ("next runs", "next runs before", "next runs after", "next run", "due", "first", "last"),
    "run": ("last run", "runs", "several"),
    "end": ("ends", "days left"),
    "renewal": ("renew",),
    "ownership marker": ("marker", "owner"),
    "consequence": ("cost", "volume"),
    "safety check": ("refused", "refusal"),
    "rehearsal": ("rehearse",),
    "config": ("YAML",),
    "result": ("verdict", "verify"),
    "column": ("rows", "files", "size", "why", "note", "id", "name", "exported by", "started", "took"),
    "forecast": ("simultaneous runs",),
    "backup": ("covered from", "covered to", "age", "chain", "recovery point", "combine", "upsert"),
    "drill": ("last drill", "last restored", "not drilled", "seed"),
    "valid": ("validate",),
    "sign": ("+", "~", "-/+", "-", ">", "!"),
}
