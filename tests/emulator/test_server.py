"""Behind a real server: the same answers, lost ones as closed sockets, and no client but this machine."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest

from exportctl.emulator import Emulator, Fault
from exportctl.emulator.server import bind_server, close_server


@pytest.fixture
def served() -> Iterator[tuple[Emulator, httpx.Client]]:
    emulator = Emulator()
    running = bind_server(emulator, 0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    headers = {
        "Authorization": f"Bearer {emulator.issue_token()}",
        "x-api-key": "emulator-client",
        "x-gw-ims-org-id": emulator.organization,
        "x-sandbox-name": "prod",
    }
    with httpx.Client(base_url=f"http://127.0.0.1:{running.effective_port}", headers=headers, timeout=10) as client:
        yield emulator, client
    close_server(running)
    thread.join(5)
    emulator.close()


FLOWS = "/data/foundation/flowservice/flows"


def test_it_answers_over_a_socket(served: tuple[Emulator, httpx.Client]) -> None:
    _, client = served

    answer = client.get(FLOWS)

    assert (answer.status_code, answer.json()) == (200, {"items": [], "_links": {}})
    assert answer.headers["x-request-id"]
    assert len(answer.headers.get_list("Date")) == 1


def test_a_lost_answer_closes_the_connection(served: tuple[Emulator, httpx.Client]) -> None:
    emulator, client = served
    emulator.add_fault(Fault("lost", method="GET"))

    with pytest.raises(httpx.RemoteProtocolError):
        client.get(FLOWS)

    assert client.get(FLOWS).status_code == 200


def test_the_control_interface_answers_loopback_names_only(served: tuple[Emulator, httpx.Client]) -> None:
    _, client = served

    assert client.get("/_emulator/").status_code == 200
    assert client.get("/_emulator/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/_emulator/", headers={"Host": "localhost:1"}).status_code == 200


def test_a_body_in_chunks_is_read(served: tuple[Emulator, httpx.Client]) -> None:
    _, client = served
    headers = {"Content-Type": "application/json"}

    answer = client.post(FLOWS, content=iter([b"{", b"}"]), headers=headers)

    assert answer.json()["errorMessage"] == "The body must be a JSON object"


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "::", "::ffff:127.0.0.1"])
def test_it_serves_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        bind_server(Emulator(), 0, host)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def fake(name: str, *rest: Any) -> ModuleType:
        if name.startswith("waitress"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", fake)

    with pytest.raises(ImportError, match=r"exportctl\[emulator\]"):
        bind_server(Emulator(), 0)
