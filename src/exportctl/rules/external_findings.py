"""
The findings of other packages as rows, so that one table has every rule id. This module checks nothing.

The findings of the reader of the YAML are fixed, because exportctl cannot read such a config. Of those of the planner
in the live state the errors are fixed, because apply refuses a plan with an error, and so are the findings that alone
make `drift` or the final check fail: a missing flow, an incomplete creation, duplicates, a lost marker, orphans.
`accept` can accept only differences of fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.errors import Level
from exportctl.rules.account_findings import ACCOUNT_FINDINGS
from exportctl.rules.drift_findings import DRIFT_FAILURES
from exportctl.rules.drift_findings import Row as _Row
from exportctl.rules.file_findings import FILE_FINDINGS
from exportctl.rules.rule import CheckStage, Rule

# -- the reader of the YAML -------------------------------------------------------------------------------------------

_FILES: tuple[_Row, ...] = (
    (
        "minimum-version",
        "A config for a later exportctl",
        "`minimum_version` needs a later version. This version may misread the config, so it checks nothing else.",
        "Upgrade exportctl.",
    ),
    ("no-config", "No config in this folder", "exports.yaml is missing.", "Run `exportctl init`, or use -C or -f."),
    (
        "file-name",
        "A file or folder with another spelling",
        "exportctl reads exports.yaml and exports/**/*.yaml. It would overlook exports.yml, Exports/ or a.YAML.",
        "Rename it.",
    ),
    (
        "file-unreadable",
        "A file that cannot be read",
        "The system refused, or it is a pipe, a device, a link to nothing or a link to a folder around it.",
        "Check the path and its permissions. Replace it by a regular file.",
    ),
    (
        "file-outside",
        "A file outside the checkout",
        "A link or `extends` leads out of the Git working tree (without Git: the working folder). No review covers it.",
        "Copy the file into the checkout.",
    ),
    ("folder-given", "A folder instead of a file", "-f takes files.", "Name its files, or use -C."),
    ("file-too-large", "A file over 4 MiB", "This is the limit.", "Split it into files under exports/."),
    ("file-not-utf8", "A file that is not UTF-8", "exportctl reads only UTF-8.", "Save it as UTF-8."),
    ("control-character", "A control character", "A review cannot see it.", "Delete it."),
    ("empty-file", "A file without content", "It declares nothing.", "Add content, or delete it."),
    (
        "empty-section",
        "A section without content",
        "`exports:` above comments declares nothing: what was there before looks like exports to delete.",
        "Delete the line, or write what the hint says behind it.",
    ),
    ("not-a-map", "A file that is not a map", "The top of a config is `key: value`.", "Begin with `version: 1`."),
    ("several-documents", "Several documents in a file", "exportctl reads only one.", "Use one file for each."),
    (
        "bad-extends",
        "An extends that is not a relative path",
        "exportctl reads only files of the checkout.",
        "Write a relative path.",
    ),
    ("extends-missing", "An extends of a missing file", "exportctl cannot merge it.", "Correct the path."),
    ("extends-cycle", "Files that extend each other", "No file can be the base.", "Remove one `extends`."),
    ("declared-twice", "A name declared in two files", "One would win silently.", "Keep one, or use `extends`."),
)

_YAML: tuple[_Row, ...] = (
    ("yaml-syntax", "Text that is not YAML", "exportctl cannot read it.", "Put the value in quotes."),
    ("yaml-tab", "A tab", "YAML is indented with spaces.", "Replace it with spaces."),
    (
        "yaml-quote",
        "A quote that is never closed",
        "The rest of the file becomes text.",
        "Close it; inside '…' write '' for '.",
    ),
    ("yaml-percent", "A value that begins with %", "YAML reads it as a directive.", 'Quote it: "%DATASET_ID%".'),
    ("yaml-brace", "A reference in {…} without quotes", "YAML reads its brace as a map.", 'Write "${env:NAME}".'),
    ("yaml-bracket", "A bracket that is not closed", "The map or list has no end.", "Close it; check the commas."),
    ("yaml-colon", "A colon too many or too few", "YAML reads it as a key.", "Quote text that contains `: `."),
    (
        "yaml-indent",
        "A line that fits no map above it",
        "Its map is unclear.",
        "Begin the keys of a map in one column.",
    ),
    ("yaml-tag", "A tag (!…)", "A value of the config has one type.", "Remove it."),
    ("yaml-anchor", "An anchor (&…)", "Names replace anchors and are easier to review.", "Declare it once by name."),
    ("yaml-alias", "An alias (*…)", "Names replace aliases and are easier to review.", "Use the declared name."),
    ("duplicate-key", "A key twice in one map", "One would win silently.", "Keep one."),
    ("key-not-text", "A key that is not text", "Keys are names.", "Write `name: value`; put braces in quotes."),
    ("too-deep", "More than 64 levels", "This is the limit.", "Look for a bracket that is not closed."),
    ("github-expression", "${{ … }}", "This is GitHub's syntax.", 'Set a variable there, write "${env:NAME}" here.'),
)

_LANGUAGE: tuple[_Row, ...] = (
    ("unknown-key", "An unknown key", "exportctl would ignore a typo silently.", "Use the key that the hint names."),
    ("zone-key", "A time zone", "The service knows only UTC.", 'Convert the time: `at: "02:00"` is UTC.'),
    ("cron", "A cron expression", "The service knows no cron.", "Write `every: 3 hours` and `at`."),
    ("missing-key", "A missing key", "It has no default.", "Add it."),
    ("wrong-type", "A value of the wrong type", "For example a text instead of a list.", "See the hint."),
    ("unknown-value", "A value that is not one of the choices", "The hint lists the choices.", "Use one of them."),
    ("unknown-reference", "A name that no file declares", "It refers to nothing.", "Correct it, or declare it."),
    ("bad-value", "A value out of bounds", "The service or the storage has no such value.", "See the hint."),
    (
        "bad-name",
        "A malformed name",
        "Names are [a-z0-9][a-z0-9-]{0,47}, projects ≤ 32.",
        "Use `title` for other text.",
    ),
    (
        "empty-declaration",
        "A declaration without content",
        "It declares nothing.",
        "Add keys. In an overlay, `null` removes it.",
    ),
    ("bad-duration", "A malformed duration", "exportctl does not guess it.", "Write 180 days, 30d, 6 hours, 2 weeks."),
    ("bad-clock", "A malformed time of day", "exportctl does not guess it.", 'Write "HH:MM" in UTC.'),
    ("bad-moment", "A malformed moment", "exportctl does not guess it.", "Write 2026-12-01 or 2026-12-01T06:00:00Z."),
    (
        "moment-out-of-range",
        "A moment that exportctl cannot read from the service again",
        "exportctl reads moments from 1970 to the year 9892. It would send another one at every apply.",
        "Write the date that the message names, or one between.",
    ),
    ("naive-moment", "A date and time without an offset", "The time zone is unknown.", "Add Z or an offset."),
    (
        "bad-schedule",
        "A schedule that exportctl cannot set",
        "It sets a whole number of hours or days, and once. The service has nothing weekly and no repeated full export"
        " [XD-new] [D].",
        "Choose one of them.",
    ),
    ("bad-end", "renew_before not shorter than rolling", "Every plan would renew the end.", "Make it shorter."),
    ("rolling-end-of-once", "A rolling end on once", "Nothing would renew it.", "Remove it, or write a date."),
    (
        "dataset-declared-twice",
        "A dataset with two keys, or two ways to combine",
        "They describe the dataset, so all its entries share them. One would win silently.",
        "Keep one.",
    ),
    ("group-cycle", "Dataset groups that contain each other", "They never end.", "Remove one from the other."),
    (
        "group-too-large",
        "More datasets than one export can have",
        "10,000 datasets in one export, or a million in all, are a mistake in a group. Each check would take minutes.",
        "Split the group or the export.",
    ),
    ("split-part-empty", "A dataset without a character for its PART", "It needs an address.", "Give it an alias."),
    ("split-part-clash", "Two datasets with one PART", "They would have one address.", "Give one an alias."),
    ("address-too-long", "KEY/PART over 64 characters", "The marker has no more space.", "Give it a short alias."),
)

_REFERENCES: tuple[_Row, ...] = (
    (
        "bad-reference",
        "A malformed reference",
        "exportctl does not guess it.",
        'Write "${env:NAME}" or "${file:PATH}".',
    ),
    (
        "reference-not-allowed",
        "A variable in a plain field",
        "Output shows plain fields: a pull request could print a secret of the pipeline.",
        "Use EXPORTCTL_VAR_…, AEP_ORG_ID or AEP_SANDBOX.",
    ),
    ("secret-literal", "A secret that is not a reference", "It would be in Git.", 'Rotate it; write "${env:NAME}".'),
    ("secret-default", "A secret with a default", "The default would be the secret.", "Remove the default."),
)

_PLATFORM: tuple[_Row, ...] = (
    (
        "platform-url",
        "A malformed url",
        "exportctl sends the token there.",
        "Use https://platform.adobe.io or embedded.",
    ),
    (
        "host-not-allowed",
        "A host that is not allowed",
        "YAML must not choose it.",
        "Add it to EXPORTCTL_ALLOWED_HOSTS.",
    ),
    (
        "sandbox-in-base",
        "A sandbox beside environments",
        "All environments would use it.",
        "Move it into each of them.",
    ),
    ("environment-needed", "No environment chosen", "The config has several.", "Use --env or EXPORTCTL_ENV."),
    ("unknown-environment", "An unknown environment", "No file declares it.", "Use one that the hint lists."),
)

_IGNORED = (
    "file-ignored",
    "A file under exports/ that exportctl does not read",
    "Its name begins with a dot or does not end in .yaml, but it looks like a config file.",
    "Rename it to use it, or move it out of exports/.",
)
_NEAR_ALIAS = ("near-alias", "A dataset's name close to an alias", "Maybe a typo.", "Correct it, or write {name: …}.")
_UNUSED_KEY = (
    "key-not-used",
    "The key of a dataset that does not need it",
    "Only `combine: upsert` compares keys. Maybe `combine` is wrong.",
    "Remove the key, or correct `combine`.",
)
_UNSET = ("unset-reference", "A variable that is not set", "`plan` needs it.", "Set it, or write a default.")

# -- the planner ------------------------------------------------------------------------------------------------------

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
        "Correct `account`, name the account by id, or write `auth` instead, so that exportctl creates one.",
    ),
    (
        "adopt-unknown",
        "A flow to adopt that does not exist",
        "exportctl can adopt only a flow that this credential can see in this sandbox (ours).",
        "Use the id of an unmanaged flow from `exportctl drift`.",
    ),
    (
        "move-unknown",
        "An entry of move_from that fits no flow",
        "It names project, export and flow, so that no other flow is taken (ours).",
        "Write what the error found.",
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
        "end-before-first-run",
        "A new flow with an end before its first run",
        "It would never export anything. The service refuses such a flow when its connections exist already (assumed).",
        "Write a later `end`, or remove the export.",
    ),
    (
        "spec-refuses",
        "A value that the live connection spec refuses",
        "The service's own template for the destination type has another type, enum or pattern for it [D], so the"
        " service would refuse the request. For S3 key ids this is a warning: the published pattern is too narrow.",
        "Correct the value; the message shows the allowed values.",
    ),
    (
        "not-offered",
        "Something that the connection spec of this sandbox does not offer",
        "Adobe announced encryption on the landing zone and a service principal for Azure Blob without their names on"
        " the wire. exportctl takes the names from the live spec, and refuses before any write if the spec has none.",
        "Remove it from the destination, or ask Adobe to enable it for the sandbox.",
    ),
    (
        "newer-marker",
        "An object of this project that a newer exportctl wrote",
        "This version cannot read all of its ownership marker, so a plan could undo the work of the newer version"
        " (ours). Every command that works with markers stops with exit code 1 and writes nothing.",
        "Upgrade exportctl wherever this project runs; `minimum_version` in the config stops older versions earlier.",
    ),
)

_WARNINGS: tuple[_Row, ...] = (
    (
        "moved",
        "An export that moved to another project",
        "Another project owns its flow now. This project neither creates nor deletes it (ours).",
        "Remove the export, or its entry under `removed`; or move the flow back with `move_from`.",
    ),
    (
        "marker-damaged",
        "A marker that was edited",
        "The last applied values are unknown, so differences have an unknown origin (ours).",
        "`exportctl apply` writes the marker again. Edit only the text before the marker.",
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
        "An account with another encryption than the YAML",
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
        "destination-limit",
        "More destinations than a sandbox can have",
        "The hard limit is 100, for destinations of all kinds together [GR].",
        "Put datasets of one schedule into one export, without `split_by`.",
    ),
)


def _row(row: _Row, stage: CheckStage, level: Level = Level.ERROR, *, fixed: bool = True) -> Rule:
    id, title, why, fix = row
    return Rule(id, level, title, why, fix, fixed=fixed, stage=stage)


_READER_ROWS = (*_FILES, *_YAML, *_LANGUAGE, *_REFERENCES, *_PLATFORM, *ACCOUNT_FINDINGS)
READER_RULES: tuple[Rule, ...] = (
    *(_row(row, CheckStage.READER) for row in _READER_ROWS),
    _row(_IGNORED, CheckStage.READER, Level.WARNING),
    _row(_NEAR_ALIAS, CheckStage.READER, Level.WARNING),
    _row(_UNUSED_KEY, CheckStage.READER, Level.WARNING),
    _row(_UNSET, CheckStage.READER, Level.NOTE),
)
PLAN_RULES: tuple[Rule, ...] = (
    *(_row(row, CheckStage.PLAN) for row in _ERRORS),
    *(_row(row, CheckStage.PLAN, Level.WARNING) for row in DRIFT_FAILURES),
    *(_row(row, CheckStage.PLAN, Level.WARNING, fixed=False) for row in (*_WARNINGS, *FILE_FINDINGS)),
)
PLAN_RULES_BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in PLAN_RULES}
