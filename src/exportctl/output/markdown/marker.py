"""
The comment marker: the first line of a Markdown document that a later document replaces in place.

    <!-- exportctl plan project=acme-exports environment=prod -->

It is an HTML comment, so no reader of a pull request sees it. Names are percent-encoded: none can end the comment.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from exportctl.frozen import dataclass
from exportctl.output.markdown_escape import code

ALL_ENVIRONMENTS = "*"  # no environment can have this name
_LINE = re.compile(
    r"<!-- exportctl (?P<kind>[a-z]+(?:-[a-z]+)*)"
    r"(?: project=(?P<project>[^\s=<>]+))?(?: environment=(?P<environment>[^\s=<>]+))? -->"
)


@dataclass(frozen=True)
class CommentMarker:
    """
    What a document is about: `kind` is a word such as `plan`, `apply`, `drift` or `nightly`.

    `project` is None where the config could not be read; `environment` is None where the config has none.
    """

    kind: str
    project: str | None = None
    environment: str | None = None


def render_marker(marker: CommentMarker) -> str:
    """Return the marker as one line, without its line end."""
    named = (("project", marker.project), ("environment", marker.environment))
    words = [marker.kind, *(f"{name}={_encoded_name(value)}" for name, value in named if value)]
    return f"<!-- exportctl {' '.join(words)} -->"


def environment_words(marker: CommentMarker) -> str:
    """Return what a title says of the environment: nothing where there is none."""
    if marker.environment == ALL_ENVIRONMENTS:
        return ": all environments"
    return f": environment {code(marker.environment)}" if marker.environment else ""


def parse_marker(document: str) -> CommentMarker | None:
    """Return the marker in the first line of a document; None without one."""
    first, _, _ = document.lstrip("\ufeff").partition("\n")
    found = _LINE.fullmatch(first.strip())
    if found is None:
        return None
    project, environment = (value and unquote(value) for value in found.group("project", "environment"))
    return CommentMarker(found["kind"], project, environment)


def remove_marker(document: str) -> str:
    """Return a document without its marker, as a part of another one."""
    return document.partition("\n")[2] if parse_marker(document) else document


def _encoded_name(name: str) -> str:
    """Return a name in which no hyphen follows another: two may not stand in an HTML comment of every parser."""
    return quote(name, safe=ALL_ENVIRONMENTS, errors="replace").replace("--", "-%2D")
