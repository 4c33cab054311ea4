"""
Choose the file and the path of an edit: several files can set a path like `exports.web.title`. Pure.

    layer            an edit goes
    CURRENT          where the value is set now: in the overlay of the environment, else in the base;
                     if it is not set, to the declaration of the export or destination
    ENVIRONMENT      to the overlay of the environment, which the edit creates if it is missing
    EXTENDING_FILE   to a file of this project that extends other files

Files that this project only extends are never edited, because other projects may extend them too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from exportctl.config.merge import REPLACED_WHOLE, extended_files
from exportctl.frozen import dataclass
from exportctl.yaml_edit.edit import Edit, KeyPath, span_at
from exportctl.yaml_edit.positions import MapSpan, parse_spans

DECLARATION_DEPTH = 2  # keys of a path that name what is declared: `exports`, KEY


def _can_override(root: MapSpan, path: KeyPath, here: KeyPath) -> bool:
    """
    Return whether a layer above can set the value at `path` alone, at `here`.

    A value inside a map that overlays replace as a whole can be set alone only if `here` has the whole map.
    """
    for pattern in REPLACED_WHOLE:
        fits = len(pattern) < len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=False))
        if fits and not span_at(root, here[: len(here) - len(path) + len(pattern)]):
            return False
    return True


class TargetLayer(StrEnum):
    CURRENT = "here"
    ENVIRONMENT = "environment"
    EXTENDING_FILE = "above"


@dataclass(frozen=True)
class EditableFiles:
    """
    The texts of the files that may be edited, by name, the highest layer first, because it wins.

    `environment` is the chosen one, None if the config has none.
    """

    texts: Mapping[str, str]
    environment: str | None

    def apply_edits(self, edits: Sequence[Edit], layer: TargetLayer) -> EditableFiles | None:
        """
        Make all edits in one layer; None if the layer has no position for one of them.

        Raises:
            EditError: the text does not have what an edit needs.
        """
        made = self
        for edit in edits:
            target = made.find_target(edit.path, layer)
            if target is None:
                return None
            file, path = target
            text = replace(edit, path=path).edit_text(made.texts[file])
            made = replace(made, texts={**made.texts, file: text})
        return made

    def changed_files(self, before: EditableFiles) -> tuple[str, ...]:
        """Return the names of the files that differ."""
        return tuple(file for file, text in self.texts.items() if before.texts[file] != text)

    def find_target(self, path: KeyPath, layer: TargetLayer) -> tuple[str, KeyPath] | None:
        """Return the file and the path in it for an edit; None if the layer has no position for it."""
        if layer is TargetLayer.CURRENT:
            return next(self._current_targets(path), None)
        if layer is TargetLayer.ENVIRONMENT:
            return next(self._overlay_targets(path), None)
        extending = ((file, root) for file, root in self._roots() if "extends" in root.entries)
        return next(((file, path) for file, root in extending if _can_override(root, path, path)), None)

    def _current_targets(self, path: KeyPath) -> Iterator[tuple[str, KeyPath]]:
        """Yield where the value is set, then where its owner is declared, then where its section is."""
        for known in (len(path), DECLARATION_DEPTH, 1):
            for one in (self._overlay_path(path), path) if known == len(path) else (path, self._overlay_path(path)):
                depth = len(one) - len(path) + known
                yield from ((file, one) for file, root in self._roots() if one and span_at(root, one[:depth]))

    def _overlay_targets(self, path: KeyPath) -> Iterator[tuple[str, KeyPath]]:
        whole = self._overlay_path(path)
        for depth in (DECLARATION_DEPTH, 0):
            owner = whole[: len(whole) - len(path) + depth]
            for file, root in self._roots():
                if whole and span_at(root, owner) and _can_override(root, path, whole):
                    yield file, whole

    def _overlay_path(self, path: KeyPath) -> KeyPath:
        return ("environments", self.environment, *path) if self.environment else ()

    def _roots(self) -> list[tuple[str, MapSpan]]:
        return [(file, root) for file, text in self.texts.items() if (root := parse_spans(text)) is not None]


def editable_files(files: Mapping[str, bytes], own: Collection[str], environment: str | None) -> EditableFiles:
    """Return the files of `own` in layer order; they only extend the other `files`."""
    heights = {name: _height(name, files) for name in own}
    order = sorted((name for name in files if name in own), key=lambda name: -heights[name])
    return EditableFiles({name: files[name].decode("utf-8") for name in order}, environment)


def _height(name: str, files: Mapping[str, bytes]) -> int:
    """Return the number of layers below a file; files do not extend each other in a circle."""
    below = [target for target, _ in extended_files(name, files[name]) if target in files]
    return 1 + max(_height(target, files) for target in below) if below else 0
