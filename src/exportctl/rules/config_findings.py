"""
The findings of the reader of the YAML as rows, so that one table has every rule id.

`config` makes these findings; this module checks nothing. They can be neither lowered nor allowed, because exportctl
cannot read such a config.
"""

from __future__ import annotations

from exportctl.errors import Level
from exportctl.rules.rule import CheckStage, Rule

# id, title, why, how to fix
_Row = tuple[str, str, str, str]

_FILES: tuple[_Row, ...] = (
    (
        "minimum-version",
        "A config for a later exportctl",
        "`minimum_version` needs a later version. This version may misread the config, so it checks nothing else.",
        "Upgrade exportctl.",
    ),
    ("no-config", "No config in this folder", "exports.yaml is missing.", "Run `exportctl init`, or use -C or -f."),
    ("file-name", "A file ending in .yml", "exportctl reads only *.yaml.", "Rename it."),
    ("file-unreadable", "A file that cannot be read", "The system refused.", "Check the path and its permissions."),
    ("folder-given", "A folder instead of a file", "-f takes files.", "Name its files, or use -C."),
    ("file-too-large", "A file over 4 MiB", "This is the limit.", "Split it into files under exports/."),
    ("file-not-utf8", "A file that is not UTF-8", "exportctl reads only UTF-8.", "Save it as UTF-8."),
    ("control-character", "A control character", "A review cannot see it.", "Delete it."),
    ("empty-file", "A file without content", "It declares nothing.", "Add content, or delete it."),
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
    ("empty-declaration", "A declaration without content", "It declares nothing.", "Add keys; `null` is for overlays."),
    ("bad-duration", "A malformed duration", "exportctl does not guess it.", "Write 180 days, 30d, 6 hours, 2 weeks."),
    ("bad-clock", "A malformed time of day", "exportctl does not guess it.", 'Write "HH:MM" in UTC.'),
    ("bad-moment", "A malformed moment", "exportctl does not guess it.", "Write 2026-12-01 or 2026-12-01T06:00:00Z."),
    ("naive-moment", "A date and time without an offset", "The time zone is unknown.", "Add Z or an offset."),
    (
        "bad-schedule",
        "A schedule that exportctl cannot set",
        "It sets 3, 6, 9, 12 hours, 1 day and once. The service has nothing weekly and no repeated full export [XD-new]"
        " [D].",
        "Choose one of them.",
    ),
    ("bad-end", "renew_before not shorter than rolling", "Every plan would renew the end.", "Make it shorter."),
    ("rolling-end-of-once", "A rolling end on once", "Nothing would renew it.", "Remove it, or write a date."),
    ("group-cycle", "Dataset groups that contain each other", "They never end.", "Remove one from the other."),
    ("split-part-empty", "A dataset without a character for its PART", "It needs an address.", "Give it an alias."),
    ("split-part-clash", "Two datasets with one PART", "They would have one address.", "Give one an alias."),
    ("address-too-long", "KEY/PART over 64 characters", "The marker has no more space.", "Give it a short alias."),
)

_REFERENCES: tuple[_Row, ...] = (
    ("bad-reference", "A malformed reference", "exportctl does not guess it.", "Write ${env:NAME} or ${file:PATH}."),
    (
        "reference-not-allowed",
        "A variable in a plain field",
        "Output shows plain fields: a pull request could print a secret of the pipeline.",
        "Use EXPORTCTL_VAR_…, AEP_ORG_ID or AEP_SANDBOX.",
    ),
    ("secret-literal", "A secret that is not a reference", "It would be in Git.", "Rotate it; write ${env:NAME}."),
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

_ACCOUNTS: tuple[_Row, ...] = (
    ("mixed-auth", "Two ways to authenticate in one `auth`", "Only one can be sent.", "Keep the fields of one."),
    ("account-and-auth", "`auth` and `account` at once", "`auth` makes one, `account` names one.", "Keep one."),
    (
        "account-keys",
        "host, port, endpoint … beside `account`",
        "They are parameters of the base connection [XD-new], which exportctl does not change.",
        "Remove them, or write `auth`.",
    ),
    ("account-chain", "account.of a destination without account", "It owns none.", "Name the destination with `auth`."),
    (
        "account-type",
        "account.of of another type",
        "A base connection belongs to one connection spec [XD-new].",
        "Name one of the same type.",
    ),
)

_NEAR_ALIAS = ("near-alias", "A dataset's name close to an alias", "Maybe a typo.", "Correct it, or write {name: …}.")
_UNSET = ("unset-reference", "A variable that is not set", "`plan` needs it.", "Set it, or write a default.")


def _row(row: _Row, level: Level = Level.ERROR) -> Rule:
    id, title, why, fix = row
    return Rule(id, level, title, why, fix, fixed=True, stage=CheckStage.READER)


RULES: tuple[Rule, ...] = (
    *map(_row, (*_FILES, *_YAML, *_LANGUAGE, *_REFERENCES, *_PLATFORM, *_ACCOUNTS)),
    _row(_NEAR_ALIAS, Level.WARNING),
    _row(_UNSET, Level.NOTE),
)
