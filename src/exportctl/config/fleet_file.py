"""
A fleet file: which projects `fleet` reads, and the rate budget of each organization. Pure.

In: the bytes of one YAML file. Out: what it declares, or every mistake with its position. It takes no references: a
fleet file names folders and numbers, and no values of a project.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exportctl.config.schema.parts import Schema, list_schema, map_schema, text
from exportctl.config.schema_check import schema_errors, unknown_key
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode, parse_tree, plain_value
from exportctl.errors import ConfigError, Finding, SourcePosition
from exportctl.frozen import dataclass

NodePath = tuple[str | int, ...]


@dataclass(frozen=True)
class DeclaredBudget:
    """The budget of one organization; None: the default."""

    per_second: int | None = None
    parallel: int | None = None


@dataclass(frozen=True)
class DeclaredProject:
    """One project: its folder, relative to the fleet file; its files and environments, where it names them."""

    folder: str
    files: tuple[str, ...]
    environments: tuple[str, ...]
    at: SourcePosition


@dataclass(frozen=True)
class FleetFile:
    """What a fleet file declares; budgets by organization id."""

    projects: tuple[DeclaredProject, ...]
    budgets: Mapping[str, DeclaredBudget]


def _whole_number(description: str, example: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": 1, "examples": [example]}


def _schema() -> Schema:
    budget = map_schema(
        "Budget",
        "What one organization may be asked.",
        {
            "requests_per_second": _whole_number("Requests that start in a second, over all its sandboxes.", 10),
            "parallel_requests": _whole_number("Requests in flight at one time, over all its sandboxes.", 8),
        },
        example={"requests_per_second": 20},
    )
    project = map_schema(
        "Project",
        "One project.",
        {
            "folder": text("Its folder, relative to this file, as with -C.", "teams/sales", min_length=1),
            "files": list_schema(
                "Its config files, relative to its folder, as with -f. Default: exports.yaml and exports/*.yaml.",
                text("A path.", "sales.yaml", min_length=1),
                minimum=1,
            ),
            "environments": list_schema(
                "The environments to use. Default: all of them.", text("A name.", "prod", min_length=1), minimum=1
            ),
        },
        example={"folder": "teams/sales", "environments": ["prod"]},
        required=("folder",),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "exportctl fleet file",
        "description": "The projects that `exportctl fleet` reads, and the rate budget of each organization.",
        "type": "object",
        "properties": {
            "version": {"description": "The version of this format: 1.", "type": "integer", "enum": [1]},
            "organizations": {
                "description": "Budgets by organization id. Default: 10 requests per second, 8 in flight.",
                "type": "object",
                "additionalProperties": budget,
            },
            "projects": list_schema("The projects.", project, minimum=1),
        },
        "required": ["version", "projects"],
        "additionalProperties": False,
    }


FLEET_SCHEMA: Mapping[str, Any] = _schema()


def fleet_schema_files() -> dict[str, str]:
    """Return the schema for editors as text, by the name of its file."""
    return {"fleet-file.schema.json": json.dumps(FLEET_SCHEMA, indent=2, ensure_ascii=False) + "\n"}


def parse_fleet_file(name: str, data: bytes) -> FleetFile:
    """
    Parse one fleet file.

    Raises:
        ConfigError: it is not YAML, or has a mistake; the error holds all of them.
    """
    root, found = parse_tree(name, data)
    if root is None or found:
        raise ConfigError(found)
    mistakes = sorted(_mistakes(root), key=lambda one: one.at or SourcePosition(name))
    if mistakes:
        raise ConfigError(mistakes)
    whole: Any = plain_value(root)
    projects = [
        DeclaredProject(
            one["folder"],
            tuple(one.get("files", ())),
            tuple(one.get("environments", ())),
            _node_at(root, ("projects", number)).at,
        )
        for number, one in enumerate(whole["projects"])
    ]
    budgets = {
        organization: DeclaredBudget(one.get("requests_per_second"), one.get("parallel_requests"))
        for organization, one in whole.get("organizations", {}).items()
    }
    return FleetFile(tuple(projects), budgets)


def _mistakes(root: MapNode) -> Iterator[Finding]:
    for error in schema_errors(FLEET_SCHEMA, plain_value(root)):
        path = tuple(error.absolute_path)
        node = _node_at(root, path)
        what = ".".join(str(part) for part in path if isinstance(part, str)) or "the fleet file"
        match error.validator:
            case "additionalProperties" if isinstance(node, MapNode):
                known = list(error.schema["properties"])
                yield from (
                    unknown_key(key, entry.key_at, known, what)
                    for key, entry in node.entries.items()
                    if key not in known
                )
            case "required":
                keys = [key for key in error.validator_value if key not in error.instance]
                yield from (
                    Finding("missing-key", f'{what} needs "{key}"', node.at, f"write `{key}: …`") for key in keys
                )
            case _:
                examples = error.schema.get("examples")
                hint = f"for example {json.dumps(examples[0])}" if examples else error.schema.get("description")
                yield Finding("bad-value", f"{what} has a value that it cannot have", node.at, hint)


def _node_at(root: Node, path: NodePath) -> Node:
    for step in path:
        if isinstance(root, MapNode) and isinstance(step, str):
            root = root.entries[step].node
        elif isinstance(root, ListNode) and isinstance(step, int):
            root = root.items[step]
        else:
            assert isinstance(root, ScalarNode)
    return root
