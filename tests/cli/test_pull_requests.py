"""
What a reviewer sees of ten pull requests. `python -m tests.cli.pull_requests` rewrites their golden files.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exportctl.output.markdown.marker import CommentMarker, parse_marker
from tests.cli.command_line import ROOT, CommandLine
from tests.cli.pull_requests import FOLDER, HEAD, PULL_REQUESTS, PullRequest, applied_checkout, mask_ids, review_plan
from tests.output import markdown_reader

SCREEN = 40  # lines that a reviewer reads


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return applied_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize("request_", PULL_REQUESTS, ids=lambda one: one.name)
def test_a_reviewer_sees_what_a_pull_request_costs_and_breaks(
    base: CommandLine, tmp_path: Path, request_: PullRequest
) -> None:
    ended = review_plan(base, tmp_path, request_)

    assert (ended.code, ended.err) == (request_.code, "")
    assert parse_marker(ended.out) == CommentMarker("plan", "acme-exports", "prod")
    assert f"commit `{HEAD[:12]}`" in ended.out
    assert mask_ids(ended.out) == (FOLDER / f"{request_.name}.md").read_text(encoding="utf-8")
    assert_seen(ended.out, request_.must_see)


def assert_seen(document: str, sentences: tuple[str, ...]) -> None:
    """Each sentence is outside any fold, and within the first lines of the source."""
    assert sentences
    first = "\n".join(document.splitlines()[:SCREEN])
    for sentence in sentences:
        assert sentence in markdown_reader.outside_folds(document)
        assert sentence in markdown_reader.shown_text(first)


def test_every_golden_file_belongs_to_a_pull_request() -> None:
    assert sorted(f"{one.name}.md" for one in PULL_REQUESTS) == sorted(path.name for path in FOLDER.iterdir())


def test_the_page_about_reviews_shows_the_document_of_a_pull_request() -> None:
    page = (ROOT / "docs/how-to/review-a-plan.md").read_text(encoding="utf-8")

    (shown,) = re.findall(r"(?s)```markdown\n(.*?)\n```", page)
    document = (FOLDER / "path.md").read_text(encoding="utf-8")
    assert shown == document.partition("<details>")[0].rstrip()
