"""
A map of the config with its name and its findings: how the resolving modules read values.

A reader asks for a key in the form it needs and gets the value or a default; what is wrong is noted once, with its
place. `Broken` (reported before) and `pending` values (a variable is not set) give the default silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exportctl.config.nodes import Map, Node, Scalar, Seq
from exportctl.config.schema_findings import nearest
from exportctl.config.values import BadValue
from exportctl.errors import Finding, Level, Location


@dataclass
class Report:
    """The findings of one resolution; grows while the tree is read."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, rule: str, message: str, at: Location, hint: str | None = None, level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(rule, message, at, hint, level))

    def bad(self, error: BadValue, owner: str, at: Location) -> None:
        self.add(error.rule, f"{owner}: {error.message}", at, error.hint)


@dataclass(frozen=True)
class Section:
    """One map. `owner` is what people call it: `export "web"`; `at` where it was declared."""

    node: Map
    owner: str
    at: Location
    report: Report

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    def get(self, key: str) -> Node | None:
        entry = self.node.entries.get(key)
        return entry.node if entry else None

    def place(self, key: str) -> Location:
        """Where the key's value is, or the section itself."""
        node = self.get(key)
        return node.at if node else self.at

    def key_place(self, key: str) -> Location:
        entry = self.node.entries.get(key)
        return entry.key_at if entry else self.at

    def names(self) -> tuple[str, ...]:
        return tuple(self.node.entries)

    def text(self, key: str, default: str = "") -> str:
        found = self.optional(key)
        return default if found is None else found

    def optional(self, key: str) -> str | None:
        node = self.get(key)
        return str(node.value) if isinstance(node, Scalar) and node.value is not None else None

    def pending(self, key: str) -> bool:
        node = self.get(key)
        return isinstance(node, Scalar) and node.pending

    def required(self, key: str, hint: str | None = None) -> str | None:
        if key not in self:
            self.fail("missing-key", f'{self.owner} needs "{key}"', self.at, hint)
        return self.optional(key)

    def flag(self, key: str) -> bool | None:
        node = self.get(key)
        return node.value if isinstance(node, Scalar) and isinstance(node.value, bool) else None

    def number(self, key: str, default: int) -> int:
        node = self.get(key)
        return node.value if isinstance(node, Scalar) and isinstance(node.value, int) else default

    def parsed(self, key: str, parse: Callable[[str], int], stand_in: int | None = None) -> int | None:
        """A value of one of the small languages of `values`; `stand_in` where it is missing, broken or pending."""
        text = self.optional(key)
        if text is None or self.pending(key):
            return stand_in
        try:
            return parse(text)
        except BadValue as error:
            self.report.bad(error, f'"{key}" of {self.owner}', self.place(key))
            return stand_in

    def section(self, key: str) -> Section | None:
        node = self.get(key)
        if not isinstance(node, Map):
            return None
        owner = f'"{key}"' if self.owner == "the config" else f'"{key}" of {self.owner}'
        return Section(node, owner, self.key_place(key), self.report)

    def children(self, singular: str) -> Iterator[tuple[str, Section]]:
        """The declared things of a section like `exports`, by name."""
        for name, entry in self.node.entries.items():
            if isinstance(entry.node, Map):
                yield name, Section(entry.node, f'{singular} "{name}"', entry.key_at, self.report)

    def items(self, key: str) -> tuple[Node, ...]:
        node = self.get(key)
        return tuple(node.items) if isinstance(node, Seq) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(item.value) for item in self.items(key) if isinstance(item, Scalar))

    def places(self, keys: Iterable[str]) -> dict[str, Location]:
        return {key: self.place(key) for key in keys}

    def fail(self, rule: str, message: str, at: Location, hint: str | None = None) -> None:
        self.report.add(rule, message, at, hint)

    def unknown(
        self, what: str, name: str, at: Location, declared: Mapping[str, Location], built_in: Sequence[str] = ()
    ) -> None:
        """A name that nothing declares, with the one that was probably meant and where that is."""
        message = f'{self.owner} refers to {what} "{name}", which no file declares'
        guess = nearest(name, [*declared, *built_in])
        if guess:
            place = f" It is declared at {declared[guess]}" if guess in declared else ""
            hint = f'did you mean "{guess}"?{place}'
        elif declared or built_in:
            hint = f"there is {', '.join(sorted({*declared, *built_in})[:10])}"
        else:
            hint = f"declare it under `{what}s`"
        self.report.add("unknown-reference", message, at, hint)
