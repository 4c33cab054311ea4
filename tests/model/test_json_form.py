"""A description makes both the JSON of a value and the schema that this JSON fits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import pytest
from jsonschema import Draft202012Validator, ValidationError

from exportctl.model.json_form import (
    Definition,
    JsonObject,
    SealedContent,
    SealedFile,
    SealError,
    choice,
    constant,
    counts,
    encoded_part,
    flag,
    json_object,
    listing,
    mapping,
    members_of,
    nullable,
    number,
    optional,
    part,
    text,
)


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Wheel:
    size: int
    color: Color = Color.RED


@dataclass(frozen=True)
class Car:
    name: str
    wheels: tuple[Wheel, ...]
    spare: Wheel | None = None
    note: str | None = None


WHEEL = Definition[Wheel]("wheel", "one wheel", size=number("inches"), color=choice("paint", Color))
CAR = JsonObject[Car](
    "one car",
    title=text("its name", lambda car: car.name),
    kind=constant("always", "car"),
    wheels=listing("front first", WHEEL),
    sizes=listing("inches", number("one size"), lambda car: [w.size for w in car.wheels]),
    spare=nullable(part(WHEEL)),
    complete=flag("it drives", lambda car: len(car.wheels) == 4),
    colors=counts("wheels by color", Color, lambda car: {Color.RED: len(car.wheels)}),
    parts=mapping("by name", number("how many"), lambda car: {"wheel": len(car.wheels)}),
    raw=mapping("by name", json_object("as it is"), lambda _: {"x": {"y": 1}}),
    note=optional(text("for people"), lambda car: car.note is not None),
)


def _schema() -> dict[str, object]:
    return {**CAR.schema(), "$defs": {WHEEL.name: WHEEL.schema()}}


def test_members_are_attributes_or_what_a_getter_gives() -> None:
    shown = CAR.encode(Car("bus", (Wheel(15),), Wheel(12, Color.BLUE), "old"))

    assert shown == {
        "title": "bus",
        "kind": "car",
        "wheels": [{"size": 15, "color": "red"}],
        "sizes": [15],
        "spare": {"size": 12, "color": "blue"},
        "complete": False,
        "colors": {"red": 1, "blue": 0},
        "parts": {"wheel": 1},
        "raw": {"x": {"y": 1}},
        "note": "old",
    }
    Draft202012Validator(_schema()).validate(shown)


def test_a_nullable_member_is_null_and_an_optional_one_is_left_out() -> None:
    shown = CAR.encode(Car("bus", ()))

    assert shown["spare"] is None
    assert "note" not in shown
    Draft202012Validator(_schema()).validate(shown)


@pytest.mark.parametrize(
    "fault",
    [
        {"extra": 1},
        {"title": 1},
        {"title": None},
        {"kind": "bus"},
        {"wheels": [{"size": 1, "color": "green"}]},
        {"wheels": [{"size": 1}]},
        {"sizes": ["15"]},
        {"spare": {}},
        {"complete": "yes"},
        {"colors": {"red": 1}},
        {"parts": {"wheel": "4"}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_description_does_not_say(fault: dict[str, object]) -> None:
    document = {**CAR.encode(Car("bus", ())), **fault}

    with pytest.raises(ValidationError):
        Draft202012Validator(_schema()).validate(document)


def test_only_optional_members_may_be_missing() -> None:
    assert CAR.schema()["required"] == sorted(name for name in CAR.members if name != "note")


def test_an_object_that_is_json_already_keeps_its_form_and_has_the_schema_of_its_record() -> None:
    holder = JsonObject[dict[str, object]]("a holder", wheel=encoded_part(WHEEL, lambda found: found))

    assert holder.encode({"size": 1}) == {"wheel": {"size": 1}}
    assert holder.schema()["properties"] == {"wheel": {"$ref": "#/$defs/wheel"}}


def test_an_object_that_is_no_definition_stands_whole_in_the_schema_around_it() -> None:
    nut = JsonObject[Wheel]("one nut", size=number("millimetres"))
    holder = JsonObject[Car]("a holder", nut=part(nut, lambda car: car.spare))

    assert holder.schema()["properties"] == {"nut": nut.schema()}
    assert holder.encode(Car("bus", (), Wheel(19))) == {"nut": {"size": 19}}


def test_the_members_of_a_record_can_stand_in_the_object_around_it() -> None:
    named = JsonObject[tuple[str, Wheel]](
        "a named wheel", name=text("name", lambda pair: pair[0]), **members_of(WHEEL, lambda pair: pair[1])
    )

    assert named.encode(("left", Wheel(9))) == {"name": "left", "size": 9, "color": "red"}


SEALED = SealedFile("a wheel", kind="wheel", format_version=7, name="wheel", content=WHEEL, indent=2)


def test_a_sealed_file_holds_a_digest_of_all_the_rest() -> None:
    one, same, other = (json.loads(SEALED.dump(SealedContent(WHEEL.encode(Wheel(size)), "1.0"))) for size in (1, 1, 2))

    assert one == same
    assert one["content_digest"] != other["content_digest"]
    assert {name: one[name] for name in ("format_version", "kind", "exportctl")} == {
        "format_version": 7,
        "kind": "wheel",
        "exportctl": "1.0",
    }
    assert set(SEALED.schema()["properties"]) == set(one)


def test_a_sealed_file_is_read_as_it_was_written() -> None:
    file = SealedContent(WHEEL.encode(Wheel(1)), "1.0")

    assert SEALED.load(SEALED.dump(file)) == file


@pytest.mark.parametrize(
    ("before", "after", "problem", "found"),
    [
        ("{", "", "json", ""),
        ('"kind": "wheel"', '"kind": "car"', "kind", ""),
        ('"format_version": 7', '"format_version": "8"', "version", '"8"'),
        ('"size": 1', '"size": 2', "edited", ""),
        ('"exportctl": "1.0"', '"exportctl": 1', "edited", ""),
        ('"size": 1', '"size":  1', "edited", ""),
    ],
    ids=["cut", "another kind", "another version", "another value", "a version that is no text", "another blank"],
)
def test_a_sealed_file_that_was_not_written_so_is_refused(before: str, after: str, problem: str, found: str) -> None:
    text = SEALED.dump(SealedContent(WHEEL.encode(Wheel(1)), "1.0"))
    assert before in text

    with pytest.raises(SealError) as caught:
        SEALED.load(text.replace(before, after, 1))

    assert (caught.value.problem, caught.value.found) == (problem, found)
