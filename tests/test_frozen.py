"""A dataclass of `exportctl.frozen` does what the one of the standard library does, and compiles only what is used."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import threading
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, field
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl import frozen

T = TypeVar("T")
SMALL = st.one_of(st.integers(-2, 2), st.none(), st.sampled_from(["a", "b"]), st.just(float("nan")))


def _make_classes(dataclass: Any) -> dict[str, Any]:
    @dataclass(frozen=True)
    class Point(Generic[T]):
        """Two fields, one with a default."""

        x: T
        y: int = 0

    @dataclass(frozen=True)
    class Named(Point[int]):
        """A base, a field that is made, one that is not compared, and one that is not shown."""

        names: list[str] = field(default_factory=list, compare=False)
        secret: str = field(default="s", repr=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "y", self.y or 1)

    @dataclass(frozen=True, order=True)
    class Version:
        """Fields in order."""

        major: Any
        minor: Any = 0

    @dataclass(frozen=True)
    class One:
        """One field."""

        only: Any

    @dataclass(frozen=True)
    class Empty:
        """No field."""

    @dataclass(frozen=True)
    class Shown:
        """Methods of its own."""

        x: int

        def __repr__(self) -> str:
            return "shown"

        def __hash__(self) -> int:
            return 7

    return {cls.__name__: cls for cls in (Point, Named, Version, One, Empty, Shown)}


OURS, STANDARD = _make_classes(frozen.dataclass), _make_classes(dataclasses.dataclass)


def _outcome(action: Callable[[], Any]) -> Any:
    """What an action returns, or how it fails, in words that do not name one of the two classes."""
    try:
        found = action()
    except (TypeError, FrozenInstanceError) as error:
        return type(error), str(error)
    return found if isinstance(found, bool | int | tuple | dict) else repr(found)


ARGUMENTS = st.tuples(st.lists(SMALL, max_size=3), st.dictionaries(st.sampled_from(["x", "y", "only"]), SMALL))


@given(st.sampled_from(sorted(OURS)), ARGUMENTS, ARGUMENTS)
def test_values_are_made_shown_and_compared_as_those_of_the_standard_library(
    name: str, first: tuple[list[Any], dict[str, Any]], second: tuple[list[Any], dict[str, Any]]
) -> None:
    answers = []
    for cls in (OURS[name], STANDARD[name]):

        def make(arguments: tuple[list[Any], dict[str, Any]], cls: Any = cls) -> Any:
            return cls(*arguments[0], **arguments[1])

        questions: list[Callable[[], Any]] = [
            lambda: make(first),
            lambda: make(first) == make(second),
            lambda: make(first) == make(first),
            lambda: make(first) != make(second),
            lambda: make(first) < make(second),
            lambda: make(first) >= make(second),
            lambda: hash(make(first)) == hash(make(first)),
            lambda: make(first) == "another",
            lambda: make(first) < "another",
            lambda: dataclasses.replace(make(first), x=5),
            lambda: dataclasses.asdict(make(first)),
            lambda: copy.deepcopy(make(first)),
        ]
        answers.append([_outcome(question) for question in questions])

    assert answers[0] == answers[1]


def _parameters(cls: Any) -> list[tuple[str, Any, Any]]:
    """Names, kinds and annotations: the default of a field that is made is a value of the library's own."""
    return [(p.name, p.kind, p.annotation) for p in inspect.signature(cls).parameters.values()]


@pytest.mark.parametrize("name", OURS)
def test_a_class_says_of_itself_what_the_standard_one_says(name: str) -> None:
    ours, standard = OURS[name], STANDARD[name]

    assert [f.name for f in dataclasses.fields(ours)] == [f.name for f in dataclasses.fields(standard)]
    assert _parameters(ours) == _parameters(standard)
    assert ours.__match_args__ == standard.__match_args__
    assert ours.__doc__ == standard.__doc__


def test_a_field_can_be_neither_set_nor_deleted() -> None:
    value: Any = OURS["Point"](1)

    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        value.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del value.x
    assert value.x == 1


@frozen.dataclass(frozen=True)
class Kept:
    """A class that pickle can import."""

    x: int


def test_a_value_survives_pickle_and_its_hints_are_known() -> None:
    assert pickle.loads(pickle.dumps(Kept(3))) == Kept(3)
    assert typing.get_type_hints(Kept.__init__) == {"x": int, "return": type(None)}
    assert Kept.__init__.__qualname__ == "Kept.__init__"


def test_a_method_is_compiled_when_it_is_used() -> None:
    cls: Any = _make_classes(frozen.dataclass)["Point"]
    compiled = [name for name in ("__init__", "__eq__", "__hash__") if inspect.isfunction(vars(cls)[name])]
    assert compiled == []

    assert cls(1) == cls(1)

    compiled = [name for name in ("__init__", "__eq__", "__hash__") if inspect.isfunction(vars(cls)[name])]
    assert compiled == ["__init__", "__eq__"]


def test_the_fields_are_looked_at_when_something_asks_for_them() -> None:
    cls: Any = _make_classes(frozen.dataclass)["Named"]
    assert not isinstance(vars(cls)["__dataclass_fields__"], dict)

    assert [f.name for f in dataclasses.fields(cls)] == ["x", "y", "names", "secret"]

    assert isinstance(vars(cls)["__dataclass_fields__"], dict)
    assert cls.secret == "s"


def test_threads_that_use_a_class_for_the_first_time_get_the_same_values() -> None:
    for _ in range(20):
        cls: Any = _make_classes(frozen.dataclass)["Named"]
        barrier = threading.Barrier(4)

        def make(number: int, cls: Any = cls, barrier: threading.Barrier = barrier) -> Any:
            barrier.wait()
            return cls(number)

        with ThreadPoolExecutor(4) as threads:
            assert [one.x for one in threads.map(make, range(4))] == [0, 1, 2, 3]


def test_a_class_that_is_not_frozen_can_be_changed_and_has_no_hash() -> None:
    @frozen.dataclass
    class Counter:
        """Counts."""

        n: int = 0
        names: list[str] = field(default_factory=list)

    counter = Counter()
    counter.n += 1
    counter.names.append("a")
    assert counter == Counter(1, ["a"])
    assert Counter().names == []
    assert repr(counter).endswith("Counter(n=1, names=['a'])")
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_a_class_with_other_options_is_a_standard_one() -> None:
    @frozen.dataclass(frozen=True, eq=False)
    class Identity:
        """Equal to itself only."""

        n: int = 0

    assert Identity() != Identity()


@pytest.mark.parametrize("left_out", [field(init=False, default=0), field(kw_only=True)], ids=["no init", "by name"])
def test_a_field_that_is_not_in_init_by_position_is_refused(left_out: Any) -> None:
    refused: Any = type("Refused", (), {"__annotations__": {"x": int}, "x": left_out})

    with pytest.raises(TypeError, match=r"Refused: use dataclasses\.dataclass"):
        frozen.dataclass(frozen=True)(refused)()
