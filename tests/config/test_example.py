"""The documented example means what the documentation says."""

from __future__ import annotations

import pytest

from exportctl.config import load as config
from exportctl.errors import Level, SourcePosition
from exportctl.model.project import AuthValue, BackupPolicy, End, Expect, Format, Schedule
from exportctl.model.secret import Secrecy
from tests.config.example_config import (
    EXAMPLE,
    SMALL,
    finding_locations,
    project,
    read_project,
    with_destination,
    with_export,
)

SALES = ["sales-to-lake/order-lines", "sales-to-lake/orders", "sales-to-lake/returns"]


@pytest.mark.parametrize(
    ("env", "sandbox", "exports"),
    [
        ("dev", "dev", SALES),
        ("prod", "prod", ["orders-to-partner", *SALES, "web-to-lake"]),
        ("local", "dev", [*SALES, "web-to-lake"]),
    ],
)
def test_each_environment_has_its_sandbox_and_its_exports(env: str, sandbox: str, exports: list[str]) -> None:
    made = project(EXAMPLE, env=env)
    assert (env, sandbox) == (made.environment, made.platform.sandbox)
    assert exports == list(made.exports)


def test_the_platform_is_adobes_unless_said_otherwise() -> None:
    assert project(EXAMPLE, env="dev").platform.url == "https://platform.adobe.io"
    assert project(EXAMPLE, env="local").platform.url == "embedded"


def test_a_split_export_is_one_flow_per_dataset() -> None:
    made = project(EXAMPLE, env="prod").exports["sales-to-lake/order-lines"]
    assert made.title == "sales-to-lake \N{EN DASH} Order Lines"
    assert (made.declared_key, [d.name for d in made.datasets]) == ("sales-to-lake", ["Order Lines"])
    assert made.format == Format("parquet", "gzip", True)


def test_an_export_fills_in_from_destination_schedule_and_defaults() -> None:
    made = project(EXAMPLE, env="prod").exports["orders-to-partner"]
    assert made.format == Format("json", "gzip")  # of its destination
    assert made.schedule == Schedule("day", 1, 7200)
    assert made.end == End(rolling=180 * 86400, renew_before=30 * 86400)
    assert made.folder == "%DATASET_ID%/%EXPORT_TIME%"
    assert (made.protect, made.enabled, made.expect) == (True, None, Expect(7200, True))


def test_every_field_of_an_export_knows_its_line() -> None:
    made = project(EXAMPLE, env="prod").exports["orders-to-partner"]
    lines = {key: at.line for key, at in made.positions.items()}
    assert {"destination": 43, "format": 30, "schedule": 9, "end": 11, "protect": 45, "title": 41} | lines == lines
    keys = "title description datasets schedule end folder enabled format destination subpath protect"
    assert set(keys.split()) == set(lines)


def test_aliases_and_names_are_distinguished() -> None:
    made = project(EXAMPLE, env="prod").exports["web-to-lake"].datasets
    assert [(d.id, d.name, d.alias) for d in made] == [
        ("5ef3e3259ad2a1191ab7dd7d", None, "web"),
        (None, "App Events", None),
    ]


def test_secrets_stay_references_and_plain_values_are_filled_in() -> None:
    made = project(EXAMPLE, env="prod").destinations
    assert made["lake"].location == {"bucket": "acme-aep-prod", "path": "aep"}
    key = made["partner"].account.auth["private_key"]
    assert key == AuthValue("${env:PARTNER_SSH_KEY}", Secrecy.SECRET, SourcePosition("exports.yaml", 31, 41))
    assert made["partner"].account.auth["host"].text == "sftp.partner.example"
    assert (made["lake"].account.method, made["partner"].account.method) == ("role", "key")


def test_all_environments_are_read_in_one_go() -> None:
    made, findings = config.load_projects(config.parse_config({"exports.yaml": EXAMPLE.encode()}), {})
    assert list(made) == ["dev", "local", "prod"]
    assert not findings


def test_what_two_environments_share_is_said_once() -> None:
    text = EXAMPLE.replace("every: 3 hours", "every: 5 minutes")
    made, findings = config.load_projects(config.parse_config({"exports.yaml": text.encode()}), {})
    assert not made
    assert finding_locations(findings) == [("bad-schedule", "exports.yaml:18:21")]


def test_a_config_without_environments_needs_none() -> None:
    made = project(SMALL)
    assert made.environment is None
    assert made.exports["web"].end == End(moment=1798848000)  # the day belongs to it
    assert made.exports["web"].format == Format("parquet", "gzip")


def test_a_windows_file_reads_like_any_other() -> None:
    parsed = config.parse_config({"exports.yaml": b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode()})
    assert config.load_project(parsed, "prod", {}) == (project(EXAMPLE, env="prod"), ())


def test_values_are_explained_by_the_line_that_set_them() -> None:
    parsed = config.parse_config({"exports.yaml": EXAMPLE.encode()})
    lines = {path: (text, at.line) for path, text, at in config.explain_values(parsed, "dev")}
    assert lines["platform.sandbox"] == ("dev", 49)
    assert lines["destinations.lake.bucket"] == ("acme-aep-${environment}", 23)
    assert lines["formats.parquet-manifest.manifest"] == ("true", 14)
    assert lines["datasets.sales[1]"] == ("Order Lines", 36)
    assert lines["destinations.partner.auth.username"] == ("(sensitive)", 31)
    assert lines["destinations.partner.auth.private_key"] == ("${env:PARTNER_SSH_KEY}", 31)
    assert not any(path.startswith("exports.web-to-lake") for path in lines)


def test_values_without_an_environment_are_those_of_the_files() -> None:
    parsed = config.parse_config({"exports.yaml": EXAMPLE.encode()})
    assert "platform.sandbox" not in {path for path, _, _ in config.explain_values(parsed, None)}


def test_a_lake_account_becomes_an_endpoint() -> None:
    auth = 'tenant_id: t, client_id: c, client_secret: "${env:S}"'
    made = project(
        with_destination(f"{{type: azure-data-lake, storage_account: acme, container: x-1, path: p, auth: {{{auth}}}}}")
    ).destinations["other"]
    assert made.location == {"path": "p"}
    assert made.account.auth["endpoint"].text == "abfss://x-1@acme.dfs.core.windows.net"
    assert made.account.auth["endpoint"].secrecy is Secrecy.PLAIN
    assert {"auth", "endpoint", "auth.tenant_id", "path"} <= set(made.positions)


def test_an_abfss_url_may_be_written_instead() -> None:
    auth = 'tenant_id: t, client_id: c, client_secret: "${file:s}"'
    url = "abfss://data@acme.dfs.core.windows.net"
    made = project(with_destination(f"{{type: azure-data-lake, endpoint: '{url}', path: p, auth: {{{auth}}}}}"))
    assert made.destinations["other"].account.auth["endpoint"].text == url


@pytest.mark.parametrize(
    "url",
    [
        "abfss://data@acme.dfs.core.chinacloudapi.cn",
        "abfss://data@acme.dfs.core.usgovcloudapi.net/",
        "abfss://data@acme.z07.dfs.storage.azure.net",
    ],
)
def test_an_abfss_url_may_be_of_another_cloud(url: str) -> None:
    auth = 'tenant_id: t, client_id: c, client_secret: "${env:LAKE_SECRET}"'
    made = project(with_destination(f"{{type: azure-data-lake, endpoint: '{url}', path: p, auth: {{{auth}}}}}"))
    assert made.destinations["other"].account.auth["endpoint"].text == url


@pytest.mark.parametrize("port", ["2222", '"2222"', '"${env:EXPORTCTL_VAR_PORT}"'])
def test_a_port_is_text_however_it_is_written(port: str) -> None:
    body = f'{{type: sftp, host: h, port: {port}, path: p, auth: {{username: u, password: "${{env:P}}"}}}}'
    made = project(with_destination(body), variables={"EXPORTCTL_VAR_PORT": "2222"})
    assert made.destinations["other"].account.auth["port"].text == "2222"
    assert made.destinations["other"].account.method == "password"


@pytest.mark.parametrize(
    ("account", "expected"),
    [("{existing: Shared SFTP}", ("Shared SFTP", None)), ("{id: 6b3f}", (None, "6b3f"))],
)
def test_an_account_made_by_others_needs_no_auth(account: str, expected: tuple[str, str]) -> None:
    made = project(with_destination(f"{{type: sftp, path: p, account: {account}}}")).destinations["other"]
    assert expected == (made.account.existing, made.account.id)
    assert not made.account.is_ours


def test_an_account_is_shared_by_destinations_of_one_type() -> None:
    text = with_destination('{type: azure-blob, container: aaa, path: a, auth: {connection_string: "${env:C}"}}')
    text = text.replace(
        "schedules:\n", "  third: {type: azure-blob, container: bbb, path: b, account: {of: other}}\nschedules:\n"
    )
    made = project(text).destinations["third"]
    assert (made.account.of, made.location) == ("other", {"container": "bbb", "path": "b"})


def test_options_of_an_account_are_kept() -> None:
    options = "secret_version: 2, drop: [authorizedDate]"
    made = project(with_destination(f"{{type: amazon-s3, bucket: abc, auth: {{role_arn: r, {options}}}}}"))
    account = made.destinations["other"].account
    assert (account.secret_version, account.drop) == ("2", ("authorizedDate",))


def test_a_public_key_encrypts_the_files() -> None:
    body = (
        "{type: amazon-s3, bucket: abc, auth: {role_arn: r}, encryption: {public_key: QUJD}, title: T, renamed_from: o}"
    )
    made = project(with_destination(body)).destinations["other"]
    assert made.encryption is not None
    assert (made.encryption.text, made.title, made.renamed_from) == ("QUJD", "T", "o")


def test_groups_may_hold_groups_and_each_dataset_counts_once() -> None:
    text = SMALL.replace("[App Events]", "[all, Orders, {name: Web}, {id: abc}]")
    text += "datasets:\n  all: [sales, web]\n  sales: [Orders, {id: abc}]\n  web: Web\n"
    made = project(text).exports["web"].datasets
    assert [(d.id, d.name, d.alias) for d in made] == [
        (None, "Orders", None),
        ("abc", None, None),
        (None, "Web", "web"),
    ]


def test_the_parts_of_a_split_are_alias_slug_or_id() -> None:
    text = SMALL.replace("[App Events]", "[short, Åpp Events!, {id: 5EF3}]") + "    split_by: dataset\n"
    text += "    adopt: {short: f-1, app-events: f-2}\n    renamed_from: old\n    title: T\n"
    text += "datasets: {short: {id: abc, name: A Long Name}}\n"
    made = project(text).exports
    assert list(made) == ["web/5ef3", "web/app-events", "web/short"]
    assert [one.adopt for one in made.values()] == [None, "f-2", "f-1"]
    assert [one.renamed_from for one in made.values()] == ["old/5ef3", "old/app-events", "old/short"]
    assert [one.title.split(" \N{EN DASH} ")[1] for one in made.values()] == ["5EF3", "Åpp Events!", "A Long Name"]


def test_a_part_goes_on_from_a_part_of_another_name_or_from_a_whole() -> None:
    text = SMALL.replace("[App Events]", "[Orders, Returns, Visits]") + "    split_by: dataset\n"
    made = project(text + "    renamed_from: {orders: web, returns: old/refunds}\n").exports
    before = {"web/orders": "web", "web/returns": "old/refunds", "web/visits": None}
    assert {name: one.renamed_from for name, one in made.items()} == before


def test_where_a_new_name_is_written_is_known_where_it_is_written() -> None:
    made = project(with_export("renamed_from: old"))
    assert str(made.exports["web"].positions["renamed_from"]) == "exports.yaml:14:19"
    assert "renamed_from" not in project(SMALL).exports["web"].positions


def test_consents_of_an_export_are_flow_ids() -> None:
    made = project(
        with_export("adopt: a\nallow_replace: b\nkeep: c\nrenamed_from: old/part\nsubpath: s\nenabled: false")
    )
    web = made.exports["web"]
    assert (
        web.adopt,
        web.allow_replace,
        web.keep,
        web.renamed_from,
        web.subpath,
        web.enabled,
    ) == ("a", "b", "c", "old/part", "s", False)


def test_allowances_keep_rule_reason_and_place() -> None:
    made = project(with_export("allow: [{rule: some-rule, reason: because}]")).exports["web"].allow
    assert [(a.rule, a.reason, a.at.line) for a in made] == [("some-rule", "because", 14)]


def test_inline_schedules_bring_their_end() -> None:
    text = SMALL.replace(
        "schedule: nightly", "schedule: {every: 8 hours, at: '01:30', start: 2026-12-01, end: 2027-02-01}"
    )
    made = project(text.replace("    end: 2027-01-01\n", "    format: {type: json}\n")).exports["web"]
    assert made.schedule == Schedule("hour", 8, 5400, 1796083200)
    assert made.end == End(moment=1801526400)
    assert made.format == Format("json", "gzip")


def test_a_one_time_export_takes_no_end_from_the_defaults() -> None:
    text = SMALL.replace("every: 1 day", "every: once").replace("    end: 2027-01-01\n", "")
    made = project(text + "defaults: {end: {rolling: 180 days}}\n").exports["web"]
    assert (made.schedule, made.end) == (Schedule("once", 0, 0), End())


NEARER = {  # end of the export, of its schedule, of the defaults -> what counts
    "nothing anywhere": (None, None, None, End()),
    "none before the defaults": ("none", None, "2027-01-31", End(none=True)),
    "none before the schedule": ("none", "2027-01-31", None, End(none=True)),
    "none of the schedule before the defaults": (None, "none", "2027-01-31", End(none=True)),
    "none of the defaults": (None, None, "none", End(none=True)),
    "an end before none of the schedule": ("2026-12-31", "none", "none", End(moment=1798761600)),
    "an end of the schedule before none of the defaults": (None, "2026-12-31", "none", End(moment=1798761600)),
}


@pytest.mark.parametrize("row", NEARER)
def test_the_nearest_end_counts_and_none_is_one(row: str) -> None:
    own, of_schedule, of_defaults, expected = NEARER[row]
    text = SMALL.replace("    end: 2027-01-01\n", f"    end: {own}\n" if own else "")
    text = text.replace("{every: 1 day}", f"{{every: 1 day, end: {of_schedule}}}" if of_schedule else "{every: 1 day}")
    made = project(text + (f"defaults: {{end: {of_defaults}}}\n" if of_defaults else "")).exports["web"]

    assert made.end == expected


def test_none_takes_back_the_end_of_a_schedule_that_runs_once() -> None:
    text = SMALL.replace("every: 1 day", "every: once, end: 2027-01-31").replace("end: 2027-01-01", "end: none")
    assert project(text).exports["web"].end == End(none=True)


def test_none_stands_where_it_was_written_and_may_come_from_a_variable() -> None:
    text = SMALL.replace("end: 2027-01-01", 'end: "${env:EXPORTCTL_VAR_END}"')
    made = project(text, variables={"EXPORTCTL_VAR_END": "none"}).exports["web"]

    assert (made.end, str(made.positions["end"])) == (End(none=True), "exports.yaml:13:10")


def test_a_time_of_day_may_have_seconds() -> None:
    made = project(SMALL.replace("{every: 1 day}", "{every: 1 day, at: 08:00:17, start: 2026-12-01T08:00:17Z}"))

    assert made.exports["web"].schedule == Schedule("day", 1, 28817, 1796112017)


def test_an_export_without_an_end_is_left_to_the_rules() -> None:
    assert project(SMALL.replace("    end: 2027-01-01\n", "")).exports["web"].end == End()


def test_renewal_begins_by_default_at_thirty_days_or_half_way() -> None:
    for rolling, expected in (("180 days", 30 * 86400), ("10 days", 5 * 86400)):
        made = project(SMALL.replace("end: 2027-01-01", f"end: {{rolling: {rolling}}}"))
        assert expected == made.exports["web"].end.renew_before


def test_removals_acceptances_policy_and_rules_are_read() -> None:
    made = project(
        SMALL
        + """\
removed:
  - {export: old/part, do: delete, reason: gone}
  - {destination: older, do: release, reason: moved}
accept:
  - {address: exports.web, field: schedule, reason: trial, owner: me, until: 2026-12-31}
policy: {max_deletes: 2, end_warning: 2 weeks, lease: true}
rules:
  folder-without-time: {level: off, reason: agreed, only: [exports.web]}
"""
    )
    assert [(r.root, r.name, r.do) for r in made.removed] == [
        ("destinations", "older", "release"),
        ("exports", "old/part", "delete"),
    ]
    assert made.accept[0].until == 1798761600
    assert (made.policy.max_deletes, made.policy.end_warning, made.policy.lease) == (2, 14 * 86400, True)
    assert (made.rules["folder-without-time"].level, made.rules["folder-without-time"].only) == (
        "off",
        ("exports.web",),
    )


def test_credentials_are_references() -> None:
    credentials = 'credentials: {client_id: "${env:ID}", client_secret: "${file:secret}"}'
    made = project(SMALL.replace("sandbox: dev}", f"sandbox: dev, {credentials}}}")).platform.credentials
    assert {k: v.text for k, v in made.items()} == {"client_id": "${env:ID}", "client_secret": "${file:secret}"}
    assert {Secrecy.SECRET} == {v.secrecy for v in made.values()}


def test_an_unset_plain_reference_is_a_note_and_stays_as_written() -> None:
    text = with_destination('{type: amazon-s3, bucket: "b-${env:EXPORTCTL_VAR_B}", auth: {role_arn: r}}')
    made, findings = read_project(text)
    assert made is not None
    assert made.destinations["other"].location["bucket"] == "b-${env:EXPORTCTL_VAR_B}"
    assert [("EXPORTCTL_VAR_B", SourcePosition("exports.yaml", 6, 36))] == [(u.variable, u.at) for u in made.unset]
    assert [(f.rule, f.level) for f in findings] == [("unset-reference", Level.NOTE)]


@pytest.mark.parametrize(
    "line",
    ["end: 2027-01-01", "schedule: nightly", "datasets: [App Events]"],
)
def test_an_unset_reference_is_not_also_wrong_in_form(line: str) -> None:
    key = line.split(":")[0]
    value = '["${env:EXPORTCTL_VAR_X}"]' if key == "datasets" else '"${env:EXPORTCTL_VAR_X}"'
    _, findings = read_project(SMALL.replace(line, f"{key}: {value}"))
    assert [f.rule for f in findings] == ["unset-reference"]


def test_plain_references_are_filled_in_everywhere() -> None:
    text = SMALL.replace("project: acme", 'project: "acme-${env:EXPORTCTL_VAR_TEAM}"')
    text = text.replace("sandbox: dev", 'sandbox: "${env:AEP_SANDBOX:-dev}"')
    made = project(text + '    title: "${project} in ${sandbox}, $${not}"\n', variables={"EXPORTCTL_VAR_TEAM": "x"})
    assert (made.name, made.exports["web"].title) == ("acme-x", "acme-x in dev, ${not}")


def test_names_of_the_project_reach_sensitive_values_too() -> None:
    body = '{type: amazon-s3, bucket: abc, auth: {role_arn: "arn:${sandbox}:${env:ROLE}:$${x}"}}'
    made = project(with_destination(body)).destinations["other"]
    assert made.account.auth["role_arn"].text == "arn:dev:${env:ROLE}:$${x}"


BACKED_UP = "defaults: {expect: {backup: {max_age: 26 hours}}}\n"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("", Expect(backup=BackupPolicy(max_age=93_600))),
        ("expect: {within: 2 hours}", Expect(7200, backup=BackupPolicy(max_age=93_600))),
        ("expect: {backup: {covered_from: 1970-01-01}}", Expect(backup=BackupPolicy(covered_from=86_400))),
        ("expect: {backup: {drilled_within: 8 days}}", Expect(backup=BackupPolicy(drilled_within=691_200))),
        ("schedule: {every: once}", None),
    ],
    ids=["nothing of its own", "another expectation", "a backup of its own", "a drill of its own", "runs once"],
)
def test_the_default_backup_is_that_of_each_recurring_export(own: str, expected: Expect | None) -> None:
    text = SMALL.replace("schedule: nightly", own) if "once" in own else with_export(own)
    assert project(text + BACKED_UP).exports["web"].expect == expected
