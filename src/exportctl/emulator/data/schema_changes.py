"""
What becomes of a dataset's columns after it was made: one is added, widened, or gets a type that does not fit.

A schema is the text of the changes so far, such as `added,double`. A row keeps the one with which it came in, and a
file shows all its rows in the one of its table. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.emulator.data.columns import INTEGER, NUMBER, SMALL, TEXT, Shape, json_text
from exportctl.patterns import compile_on_use

ADDED, NESTED, LONG, DOUBLE, CONFLICT = "added", "nested", "long", "double", "text"
CHANGES: Mapping[str, str] = {
    ADDED: "a column `score`, a whole number of 32 bits",
    NESTED: "a column `rank` inside another one",
    LONG: "`score` has 64 bits",
    DOUBLE: "`score` and the points inside `loyalty` have fractions",
    CONFLICT: "`score` is text",
}  # in the order in which the types of `score` give way
_SCORES = {ADDED: SMALL, LONG: INTEGER, DOUBLE: NUMBER, CONFLICT: TEXT}
_PARENTS = ("device", "person")  # the column that every row of a kind has, in which `rank` is
_POINTS = compile_on_use(r'("points":\d+)')


def add_change(schema: str, change: str) -> str:
    """Return the schema after one more change; `score` is added with the first change of it."""
    wanted = {*_changes(schema), change} | (set() if change == NESTED else {ADDED})
    return ",".join(name for name in CHANGES if name in wanted)


def change_columns(columns: Mapping[str, Shape], schema: str) -> Mapping[str, Shape]:
    """Return the columns of a table with this schema."""
    names = _changes(schema)
    changed = dict(columns)
    if NESTED in names:
        parent = _parent(columns)
        changed[parent] = _with_field(changed[parent], "rank", TEXT)
    if DOUBLE in names:
        changed = {name: _widen_points(shape) for name, shape in changed.items()}
    score = [type for name, type in _SCORES.items() if name in names]
    return {**changed, "score": score[-1]} if score else changed


def change_line(line: str, number: int, chance: int, written: str, shown: str) -> str:
    """Return a row that came in with the schema `written` as a table with the schema `shown` has it."""
    changes = _changes(written)
    if NESTED in changes:
        parent = next(name for name in _PARENTS if f'"{name}":{{' in line)
        line = line.replace(f'"{parent}":{{', f'"{parent}":{{"rank":"R{number % 7}",', 1)
    if DOUBLE in _changes(shown):
        line = _POINTS.sub(r"\1.0", line)
    if ADDED not in changes:
        return line
    return f'{line[:-1]},"score":{_score(chance, changes, _changes(shown))}}}'


def _changes(schema: str) -> list[str]:
    return schema.split(",") if schema else []


def _score(chance: int, written: list[str], shown: list[str]) -> str:
    """Return the JSON of a score that was written as its newest type, read as the newest type of the table."""
    value: float | str = chance
    if LONG in written:
        value = chance * 10**10
    if DOUBLE in written:
        value = chance + 0.5
    if CONFLICT in written:
        value = f"S{chance}"
    if CONFLICT in shown:
        return json_text(str(value))
    return json_text(float(value) if DOUBLE in shown else value)


def _parent(columns: Mapping[str, Shape]) -> str:
    return next(name for name in _PARENTS if name in columns)


def _with_field(shape: Shape, name: str, type: Shape) -> Shape:
    assert isinstance(shape, Mapping)
    return {**shape, name: type}


def _widen_points(shape: Shape) -> Shape:
    if not isinstance(shape, Mapping):
        return shape
    return {name: NUMBER if name == "points" else _widen_points(inner) for name, inner in shape.items()}
