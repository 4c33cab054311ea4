"""How each hint of the mistakes in destinations, exports and other sections is followed: replacements in the text."""

from __future__ import annotations

from collections.abc import Mapping

from tests.config.followed_hints import FILE, ROLLING, SECRET, Ways
from tests.hint_words import SAYS

PRINCIPAL = 'auth: {tenant_id: t, client_id: c, client_secret: "${env:S}"}'
PASSWORD = 'auth: {username: u, password: "${env:P}"}'
STRING = 'auth: {connection_string: "${env:C}"}'
SFTP = f"{{type: sftp, host: h, path: p, {PASSWORD}}}"
PARTS = "`storage_account` and `container`"
SCHEDULE = "the intervals are 1 hour, 3 hours, 6 hours, 9 hours, 12 hours, 1 day and once"
FREEZE = "write for example «`from: 2026-12-20, until: 2027-01-03`»"
FORMER = "write its former key, for example «`web-to-lake`»"
DECLARED = (", sandbox: dev}", "}", "schedules:\n", "environments: {prod: {platform: {sandbox: dev}}}\nschedules:\n")
FLOW = "11111111-2222-4333-8444-555555555555"

DESTINATION_HINTS: Mapping[str, Ways] = {
    "auth of a landing zone": {"remove it": (", auth: {username: u}", "")},
    "a principal without its account": {
        "write the name of the storage account, for example «`storage_account: acmelake`»": ("path: p", "path: p, {0}")
    },
    "an account beside a connection string": {
        "remove it": ("storage_account: acme, ", ""),
        "or sign in another way: write tenant_id, client_id and client_secret": (STRING, PRINCIPAL),
    },
    "no host": {"write `host: …`, the server's name": ("path: p", "path: p, host: h"), "SFTP needs it": SAYS},
    "a port too high": {"for example «22»": ("70000", "{0}")},
    "a port in words": {"write a number from «1» to «65535»": ("port: ssh", "port: {1}")},
    "both auth and account": {
        "keep one": (", account: {id: x}", ", host: h"),
        "in an overlay, `auth: null` removes it": (f"{PASSWORD}, ", "auth: null, "),
    },
    "a host of another's account": {
        "remove it": ("host: h, ", ""),
        "or write `auth` instead of `account`": ("account: {id: x}", PASSWORD),
    },
    "two forms of account": {"for example {of: lake}": ("{id: x, of: zone}", "{id: x}")},
    "an account of no destination": {
        'did you mean "«zone»"?': (
            "type: sftp, path: p, account: {of: zoen}",
            "type: data-landing-zone, path: p, account: {of: {0}}",
        ),
        "It is declared at exports.yaml:5:3": SAYS,
    },
    "its own account": {
        "name the destination with `auth`": (
            "other: {type: sftp, path: p, account: {of: other}}",
            f"other: {{type: sftp, path: p, account: {{of: third}}}}\n  third: {SFTP}",
        )
    },
    "an account of another type": {
        "write `auth` instead of `account`": ("account: {of: zone}", f"host: h, {PASSWORD}"),
        "or name a destination of type sftp": (
            "other: {type: sftp, path: p, account: {of: zone}}",
            f"other: {{type: sftp, path: p, account: {{of: third}}}}\n  third: {SFTP}",
        ),
    },
    "an endpoint that is none": {
        "write abfss://<container>@<account>.dfs.core.windows.net": (
            "endpoint: x",
            'endpoint: "abfss://ccc@acme.dfs.core.windows.net"',
        ),
        "(or the domain of another cloud)": ("endpoint: x", 'endpoint: "abfss://ccc@acme.dfs.core.chinacloudapi.cn"'),
        f"or {PARTS}": ("endpoint: x", "storage_account: acme, container: ccc"),
    },
    "an endpoint and a container": {
        "keep one": ("container: c, ", ""),
        "the endpoint contains both": SAYS,
    },
    "a lake without an account": {
        f"write {PARTS}": ("path: p", "path: p, storage_account: acme, container: ccc"),
        "or `endpoint` with an abfss URL": ("path: p", 'path: p, endpoint: "abfss://ccc@acme.dfs.core.windows.net"'),
    },
    "a lake without a container": {
        "write `container: …`, the name of the container": ("path: p", "path: p, container: ccc")
    },
    "an encryption without a key": {
        "write `public_key: …`": ("encryption: {}", "encryption: {public_key: mFIEYQ==}"),
        "The public key, base64": SAYS,
    },
    "an encryption of nothing": {
        "write `public_key: …`": ("public_key: null", "public_key: mFIEYQ=="),
        "the key in base64": SAYS,
    },
    "a bad reference in what is sensitive": {SECRET: ('"${MY}"', "{0}"), FILE: ('"${MY}"', "{0}")},
    "a field of another type": {
        "its keys are «username», «password», private_key, secret_version, drop": (
            "{role_arn: r}",
            '{{0}: u, {1}: "${env:P}"}',
        )
    },
    "an account of nothing": {
        "write one of «existing», id": ("{of: null}", "{{0}: SFTP of the partner}"),
        "and of": ("type: sftp, path: p, account: {of: null}", "type: data-landing-zone, path: p, account: {of: zone}"),
    },
    "an old name that is an address": {"write its former key, for example «`lake`»": ("destinations.lake", "{0}")},
    "an environment in what is sensitive": {
        "declare the environments under `environments`": DECLARED,
        "or write the value itself": ('"${environment}"', '"dev"'),
    },
}

EXPORT_HINTS: Mapping[str, Ways] = {
    "one id for many parts": {"write «adopt: {app-events: f-1}»": ("adopt: f-1", "{0}")},
    "parts of what is whole": {
        "write adopt: FLOW-ID": ("adopt: {a: f-1}", f"adopt: {FLOW}"),
        "or add «`split_by: dataset`»": ("adopt: {a: f-1}", f"adopt: {{app-events: {FLOW}}}\n    {{0}}"),
    },
    "a part that does not exist": {'did you mean "«app-events»"?': ("app-event:", "{0}:")},
    "a part like none": {"the parts are «app-events»": ("zzz:", "{0}:")},
    "a new name from a part, split": {
        "write the KEY of the whole": ("renamed_from: a/b", "renamed_from: a"),
        "or name the part that continues it: `{PART: «a/b»}`": ("renamed_from: a/b", "renamed_from: {app-events: {0}}"),
    },
    "a new name for each part, of what is whole": {
        "write renamed_from: KEY": ("renamed_from: {a: b}", "renamed_from: b"),
        "or add «`split_by: dataset`»": ("renamed_from: {a: b}", "renamed_from: {app-events: b}\n    {0}"),
    },
    "a new name for a part that does not exist": {"the parts are «app-events»": ("zzz:", "{0}:")},
    "a part renamed from no key": {FORMER: ("a.b", "{0}")},
    "an old name with a dot": {FORMER: ("exports.web", "{0}")},
    "an environment where there are none": {
        "remove it": ("    environments: [prod]\n", ""),
        "or declare the environments under `environments`": DECLARED,
    },
    "an allowance without a reason": {
        "write `reason: …`": ("{rule: x}", "{rule: x, reason: agreed}"),
        "Why the export may break it": SAYS,
    },
    "a former location with a subpath": {'did you mean "«path»"?': ("subpath: a", "{0}: a")},
    "a former schedule without an interval": {
        "write `every: …`": ("2026-03-01}", "2026-03-01, every: 1 day}"),
        "The interval: 1, 3, 6, 9 or 12 hours, 1 day, or `once` for one full export": SAYS,
        "Any other whole number of hours or days gets a warning": SAYS,
    },
    "a former schedule without its end": {
        "write `until: …`": ("[{every", "[{until: 2026-03-01, every"),
        "The last day (inclusive)": ("[{every", "[{until: 2026-03-01, every"),
        "or the moment at which it was changed": ("[{every", '[{until: "2026-03-01T02:00:00Z", every'),
        "runs that were due before had it": SAYS,
    },
    "a former schedule that does not exist": {
        SCHEDULE.replace("1 hour", "«1 hour»"): ("90 minutes", "{0}"),
        "the service counts whole hours": SAYS,
    },
    "a former location without its end": {
        "write `until: …`": ("{path: a}", "{until: 2026-03-01, path: a}"),
        "The last day (inclusive)": ("{path: a}", "{until: 2026-03-01, path: a}"),
        "or the moment at which it was changed": ("{path: a}", '{until: "2026-03-01T02:00:00Z", path: a}'),
        "runs that were due before wrote here": SAYS,
    },
    "a former location that states nothing": {
        "write `path: …`": ("2026-03-01}", "2026-03-01, path: a}"),
        "`folder: …`": ("2026-03-01}", '2026-03-01, folder: "%DATASET_ID%/%EXPORT_TIME%"}'),
        "`bucket: …`": ("2026-03-01}", "2026-03-01, bucket: a}"),
        "or `container: …` as it was before": ("2026-03-01}", "2026-03-01, container: a}"),
    },
    "a former location until a time without a zone": {
        "add the time zone: «`2026-03-01T02:00Z`» for UTC": ("2026-03-01T02:00", "{0}"),
        "or an offset like «`2026-03-01T02:00+01:00`»": ("2026-03-01T02:00", "{0}"),
    },
    "an expectation in months": {
        "months and years differ in length: write days, for example «`180 days`»": ("1 month", "{0}")
    },
    "an empty title": {"for example «Web events to the lake»": ('""', "{0}")},
    "a rolling schedule in place": {
        "write `type: …`": ("{compression: gzip}", "{type: parquet, compression: gzip}"),
        "The file type: parquet or json": ("{compression: gzip}", "{type: json, compression: gzip}"),
        "Any other gets a warning": SAYS,
    },
}

ONE = "export: a, do: delete, reason: r"
TYPE = {
    "write `type: …`": ("{compression: gzip}", "{type: parquet, compression: gzip}"),
    "The file type: parquet or json": ("{compression: gzip}", "{type: json, compression: gzip}"),
    "Any other gets a warning": SAYS,
}
TOP_HINTS: Mapping[str, Ways] = {
    "a dataset without a name": {
        "write the dataset's exact name: «`name: Orders`»": ("{key:", "{{0}, key:"),
        "or its id: `id: …`": ("{key:", "{id: x, key:"),
    },
    "a way to combine that does not exist": {'did you mean "«upsert»"?': ("upsrt", "{0}")},
    "a way to combine like none": {"write one of «append», upsert, snapshot": ("last", "{0}")},
    "an empty key of rows": {"for example «_id»": ('""', "{0}")},
    "a key of rows without a level": {
        "write the column's name, with dots between levels: `key: «_acme.crm.id»`": ("_acme..id", "{0}")
    },
    "two keys of one dataset": {
        "delete one of them": (", key: id", ""),
        "or write «`key: _id`» here": ("key: id", "{0}"),
    },
    "two ways to combine one dataset": {
        "delete one of them": (", combine: append", ""),
        "or write «`combine: upsert`» here": ("combine: append", "{0}"),
    },
    "a removal of two things": {
        "write {export: KEY, do: delete, reason: …}": ("destination: b, ", ""),
        "or {destination: KEY, do: delete, reason: …}": ("export: a, ", ""),
    },
    "a removal of nothing": {
        "write {export: KEY, do: delete, reason: …}": ("{do:", "{export: a, do:"),
        "or {destination: KEY, do: delete, reason: …}": ("{do:", "{destination: a, do:"),
    },
    "a removal with an unknown action": {"write one of «delete», «release»": ("do: drop", "do: {0}")},
    "a removal of an address": {"write the key that is declared under `exports`, without «`exports.`»": ("{0}a", "a")},
    "an acceptance of no address": {
        "write exports.KEY": ("address: web", "address: exports.web"),
        "exports.KEY/PART": ("address: web", "address: exports.web/a"),
        "or destinations.KEY": ("address: web", "address: destinations.zone"),
    },
    "an acceptance without an end": {
        "write `until: …`": ("owner: o}", "owner: o, until: 2027-01-01}"),
        "The last day (inclusive)": ("owner: o}", "owner: o, until: 2027-01-01}"),
        "or a moment": ("owner: o}", "owner: o, until: 2027-01-01T00:00:00Z}"),
        "or `never`": ("owner: o}", "owner: o, until: never}"),
    },
    "an acceptance for good with a blank reason": {"write why it is accepted": ("reason: ' '", "reason: agreed")},
    "an acceptance for good with an empty reason": {
        "for example «trial of the morning run»": ("reason: ''", "reason: {0}")
    },
    "an acceptance for good without a reason": {
        "write `reason: …`": ("owner: o", "reason: agreed, owner: o"),
        "Why it is accepted": SAYS,
    },
    "a rule off without a reason": {"write `reason: …` beside it": ("level: off", "level: off, reason: agreed")},
    "a group in itself": {"remove one group from the other": ("b: [a]", "b: [App Events]")},
    "a group in itself, in use": {
        "write a text with other characters as `title`": ("{App Events: [App Events, b]}", "{events: [App Events, b]}")
    },
    "an end of nothing": {ROLLING: ("{rolling: null}", "{0}")},
    "a freeze without an end": {FREEZE: ("from: 2026-12-20", "{0}")},
    "a freeze without a beginning": {FREEZE: ("until: 2026-12-20", "{0}")},
    "a freeze that ends before it begins": {FREEZE: ("from: 2026-12-20, until: 2026-12-19", "{0}")},
    "a freeze without a reason": {
        "write `reason: …`": ("name: a", "name: a, reason: agreed"),
        "Why there are no changes": SAYS,
    },
    "two freezes of one name": {
        "give each freeze its own name": ("name: a, reason: r, weekdays: [sat]", "name: b, reason: r, weekdays: [sat]"),
        "--allow-freeze takes it": SAYS,
    },
    "a freeze with a name of capitals": {
        "write lower-case letters, digits and hyphens, for example «`year-end`»": ("Year End", "{0}")
    },
    "a weekly freeze with a beginning only": {
        'write for example «`weekdays: [fri], from: "16:00", until: "20:00"`»': (
            'weekdays: [fri], from: "16:00"',
            "{0}",
        ),
        "or leave out both for whole days": (', from: "16:00"', ""),
    },
    "a weekly freeze with a date": {
        "write hours and minutes (and seconds, if you need them) in UTC, 00:00 to 23:59:59": (
            "from: 2026-12-20",
            'from: "16:00"',
        ),
        '«`at: "02:00"`»': SAYS,
    },
    "a freeze of the whole week": {
        "leave out a day": ("mon, ", ""),
        "or write shorter hours": ("weekdays:", 'from: "16:00", until: "20:00", weekdays:'),
    },
    "an unknown day": {'did you mean "«fri»"?': ("friday", "{0}")},
    "a distance that is no duration": {
        "write a whole number and minutes, hours, days or weeks": ("half an hour", "30 minutes"),
        "«`180 days`», `30d`, `6 hours`": SAYS,
    },
    "a negative number": {"for example «0»": ("-1", "{0}")},
    "a format of no type": TYPE,
    "a name without anything": {
        "write its keys below it, indented": ("{x: }", "\n  x:\n    type: json"),
        "to remove it in one environment, write `null` under `environments`": ("formats: {x: }", ""),
    },
    "a schedule without an interval": {f"{SCHEDULE}: «`every: 1 day`»": ("{at: '02:00'}", "{at: '02:00', {0}}")},
}
