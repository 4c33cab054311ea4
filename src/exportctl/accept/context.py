"""
What edits are made from: the config as it is now, one environment of it, and the sandbox. Pure.

A `Sight` belongs to one state of the files; after an accepted edit there is another.
"""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.accept.verify_edit import ConfigState
from exportctl.config.interpolation import fill_references
from exportctl.config.merge import merge_environment
from exportctl.config.resolve.datasets import Aliases, aliases
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import MapNode, Node
from exportctl.importing.document import DocumentContext, document_context
from exportctl.importing.existing_config import ExistingConfig, existing_config
from exportctl.model.project import Project
from exportctl.plan.desired import Specs, build_desired_state
from exportctl.plan.ownership import Ownership, build_ownership


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
