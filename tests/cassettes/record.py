"""
Records the emulator's cassettes again, over real HTTP on this machine:

    python -m tests.cassettes.record

Times come from a clock that stands still and ids from a fixed seed: a new recording differs where the wire form does,
and in the ids that several readers at once draw in another order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.server import bind_server, close_server
from tests.cassettes.recorder import FOLDER, ORIGINS, recorder, write_origin
from tests.cassettes.replay import CHANGED, FIRST, apply_config, client_at, fixed_clock, read_all
from tests.workflows.world import DATASETS, ORGANIZATION, SANDBOX, START

SEED = 7


@contextmanager
def serve_emulator() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(clock=START, seed=SEED, page_size=2, organization=ORGANIZATION)
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(name) for name in DATASETS]})
    running = bind_server(emulator, 0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        yield emulator, f"http://127.0.0.1:{running.effective_port}"
    finally:
        close_server(running)


def main() -> None:
    for name in ("emulator_reads.yaml", "emulator_apply.yaml"):
        (FOLDER / name).unlink(missing_ok=True)
        with serve_emulator() as (emulator, url):
            if name == "emulator_reads.yaml":
                for n in range(3):
                    emulator.ui.create_flow(f"flow {n}", ["Orders"], sandbox=SANDBOX)
            with recorder("all").use_cassette(name), client_at(url) as client:
                if name == "emulator_reads.yaml":
                    read_all(client)
                else:
                    for content in (FIRST, CHANGED):
                        apply_config(client, content, fixed_clock())
        write_origin(name, ORIGINS[1])


if __name__ == "__main__":
    main()
