"""
Where in the files an edit is made: a path like `exports.web.title` may be written in several places. Pure.

    layer         an edit goes
    HERE          where the value is set now: in the overlay of the environment, else below all environments;
                  where it is not set, to the declaration of the export or destination
    ENVIRONMENT   to the overlay of the environment, which is made where it is missing
    ABOVE         to a file of this project that extends others

Files that this project only extends are never edited: other projects may extend them too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from exportctl.config.overlays import WHOLE, extends_of
from exportctl.patching.edits import Edit, Path, at
from exportctl.patching.spans import Map, spans

DECLARATION = 2  # keys of a path that name what is declared: `exports`, KEY


def _laid_over(root: Map, path: Path, here: Path) -> bool:
    """
    May the value at `path` be set alone at `here`, in a layer above? Of what overlays replace whole, only where it is
    there whole.
    """
    for pattern in WHOLE:
        fits = len(pattern) < len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=False))
        if fits and at(root, here[: len(here) - len(path) + len(pattern)]) is None:
            return False
    return True


class Layer(StrEnum):
    HERE = "here"
    ENVIRONMENT = "environment"
    ABOVE = "above"


@dataclass(frozen=True)
class Files:
    """
    `texts` of the files that may be edited, by name, those that lie above others first: what they say counts. The
    chosen environment, None where the config has none.
    """

    texts: Mapping[str, str]
    environment: str | None

    def with_edits(self, edits: Sequence[Edit], layer: Layer) -> Files | None:
        """
        All these edits made in one layer, None if one of them has no place there.

        Raises:
            Unfit: something else stands in the place.
        """
        made = self
        for edit in edits:
            spot = made.spot(edit.path, layer)
            if spot is None:
                return None
            file, path = spot
            text = replace(edit, path=path).made(made.texts[file])
            made = replace(made, texts={**made.texts, file: text})
        return made

    def changed(self, before: Files) -> tuple[str, ...]:
        """Names of the files that differ."""
        return tuple(file for file, text in self.texts.items() if before.texts[file] != text)

    def spot(self, path: Path, layer: Layer) -> tuple[str, Path] | None:
        """The file and the path in it."""
        if layer is Layer.HERE:
            return next(self._here(path), None)
        if layer is Layer.ENVIRONMENT:
            return next(self._overlay(path), None)
        return next(self._above(path), None)

    def _above(self, path: Path) -> Iterator[tuple[str, Path]]:
        yield from (
            (file, path) for file, root in self._roots() if "extends" in root.entries and _laid_over(root, path, path)
        )

    def _here(self, path: Path) -> Iterator[tuple[str, Path]]:
        """Where it is set, then where its owner is declared, then where anything like its owner is."""
        for known in (len(path), DECLARATION, 1):
            for one in (self._overlaid(path), path) if known == len(path) else (path, self._overlaid(path)):
                depth = len(one) - len(path) + known
                yield from ((file, one) for file, root in self._roots() if one and at(root, one[:depth]) is not None)

    def _overlay(self, path: Path) -> Iterator[tuple[str, Path]]:
        whole = self._overlaid(path)
        for depth in (DECLARATION, 0):
            yield from (
                (file, whole)
                for file, root in self._roots()
                if whole and at(root, whole[: len(whole) - len(path) + depth]) is not None
                if _laid_over(root, path, whole)
            )

    def _overlaid(self, path: Path) -> Path:
        return ("environments", self.environment, *path) if self.environment else ()

    def _roots(self) -> list[tuple[str, Map]]:
        return [(file, root) for file, text in self.texts.items() if (root := spans(text)) is not None]


def editable(files: Mapping[str, bytes], own: Collection[str], environment: str | None) -> Files:
    """Those of `own`; the others of `files` are only extended by them."""
    heights = {name: _height(name, files) for name in own}
    order = sorted((name for name in files if name in own), key=lambda name: -heights[name])
    return Files({name: files[name].decode("utf-8") for name in order}, environment)


def _height(name: str, files: Mapping[str, bytes]) -> int:
    """How many files lie below it, one upon the other; they extend each other in no circle."""
    below = [target for target in extends_of(name, files[name]) if target in files]
    return 1 + max(_height(target, files) for target in below) if below else 0
