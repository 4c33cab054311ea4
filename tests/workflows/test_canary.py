"""
Secrets of every kind are planted, each with a value of its own, and everything exportctl says is searched for them:
as they are, URL-encoded and in base64. The emulator's own store is the one place that may hold them.
"""

from __future__ import annotations

import base64
import io
import json
import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from exportctl.cli.main import main
from exportctl.emulator import Emulator, Fault
from exportctl.errors import Error
from exportctl.output.json import documents as json_view
from exportctl.output.markdown import plan as markdown_view
from exportctl.output.text import plan as text_view
from exportctl.planfile import file as planfile
from tests.workflows.world import DESTINATIONS, ENV, ORGANIZATION, SANDBOX, START, World, config, private_key, world

STATE = ".exportctl/0123456789ABCDEF01234567.sqlite"


CANARIES = {
    "ROLE": "arn:aws:iam::210987654321:role/goldfinch",
    "KEY_ID": "AKIAWAXWINGWAXWING22",
    "KEY_SECRET": "siskin/secret+siskin/secret+siskinsecret",
    "BLOB": "DefaultEndpointsProtocol=https;AccountName=linnet;AccountKey=bGlubmV0bGlubmV0bGlubmV0",
    "TENANT": "tenant-of-the-hawfinch",
    "LAKE_ID": "client-of-the-crossbill",
    "LAKE_SECRET": "secret-of-the-redpoll~1",
    "HMAC_ID": "GOOG1EBRAMBLINGBRAMBLING",
    "HMAC_SECRET": "serin+secret/serin+secret/serin+secret12",
    "SFTP_USER": "user-of-the-bullfinch",
    "SFTP_PASSWORD": "twite & password % of + it",
    "SFTP_KEY": private_key(b"sing/canary/sing"),
}


def _auth(**names: str) -> dict[str, str]:
    return {field: f"${{env:{name}}}" for field, name in names.items()}


AUTH = {
    "s3-role": _auth(role_arn="ROLE"),
    "s3-key": _auth(access_key_id="KEY_ID", secret_access_key="KEY_SECRET"),
    "blob": _auth(connection_string="BLOB"),
    "adls": _auth(tenant_id="TENANT", client_id="LAKE_ID", client_secret="LAKE_SECRET"),
    "gcs": _auth(access_key_id="HMAC_ID", secret_access_key="HMAC_SECRET"),
    "sftp-password": _auth(username="SFTP_USER", password="SFTP_PASSWORD"),
    "sftp-key": _auth(username="SFTP_USER", private_key="SFTP_KEY"),
}
DECLARED_DESTINATIONS = {
    name: {**d, **({"auth": AUTH[name]} if name in AUTH else {})} for name, d in DESTINATIONS.items()
}
EXPORTS = {f"to-{name}": {"datasets": ["Orders"], "destination": name} for name in DECLARED_DESTINATIONS}


def content(**changes: Any) -> dict[str, Any]:
    return config(destinations=DECLARED_DESTINATIONS, exports=EXPORTS, **changes)


def rotated_config() -> dict[str, Any]:
    """The same with every secret to be sent again."""
    again = {
        n: {**d, "auth": {**d["auth"], "secret_version": "2"}} if "auth" in d else d
        for n, d in DECLARED_DESTINATIONS.items()
    }
    return {**content(), "destinations": again}


def encoded_forms(value: str) -> Iterator[str]:
    for text in {value, value.strip(), *(line for line in value.splitlines() if len(line) > 20 and "---" not in line)}:
        yield from (text, json.dumps(text)[1:-1], quote(text), quote(text, safe=""), quote_plus(text))
        yield base64.b64encode(text.encode()).decode().rstrip("=")
        yield base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def assert_no_canary(said: Mapping[str, str], canaries: Mapping[str, str]) -> None:
    """No canary in anything that was said."""
    planted = [(name, form) for name, value in canaries.items() for form in encoded_forms(value)]
    heard = {(name, where) for name, form in planted for where, text in said.items() if form in text}
    assert heard == set()
    assert all(said.values()), [name for name, text in said.items() if not text]


ECHO = {
    "errorMessage": " | ".join(dict.fromkeys(f for value in CANARIES.values() for f in encoded_forms(value))),
    "errorDetails": "see above",
}
GENTLE = {"errorMessage": "; ".join(CANARIES.values())}
ECHOES = [Fault("status", method=m, path="/connections", status=400, body=b, count=0) for m, b in
          (("POST", ECHO), ("PATCH", GENTLE))]  # fmt: skip


# -- the command line -------------------------------------------------------------------------------------------------


class RecordingCommandLine:
    """The command line on the embedded emulator, whose clock stands still; remembers all it said."""

    def __init__(self, folder: Path, env: Mapping[str, str]):
        self.folder, self.env = folder, dict(env)
        self.said: dict[str, str] = {}
        self.write(content())
        Emulator(folder / STATE, clock=START, organization=ORGANIZATION).close()
        assert self("emulator", "seed", "--from-config") == 0

    def write(self, declared: Mapping[str, Any]) -> None:
        platform = {"organization": ORGANIZATION, "sandbox": SANDBOX, "url": "embedded"}
        (self.folder / "exports.yaml").write_text(json.dumps({**declared, "platform": platform}), encoding="utf-8")

    def __call__(self, *argv: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        code = main(["-C", str(self.folder), *argv], self.env, stdin=io.StringIO(), out=out, err=err)
        self.said[f"{len(self.said)} {' '.join(argv)}"] = out.getvalue() + err.getvalue() + f"{code}"
        return code

    def read_files(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file() and ".exportctl" not in path.parts:
                self.said[path.name] = path.read_text(encoding="utf-8")

    def emulator(self) -> Emulator:
        return Emulator(self.folder / STATE)


def test_nothing_the_command_line_says_holds_a_secret(tmp_path: Path) -> None:
    run = RecordingCommandLine(tmp_path, CANARIES)
    assert run("validate") == 0
    for shape in ("text", "json", "markdown"):
        assert run("plan", "--format", shape) == 0
    assert run("plan", "--out", "saved.json") == 0
    assert run("show", "saved.json") == 0
    for fault in ECHOES:
        run.emulator().add_fault(fault)
    assert run("apply", "--auto-approve") == 4
    assert run("apply", "--auto-approve", "--format", "json") == 4
    run.emulator().clear_faults()
    assert run("apply", "saved.json") == 6  # what failed made the rest
    assert run("plan", "--out", "again.json") == 0
    assert run("apply", "again.json", "--audit", "audit.jsonl") == 0
    assert run("drift") == 0
    run.write(rotated_config())
    for fault in ECHOES:
        run.emulator().add_fault(fault)
    assert run("apply", "--auto-approve") == 4
    run.emulator().clear_faults()
    assert run("apply", "--auto-approve", "--format", "json") == 0
    run.emulator().ui.rename("to-blob", "linnet")
    for shape in ("text", "json", "markdown"):
        assert run("drift", "--format", shape) == 3
    assert run("emulator", "requests") == 0
    assert run("doctor") in (0, 1)
    run.read_files()
    stored = json.dumps(run.emulator().snapshot(SANDBOX))
    arrived = {name for name, value in CANARIES.items() if any(f in stored for f in encoded_forms(value))}
    assert arrived == CANARIES.keys()
    assert sum("(secret)" in text for text in run.said.values()) >= 3  # the echoes did arrive, masked
    assert_no_canary(run.said, CANARIES)


def test_plan_and_drift_need_no_destination_secret(tmp_path: Path) -> None:
    run = RecordingCommandLine(tmp_path, CANARIES)
    assert run("apply", "--auto-approve") == 0
    run.env.clear()
    assert run("plan", "--detailed-exitcode") == 2  # the placeholders of the embedded emulator are other values
    shown = list(run.said.values())[-1]
    changed = set(re.findall(r"(?m)^    (\S+): .* -> ", shown))
    assert changed and all(path.startswith("auth.") for path in changed)
    assert run("drift") == 0


# -- the workflows, by a client with secrets of its own ----------------------------------------------------------------

CLIENT_SECRET = "p8e-nightingale-client-secret"
TOKEN_NAMES = ("client secret", "access token")


@pytest.fixture
def guarded(tmp_path: Path) -> World:
    env = {**CANARIES, **ENV, "AEP_CLIENT_ID": "nightingale", "AEP_CLIENT_SECRET": CLIENT_SECRET}
    made = world(tmp_path, page_size=100, env=env)
    made.emulator.register_client("nightingale", CLIENT_SECRET)
    made.write(content())
    return made


def own_canaries(made: World) -> dict[str, str]:
    """The platform's secrets, with every token handed out so far."""
    tokens = {f"token {n}": record.id for n, record in enumerate(made.emulator.store.list_records("tokens"))}
    assert tokens
    return {**CANARIES, "client secret": CLIENT_SECRET, **tokens}


def test_plans_outcomes_and_saved_plans_hold_no_secret(guarded: World) -> None:
    said: dict[str, str] = {}
    for fault in ECHOES:
        guarded.emulator.add_fault(fault)
    with guarded.open_plan() as made:
        said |= {"text": text_view.render_plan(made.plan), "json": json_view.render_plan(made.plan)}
        said |= {
            "markdown": markdown_view.render_plan(made.plan),
            "saved": planfile.dump_plan(made.plan),
            "repr": repr(made.plan),
        }
        said["planned"] = repr(made)
    outcomes, final_check = guarded.apply()
    said["failed"] = repr(outcomes) + repr(final_check)
    guarded.emulator.clear_faults()
    outcomes, final_check = guarded.apply()
    assert final_check.passed
    said["done"] = repr(outcomes) + repr(final_check)
    said["requests"] = json.dumps(guarded.emulator.requests())
    assert_no_canary(said, own_canaries(guarded))


@pytest.mark.parametrize("path", ["/ims/token", "/flows$", "/connections$"])
@pytest.mark.parametrize("effect", ["status", "html", "lost"])
def test_no_exception_with_its_traceback_holds_a_secret(guarded: World, path: str, effect: str) -> None:
    guarded.plan()
    token = next(iter(own_canaries(guarded).values()))
    echo = {"error_code": "401013", "message": f"{CLIENT_SECRET} {token} {CANARIES['ROLE']} {CANARIES['SFTP_USER']}"}
    body: dict[str, Any] = {"body": echo, "status": 401} if effect == "status" else {}
    guarded.emulator.add_fault(Fault(effect, path=path, count=0, **body))
    with pytest.raises(Error) as raised:
        guarded.plan()
    error = raised.value
    said = {"text": "".join(traceback.format_exception(error)), "repr": repr(error), "hint": str(error.hint)}
    said["findings"] = repr(error.findings())
    assert_no_canary(said, own_canaries(guarded))


def test_an_access_token_made_elsewhere_is_never_shown(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    token = made.emulator.issue_token()
    made.env = {"AEP_CLIENT_ID": ENV["AEP_CLIENT_ID"], "AEP_ACCESS_TOKEN": token, "AEP_IMS_URL": ENV["AEP_IMS_URL"]}
    made.write(content())
    body = {"error_code": "401013", "message": f"Bearer {token} is bad"}
    said = {"plan": text_view.render_plan(made.plan())}
    made.emulator.add_fault(Fault("status", path="/flowservice/", status=401, body=body, count=0))
    with pytest.raises(Error) as raised:
        made.plan()
    said["error"] = "".join(traceback.format_exception(raised.value))
    assert_no_canary(said, {"token": token})


def test_a_plan_and_an_empty_drift_work_with_every_destination_secret_unset(guarded: World) -> None:
    guarded.apply()
    guarded.emulator.advance(61)
    guarded.forget_requests()
    bare = {name: value for name, value in guarded.env.items() if name not in CANARIES}
    plan = guarded.plan(env=bare)
    assert plan.is_empty
    assert not plan.errors()
    assert guarded.writes() == []
