"""
The references inside a text value: `${env:NAME}`, `${file:PATH}`, `${environment}`, `${sandbox}`, `${project}`. Pure.

In: one text. Out: its literal parts and its references. This module reads no variable and no file.
"""

from __future__ import annotations

import re

from exportctl.frozen import dataclass

_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
PLAN_KEY = "EXPORTCTL_PLAN_KEY"  # the variable with the key of plan files: no reference may name it
_MAX_SHOWN = 40  # characters of a wrong reference in a message


class BadValue(ValueError):
    """A text that does not have the form it needs: `rule` is the stable id, `hint` shows the right form."""

    def __init__(self, rule: str, message: str, hint: str | None = None):
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Reference:
    """One `${…}`."""

    kind: str  # env, file, environment, sandbox or project
    name: str  # the variable or the path
    text: str
    default: str | None = None  # what follows `:-`

    @property
    def without_default(self) -> str:
        """The reference as written, without a default, which may be a value to mask."""
        return self.text if self.default is None else f"${{{self.kind}:{self.name}}}"


def parse_references(text: str) -> tuple[str | Reference, ...]:
    """
    Split a value into its literal texts and references, in order; `$${` is a literal `${`.

    Raises:
        BadValue: a GitHub expression `${{ … }}`, a reference that is not closed or stands inside another, or an
            unknown kind.
    """
    parts: list[str | Reference] = []
    literal, rest = "", text
    while "${" in rest:
        before, _, after = rest.partition("${")
        if before.endswith("$"):
            literal, rest = literal + before[:-1] + "${", after
            continue
        if literal + before:
            parts.append(literal + before)
        body, closed, rest = after.partition("}")
        parts.append(_parse_reference(body, closed, after))
        literal = ""
    if literal + rest:
        parts.append(literal + rest)
    return tuple(parts)


def escape_references(text: str) -> str:
    """Write a literal text so that it holds no reference: `${` becomes `$${`."""
    return text.replace("${", "$${")


def _parse_reference(body: str, closed: str, after: str) -> Reference:
    if body.startswith("{"):
        hint = 'pass it as an environment variable (`env:` of the step) and write "${env:NAME}"'
        raise BadValue("github-expression", "${{ … }} is GitHub's syntax and works only in its workflow files", hint)
    if not closed:
        raise BadValue("bad-reference", f"this reference is not closed: ${{{_shorten(after)}", "end it with }")
    if "${" in body:
        raise BadValue("bad-reference", "a reference cannot contain another one", "use one variable")
    whole = f"${{{body}}}"
    if body in ("environment", "sandbox", "project"):
        return Reference(body, body, whole)
    env = re.fullmatch(rf"env:({_VARIABLE})(?::-(.*))?", body, re.DOTALL)
    if env:
        return Reference("env", env.group(1), whole, env.group(2))
    if body.startswith("file:") and body[5:].strip():
        return Reference("file", body[5:].strip(), whole)
    raise BadValue("bad-reference", f"unknown reference {_shorten(whole)}", _reference_hint(body))


def _shorten(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= _MAX_SHOWN else line[:_MAX_SHOWN] + "…"


def _reference_hint(body: str) -> str:
    if re.fullmatch(_VARIABLE, body):
        return f'write an environment variable as "${{env:{body}}}", and a literal ${{ as $${{'
    kinds = "${env:NAME}, ${env:NAME:-default}, ${file:PATH}, ${environment}, ${sandbox} and ${project}"
    return f"the references are {kinds}; write a literal ${{ as $${{"
