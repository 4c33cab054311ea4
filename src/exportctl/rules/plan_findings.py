"""
What the planner finds in the live state, as rows, so that one table lists every rule id. Nothing here checks anything.

Fixed are errors, since a plan with one cannot be applied, and what makes `drift` fail by itself: a flow that is gone,
a creation half done, twins, a lost marker. Of drift only differences of fields can be accepted, by `accept`.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.errors import Level
from exportctl.rules.rule import CheckStage, Rule

# id, what, why, how to mend
_Row = tuple[str, str, str, str]

_ERRORS: tuple[_Row, ...] = (
    (
        "dataset-unknown",
        "No exportable dataset of this name",
        "A flow names datasets by id [XD-new], and none that can be exported here has this name.",
        "Take a name of `exportctl datasets`, exactly as written there.",
    ),
    (
        "dataset-ambiguous",
        "Several datasets of one name",
        "Names need not be unique; the wrong data would leave the sandbox (assumed).",
        "Pin the one you mean: `datasets: [{id: …}]`.",
    ),
    (
        "dataset-not-eligible",
        "A dataset id that cannot be exported",
        "The service's own list of exportable datasets decides which may be exported [XD-new], and it is not on it.",
        "Take an id of `exportctl datasets`; the sandbox may be another one.",
    ),
    (
        "account-not-found",
        "An account that is not there, or is there twice",
        "A destination with `account` uses a base connection made elsewhere; one of a like name is not guessed (ours).",
        "Correct `account`, name it by id, or let exportctl make one with `auth`.",
    ),
    (
        "adopt-unknown",
        "A flow to adopt that is not there",
        "Only a flow that this credential can see in this sandbox can be taken over (ours).",
        "Take the id of an unmanaged flow from `exportctl drift`.",
    ),
    (
        "reference-unset",
        "A variable that is not set",
        "What it stands for can be neither shown, nor compared, nor sent (ours).",
        "Set it where exportctl runs.",
    ),
    (
        "start-in-past",
        "A one-time export that should already have begun",
        "What the service does with a start in the past is not documented; the only run could be lost (assumed).",
        "Give it a later `start`.",
    ),
    (
        "spec-refuses",
        "A value that the live connection spec refuses",
        "The service's own template for the destination type has another type, enum or pattern for it [D]; the request"
        " would be refused. The published pattern of S3 key ids is narrower than real ones, so that one only warns.",
        "Correct the value; the message shows what is allowed.",
    ),
)

_NEWER: _Row = (
    "newer-marker",
    "An object of this project that a newer exportctl wrote",
    "Its ownership marker says more than this version can read, so a plan could undo what the newer one did (ours). All"
    " commands that read the sandbox stop here, with exit code 1; nothing is written.",
    "Upgrade exportctl wherever this project is run; `minimum_version` in the config refuses older ones sooner.",
)

_DRIFT_FAILURES: tuple[_Row, ...] = (
    (
        "flow-gone",
        "A flow that is gone, or hidden from this credential",
        "Its connections are older than a day and no flow uses them. An access label can hide a flow, so it is not made"
        " again unasked: it would send everything twice (ours).",
        "Take the export out if the flow was deleted on purpose; else `--allow-recreate ADDRESS`.",
    ),
    (
        "half-built",
        "A creation or a replacement that was interrupted",
        "Connections of the last 24 hours have no flow yet; or a flow is marked as being replaced, and may be off"
        " already, but nothing has taken its place (ours).",
        "Apply completes it. If you deleted the flow, take the export out.",
    ),
    (
        "twins",
        "Several flows at one address",
        "Each sends the same data; which one feeds somebody cannot be seen from here (ours).",
        "Say which one stays: `keep: <flow id>`. The others are deleted.",
    ),
    (
        "marker-lost",
        "A flow or an account whose description lost the owner's marker",
        "A flow is found by its connections, which still carry the marker; if theirs go too, it is nobody's. An account"
        " is found by its name, its maker and its flows (ours).",
        "Apply writes it back. Edit only the text before the marker.",
    ),
    (
        "not-comparable",
        "A flow that cannot be compared",
        "It has several connections, or one that this credential cannot see: a write laid over it would lose what is"
        " not seen (ours). A stop and its end are still looked at, since they stand on the flow itself.",
        "Give the credential access, or mend the flow in the UI; `removed` with `do: release` hands it back.",
    ),
    (
        "not-renewed",
        "A rolling end that `renew` does not look after",
        "Several flows carry the address, or the flow does not say whose it is, is about to be replaced, or shows no"
        " schedule or no end: which end is to be moved on cannot be told (ours). `renew` ends in 4.",
        "`exportctl plan` says what is wrong with the export and how to mend it.",
    ),
)

_WARNINGS: tuple[_Row, ...] = (
    (
        "marker-damaged",
        "A marker that was edited",
        "What was last applied is no longer known, so no cause of a difference can be told (ours).",
        "Apply writes it anew. Edit only the text before the marker.",
    ),
    (
        "leftovers",
        "Connections of ours without a flow",
        "Nothing declares them, and the flow may only be hidden from this credential, so they stay (ours).",
        "If the flow is gone: `removed: [{export: …, do: delete, reason: …}]` clears them away.",
    ),
    (
        "likely-rename",
        "Something to be created that looks like something no longer declared",
        "A flow under a new key is a new flow, which sends everything again; only `renamed_from` says that it is the"
        " same one. If datasets and location, title or schedule are the same, the plan points it out; it never"
        " guesses (ours).",
        "If it was renamed, write `renamed_from: KEY`; if not, say so under `removed`, or with `allow`.",
    ),
    (
        "account-in-use",
        "An account no longer declared that others use",
        "A base connection can be deleted only when nothing uses it [D].",
        "Remove or move what the message names, or hand the account over: `do: release`.",
    ),
    (
        "encryption-fixed",
        "An account encrypts otherwise than declared",
        "No way to change the encryption of an account is documented, so nothing is sent (assumed).",
        "Declare another destination with this key and move the exports there.",
    ),
    (
        "dataset-gone",
        "A dataset of a flow that is no longer exportable",
        "The flow keeps its list; what its runs do then is not documented (assumed).",
        "Take it out of the export if it was deleted.",
    ),
    (
        "dataset-name",
        "A dataset of a flow that is called otherwise now",
        "The live flow was made with the name in the YAML; the id on it is kept (ours).",
        "Write the new name, or pin the id; both change nothing.",
    ),
    (
        "expired",
        "A flow that has ended",
        "After its end a flow exports nothing, and says nothing of it [EX]. What it sends once its end is moved on is"
        " not documented: what was added since, or everything; nor are missed runs known to be caught up. In 2025 Adobe"
        " could revive lapsed flows within 30 days without loss [doc]; of ordinary ends nothing such is said.",
        "To revive it, apply a later `end` (a rolling one: apply) and read what the plan says of it. To retire it, take"
        " the export out and name it under `removed`.",
    ),
    (
        "ending",
        "A flow that ends soon",
        "Nobody is told when a flow ends [doc]. With this plan carried out it ends within the policy's `end_warning`"
        " (ours).",
        "Give it a later `end`, or let `exportctl renew` run every night for a rolling one.",
    ),
    (
        "end-stays",
        "An end that the YAML does not give",
        "No way to take an end off a flow is published (assumed: there is none), so the flow still stops then. What the"
        " YAML does not give is not compared.",
        "Write the end that the flow has, or a later one.",
    ),
    (
        "manifest-not-offered",
        "A manifest that the destination does not offer",
        "The connection spec here does not list the parameter, so it is not sent (ours).",
        "Take it out, or send it all the same with `manifest: force`.",
    ),
    (
        "place-shared-with-others",
        "A flow that is not ours writes to the same place",
        "Its files and ours lie side by side, and whoever reads the one gets the other (ours).",
        "Give one of them another path.",
    ),
    (
        "destination-limit",
        "More destinations than a sandbox may hold",
        "The limit of 100 is a hard one, over destinations of every kind [GR].",
        "Put datasets of one schedule into one export, without `split_by`.",
    ),
)


def _row(row: _Row, level: Level, *, fixed: bool) -> Rule:
    id, title, why, mend = row
    return Rule(id, level, title, why, mend, fixed=fixed, stage=CheckStage.PLAN)


RULES: tuple[Rule, ...] = (
    *(_row(row, Level.ERROR, fixed=True) for row in (*_ERRORS, _NEWER)),
    *(_row(row, Level.WARNING, fixed=True) for row in _DRIFT_FAILURES),
    *(_row(row, Level.WARNING, fixed=False) for row in _WARNINGS),
)
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
