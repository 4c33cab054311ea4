"""Which objects of a collection name an id or a text in one of their members, kept up to date write by write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from exportctl.emulator.wire import Json


class ReferenceIndex:
    """
    The ids of documents by what they name in `member`, which holds a text or a list of texts.

    The store tells it of every write; it reads no document twice.
    """

    def __init__(self, member: str, documents: Iterable[tuple[str, Json]]) -> None:
        self._member = member
        self._named: dict[str, tuple[str, ...]] = {}
        self._ids: defaultdict[str, set[str]] = defaultdict(set)
        for id, doc in documents:
            self.put(id, doc)

    def put(self, id: str, doc: Json) -> None:
        """Learn what a document names now."""
        self.remove(id)
        value = doc.get(self._member)
        named = tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else ()
        self._named[id] = named
        for one in named:
            self._ids[one].add(id)

    def remove(self, id: str) -> None:
        """Forget a document."""
        for one in self._named.pop(id, ()):
            self._ids[one].discard(id)

    def ids(self, named: str) -> list[str]:
        """Return the ids of the documents that name this."""
        return sorted(self._ids.get(named, ()))
