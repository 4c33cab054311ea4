"""
Small changes to code, each like a fault that a person makes: a turned comparison, a lost condition, a lost argument.

Texts are not changed, and nothing inside an f-string, an annotation or a decorator: those changes show no fault of
judgement. The same source always gives the same mutants in the same order.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import CodeType
from typing import Any

TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPPOSITE: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
}
OTHER_FUNCTION = {"min": "max", "max": "min", "any": "all", "all": "any"}
TEXTS = {"description", "example", "hint", "label", "sample", "source", "why"}  # arguments that people read
UNSEEN = {"annotation", "returns", "decorator_list", "bases"}  # fields of nodes that are left as they are


@dataclass(frozen=True)
class Mutation:
    """One change: the node that it is in, its words, and what makes it in the tree."""

    node: ast.expr | ast.stmt | ast.comprehension | ast.match_case
    change: str
    make: Callable[[], None]


@dataclass(frozen=True)
class Mutant:
    """A changed copy of one file."""

    file: str  # below src/exportctl
    number: int  # which mutation of the file
    line: int
    end_line: int
    column: int
    change: str

    @property
    def lines(self) -> range:
        return range(self.line, self.end_line + 1)

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.change}"


def find_mutants(file: str, source: str) -> Iterator[Mutant]:
    """All mutants of a file."""
    for number, mutation in enumerate(mutations(ast.parse(source))):
        place = mutation.node
        if isinstance(place, ast.comprehension):
            place = place.iter
        elif isinstance(place, ast.match_case):
            place = place.body[0]
        yield Mutant(file, number, place.lineno, place.end_lineno or 0, place.col_offset + 1, mutation.change)


def mutated_tree(source: str, number: int) -> ast.Module:
    """Parse a file and make one change in it."""
    tree = ast.parse(source)
    list(mutations(tree))[number].make()
    return ast.fix_missing_locations(tree)


def compile_mutant(source: str, path: str, number: int) -> CodeType:
    """Compile a file with one change."""
    with warnings.catch_warnings(action="ignore"):  # `1 is not 2` is no mistake here
        return compile(mutated_tree(source, number), path, "exec")


def mutations(node: ast.AST) -> Iterator[Mutation]:
    """All changes below a node, in the order of the code."""
    if _is_for_types(node) or isinstance(node, ast.JoinedStr):
        return
    yield from CHANGES.get(type(node), _no_changes)(node)
    for name, value in ast.iter_fields(node):
        if name in UNSEEN or (isinstance(node, ast.Subscript) and name == "slice" and isinstance(value, ast.Tuple)):
            continue
        children = value if isinstance(value, list) else [value]
        yield from _lost_statements(children)
        for child in children:
            if isinstance(child, ast.AST):
                yield from mutations(child)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _no_changes(node: ast.AST) -> Iterator[Mutation]:
    return iter(())


def _lost_statements(children: list[ast.AST]) -> Iterator[Mutation]:
    """A call, an exception or an assignment to a part of a value that does not happen."""
    for place, child in enumerate(children):
        lost = isinstance(child, ast.Raise | ast.AugAssign | ast.Continue | ast.Break)
        lost = lost or (isinstance(child, ast.Expr) and isinstance(child.value, ast.Call | ast.Yield | ast.YieldFrom))
        lost = lost or (isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Attribute | ast.Subscript))
        if lost and isinstance(child, ast.stmt):
            yield Mutation(child, f"without `{_words(child)}`", partial(_set, children, place, ast.Pass()))


def _compare(node: ast.Compare) -> Iterator[Mutation]:
    for place, operator in enumerate(node.ops):
        other = TURNED[type(operator)]()
        turned = ast.Compare(node.left, [*node.ops[:place], other, *node.ops[place + 1 :]], node.comparators)
        yield Mutation(
            node,
            f"`{_words(node)}` -> `{_words(turned)}`",
            partial(_set, node.ops, place, other),
        )


def _both_sides(node: ast.BoolOp) -> Iterator[Mutation]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield Mutation(node, f"other operator in `{_words(node)}`", partial(setattr, node, "op", other))
    for value in node.values:
        left = [one for one in node.values if one is not value]
        kept = left if len(left) > 1 else left * 2  # an operator needs two sides
        yield Mutation(
            node,
            f"without `{_words(value)}` in `{_words(node)}`",
            partial(setattr, node, "values", kept),
        )


def _negated(node: ast.UnaryOp) -> Iterator[Mutation]:
    if isinstance(node.op, ast.Not) and not isinstance(node.operand, ast.Compare | ast.BoolOp):
        yield Mutation(
            node, f"without `not` in `{_words(node)}`", partial(setattr, node, "operand", _not(node.operand))
        )


def _condition(node: ast.If | ast.IfExp | ast.While) -> Iterator[Mutation]:
    if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        yield Mutation(node, f"`not` before `{_words(node.test)}`", partial(setattr, node, "test", _not(node.test)))


def _filter(node: ast.comprehension) -> Iterator[Mutation]:
    for place, condition in enumerate(node.ifs):
        yield Mutation(node, f"without `if {_words(condition)}`", partial(_drop, node.ifs, place))


def _guard(node: ast.match_case) -> Iterator[Mutation]:
    if node.guard:
        yield Mutation(node, f"without `if {_words(node.guard)}`", partial(setattr, node, "guard", None))


def _arithmetic(node: ast.BinOp) -> Iterator[Mutation]:
    texts = any(
        isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) or _is_text(side) for side in (node.left, node.right)
    )
    if type(node.op) in OPPOSITE and not texts:
        other = OPPOSITE[type(node.op)]()
        turned = ast.BinOp(node.left, other, node.right)
        yield Mutation(node, f"`{_words(node)}` -> `{_words(turned)}`", partial(setattr, node, "op", other))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _constant(node: ast.Constant) -> Iterator[Mutation]:
    if isinstance(node.value, int):  # True and False are numbers too
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        yield Mutation(node, f"`{node.value}` -> `{other}`", partial(setattr, node, "value", other))


def _call(node: ast.Call) -> Iterator[Mutation]:
    words, function = _words(node), node.func
    if isinstance(function, ast.Name) and function.id in OTHER_FUNCTION:
        other = OTHER_FUNCTION[function.id]
        yield Mutation(node, f"{other} in `{words}`", partial(setattr, function, "id", other))
    if isinstance(function, ast.Name) and function.id == "sorted":
        yield Mutation(node, f"not sorted: `{words}`", partial(_unsort, node, function))
    yield from _lost_parts(node, node.args, starred_only=True)
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in TEXTS:
            continue
        lost = f"**{_words(keyword.value)}" if keyword.arg is None else f"{keyword.arg}="
        yield Mutation(node, f"without `{lost}` in `{words}`", partial(_drop, node.keywords, place))


def _unsort(node: ast.Call, function: ast.Name) -> None:
    function.id, node.keywords = "list", []


def _sequence(node: ast.List | ast.Tuple | ast.Set) -> Iterator[Mutation]:
    if isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load):
        yield from _lost_parts(node, node.elts, starred_only=False)


def _lost_parts(node: ast.expr, parts: list[ast.expr], *, starred_only: bool) -> Iterator[Mutation]:
    for place, part in enumerate(parts):
        if isinstance(part, ast.Starred) or (not starred_only and (len(parts) > 1 or not isinstance(node, ast.Set))):
            yield Mutation(
                node,
                f"without `{_words(part)}` in `{_words(node)}`",
                partial(_drop, parts, place),
            )


def _entries(node: ast.Dict) -> Iterator[Mutation]:
    for place, key in enumerate(node.keys):
        words = _words(key) if key else f"**{_words(node.values[place])}"
        yield Mutation(node.values[place], f"without the entry `{words}`", partial(_drop_entry, node, place))


def _drop_entry(node: ast.Dict, place: int) -> None:
    del node.keys[place], node.values[place]


def _not(node: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), node)


def _set(parts: list[Any], place: int, part: ast.AST) -> None:
    parts[place] = part


def _drop(parts: list[Any], place: int) -> None:
    del parts[place]


def _words(node: ast.AST) -> str:
    """The code of a node in one line of at most 80 characters."""
    words = " ".join(ast.unparse(node).split())
    return words if len(words) <= 80 else f"{words[:79]}…"


CHANGES: Mapping[type[ast.AST], Callable[..., Iterator[Mutation]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _both_sides,
    ast.UnaryOp: _negated,
    ast.If: _condition,
    ast.IfExp: _condition,
    ast.While: _condition,
    ast.comprehension: _filter,
    ast.match_case: _guard,
    ast.BinOp: _arithmetic,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _entries,
}
