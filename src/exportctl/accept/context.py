"""
One state of the config, and what edits are made from and checked against. Pure.

In: the files as they are now, one environment, and one reading of the sandbox. Out: a `ConfigState` with its plan and
its declared values, and the `EditContext` of that state. After an accepted edit there is a new state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

from exportctl.config import load
from exportctl.config.resolve.datasets import Aliases, aliases
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import MapNode, Node
from exportctl.errors import ConfigError, Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.importing.document import DocumentContext, document_context
from exportctl.importing.existing_config import ExistingConfig, existing_config
from exportctl.importing.importer import ConfigContext
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Plan
from exportctl.model.project import Export, Project
from exportctl.plan.desired import Specs, build_desired_state
from exportctl.plan.ownership import Ownership, build_ownership
from exportctl.resources.kinds import plain_fields
from exportctl.rules import engine

_POSITIONS = "positions"
_NAMED_SECTIONS = (EXPORTS, DESTINATIONS)


@dataclass(frozen=True)
class DeclaredValues:
    """The declared values by address and attribute, without positions; `rest` belongs to no address."""

    exports: Mapping[Address, Mapping[str, object]]
    destinations: Mapping[Address, Mapping[str, object]]
    rest: Mapping[str, object]


def declared_values(project: Project) -> DeclaredValues:
    return DeclaredValues(
        exports={Address(EXPORTS, key): _export_attributes(one) for key, one in project.exports.items()},
        destinations={Address(DESTINATIONS, key): _attributes(one) for key, one in project.destinations.items()},
        rest=_attributes(project, without=_NAMED_SECTIONS),
    )


def _export_attributes(one: Export) -> dict[str, object]:
    """Return the attributes of an export, its plain fields among them."""
    plain = {rule.name: one.plain.get(rule.name) for rule in plain_fields()}
    return _attributes(one, without=("plain",)) | plain


def _attributes(one: Any, without: Collection[str] = ()) -> dict[str, object]:
    return {f.name: _strip_positions(getattr(one, f.name)) for f in fields(one) if f.name not in (_POSITIONS, *without)}


def _strip_positions(value: Any) -> object:
    """Return the value without positions, because every edit above them moves them."""
    if isinstance(value, SourcePosition):
        return None
    if is_dataclass(value):
        return _attributes(value)
    if isinstance(value, Mapping):
        return {key: _strip_positions(one) for key, one in value.items()}
    return tuple(_strip_positions(one) for one in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class ConfigState:
    """One state of the config; only its own project is known to have no errors. It computes costly values on demand."""

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
        Return the projects of the other environments.

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
        """Return the errors of the rules over all environments."""
        known = {**self.other_projects, self.project.environment or "": self.project}
        every = [known[name] for name in self.parsed.environments or ("",)]
        found = engine.run_rules(every, as_of=self.context.as_of, tree=self.parsed.tree)
        return tuple(f for f in found if f.level is Level.ERROR)


def load_config_state(config: ConfigContext) -> ConfigState:
    """
    Load the config of one environment.

    Raises:
        ConfigError: the config has an error in this environment.
    """
    parsed = load.parse_config(config.files)
    return ConfigState(config, parsed, _load_project(parsed, config.environment, config))


def _load_project(parsed: load.ParsedConfig, environment: str | None, config: ConfigContext) -> Project:
    made, found = load.load_project(parsed, environment, config.variables)
    if made is None:
        raise ConfigError(found)
    return made


@dataclass(frozen=True)
class EditContext:
    """What edits are made from."""

    project: Project
    existing: ExistingConfig
    ownership: Ownership
    document: DocumentContext
    specs: Specs

    def node(self, *path: str) -> Node | None:
        """Return the node at a path of keys, None if the config has none."""
        found: Node | None = self.existing.tree
        for key in path:
            entry = found.entries.get(key) if isinstance(found, MapNode) else None
            found = entry.node if entry else None
        return found

    @property
    def aliases(self) -> Aliases:
        tree = self.existing.tree
        return aliases(Section(tree, "the config", tree.at, FindingCollector()))


def edit_context(state: ConfigState) -> EditContext:
    config, project = state.context, state.project
    ownership = build_ownership(config.live, project.name)
    desired = build_desired_state(project, config.values, config.live.specs)
    existing = existing_config(state.parsed, config.environment, config.variables, desired, ownership, config.as_of)
    return EditContext(
        project=project,
        existing=existing,
        ownership=ownership,
        document=document_context(existing, ownership, config.live.datasets or (), ()),
        specs=config.live.specs,
    )
