"""Emulators to talk to, each with a client of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from tests.emulator.emulator_api import DATASET, Api


@pytest.fixture
def build() -> Iterator[Callable[..., Api]]:
    """A client of a fresh emulator with the given switches: manual clock, pages of 2, sandbox dev."""
    emulators = []

    def fresh(**switches: Any) -> Api:
        emulator = Emulator(switches=Switches(**switches), clock="manual", page_size=2)
        emulators.append(emulator)
        emulator.seed(["dev"], {"dev": [SeedDataset("Orders", DATASET)]})
        return Api(emulator)

    yield fresh
    for emulator in emulators:
        emulator.close()


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    return build()


@pytest.fixture
def emulator(api: Api) -> Emulator:
    return api.emulator


@pytest.fixture
def connect() -> Callable[..., Api]:
    """A client of an emulator the test made by itself."""
    return Api
