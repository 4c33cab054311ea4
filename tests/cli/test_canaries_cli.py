"""
Secrets of every kind are planted and echoed by the service in every spelling, and all that exportctl says and writes is
searched for them. The whole matrix is slow: `pytest -m slow tests/cli/test_canaries_cli.py`; a part of it runs always.
"""

from __future__ import annotations

import html
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Fault
from tests.cli.command_line import ORGANIZATION, CommandLine, fixed_clock_command_line
from tests.transformed_echoes import TEN, TRANSFORMED
from tests.workflows.world import private_key

PASSWORDS = (
    "twite & password % of + it",
    'cAn8Q~ary_"\\p*ss',
    "dunnock<b>'s&amp;<!--",
    "tree-pipit%41%2Fword",
    "wryneck\\n\\u0041\\\\word",
    "ortolan\u00e4\u00df\u00e9-\U0001f600-word",
    "::set-output name=x::woodlark",
    "redstart] | <br> [x](y)",
    "$(whinchat) ${stonechat} `x`",
    "waxwing==waxwing==waxwing",
    "12345678901234567890",
    "shrike12",
)
CANARIES: dict[str, str] = {
    "ROLE": "arn:aws:iam::210987654321:role/goldfinch",
    "ROLE_2": "arn:aws-cn:iam::310987654321:role/greenfinch",
    "KEY_ID": "AKIAWAXWINGWAXWING22",
    "KEY_SECRET": "siskin/secret+siskin/secret+siskinsecret",
    "BLOB": "DefaultEndpointsProtocol=https;AccountName=linnet;AccountKey=bGlubmV0bGlubmV0bGlubmV0;"
    "EndpointSuffix=core.windows.net",
    "BLOB_SAS": "BlobEndpoint=https://nuthatch.blob.core.windows.net;SharedAccessSignature=sv=2024-11-04&ss=b"
    "&sig=bnV0aGF0Y2g%2Bbnv0%2F%3D",
    "TENANT": "tenant-of-the-hawfinch",
    "LAKE_ID": "client-of-the-crossbill",
    "LAKE_SECRET": "secret-of-the-redpoll~1",
    "HMAC_ID": "GOOG1EBRAMBLINGBRAMBLING",
    "HMAC_SECRET": "serin+secret/serin+secret/serin+secret12",
    "SFTP_USER": "user-of-the-bullfinch",
    "SFTP_KEY": private_key(b"sing/canary/sing"),
    "SFTP_KEY_CODED": b64encode(private_key(b"hide/canary/hide").encode()).decode(),
    **{f"PASSWORD_{number}": value for number, value in enumerate(PASSWORDS)},
    "AEP_CLIENT_SECRET": "p8e-nightingale-client-secret",
    "AEP_ACCESS_TOKEN": "eyJhbGciOiJSUzI1NiJ9.eyJpZCI6Im5pZ2h0amFyIn0.c2lnbmF0dXJl",
    "AWS_SECRET_ACCESS_KEY": "blackcap/secret+blackcap/secret+blackcap",
    "AZURE_STORAGE_SAS_TOKEN": "sv=2024-11-04&sp=rl&sig=d2hpdGV0aHJvYXQ%3D",
    "EXPORTCTL_SFTP_PASSWORD": "password-of-the-goldcrest",
}


def _sftp(**auth: str) -> dict[str, Any]:
    return {"type": "sftp", "host": "sftp.partner.example", "path": "/in", "auth": auth}


DESTINATIONS: dict[str, dict[str, Any]] = {
    "role": {"type": "amazon-s3", "bucket": "acme-lake", "path": "a", "auth": {"role_arn": "${env:ROLE}"}},
    "role2": {"type": "amazon-s3", "bucket": "acme-lake", "path": "b", "auth": {"role_arn": "${env:ROLE_2}"}},
    "key": {"type": "amazon-s3", "bucket": "acme-lake", "path": "c",
            "auth": {"access_key_id": "${env:KEY_ID}", "secret_access_key": "${env:KEY_SECRET}"}},
    "blob": {"type": "azure-blob", "container": "exports", "path": "d", "auth": {"connection_string": "${env:BLOB}"}},
    "sas": {"type": "azure-blob", "container": "exports", "path": "e",
            "auth": {"connection_string": "${env:BLOB_SAS}"}},
    "lake": {"type": "azure-data-lake", "storage_account": "acmelake", "container": "raw", "path": "f",
             "auth": {"tenant_id": "${env:TENANT}", "client_id": "${env:LAKE_ID}",
                      "client_secret": "${env:LAKE_SECRET}"}},
    "hmac": {"type": "google-cloud-storage", "bucket": "acme-analytics", "path": "g",
             "auth": {"access_key_id": "${env:HMAC_ID}", "secret_access_key": "${env:HMAC_SECRET}"}},
    "pem": _sftp(username="${env:SFTP_USER}", private_key="${env:SFTP_KEY}"),
    "coded": _sftp(username="acme", private_key="${env:SFTP_KEY_CODED}"),
    "zone": {"type": "data-landing-zone", "path": "exports"},
    **{f"p{n}": _sftp(username="acme", password=f"${{env:PASSWORD_{n}}}") | {"path": f"/p{n}"}
       for n in range(len(PASSWORDS))},
}  # fmt: skip
EXPORTED = ("role", "key", "blob", "pem", "zone", "p0", "p1")  # accounts are written for these; all secrets are known
CONFIG = {
    "version": 1,
    "project": "acme",
    "platform": {"organization": ORGANIZATION, "sandbox": "demo", "url": "embedded"},
    "defaults": {
        "schedule": {"every": "1 day", "at": "02:00"},
        "format": "parquet",
        "end": {"rolling": "180 days", "renew_before": "30 days"},
    },
    "destinations": DESTINATIONS,
    "exports": {f"to-{name}": {"datasets": ["Orders"], "destination": name} for name in EXPORTED},
}
READS = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--out", "plan.json"),
    ("drift",),
    ("drift", "--format", "json"),
    ("drift", "--format", "markdown"),
    ("drift", "--patch"),
    ("status", "--expiring", "400d"),
    ("status", "--format", "json"),
    ("status", "--format", "markdown"),
    ("forecast", "--svg", "runs.svg"),
    ("forecast", "--format", "json"),
    ("runs", "to-role"),
    ("runs", "to-role", "--format", "json"),
    ("report", "-o", "-"),
    ("verify", "--runs-only"),
    ("verify", "--format", "junit"),
    ("verify", "--format", "json"),
    ("import", "--all"),
    ("import", "--all", "--format", "json"),
    ("datasets",),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("snapshot", "--out", "sandbox.json"),
    ("renew", "--format", "json"),
    ("renew",),
    ("validate",),
    ("validate", "--format", "json"),
    ("show", "plan.json"),
    ("show", "plan.json", "--format", "json"),
    ("plan", "--refresh-from", "sandbox.json", "--rehearse"),
    ("plan", "--explain-values", "exports.to-role"),
    ("import", "--all", "--into", "exports/imported.yaml"),
    ("import", "--update", "to-role", "--dry-run"),
    ("verify", "--format", "markdown"),
    ("forecast",),
    ("explain", "canary"),
    ("plan", "-vv"),
    ("doctor", "-vv"),
)
CHANGES = (
    ("apply", "--auto-approve", "--audit", "audit.jsonl"),
    ("apply", "--auto-approve", "--format", "json"),
    ("rotate", "key", "--auto-approve"),
    ("rotate", "p0", "--auto-approve", "--format", "json"),
    ("drift", "--patch", "--write"),
    ("apply", "--auto-approve", "-vv"),
)
SAMPLE = (READS[0], READS[5], READS[19])
FORMATS = READS[:3]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox in which everything is applied, and a flow of others."""
    folder = tmp_path_factory.mktemp("planted")
    run = fixed_clock_command_line(folder, json.dumps(CONFIG, ensure_ascii=False), CANARIES)
    assert run("apply", "--auto-approve").code == 0
    with closing(run.emulator()) as emulator:
        emulator.ui.create_flow("By hand", ["Orders"], sandbox="demo", destination="Data Landing Zone")
    return folder


@pytest.fixture
def sandbox(planted: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(planted, tmp_path, dirs_exist_ok=True)
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "out.txt", "GITHUB_STEP_SUMMARY": "summary.md"}
    paths = {name: value if value == "true" else str(tmp_path / value) for name, value in actions.items()}
    return CommandLine(tmp_path, {**CANARIES, **paths})


def parts(value: str) -> set[str]:
    """The value, or each 16 characters of a longer one."""
    shown = value.strip()
    return {shown[i : i + 16] for i in range(max(1, len(shown) - 15))}


def unescaped(text: str) -> Iterator[str]:
    """What a reader of the text could take from it."""
    yield text
    yield html.unescape(text)
    yield text.replace('\\"', '"').replace("\\\\", "\\")


def found(texts: Mapping[str, str], way: str) -> set[tuple[str, str]]:
    """The canaries in these texts, as they are or as the service spelt them."""
    hits = set()
    for name, value in CANARIES.items():
        spelt = TRANSFORMED[way](value)
        middle = spelt[len(spelt) // 4 : len(spelt) // 4 + 24]  # neither the words around it nor the ends of base64
        for where, text in texts.items():
            if any(part in shown for shown in unescaped(text) for part in parts(value)) or middle in text:
                hits.add((name, where))
    return hits


def written_files(folder: Path) -> dict[str, str]:
    own = {"exports.yaml"}
    files = (path for path in folder.rglob("*") if path.is_file() and ".exportctl" not in path.parts)
    return {path.name: path.read_text(encoding="utf-8") for path in files if path.name not in own}


def echo_in_live_objects(run: CommandLine, way: str) -> None:
    """Put every canary into the names, descriptions and editors of what the service shows."""
    spelt = [TRANSFORMED[way](value) for value in CANARIES.values()]
    with closing(run.emulator()) as emulator:
        seen = emulator.snapshot("demo")
        changed: dict[str, list[dict[str, Any]]] = {}
        for collection in ("connections", "sourceConnections", "targetConnections", "flows"):
            changed[collection] = []
            for number, doc in enumerate(seen[collection]):
                own = spelt[number :: len(seen[collection])]
                said = " ".join(own)
                texts = {"description": f"{said}\n{doc.get('description', '')}", "updatedBy": own[0]}
                if collection in ("flows", "connections"):
                    texts["name"] = f"{doc['name']} {said}"
                changed[collection].append({**doc, **texts})
        emulator.ui.load(changed, sandbox="demo")


def failing_reads(run: CommandLine, way: str) -> None:
    """Let every read fail with an error that repeats every canary."""
    said = "; ".join(TRANSFORMED[way](value) for value in CANARIES.values())
    with closing(run.emulator()) as emulator:
        emulator.add_fault(Fault("status", method="GET", status=403, count=0, path="/data/foundation/",
                                 body={"error_code": said, "message": said}))  # fmt: skip


def failing_writes(run: CommandLine, way: str) -> None:
    """Let every write fail with an error that repeats every canary, in each form of error body."""
    said = "; ".join(TRANSFORMED[way](value) for value in CANARIES.values())
    with closing(run.emulator()) as emulator:
        for method, key in (("POST", "errorMessage"), ("PATCH", "message")):
            body = {key: said, "error_code": TRANSFORMED[way](CANARIES["KEY_ID"]), "title": said}
            headers = {"x-request-id": CANARIES["LAKE_ID"]}
            emulator.add_fault(Fault("status", method=method, status=400, body=body, headers=headers, count=0,
                                     path="/flowservice/"))  # fmt: skip


def say(run: CommandLine, commands: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    said = {}
    for argv in commands:
        ended = run(*argv)
        said[" ".join(argv)] = text = ended.out + ended.err
        assert "Traceback" not in text
        assert "[unexpected]" not in text, text
        if argv[-1] == "json" and ended.out:
            json.loads(ended.out)
    return said


def check_reads(run: CommandLine, way: str, commands: tuple[tuple[str, ...], ...]) -> None:
    echo_in_live_objects(run, way)
    said = say(run, commands)
    assert any("(secret)" in text for text in said.values())
    assert found({**said, **written_files(run.folder)}, way) == set()


def check_failing_reads(run: CommandLine, way: str, commands: tuple[tuple[str, ...], ...]) -> None:
    failing_reads(run, way)
    said = say(run, commands)
    assert any("(secret)" in text for text in said.values())
    assert found({**said, **written_files(run.folder)}, way) == set()


def check_writes(run: CommandLine, way: str, commands: tuple[tuple[str, ...], ...] = CHANGES[:2]) -> None:
    run.edit('"path": "a"', '"path": "other"')
    run.edit('"path": "exports"', '"path": "other"')
    run.edit('"to-p1":', '"to-p2": {"datasets": ["Orders"], "destination": "p2"}, "to-p1":')
    failing_writes(run, way)
    said = say(run, commands)
    assert all("(secret)" in said[" ".join(argv)] for argv in commands if argv[0] in ("apply", "rotate"))
    assert found({**said, **written_files(run.folder)}, way) == set()


def test_there_are_thirty_canaries_and_ten_ways() -> None:
    assert len(CANARIES) >= 30
    assert len(set(CANARIES.values())) == len(CANARIES)
    assert len(TEN) == 10


def test_no_read_shows_a_secret_that_live_objects_repeat(sandbox: CommandLine) -> None:
    check_reads(sandbox, "in JSON in JSON", SAMPLE)


def test_no_apply_shows_a_secret_that_errors_repeat(sandbox: CommandLine) -> None:
    check_writes(sandbox, "split by line ends")


def test_no_failing_read_shows_a_secret_that_errors_repeat(sandbox: CommandLine) -> None:
    check_failing_reads(sandbox, "in HTML", SAMPLE[:1])


LONG_WAYS = [pytest.param(way, marks=pytest.mark.slow) for way in ("as it is", "in hex")]


@pytest.mark.parametrize("way", ["inside longer base64", "in URLs", *LONG_WAYS])
def test_no_request_that_is_shown_with_its_bodies_shows_a_secret(sandbox: CommandLine, way: str) -> None:
    echo_in_live_objects(sandbox, way)
    failing_writes(sandbox, way)
    sandbox.edit('"path": "a"', '"path": "other"')
    sandbox.edit('"to-p1":', '"to-p2": {"datasets": ["Orders"], "destination": "p2"}, "to-p1":')
    said = say(sandbox, (("doctor", "-vv"), ("apply", "--auto-approve", "-vv")))

    assert all("\n  got {" in text for text in said.values())
    assert found(said, way) == set()


@pytest.mark.slow
@pytest.mark.parametrize("way", TRANSFORMED)
def test_no_command_shows_a_secret_that_live_objects_repeat(sandbox: CommandLine, way: str) -> None:
    check_reads(sandbox, way, READS)


@pytest.mark.slow
@pytest.mark.parametrize("way", TRANSFORMED)
def test_no_failure_shows_a_secret_that_errors_repeat(sandbox: CommandLine, way: str) -> None:
    check_writes(sandbox, way, CHANGES)


@pytest.mark.slow
@pytest.mark.parametrize("way", TRANSFORMED)
def test_no_command_shows_a_secret_that_failing_reads_repeat(sandbox: CommandLine, way: str) -> None:
    check_failing_reads(sandbox, way, READS)


# -- without echoes, no mask changes anything -------------------------------------------------------------------------


WORDS = (
    "1 to delete", "exports.to-zone", "production", "to-role", "By hand", '"verb": "delete"', "acme-lake",
    "(none)", "true", "false", "Plan: ", "2027-01-15", "pending change", "changes", "delete", "embedded",
)  # fmt: skip


def documents(run: CommandLine, secret: str) -> dict[str, str]:
    """What a plan says in each format, and the files of CI."""
    for name in ("out.txt", "summary.md"):
        (run.folder / name).unlink(missing_ok=True)
    said = {}
    for argv in FORMATS:
        ended = run(*argv, PASSWORD_0=secret)
        said[" ".join(argv)] = ended.out + ended.err
    return {**said, **{name: (run.folder / name).read_text(encoding="utf-8") for name in ("out.txt", "summary.md")}}


def delete_an_export(run: CommandLine) -> None:
    text = json.loads((run.folder / "exports.yaml").read_text(encoding="utf-8"))
    del text["exports"]["to-zone"]
    run.write(json.dumps({**text, "policy": {"max_deletes": 5}}, ensure_ascii=False))


def test_no_word_that_somebody_declares_to_be_a_secret_changes_a_document(sandbox: CommandLine) -> None:
    delete_an_export(sandbox)
    before = documents(sandbox, CANARIES["PASSWORD_0"])
    assert "- exports.to-zone" in before["plan"]
    assert "1 to delete" in before["plan"]
    for secret in ("exports.to-zone", "\n".join(WORDS)):
        assert documents(sandbox, secret) == before
