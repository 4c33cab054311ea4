"""
References in values: which may stand where, and the plain ones filled in.

Three classes (destination_types.Secrecy). A plain value is shown to everybody, so it may hold only variables that are
made to be shown: otherwise a pull request could print a secret of the pipeline by putting it into a title. Sensitive
and secret values keep their references as written, since they are read only when they are needed; only
`${environment}`, `${sandbox}` and `${project}` are filled into them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exportctl.config.nodes import Broken, Entry, Map, Node, Scalar, Seq
from exportctl.config.secrecy import secrecy
from exportctl.config.sections import Report
from exportctl.config.values import BadValue, Reference, escaped, references
from exportctl.declared import Unset
from exportctl.destination_types import Secrecy
from exportctl.errors import Level

_ALLOWED = ("AEP_ORG_ID", "AEP_SANDBOX")
_PREFIX = "EXPORTCTL_VAR_"
Path = tuple[str, ...]


def filled(
    tree: Map, environment: str | None, variables: Mapping[str, str], report: Report
) -> tuple[Map, tuple[Unset, ...]]:
    """
    The tree with its plain references filled in, and those whose variable is not set or empty.

    `project` and `platform.sandbox` come first, since others may name them. An unset reference stays as written.
    """
    names: dict[str, str | None] = {"environment": environment} if environment is not None else {}
    filler = _Filler(variables, report, names)
    tree = filler.early(tree, ("project",))
    tree = filler.early(tree, ("platform", "sandbox"))
    entries = {key: Entry(e.key_at, filler.node(e.node, (key,))) for key, e in tree.entries.items()}
    return Map(entries, tree.at), tuple(filler.unset)


@dataclass
class _Filler:
    variables: Mapping[str, str]
    report: Report
    names: dict[str, str | None]  # what ${environment}, ${project} and ${sandbox} stand for; None: not set
    unset: list[Unset] = field(default_factory=list)
    done: set[Path] = field(default_factory=set)

    def early(self, tree: Map, path: Path) -> Map:
        """Fill in one value before all others and remember it under its last key."""
        key, *rest = path
        entry = tree.entries.get(key)
        if entry is None:
            return tree
        if rest:
            if not isinstance(entry.node, Map):
                return tree
            sub: Node = self._early_child(entry.node, path)
        else:
            sub = self._early_value(entry.node, path)
        return Map({**tree.entries, key: Entry(entry.key_at, sub)}, tree.at)

    def _early_child(self, parent: Map, path: Path) -> Map:
        entry = parent.entries.get(path[-1])
        if entry is None:
            return parent
        node = self._early_value(entry.node, path)
        return Map({**parent.entries, path[-1]: Entry(entry.key_at, node)}, parent.at)

    def _early_value(self, node: Node, path: Path) -> Node:
        result = self.node(node, path)
        self.done.add(path)
        if isinstance(result, Scalar) and isinstance(result.value, str):
            self.names[path[-1]] = None if result.pending else result.value
        return result

    def node(self, node: Node, path: Path) -> Node:
        if path in self.done:
            return node
        match node:
            case Map():
                return Map(
                    {k: Entry(e.key_at, self.node(e.node, (*path, k))) for k, e in node.entries.items()}, node.at
                )
            case Seq():
                return Seq(tuple(self.node(item, path) for item in node.items), node.at)
            case Scalar(value=str()):
                return self._scalar(node, str(node.value), path)
            case _:
                return node

    def _scalar(self, node: Scalar, text: str, path: Path) -> Node:
        kind = secrecy(path)
        if "${" not in text and kind is not Secrecy.SECRET:
            return node
        try:
            parts = references(text)
        except BadValue as error:
            if kind is not Secrecy.PLAIN and error.rule == "bad-reference":
                error = BadValue(error.rule, "a reference in it cannot be read", "write ${env:NAME} or ${file:PATH}")
            self.report.bad(error, _shown(path), node.at)
            return Broken(node.at)
        if kind is Secrecy.PLAIN:
            return self._plain(node, parts, path)
        return self._hidden(node, parts, path, kind)

    def _plain(self, node: Scalar, parts: tuple[str | Reference, ...], path: Path) -> Node:
        refused = [p for p in parts if isinstance(p, Reference) and not _showable(p)]
        if refused:
            self._refuse(refused[0], node, path)
            return Broken(node.at)
        values = [p if isinstance(p, str) else self._value(p, node) for p in parts]
        if any(isinstance(v, _Impossible) for v in values):
            return Broken(node.at)
        if None in values:
            return Scalar(node.value, node.at, pending=True)
        return Scalar("".join(str(v) for v in values), node.at)

    def _refuse(self, found: Reference, node: Scalar, path: Path) -> None:
        message = (
            f"{_shown(path)} may not use {found.text}: its value is shown, and a pull request must not be able to "
        )
        message += "print a secret of the pipeline"
        hint = f"plain values may use {_PREFIX}…, {' and '.join(_ALLOWED)}"
        if found.kind == "env":
            hint = f"name the variable {_PREFIX}{found.name.removeprefix('AEP_')} if it may be shown; {hint}"
        self.report.add("reference-not-allowed", message, node.at, hint)

    def _value(self, found: Reference, node: Scalar) -> str | _Impossible | None:
        """The value, None if the variable is not set, `_Impossible` (and a finding) if there is no such name here."""
        if found.kind == "env":
            value = self.variables.get(found.name) or found.default
            if value is None:
                self._note_unset(found, node)
            return value
        if found.kind in self.names:
            return self.names[found.kind]
        words = {
            "environment": (
                "this config declares no environments",
                "declare some under `environments`, or write it out",
            ),
            "sandbox": ("the sandbox is not known here", "write `platform: {sandbox: …}`; it cannot name itself"),
            "project": ("the project's name is not known here", "write `project: …`; it cannot name itself"),
        }
        message, hint = words[found.kind]
        self.report.add("bad-reference", f"{found.text} has no value: {message}", node.at, hint)
        return _Impossible()

    def _note_unset(self, found: Reference, node: Scalar) -> None:
        self.unset.append(Unset(found.name, node.at))
        hint = f"set it before `plan`, or give a default: ${{env:{found.name}:-…}}"
        self.report.add("unset-reference", f"the variable {found.name} is not set", node.at, hint, Level.NOTE)

    def _hidden(self, node: Scalar, parts: tuple[str | Reference, ...], path: Path, kind: Secrecy) -> Node:
        if kind is Secrecy.SECRET:
            only = parts[0] if len(parts) == 1 else None
            if not isinstance(only, Reference) or only.kind not in ("env", "file"):
                return self._literal(node, path)
            if only.default is not None:
                hint = f"write ${{env:{only.name}}}"
                self.report.add(
                    "secret-default", f"{_shown(path)} is a secret and cannot have a default", node.at, hint
                )
                return Broken(node.at)
            return node
        pieces = [escaped(p) if isinstance(p, str) else self._kept(p, node) for p in parts]
        if any(isinstance(piece, _Impossible) for piece in pieces):
            return Broken(node.at)
        return Scalar("".join(str(piece) for piece in pieces), node.at)

    def _kept(self, found: Reference, node: Scalar) -> str | _Impossible:
        if found.kind in ("env", "file"):
            return found.text
        value = self._value(found, node)
        return found.text if value is None else value if isinstance(value, _Impossible) else escaped(value)

    def _literal(self, node: Scalar, path: Path) -> Node:
        message = f"{_shown(path)} is a secret: it takes one reference and nothing else"
        hint = 'write "${env:NAME}" or "${file:PATH}"; if a real secret stood here, it is in Git now: replace it'
        self.report.add("secret-literal", message, node.at, hint)
        return Broken(node.at)


class _Impossible:
    """A reference that can have no value; already reported."""


def _showable(found: Reference) -> bool:
    if found.kind == "env":
        return found.name in _ALLOWED or found.name.startswith(_PREFIX)
    return found.kind != "file"


def _shown(path: Path) -> str:
    return f'"{".".join(path)}"'
