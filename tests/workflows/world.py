"""
A small world for the laws: an emulator in memory whose clock stands still, a config as YAML text, and the real
workflows between them. Nothing of ours is replaced: what is handed in is a transport, a clock, an environment.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx

from exportctl.apply.final_check import FinalCheck
from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.model.outcome import Outcome
from exportctl.model.plan import Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows import load_config
from exportctl.workflows import plan as plan_workflow
from exportctl.workflows.connect import emulator_clock

START = 1_800_000_000  # 2027-01-15 08:00:00 UTC
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
SANDBOX = "demo"
URL = "http://127.0.0.1:1"
ENV = {
    "AEP_CLIENT_ID": "emulator-client",
    "AEP_CLIENT_SECRET": "emulator-client-secret",
    "AEP_IMS_URL": f"{URL}/ims/token/v3",
}


def private_key(word: bytes) -> str:
    """A small RSA key in form, as each plan masks all parts of it: its numbers hold a word and would open no door."""
    first, second = (int.from_bytes(word * count) | 1 for count in (2, 3))
    numbers = (0, first * second, 65537, 3, first, second, 3, 3, 3)
    values = b"".join(
        b"\x02\x82" + size.to_bytes(2) + n.to_bytes(size) for n in numbers for size in [n.bit_length() // 8 + 1]
    )
    der = b"\x30\x82" + len(values).to_bytes(2) + values
    label = "RSA PRIVATE" + " KEY"
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


SECRETS = {
    "S3_ROLE": "arn:aws:iam::123456789012:role/exports",
    "S3_KEY": "AKIACANARYCANARYCANA",
    "S3_SECRET": "canary/secret+canary/secret+canarysecret",
    "BLOB": "DefaultEndpointsProtocol=https;AccountName=canary;AccountKey=Y2FuYXJ5Y2FuYXJ5",
    "LAKE_SECRET": "canary-client-secret-value",
    "GCS_SECRET": "canarygcssecretcanarygcssecretcanarygcs+",
    "SFTP_PASSWORD": "canary-sftp-password",
    "SFTP_KEY": private_key(
        b"canary"
    ).strip(),  # as `$(cat key)` passes it on: a newline more doubles the forms to mask
}
DATASETS = ("Orders", "Order Lines", "Returns", "App Events", "Loyalty Profiles")

DESTINATIONS: dict[str, Any] = {
    "s3-role": {"type": "amazon-s3", "bucket": "acme-lake", "path": "role", "auth": {"role_arn": "${env:S3_ROLE}"}},
    "s3-key": {
        "type": "amazon-s3",
        "bucket": "acme-lake",
        "path": "key",
        "auth": {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"},
    },
    "blob": {
        "type": "azure-blob",
        "container": "exports",
        "path": "aep",
        "auth": {"connection_string": "${env:BLOB}"},
    },
    "adls": {
        "type": "azure-data-lake",
        "storage_account": "acmelake",
        "container": "raw",
        "path": "aep",
        "auth": {"tenant_id": "t-0001", "client_id": "c-0001", "client_secret": "${env:LAKE_SECRET}"},
    },
    "landing": {"type": "data-landing-zone", "path": "exports"},
    "gcs": {
        "type": "google-cloud-storage",
        "bucket": "acme-analytics",
        "path": "aep",
        "auth": {"access_key_id": "GOOG1EXAMPLEEXAMPLEEXAMP", "secret_access_key": "${env:GCS_SECRET}"},
    },
    "sftp-password": {
        "type": "sftp",
        "host": "sftp.partner.example",
        "path": "/in",
        "auth": {"username": "acme", "password": "${env:SFTP_PASSWORD}"},
    },
    "sftp-key": {
        "type": "sftp",
        "host": "sftp2.partner.example",
        "port": 2222,
        "path": "/in",
        "auth": {"username": "acme", "private_key": "${env:SFTP_KEY}"},
    },
}


def config(**changes: Any) -> dict[str, Any]:
    """A small valid config with the destinations that its exports use; `changes` replace its top-level keys."""
    content = {
        "version": 1,
        "project": "acme",
        "repository": "https://github.com/acme/exports",
        "platform": {"organization": ORGANIZATION, "sandbox": SANDBOX, "url": URL},
        "defaults": {
            "destination": "s3-role",
            "schedule": {"every": "1 day", "at": "02:00"},
            "format": "parquet",
            "end": {"rolling": "180 days", "renew_before": "30 days"},
        },
        "exports": {"orders": {"datasets": ["Orders"]}},
        **changes,
    }
    users = (content["defaults"], *content["exports"].values())
    used = {user["destination"] for user in users if "destination" in user}
    return {"destinations": {name: d for name, d in DESTINATIONS.items() if name in used}, **content}


@dataclass
class World:
    """One sandbox and the folder a config lies in."""

    folder: Path
    emulator: Emulator
    env: Mapping[str, str] = field(default_factory=lambda: {**ENV, **SECRETS})
    settle: float = 60.0

    def copy(self, folder: Path) -> Self:
        """The same sandbox and files once more, to be changed on their own."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, emulator=self.emulator.copy())

    def write(self, content: Mapping[str, Any]) -> None:
        """The config as JSON, which is YAML without anchors."""
        (self.folder / "exports.yaml").write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")

    def setup(self, **more: Any) -> load_config.Setup:
        given: dict[str, Any] = {
            "folder": self.folder,
            "env": self.env,
            "transport": httpx.WSGITransport(app=self.emulator),
            "clock": emulator_clock(self.emulator),
            "now": int(self.emulator.now),
            "settle_seconds": self.settle,
        }
        return load_config.Setup(**{**given, **more})

    @contextmanager
    def open_plan(self, flags: PlanOptions = PlanOptions(), **more: Any) -> Iterator[plan_workflow.ConnectedPlan]:  # noqa: B008
        with plan_workflow.open_plan(self.setup(**more), flags, wall=lambda: START) as made:
            yield made

    def plan(self, flags: PlanOptions = PlanOptions(), **more: Any) -> Plan:  # noqa: B008
        with self.open_plan(flags, **more) as made:
            return made.plan

    def apply(
        self,
        flags: PlanOptions = PlanOptions(),  # noqa: B008
        *,
        parallelism: int = 4,
        **more: Any,
    ) -> tuple[tuple[Outcome, ...], FinalCheck]:
        with self.open_plan(flags, **more) as made:
            applying = apply_workflow.start_apply(
                made, self.setup(**more), flags, parallelism=parallelism, stop=threading.Event()
            )
            outcomes = tuple(applying.execute_steps())
            return outcomes, applying.run_final_check()

    def flow(self, title: str) -> dict[str, Any]:
        return next(f for f in self.emulator.snapshot(SANDBOX)["flows"] if f["name"] == title)

    def writes(self) -> list[str]:
        """`METHOD /collection` of every write since `forget`, sorted; refused ones too."""
        return sorted(
            f"{w['method']} /{w['path'].split('/flowservice/')[1].split('/')[0]}" for w in self.emulator.writes()
        )

    def forget_requests(self) -> None:
        self.emulator.forget_requests()


def world(
    folder: Path,
    switches: Switches | None = None,
    page_size: int = 2,
    *,
    rows: int = 0,
    storage: Path | None = None,
    **more: Any,
) -> World:
    """Return a sandbox with datasets of `rows` rows, and files below `storage`; None: the files are not kept."""
    emulator = Emulator(switches=switches, clock=START, page_size=page_size, organization=ORGANIZATION, storage=storage)
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(name, rows=rows) for name in DATASETS]})
    return World(folder, emulator, **more)


def applied_world(
    folder: Path, content: Mapping[str, Any], switches: Switches | None = None, page_size: int = 2
) -> World:
    """
    Return a sandbox to which a config was applied.

    A test process applies each config once: what it left is copied for each test that begins there.
    """
    known = _applied_emulator(json.dumps(content), switches or Switches(), page_size)
    made = World(folder, known.copy())
    made.write(content)
    return made


@cache
def _applied_emulator(content: str, switches: Switches, page_size: int) -> Emulator:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches, page_size)
        made.write(json.loads(content))
        _, final_check = made.apply()
        assert final_check.passed
        return made.emulator
