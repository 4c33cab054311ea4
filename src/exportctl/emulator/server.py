"""
The emulator behind a real WSGI server on this machine, for clients in other processes.

Serves on loopback only: it holds credentials and lets everybody in who knows the printed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from exportctl.emulator.app import Emulator, StartResponse
from exportctl.emulator.faults import AnswerLost
from exportctl.emulator.storage.settings import is_loopback

THREADS = 72  # more than the 64 requests that one command sends at the same time
Application: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
"""An emulator, or what stands before one."""


def serve(emulator: Emulator, port: int, host: str = "127.0.0.1") -> None:
    """
    Serve until interrupted.

    Raises:
        ValueError: the host is not this machine only.
        ImportError: the extra `emulator` is not installed.
    """
    bind_server(emulator, port, host).run()


def bind_server(emulator: Application, port: int, host: str = "127.0.0.1") -> Any:
    """Return a waitress server, bound and not yet running: `run()`, `close()`, `effective_port` (port 0 picks one)."""
    if not is_loopback(host):
        raise ValueError(f"the emulator serves on this machine only, not on {host}")
    try:
        from waitress.server import create_server  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("serving needs waitress: pip install 'exportctl[emulator]'") from error
    app = _wsgi_app(emulator)
    return create_server(app, host=host, port=port, threads=THREADS, clear_untrusted_proxy_headers=True, ident=None)


def close_server(running: Any) -> None:
    """
    Finish the open requests, then close the sockets.

    The serving thread closes them itself, so that it never uses a closed socket. Its `run()` then returns.
    """
    running.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
    running.trigger.pull_trigger(running.close)


def _wsgi_app(emulator: Application) -> Application:
    """Return the application, with a lost answer turned into a closed socket instead of a 500."""
    from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            return emulator({**environ, "exportctl.served": True}, start_response)
        except AnswerLost as lost:
            raise ClientDisconnected from lost

    return app
