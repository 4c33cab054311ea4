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
from exportctl.declared import Export, Project
from exportctl.importing.adoption import Ground
from exportctl.importing.document import Scene, scene
from exportctl.importing.surroundings import Surroundings, surroundings
from exportctl.model import EXPORTS, Address
from exportctl.planning.expand import Specs, desired
from exportctl.planning.ownership import Estate, Holding, survey


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

    def holding(self, export: Export) -> Holding | None:
        """The flow of an export: by its address, by the one it had before, or the one it adopts."""
        names = [export.key, *([export.renamed_from] if export.renamed_from else [])]
        held = [h for name in names for h in self.estate.ours.get(Address(EXPORTS, name), ())]
        return held[0] if held else self.estate.by_id(export.adopt or "")

    @property
    def aliases(self) -> Aliases:
        return aliases(Section(self.tree, "the config", self.tree.at, Report()))


def sight(ground: Ground) -> Sight:
    """
    Raises:
        ConfigError: the config has an error.
    """
    project, _, parsed = ground.loaded()
    whole, _ = with_environment(parsed.tree, ground.environment) if ground.environment else (parsed.tree, ())
    assert whole is not None  # it could be resolved
    estate = survey(ground.live, project.name)
    wanted = desired(project, ground.values, ground.live.specs)
    around = surroundings(parsed, ground.environment, ground.variables, wanted, estate, ground.as_of)
    return Sight(
        project=project,
        tree=filled(whole, ground.environment, ground.variables, Report())[0],
        around=around,
        estate=estate,
        words=scene(around, estate, ground.live.datasets or (), ()),
        specs=ground.live.specs,
    )
