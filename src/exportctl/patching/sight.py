"""
What edits are made from: the config as it is now, one environment of it, and the sandbox. Pure.

A `Sight` belongs to one state of the files; after an accepted edit there is another.
"""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.config.interpolation import filled
from exportctl.config.nodes import Map, Node
from exportctl.config.overlays import with_environment
from exportctl.config.resolved_datasets import Aliases, aliases
from exportctl.config.sections import Report, Section
from exportctl.declared import Project
from exportctl.importing.document import Scene, scene
from exportctl.importing.surroundings import Surroundings, surroundings
from exportctl.patching.judging import Judged
from exportctl.planning.expand import Specs, desired
from exportctl.planning.ownership import Estate, survey


@dataclass(frozen=True)
class Sight:
    """`tree` is the chosen environment's, with its references filled in."""

    project: Project
    tree: Map
    around: Surroundings
    estate: Estate
    words: Scene
    specs: Specs

    def node(self, *path: str) -> Node | None:
        """What the config says at a path of keys."""
        found: Node | None = self.tree
        for key in path:
            entry = found.entries.get(key) if isinstance(found, Map) else None
            found = entry.node if entry else None
        return found

    @property
    def aliases(self) -> Aliases:
        return aliases(Section(self.tree, "the config", self.tree.at, Report()))


def sight(state: Judged) -> Sight:
    ground, project, tree = state.ground, state.project, state.parsed.tree
    whole, _ = with_environment(tree, ground.environment) if ground.environment else (tree, ())
    assert whole is not None  # it could be resolved
    estate = survey(ground.live, project.name)
    wanted = desired(project, ground.values, ground.live.specs)
    around = surroundings(state.parsed, ground.environment, ground.variables, wanted, estate, ground.as_of)
    return Sight(
        project=project,
        tree=filled(whole, ground.environment, ground.variables, Report())[0],
        around=around,
        estate=estate,
        words=scene(around, estate, ground.live.datasets or (), ()),
        specs=ground.live.specs,
    )
