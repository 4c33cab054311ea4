"""
YAML text -> a tree of nodes with their positions, or findings that say why there is no tree. Pure.

In: the bytes of one file and its name in messages. Out: scalar, map and list nodes, each with the position where it
starts (and the position of each key), and all findings. The tree is built from the events of `yaml.parse`, because
only they show anchors, aliases and tags. This module resolves scalars: without quotes, `true`, `false`, `null`, no
value and decimal integers have their meaning. Everything else is text, so `2026-12-01`, `12:00`, `on` and `no` stay as
written. A scalar in quotes is text. An error of the parser is reported at its cause: where a quote or bracket opens,
not at the end of the file.

Must not: know a key of the config, read files, or raise for a mistake in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

import yaml
from yaml.reader import Reader

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass

MAX_BYTES = 4 * 1024 * 1024  # one file
MAX_DEPTH = 64  # maps and lists inside each other
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Value = str | int | bool | None


@dataclass(frozen=True)
class ScalarNode:
    """
    One value; `is_unset` marks a text with a reference to a variable that is unset.

    `variables` are its references to variables and files, without their defaults. `is_blank`: the file has nothing
    behind the colon, which YAML reads as null.
    """

    value: Value
    at: SourcePosition
    is_unset: bool = False
    variables: tuple[str, ...] = ()
    is_blank: bool = False


@dataclass(frozen=True)
class MapEntry:
    """A value of a map and the position of its key."""

    key_at: SourcePosition
    node: Node

    def with_node(self, node: Node) -> MapEntry:
        return self if node is self.node else MapEntry(self.key_at, node)


@dataclass(frozen=True)
class MapNode:
    entries: Mapping[str, MapEntry]
    at: SourcePosition

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.node if entry else None

    def entries_of(self, key: str) -> Mapping[str, MapEntry]:
        """Return the entries of the map at a key; none where there is no map."""
        node = self.get(key)
        return node.entries if isinstance(node, MapNode) else {}


@dataclass(frozen=True)
class ListNode:
    items: Sequence[Node]
    at: SourcePosition


@dataclass(frozen=True)
class BrokenNode:
    """A mistake that is already reported, so that it is not reported as missing too."""

    at: SourcePosition


Node = ScalarNode | MapNode | ListNode | BrokenNode


def parse_tree(name: str, data: bytes) -> tuple[MapNode | None, tuple[Finding, ...]]:
    """Parse one file, and report its mistakes. Without a tree, one error says that the file is not YAML or is empty."""
    text, unreadable = _decode_text(name, data)
    if unreadable:
        return None, (unreadable,)
    builder = _Builder(name)
    try:
        root = builder.build_root(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        return None, (*builder.findings, syntax_finding(name, text, error))
    except _TooDeep as error:
        return None, (*builder.findings, error.finding)
    return _checked_root(name, root, builder.findings)


def plain_value(node: Node) -> object:
    """Return the tree as dicts, lists and scalars for the schema; a `BrokenNode` becomes None."""
    if isinstance(node, MapNode):
        return {key: plain_value(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain_value(item) for item in node.items]
    return node.value if isinstance(node, ScalarNode) else None


def node_variables(node: Node | None) -> tuple[str, ...]:
    """Return the references to variables and files anywhere in a tree, each once."""
    match node:
        case ScalarNode():
            return node.variables
        case MapNode():
            return _each_once(node_variables(entry.node) for entry in node.entries.values())
        case ListNode():
            return _each_once(node_variables(item) for item in node.items)
    return ()


def _each_once(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in found for name in names))


def parse_scalar(text: str, at: SourcePosition) -> ScalarNode:
    """Return the value of a scalar without quotes."""
    if text in ("", "null"):
        return ScalarNode(None, at, is_blank=not text)
    if text in ("true", "false"):
        return ScalarNode(text == "true", at)
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return ScalarNode(int(text), at)
    return ScalarNode(text, at)


def _decode_text(name: str, data: bytes) -> tuple[str, Finding | None]:
    if len(data) > MAX_BYTES:
        message = f"{name} is larger than {MAX_BYTES // 1024 // 1024} MiB, the limit of one config file"
        hint = "split it into several files under exports/"
        return "", Finding("file-too-large", message, SourcePosition(name), hint)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return "", _not_utf8_finding(name, data, error.start)
    text = text.removeprefix("\ufeff")  # a byte order mark, as editors on Windows write it
    found = Reader.NON_PRINTABLE.search(text)
    if found:
        message = f"the character U+{ord(found.group()):04X} is not allowed in YAML"
        return "", Finding("control-character", message, _position(name, text, found.start()), "delete it")
    return text, None


def _not_utf8_finding(name: str, data: bytes, start: int) -> Finding:
    before = data[:start].decode("utf-8")
    hint = "save the file as UTF-8 text"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        hint = "this looks like UTF-16; save the file as UTF-8 text"
    message = f"the byte 0x{data[start]:02X} is not UTF-8"
    return Finding("file-not-utf8", message, _position(name, before, len(before)), hint)


def _position(name: str, text: str, index: int) -> SourcePosition:
    before = text[:index]
    return SourcePosition(name, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def _checked_root(name: str, root: Node | None, findings: list[Finding]) -> tuple[MapNode | None, tuple[Finding, ...]]:
    if isinstance(root, MapNode):
        return root, tuple(findings)
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        hint = "delete the file, or write `exports: {}` to declare nothing on purpose"
        return None, (*findings, Finding("empty-file", f"{name} is empty", SourcePosition(name), hint))
    if not isinstance(root, BrokenNode):
        what = "a list" if isinstance(root, ListNode) else "text"
        message = f"a config file is a map of keys like `exports:`, but this is {what}"
        hint = "write a colon and a space after each key: `project: acme-exports`"
        findings.append(Finding("not-a-map", message, root.at, hint))
    return None, tuple(findings)


class _TooDeep(Exception):
    def __init__(self, finding: Finding):
        super().__init__(finding.message)
        self.finding = finding


@dataclass
class _Builder:
    """Build the tree from the events of one file, and collect findings."""

    name: str
    findings: list[Finding] = field(default_factory=list)

    def build_root(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "a config file is one YAML document, but a second one begins here"
                    hint = "remove the `---`, or move the second document into its own file"
                    self._add_finding("several-documents", message, self.event_position(event), hint)
                    break
            elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
                root = self.build_node(event, events, 1)
        return root

    def build_node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        at = self.event_position(event)
        if isinstance(event, yaml.AliasEvent):
            message = f"aliases are not supported here: *{event.anchor}"
            hint = "declare it once under `schedules`, `formats`, `datasets` or `defaults` and use its name"
            self._add_finding("yaml-alias", message, at, hint)
            return BrokenNode(at)
        self._refuse_decoration(event, at)
        if depth > MAX_DEPTH:
            message = f"maps and lists are nested more than {MAX_DEPTH} deep"
            raise _TooDeep(Finding("too-deep", message, at, "look for a bracket that is not closed"))
        if isinstance(event, yaml.MappingStartEvent):
            return self._build_map(at, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._build_list(at, events, depth)
        assert isinstance(event, yaml.ScalarEvent)
        return ScalarNode(event.value, at) if event.style else parse_scalar(event.value, at)

    def _refuse_decoration(self, event: yaml.Event, at: SourcePosition) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor:
            hint = "remove it; declare the value once under `schedules`, `formats`, `datasets` or `defaults`"
            self._add_finding("yaml-anchor", f"anchors are not supported here: &{anchor}", at, hint)
        if tag:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            hint = 'remove it; quotes make a text, and "${env:NAME}" or "${file:PATH}" inserts a value from outside'
            self._add_finding("yaml-tag", f"tags are not supported here: {shown}", at, hint)

    def _build_map(self, at: SourcePosition, events: Iterator[yaml.Event], depth: int) -> Node:
        entries: dict[str, MapEntry] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._read_key(event, events, depth)
            node = self.build_node(next(events), events, depth + 1)
            if key is None:
                continue
            if key in entries:
                message = f'this map already has the key "{key}", at {entries[key].key_at}'
                self._add_finding("duplicate-key", message, self.event_position(event), "keep one of them")
                continue
            entries[key] = MapEntry(self.event_position(event), node)
        return MapNode(entries, at)

    def _read_key(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent) and event.value:
            self._refuse_decoration(event, self.event_position(event))
            return str(event.value)
        node = self.build_node(event, events, depth + 1)
        if not isinstance(node, BrokenNode):
            hint = "write `name: value`; put text with braces in quotes"
            self._add_finding("key-not-text", "a key must be text that is not empty", node.at, hint)
        return None

    def _build_list(self, at: SourcePosition, events: Iterator[yaml.Event], depth: int) -> Node:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.build_node(event, events, depth + 1))
        return ListNode(tuple(items), at)

    def event_position(self, event: yaml.Event) -> SourcePosition:
        mark = event.start_mark
        assert mark is not None
        return SourcePosition(self.name, mark.line + 1, mark.column + 1)

    def _add_finding(self, rule: str, message: str, at: SourcePosition, hint: str) -> None:
        self.findings.append(Finding(rule, message, at, hint, Level.ERROR))


# -- errors of the parser ---------------------------------------------------------------------------------------------

_QUOTE = 'put the value in quotes: "…"'
_Explanation = tuple[str, str, str, bool]  # rule, message, hint, whether to report where a quote or bracket opens


def syntax_finding(name: str, text: str, error: yaml.YAMLError) -> Finding:
    """Return the finding for an error of libyaml or of PyYAML's own parser."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None) or mark
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = dict(enumerate(text.splitlines()))
    rule, message, hint, at_opening = _explain_problem(
        lines.get(line, ""), column, problem, context, lines.get(opened.line if opened else 0, "")
    )
    if at_opening and opened:
        line, column = opened.line, opened.column
    return Finding(rule, message, SourcePosition(name, line + 1, column + 1), hint)


def _explain_problem(line: str, column: int, problem: str, context: str, opening: str) -> _Explanation:
    character = line[column : column + 1]
    if character == "\t" or "tab character" in problem:
        return "yaml-tab", "YAML is indented with spaces, but this is a tab", "replace the tab with spaces", False
    if "cannot start any token" in problem:
        rule, hint = "yaml-syntax", _QUOTE
        if character == "%":
            rule, hint = "yaml-percent", 'put the value in quotes: "%DATASET_ID%/%EXPORT_TIME%"'
        return rule, f"a value cannot begin with {character} unless it is quoted", hint, False
    if "quoted scalar" in context and "end of stream" in problem:
        hint = "close it; inside '…' write an apostrophe twice: 'it''s'"
        return "yaml-quote", "this quote is never closed", hint, True
    if "escape" in problem or "hexadecimal" in problem:
        message = 'inside "…" a backslash begins an escape, but this escape does not exist'
        return "yaml-quote", message, "use '…', where a backslash is only a backslash", False
    if "directive" in context or "directive" in problem or "incompatible YAML" in problem:
        return "yaml-percent", "a line that begins with % is a directive, not a value", _QUOTE, True
    return _explain_bracket(line, context, opening) if "flow" in context else _explain_block(line, problem)


def _explain_bracket(line: str, context: str, opening: str) -> _Explanation:
    if "${{" in line or "${{" in opening:
        message = "${{ … }} is GitHub's syntax, and unquoted in {…} YAML reads it as a map"
        hint = 'set an environment variable in the workflow and write "${env:NAME}"'
        return "github-expression", message, hint, False
    if "${" in line or "${" in opening:
        message = "inside {…} and […] a reference needs quotes, YAML reads its brace as a map"
        return "yaml-brace", message, 'put it in quotes: "${env:NAME}"', False
    bracket, closing = "{}" if "mapping" in context else "[]"
    hint = f"close it with {closing}, and put a comma between two entries"
    return "yaml-bracket", f"this {bracket} is not closed, or a comma is missing after it", hint, True


def _explain_block(line: str, problem: str) -> _Explanation:
    if "mapping values are not allowed" in problem:
        hint = 'put text with a colon in quotes: "…: …"; begin the keys of one map in one column'
        return "yaml-colon", "this line has a second colon, or it is indented too far", hint, False
    if "could not find expected ':'" in problem:
        return "yaml-colon", "this key has no colon", "write `key: value`, and `- ` with a space in a list", True
    if "expected key" in problem or "expected <block end>" in problem:
        if any(quote in line for quote in "'\""):
            hint = "quote the whole value; inside '…' write an apostrophe twice: 'it''s'"
            return "yaml-quote", "text follows a closing quote", hint, False
        hint = "begin the keys of one map in one column, and list entries with `- `"
        return "yaml-indent", "this line does not fit the map above it", hint, False
    if "sequence entries" in problem:
        return "yaml-indent", "a list cannot begin here", "begin it on the next line, or write […]", False
    return (
        "yaml-syntax",
        f"this is not YAML: {problem}",
        f"{_QUOTE}, or look for a mistake in the line before it",
        False,
    )
