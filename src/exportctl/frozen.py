"""
`dataclass` of the standard library, for classes that are many and small: what a run does not use is not made.

The standard library looks at each field and compiles up to eight methods while the module of a class is imported. For
the two hundred classes that `plan` loads, that was a third of its start, and a run uses few of them. Here the standard
library looks at the fields when something asks for them, and a method is made when it is looked up for the first time.
Methods that differ only in names are compiled once. Fields, defaults, `replace`, `asdict`, `match` and inheritance are
those of the standard library. Methods that the class writes itself stay.

A class with another option than `frozen` and `order` comes from the standard library as it is. The fields of the others
are all in `__init__`, by position or by name: `InitVar` and keyword-only fields are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache
from threading import RLock
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # type checkers know this one by heart
else:

    def dataclass(cls=None, /, *, frozen=False, order=False, **options):
        """Make a dataclass, as `dataclasses.dataclass` does."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, order=order, **options)
        if options:
            return dataclasses.dataclass(cls, frozen=frozen, order=order, **options)
        return _prepare(cls, frozen, order)


_COMPARISONS = {"__eq__": "==", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
_NO_FIELDS = ("ClassVar", "InitVar", "KW_ONLY")
_ONE_THREAD = RLock()


def _prepare(cls: Any, frozen: bool, order: bool) -> Any:
    """Give a class what makes its methods, and what says its fields, when they are looked up."""
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the standard library asks `inspect` for the signature
    made = ["__dataclass_fields__", "__match_args__", "__init__", *(_COMPARISONS if order else ("__eq__",))]
    known: dict[str, Any] = {"__repr__": _show}
    if frozen:
        made.append("__hash__")
        known |= {"__setattr__": _refuse_assignment, "__delattr__": _refuse_deletion}
    else:
        known["__hash__"] = None
    known |= {name: _OnFirstUse(cls, name, frozen) for name in made}
    for name in known.keys() - vars(cls).keys():
        setattr(cls, name, known[name])
    return cls


class _OnFirstUse:
    """A method of a class, or a fact about its fields, until it is looked up: then it is made and takes this place."""

    def __init__(self, cls: Any, name: str, frozen: bool):
        self._cls, self._name, self._frozen = cls, name, frozen

    def __get__(self, value: object, cls: type | None = None) -> Any:
        if self._name == "__dataclass_fields__":
            return _standard_fields(self._cls)
        made = _MAKERS.get(self._name, _make_comparison)(self._cls, self._name, self._frozen)
        setattr(self._cls, self._name, made)
        return getattr(self._cls if value is None else value, self._name)


def _standard_fields(cls: Any) -> Any:
    """Let the standard library look at the fields of a class, unless another thread has done so meanwhile."""
    with _ONE_THREAD:
        if isinstance(vars(cls)["__dataclass_fields__"], _OnFirstUse):
            dataclasses.dataclass(cls, init=False, repr=False, eq=False, match_args=False)
        return vars(cls)["__dataclass_fields__"]


def _fields(cls: Any) -> dict[str, tuple[dataclasses.Field[Any], object]]:
    """
    Return the fields with their types, as the class and its bases write them.

    The standard library does much more to find them.
    """
    found: dict[str, tuple[dataclasses.Field[Any], object]] = {}
    with _ONE_THREAD:
        for base in reversed(cls.__mro__):
            known = vars(base).get("__dataclass_fields__")
            for name, type in vars(base).get("__annotations__", {}).items() if known is not None else ():
                value = known[name] if isinstance(known, dict) else vars(base).get(name, dataclasses.MISSING)
                one = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
                if not one.init or one.kw_only is True or any(word in str(type) for word in _NO_FIELDS):
                    raise TypeError(f"{cls.__name__}: use dataclasses.dataclass for fields not in __init__ by position")
                found[name] = one, type
    return found


class _Factory:
    """The default of a parameter whose value is made for each call."""

    def __init__(self, make: Any):
        self.make = make

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY_OR_VALUE = "_{n}.make() if _{n}.__class__ is _Factory else _{n}"
_KNOWN = {"_Factory": _Factory, "_set": object.__setattr__}  # what the compiled methods call


def _make_init(cls: Any, name: str, frozen: bool) -> Any:
    """Make the `__init__` that sets each field, and calls `__post_init__` if there is one."""
    fields = _fields(cls)
    lines, defaults = [], []
    for n, (field, _) in enumerate(fields.values()):
        value = f"_{n}"
        if field.default_factory is not dataclasses.MISSING:
            defaults.append(_Factory(field.default_factory))
            value = _FACTORY_OR_VALUE.format(n=n)
        elif field.default is not dataclasses.MISSING:
            defaults.append(field.default)
        lines.append(f"_set(self, '_{n}', {value})" if frozen else f"self._{n} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(("self", *(f"_{n}" for n in range(len(fields)))))
    method = _make_method(cls, name, f"{parameters}): {'; '.join(lines) or 'pass'}", tuple(fields), defaults)
    method.__annotations__ = {field: type for field, (_, type) in fields.items()} | {"return": None}
    return method


def _make_hash(cls: Any, name: str, frozen: bool) -> Any:
    names = _compared_names(cls)
    return _make_method(cls, name, f"self): return hash(({_values('self', names)}))", names)


def _make_comparison(cls: Any, name: str, frozen: bool) -> Any:
    """Make a method that compares the compared fields, as tuples."""
    names = _compared_names(cls)
    test = f"({_values('self', names)}) {_COMPARISONS[name]} ({_values('other', names)})"
    body = f"return {test} if other.__class__ is self.__class__ else NotImplemented"
    return _make_method(cls, name, f"self, other): {body}", names)


def _make_match_args(cls: Any, name: str, frozen: bool) -> Any:
    return tuple(_fields(cls))


_MAKERS = {"__init__": _make_init, "__hash__": _make_hash, "__match_args__": _make_match_args}


def _compared_names(cls: Any) -> list[str]:
    return [name for name, (field, _) in _fields(cls).items() if field.compare]


def _values(side: str, names: Sequence[str]) -> str:
    return "".join(f"{side}._{n}," for n in range(len(names)))


def _make_method(cls: Any, name: str, text: str, names: Sequence[str], defaults: Sequence[object] = ()) -> Any:
    """Return a method whose text, from its parameters on, says `_0`, `_1`, … where it means one of the names."""
    given = {f"_{n}": one for n, one in enumerate(names)}
    code = _compile(text)
    code = code.replace(
        co_name=name,
        co_qualname=f"{cls.__qualname__}.{name}",
        co_varnames=tuple(given.get(one, one) for one in code.co_varnames),
        co_names=tuple(given.get(one, one) for one in code.co_names),
        co_consts=tuple(given.get(one, one) for one in code.co_consts),
    )
    method = FunctionType(code, _KNOWN, name, tuple(defaults))
    method.__module__ = cls.__module__
    return method


@cache
def _compile(text: str) -> CodeType:
    names: dict[str, Any] = {}
    exec(f"def method({text}", names)  # no name of a field is in it
    code: CodeType = names["method"].__code__
    return code


def _show(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_assignment(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
