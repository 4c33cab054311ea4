"""
A map of the config with its name and its findings: `resolve` reads values through it.

The caller asks for a key in the form that it needs and gets the value or a default. Each mistake is reported once, with
its position. A `BrokenNode` (already reported) and an unset value (its variable is unset) give the default without a
finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

from exportctl.config.schema_check import SINGULAR_NAMES, closest_match
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode, node_variables
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.references import BadValue
from exportctl.model.similar_names import did_you_mean


@dataclass
class FindingCollector:
    """The findings of one resolution; it grows while the tree is read."""

    findings: list[Finding] = field(default_factory=list)

    def add(
        self, rule: str, message: str, at: SourcePosition, hint: str | None = None, level: Level = Level.ERROR
    ) -> None:
        self.findings.append(Finding(rule, message, at, hint, level))

    def add_bad_value(self, error: BadValue, owner: str, at: SourcePosition) -> None:
        self.add(error.rule, f"{owner}: {error.message}", at, error.hint)


@dataclass(frozen=True)
class Section:
    """One map; `owner` is its name in messages, such as `export "web"`, and `at` is the position of its declaration."""

    node: MapNode
    owner: str
    at: SourcePosition
    report: FindingCollector

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    def get(self, key: str) -> Node | None:
        return self.node.get(key)

    def position(self, key: str) -> SourcePosition:
        """Return the position of the key's value, or of the section if it lacks the key."""
        node = self.get(key)
        return node.at if node else self.at

    def variables(self, *keys: str) -> tuple[str, ...]:
        """Return the references to variables and files under some keys, each once."""
        return tuple(dict.fromkeys(name for key in keys for name in node_variables(self.get(key))))

    def key_position(self, key: str) -> SourcePosition:
        entry = self.node.entries.get(key)
        return entry.key_at if entry else self.at

    def names(self) -> tuple[str, ...]:
        return tuple(self.node.entries)

    def text(self, key: str, default: str = "") -> str:
        found = self.optional_text(key)
        return default if found is None else found

    def optional_text(self, key: str) -> str | None:
        node = self.get(key)
        return str(node.value) if isinstance(node, ScalarNode) and node.value is not None else None

    def is_unset(self, key: str) -> bool:
        node = self.get(key)
        return isinstance(node, ScalarNode) and node.is_unset

    def required_text(self, key: str, hint: str | None = None) -> str | None:
        if key not in self:
            self.fail("missing-key", f'{self.owner} needs "{key}"', self.at, hint)
        return self.optional_text(key)

    def flag(self, key: str) -> bool | None:
        node = self.get(key)
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, bool) else None

    def number(self, key: str, default: int) -> int:
        node = self.get(key)
        return node.value if isinstance(node, ScalarNode) and isinstance(node.value, int) else default

    def parse_value(self, key: str, parse: Callable[[str], int], stand_in: int | None = None) -> int | None:
        """Parse a value in one of the formats of `scalars`; return `stand_in` if it is missing, broken or unset."""
        text = self.optional_text(key)
        if text is None or self.is_unset(key):
            return stand_in
        try:
            return parse(text)
        except BadValue as error:
            self.report.add_bad_value(error, f'"{key}" of {self.owner}', self.position(key))
            return stand_in

    def section(self, key: str) -> Section | None:
        node = self.get(key)
        if not isinstance(node, MapNode):
            return None
        owner = f'"{key}"' if self.owner == "the config" else f'"{key}" of {self.owner}'
        return Section(node, owner, self.key_position(key), self.report)

    def children(self, key: str) -> dict[str, Section]:
        """Return the declarations in a section like `exports`, by name."""
        return {
            name: Section(entry.node, f'{SINGULAR_NAMES[key]} "{name}"', entry.key_at, self.report)
            for name, entry in self.node.entries_of(key).items()
            if isinstance(entry.node, MapNode)
        }

    def declared_names(self, key: str) -> dict[str, SourcePosition]:
        """Return the position of every name in a section like `exports`, also of those with a mistake."""
        return {name: entry.key_at for name, entry in self.node.entries_of(key).items()}

    def map_items(self, key: str) -> tuple[Section, ...]:
        """Return the maps in a list."""
        maps = (item for item in self.items(key) if isinstance(item, MapNode))
        return tuple(Section(item, f'an entry of "{key}"', item.at, self.report) for item in maps)

    def items(self, key: str) -> tuple[Node, ...]:
        node = self.get(key)
        return tuple(node.items) if isinstance(node, ListNode) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(item.value) for item in self.items(key) if isinstance(item, ScalarNode))

    def positions(self, keys: Iterable[str]) -> dict[str, SourcePosition]:
        return {key: self.position(key) for key in keys}

    def fail(self, rule: str, message: str, at: SourcePosition, hint: str | None = None) -> None:
        self.report.add(rule, message, at, hint)

    def fail_unknown_name(
        self,
        what: str,
        name: str,
        at: SourcePosition,
        declared: Mapping[str, SourcePosition],
        built_in: Sequence[str] = (),
    ) -> None:
        """Report a name that no file declares, with the closest declared name and its position."""
        message = f'{self.owner} refers to {what} "{name}", which no file declares'
        guess = closest_match(name, [*declared, *built_in])
        if guess:
            position = f" It is declared at {declared[guess]}" if guess in declared else ""
            hint = f"{did_you_mean(name, guess)}{position}"
        elif declared or built_in:
            hint = f"the names are {', '.join(sorted({*declared, *built_in})[:10])}"
        else:
            hint = f"declare it under `{what}s`"
        self.fail("unknown-reference", message, at, hint)
