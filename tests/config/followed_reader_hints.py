"""How each hint about the YAML itself, and about what no table of mistakes has, is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.config.example_config import EXAMPLE, SMALL
from tests.config.followed_hints import Ways
from tests.hint_words import SAYS, Outside

QUOTES = 'put the value in quotes: "…"'
COLON = 'put text with a colon in quotes: "…: …"'
COLUMN = "begin the keys of one map in one column"
CLOSE = "close it"
TWICE = "inside '…' write an apostrophe twice: 'it''s'"
COMMA = "and put a comma between two entries"
TAB = "replace the tab with spaces"
FORMATS = "declare it once under `schedules`, `formats`, `datasets` or `defaults` and use its name"
TAG = "quotes make a text"
INSERT = 'and «"${env:NAME}"» or "${file:PATH}" inserts a value from outside'
ANCHOR = "declare the value once under `schedules`, `formats`, `datasets` or `defaults`"
NAME = "write `name: value`"
BRACES = "put text with braces in quotes"
EMPTY: Ways = {
    "delete the file": Outside("then there is nothing left to read"),
    "or write «`exports: {}`» to declare nothing on purpose": ("", "{0}\n"),
}
LIST_SPACE = "write `key: value`"
NOT_A_MAP = "write a colon and a space after each key: «`project: acme-exports`»"
ENV = 'and write «"${env:NAME}"»'

YAML_HINTS: Mapping[str, Ways] = {
    "an unquoted macro": {'put the value in quotes: «"%DATASET_ID%/%EXPORT_TIME%"»': ("%DATASET_ID%/x", "{0}")},
    "a macro on a line of its own": {QUOTES: ("a:\n%DATASET_ID%", 'a:\n  "%DATASET_ID%"')},
    "a YAML directive": {QUOTES: ("%YAML 1.3\n---\n", '"%YAML": 1.3\n')},
    "an at sign": {QUOTES: ("@x", '"@x"')},
    "a tab before a key": {TAB: ("\t", "  ")},
    "a tab after a value": {TAB: ("\t", "  ")},
    "an open quote": {CLOSE: ("'x", "'x'"), TWICE: ("'x", "'it''s'")},
    "a path in double quotes": {"use '…', where a backslash is only a backslash": ('"C:\\data"', "'C:\\data'")},
    "an apostrophe in quotes": {"quote the whole value": ("'it's'", '"it\'s"'), TWICE: ("'it's'", "'it''s'")},
    "text after a quote": {"quote the whole value": ('"x" y', "'\"x\" y'"), TWICE: ('"x" y', "'it''s y'")},
    "a second colon": {COLON: ("b: c", '"b: c"'), COLUMN: ("a: b: c", "a:\n  b: c")},
    "a line too far in": {COLON: ("1\n  b: 2", '"1: b: 2"'), COLUMN: ("  b", "b")},
    "a list without a space": {
        LIST_SPACE: ("-b", "b: c", "- a\n", ""),
        "and `- ` with a space in a list": ("- a\n-b", "x:\n- a\n- b"),
    },
    "a key that does not fit": {COLUMN: (" c: d", "c: d"), "and list entries with `- `": (" c: d", "  - c")},
    "a list behind its key": {"begin it on the next line": (" - b", "\n- b"), "or write […]": ("- b", "[b]")},
    "an open bracket": {"close it with «]»": ("[1,2", "[1,2{0}"), COMMA: ("[1,2", "[1,2]")},
    "an open brace": {"close it with «}»": ("{b: 1", "{b: 1{0}"), COMMA: ("1\nc: 2", "1,\n c: 2}")},
    "a reference in braces": {'put it in quotes: «"${env:NAME}"»': ("${env:X}", "{0}")},
    "GitHub's syntax in braces": {f"set an environment variable in the workflow {ENV}": ("${{ secrets.X }}", "{0}")},
    "a bad character": {"delete it": ("\x01", "")},
    "a NUL": {"delete it": ("\x00", "")},
    "nothing": EMPTY,
    "only a comment": EMPTY,
    "a list": {NOT_A_MAP: ("- a", "{0}")},
    "a text": {NOT_A_MAP: ("a:b", "{0}")},
    "a block that is none": {QUOTES: ("|x\n  y", '"|x y"'), "or look for a mistake in the line before it": ("|x", "|")},
    "a very deep list": {"look for a bracket that is not closed": ("[" * 70, "[" * 10, "]" * 70, "]" * 10)},
    "an anchor": {"remove it": ("&x ", ""), ANCHOR: ("a: &x 1", "defaults: 1")},
    "an anchor of a key": {"remove it": ("&x ", ""), ANCHOR: ("&x ", "")},
    "an alias": {FORMATS: ("*x", "x")},
    "an alias as a key": {FORMATS: ("*x ", "x")},
    "a tag": {"remove it": ("!secret ", ""), TAG: ("!secret x", '"x"'), INSERT: ("!secret x", "{0}")},
    "a standard tag": {"remove it": ("!!str ", ""), TAG: ("!!str x", '"x"'), INSERT: ("!!str x", "{0}")},
    "a tag of a map": {"remove it": ("!x ", ""), TAG: ("!x {b: 1}", '"x"'), INSERT: ("!x {b: 1}", "{0}")},
    "a key twice": {"keep one of them": ("a: 3\n", "")},
    "a second document": {
        "remove the `---`": ("---\n", ""),
        "or move the second document into its own file": ("---\nb: 2\n", ""),
    },
    "a map as a key": {NAME: ("? {a: b}\n: c", "name: c"), BRACES: ("? {a: b}\n: c", '"{a: b}": c')},
    "an empty key": {NAME: ('""', "name"), BRACES: ('""', '"{}"')},
}


@dataclass(frozen=True)
class Mistake:
    """A config with one finding; `env` and `variables` are those of the run, `then` those of the run that follows."""

    rule: str
    text: str
    ways: Ways
    env: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    then: Mapping[str, tuple[str | None, Mapping[str, str]]] = field(default_factory=dict)


def small(old: str, new: str, more: str = "") -> str:
    assert old in SMALL
    return SMALL.replace(old, new) + more


LONG = "x" * 61
SPLIT = "    split_by: dataset\n"
HOST = small("sandbox: dev", "sandbox: dev, url: https://x.io")
ALIAS = "declare a short alias under `datasets`"
USE = 'and use it in export "web"'
UNSET = small("path: exports", 'path: "${env:EXPORTCTL_VAR_P}"')
CREDENTIALS = 'credentials: {client_id: "${env:A}", client_secret: "${env:B}"}'
TOKEN = 'credentials: {client_id: "${env:A}", access_token: "${env:B}"}'


def alias_ways(name: str) -> Ways:
    used = (f"[{name}]", "[short]", SPLIT, SPLIT + f"datasets: {{short: {{name: {name}}}}}\n")
    return {ALIAS: used, f'`ALIAS: {{name: "{name}"}}`': used, USE: used}


MISTAKES: Mapping[str, Mistake] = {
    "a later date than the service shows": Mistake(
        "moment-out-of-range",
        small("2027-01-01", "9999-12-31"),
        {"write «9892-03-07» or an earlier date": ("9999-12-31", "{0}")},
    ),
    "a date before 1970": Mistake(
        "moment-out-of-range",
        small("2027-01-01", "1969-01-01"),
        {"write «1970-01-01» or a later date": ("1969-01-01", "{0}")},
    ),
    "a dataset without a letter": Mistake(
        "split-part-empty", small("[App Events]", "[日本]", SPLIT), alias_ways("日本")
    ),
    "a long address": Mistake("address-too-long", small("[App Events]", f"[{LONG}]", SPLIT), alias_ways(LONG)),
    "almost an alias": Mistake(
        "near-alias",
        small("[App Events]", "[evnts]", "datasets: {events: App Events}\n"),
        {
            'did you mean "«events»"': ("[evnts]", "[{0}]"),
            "declared at exports.yaml:14:12?": SAYS,
            "If not, write «{name: evnts}»": ("[evnts]", "[{0}]"),
        },
    ),
    "a key without a use": Mistake(
        "key-not-used",
        small("[App Events]", "[web]", "datasets: {web: {name: App Events, key: _id, combine: append}}\n"),
        {"remove `key`": ("key: _id, ", ""), "or write `combine: upsert`": ("append", "upsert")},
    ),
    "an unset variable": Mistake(
        "unset-reference",
        UNSET,
        {
            "set it before `plan`": (),
            'or write a default: "«${env:EXPORTCTL_VAR_P:-»…}"': ("${env:EXPORTCTL_VAR_P}", "{0}exports}"),
        },
        then={"set it before `plan`": (None, {"EXPORTCTL_VAR_P": "exports"})},
    ),
    "no environment": Mistake(
        "environment-needed",
        EXAMPLE,
        {"write --env NAME": (), "or set EXPORTCTL_ENV": SAYS, "the environments are dev, local, prod": SAYS},
        then={"write --env NAME": ("dev", {})},
    ),
    "a misspelt environment": Mistake(
        "unknown-environment",
        EXAMPLE,
        {'did you mean "prod"?': (), "the environments are dev, local, prod": SAYS},
        env="prd",
        then={'did you mean "prod"?': ("prod", {})},
    ),
    "an environment of a config without any": Mistake(
        "unknown-environment",
        SMALL,
        {
            "remove --env": (),
            "and EXPORTCTL_ENV": SAYS,
            "or declare it under `environments`": (
                ", sandbox: dev}",
                "}",
                "schedules:\n",
                "environments: {prod: {platform: {sandbox: dev}}}\nschedules:\n",
            ),
        },
        env="prod",
        then={"remove --env": (None, {})},
    ),
    "a host that is not listed": Mistake(
        "host-not-allowed",
        HOST,
        {"to give that host the token, set EXPORTCTL_ALLOWED_HOSTS=x.io where exportctl runs": ()},
        then={
            "to give that host the token, set EXPORTCTL_ALLOWED_HOSTS=x.io where exportctl runs": (
                None,
                {"EXPORTCTL_ALLOWED_HOSTS": "x.io"},
            )
        },
    ),
    "plain http": Mistake(
        "platform-url",
        small("sandbox: dev", "sandbox: dev, url: http://platform.adobe.io"),
        {
            "write «https://platform.adobe.io»": ("http://platform.adobe.io", "{0}"),
            "http is only for this machine («localhost», 127.0.0.1, [::1])": ("platform.adobe.io", "{0}"),
        },
    ),
    "a later exportctl": Mistake(
        "minimum-version",
        small("version: 1\n", 'version: 1\nminimum_version: "99.0"\n'),
        {
            "upgrade exportctl": Outside("the person who runs it installs a later version"),
            "this version may misread the config": SAYS,
        },
    ),
    "a version that is none": Mistake(
        "bad-value",
        small("version: 1\n", "version: 1\nminimum_version: latest\n"),
        {
            'write for example «`minimum_version: "0.2"`»': ("minimum_version: latest", "{0}"),
            "it cannot contain a reference": SAYS,
        },
    ),
    "half a credential": Mistake(
        "missing-key",
        small("sandbox: dev", 'sandbox: dev, credentials: {client_id: "${env:A}"}'),
        {
            "write client_id and client_secret": ('credentials: {client_id: "${env:A}"}', CREDENTIALS),
            "(and scopes)": SAYS,
            "or access_token and client_id": ('credentials: {client_id: "${env:A}"}', TOKEN),
        },
    ),
    "no schedule of any name": Mistake(
        "unknown-reference",
        small("schedules:\n  nightly: {every: 1 day}\n", ""),
        {"declare it under `schedules`": ("exports:\n", "schedules: {nightly: {every: 1 day}}\nexports:\n")},
    ),
    "an extended file outside": Mistake(
        "bad-extends",
        small("version: 1\n", "version: 1\nextends: [/etc/a.yaml]\n"),
        {
            "write the path of a file in this checkout, relative to this file": ("extends: [/etc/a.yaml]\n", ""),
            "for example `../exports.yaml`": SAYS,
        },
    ),
    "an extended file that is missing": Mistake(
        "extends-missing",
        small("version: 1\n", "version: 1\nextends: [base.yaml]\n"),
        {
            "correct the path": ("extends: [base.yaml]\n", ""),
            "or create the file": SAYS,  # `test_a_file_that_is_extended_can_be_created`
            "the path is relative to this file": SAYS,
        },
    ),
    "a removal like none": Mistake(
        "unknown-reference",
        EXAMPLE.replace("{web-to-lake: null}", "{zzz: null}"),
        {"remove this line": ("zzz: null", "")},
        env="dev",
    ),
    "no sandbox": Mistake(
        "missing-key",
        small(", sandbox: dev", ""),
        {"write the sandbox's name, for example «`sandbox: dev`»": ("AdobeOrg", "AdobeOrg, {0}")},
    ),
    "an environment without a sandbox": Mistake(
        "missing-key",
        EXAMPLE.replace("prod: {platform: {sandbox: prod}}", "prod: {}"),
        {
            "write «`environments: {prod: {platform: {sandbox: NAME}}}`»": (
                "prod: {}",
                "prod: {platform: {sandbox: prod}}",
            )
        },
        env="prod",
    ),
    "a sandbox in capitals": Mistake(
        "bad-value",
        small("sandbox: dev", "sandbox: DEV"),
        {"write the sandbox's name, for example «`sandbox: dev`»": ("sandbox: DEV", "{0}")},
    ),
    "a section that lost its content": Mistake(
        "empty-section",
        small("schedules:\n", "formats:\nschedules:\n"),
        {
            "delete the line": ("formats:\n", ""),
            "or write «`{}`» behind it to declare nothing on purpose": ("formats:", "formats: {0}"),
        },
    ),
    "a list that lost its content": Mistake(
        "empty-section",
        small("schedules:\n", "removed:\nschedules:\n"),
        {
            "delete the line": ("removed:\n", ""),
            "or write «`[]`» behind it to declare nothing on purpose": ("removed:", "removed: {0}"),
        },
    ),
    "an export of an overlay that lost its content": Mistake(
        "empty-declaration",
        EXAMPLE.replace("{web-to-lake: null}", "{web-to-lake: }"),
        {
            "delete the line": ("web-to-lake: }", "}"),
            "or write «`null`» behind it to remove what the layer below declares": ("lake: }", "lake: {0}}"),
        },
        env="dev",
    ),
}
