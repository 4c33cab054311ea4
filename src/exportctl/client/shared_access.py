"""What the clients of one run over many sandboxes share: connections, tokens, and one rate budget per organization."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from exportctl.client.auth import TokenCache
from exportctl.client.http_clients import HttpClients
from exportctl.client.rate_budget import BudgetLimits, RateBudget
from exportctl.clock import Clock

TIMEOUT = 30.0  # seconds


class SharedAccess:
    """
    Connections, tokens and budgets of several clients; safe to use from several threads.

    `limits` returns the budget of an organization by its id. An organization has a budget for each host.
    """

    def __init__(
        self,
        limits: Callable[[str], BudgetLimits],
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
    ):
        self.http = HttpClients(transport, TIMEOUT)
        self.tokens = TokenCache()
        self._limits = limits
        self._clock = clock
        self._budgets: dict[tuple[str, str], RateBudget] = {}
        self._lock = threading.Lock()

    def budget(self, host: str, organization: str) -> RateBudget:
        """Return the one budget of an organization at a host."""
        with self._lock:
            key = (host, organization)
            if key not in self._budgets:
                self._budgets[key] = RateBudget(self._limits(organization), self._clock)
            return self._budgets[key]

    def close(self) -> None:
        self.http.close()
