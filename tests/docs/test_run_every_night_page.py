"""docs/how-to/run-every-night.md: each step is run as it stands, against a receiver on this machine."""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from exportctl.output import prometheus
from exportctl.output.json import night as json_night
from exportctl.output.markdown import night as markdown_night
from tests.cli.command_line import ROOT
from tests.code_hosts.fake_server import Answer, Asked, Faults, serve
from tests.output.sample_nights import full_night

PAGE = (ROOT / "docs" / "how-to" / "run-every-night.md").read_text(encoding="utf-8")
SUMMARY = "Nightly: 3 environments, 2 need attention (prod, stage)."


class Receiver:
    """Takes every message."""

    def answer(self, asked: Asked) -> Answer:
        return 202, {"status": "success"}


def step(name: str) -> str:
    (found,) = re.findall(rf"(?s)```sh {name}\n(.*?)```", PAGE)
    assert len(found.strip().splitlines()) == 3
    return str(found)


def run_step(name: str, folder: Path, code: int, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "reports").mkdir(exist_ok=True)
    (folder / "reports" / "nightly.json").write_text(json_night.render_night(full_night()), encoding="utf-8")
    (folder / "reports" / "nightly.md").write_text(markdown_night.render_night(full_night()), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "code": str(code), "NO_PROXY": "*", **variables}
    asked = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name))
    return subprocess.run(asked, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.ecosystem  # curl and jq: .ci/install-programs
@pytest.mark.parametrize(
    ("name", "variable", "text"),
    [
        ("slack", "SLACK_WEBHOOK_URL", lambda body: body["text"]),
        ("teams", "TEAMS_WEBHOOK_URL", lambda body: body["attachments"][0]["content"]["body"][0]["text"]),
    ],
)
def test_a_chat_gets_the_summary_of_a_night_that_needs_attention(
    name: str, variable: str, text: object, tmp_path: Path
) -> None:
    faults = Faults()
    with serve(Receiver(), faults) as address:
        quiet = run_step(name, tmp_path, 0, **{variable: address})
        loud = run_step(name, tmp_path, 3, **{variable: address})

    assert (quiet.returncode, loud.returncode) == (0, 0), loud.stderr
    assert callable(text)
    assert [text(asked.body) for asked in faults.log] == [SUMMARY]


@pytest.mark.ecosystem  # curl and jq: .ci/install-programs
def test_an_incident_is_triggered_and_later_resolved_under_one_key(tmp_path: Path) -> None:
    faults = Faults()
    with serve(Receiver(), faults) as address:
        for code in (3, 0):
            done = run_step("pagerduty", tmp_path, code, PAGERDUTY_URL=address, PAGERDUTY_ROUTING_KEY="key-0123456789")
            assert done.returncode == 0, done.stderr

    bodies = [asked.body for asked in faults.log]
    assert [body["event_action"] for body in bodies] == ["trigger", "resolve"]
    assert {body["dedup_key"] for body in bodies} == {"exportctl-acme"}
    assert bodies[0]["payload"] == {"summary": SUMMARY, "source": "exportctl", "severity": "warning"}
    assert {body["routing_key"] for body in bodies} == {"key-0123456789"}


@pytest.mark.ecosystem  # curl and jq: .ci/install-programs
def test_a_chat_that_refuses_the_message_fails_the_step(tmp_path: Path) -> None:
    faults = Faults(before=[("POST", 404, {})])
    with serve(Receiver(), faults) as address:
        assert run_step("slack", tmp_path, 3, SLACK_WEBHOOK_URL=address).returncode != 0


class MailHandler(socketserver.StreamRequestHandler):
    """As much of RFC 5321 and of AUTH PLAIN (RFC 4954) as curl needs."""

    mails: list[str] = []  # noqa: RUF012  # the server makes a handler for each connection

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self._say("250-test\r\n250 AUTH PLAIN")
            elif verb == "DATA":
                self._say("354 go on")
                self.mails.append(self._read_mail())
                self._say("250 taken")
            elif verb == "AUTH":
                self._say("334 ")
                self.rfile.readline()
                self._say("235 yes")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 yes")

    def _read_mail(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
            lines.append(line.rstrip("\r\n"))
        return "\n".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serve_mail() -> Iterator[str]:
    MailHandler.mails.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.ecosystem  # curl and jq: .ci/install-programs
def test_an_e_mail_has_the_summary_as_its_subject_and_the_report_as_its_text(tmp_path: Path) -> None:
    with serve_mail() as address:
        done = run_step(
            "mail",
            tmp_path,
            3,
            MAIL_SERVER=address,
            MAIL_USER="bot:password",
            MAIL_FROM="bot@acme.example",
            MAIL_TO="data@acme.example",
        )

    assert done.returncode == 0, done.stderr
    (mail,) = MailHandler.mails
    assert f"Subject: {SUMMARY}\n" in mail
    assert "## exportctl nightly: `acme`" in mail


def test_the_page_lists_every_metric_and_no_other() -> None:
    listed = set(re.findall(r"(?m)^\| `(exportctl_\w+)` \|", PAGE))

    assert listed == {metric.name for metric in prometheus.METRICS}


def test_the_alerts_name_only_metrics_and_labels_that_exist() -> None:
    (text,) = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    names = {metric.name for metric in prometheus.METRICS}

    assert len(rules) == 2
    for rule in rules:
        assert set(re.findall(r"exportctl_\w+", rule["expr"])) <= names
        labels = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule)))
        assert labels <= {"project", "environment", "sandbox", "export"}
