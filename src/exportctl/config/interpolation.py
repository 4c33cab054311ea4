"""
Check the references in values, and fill in those of plain values.

The class of a value (model.secret.Secrecy) decides which references it may have. A plain value is shown in output, so
it may use only variables that are made for output. Otherwise a pull request could print a secret of the pipeline by
using it in a title. Sensitive and secret values keep their references, because exportctl reads those only when it
needs them. This module fills only `${environment}`, `${sandbox}` and `${project}` into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from exportctl.config.schema.destinations import secrecy
from exportctl.config.section import FindingCollector
from exportctl.config.yaml_nodes import BrokenNode, ListNode, MapEntry, MapNode, Node, ScalarNode
from exportctl.errors import Level
from exportctl.frozen import dataclass
from exportctl.model.project import UnsetReference
from exportctl.model.references import BadValue, Reference, escape_references, parse_references
from exportctl.model.secret import Secrecy

_ALLOWED = ("AEP_ORG_ID", "AEP_SANDBOX")
_PREFIX = "EXPORTCTL_VAR_"
KeyPath = tuple[str, ...]


def fill_references(
    tree: MapNode, environment: str | None, variables: Mapping[str, str], report: FindingCollector
) -> tuple[MapNode, tuple[UnsetReference, ...]]:
    """
    Return the tree with its plain references filled in, and the references without a value.

    `project` and `platform.sandbox` come first, because other values may refer to them. A reference to a variable that
    is unset or empty stays as it is written.
    """
    names: dict[str, str | None] = {"environment": environment} if environment is not None else {}
    filler = _Filler(variables, report, names)
    tree = filler.fill_first(tree, ("project",))
    tree = filler.fill_first(tree, ("platform", "sandbox"))
    entries = {key: MapEntry(e.key_at, filler.fill_node(e.node, (key,))) for key, e in tree.entries.items()}
    return MapNode(entries, tree.at), tuple(filler.unset)


@dataclass
class _Filler:
    variables: Mapping[str, str]
    report: FindingCollector
    names: dict[str, str | None]  # the values of ${environment}, ${project} and ${sandbox}; None: unset
    names_from: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the variables behind these values
    unset: list[UnsetReference] = field(default_factory=list)
    filled_paths: set[KeyPath] = field(default_factory=set)

    def fill_first(self, parent: MapNode, path: KeyPath, depth: int = 0) -> MapNode:
        """Fill in one value before all others and remember it under its last key."""
        entry = parent.entries.get(path[depth])
        if entry is None:
            return parent
        node = entry.node
        if depth + 1 < len(path):
            node = self.fill_first(node, path, depth + 1) if isinstance(node, MapNode) else node
        else:
            node = self.fill_node(node, path)
            self.filled_paths.add(path)
            if isinstance(node, ScalarNode) and isinstance(node.value, str):
                self.names[path[-1]] = None if node.is_unset else node.value
                self.names_from[path[-1]] = node.variables
        return MapNode({**parent.entries, path[depth]: MapEntry(entry.key_at, node)}, parent.at)

    def fill_node(self, node: Node, path: KeyPath) -> Node:
        if path in self.filled_paths:
            return node
        match node:
            case MapNode():
                entries = {k: e.with_node(self.fill_node(e.node, (*path, k))) for k, e in node.entries.items()}
                return MapNode(entries, node.at)
            case ListNode():
                return ListNode(tuple(self.fill_node(item, path) for item in node.items), node.at)
            case ScalarNode(value=str()):
                return self._fill_scalar(node, str(node.value), path)
            case _:
                return node

    def _fill_scalar(self, node: ScalarNode, text: str, path: KeyPath) -> Node:
        kind = secrecy(path)
        if "${" not in text and kind is not Secrecy.SECRET:
            return node
        try:
            parts = parse_references(text)
        except BadValue as error:
            if kind is not Secrecy.PLAIN and error.rule == "bad-reference":
                error = BadValue(
                    error.rule, "a reference in it cannot be read", 'write "${env:NAME}" or "${file:PATH}"'
                )
            self.report.add_bad_value(error, _quoted_path(path), node.at)
            return BrokenNode(node.at)
        if kind is Secrecy.PLAIN:
            return self._fill_plain_value(node, parts, path)
        return self._fill_hidden_value(node, parts, path, kind)

    def _fill_plain_value(self, node: ScalarNode, parts: tuple[str | Reference, ...], path: KeyPath) -> Node:
        refused = [p for p in parts if isinstance(p, Reference) and not _is_showable(p)]
        if refused:
            return self._refuse_reference(refused[0], node, path)
        values = [p if isinstance(p, str) else self._reference_value(p, node) for p in parts]
        if any(isinstance(v, _NoValue) for v in values):
            return BrokenNode(node.at)
        if None in values:
            return ScalarNode(node.value, node.at, is_unset=True)
        return ScalarNode("".join(str(v) for v in values), node.at, variables=self._variables(parts))

    def _variables(self, parts: tuple[str | Reference, ...]) -> tuple[str, ...]:
        """Return the references to variables and files, also those behind the name of the project or the sandbox."""
        found = [p for p in parts if isinstance(p, Reference)]
        named = ([p.without_default] if p.kind in ("env", "file") else self.names_from.get(p.kind, ()) for p in found)
        return tuple(dict.fromkeys(one for each in named for one in each))

    def _refuse_reference(self, found: Reference, node: ScalarNode, path: KeyPath) -> BrokenNode:
        why = "this value is shown in output, and a pull request must not be able to print a secret of the pipeline"
        message = f"{_quoted_path(path)} cannot use {found.text}: {why}"
        hint = f"plain values can use {_PREFIX}…, {' and '.join(_ALLOWED)}"
        if found.kind == "env":
            hint = f"name the variable {_PREFIX}{found.name.removeprefix('AEP_')} if output may show it; {hint}"
        return self._refuse_value(node, "reference-not-allowed", message, hint)

    def _refuse_value(self, node: ScalarNode, rule: str, message: str, hint: str) -> BrokenNode:
        self.report.add(rule, message, node.at, hint)
        return BrokenNode(node.at)

    def _reference_value(self, found: Reference, node: ScalarNode) -> str | _NoValue | None:
        """Return the value, None if the variable is unset, or `_NoValue` (with a finding) for a name without value."""
        if found.kind == "env":
            value = self.variables.get(found.name) or found.default
            if value is None:
                self.unset.append(UnsetReference(found.name, node.at))
                hint = f'set it before `plan`, or write a default: "${{env:{found.name}:-…}}"'
                self.report.add("unset-reference", f"the variable {found.name} is not set", node.at, hint, Level.NOTE)
            return value
        if found.kind in self.names:
            return self.names[found.kind]
        words = {
            "environment": (
                "this config declares no environments",
                "declare the environments under `environments`, or write the value itself",
            ),
            "sandbox": ("the sandbox is not known here", "write `platform: {sandbox: …}`; it cannot refer to itself"),
            "project": ("the project's name is not known here", "write `project: …`; it cannot refer to itself"),
        }
        message, hint = words[found.kind]
        self.report.add("bad-reference", f"{found.text} has no value: {message}", node.at, hint)
        return _NoValue()

    def _fill_hidden_value(
        self, node: ScalarNode, parts: tuple[str | Reference, ...], path: KeyPath, kind: Secrecy
    ) -> Node:
        if kind is Secrecy.SECRET:
            only = parts[0] if len(parts) == 1 else None
            if not isinstance(only, Reference) or only.kind not in ("env", "file"):
                message = f"{_quoted_path(path)} is a secret: its value must be one reference and nothing else"
                hint = 'write "${env:NAME}" or "${file:PATH}"; if this was a real secret, rotate it: it is in Git now'
                return self._refuse_value(node, "secret-literal", message, hint)
            if only.default is not None:
                message = f"{_quoted_path(path)} is a secret and cannot have a default"
                return self._refuse_value(node, "secret-default", message, f'write "${{env:{only.name}}}"')
            return node
        pieces = [escape_references(p) if isinstance(p, str) else self._kept_reference_text(p, node) for p in parts]
        if any(isinstance(piece, _NoValue) for piece in pieces):
            return BrokenNode(node.at)
        return ScalarNode("".join(str(piece) for piece in pieces), node.at, variables=self._variables(parts))

    def _kept_reference_text(self, found: Reference, node: ScalarNode) -> str | _NoValue:
        if found.kind in ("env", "file"):
            return found.text
        value = self._reference_value(found, node)
        return found.text if value is None else value if isinstance(value, _NoValue) else escape_references(value)


class _NoValue:
    """Mark a reference that can have no value; the finding is already reported."""


def _is_showable(found: Reference) -> bool:
    if found.kind == "env":
        return found.name in _ALLOWED or found.name.startswith(_PREFIX)
    return found.kind != "file"


def _quoted_path(path: KeyPath) -> str:
    return f'"{".".join(path)}"'
