"""
Changes functions that are imported already: each gets the code of a mutant, so nothing is imported again.

It takes milliseconds, but reaches only what runs when a function is called. What runs at import needs another process.
"""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType

from tests.mutation.covering_tests import SOURCE
from tests.mutation.mutants import Mutant, compile_mutant

Key = tuple[str, str, int]
Functions = Mapping[Key, Sequence[FunctionType]]
Pair = tuple[CodeType, CodeType]  # before, after


class RunsAtImport(Exception):
    """The change is in code that ran already."""


def index_functions() -> Functions:
    """All functions of exportctl in this process, by the place of their code."""
    found = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(SOURCE)):
            found[_key(one.__code__)].append(one)
    return found


def change_code(mutant: Mutant, functions: Functions) -> None:
    """
    Put a mutant into the functions of this process.

    Raises:
        RunsAtImport: it cannot be put there.
    """
    path = SOURCE / mutant.file
    source = path.read_text(encoding="utf-8")
    before = compile(source, str(path), "exec", dont_inherit=True)
    pairs = list(changed_functions(before, compile_mutant(source, str(path), mutant.number)))
    if not pairs or not functions.get(_key(pairs[0][0])):
        raise RunsAtImport(mutant.name)
    for old, new in pairs:
        for function in functions.get(_key(old), ()):
            try:
                function.__code__ = new
            except ValueError:  # it has other variables of the function around it
                raise RunsAtImport(mutant.name) from None


def changed_functions(before: CodeType, after: CodeType) -> Iterator[Pair]:
    """
    The functions that differ, the outer before the inner; `before` and `after` are bodies of a module or of a class.

    Raises:
        RunsAtImport: the bodies themselves differ.
    """
    inner, others = _parts(before), _parts(after)
    if _own(before) != _own(after) or len(inner) != len(others):
        raise RunsAtImport(before.co_name)
    for old, new in zip(inner, others, strict=True):
        if old != new and old.co_flags & inspect.CO_OPTIMIZED:
            yield from _with_inner(old, new)
        elif old != new:
            yield from changed_functions(old, new)


def _with_inner(before: CodeType, after: CodeType) -> Iterator[Pair]:
    yield before, after
    inner, others = _parts(before), _parts(after)
    if len(inner) == len(others):
        for old, new in zip(inner, others, strict=True):
            if old != new:
                yield from _with_inner(old, new)


def _parts(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """What a body does by itself; `repr` tells 1 from True."""
    constants = [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]
    return code.co_code, code.co_names, constants


def _key(code: CodeType) -> Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno
