"""The matrix with which a CI system shares the work of `fleet`: one job for each shard. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

MAX_JOBS = 200  # of one matrix in GitLab; GitHub Actions takes 256


def _github(shards: Sequence[str]) -> str:
    return json.dumps({"shard": shards})


def _azure(shards: Sequence[str]) -> str:
    return json.dumps({f"shard_{n}": {"FLEET_SHARD": shard} for n, shard in enumerate(shards, 1)})


def _gitlab(shards: Sequence[str]) -> str:
    listed = ", ".join(json.dumps(shard) for shard in shards)
    return f".fleet:\n  parallel:\n    matrix:\n      - FLEET_SHARD: [{listed}]"


MATRICES: Mapping[str, Callable[[Sequence[str]], str]] = {"github": _github, "gitlab": _gitlab, "azure": _azure}


def split_shard(text: str) -> tuple[int, int]:
    """Split `2/4` into index and count. A text of another form is (0, 0), which no shard is."""
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def render_matrix(system: str, count: int) -> str:
    """
    Return the matrix of `count` shards, ending in one newline.

    `github` is JSON for `fromJSON`, `azure` is JSON for `matrix: $[ … ]`, and `gitlab` is YAML with a hidden job that a
    job of a child pipeline extends.
    """
    return MATRICES[system]([f"{index}/{count}" for index in range(1, count + 1)]) + "\n"
