"""
The findings of the reader of the YAML as rows, so that one table lists every rule id.

The reader emits them; nothing here checks anything. They can be neither lowered nor allowed: what they find cannot be
read as a config.
"""

from __future__ import annotations

from exportctl.errors import Level
from exportctl.rules.rule import CheckStage, Rule

# id, what, why, how to mend
_Row = tuple[str, str, str, str]

_FILES: tuple[_Row, ...] = (
    (
        "minimum-version",
        "A config for a later exportctl",
        "`minimum_version` asks for one: this version may misread what the config says, so nothing else is looked at.",
        "Upgrade exportctl.",
    ),
    ("no-config", "No config in this folder", "There is no exports.yaml.", "`exportctl init`, -C DIR or -f FILE."),
    ("file-name", "A file ending in .yml", "Only *.yaml is read.", "Rename it."),
    ("file-unreadable", "A file that cannot be read", "The system refused.", "Look at the path and its permissions."),
    ("folder-given", "A folder in place of a file", "-f takes files.", "Name its files, or use -C."),
    ("file-too-large", "A file over 4 MiB", "No config is that large.", "Split it under exports/."),
    ("file-not-utf8", "A file that is not UTF-8", "YAML here is UTF-8 only.", "Save it as UTF-8."),
    ("control-character", "A control character", "It cannot be seen in review.", "Delete it."),
    ("empty-file", "A file without content", "It declares nothing.", "Fill it or delete it."),
    ("not-a-map", "A file that is no map", "A config is `key: value` at its top.", "Begin with `version: 1`."),
    ("several-documents", "Several documents in a file", "Only one is read.", "Use a file for each."),
    (
        "bad-extends",
        "An extends that is no path here",
        "Only files of the checkout are read.",
        "Write a relative path.",
    ),
    ("extends-missing", "An extends of a file that is not there", "It cannot be laid under.", "Correct the path."),
    ("extends-cycle", "Files that extend each other", "None can come first.", "Take one `extends` out."),
    ("declared-twice", "A name declared in two files", "One would win silently.", "Keep one, or use `extends`."),
)

_YAML: tuple[_Row, ...] = (
    ("yaml-syntax", "Text that is no YAML", "It cannot be read.", "Put the value in quotes."),
    ("yaml-tab", "A tab", "YAML is indented with blanks.", "Replace it with blanks."),
    (
        "yaml-quote",
        "A quote that is never closed",
        "What follows becomes text.",
        "Close it; '' is ' inside '…'.",
    ),
    ("yaml-percent", "A value that begins with %", "YAML takes it for a directive.", 'Quote it: "%DATASET_ID%".'),
    ("yaml-brace", "A reference in {…} without quotes", "YAML reads its brace as a map.", 'Write "${env:NAME}".'),
    ("yaml-bracket", "A bracket that is not closed", "The map or list has no end.", "Close it; look for commas."),
    ("yaml-colon", "A colon too many or too few", "YAML takes it for a key.", "Quote text that holds `: `."),
    ("yaml-indent", "A line that fits no map above it", "Its owner cannot be told.", "Begin keys in one column."),
    ("yaml-tag", "A tag (!…)", "Values have one type here.", "Take it out."),
    ("yaml-anchor", "An anchor (&…)", "Names do this job, and review can follow them.", "Declare it once by name."),
    ("yaml-alias", "An alias (*…)", "As for anchors.", "Use the name of what is declared."),
    ("duplicate-key", "A key twice in one map", "One would win silently.", "Keep one."),
    ("key-not-text", "A key that is no text", "Keys are names.", "Write `name: value`; quote braces."),
    ("too-deep", "More than 64 levels", "No config needs that.", "Look for a forgotten bracket."),
    ("github-expression", "${{ … }}", "That is GitHub's syntax.", 'Set a variable there, write "${env:NAME}" here.'),
)

_LANGUAGE: tuple[_Row, ...] = (
    ("unknown-key", "An unknown key", "A slip would be ignored silently.", "Take the name the message offers."),
    ("zone-key", "A time zone", "The service knows UTC only.", 'Convert the time: `at: "02:00"` is UTC.'),
    ("cron", "A cron expression", "The service knows none.", "Write `every: 3 hours` and `at`."),
    ("missing-key", "A missing key", "There is no sensible default.", "Add it."),
    ("wrong-type", "A value of the wrong type", "For example text where a list is needed.", "See the hint."),
    ("unknown-value", "A value that is no choice", "The choices are listed.", "Take one of them."),
    ("unknown-reference", "A name nobody declares", "Nothing can be looked up.", "Correct it, or declare it."),
    ("bad-value", "A value out of bounds", "The service or the type of storage has no such value.", "See the hint."),
    ("bad-name", "A malformed name", "Names are [a-z0-9][a-z0-9-]{0,47}, projects ≤ 32.", "Use `title` for the rest."),
    ("empty-declaration", "A declaration without content", "It says nothing.", "Fill it; `null` only in overlays."),
    ("bad-duration", "A malformed duration", "It is not guessed.", "Write 180 days, 30d, 6 hours, 2 weeks."),
    ("bad-clock", "A malformed time of day", "It is not guessed.", 'Write "HH:MM", UTC.'),
    ("bad-moment", "A malformed moment", "It is not guessed.", "Write 2026-12-01 or 2026-12-01T06:00:00Z."),
    ("naive-moment", "A date and time without an offset", "It could be any zone.", "Add Z or an offset."),
    (
        "bad-schedule",
        "A schedule the service does not have",
        "There are 3, 6, 9, 12 hours, 1 day and once; nothing weekly, no repeated full export [XD-new] [D].",
        "Choose one of them.",
    ),
    ("bad-end", "renew_before not shorter than rolling", "Every plan would renew it.", "Make it shorter."),
    ("rolling-end-of-once", "A rolling end on once", "There is nothing to renew.", "Take it out, or give a date."),
    ("group-cycle", "Dataset groups that hold each other", "They never end.", "Take one out of the other."),
    ("split-part-empty", "A dataset whose name gives no PART", "It cannot be an address.", "Give it an alias."),
    ("split-part-clash", "Two datasets with one PART", "They would be one address.", "Give one an alias."),
    ("address-too-long", "KEY/PART over 64 characters", "The marker has no more room.", "Give a short alias."),
)

_REFERENCES: tuple[_Row, ...] = (
    ("bad-reference", "A malformed reference", "It is not guessed.", "Write ${env:NAME} or ${file:PATH}; $${ is ${."),
    (
        "reference-not-allowed",
        "A variable in a plain field",
        "Plain fields are shown: a pull request could print a secret of the pipeline.",
        "Use EXPORTCTL_VAR_…, AEP_ORG_ID or AEP_SANDBOX.",
    ),
    ("secret-literal", "A secret that is no reference", "It would lie in Git.", "Rotate it; write ${env:NAME}."),
    ("secret-default", "A secret with a default", "The default would be the secret.", "Take the default out."),
)

_PLATFORM: tuple[_Row, ...] = (
    ("platform-url", "A url that is no address", "The token is sent there.", "https://platform.adobe.io or embedded."),
    ("host-not-allowed", "A host that is not allowed", "YAML must not choose it.", "EXPORTCTL_ALLOWED_HOSTS lists it."),
    ("sandbox-in-base", "A sandbox beside environments", "It would be everybody's.", "Move it into each of them."),
    ("environment-needed", "No environment chosen", "The config has several.", "--env or EXPORTCTL_ENV."),
    ("unknown-environment", "An unknown environment", "Nothing is declared for it.", "Take one that is listed."),
)

_ACCOUNTS: tuple[_Row, ...] = (
    ("mixed-auth", "Two ways to authenticate in one `auth`", "Only one can be sent.", "Keep the fields of one."),
    ("account-and-auth", "`auth` and `account` at once", "`auth` makes one, `account` names one.", "Keep one."),
    (
        "account-keys",
        "host, port, endpoint … beside `account`",
        "They are parameters of the base connection [XD-new], which is not ours to change.",
        "Take them out, or write `auth`.",
    ),
    ("account-chain", "account.of without an account of its own", "Nobody would own it.", "Name the owner itself."),
    (
        "account-type",
        "account.of of another type",
        "A base connection belongs to one connection spec [XD-new].",
        "Name one of the same type.",
    ),
)

_NEAR_ALIAS = ("near-alias", "A dataset's name close to an alias", "Maybe a slip.", "Correct it, or write {name: …}.")
_UNSET = ("unset-reference", "A variable that is not set", "`plan` will need it.", "Set it, or give a default.")


def _row(row: _Row, level: Level = Level.ERROR) -> Rule:
    id, title, why, mend = row
    return Rule(id, level, title, why, mend, fixed=True, stage=CheckStage.READER)


RULES: tuple[Rule, ...] = (
    *map(_row, (*_FILES, *_YAML, *_LANGUAGE, *_REFERENCES, *_PLATFORM, *_ACCOUNTS)),
    _row(_NEAR_ALIAS, Level.WARNING),
    _row(_UNSET, Level.NOTE),
)
