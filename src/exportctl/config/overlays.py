"""
Trees laid over each other: the files of a project, files that extend others, and environments.

Files side by side may not say the same thing twice. A file with `extends` lies one layer above what it extends, an
environment above all files. In a layer above, maps merge, scalars and lists replace, `null` removes; what `WHOLE`
names is replaced whole, because half of an old `auth` under a new one would be an account that nobody wrote. Every
node keeps the place it was written at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.config import minimum_version
from exportctl.config.nodes import Broken, Entry, Map, Node, Scalar, Seq, tree
from exportctl.config.schema_findings import nearest
from exportctl.errors import Finding, Location

NAMED = ("formats", "schedules", "destinations", "datasets", "exports", "environments", "rules")
LISTS = ("removed", "accept")
SINGULAR = {
    "formats": "format",
    "schedules": "schedule",
    "destinations": "destination",
    "datasets": "dataset",
    "exports": "export",
    "environments": "environment",
    "rules": "rule",
}
WHOLE = (
    ("datasets", "*"),
    ("formats", "*"),
    ("schedules", "*"),
    ("destinations", "*", "auth"),
    ("destinations", "*", "account"),
    ("destinations", "*", "format"),
    ("exports", "*", "end"),
    ("exports", "*", "schedule"),
    ("exports", "*", "format"),
    ("defaults", "end"),
    ("defaults", "schedule"),
    ("defaults", "format"),
    ("platform", "credentials"),
)
Path = tuple[str, ...]


def extends_of(name: str, data: bytes) -> tuple[str, ...]:
    """
    The files that this one is laid over, named as they are shown: relative paths resolved against `name`.

    What is not a usable path is left out here; `layered` reports it.
    """
    if b"extends" not in data:  # spares most files a second reading
        return ()
    root, _ = tree(name, data)
    return tuple(target for target, _ in _targets(name, root)) if root else ()


def beside(name: str, path: str) -> str:
    """The path of a file written relative to the file `name`, with `.` and `..` worked out."""
    parts: list[str] = []
    for part in [*name.split("/")[:-1], *path.split("/")]:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in (".", "") or (part == "" and not parts):
            parts.append(part)
    return "/".join(parts)


def layered(trees: Mapping[str, Map]) -> tuple[Map, tuple[Finding, ...]]:
    """All files as one tree, `environments` included and `extends` gone, with what is declared twice or in a circle."""
    findings: list[Finding] = []
    levels = _levels(trees, findings)
    result = Map({}, Location(next(iter(trees), "exports.yaml")))
    for level in sorted(set(levels.values())):
        peers = _side_by_side([trees[name] for name in trees if levels[name] == level], findings)
        result = laid_over(result, peers if level else _declared(peers, findings), findings)
    return result, tuple(findings)


def with_environment(base: Map, name: str) -> tuple[Map | None, tuple[Finding, ...]]:
    """The tree of one declared environment, without the key `environments`; None if its overlay is broken."""
    section = base.entries["environments"].node
    assert isinstance(section, Map)
    overlay = section.entries[name].node
    if not isinstance(overlay, Map):
        return None, ()
    findings: list[Finding] = []
    below = Map({key: entry for key, entry in base.entries.items() if key != "environments"}, base.at)
    return laid_over(below, overlay, findings), tuple(findings)


def laid_over(base: Map, over: Map, findings: list[Finding], path: Path = ()) -> Map:
    """`over` above `base`. A removal of a name that nothing declares is a finding."""
    composing = path[:1] == ("environments",) and len(path) > 1  # two overlays become one: removals stay removals
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        here = (*path, key)
        below = entries.get(key)
        if _is_null(entry.node) and not composing:
            _note_removal(here, entry, base, findings)
            entries.pop(key, None)
        elif below and isinstance(below.node, Map) and isinstance(entry.node, Map) and not _whole(here):
            entries[key] = Entry(below.key_at, laid_over(below.node, entry.node, findings, here))
        elif composing or here == ("environments",):
            entries[key] = entry
        else:
            entries[key] = Entry(entry.key_at, _without_nulls(entry.node, here, findings))
    return Map(entries, base.at if base.entries else over.at)


def _whole(path: Path) -> bool:
    if path[0] == "environments":
        path = path[2:]
    return any(len(w) == len(path) and all(a in ("*", b) for a, b in zip(w, path, strict=True)) for w in WHOLE)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _without_nulls(node: Node, path: Path, findings: list[Finding]) -> Node:
    if not isinstance(node, Map):
        return node
    entries = {}
    for key, entry in node.entries.items():
        if _is_null(entry.node):
            _note_removal((*path, key), entry, Map({}, node.at), findings)
        else:
            entries[key] = Entry(entry.key_at, _without_nulls(entry.node, (*path, key), findings))
    return Map(entries, node.at)


def _note_removal(path: Path, entry: Entry, base: Map, findings: list[Finding]) -> None:
    if len(path) != 2 or path[0] not in SINGULAR or path[1] in base.entries:
        return
    message = f'{SINGULAR[path[0]]} "{path[1]}" is removed here, but nothing below declares it'
    guess = nearest(path[1], base.entries)
    hint = f'did you mean "{guess}"?' if guess else "remove this line"
    findings.append(Finding("unknown-reference", message, entry.key_at, hint))


def _declared(root: Map, findings: list[Finding]) -> Map:
    """A lowest layer: `name:` with nothing below it is a slip there, not a removal."""
    entries = dict(root.entries)
    for section in NAMED:
        node = entries[section].node if section in entries else None
        if isinstance(node, Map):
            held = {name: _not_empty(section, name, entry, findings) for name, entry in node.entries.items()}
            entries[section] = Entry(entries[section].key_at, Map(held, node.at))
    return Map(entries, root.at)


def _not_empty(section: str, name: str, entry: Entry, findings: list[Finding]) -> Entry:
    if not _is_null(entry.node):
        return entry
    if section == "environments":
        return Entry(entry.key_at, Map({}, entry.key_at))
    hint = "write its keys below it, indented; to remove it in one environment, write `null` under `environments`"
    findings.append(Finding("empty-declaration", f'{SINGULAR[section]} "{name}" is empty', entry.key_at, hint))
    return Entry(entry.key_at, Broken(entry.key_at))


def _side_by_side(roots: Sequence[Map], findings: list[Finding]) -> Map:
    entries: dict[str, Entry] = {}
    for root in roots:
        for key, entry in root.entries.items():
            if key == "extends":
                continue
            first = entries.get(key)
            entries[key] = _joined(key, first, entry, findings) if first else entry
    return Map(entries, roots[0].at)


def _joined(key: str, first: Entry, second: Entry, findings: list[Finding]) -> Entry:
    a, b = first.node, second.node
    if _is_null(b) or isinstance(b, Broken):
        return first
    if _is_null(a) or isinstance(a, Broken):
        return second
    if key in NAMED and isinstance(a, Map) and isinstance(b, Map):
        for name in b.entries:
            if name in a.entries:
                findings.append(_twice(f'{SINGULAR[key]} "{name}"', a.entries[name].key_at, b.entries[name].key_at))
        return Entry(first.key_at, Map({**b.entries, **a.entries}, a.at))
    if key in LISTS and isinstance(a, Seq) and isinstance(b, Seq):
        return Entry(first.key_at, Seq((*a.items, *b.items), a.at))
    if key not in ("version", minimum_version.KEY):  # of several of these the highest counts
        findings.append(_twice(f'"{key}"', first.key_at, second.key_at))
    return first


def _twice(what: str, first: Location, second: Location) -> Finding:
    hint = "keep one; a file that shall change another says `extends: [that file]`"
    return Finding("declared-twice", f"{what} is declared at {first} and again here", second, hint)


def _levels(trees: Mapping[str, Map], findings: list[Finding]) -> dict[str, int]:
    """File -> 0 if it extends nothing, else one more than the highest file it extends."""
    edges = {name: _usable_targets(name, root, trees, findings) for name, root in trees.items()}
    levels: dict[str, int] = {}

    def level(name: str, above: tuple[str, ...]) -> int:
        if name not in levels:
            targets = []
            for target, at in edges[name]:
                if target in (*above, name):
                    chain = (*above, name)
                    circle = " -> ".join((*chain[chain.index(target) :], target))
                    message = f"files extend each other in a circle: {circle}"
                    findings.append(Finding("extends-cycle", message, at, "remove one of these `extends`"))
                else:
                    targets.append(target)
            levels[name] = max((level(target, (*above, name)) + 1 for target in targets), default=0)
        return levels[name]

    for name in trees:
        level(name, ())
    return levels


def _usable_targets(
    name: str, root: Map, trees: Mapping[str, Map], findings: list[Finding]
) -> list[tuple[str, Location]]:
    entry = root.entries.get("extends")
    for item in entry.node.items if entry and isinstance(entry.node, Seq) else ():
        if isinstance(item, Scalar) and not _local(item.value):
            message = f'"{item.value}" is no path beside this file'
            hint = "write a relative path of a file in this checkout, for example `../exports.yaml`"
            findings.append(Finding("bad-extends", message, item.at, hint))
    usable = []
    for target, at in _targets(name, root):
        if target in trees:
            usable.append((target, at))
        else:
            hint = f"the path is relative to {name}" if "/" in name else "the path is relative to this file"
            findings.append(Finding("extends-missing", f"{target} cannot be read", at, hint))
    return usable


def _targets(name: str, root: Map) -> list[tuple[str, Location]]:
    entry = root.entries.get("extends")
    items = entry.node.items if entry and isinstance(entry.node, Seq) else ()
    written = [item for item in items if isinstance(item, Scalar) and _local(item.value)]
    return [(beside(name, str(item.value)), item.at) for item in written]


def _local(value: object) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and not value.startswith("/")
        and "://" not in value
        and "${" not in value
    )
