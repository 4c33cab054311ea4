"""The small languages inside values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.config import scalars
from exportctl.config.scalars import parse_duration, parse_moment, parse_time_of_day, slug
from exportctl.model.plan import MAX_TIMESTAMP
from exportctl.model.references import BadValue, Reference, escape_references, parse_references


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("180 days", 180 * 86400), ("30d", 30 * 86400), ("6 hours", 21600), ("2 weeks", 1209600), ("1 week", 604800),
        ("90 min", 5400), ("1 Hour", 3600), ("0 days", 0), (" 3h ", 10800), ("15 minutes", 900),
    ],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "days", "5", "1.5 days", "-1 day", "3 fortnights", "6 months", "1 year", "123456 days"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(BadValue, match="not a duration") as caught:
        parse_duration(text)
    assert caught.value.rule == "bad-duration"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00", 0), ("02:00", 7200), ("2:05", 7500), ("23:59", 86340), ("02:00:00", 7200), ("08:00:17", 28817),
        ("23:59:59", 86399),
    ],
)  # fmt: skip
def test_a_time_of_day_is_in_utc(text: str, seconds: int) -> None:
    assert seconds == parse_time_of_day(text)


@pytest.mark.parametrize(
    "text",
    [
        "24:00", "2", "2 am", "02:60", "02:00Z", "02:00+01:00", "", "02:00:60", "02:00:7", "02:00:07.5", "02:00:00:00",
        "02:00:17Z",
    ],
)  # fmt: skip
def test_anything_else_is_no_time_of_day(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_time_of_day(text)
    assert caught.value.rule == "bad-clock"


@pytest.mark.parametrize(
    ("text", "inclusive", "seconds"),
    [
        ("2026-12-01", False, 1796083200),
        ("2026-12-01", True, 1796169600),
        ("2026-12-01T06:00:00Z", True, 1796104800),
        ("2026-12-01t06:00z", False, 1796104800),
        ("2026-12-01 06:00 Z", False, 1796104800),
        ("2026-12-01T06:00:00.9+01:00", False, 1796101200),
        ("9892-03-07", True, 249_999_955_200),
        ("9892-03-08T12:26:40Z", False, 250_000_000_000),
        ("1970-01-01", False, 0),
    ],
)
def test_a_moment_is_a_date_or_has_an_offset(text: str, inclusive: bool, seconds: int) -> None:
    assert seconds == parse_moment(text, inclusive=inclusive)


@pytest.mark.parametrize(
    ("text", "inclusive", "hint"),
    [
        ("9892-03-08", True, "write 9892-03-07 or an earlier date"),
        ("9998-01-01", True, "write 9892-03-07 or an earlier date"),
        ("9999-12-31", True, "write 9892-03-07 or an earlier date"),
        ("9999-12-31", False, "write 9892-03-08 or an earlier date"),
        ("9892-03-08T12:26:41Z", True, "write 9892-03-07 or an earlier date"),
        ("1969-12-31T23:59:59Z", False, "write 1970-01-01 or a later date"),
        ("1970-01-01T00:00:00+14:00", False, "write 1970-01-01 or a later date"),
    ],
)
def test_a_moment_that_no_answer_can_show_is_refused_with_the_nearest_date(
    text: str, inclusive: bool, hint: str
) -> None:
    with pytest.raises(BadValue) as caught:
        parse_moment(text, inclusive=inclusive)
    assert (caught.value.rule, caught.value.hint) == ("moment-out-of-range", hint)
    assert parse_moment(hint.split()[1], inclusive=inclusive) <= MAX_TIMESTAMP


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-12-01T06:00:00", "naive-moment"),
        ("2026-12-01 06:00", "naive-moment"),
        ("2026-02-30", "bad-moment"),
        ("2026-12-01T25:00:00Z", "bad-moment"),
        ("01.12.2026", "bad-moment"),
        ("tomorrow", "bad-moment"),
        ("2026-12", "bad-moment"),
        ("2026-12-01T06:00:00+99:00", "bad-moment"),
    ],
)
def test_anything_else_is_no_moment(text: str, rule: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_moment(text)
    assert (rule, True) == (caught.value.rule, bool(caught.value.hint))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order Lines", "order-lines"), ("  Åpp   Events! ", "app-events"), ("a--b", "a-b"), ("日本", ""),
        ("Straße 5", "strae-5"), ("", ""),
    ],
)  # fmt: skip
def test_a_slug_may_stand_in_an_address(text: str, expected: str) -> None:
    assert expected == slug(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain $ text", ("plain $ text",)),
        ("${env:A}", (Reference("env", "A", "${env:A}"),)),
        ("${env:A:-b c}", (Reference("env", "A", "${env:A:-b c}", "b c"),)),
        ("${env:A:-}", (Reference("env", "A", "${env:A:-}", ""),)),
        ("${file: x/y.pem }", (Reference("file", "x/y.pem", "${file: x/y.pem }"),)),
        ("a${sandbox}b", ("a", Reference("sandbox", "sandbox", "${sandbox}"), "b")),
        ("$${env:A}", ("${env:A}",)),
        ("x$${a}${project}", ("x${a}", Reference("project", "project", "${project}"))),
        ("${environment}$${", (Reference("environment", "environment", "${environment}"), "${")),
    ],
)
def test_references_are_taken_apart(text: str, parts: tuple[object, ...]) -> None:
    assert parts == parse_references(text)


@pytest.mark.parametrize(
    ("text", "rule", "hint"),
    [
        ("${A}", "bad-reference", "${env:A}"),
        ("${env:a-b}", "bad-reference", "the references are"),
        ("${env:}", "bad-reference", "the references are"),
        ("${file: }", "bad-reference", "the references are"),
        ("${vault:x}", "bad-reference", "write a literal ${ as $${"),
        ("${env:A", "bad-reference", "end it"),
        ("${env:A:-${env:B}}", "bad-reference", "one variable"),
        ("${{ secrets.A }}", "github-expression", "${env:NAME}"),
        ("${" + "x:" * 100 + "}", "bad-reference", "the references are"),
    ],
)
def test_what_is_no_reference_is_explained(text: str, rule: str, hint: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_references(text)
    assert rule == caught.value.rule
    assert hint in str(caught.value.hint)
    assert len(caught.value.message) < 100


@given(st.text())
def test_an_escaped_text_is_only_itself(text: str) -> None:
    if not text.endswith("$") and "$${" not in text:
        assert (text,) * bool(text) == parse_references(escape_references(text))


@given(st.text(max_size=30))
def test_no_text_breaks_a_parser(text: str) -> None:
    for parse in (parse_duration, parse_time_of_day, parse_moment, parse_references, slug):
        try:
            parse(text)
        except BadValue as error:
            assert error.rule
    assert scalars.slug(slug(text)) == slug(text)
