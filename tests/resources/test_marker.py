"""The marker: what is written at the end of a description, and what people and services do to it there."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exportctl.model.plan import MARKER_VERSION, Address, Marker
from exportctl.resources import marker
from exportctl.resources.kinds import (
    BASE_CONNECTION,
    FLOW,
    KINDS,
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    FieldRule,
    Kind,
    Treat,
)
from exportctl.resources.marker import END, MAX_LENGTH
from tests.resources.marker_texts import (
    DOUBLED,
    FAR,
    NAMES,
    checked,
    fields_of_version_1,
    markers,
    of_version_1,
    texts,
    version_1,
    whole,
)

REPOSITORY = "https://github.com/acme/exports"
LINE = marker.marker_line(whole(), FLOW)
ROW = FieldRule("watermark", "w", Treat.VALUE, "/watermark", "later files only", "made up")
NAMES_1 = fields_of_version_1(FLOW)
LATEST_COMMIT = 36**7 - 1  # in the year 4453: the last moment with seven digits
GROWN = replace(FLOW, fields=[*FLOW.fields, ROW])


@given(st.sampled_from([*KINDS.values()]).flatmap(lambda k: st.tuples(st.just(k), markers(k))), texts)
def test_what_is_written_is_read(kind_and_marker: tuple[Kind, Marker], text: str) -> None:
    kind, written = kind_and_marker
    for repository in (REPOSITORY, None):
        own, found = marker.parse_marker(marker.format_description(text, repository, written, kind), kind)
        assert (own, found, found and found.long_digests) == (text, written, written.long_digests)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.label)
def test_the_longest_marker_of_each_kind_fits_in_240_lower_case_ascii_characters(kind: Kind) -> None:
    applied = {n: (str(FAR), str(FAR)) if n == END else ("ffff", "0000") for n in kind.managed_fields}
    trace = marker.trace("q" * 32, "m" * 64)
    longest = Marker("p" * 32, kind.letter, "n" * 64, 9999, True, True, True, True, applied=applied)  # never d and u
    long_digests = dict.fromkeys(applied, "f" * 16) if kind is BASE_CONNECTION else {}
    longest = replace(longest, moved_from=trace, committed_at=LATEST_COMMIT, long_digests=long_digests)
    line = marker.marker_line(longest, kind)
    assert len(line) <= MAX_LENGTH
    assert line.isascii()
    assert line == line.lower()
    found = marker.parse_marker(line, kind)[1]
    assert found is not None
    assert (longest, trace, LATEST_COMMIT) == (found, found.moved_from, found.committed_at)
    assert found.long_digests == long_digests


def test_the_trace_of_the_former_project_stays_in_later_markers_and_goes_before_a_digest_does() -> None:
    moved = whole(moved_from=marker.trace("acme", "orders"))
    _, found = marker.parse_marker(marker.marker_line(moved, FLOW), FLOW)
    assert found is not None
    assert (found.moved_from, found.unread) == (marker.trace("acme", "orders"), ("", "", ()))
    assert marker.keep_unread(whole(generation=3), found).moved_from == found.moved_from
    full = replace(moved, project="p" * 32, name="n" * 64, generation=9999, applied=DOUBLED, unread=("", "w77d0", ()))
    assert len(marker.marker_line(full, FLOW)) <= MAX_LENGTH
    assert marker.trace("acme", "orders") not in {marker.trace("acme-x", "orders"), marker.trace("acme", "orders/a")}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.label)
def test_every_field_of_a_kind_has_a_letter_of_its_own(kind: Kind) -> None:
    codes = [rule.code for rule in kind.fields]
    assert len({*codes}) == len(codes)
    assert all(len(code) == 1 and "a" <= code <= "z" for code in codes)
    assert "c" not in codes  # the commit time has it, in every kind


def test_the_line_reads_as_the_documentation_draws_it() -> None:
    small = Marker("acme", "e", "orders", 2, last_seen_enabled=True)
    applied = {"title": ("3f2a",), "description": ("9c01", "45ab"), END: ("1815000000", "1815000001")}
    line = marker.marker_line(replace(small, applied=applied, committed_at=int("t7x2k0", 36)), FLOW)
    assert line[:-6] == "[exportctl/2 e acme orders 2o t3f2ad9c01klqr e=u0lqyo~u0lqyp c=t7x2k0"


def test_a_marker_without_digests_is_read_and_written_without_an_end() -> None:
    bare = Marker("acme", "e", "orders")
    line = marker.marker_line(bare, FLOW)
    assert line == checked("[exportctl/2 e acme orders 1 - ")
    assert marker.parse_marker(line, FLOW) == ("", bare)


def test_an_end_of_zero_seconds_is_an_end() -> None:
    epoch = Marker("acme", "e", "orders", applied={END: ("0",)})
    assert marker.parse_marker(marker.marker_line(epoch, FLOW), FLOW)[1] == epoch


# -- damage -----------------------------------------------------------------------------------------------------------

DAMAGES: dict[str, str] = {
    "a digest was edited": LINE.replace("ab12", "ab13", 1),
    "the end was edited": LINE.replace(" e=", " e=1"),
    "the check digest was edited": f"{LINE[:-2]}{'0' if LINE[-2] != '0' else '1'}]",
    "the check digest was cut off": f"{LINE[:-6]}]",
    "everything after the owner was cut off": "[exportctl/2 e acme orders/returns]",
    "the digests were replaced by words": "[exportctl/2 e acme orders/returns please do not touch]",
    "a flag was put in": LINE.replace(" 2po ", " 2pro "),
    "spaces were doubled": LINE.replace(" e=", "  e=", 1),
    "words were put behind it": LINE.replace("]", " do not touch]"),
    "half a character was put in": LINE.replace(" e=", " \ud83d e="),
    "the version was edited": LINE.replace("exportctl/2", "exportctl/1"),
    "a version that never was": LINE.replace("exportctl/2", "exportctl/0"),
    "zeros before the version": LINE.replace("exportctl/2", "exportctl/0002"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_marker_still_names_its_owner_and_its_digests_are_not_believed(damage: str) -> None:
    text, found = marker.parse_marker(f"For the lake\n{DAMAGES[damage]}", FLOW)
    assert text == "For the lake"
    assert found is not None
    assert (found.project, found.address) == ("acme", Address("exports", "orders/returns"))
    assert found.damaged
    assert found.applied == {}


def test_the_protected_flag_of_a_damaged_marker_counts() -> None:
    _, found = marker.parse_marker(DAMAGES["the end was edited"], FLOW)
    assert found is not None
    assert (found.generation, found.protected, found.last_seen_enabled) == (2, True, True)


@given(st.integers(0, len(LINE) - 1), st.characters())
def test_no_single_character_changes_what_is_believed(place: int, character: str) -> None:
    _, found = marker.parse_marker(LINE[:place] + character + LINE[place + 1 :], FLOW)
    assert found is None or found.damaged or found == whole()


@pytest.mark.parametrize(
    "body",
    ["tab1", "tab12g", "tab12gggga", "tab12 e=", "tab12 e=T", "tab12 e=a~", "tab12 e=9zzzzzzzz", "tab12tab12",
     "eab12", "tab12 t=ab12", "tab12\ud83d", "tAB12", "--"],
    ids=["half a digest", "half a second digest", "a code without a digest", "no end", "no number",
         "half a pair of ends", "an end too long", "one field twice", "a digest where a value belongs",
         "a value where a digest belongs", "half a character", "upper case", "two signs for nothing"],
)  # fmt: skip
def test_a_body_of_another_form_is_damage_even_under_a_fitting_check(body: str) -> None:
    _, found = marker.parse_marker(checked(f"[exportctl/2 e acme orders 1 {body} "), FLOW)
    assert found is not None
    assert found.damaged


# -- what other versions wrote ----------------------------------------------------------------------------------------


@given(markers(FLOW))
def test_version_1_is_read_and_version_2_is_written(drawn: Marker) -> None:
    written = of_version_1(drawn, FLOW)
    text, found = marker.parse_marker(f"mine\n{version_1(written, FLOW)}", FLOW)
    assert (text, found) == ("mine", written)
    assert found is not None
    assert found.version == 1
    assert marker.marker_line(found, FLOW) == marker.marker_line(written, FLOW)
    assert marker.marker_line(found, FLOW).startswith(f"[exportctl/{MARKER_VERSION} ")


@pytest.mark.parametrize("kind", [BASE_CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION], ids=lambda k: k.label)
def test_version_1_of_every_kind_is_read(kind: Kind) -> None:
    written = Marker("acme", kind.letter, "orders", 3, applied=dict.fromkeys(kind.managed_fields, ("ab12", "00ff")))
    assert marker.parse_marker(version_1(written, kind), kind)[1] == written


@pytest.mark.parametrize(
    ("body", "known"),
    [("ab12", ("title",)), ("ab12-cd34", ("title", "datasets")), ("", ()), ("ab12" * 7, NAMES_1[:-1]),
     ("ab12" * 8, NAMES_1[:-1]), ("ab12" * 12 + "-", NAMES_1[:-1]), ("-------.", ()), ("ab12.a", ("title", END))],
    ids=["the first field only", "a gap", "no field", "all fields", "one field more", "many more", "a dot and no end",
         "a short one with an end"],
)  # fmt: skip
def test_in_version_1_missing_digests_are_unknown_and_further_ones_are_ignored(body: str, known: tuple[str]) -> None:
    _, found = marker.parse_marker(checked(f"[exportctl/1 e acme orders 1o {body} "), FLOW)
    assert found is not None
    assert not found.damaged
    assert tuple(name for name in NAMES if name in found.applied) == known


def test_a_body_of_another_form_damages_version_1_too() -> None:
    _, found = marker.parse_marker(checked("[exportctl/1 e acme orders 1 ab12?cd34 "), FLOW)
    assert found is not None
    assert (found.damaged, found.applied) == (True, {})


def test_a_wrong_check_digest_damages_version_1_too() -> None:
    line = version_1(whole(), FLOW)
    _, found = marker.parse_marker(line.replace("ab12", "ab13", 1), FLOW)
    assert found is not None
    assert (found.damaged, found.applied, found.protected) == (True, {}, True)


@pytest.mark.parametrize(
    ("old", "known"),
    [
        (marker.marker_line(whole(), FLOW), whole()),
        (version_1(whole(), FLOW), of_version_1(whole(), FLOW)),
        (marker.marker_line(of_version_1(whole(), FLOW), FLOW), of_version_1(whole(), FLOW)),
    ],
    ids=["2", "1", "2 before it kept the start"],
)
def test_a_managed_field_that_is_new_in_this_version_is_unknown_and_no_damage(old: str, known: Marker) -> None:
    _, found = marker.parse_marker(old, GROWN)
    assert found is not None
    assert found == known
    assert "watermark" not in found.applied


def test_what_a_sister_version_wrote_is_believed_as_far_as_it_is_known_and_written_back() -> None:
    sister = marker.marker_line(whole(applied={**whole().applied, "watermark": ("77d0", "0001")}), GROWN)
    more = checked(sister[:-5].replace(" 2po ", " 2pox ") + "k=t7x2k0 note=a/b=c ")
    text, found = marker.parse_marker(f"mine\n{more}", FLOW)
    assert found is not None
    assert (text, found, found.damaged) == ("mine", whole(), False)
    assert found.unread == ("x", "w77d0gggh", ("k=t7x2k0", "note=a/b=c"))
    again = marker.marker_line(marker.keep_unread(whole(generation=3), found), FLOW)
    _, grown = marker.parse_marker(again, GROWN)
    assert grown is not None
    assert (grown.generation, grown.applied["watermark"]) == (3, ("77d0", "0001"))
    assert grown.unread == ("x", "", ("k=t7x2k0", "note=a/b=c"))


def test_a_commit_time_that_is_no_number_is_kept_as_it_is_and_not_believed() -> None:
    odd = checked(marker.marker_line(whole(), FLOW)[:-5] + "c=now! ")
    _, found = marker.parse_marker(odd, FLOW)
    assert found is not None
    assert (found, found.committed_at, found.unread) == (whole(), None, ("", "", ("c=now!",)))


def test_a_newer_commit_time_alone_is_no_other_marker() -> None:
    assert whole(committed_at=1) == whole(committed_at=2) == whole()


def test_what_is_not_known_is_left_out_where_there_is_no_room_for_it() -> None:
    known = Marker("p" * 32, "e", "n" * 64, applied=DOUBLED)
    full = replace(known, unread=("x", "w77d0", ("note=" + "n" * 60,)))
    assert marker.marker_line(full, FLOW) == marker.marker_line(known, FLOW)


# -- long digests -----------------------------------------------------------------------------------------------------

SENT_ONLY = Marker(
    "acme",
    "d",
    "lake",
    applied={"auth": ("d69d",), "auth.secret_version": ("12ae", "0001")},
    long_digests={"auth": "d69d000000000001", "auth.secret_version": "12aeffffffffffff"},
)


def long_digests_of(line: str) -> dict[str, str]:
    """The long digests that a marker line holds; nothing else of it is unknown or damaged."""
    found = marker.parse_marker(line, BASE_CONNECTION)[1]
    assert found is not None
    assert (found.damaged, found.unread) == (False, ("", "", ()))
    return {**found.long_digests}


def test_a_long_digest_is_believed_only_beside_the_four_digits_that_it_begins_with() -> None:
    line = marker.marker_line(SENT_ONLY, BASE_CONNECTION)
    assert re.search(r" wo=a[0-9a-z]{13}n[0-9a-z]{13} [0-9a-f]{4}\]$", line)
    of_older = checked(line[:-5].replace(" ad69d", " a0000"))  # it knows no `wo`, so it writes back what it read
    assert long_digests_of(of_older) == {"auth.secret_version": "12aeffffffffffff"}
    assert long_digests_of(checked(re.sub("wo=a.{13}", "wo=a" + "z" * 13, line[:-5]))).keys() == {"auth.secret_version"}


def test_a_long_digest_is_kept_as_long_as_its_field_and_goes_before_a_digest_does() -> None:
    after = replace(SENT_ONLY, applied={**SENT_ONLY.applied, "auth": ("0000",)}, long_digests={})
    kept = marker.keep_unread(after, SENT_ONLY)
    assert long_digests_of(marker.marker_line(kept, BASE_CONNECTION)) == {"auth.secret_version": "12aeffffffffffff"}
    newer = marker.keep_unread(replace(after, applied=SENT_ONLY.applied, long_digests={"auth": "d69d2"}), SENT_ONLY)
    assert newer.long_digests["auth"] == "d69d2"
    full = Marker("p" * 32, "e", "n" * 64, 9999, applied=DOUBLED)
    long = {name: first + "0" * 12 for name, (first, _) in DOUBLED.items() if name != END}
    assert marker.marker_line(replace(full, long_digests=long), FLOW) == marker.marker_line(full, FLOW)


def test_nothing_of_a_damaged_marker_is_written_back() -> None:
    damaged = Marker("acme", "e", "orders", damaged=True, unread=("x", "", ()))
    assert marker.keep_unread(whole(), damaged).unread == ("", "", ())


LATER: dict[str, str] = {
    "version 3 with our body": LINE.replace("exportctl/2", "exportctl/3"),
    "version 9 without a check digest": "[exportctl/9 e acme orders/returns]",
    "version 12": "[exportctl/12 e acme orders/returns 2pz q=1 sha256:77d0]",
    "other words": "[exportctl/3 e acme orders/returns please read on at v3.example]",
    "upper case words": "[EXPORTCTL/3 E ACME Orders/Returns 2]",
    "spaces and a tab between": "[exportctl/3  e \t acme  orders/returns  2 ]",
    "cut off before its bracket": "[exportctl/3 e acme orders/returns 2po t3f2",
    "zeros before the version": "[exportctl/0003 e acme orders/returns]",
    "text that is no ASCII in it": "[exportctl/3 e acme orders/returns Übergröße \ud83d \u202e]",
    "control characters in it": "[exportctl/3 e acme orders/returns \x00\x1b[31m]",
}


@pytest.mark.parametrize("later", LATER)
def test_of_a_later_marker_owner_kind_and_address_are_read_and_no_digest(later: str) -> None:
    text, found = marker.parse_marker(f"mine\nManaged in Git: x\n{LATER[later]}", FLOW)
    assert found is not None
    assert (text, found.project, found.address) == ("mine", "acme", Address("exports", "orders/returns"))
    assert found.version > MARKER_VERSION
    assert (found.applied, found.damaged) == ({}, True)


def test_a_later_kind_stands_for_itself() -> None:
    _, found = marker.parse_marker("[exportctl/3 x acme lock 1 holder=a]", FLOW)
    assert found is not None
    assert str(found.address) == "x.lock"


@pytest.mark.parametrize("digits", ["9" * 20, "9" * 5000, "0" * 5000 + "7", "1" + "0" * 300])
def test_an_absurdly_long_version_is_a_later_one(digits: str) -> None:
    _, found = marker.parse_marker(f"[exportctl/{digits} e acme orders]", FLOW)
    assert found is not None
    assert found.version > MARKER_VERSION


# -- the text around it -----------------------------------------------------------------------------------------------

AROUND: dict[str, tuple[str, str]] = {
    "nothing at all": ("", ""),
    "text before": ("mine\n{}", "mine"),
    "text after": ("{}\nmine", "mine"),
    "text on both sides": ("mine\n{}\nyours", "mine\nyours"),
    "text on the same line": ("mine {} yours", "mine\n yours"),
    "the line for people before it": ("mine\nManaged in Git: https://x\n{}", "mine"),
    "only the line for people before it": ("Managed in Git: https://x\n{}", ""),
    "text after the line for people and the marker": ("mine\nManaged in Git: https://x\n{}\nyours", "mine\nyours"),
    "blank lines between the line for people and it": ("mine\nManaged in Git: https://x\n\n{}", "mine"),
    "windows line ends": ("mine\r\nManaged in Git: https://x\r\n{}\r\n", "mine"),
    "windows line ends without the line for people": ("mine\r\n{}\r\n", "mine"),
    "a sentence that ends like the line for people": (
        "It is Managed in Git: see wiki\n{}",
        "It is Managed in Git: see wiki",
    ),
    "the line for people taken away": ("mine\n{}", "mine"),
    "the line for people moved after it": ("mine\n{}\nManaged in Git: https://x", "mine\nManaged in Git: https://x"),
    "two lines for people": ("mine\nManaged in Git: a\nManaged in Git: b\n{}", "mine\nManaged in Git: a"),
    "non-ASCII text": ("Übergröße 日本\n{}", "Übergröße 日本"),
    "half a character": ("cut \ud83d\n{}", "cut \ud83d"),
}


@pytest.mark.parametrize("around", AROUND)
def test_text_around_a_marker_is_the_persons(around: str) -> None:
    form, own = AROUND[around]
    assert marker.parse_marker(form.format(LINE) if form else LINE, FLOW) == (own, whole())


@pytest.mark.parametrize("repository", [REPOSITORY, None])
@pytest.mark.parametrize("own", ["Managed in Git: mine", "see\nmanaged in git: mine", "a\nManaged in Git: b\n \n"])
def test_own_text_that_ends_like_the_line_for_people_is_kept(own: str, repository: str | None) -> None:
    assert marker.parse_marker(marker.format_description(own, repository, whole(), FLOW), FLOW) == (own, whole())


@pytest.mark.parametrize("repository", [REPOSITORY, None])
@pytest.mark.parametrize("between", ["", " "])
def test_own_text_does_not_grow_where_the_service_puts_all_lines_into_one(between: str, repository: str | None) -> None:
    own = f"line one{between}line two"
    stored = between.join(marker.format_description("line one\nline two", repository, whole(), FLOW).splitlines())
    assert marker.parse_marker(stored, FLOW) == (own, whole())


def test_of_several_markers_the_last_counts() -> None:
    other = marker.marker_line(whole(project="other"), FLOW)
    for before in (other, LATER["version 12"]):
        text, found = marker.parse_marker(f"{before}\n{LINE}", FLOW)
        assert (text, found) == (before, whole())  # what stands before it is text like any other
    _, found = marker.parse_marker(f"{LINE}\n{LATER['version 12']}", FLOW)
    assert found is not None
    assert found.version == 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exportctl/1 e acme orders 1",
        "[exportctl/2 x acme orders 1 - 0000]",
        "[exportctl/1 e acme]",
        "[exportctl/1 e ACME orders 1 ------- 0000]",
        "[exportctl/9 e acme]",
        "[exportctl/٣ e acme orders]",
        "[exportctl/-3 e acme orders]",
        "[exportctl/ e acme orders]",
        "[see exportctl]",
    ],
    ids=[
        "an empty description",
        "no brackets",
        "an unknown kind",
        "no address",
        "a project no config can have",
        "a later one without an address",
        "a digit of another script",
        "a version below zero",
        "no version",
        "a mention in words",
    ],
)
def test_what_only_looks_like_a_marker_is_text(text: str) -> None:
    assert marker.parse_marker(text, FLOW) == (text, None)


def test_a_missing_description_is_no_text_and_no_marker() -> None:
    assert marker.parse_marker(None, FLOW) == ("", None)


def test_a_service_that_folds_case_leaves_it_whole() -> None:
    folded = marker.format_description("for the lake", REPOSITORY, whole(), FLOW).lower()
    assert marker.parse_marker(folded, FLOW) == ("for the lake", whole())


def test_writing_again_what_was_read_adds_nothing() -> None:
    once = marker.format_description("For the lake", REPOSITORY, whole(), FLOW)
    text, found = marker.parse_marker(once, FLOW)
    assert found is not None
    assert marker.format_description(text, REPOSITORY, found, FLOW) == once


# -- any text at all --------------------------------------------------------------------------------------------------


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A description with a marker of some version, some characters of which were replaced, put in or taken out."""
    made = draw(markers(FLOW))
    line = draw(st.sampled_from([marker.marker_line(made, FLOW), version_1(made, FLOW), *LATER.values()]))
    text = f"{draw(st.text(max_size=20))}{draw(st.sampled_from(['', chr(10), chr(13) + chr(10)]))}{line}"
    text += draw(st.text(max_size=20))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.text(max_size=2)) + text[at + draw(st.integers(0, 2)) :]
    return text


ANY = st.one_of(st.text(alphabet=st.characters(codec=None)), mutations())


@example("[exportctl", FLOW)
@given(ANY, st.sampled_from([*KINDS.values()]))
def test_no_text_breaks_a_reading_and_own_text_stays_as_it_is_however_often_it_is_written(
    text: str, kind: Kind
) -> None:
    own, found = marker.parse_marker(text, kind)
    if found is None:
        is_cut = len(text) >= marker.SHORTEST_CUT and re.search(r"\[exportctl(/[^]\n]*)?\Z", text)
        assert own == text or is_cut
        return
    for repository in (REPOSITORY, None):
        settled = whole(kind=kind.letter, applied={})
        assert marker.parse_marker(marker.format_description(own, repository, settled, kind), kind) == (own, settled)


@pytest.mark.parametrize(
    "piece",
    ["[exportctl/1 e a a ", "[exportctl/9 e a a ", "[exportctl/", "[", "\r", "\n", "Managed in Git: \n", " ", "0", "]"],
)
def test_a_huge_text_is_read_in_a_time_that_grows_with_its_length(piece: str) -> None:
    short, long = (least_time_to_parse(piece * (length // len(piece))) for length in (25_000, 200_000))

    assert long < 24 * short  # 8 times the text; a second pass for each character would take 64 times as long


def least_time_to_parse(text: str) -> float:
    """The least of three tries, in seconds of this process: other processes do not count."""
    times = []
    for _ in range(3):
        before = time.process_time()
        for whole_text in (text, f"{text}\n{LINE}", f"[exportctl/9 e {text}", f"{text}x\n{LINE}"):
            marker.parse_marker(whole_text, FLOW)
        times.append(time.process_time() - before)
    return min(times)
