"""
Read what the config says of the rows of a dataset: `key` and `combine`. Pure.

They describe the dataset, not its use in one export: a statement in one place counts for every entry with the same id,
or with the same name and not another id. Two statements that differ are an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace

from exportctl.config.section import FindingCollector
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from exportctl.errors import Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.combine import Combine
from exportctl.model.project import Dataset
from exportctl.model.references import BadValue

KEY, COMBINE = "key", "combine"


@dataclass(frozen=True)
class _Statement:
    value: str
    at: SourcePosition
    id: str | None  # of its dataset, if the entry has one

    def is_about(self, dataset_id: str | None) -> bool:
        return self.id is None or dataset_id is None or self.id == dataset_id


@dataclass
class RowFacts:
    """The statements of a config, by the key and by the id or name of their dataset; filled once, before any use."""

    report: FindingCollector
    _found: dict[tuple[str, str, str], _Statement] = field(default_factory=dict)

    def read_node(self, node: Node) -> None:
        """Read an entry under `datasets`, or a list of them; what is no map says nothing."""
        if isinstance(node, ListNode):
            for item in node.items:
                self.read_node(item)
        elif isinstance(node, MapNode):
            self._read_map(node)

    def add_to(self, dataset: Dataset) -> Dataset:
        """Return the dataset with what the config says of it anywhere."""
        key = self._find(KEY, dataset.id, dataset.name)
        combine = self._find(COMBINE, dataset.id, dataset.name)
        if key is None and combine is None:
            return dataset
        return replace(
            dataset,
            key=key.value if key else None,
            key_at=key.at if key else None,
            combine=Combine(combine.value) if combine else None,
            combine_at=combine.at if combine else None,
        )

    def _read_map(self, node: MapNode) -> None:
        if "id" not in node.entries and "name" not in node.entries:
            hint = "write the dataset's exact name: `name: Orders`; or its id: `id: …`"
            self.report.add("missing-key", 'a dataset needs "name" or "id"', node.at, hint)
            return
        dataset_id, name = _text(node, "id"), _text(node, "name")
        for stated, value in ((KEY, self._column(node)), (COMBINE, _text(node, COMBINE))):
            at = node.entries[stated].node.at if value else node.at
            if value and not self._add(stated, _Statement(value, at, dataset_id), dataset_id, name):
                return
        self._warn_unused_key(node)

    def _add(self, stated: str, new: _Statement, dataset_id: str | None, name: str | None) -> bool:
        """Keep a statement, and return whether it contradicts none before it; report it otherwise."""
        known = self._find(stated, dataset_id, name)
        if known is not None and known.value != new.value:
            message = (
                f'dataset "{name or dataset_id}" has `{stated}: {known.value}` at {known.at}, and another one here'
            )
            hint = f"delete one of them, or write `{stated}: {known.value}` here"
            self.report.add("dataset-declared-twice", message, new.at, hint)
            return False
        for identity in _identities(dataset_id, name):
            self._found.setdefault((stated, *identity), new)
        return True

    def _find(self, stated: str, dataset_id: str | None, name: str | None) -> _Statement | None:
        found = (self._found.get((stated, *identity)) for identity in _identities(dataset_id, name))
        return next((one for one in found if one is not None and one.is_about(dataset_id)), None)

    def _column(self, node: MapNode) -> str | None:
        text = _text(node, KEY)
        try:
            return None if text is None else parse_column(text)
        except BadValue as error:
            self.report.add_bad_value(error, '"key" of a dataset', node.entries[KEY].node.at)
            return None

    def _warn_unused_key(self, node: MapNode) -> None:
        combine = _text(node, COMBINE)
        if _text(node, KEY) is not None and combine is not None and combine != Combine.UPSERT:
            message = f"the key has no effect: with `combine: {combine}`, no row replaces another by its key"
            hint = "remove `key`, or write `combine: upsert`"
            self.report.add("key-not-used", message, node.entries[KEY].key_at, hint, Level.WARNING)


def parse_column(text: str) -> str:
    """Return the path of a column, with dots between levels: `_acme.crm.id`."""
    if not all(level and level == level.strip() and level.isprintable() for level in text.split(".")):
        hint = "write the column's name, with dots between levels: `key: _acme.crm.id`"
        raise BadValue("bad-value", f'"{text}" is not the path of a column', hint)
    return text


def _identities(dataset_id: str | None, name: str | None) -> Iterator[tuple[str, str]]:
    """Yield the id before the name: it is certain."""
    if dataset_id:
        yield "id", dataset_id
    if name:
        yield "name", name


def _text(node: MapNode, key: str) -> str | None:
    found = node.get(key)
    return str(found.value) if isinstance(found, ScalarNode) and found.value and not found.is_unset else None
