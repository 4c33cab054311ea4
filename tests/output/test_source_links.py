"""Links to a line of the config, in the form of each host; anything doubtful has none."""

from __future__ import annotations

import pytest

from exportctl.errors import SourcePosition
from exportctl.model.source_commit import SourceCommit
from exportctl.output.source_links import line_url

ID = "0123456789abcdef0123456789abcdef01234567"
COMMIT = SourceCommit(ID, "aep")
AT = SourcePosition("exports/web orders.yaml", 10, 3)
FILE = "aep/exports/web%20orders.yaml"


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("https://github.com/acme/exports", f"https://github.com/acme/exports/blob/{ID}/{FILE}#L10"),
        ("https://github.com/acme/exports.git", f"https://github.com/acme/exports/blob/{ID}/{FILE}#L10"),
        ("https://github.acme.example/a/b/", f"https://github.acme.example/a/b/blob/{ID}/{FILE}#L10"),
        ("https://gitlab.com/acme/data/exports", f"https://gitlab.com/acme/data/exports/-/blob/{ID}/{FILE}#L10"),
        ("https://gitlab.acme.example:8443/a/b", f"https://gitlab.acme.example:8443/a/b/-/blob/{ID}/{FILE}#L10"),
        (
            "https://dev.azure.com/acme/data/_git/exports",
            f"https://dev.azure.com/acme/data/_git/exports?path=/{FILE}&version=GC{ID}"
            "&line=10&lineEnd=11&lineStartColumn=1&lineEndColumn=1",
        ),
        ("https://bitbucket.org/acme/exports", f"https://bitbucket.org/acme/exports/src/{ID}/{FILE}#lines-10"),
        (
            "https://bitbucket.acme.example/projects/AEP/repos/exports",
            f"https://bitbucket.acme.example/projects/AEP/repos/exports/browse/{FILE}?at={ID}#10",
        ),
    ],
)
def test_a_line_has_the_address_that_its_host_gives_it(repository: str, url: str) -> None:
    assert line_url(repository, COMMIT, AT) == url


@pytest.mark.parametrize(
    "repository",
    [
        None,
        "",
        "git@github.com:acme/exports.git",
        "http://github.com/acme/exports",
        "https://user:token@github.com/acme/exports",
        "https://github.com/acme/exports?x=1",
        "https://code.acme.example/acme/exports",
        "https://github.com",
        'https://github.com/acme/"onload=x',
    ],
)
def test_any_other_repository_has_no_links(repository: str | None) -> None:
    assert line_url(repository, COMMIT, AT) is None


@pytest.mark.parametrize("file", ["/etc/exports.yaml", "../../exports.yaml"])
def test_a_file_outside_the_checkout_has_no_link(file: str) -> None:
    assert line_url("https://github.com/acme/exports", COMMIT, SourcePosition(file)) is None


@pytest.mark.parametrize("commit", [None, SourceCommit("main"), SourceCommit("'><b>")])
def test_without_a_commit_there_is_no_link(commit: SourceCommit | None) -> None:
    assert line_url("https://github.com/acme/exports", commit, AT) is None
