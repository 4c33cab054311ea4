"""What people type wrong: the rule, the position and the fix."""

from __future__ import annotations

import pytest

from exportctl.config import load as config
from exportctl.errors import Level
from tests.config.example_config import EXAMPLE, SMALL, finding_locations, read_project, with_destination, with_export

LAKE = 'auth: {role_arn: "${env:LAKE_ROLE_ARN}"}'
END = "end: {rolling: 180 days, renew_before: 30 days}"
AEP = "acme-aep-${env"
KEY = '"${env:PARTNER_SSH_KEY}"'

IN_THE_EXAMPLE = {  # what is replaced, by what, rule, place, words of the hint
    "the service's names of S3 keys": (LAKE, "auth: {s3Role: A}", "unknown-key", "25:12", "`role_arn`"),
    "the service's name of a bucket": ("    bucket:", "    bucketName:", "unknown-key", "23:5", "`bucket`"),
    "the service's name of an SFTP folder": ("path: /incoming", "remotePath: /in", "unknown-key", "29:5", "`path`"),
    "the service's file type": ("format: json", "datasetFileType: JSON", "unknown-key", "30:5", "format: {type"),
    "a key of another type": ("path: aep", "container: aep", "unknown-key", "24:5", "bucket, path"),
    "a misspelt key": ("    protect:", "    protct:", "unknown-key", "45:5", 'did you mean "protect"'),
    "a key like none": ("    protect:", "    zzz:", "unknown-key", "45:5", "its keys are datasets"),
    "a merge key": ("    protect: true", "    <<: x", "unknown-key", "45:5", "declare the value once"),
    "host beside the user": ("{username: acme,", "{host: x, username: a,", "unknown-key", "31:12", "beside `auth`"),
    "cron as a key": ('{every: 1 day, at: "02:00"}', '{cron: "0 2 * * *"}', "cron", "17:13", "every: 3 hours"),
    "cron as a schedule": ('{every: 1 day, at: "02:00"}', '"0 2 * * *"', "cron", "17:12", "every: 3 hours"),
    "cron as a name": ("schedule: frequent", 'schedule: "0 2 * * *"', "cron", "40:56", "every: 3 hours"),
    "cron as every": ("every: 3 hours", 'every: "@daily"', "cron", "18:21", "every: 3 hours"),
    "ninety minutes": ("every: 3 hours", "every: 90 minutes", "bad-schedule", "18:21", "whole hours"),
    "half an hour": ("every: 3 hours", "every: 30 min", "bad-schedule", "18:21", "shortest"),
    "a century": ("every: 3 hours", "every: 40000 days", "bad-schedule", "18:21", "10000 is the largest number"),
    "hourly": ("every: 3 hours", "every: hourly", "bad-schedule", "18:21", "`1 hour`"),
    "a week": ("every: 3 hours", "every: 1 week", "bad-schedule", "18:21", "weekly"),
    "daily": ("every: 3 hours", "every: daily", "bad-schedule", "18:21", "`1 day`"),
    "rubbish as every": ("every: 3 hours", "every: often", "bad-schedule", "18:21", "the intervals are 1 hour"),
    "a time zone": ('at: "02:00"}', 'at: "02:00", tz: CET}', "zone-key", "17:40", "UTC"),
    "a time in a zone": ('at: "02:00"}', 'at: "02:00 CET"}', "bad-clock", "17:31", "no time zones"),
    "a late hour": ('at: "02:00"}', 'at: "24:00"}', "bad-clock", "17:31", "00:00 to 23:59"),
    "an unknown destination": ("destination: partner", "destination: partnr", "unknown-reference", "43:18", "26:3"),
    "an unknown default": ("  destination: lake", "  destination: laek", "unknown-reference", "8:16", "21:3"),
    "an unknown schedule": ("schedule: frequent", "schedule: frequnt", "unknown-reference", "40:56", "18:3"),
    "an unknown format": ("format: parquet-man", "format: parket-man", "unknown-reference", "39:65", "14:3"),
    "a misspelt built-in format": ("    format: json", "    format: jsn", "unknown-reference", "30:13", '"json"'),
    "a format that does not exist": ("    format: json", "    format: csv", "unknown-reference", "30:13", "json, p"),
    "how often instead of a name": ("schedule: frequent", "schedule: once", "unknown-reference", "40:56", "every: o"),
    "an unknown environment of an export": ("[prod]", "[prd]", "unknown-reference", "44:20", '"prod"'),
    "an environment like none": ("[prod]", "[zzz]", "unknown-reference", "44:20", "dev, local, prod"),
    "a removal of nothing": ("{web-to-lake: null}", "{web-to-lak: null}", "unknown-reference", "49:45", "web-to"),
    "GitHub's syntax": ('"${env:LAKE_ROLE_ARN}"', '"${{ secrets.X }}"', "github-expression", "25:22", "${env:NAME}"),
    "GitHub's syntax unquoted": ('"${env:LAKE_ROLE_ARN}"', "${{ s }}", "github-expression", "25:23", "${env:NAME}"),
    "an unquoted reference in braces": ('"${env:LAKE_ROLE_ARN}"', "${env:X}", "yaml-brace", "25:23", "quotes"),
    "an unquoted macro": ("    protect: true", "    folder: %DATASET_ID%", "yaml-percent", "45:13", '"%DATASET_ID%'),
    "a secret written down": (KEY, "abcdefghijk", "secret-literal", "31:41", "in Git now"),
    "a number as a secret": (KEY, '"x${env:A}"', "secret-literal", "31:41", "in Git now"),
    "a secret with a default": (KEY, '"${env:A:-b}"', "secret-default", "31:41", "${env:A}"),
    "a secret named after the sandbox": (KEY, '"${sandbox}"', "secret-literal", "31:41", "${env:NAME}"),
    "a CI secret in a bucket": (AEP, "a-${env:AWS_SECRET} ${env", "reference-not-allowed", "23:13", "EXPORTCTL_VAR_"),
    "a file in a bucket": (AEP, "a-${file:x} ${env", "reference-not-allowed", "23:13", "EXPORTCTL_VAR_"),
    "a reference of no kind": ("${environment}", "${BUCKET}", "bad-reference", "23:13", "${env:BUCKET}"),
    "a reference left open": ("${environment}", "${environment", "bad-reference", "23:13", "end it with }"),
    "a nested reference": ("${environment}", "${env:A:-${env:B}}", "bad-reference", "23:13", "one variable"),
    "two ways to sign in": (LAKE, "auth: {role_arn: a, access_key_id: b}", "mixed-auth", "25:5", "or access_key_id"),
    "half a key": (LAKE, "auth: {access_key_id: b}", "missing-key", "25:5", "secret_access_key"),
    "no auth": (LAKE, "", "missing-key", "21:3", "role_arn, or"),
    "an empty auth": (LAKE, "auth: {}", "bad-value", "25:11", "for example"),
    "only options in auth": (LAKE, "auth: {secret_version: 1}", "missing-key", "25:5", "role_arn, or"),
    "an unknown type": ("type: amazon-s3", "type: s3", "unknown-value", "22:11", '"amazon-s3"'),
    "a type like none": ("type: amazon-s3", "type: mainframe", "unknown-value", "22:11", "amazon-s3, azure-blob"),
    "a reference for a file type": (
        "{type: parquet, c", '{type: "${env:T}", c', "reference-not-allowed", "14:28", "EXPORTCTL_VAR_T"
    ),
    "no type": ("    type: amazon-s3\n", "", "missing-key", "21:3", "the types are amazon-s3"),
    "no bucket": ("    bucket: acme-aep-${environment}\n", "", "missing-key", "21:3", "3-63"),
    "yes for true": ("protect: true", "protect: yes", "wrong-type", "45:14", "write true or false"),
    "a reference for true": ("protect: true", 'protect: "${env:P}"', "wrong-type", "45:14", "reference"),
    "a text for a list": ("datasets: [Orders]", "datasets: Orders", "wrong-type", "42:15", "[Orders]"),
    "a number for a name": ("datasets: [Orders]", "datasets: [2024]", "wrong-type", "42:16", '"2024"'),
    "nothing in a list": ("datasets: [Orders]", "datasets: [null]", "wrong-type", "42:16", "for example"),
    "an empty list": ("datasets: [Orders]", "datasets: []", "bad-value", "42:15", "for example"),
    "a list for a map": ("{within: 2 hours, non_empty: true}", "[x]", "wrong-type", "46:13", "within: 2 hours"),
    "a naive moment": (END, "end: 2026-12-01T10:00", "naive-moment", "11:8", "Z"),
    "a date that is none": (END, "end: 2026-02-30", "bad-moment", "11:8", "2026"),
    "no end in other words": (END, "end: never", "bad-moment", "11:8", "`none` for no end"),
    "no end, spelled otherwise": (END, "end: None", "bad-moment", "11:8", "`none` for no end"),
    "a start of none": ('at: "02:00"}', 'at: "02:00", start: none}', "bad-moment", "17:47", "write a date"),
    "a second too much": ('at: "02:00"}', 'at: "02:00:60"}', "bad-clock", "17:31", "seconds"),
    "months": ("rolling: 180 days", "rolling: 6 months", "bad-duration", "11:18", "days"),
    "a renewal after the end": ("renew_before: 30 days", "renew_before: 300 days", "bad-end", "11:3", "for example"),
    "a rolling end of nothing": ("rolling: 180 days", "rolling: 0 days", "bad-end", "11:3", "for example"),
    "a rolling end of a schedule that runs once": (
        "every: 3 hours", "every: once, end: {rolling: 9 days}", "rolling-end-of-once", "18:32", "a date"),
    "a capital in a name": ("  orders-to-partner:", "  Orders:", "bad-name", "41:3", "`title`"),
    "another version": ("version: 1", "version: 2", "unknown-value", "2:10", "version: 1"),
    "a version in quotes": ("version: 1", 'version: "1"', "wrong-type", "2:10", "remove the quotes: 1"),
    "a long project": ("acme-exports  ", "a" * 33 + "  ", "bad-name", "3:10", "for example"),
    "another organisation": ("0123456789ABCDEF01234567@AdobeOrg", "acme", "bad-value", "5:26", ""),
    "a sandbox of all environments": ("AdobeOrg}", "AdobeOrg, sandbox: x}", "sandbox-in-base", "5:61", "environments"),
    "the project of an environment": ("sandbox: prod}", "sandbox: prod}, project: x", "unknown-key", "50:37", ""),
    "a clash of parts": ("[Orders, Order L", "[Orders, orders, Order L", "split-part-clash", "36:19", "alias"),
    "one key twice": ("  shared:", "  lake:", "duplicate-key", "32:3", "keep one"),
    "an unlisted host": ("sandbox: prod", "sandbox: prod, url: https://x.io", "host-not-allowed", "50:41", "x.io"),
    "no address": ("sandbox: prod", "sandbox: prod, url: a.example", "platform-url", "50:41", "embedded"),
    "an unknown text": ("project: acme-exports", "project: ${project}", "bad-reference", "3:10", "itself"),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_THE_EXAMPLE)
def test_one_mistake_is_one_finding_at_its_place(case: str) -> None:
    found, instead, rule, place, hint = IN_THE_EXAMPLE[case]
    assert found in EXAMPLE
    made, findings = read_project(EXAMPLE.replace(found, instead, 1), env="prod" if "removal" not in case else "dev")
    assert made is None
    assert [(rule, f"exports.yaml:{place}")] == finding_locations(findings)
    assert hint in (findings[0].hint or "")


AUTH = 'auth: {username: u, password: "${env:P}"}'
SP = 'auth: {tenant_id: t, client_id: c, client_secret: "${env:S}"}'
DESTINATIONS = {  # body, then (rule, column on line 6)
    "auth of a landing zone": ("{type: data-landing-zone, path: p, auth: {username: u}}", [("unknown-key", 45)]),
    "a principal without its account": (f"{{type: azure-blob, container: abc, path: p, {SP}}}", [("missing-key", 3)]),
    "an account beside a connection string": (
        '{type: azure-blob, storage_account: acme, container: abc, path: p, auth: {connection_string: "${env:C}"}}',
        [("account-keys", 29)]),
    "no host": (f"{{type: sftp, path: p, {AUTH}}}", [("missing-key", 3)]),
    "a port too high": (f"{{type: sftp, host: h, port: 70000, path: p, {AUTH}}}", [("bad-value", 38)]),
    "a port in words": (f"{{type: sftp, host: h, port: ssh, path: p, {AUTH}}}", [("bad-value", 38)]),
    "both auth and account": (f"{{type: sftp, path: p, {AUTH}, account: {{id: x}}}}", [("account-and-auth", 32)]),
    "a host of another's account": ("{type: sftp, host: h, path: p, account: {id: x}}", [("account-keys", 23)]),
    "two forms of account": ("{type: sftp, path: p, account: {id: x, of: zone}}", [("bad-value", 41)]),
    "an account of no destination": ("{type: sftp, path: p, account: {of: zoen}}", [("unknown-reference", 41)]),
    "its own account": ("{type: sftp, path: p, account: {of: other}}", [("account-chain", 41)]),
    "an account of another type": ("{type: sftp, path: p, account: {of: zone}}", [("account-type", 41)]),
    "an endpoint that is none": (f"{{type: azure-data-lake, endpoint: x, path: p, {SP}}}", [("bad-value", 44)]),
    "an endpoint and a container": (
        f'{{type: azure-data-lake, endpoint: "abfss://aaa@bbb.dfs.core.windows.net", container: c, path: p, {SP}}}',
        [("bad-value", 84)]),
    "a lake without an account": (f"{{type: azure-data-lake, path: p, {SP}}}", [("missing-key", 3)]),
    "a lake without a container": (
        f"{{type: azure-data-lake, storage_account: a, path: p, {SP}}}", [("missing-key", 3)]),
    "an encryption without a key": (
        "{type: amazon-s3, bucket: abc, auth: {role_arn: r}, encryption: {}}", [("missing-key", 74)]),
    "a bad reference in what is sensitive": (
        '{type: amazon-s3, bucket: abc, auth: {role_arn: "${MY}"}}', [("bad-reference", 58)]),
    "a field of another type": ("{type: sftp, host: h, path: p, auth: {role_arn: r}}", [("unknown-key", 48)]),
    "an account of nothing": ("{type: sftp, path: p, account: {of: null}}", [("missing-key", 32)]),
    "an encryption of nothing": (
        "{type: amazon-s3, bucket: abc, auth: {role_arn: r}, encryption: {public_key: null}}", [("missing-key", 62)]),
    "an old name that is an address": (
        "{type: amazon-s3, bucket: abc, auth: {role_arn: r}, renamed_from: destinations.lake}", [("bad-name", 76)]),
    "an environment in what is sensitive": (
        '{type: amazon-s3, bucket: abc, auth: {role_arn: "${environment}"}}', [("bad-reference", 58)]),
}  # fmt: skip


@pytest.mark.parametrize("case", DESTINATIONS)
def test_a_wrong_destination_is_found_at_its_place(case: str) -> None:
    body, expected = DESTINATIONS[case]
    made, findings = read_project(with_destination(body))
    assert made is None
    assert [(rule, f"exports.yaml:6:{column}") for rule, column in expected] == finding_locations(findings)


def test_one_old_name_is_asked_for_in_the_words_of_a_name() -> None:
    _, (finding,) = read_project(with_export("renamed_from: {app-events: b}"))
    assert finding.message == '"renamed_from" of export "web" must be one key: only a split export has parts'
    assert finding.hint == "write renamed_from: KEY, or add `split_by: dataset`"
    _, (finding,) = read_project(with_export("split_by: dataset\nrenamed_from: a/b"))
    assert finding.hint == "write the KEY of the whole, or name the part that continues it: `{PART: a/b}`"


def test_a_shared_account_must_be_the_first_ones() -> None:
    text = with_destination("{type: sftp, path: p, account: {of: third}}")
    text = text.replace("schedules:\n", "  third: {type: sftp, path: p, account: {of: zone}}\nschedules:\n")
    _, findings = read_project(text)
    assert finding_locations(findings) == [
        ("account-chain", "exports.yaml:6:41"),
        ("account-type", "exports.yaml:7:41"),
    ]
    assert findings[0].hint == "write `of: zone`"


EXPORTS = {  # further keys of the export, then (rule, line:column)
    "one id for many parts": ("split_by: dataset\nadopt: f-1", [("wrong-type", "15:12")]),
    "parts of what is whole": ("adopt: {a: f-1}", [("wrong-type", "14:12")]),
    "a part that does not exist": ("split_by: dataset\nadopt: {app-event: f-1}", [("unknown-reference", "15:13")]),
    "a part like none": ("split_by: dataset\nkeep: {zzz: f-1}", [("unknown-reference", "15:12")]),
    "a new name from a part, split": ("split_by: dataset\nrenamed_from: a/b", [("bad-name", "15:19")]),
    "a new name for each part, of what is whole": ("renamed_from: {a: b}", [("wrong-type", "14:19")]),
    "a new name for a part that does not exist": (
        "split_by: dataset\nrenamed_from: {zzz: a}",
        [("unknown-reference", "15:20")],
    ),
    "a part renamed from no key": ("split_by: dataset\nrenamed_from: {app-events: a.b}", [("bad-name", "15:32")]),
    "an old name with a dot": ("renamed_from: exports.web", [("bad-name", "14:19")]),
    "an environment where there are none": ("environments: [prod]", [("unknown-reference", "14:20")]),
    "an allowance without a reason": ("allow: [{rule: x}]", [("missing-key", "14:13")]),
    "a former schedule without an interval": (
        "former_schedules: [{until: 2026-03-01}]",
        [("missing-key", "14:24")],
    ),
    "a former schedule without its end": ("former_schedules: [{every: 1 day}]", [("missing-key", "14:24")]),
    "a former schedule that does not exist": (
        "former_schedules: [{until: 2026-03-01, every: 90 minutes}]",
        [("bad-schedule", "14:51")],
    ),
    "a former location with a subpath": (
        "former_locations: [{until: 2026-03-01, subpath: a, folder: x}]",
        [("unknown-key", "14:44")],
    ),
    "a former location without its end": ("former_locations: [{path: a}]", [("missing-key", "14:24")]),
    "a former location that states nothing": ("former_locations: [{until: 2026-03-01}]", [("missing-key", "14:24")]),
    "a former location until a time without a zone": (
        "former_locations: [{until: 2026-03-01T02:00, path: a}]",
        [("naive-moment", "14:32")],
    ),
    "an expectation in months": ("expect: {within: 1 month}", [("bad-duration", "14:22")]),
    "an empty title": ('title: ""', [("bad-value", "14:12")]),
    "a rolling schedule in place": ("format: {compression: gzip}", [("missing-key", "14:13")]),
}


@pytest.mark.parametrize("case", EXPORTS)
def test_a_wrong_export_is_found_at_its_place(case: str) -> None:
    more, expected = EXPORTS[case]
    made, findings = read_project(with_export(more))
    assert made is None
    assert [(rule, f"exports.yaml:{place}") for rule, place in expected] == finding_locations(findings)


TOPS = {  # further keys of the config, then (rule, line:column)
    "a removal of two things": (
        "removed: [{export: a, destination: b, do: delete, reason: r}]", [("missing-key", "14:11")]),
    "a removal of nothing": ("removed: [{do: delete, reason: r}]", [("missing-key", "14:11")]),
    "a removal with an unknown action": ("removed: [{export: a, do: drop, reason: r}]", [("unknown-value", "14:27")]),
    "a removal of an address": ("removed: [{export: exports.a, do: delete, reason: r}]", [("bad-name", "14:20")]),
    "an acceptance of no address": (
        "accept: [{address: web, field: f, reason: r, owner: o, until: 2027-01-01}]", [("bad-name", "14:20")]),
    "an acceptance for good with a blank reason": (
        "accept: [{address: exports.web, field: f, reason: ' ', owner: o, until: never}]", [("bad-value", "14:51")]),
    "an acceptance for good with an empty reason": (
        "accept: [{address: exports.web, field: f, reason: '', owner: o, until: never}]", [("bad-value", "14:51")]),
    "an acceptance for good without a reason": (
        "accept: [{address: exports.web, field: f, owner: o, until: never}]", [("missing-key", "14:10")]),
    "an acceptance without an end": (
        "accept: [{address: exports.web, field: f, reason: r, owner: o}]", [("missing-key", "14:10")]),
    "a rule off without a reason": ("rules: {some-rule: {level: off}}", [("missing-key", "14:9")]),
    "a dataset without a name": ("datasets: {orders: {key: _id}}", [("missing-key", "14:20")]),
    "a way to combine that does not exist": (
        "datasets: {orders: {name: Orders, combine: upsrt}}", [("unknown-value", "14:44")]),
    "a way to combine like none": ("datasets: {orders: {name: Orders, combine: last}}", [("unknown-value", "14:44")]),
    "an empty key of rows": ('datasets: {orders: {name: Orders, key: ""}}', [("bad-value", "14:40")]),
    "a key of rows without a level": ("datasets: {orders: {name: Orders, key: _acme..id}}", [("bad-value", "14:40")]),
    "two keys of one dataset": (
        "datasets: {a: {name: Orders, key: _id}, b: [{id: x, name: Orders, key: id}]}",
        [("dataset-declared-twice", "14:72")]),
    "two ways to combine one dataset": (
        "datasets: {a: {id: x, combine: upsert}, b: {id: x, combine: append}}", [("dataset-declared-twice", "14:61")]),
    "a group in itself": ("datasets: {a: [b], b: [a]}", [("group-cycle", "14:12")]),
    "a group in itself, in use": ("datasets: {App Events: [App Events, b]}", [("bad-name", "14:12")]),
    "an end of nothing": ("defaults: {end: {rolling: null}}", [("missing-key", "14:12")]),
    "a freeze without an end": (
        "policy: {freeze: [{name: a, reason: r, from: 2026-12-20}]}", [("missing-key", "14:19")]),
    "a freeze without a beginning": (
        "policy: {freeze: [{name: a, reason: r, until: 2026-12-20}]}", [("missing-key", "14:19")]),
    "a freeze that ends before it begins": (
        "policy: {freeze: [{name: a, reason: r, from: 2026-12-20, until: 2026-12-19}]}", [("bad-value", "14:65")]),
    "a freeze without a reason": (
        "policy: {freeze: [{name: a, from: 2026-12-20, until: 2026-12-24}]}", [("missing-key", "14:19")]),
    "two freezes of one name": (
        "policy: {freeze: [{name: a, reason: r, weekdays: [fri]}, {name: a, reason: r, weekdays: [sat]}]}",
        [("bad-value", "14:65")]),
    "a freeze with a name of capitals": (
        "policy: {freeze: [{name: Year End, reason: r, weekdays: [fri]}]}", [("bad-name", "14:26")]),
    "a weekly freeze with a beginning only": (
        'policy: {freeze: [{name: a, reason: r, weekdays: [fri], from: "16:00"}]}', [("missing-key", "14:63")]),
    "a weekly freeze with a date": (
        'policy: {freeze: [{name: a, reason: r, weekdays: [fri], from: 2026-12-20, until: "20:00"}]}',
        [("bad-clock", "14:63")]),
    "a freeze of the whole week": (
        "policy: {freeze: [{name: a, reason: r, weekdays: [mon, tue, wed, thu, fri, sat, sun]}]}",
        [("bad-value", "14:50")]),
    "an unknown day": (
        "policy: {freeze: [{name: a, reason: r, weekdays: [friday]}]}", [("unknown-value", "14:51")]),
    "a distance that is no duration": ("policy: {run_distance: half an hour}", [("bad-duration", "14:24")]),
    "a negative number": ("policy: {max_deletes: -1}", [("bad-value", "14:23")]),
    "a format of no type": ("formats: {x: {compression: gzip}}", [("missing-key", "14:14")]),
    "a name without anything": ("formats: {x: }", [("empty-declaration", "14:11")]),
    "a schedule without an interval": ("defaults: {schedule: {at: '02:00'}}", [("missing-key", "14:12")]),
}  # fmt: skip


@pytest.mark.parametrize("case", TOPS)
def test_a_wrong_section_is_found_at_its_place(case: str) -> None:
    more, expected = TOPS[case]
    made, findings = read_project(f"{SMALL}{more}\n")
    assert made is None
    assert [(rule, f"exports.yaml:{place}") for rule, place in expected] == finding_locations(findings)


def test_a_rolling_end_of_a_one_time_export_is_refused() -> None:
    _, findings = read_project(SMALL.replace("1 day", "once").replace("end: 2027-01-01", "end: {rolling: 9 days}"))
    assert finding_locations(findings) == [("rolling-end-of-once", "exports.yaml:13:10")]


def test_credentials_are_complete_and_never_literal() -> None:
    for body, rule in (
        ('{client_id: "${env:A}"}', "missing-key"),
        ('{client_id: "${env:A}", client_secret: hunter22}', "secret-literal"),
        ('{client_id: 12345678, client_secret: "${env:B}"}', "wrong-type"),
    ):
        _, findings = read_project(SMALL.replace("sandbox: dev}", f"sandbox: dev, credentials: {body}}}"))
        assert [rule] == [f.rule for f in findings]
        assert "hunter22" not in str(findings[0])


def test_a_dataset_without_a_letter_needs_an_alias() -> None:
    _, findings = read_project(SMALL.replace("[App Events]", "[日本]") + "    split_by: dataset\n")
    assert finding_locations(findings) == [("split-part-empty", "exports.yaml:10:16")]


def test_an_address_has_at_most_64_characters() -> None:
    name = "x" * 61
    _, findings = read_project(SMALL.replace("[App Events]", f"[{name}]") + "    split_by: dataset\n")
    assert finding_locations(findings) == [("address-too-long", "exports.yaml:10:16")]
    assert "ALIAS" in str(findings[0].hint)


def test_a_name_that_looks_like_an_alias_is_a_warning() -> None:
    made, findings = read_project(SMALL.replace("[App Events]", "[evnts]") + "datasets: {events: App Events}\n")
    assert made is not None
    assert [(f.rule, f.level) for f in findings] == [("near-alias", Level.WARNING)]


def test_all_mistakes_come_in_one_run_and_in_file_order() -> None:
    first = SMALL.replace("1 day", "2 minutes").replace("path: exports", "pth: exports")
    second = "exports:\n  second: {datasets: [x], destination: zoen, schedule: nightly}\nfoo: 1\n"
    third = "formats: {a: {type: parquet}\n"
    _, findings = read_project(first, second, third)
    assert finding_locations(findings) == [
        ("unknown-key", "exports.yaml:5:35"),
        ("bad-schedule", "exports.yaml:7:20"),
        ("unknown-key", "b.yaml:3:1"),
        ("yaml-bracket", "c.yaml:1:10"),
    ]


def test_an_export_with_a_dangling_name_is_read_to_its_end() -> None:
    more = "expect: {within: 1 month}\nrenamed_from: a.b\nadopt: {x: y}\nformat: prquet"
    _, findings = read_project(with_export(more).replace("destination: zone", "destination: zoen"))
    assert finding_locations(findings) == [
        ("unknown-reference", "exports.yaml:11:18"),
        ("bad-duration", "exports.yaml:14:22"),
        ("bad-name", "exports.yaml:15:19"),
        ("wrong-type", "exports.yaml:16:12"),
        ("unknown-reference", "exports.yaml:17:13"),
    ]


def test_names_are_not_called_missing_while_a_file_cannot_be_read() -> None:
    _, findings = read_project("exports:\n  a: {datasets: [x], destination: lake, schedule: s}\n", "destinations: [\n")
    assert [f.rule for f in findings] == ["yaml-bracket"]


def test_an_empty_file_is_one_finding() -> None:
    for text in ("", "# nothing\n", "---\n"):
        _, findings = read_project(text, env="prod")
        assert finding_locations(findings) == [("empty-file", "exports.yaml:1:1")]


def test_an_environment_is_chosen_where_there_are_some() -> None:
    cases = {
        (EXAMPLE, None): "environment-needed",
        (EXAMPLE, "prd"): "unknown-environment",
        (EXAMPLE, "zzz"): "unknown-environment",
        (SMALL, "prod"): "unknown-environment",
    }
    for (text, env), rule in cases.items():
        _, findings = read_project(text, env=env)
        assert [rule] == [f.rule for f in findings]


def test_nothing_but_essentials_is_missing_from_nothing() -> None:
    _, findings = read_project("exports: {}\n")
    assert {"missing-key"} == {f.rule for f in findings}
    assert len(findings) == 3  # version, project, platform


def test_essentials_of_platform_and_export_are_named() -> None:
    _, findings = read_project("version: 1\nproject: p\nplatform: {}\nexports: {a: {}}\n")
    words = [f.message for f in findings]
    assert sorted(words) == [
        '"platform" needs "organization"',
        '"platform" needs "sandbox"',
        'export "a" needs "datasets"',
        'export "a" needs "destination"',
        'export "a" needs "schedule"',
    ]


def test_a_host_is_allowed_by_the_environment_not_by_the_config() -> None:
    text = SMALL.replace("sandbox: dev", "sandbox: dev, url: https://proxy.example")
    made, _ = read_project(text, variables={"EXPORTCTL_ALLOWED_HOSTS": "proxy.example"})
    assert made is not None
    assert made.platform.url == "https://proxy.example"


def test_an_address_from_an_unset_variable_is_not_judged() -> None:
    _, findings = read_project(SMALL.replace("sandbox: dev", 'sandbox: dev, url: "${env:EXPORTCTL_VAR_U}"'))
    assert [f.rule for f in findings] == ["unset-reference"]


def test_a_broken_section_is_reported_once() -> None:
    for line in ("datasets: 5", "destinations: 5", "exports: 5", "platform: 5", "environments: 5", "removed: 5"):
        _, findings = read_project(
            f"version: 1\nproject: p\nplatform: {{organization: a@AdobeOrg, sandbox: s}}\n{line}\n"
        )
        rules = {f.rule for f in findings}
        assert rules <= {"wrong-type", "duplicate-key"}


def test_an_overlay_that_is_no_map_is_reported_once() -> None:
    text = EXAMPLE.replace("dev: {platform: {sandbox: dev}, exports: {web-to-lake: null}}", "dev: 5")
    parsed = config.parse_config({"exports.yaml": text.encode()})
    _, findings = config.load_project(parsed, "dev", {})
    assert finding_locations(findings) == [("wrong-type", "exports.yaml:49:8")]
    assert not config.explain_values(parsed, "dev")
    _, findings = read_project(SMALL.replace("{organization: AB12@AdobeOrg, sandbox: dev}", "5"))
    assert [f.rule for f in findings] == ["wrong-type"]
    _, findings = read_project(with_export("adopt: [x]"))
    assert [f.rule for f in findings] == ["wrong-type"]


def test_names_are_still_guessed_among_very_many() -> None:
    many = "".join(f"  n{number}: D{number}\n" for number in range(150))
    _, findings = read_project(
        SMALL.replace("[App Events]", "[evnts, zz]") + f"datasets:\n  events: App Events\n{many}"
    )
    assert [f.rule for f in findings] == ["near-alias"]


def test_no_finding_needs_more_than_the_files() -> None:
    made, findings = config.load_project(config.parse_config({}), None, {})
    assert made is None
    assert {"missing-key"} == {f.rule for f in findings}


def test_a_group_that_holds_itself_ends() -> None:
    _, findings = read_project(SMALL.replace("[App Events]", "[a, x]") + "datasets: {a: [b, y], b: [a]}\n")
    assert finding_locations(findings) == [("group-cycle", "exports.yaml:14:12")]


LITERALS = [
    "x-{}",
    "[{}]",
    "{{a: {}}}",
    '"{}${{env:A}}"',
    '"${{env:A}}{}"',
    '"${{ {} }}"',
    '"${{{}"',
    '"${{X{}}}"',
    "!t {}",
]


@pytest.mark.parametrize("field", ["role_arn", "access_key_id", "secret_access_key"])
@pytest.mark.parametrize("form", [*LITERALS, "{}"])
def test_no_finding_shows_what_stands_in_an_auth(field: str, form: str) -> None:
    for secret in ("hunter22hunter", "8877665544"):
        body = f"{{type: amazon-s3, bucket: abc, auth: {{{field}: {form.format(secret)}}}}}"
        parsed = config.parse_config({"exports.yaml": with_destination(body).encode()})
        _, findings = config.load_project(parsed, None, {})
        shown = [*map(str, findings), *map(str, config.explain_values(parsed, None))]
        assert not [text for text in shown if secret in text]


def test_explained_values_show_references_but_no_literals() -> None:
    body = '{type: amazon-s3, bucket: abc, auth: {role_arn: "arn:${env:ROLE:-hunter22}"}}'
    parsed = config.parse_config({"exports.yaml": with_destination(body).encode()})
    lines = {path: text for path, text, _ in config.explain_values(parsed, None)}
    assert lines["destinations.other.auth.role_arn"] == "(sensitive)${env:ROLE:-(sensitive)}"


def test_the_hint_for_a_missing_sandbox_names_its_environment() -> None:
    _, findings = read_project(EXAMPLE.replace("prod: {platform: {sandbox: prod}}", "prod: {}"), env="prod")
    assert [f.rule for f in findings] == ["missing-key"]
    assert "environments: {prod: {platform: {sandbox" in str(findings[0].hint)
