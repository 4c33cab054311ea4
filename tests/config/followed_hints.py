"""How each hint of the mistakes in `test_mistakes` is followed, as replacements in the text that has the mistake."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hint_words import SAYS, Outside

Way = tuple[str, ...] | Outside  # a text that is replaced, by what, the next one, by what …
Ways = Mapping[str, Way]

ROLE = 'auth: {role_arn: "${env:LAKE_ROLE_ARN}"}'
KEYS = 'auth: {access_key_id: "${env:K}", secret_access_key: "${env:S}"}'
KNOWN = "the intervals are «1 hour», 3 hours, 6 hours, 9 hours, 12 hours, 1 day and once"
CRON = 'write «`every: 3 hours`» (or 1, 6, 9, 12 hours, 1 day, once) and «`at: "02:00"`»'
CLOCK = 'write hours and minutes (and seconds, if you need them) in UTC, 00:00 to 23:59:59: «`at: "02:00"`»'
DATE = "write a date like «`2026-12-01`»"
MOMENT = "or a moment like «`2026-12-01T06:00:00Z`»"
NO_END = "or «`none`» for no end"
ROLLING = "write for example «{rolling: 180 days, renew_before: 30 days}»"
SECRET = 'write «"${env:NAME}"»'
FILE = 'or «"${file:PATH}"»'
ROTATE = "if this was a real secret, rotate it: it is in Git now"
MADE_ANEW = Outside("the owner of the secret makes a new one")
PLAIN = "plain values can use EXPORTCTL_VAR_…, AEP_ORG_ID and AEP_SANDBOX"
TYPES = "«amazon-s3», azure-blob, azure-data-lake, data-landing-zone, google-cloud-storage, sftp"
BOTH_KEYS = "or access_key_id and secret_access_key"
END = "end: {rolling: 180 days, renew_before: 30 days}"
SHORT = "declare a short alias under `datasets`"


def sign_in(mistake: str) -> Ways:
    """The two ways of S3, over what stands there."""
    return {"write role_arn": (mistake, ROLE), BOTH_KEYS: (mistake, KEYS)}


def hint_of_secret(mistake: str) -> Ways:
    return {SECRET: (mistake, "{0}"), FILE: (mistake, "{0}"), ROTATE: MADE_ANEW}


EXAMPLE_HINTS: Mapping[str, Ways] = {
    "the service's names of S3 keys": {
        "in this config, write «`role_arn`» under `auth`": ("auth: {s3Role: A}", 'auth: {{0}: "${env:A}"}')
    },
    "the service's name of a bucket": {"in this config, write «`bucket`»": ("bucketName:", "{0}:")},
    "the service's name of an SFTP folder": {"in this config, write «`path`»": ("remotePath:", "{0}:")},
    "the service's file type": {
        "in this config, write `format: {type: …}`": ("datasetFileType: JSON", "format: {type: json}")
    },
    "a key of another type": {"its keys are bucket, «path»": ("container: aep", "{0}: aep")},
    "a misspelt key": {'did you mean "«protect»"?': ("protct:", "{0}:")},
    "a key like none": {
        "its keys are datasets, destination, schedule, end, format, folder, subpath, title, description, enabled,"
        " «protect», readers, split_by, environments, expect, adopt, allow_replace, keep, renamed_from,"
        " former_locations, former_schedules, allow": ("zzz:", "{0}:")
    },
    "a merge key": {
        "declare the value once under `schedules`": ("<<: x", "schedule: nightly"),
        "`formats`": ("<<: x", "format: parquet-manifest"),
        "or `defaults` and use its name": ("    <<: x\n", ""),
    },
    "host beside the user": {
        "in this config, write `host` of the destination, beside `auth`": ("{host: x, username: a,", "{username: a,")
    },
    "cron as a key": {CRON: ('{cron: "0 2 * * *"}', "{{0}, {1}}")},
    "cron as a schedule": {CRON: ('nightly: "0 2 * * *"', "nightly: {{0}, {1}}")},
    "cron as a name": {CRON: ('schedule: "0 2 * * *"', "schedule: {{0}, {1}}")},
    "cron as every": {CRON: ('every: "@daily", at: "00:00"', "{0}, {1}")},
    "ninety minutes": {KNOWN: ("90 minutes", "{0}"), "the service counts whole hours": SAYS},
    "half an hour": {KNOWN: ("30 min", "{0}"), "1 hour is the shortest": SAYS},
    "a century": {KNOWN: ("40000 days", "{0}"), "10000 is the largest number": SAYS},
    "hourly": {"write «`1 hour`»": ("hourly", "{0}"), KNOWN: ("hourly", "{0}")},
    "a week": {KNOWN: ("1 week", "{0}"), "weekly and monthly exports do not exist for datasets": SAYS},
    "daily": {"write «`1 day`»": ("daily", "{0}"), KNOWN: ("daily", "{0}")},
    "rubbish as every": {KNOWN: ("often", "{0}")},
    "a time zone": {'convert the time to UTC and write it as «`at: "02:00"`»': ('at: "02:00", tz: CET', "{0}")},
    "a time in a zone": {CLOCK: ('at: "02:00 CET"', "{0}"), "the service knows no time zones": SAYS},
    "a late hour": {CLOCK: ('at: "24:00"', "{0}")},
    "a second too much": {CLOCK: ('at: "02:00:60"', "{0}")},
    "an unknown destination": {
        'did you mean "«partner»"?': ("partnr", "{0}"),
        "It is declared at exports.yaml:26:3": SAYS,
    },
    "an unknown default": {'did you mean "«lake»"?': ("laek", "{0}"), "It is declared at exports.yaml:21:3": SAYS},
    "an unknown schedule": {
        'did you mean "«frequent»"?': ("frequnt", "{0}"),
        "It is declared at exports.yaml:18:3": SAYS,
    },
    "an unknown format": {
        'did you mean "«parquet-manifest»"?': ("parket-manifest", "{0}"),
        "It is declared at exports.yaml:14:3": SAYS,
    },
    "a misspelt built-in format": {'did you mean "«json»"?': ("jsn", "{0}")},
    "a format that does not exist": {"the names are «json», parquet, parquet-manifest": ("csv", "{0}")},
    "how often instead of a name": {"write «`schedule: {every: once}`»": ("schedule: once", "{0}")},
    "an unknown environment of an export": {'did you mean "«prod»"?': ("[prd]", "[{0}]")},
    "an environment like none": {"the environments are dev, local, «prod»": ("[zzz]", "[{0}]")},
    "a removal of nothing": {'did you mean "«web-to-lake»"?': ("web-to-lak:", "{0}:")},
    "GitHub's syntax": {
        'pass it as an environment variable (`env:` of the step) and write «"${env:NAME}"»': (
            '"${{ secrets.X }}"',
            "{0}",
        )
    },
    "GitHub's syntax unquoted": {
        'set an environment variable in the workflow and write «"${env:NAME}"»': ("${{ s }}", "{0}")
    },
    "an unquoted reference in braces": {'put it in quotes: «"${env:NAME}"»': ("${env:X}", "{0}")},
    "an unquoted macro": {'put the value in quotes: «"%DATASET_ID%/%EXPORT_TIME%"»': ("%DATASET_ID%", "{0}")},
    "a secret written down": hint_of_secret("abcdefghijk"),
    "a number as a secret": hint_of_secret('"x${env:A}"'),
    "a secret named after the sandbox": hint_of_secret('"${sandbox}"'),
    "a secret with a default": {'write «"${env:A}"»': ('"${env:A:-b}"', "{0}")},
    "a CI secret in a bucket": {
        "name the variable «EXPORTCTL_VAR_AWS_SECRET» if output may show it": (
            "a-${env:AWS_SECRET} $",
            "a-${env:{0}} $",
        ),
        PLAIN: ("a-${env:AWS_SECRET} $", "a-${env:EXPORTCTL_VAR_X}$"),
    },
    "a file in a bucket": {PLAIN: ("${file:x} ", "${env:EXPORTCTL_VAR_X}")},
    "a reference for a file type": {
        "name the variable «EXPORTCTL_VAR_T» if output may show it": ("${env:T}", "${env:{0}:-parquet}"),
        PLAIN: ("${env:T}", "${env:EXPORTCTL_VAR_X:-json}"),
    },
    "a reference of no kind": {
        'write an environment variable as "${env:BUCKET}"': ("${BUCKET}", "${env:EXPORTCTL_VAR_BUCKET}"),
        "and a literal ${ as $${": ("${BUCKET}", "$${BUCKET}"),
    },
    "a reference left open": {"end it with «}»": ("${environment\n", "${environment{0}\n")},
    "a nested reference": {"use one variable": ("${env:A:-${env:B}}", "${env:EXPORTCTL_VAR_A}")},
    "two ways to sign in": sign_in("auth: {role_arn: a, access_key_id: b}"),
    "half a key": sign_in("auth: {access_key_id: b}"),
    "no auth": {
        "write role_arn": ("    path: aep\n", f"    path: aep\n    {ROLE}\n"),
        BOTH_KEYS: ("    path: aep\n", f"    path: aep\n    {KEYS}\n"),
    },
    "an empty auth": {'for example «{role_arn: "${env:LAKE_ROLE_ARN}"}»': ("auth: {}", "auth: {0}")},
    "only options in auth": sign_in("auth: {secret_version: 1}"),
    "an unknown type": {'did you mean "«amazon-s3»"?': ("type: s3", "type: {0}")},
    "a type like none": {f"write one of {TYPES}": ("mainframe", "{0}")},
    "no type": {f"the types are {TYPES}": ("  lake:\n", "  lake:\n    type: {0}\n")},
    "no bucket": {
        "write `bucket: …`": ("    type: amazon-s3\n", "    type: amazon-s3\n    bucket: acme-aep-${environment}\n"),
        "Amazon S3 needs it: 3-63 lower-case letters, digits, hyphens and dots": SAYS,
    },
    "yes for true": {"write «true» or false, in lower case and without quotes": ("protect: yes", "protect: {0}")},
    "a reference for true": {
        "this key takes no reference": SAYS,
        "write «true» or false": ('protect: "${env:P}"', "protect: {0}"),
    },
    "a text for a list": {"write a list in brackets: «[Orders]»": ("datasets: Orders", "datasets: {0}")},
    "a number for a name": {'put it in quotes: «"2024"»': ("[2024]", "[{0}]")},
    "nothing in a list": {"for example «App Events»": ("[null]", "[{0}]")},
    "an empty list": {"for example «[web, App Events]»": ("datasets: []", "datasets: {0}")},
    "a list for a map": {"for example «{within: 2 hours, non_empty: true}»": ("expect: [x]", "expect: {0}")},
    "a naive moment": {
        "add the time zone: «`2026-12-01T10:00Z`» for UTC": ("2026-12-01T10:00", "{0}"),
        "or an offset like «`2026-12-01T10:00+01:00`»": ("2026-12-01T10:00", "{0}"),
    },
    "a date that is none": {DATE: ("2026-02-30", "{0}"), MOMENT: ("2026-02-30", "{0}")},
    "no end in other words": {DATE: ("never", "{0}"), MOMENT: ("never", "{0}"), NO_END: ("never", "{0}")},
    "no end, spelled otherwise": {DATE: ("None", "{0}"), MOMENT: ("None", "{0}"), NO_END: ("None", "{0}")},
    "a start of none": {DATE: ("start: none", "start: {0}"), MOMENT: ("start: none", "start: {0}")},
    "months": {"months and years differ in length: write days, for example «`180 days`»": ("6 months", "{0}")},
    "a renewal after the end": {ROLLING: ("{rolling: 180 days, renew_before: 300 days}", "{0}")},
    "a rolling end of nothing": {ROLLING: ("{rolling: 0 days, renew_before: 30 days}", "{0}")},
    "a rolling end of a schedule that runs once": {
        "remove it": (", end: {rolling: 9 days}", ""),
        "or write a date": ("{rolling: 9 days}", "2026-12-01"),
    },
    "a capital in a name": {
        "write a text with other characters as `title`": ("  Orders:\n", "  orders:\n    title: Orders\n")
    },
    "another version": {"write «`version: 1`»": ("version: 2", "{0}")},
    "a version in quotes": {"remove the quotes: «1»": ('version: "1"', "version: {0}")},
    "a long project": {"write for example «`project: acme-exports`»": (f"project: {'a' * 33}", "{0}")},
    "another organisation": {
        "write the id": ("organization: acme", "organization: 0123456789ABCDEF01234567@AdobeOrg"),
        'or «"${env:AEP_ORG_ID}"»': ("organization: acme", "organization: {0}"),
    },
    "a sandbox of all environments": {
        "move it to `environments: {NAME: {platform: {sandbox: …}}}`": ("AdobeOrg, sandbox: x}", "AdobeOrg}")
    },
    "the project of an environment": {
        "its keys are minimum_version, platform, defaults, formats, schedules, destinations, datasets, exports,"
        " removed, move_from, accept, policy, rules": (", project: x", "")
    },
    "a clash of parts": {
        SHORT: (
            "  sales: [Orders, orders, Order Lines",
            "  again: {name: orders}\n  sales: [Orders, again, Order Lines",
        ),
        '`ALIAS: «{name: "orders"}»`': ("  sales: [Orders, orders,", "  again: {0}\n  sales: [Orders, again,"),
        'and use it in export "sales-to-lake"': ("datasets: [sales]", "datasets: [Orders]"),
    },
    "one key twice": {"keep one of them": ("  lake: {type: data-landing-zone, path: exports}\n", "")},
    "an unlisted host": {
        "to give that host the token, set EXPORTCTL_ALLOWED_HOSTS=x.io where exportctl runs": SAYS  # followed below
    },
    "no address": {
        "write only scheme and host, without user, path or query": ("url: a.example", "url: https://platform.adobe.io"),
        "or «`embedded`» for the emulator": ("url: a.example", "url: {0}"),
    },
    "an unknown text": {
        "write `project: …`": ("project: ${project}", "project: acme"),
        "it cannot refer to itself": SAYS,
    },
}
