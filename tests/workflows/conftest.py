from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workflows.import_runs import empty_config
from tests.workflows.world import DATASETS, DESTINATIONS, World, applied_world, config, world


@pytest.fixture
def small(tmp_path: Path) -> World:
    """A sandbox with the small config written and nothing applied."""
    made = world(tmp_path)
    made.write(config())
    return made


@pytest.fixture
def applied(tmp_path: Path) -> World:
    """The same, applied, with the request log empty."""
    made = applied_world(tmp_path, config())
    made.forget_requests()
    return made


@pytest.fixture
def applied_orders(applied: World) -> World:
    """The same, under the name of its only export."""
    return applied


@pytest.fixture
def ninety() -> Callable[[Path], World]:
    """Ninety exports over every destination type and way to authenticate, at the service's page size."""

    def made(folder: Path) -> World:
        whole = world(folder, page_size=100)
        keys = [*DESTINATIONS]
        whole.write(
            config(
                exports={
                    f"export-{n:02}": {
                        "datasets": [DATASETS[n % len(DATASETS)]],
                        "destination": keys[n % len(keys)],
                        "subpath": f"part-{n:02}",
                    }
                    for n in range(90)
                }
            )
        )
        return whole

    return made


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A sandbox without flows, and a config that declares nothing."""
    made = world(tmp_path, page_size=100)
    made.write(empty_config())
    return made
