"""
Merge trees: the files of a project, files that extend other files, and the overlays of environments. Pure.

Two files of one layer cannot declare the same name. A file with `extends` is one layer above the files that it
extends; an environment is above all files. A layer above merges maps, replaces scalars and lists, and removes with
`null`. It replaces the paths of `REPLACED_WHOLE` as a whole: a mix of two `auth` maps would be an account that no file
describes. Every node keeps its position in the file.

A section or a name with nothing behind its colon is an error in every layer: what was there may be a comment now, and
exportctl would delete it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.config.schema_check import SINGULAR_NAMES, closest_match
from exportctl.config.yaml_nodes import BrokenNode, ListNode, MapEntry, MapNode, Node, ScalarNode, parse_tree
from exportctl.errors import Finding, SourcePosition
from exportctl.model.similar_names import did_you_mean

LIST_SECTIONS = ("removed", "move_from", "accept")
NOTHING_ON_PURPOSE = {  # of the sections whose loss can delete, move or unprotect an export
    **dict.fromkeys((*SINGULAR_NAMES, "defaults", "policy"), "{}"),
    **dict.fromkeys((*LIST_SECTIONS, "extends"), "[]"),
}
REPLACED_WHOLE = (
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
KeyPath = tuple[str, ...]


def extended_files(name: str, data: bytes) -> tuple[tuple[str, SourcePosition], ...]:
    """
    List the files that this file extends, relative to the working folder, and the positions that name them.

    `merge_files` reports unusable paths.
    """
    if b"extends" not in data:  # most files need no second parse
        return ()
    root, _ = parse_tree(name, data)
    return tuple(_targets(name, root)) if root else ()


def resolve_relative_path(name: str, path: str) -> str:
    """Resolve a path that the file `name` contains, with `.` and `..`."""
    parts: list[str] = []
    for part in [*name.split("/")[:-1], *path.split("/")]:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in (".", "") or (part == "" and not parts):
            parts.append(part)
    return "/".join(parts)


def merge_files(trees: Mapping[str, MapNode]) -> tuple[MapNode, tuple[Finding, ...]]:
    """Merge all files into one tree, with `environments` and without `extends`; report duplicates and circles."""
    findings: list[Finding] = []
    levels = _levels(trees, findings)
    result = MapNode({}, SourcePosition(next(iter(trees), "exports.yaml")))
    for name, level in levels.items():
        root, *overlays = layers(trees[name])
        findings += _blank_findings(root) if level else _empty_section_findings(root)
        findings += [found for overlay in overlays for found in _blank_findings(overlay)]
    for level in sorted(set(levels.values())):
        peers = _merge_peers([trees[name] for name in trees if levels[name] == level], findings)
        result = merge_maps(result, peers if level else _check_declarations(peers, findings), findings)
    return result, tuple(findings)


def layers(tree: MapNode) -> list[MapNode]:
    """Return the config itself, then each environment's overlay."""
    overlays = (entry.node for entry in tree.entries_of("environments").values())
    return [tree, *(node for node in overlays if isinstance(node, MapNode))]


def merge_environment(base: MapNode, name: str) -> tuple[MapNode | None, tuple[Finding, ...]]:
    """Return the tree of one declared environment, without the key `environments`; None if its overlay is broken."""
    overlay = base.entries_of("environments")[name].node
    if not isinstance(overlay, MapNode):
        return None, ()
    findings: list[Finding] = []
    below = MapNode({key: entry for key, entry in base.entries.items() if key != "environments"}, base.at)
    return merge_maps(below, overlay, findings), tuple(findings)


def merge_maps(base: MapNode, over: MapNode, findings: list[Finding], path: KeyPath = ()) -> MapNode:
    """Merge `over` onto `base`; removing a name that `base` does not have is a finding."""
    # The result is then still an overlay, so it keeps the nulls.
    merges_overlays = path[:1] == ("environments",) and len(path) > 1
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        here = (*path, key)
        below = base.get(key)
        if _is_null(entry.node) and not merges_overlays:
            _report_unknown_removal(here, entry, base, findings)
            entries.pop(key, None)
        elif isinstance(below, MapNode) and isinstance(entry.node, MapNode) and not _is_replaced_whole(here):
            entries[key] = MapEntry(entries[key].key_at, merge_maps(below, entry.node, findings, here))
        elif merges_overlays or here == ("environments",):
            entries[key] = entry
        else:
            entries[key] = MapEntry(entry.key_at, _remove_nulls(entry.node, here, findings))
    return MapNode(entries, base.at if base.entries else over.at)


def _is_replaced_whole(path: KeyPath) -> bool:
    if path[0] == "environments":
        path = path[2:]
    return any(len(w) == len(path) and all(a in ("*", b) for a, b in zip(w, path, strict=True)) for w in REPLACED_WHOLE)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _is_blank(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.is_blank


def _remove_nulls(node: Node, path: KeyPath, findings: list[Finding]) -> Node:
    if not isinstance(node, MapNode):
        return node
    entries = {}
    for key, entry in node.entries.items():
        if _is_null(entry.node):
            _report_unknown_removal((*path, key), entry, MapNode({}, node.at), findings)
        else:
            entries[key] = entry.with_node(_remove_nulls(entry.node, (*path, key), findings))
    return MapNode(entries, node.at)


def _report_unknown_removal(path: KeyPath, entry: MapEntry, base: MapNode, findings: list[Finding]) -> None:
    if len(path) != 2 or path[0] not in SINGULAR_NAMES or path[1] in base.entries:
        return
    message = f'this removes {SINGULAR_NAMES[path[0]]} "{path[1]}", but no layer below declares it'
    guess = closest_match(path[1], base.entries)
    hint = did_you_mean(path[1], guess) if guess else "remove this line"
    findings.append(Finding("unknown-reference", message, entry.key_at, hint))


def _empty_section_findings(root: MapNode) -> list[Finding]:
    """Report a section without content in the lowest layer, such as `exports:` above lines that are comments now."""
    return [
        Finding(
            "empty-section",
            f'"{section}" declares nothing here',
            entry.key_at,
            f"delete the line, or write `{nothing}` behind it to declare nothing on purpose",
        )
        for section, nothing in NOTHING_ON_PURPOSE.items()
        if (entry := root.entries.get(section)) and _is_null(entry.node)
    ]


def _blank_findings(overlay: MapNode) -> list[Finding]:
    """Report sections and names of an overlay with nothing behind their colon: only a written `null` removes."""
    found = []
    for section in NOTHING_ON_PURPOSE:
        entry, noun = overlay.entries.get(section), SINGULAR_NAMES.get(section)
        if entry and _is_blank(entry.node):
            found.append(_blank_finding("empty-section", f'"{section}"', entry))
        names = overlay.entries_of(section).items() if noun else ()
        found += [
            _blank_finding("empty-declaration", f'{noun} "{k}"', name) for k, name in names if _is_blank(name.node)
        ]
    return found


def _blank_finding(rule: str, what: str, entry: MapEntry) -> Finding:
    hint = "delete the line, or write `null` behind it to remove what the layer below declares"
    return Finding(rule, f"{what} has nothing behind its colon", entry.key_at, hint)


def _check_declarations(root: MapNode, findings: list[Finding]) -> MapNode:
    """Report empty declarations in the lowest layer: `name:` without a value removes nothing there."""
    entries = {key: entry for key, entry in root.entries.items() if not _is_null(entry.node)}
    for section in SINGULAR_NAMES:
        node = root.get(section)
        if isinstance(node, MapNode):
            checked = {name: _check_not_empty(section, name, entry, findings) for name, entry in node.entries.items()}
            entries[section] = MapEntry(entries[section].key_at, MapNode(checked, node.at))
    return MapNode(entries, root.at)


def _check_not_empty(section: str, name: str, entry: MapEntry, findings: list[Finding]) -> MapEntry:
    if not _is_null(entry.node):
        return entry
    if section == "environments":
        return MapEntry(entry.key_at, MapNode({}, entry.key_at))
    hint = "write its keys below it, indented; to remove it in one environment, write `null` under `environments`"
    findings.append(Finding("empty-declaration", f'{SINGULAR_NAMES[section]} "{name}" is empty', entry.key_at, hint))
    return MapEntry(entry.key_at, BrokenNode(entry.key_at))


def _merge_peers(roots: Sequence[MapNode], findings: list[Finding]) -> MapNode:
    entries: dict[str, MapEntry] = {}
    for root in roots:
        for key, entry in root.entries.items():
            if key == "extends":
                continue
            first = entries.get(key)
            entries[key] = _merge_entries(key, first, entry, findings) if first else entry
    return MapNode(entries, roots[0].at)


def _merge_entries(key: str, first: MapEntry, second: MapEntry, findings: list[Finding]) -> MapEntry:
    a, b = first.node, second.node
    if _is_null(b) or isinstance(b, BrokenNode):
        return first
    if _is_null(a) or isinstance(a, BrokenNode):
        return second
    if key in SINGULAR_NAMES and isinstance(a, MapNode) and isinstance(b, MapNode):
        for name in b.entries:
            if name in a.entries:
                what = f'{SINGULAR_NAMES[key]} "{name}"'
                findings.append(_declared_twice_finding(what, a.entries[name].key_at, b.entries[name].key_at))
        return MapEntry(first.key_at, MapNode({**b.entries, **a.entries}, a.at))
    if key in LIST_SECTIONS and isinstance(a, ListNode) and isinstance(b, ListNode):
        return MapEntry(first.key_at, ListNode((*a.items, *b.items), a.at))
    if key not in ("version", "minimum_version"):  # of several of these the highest counts
        findings.append(_declared_twice_finding(f'"{key}"', first.key_at, second.key_at))
    return first


def _declared_twice_finding(what: str, first: SourcePosition, second: SourcePosition) -> Finding:
    hint = "keep one; if this file should change the other one, write `extends: [that file]`"
    return Finding("declared-twice", f"{what} is declared at {first} and again here", second, hint)


def _levels(trees: Mapping[str, MapNode], findings: list[Finding]) -> dict[str, int]:
    """Return the level of each file: 0 if it extends no file, else one more than the highest file that it extends."""
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
    name: str, root: MapNode, trees: Mapping[str, MapNode], findings: list[Finding]
) -> list[tuple[str, SourcePosition]]:
    for item in _extends_items(root):
        if not _is_local_path(item.value):
            message = f'"{item.value}" is not a relative path'
            hint = "write the path of a file in this checkout, relative to this file, for example `../exports.yaml`"
            findings.append(Finding("bad-extends", message, item.at, hint))
    usable = []
    for target, at in _targets(name, root):
        if target in trees:
            usable.append((target, at))
        else:
            hint = (
                f"correct the path, or create the file; the path is relative to {name if '/' in name else 'this file'}"
            )
            findings.append(Finding("extends-missing", f"{target} cannot be read", at, hint))
    return usable


def _targets(name: str, root: MapNode) -> list[tuple[str, SourcePosition]]:
    written = [item for item in _extends_items(root) if _is_local_path(item.value)]
    return [(resolve_relative_path(name, str(item.value)), item.at) for item in written]


def _extends_items(root: MapNode) -> list[ScalarNode]:
    node = root.get("extends")
    return [item for item in node.items if isinstance(item, ScalarNode)] if isinstance(node, ListNode) else []


def _is_local_path(value: object) -> bool:
    return isinstance(value, str) and value[:1] not in ("", "/") and "://" not in value and "${" not in value
