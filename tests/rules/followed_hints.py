"""
How each printed hint of an offline rule is followed, as fragments of YAML over the bad config.

Every word of a hint has its place: under `ways` what a reader does, with the edit that these words ask for; under
`says` what only explains; under `outside` what nobody can do with exportctl, with the reason. «…» marks what the edit
takes from the hint: `{0}` stands for the first of these words. An edit of `null` removes the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hint:
    """One hint. Without `bad` it is that of the rule's own bad example."""

    ways: Mapping[str, str]
    says: tuple[str, ...] = ()
    outside: Mapping[str, str] = field(default_factory=dict)
    bad: str = ""


def allow(rule: str) -> str:
    return f"exports: {{orders: {{allow: [{{rule: {rule}, reason: agreed}}]}}}}"


def orders(keys: str) -> str:
    return f"exports: {{orders: {{{keys}}}}}"


def folder(template: str) -> str:
    return orders(f'folder: "{template}"')


def lake(keys: str) -> str:
    return f"destinations: {{lake: {{{keys}}}}}"


def drop(keys: str) -> str:
    return f"destinations: {{drop: {{{keys}}}}}"


SFTP = "type: sftp, host: sftp.example.com, path: /in, auth: {username: acme, password: '${env:SFTP}'}"
FIRST_ID = "11111111-2222-4333-8444-555555555555"
TO_LAKE = "exports: {orders: {destination: lake}}\ndestinations: {zone: null}"
LOOK = "Look for a blank, a missing character or the value of another field"
FOLDERS = "exports: {orders: {folder: '{0}/%EXPORT_TIME%'}, copy: {folder: '{0}/%EXPORT_TIME%'}}"
UNTIL = "until: 2099-01-01, reason: agreed, owner: data-team}]"
BUCKETS = {
    "Put «${environment}»": lake('bucket: "acme-lake-{0}"'),
    "or «${sandbox}» into the bucket": lake('bucket: "acme-lake-{0}"'),
    "or path": lake('path: "aep/${sandbox}"'),
}
COPY_REMOVED = "exports: {copy: null}"
DATASET_MACROS = {
    "Add «%DATASET_ID%»": folder("{0}/%EXPORT_TIME%"),
    "or «%DATASET_NAME%»": folder("{0}/%EXPORT_TIME%"),
}
ONE_OF = ("DESTINATION", "DATASET_ID", "DATASET_NAME", "DESTINATION_INSTANCE_ID", "DESTINATION_INSTANCE_NAME")
MACROS = {
    f"«%{name}%»": folder("{0}/%DATASET_ID%/%EXPORT_TIME%") for name in (*ONE_OF, "SANDBOX_NAME", "ORGANIZATION_NAME")
}

HINTS: Mapping[str, tuple[Hint, ...]] = {
    # -- locations ----------------------------------------------------------------------------------------------------
    "bucket-name": (
        Hint({"Correct the name": lake("bucket: acme-lake")}, ("exportctl fills in references before it checks",)),
    ),
    "container-name": (
        Hint(
            {"Correct the name": "destinations: {blob: {container: acme-lake}}"},
            ("exportctl fills in references before it checks",),
        ),
    ),
    "path-characters": (Hint({"Use letters, digits, hyphens and slashes": lake("path: aep-exports/v1")}),),
    "empty-path": (
        Hint(
            {
                "Write a folder, for example «aep»": "destinations: {zone: {path: {0}}}",
                "or «/incoming» on an SFTP server": "destinations: {zone: null, drop: {"
                + SFTP.replace("/in,", "{0},")
                + "}}",
            }
        ),
    ),
    "dot-level": (Hint({"Write the folder itself": lake("path: other")}),),
    "macro-in-path": (
        Hint(
            {
                "Move the macro to `folder`": lake("path: aep")
                + "\n"
                + folder("%SANDBOX_NAME%/%DATASET_ID%/%EXPORT_TIME%")
            },
            ("which follows the path",),
        ),
    ),
    "landing-zone-retention": (
        Hint(
            {"or export to your own storage": TO_LAKE},
            outside={"Copy the files before that": "only who reads the files can copy them"},
        ),
    ),
    # -- folders ------------------------------------------------------------------------------------------------------
    "segment-macro": (
        Hint(
            {
                "Remove the macro": folder("%DATASET_ID%/%EXPORT_TIME%"),
                "in `folder`, use «%DATASET_ID%»": folder("{0}/%EXPORT_TIME%"),
                "or «%DATASET_NAME%»": folder("{0}/%EXPORT_TIME%"),
            }
        ),
    ),
    "folder-unknown-macro": (
        Hint({"did you mean «%EXPORT_TIME%»?": folder("%DATASET_ID%/{0}")}),
        Hint({"write «%EXPORT_TIME%»": folder("%DATASET_ID%/{0}")}, bad=folder("%DATASET_ID%/%export_time%")),
        Hint(
            {"did you mean «%DESTINATION%»?": folder("{0}/%DATASET_ID%/%EXPORT_TIME%")},
            bad=folder("%DESTINATION_NAME%/%DATASET_ID%/%EXPORT_TIME%"),
        ),
        Hint(
            {"DATETIME takes a pattern: «%DATETIME(YYYYMMdd_HHmmss)%»": folder("%DATASET_ID%/{0}")},
            bad=folder("%DATASET_ID%/%DATETIME%"),
        ),
        Hint(
            {"did you mean «%DATETIME(YYYYMMdd_HHmmss)%»?": folder("%DATASET_ID%/{0}")},
            bad=folder("%DATASET_ID%/%DATETIM%"),
        ),
        Hint(
            {
                **MACROS,
                "«%EXPORT_TIME%»": folder("%DATASET_ID%/{0}"),
                "«%DATETIME(YYYYMMdd_HHmmss)%»": folder("%DATASET_ID%/{0}"),
            },
            ("Use", "or"),
            bad=folder("%QX%/%DATASET_ID%/%EXPORT_TIME%"),
        ),
    ),
    "folder-characters": (
        Hint(
            {
                "Use letters, digits and «- _ . = ! * ' ( )» between the slashes": folder(
                    "all_orders-v1.0=(a)!*'/%DATASET_ID%/%EXPORT_TIME%"
                )
            }
        ),
    ),
    "folder-without-time": (
        Hint(
            {
                "Add «%EXPORT_TIME%»": folder("%DATASET_ID%/{0}"),
                "or %DATETIME(…)%, usually as the last level": folder("%DATASET_ID%/%DATETIME(YYYYMMdd)%"),
            }
        ),
    ),
    "folder-without-dataset": (
        Hint(
            {**DATASET_MACROS, "or write «split_by: dataset»": orders("{0}, folder: '%DATASET_ID%/%EXPORT_TIME%'")},
        ),
    ),
    "two-exports-one-location": (
        Hint(
            {
                "Remove one of them": COPY_REMOVED,
                "or change its folder": folder("orders/%DATASET_ID%/%EXPORT_TIME%"),
                "subpath": orders("subpath: orders"),
                "or destination": f"{orders('destination: drop')}\n{drop(SFTP)}",
            }
        ),
    ),
    "two-datasets-one-folder": (
        Hint(
            {
                "Add «%DATASET_ID%»": FOLDERS,
                "or «%DATASET_NAME%» to the folders": FOLDERS,
                "or write a subpath for each": "exports: {orders: {subpath: orders}, copy: {subpath: copy}}",
            }
        ),
    ),
    "environments-one-location": (Hint(BUCKETS),),
    "environments-near-location": (Hint(BUCKETS),),
    "project-twice": (
        Hint(
            {"Use one sandbox for each environment": "environments: {test: {platform: {sandbox: test}}}"},
            outside={
                "or split the config into two projects": "the other half is a config of its own, which this one is not"
            },
            bad=lake("bucket: 'acme-${environment}'")
            + "\nenvironments: {dev: {platform: {sandbox: dev}}, test: {platform: {sandbox: dev}}}",
        ),
    ),
    # -- schedules, ends, formats -------------------------------------------------------------------------------------
    "schedule-8-hours": (
        Hint(
            {
                "Choose «6», 9 or 12 hours": "schedules: {nightly: {every: {0} hours}}",
                "or `allow` it for a flow that was created in the AEP UI": allow("schedule-8-hours"),
            }
        ),
    ),
    "format-csv": (
        Hint(
            {
                "Set «type: parquet»": "formats: {table: {{0}}}",
                "or json": "formats: {table: {type: json}}",
                "or `allow` it for a flow that has it": allow("format-csv"),
            }
        ),
    ),
    "unlisted-value": (
        Hint(
            {
                f"{every}": f'schedules: {{nightly: {{every: "{every}"}}}}'
                for every in ("1 hour", "3 hours", "6 hours", "9 hours", "12 hours", "1 day")
            }
            | {
                "and once": "schedules: {nightly: {every: once}}\ndefaults: {end: null}",
                "`allow` it if your sandbox offers it or a flow has it": allow("unlisted-value"),
            },
            ("Adobe lists",),
        ),
        Hint(
            {
                'did you mean "«parquet»"?': "formats: {table: {type: {0}}}",
                "Adobe lists parquet and «json»": "formats: {table: {type: {0}}}",
                "`allow` it if your sandbox offers it or a flow has it": allow("unlisted-value"),
            },
            bad="formats: {table: {type: parquett}}\nexports: {orders: {format: table}}",
        ),
    ),
    "missing-end": (
        Hint(
            {
                "Write an end, for example «end: {rolling: 180 days, renew_before: 30 days}»": "defaults: {{0}}",
                "or `allow` it if you want «`end: none`»": "defaults: {{0}}\n" + allow("missing-end"),
            },
            ("which `renew` moves on",),
        ),
    ),
    "end-before-start": (
        Hint(
            {
                "Move `end` after the first run": "defaults: {end: 2098-06-01}",
                "or `start` before the end": "schedules: {nightly: {start: 2096-01-01}}",
            }
        ),
    ),
    "end-passed": (
        Hint(
            {
                "Write a later end": "defaults: {end: 2099-01-01}",
                "or remove the export and name it under `removed`": "exports:"
                " {orders: null, copy: {datasets: [x], end: 2099-01-01}}\n"
                "removed: [{export: orders, do: delete, reason: over}]",
            }
        ),
    ),
    "run-distance-too-long": (
        Hint(
            {
                "Make policy.run_distance shorter than half of the shortest interval": "policy: {run_distance: 1 hour}",
            }
        ),
    ),
    "renew-before-too-short": (
        Hint(
            {
                "Set renew_before to at least «2 days»": "defaults: {end: {renew_before: {0}}}",
                "better «30»": "defaults: {end: {renew_before: {0} days}}",
            }
        ),
    ),
    "rolling-too-short": (
        Hint({"Make rolling longer, for example «180 days»": "defaults: {end: {rolling: {0}, renew_before: 30 days}}"}),
    ),
    "end-warning-before-renewal": (
        Hint({"Make renew_before at least as long as policy.end_warning": "defaults: {end: {renew_before: 30 days}}"}),
    ),
    "json-uncompressed": (
        Hint(
            {
                "Set «compression: gzip»": "formats: {plain: {{0}}}",
                "or `allow` it for an existing flow": allow("json-uncompressed"),
            }
        ),
    ),
    "parquet-uncompressed": (
        Hint({"Set «compression: gzip»": "formats: {plain: {{0}}}"}, ("unless the dataset stays small",)),
    ),
    "expect-beyond-retention": (Hint({"Set expect.within to at most «7 days»": orders("expect: {within: {0}}")}),),
    "backup-beyond-retention": (
        Hint({"Export to another type of destination": TO_LAKE, "or remove expect.backup": orders("expect: null")}),
    ),
    "expect-on-once": (
        Hint({"remove `expect` after the run is verified": orders("expect: null")}, ("No change is needed",)),
    ),
    # -- accounts, secrets, texts -------------------------------------------------------------------------------------
    "encryption-key-form": (
        Hint(
            {
                "Write the base64 of the whole key on one line: base64 -w0 < KEY": "destinations: {lake: {encryption:"
                " {public_key: LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t}}}"
            }
        ),
    ),
    "encryption-without-auth": (
        Hint(
            {
                "Set it where the account is created, and remove it here": "destinations: {lake: {encryption: null,"
                " account: {of: first, existing: null}}, first: {type: amazon-s3, bucket: first,"
                " auth: {role_arn: '${env:R}'}, encryption: {public_key: mFIEYQ==}}}"
            }
        ),
    ),
    "reader-without-secret": (
        Hint(
            {"Remove `reader`": lake("reader: null")},
            ("and let verify read with the credentials of its environment",),
        ),
    ),
    "sftp-host": (
        Hint(
            {
                "Write only the host name": drop("host: sftp.example.com"),
                "write the rest as `port`, `path` and auth.username": drop("host: sftp.example.com, path: /in"),
            }
        ),
    ),
    "sftp-port": (Hint({"Remove it if it is 22": drop("port: null")}),),
    "auth-form": (
        Hint(
            {
                LOOK: lake("auth: {role_arn: 'arn:aws:iam::123456789012:role/acme'}"),
                'better, write «"${env:NAME}"»': lake("auth: {role_arn: {0}}"),
            }
        ),
    ),
    "auth-form-unusual": (
        Hint(
            {
                LOOK: lake("auth: {access_key_id: AKIAIOSFODNN7EXAMPLE}"),
                'better, write «"${env:NAME}"»': lake("auth: {access_key_id: {0}}"),
            }
        ),
    ),
    "secret-in-plain-field": (
        Hint(
            {
                'Then write «"${env:NAME}"» in an `auth` field': orders("description: none")
                + "\n"
                + lake("auth: {role_arn: {0}}")
            },
            outside={"Rotate it now: it is in the history of the repository": "the owner of the key makes a new one"},
        ),
    ),
    "repository-form": (
        Hint(
            {
                "Write «https://host/path»": "repository: '{0}'",
                "«git@host:path»": "repository: '{0}'",
                "or «ssh://git@host/path»": "repository: '{0}'",
            }
        ),
    ),
    "repository-credentials": (
        Hint(
            {"and write the URL without it": "repository: https://github.com/acme/aep-exports"},
            outside={"Rotate the token": "the owner of the token makes a new one"},
        ),
    ),
    "invisible-character": (
        Hint(
            {"Write the text again without it": orders("title: Orders")},
            ("such characters often come from a copy out of another program",),
        ),
    ),
}
