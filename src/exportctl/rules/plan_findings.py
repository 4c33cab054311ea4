"""
The findings of the planner in the live state as rows, so that one table has every rule id. This module checks nothing.

Errors are fixed, because apply refuses a plan with an error. Fixed are also the findings that alone make `drift` fail:
a missing flow, an incomplete creation, duplicates, a lost marker. `accept` can accept only differences of fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.errors import Level
from exportctl.rules.rule import CheckStage, Rule

# id, title, why, how to fix
_Row = tuple[str, str, str, str]

_ERRORS: tuple[_Row, ...] = (
    (
        "dataset-unknown",
        "No exportable dataset of this name",
        "A flow names datasets by id [XD-new], and no exportable dataset of this sandbox has this name.",
        "Use a name from `exportctl datasets`, exactly as written there.",
    ),
    (
        "dataset-ambiguous",
        "Several datasets of one name",
        "Names need not be unique; the wrong data would leave the sandbox (assumed).",
        "Name the right one by id: `datasets: [{id: …}]`.",
    ),
    (
        "dataset-not-eligible",
        "A dataset id that cannot be exported",
        "The service lists the exportable datasets [XD-new], and this id is not on the list.",
        "Use an id from `exportctl datasets`; check that this is the right sandbox.",
    ),
    (
        "account-not-found",
        "An account that does not exist, or exists twice",
        "A destination with `account` uses an existing base connection; exportctl does not guess it (ours).",
        "Correct `account`, name the account by id, or write `auth` and let exportctl create one.",
    ),
    (
        "adopt-unknown",
        "A flow to adopt that does not exist",
        "exportctl can adopt only a flow that this credential can see in this sandbox (ours).",
        "Use the id of an unmanaged flow from `exportctl drift`.",
    ),
    (
        "reference-unset",
        "A variable that is not set",
        "exportctl can neither compare nor send its value (ours).",
        "Set it in the environment of exportctl.",
    ),
    (
        "start-in-past",
        "A one-time export with a start in the past",
        "No documentation says what the service then does; the only run could be lost (assumed).",
        "Write a later `start`.",
    ),
    (
        "spec-refuses",
        "A value that the live connection spec refuses",
        "The service's own template for the destination type has another type, enum or pattern for it [D], so the"
        " service would refuse the request. For S3 key ids this is a warning: the published pattern is too narrow.",
        "Correct the value; the message shows the allowed values.",
    ),
)

_NEWER: _Row = (
    "newer-marker",
    "An object of this project that a newer exportctl wrote",
    "This version cannot read all of its ownership marker, so a plan could undo the work of the newer version (ours)."
    " Every command that works with markers stops with exit code 1 and writes nothing.",
    "Upgrade exportctl wherever this project runs; `minimum_version` in the config stops older versions earlier.",
)

_DRIFT_FAILURES: tuple[_Row, ...] = (
    (
        "flow-gone",
        "A flow that is deleted, or hidden from this credential",
        "Its connections are older than a day and no flow uses them. An access label can hide a flow, so exportctl does"
        " not create it again on its own: a second flow would send everything twice (ours).",
        "If the flow was deleted on purpose, remove the export; else use `--allow-recreate ADDRESS`.",
    ),
    (
        "half-built",
        "A creation or a replacement that was interrupted",
        "Connections of the last 24 hours have no flow yet; or a flow is marked for replacement (and may be disabled"
        " already), but its new flow is missing (ours).",
        "`exportctl apply` completes it. If you deleted the flow, remove the export.",
    ),
    (
        "duplicates",
        "Several flows at one address",
        "Each sends the same data, and exportctl cannot know which one a reader uses (ours).",
        "Name the flow to keep: `keep: <flow id>`. exportctl deletes the others.",
    ),
    (
        "marker-lost",
        "A flow or an account whose description lost the owner's marker",
        "exportctl finds the flow by its connections, which still have the marker; if they lose it too, the flow is"
        " unmanaged. It finds an account by its name, its creator and its flows (ours).",
        "`exportctl apply` writes the marker again. Edit only the text before the marker.",
    ),
    (
        "not-comparable",
        "A flow that cannot be compared",
        "It has several connections, or one that this credential cannot see: a write could lose the hidden part (ours)."
        " exportctl still compares its state and its end, which are on the flow itself.",
        "Give the credential access, or fix the flow in the UI; `removed` with `do: release` releases it.",
    ),
    (
        "not-renewed",
        "A rolling end that `renew` cannot renew",
        "Several flows have the address, or the flow has no marker, waits for its replacement, or shows no schedule or"
        " no end: exportctl cannot know which end to move (ours). `renew` exits with code 4.",
        "Run `exportctl plan`: it says what is wrong with the export and how to fix it.",
    ),
)

_WARNINGS: tuple[_Row, ...] = (
    (
        "marker-damaged",
        "A marker that was edited",
        "The last applied values are unknown, so differences have an unknown origin (ours).",
        "`exportctl apply` writes the marker again. Edit only the text before the marker.",
    ),
    (
        "orphans",
        "Connections of ours without a flow",
        "No export declares them, but the flow may only be hidden from this credential, so they stay (ours).",
        "If the flow is deleted, `removed: [{export: …, do: delete, reason: …}]` deletes them.",
    ),
    (
        "likely-rename",
        "A new export that looks like one that is no longer declared",
        "A flow under a new key is a new flow, which starts with a full re-export; only `renamed_from` keeps the flow."
        " exportctl warns if datasets, and location, title or schedule are equal, but never guesses (ours).",
        "If it was renamed, write `renamed_from: KEY`; if not, name the other one under `removed`, or use `allow`.",
    ),
    (
        "account-in-use",
        "An undeclared account that other flows use",
        "A base connection can be deleted only if nothing uses it [D].",
        "Remove or move what the message names, or release the account: `do: release`.",
    ),
    (
        "encryption-fixed",
        "An account whose encryption differs from the YAML",
        "No documentation says how to change the encryption of an account, so exportctl sends nothing (assumed).",
        "Declare another destination with this encryption key, and move the exports there.",
    ),
    (
        "dataset-gone",
        "A dataset of a flow that is no longer exportable",
        "The flow keeps its list; no documentation says what its runs then do (assumed).",
        "If the dataset was deleted, remove it from the export.",
    ),
    (
        "dataset-name",
        "A dataset of a flow that was renamed",
        "The live flow was created with the name in the YAML; exportctl keeps its id (ours).",
        "Write the new name, or the id; neither changes the flow.",
    ),
    (
        "expired",
        "An expired flow",
        "After its end a flow exports nothing [EX]. No documentation mentions a message, or says what the flow sends"
        " after its end was moved: the data since then, or everything. Nor does any say if it makes up for missed runs."
        " In 2025 Adobe could revive expired flows within 30 days without loss [EX]. This is not documented for"
        " ordinary ends.",
        "To revive it, apply a later `end` (a rolling end: just apply), and read what the plan says about it. To retire"
        " it, remove the export and name it under `removed`.",
    ),
    (
        "ending",
        "A flow that ends soon",
        "No documentation mentions a message when a flow ends. Even after this plan, the flow ends within the policy's"
        " `end_warning` (ours).",
        "Write a later `end`; for a rolling end, run `exportctl renew` every night.",
    ),
    (
        "undeclared-end",
        "An end that the YAML does not set",
        "No documentation says how to remove the end of a flow (assumed: there is no way), so the flow still stops at"
        " its end. exportctl does not compare what the YAML does not set.",
        "Write the end that the flow has, or a later one.",
    ),
    (
        "manifest-not-offered",
        "A manifest that the destination does not offer",
        "The live connection spec does not list the parameter, so exportctl does not send it (ours).",
        "Remove it, or send it with `manifest: force`.",
    ),
    (
        "location-shared-with-others",
        "A flow of another owner writes to the same location",
        "The files of both are in one folder, so a reader of one gets the files of the other too (ours).",
        "Change the path of one of them.",
    ),
    (
        "destination-limit",
        "More destinations than a sandbox can have",
        "The hard limit is 100, for destinations of all kinds together [GR].",
        "Put datasets of one schedule into one export, without `split_by`.",
    ),
)


def _row(row: _Row, level: Level, *, fixed: bool) -> Rule:
    id, title, why, fix = row
    return Rule(id, level, title, why, fix, fixed=fixed, stage=CheckStage.PLAN)


RULES: tuple[Rule, ...] = (
    *(_row(row, Level.ERROR, fixed=True) for row in (*_ERRORS, _NEWER)),
    *(_row(row, Level.WARNING, fixed=True) for row in _DRIFT_FAILURES),
    *(_row(row, Level.WARNING, fixed=False) for row in _WARNINGS),
)
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
