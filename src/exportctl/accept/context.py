"""
One state of the config, and what edits are made from and checked against. Pure.

In: the files as they are now, one environment, and one reading of the sandbox. Out: a `ConfigState` with its plan and
its declared values, and the `EditContext` of that state. After an accepted edit there is a new state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any

from exportctl.config import load
from exportctl.config.interpolation import fill_references
from exportctl.config.merge import merge_environment
from exportctl.config.resolve.datasets import Aliases, aliases
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import MapNode, Node
from exportctl.errors import ConfigError, Finding, Level, SourcePosition
from exportctl.importing.document import DocumentContext, document_context
from exportctl.importing.existing_config import ExistingConfig, existing_config
from exportctl.importing.importer import ConfigContext
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Plan
from exportctl.model.project import Export, Project
from exportctl.plan.desired import Specs, build_desired_state
from exportctl.plan.ownership import Ownership, build_ownership
from exportctl.resources.kinds import plain_fields
from exportctl.rules import engine

_WHERE = "positions"
_NAMED_SECTIONS = (EXPORTS, DESTINATIONS)


@dataclass(frozen=True)
class DeclaredValues:
    """By address and attribute; `rest` is all that no address has."""

    exports: Mapping[Address, Mapping[str, object]]
    destinations: Mapping[Address, Mapping[str, object]]
    rest: Mapping[str, object]


def declared_values(project: Project) -> DeclaredValues:
    return DeclaredValues(
        exports={Address(EXPORTS, key): _export_attributes(one) for key, one in project.exports.items()},
        destinations={Address(DESTINATIONS, key): _attributes(one) for key, one in project.destinations.items()},
        rest=_attributes(project, leave=_NAMED_SECTIONS),
    )


def _export_attributes(one: Export) -> dict[str, object]:
    """Return the attributes of an export, its plain fields among them."""
    plain = {rule.name: one.plain.get(rule.name) for rule in plain_fields()}
    return _attributes(one, leave=("plain",)) | plain


def _attributes(one: Any, leave: Collection[str] = ()) -> dict[str, object]:
    return {f.name: _strip_positions(getattr(one, f.name)) for f in fields(one) if f.name not in (_WHERE, *leave)}


def _strip_positions(value: Any) -> object:
    """Without places, which every edit above them moves."""
    if isinstance(value, SourcePosition):
        return None
    if is_dataclass(value):
        return _attributes(value)
    if isinstance(value, Mapping):
        return {key: _strip_positions(one) for key, one in value.items()}
    return tuple(_strip_positions(one) for one in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class ConfigState:
    """One state of the config; what is dear is worked out when it is asked for. Only its project is without errors."""

    context: ConfigContext
    parsed: load.ParsedConfig
    project: Project

    @cached_property
    def declared_values(self) -> DeclaredValues:
        return declared_values(self.project)

    @cached_property
    def plan(self) -> Plan:
        return self.context.plan(self.project)

    @cached_property
    def other_projects(self) -> Mapping[str, Project]:
        """
        Raises:
            ConfigError: another environment has an error.
        """
        names = [name for name in self.parsed.environments if name != self.project.environment]
        return {name: _load_project(self.parsed, name, self.context) for name in names}

    @cached_property
    def other_declared_values(self) -> Mapping[str, DeclaredValues]:
        return {name: declared_values(one) for name, one in self.other_projects.items()}

    @cached_property
    def rule_errors(self) -> tuple[Finding, ...]:
        """Those of the rules."""
        known = {**self.other_projects, self.project.environment or "": self.project}
        every = [known[name] for name in self.parsed.environments or ("",)]
        found = engine.run_rules(every, as_of=self.context.as_of, tree=self.parsed.tree)
        return tuple(f for f in found if f.level is Level.ERROR)


def load_config_state(ground: ConfigContext) -> ConfigState:
    """
    Raises:
        ConfigError: the config has an error, in this environment.
    """
    parsed = load.parse_config(ground.files)
    return ConfigState(ground, parsed, _load_project(parsed, ground.environment, ground))


def _load_project(parsed: load.ParsedConfig, environment: str | None, ground: ConfigContext) -> Project:
    made, found = load.load_project(parsed, environment, ground.variables)
    if made is None:
        raise ConfigError(found)
    return made


@dataclass(frozen=True)
class EditContext:
    """`tree` is the chosen environment's, with its references filled in."""

    project: Project
    tree: MapNode
    existing: ExistingConfig
    ownership: Ownership
    document: DocumentContext
    specs: Specs

    def node(self, *path: str) -> Node | None:
        """What the config says at a path of keys."""
        found: Node | None = self.tree
        for key in path:
            entry = found.entries.get(key) if isinstance(found, MapNode) else None
            found = entry.node if entry else None
        return found

    @property
    def aliases(self) -> Aliases:
        return aliases(Section(self.tree, "the config", self.tree.at, FindingCollector()))


def edit_context(state: ConfigState) -> EditContext:
    ground, project, tree = state.context, state.project, state.parsed.tree
    whole, _ = merge_environment(tree, ground.environment) if ground.environment else (tree, ())
    assert whole is not None  # it could be resolved
    ownership = build_ownership(ground.live, project.name)
    wanted = build_desired_state(project, ground.values, ground.live.specs)
    around = existing_config(state.parsed, ground.environment, ground.variables, wanted, ownership, ground.as_of)
    return EditContext(
        project=project,
        tree=fill_references(whole, ground.environment, ground.variables, FindingCollector())[0],
        existing=around,
        ownership=ownership,
        document=document_context(around, ownership, ground.live.datasets or (), ()),
        specs=ground.live.specs,
    )
