"""The line by which a document finds the comment that it replaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker, parse_marker, render_marker

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
MARKERS = st.builds(
    CommentMarker, st.sampled_from(["plan", "apply", "drift", "nightly"]), st.none() | TEXTS, st.none() | TEXTS
)


def test_a_marker_is_an_html_comment_that_names_project_and_environment() -> None:
    assert render_marker(CommentMarker("plan", "acme-exports", "prod")) == (
        "<!-- exportctl plan project=acme-exports environment=prod -->"
    )
    assert render_marker(CommentMarker("nightly", "acme", ALL_ENVIRONMENTS)) == (
        "<!-- exportctl nightly project=acme environment=* -->"
    )
    assert render_marker(CommentMarker("plan")) == "<!-- exportctl plan -->"


@given(MARKERS, st.text())
def test_a_document_gives_its_marker_back_whatever_the_names_are(marker: CommentMarker, body: str) -> None:
    line = render_marker(marker)

    assert parse_marker(f"{line}\n{body}") == parse_marker(line) == marker
    assert "--" not in line.removeprefix("<!--").removesuffix("-->")
    assert line.count(">") == 1
    assert line.isprintable()


@pytest.mark.parametrize(
    "document",
    [
        "",
        "exportctl plan",
        "text first\n<!-- exportctl plan project=acme -->",
        "<!-- exportctl plan project=acme --> text",
        "<!-- exportctl plan project=a b -->",
        "<!-- exportctl  -->",
    ],
)
def test_a_document_without_the_marker_in_its_first_line_has_none(document: str) -> None:
    assert parse_marker(document) is None


def test_a_code_host_may_change_line_ends() -> None:
    assert parse_marker("<!-- exportctl plan project=acme -->\r\nbody") == CommentMarker("plan", "acme")
