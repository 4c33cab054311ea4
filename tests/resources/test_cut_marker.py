"""What is left of a marker in a description that the service cut off, or whose line ends it dropped."""

from __future__ import annotations

import pytest

from exportctl.model.plan import LiveObject, Marker
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW
from tests.resources.marker_texts import whole

REPOSITORY = "https://github.com/acme/exports"
OWN = "Who may read this:\nthe data team, " * 3
OWNED = marker.format_description(OWN, REPOSITORY, whole(), FLOW)
START = OWNED.index("[exportctl")


def live(description: str | None) -> LiveObject:
    text, found = marker.parse_marker(description, FLOW)
    return LiveObject("flow", "f", "e", "n", text, found, {"description": description})


@pytest.mark.parametrize("size", range(START + len("[exportctl"), len(OWNED)))
def test_the_text_above_a_cut_marker_is_the_persons_and_the_owner_is_read_as_soon_as_it_is_whole(size: int) -> None:
    text, found = marker.parse_marker(OWNED[:size], FLOW)

    assert text == OWN
    owner = " ".join(("[exportctl/2", whole().kind, whole().project, f"{whole().name} "))
    assert (found is not None) is OWNED[START:size].startswith(owner)
    if found is not None:
        assert (found.damaged, found.project, found.address) == (True, whole().project, whole().address)


@pytest.mark.parametrize("size", range(marker.SHORTEST_CUT, len(OWNED)))
def test_a_cut_inside_the_text_the_line_or_the_marker_is_seen_as_a_cut(size: int) -> None:
    whole_lines = {len(OWN), len(OWN) + 1, START - 1, START}  # a person who removes lines leaves the same

    assert marker.is_cut(live(OWNED[:size]), OWN, OWNED, REPOSITORY) is (size not in whole_lines)


@pytest.mark.parametrize("size", range(len(OWN) + len("\nManaged in Git: h"), START - 1))
def test_a_cut_inside_the_line_is_seen_even_where_nobody_declares_the_text(size: int) -> None:
    found = live(OWNED[:size])

    written = marker.format_description(found.text, REPOSITORY, whole(), FLOW)
    assert marker.is_cut(found, found.text, written, REPOSITORY)


@pytest.mark.parametrize(
    "description",
    [
        OWNED,  # whole
        OWN,  # a person removed both lines
        None,
        "",
        OWN[:40],  # too short for any marker: a person wrote it
        f"{OWN[:90]} and more",
    ],
)
def test_a_description_that_is_whole_or_that_a_person_wrote_is_not_cut(description: str | None) -> None:
    assert not marker.is_cut(live(description), OWN, OWNED, REPOSITORY)


@pytest.mark.parametrize("joint", [" ", ""], ids=["blanks for line ends", "no line ends"])
@pytest.mark.parametrize("own", ["", "One line", "Two\nlines"])
@pytest.mark.parametrize("repository", [REPOSITORY, None])
def test_without_line_ends_the_marker_and_the_line_for_people_are_still_found(
    own: str, repository: str | None, joint: str
) -> None:
    written = marker.format_description(own, repository, whole(), FLOW).replace("\n", joint)

    text, found = marker.parse_marker(written, FLOW)

    assert found == whole()
    assert text.strip() == own.replace("\n", joint)


def test_text_that_only_speaks_of_the_line_for_people_is_kept() -> None:
    own = "It says Managed in Git: see there"

    assert marker.parse_marker(f"{own}\n{marker.marker_line(whole(), FLOW)}", FLOW) == (own, whole())


def test_the_owner_of_a_cut_marker_is_a_marker_without_digests() -> None:
    assert marker.parse_marker("[exportctl/2 e acme orders 1o t12", FLOW)[1] == Marker(
        "acme", "e", "orders", damaged=True
    )
