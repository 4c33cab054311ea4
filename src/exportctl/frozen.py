"""
`dataclass` of the standard library, for frozen classes that are many and small: methods are compiled on first use.

The standard library compiles six methods for each frozen class while its module is imported. For the two hundred
classes that `plan` loads, that was a third of its start, and a run calls few of these methods. Here a method is
compiled when it is looked up for the first time. Fields, defaults, `replace`, `asdict`, `match` and inheritance are
those of the standard library. Methods that the class writes itself stay.

A class that is not frozen, or has another option than `order`, comes from the standard library as it is. The fields of
a frozen class are all in `__init__`, by position or by name: `InitVar` and keyword-only fields are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # type checkers know this one by heart
else:

    def dataclass(cls=None, /, *, frozen=False, order=False, **options):
        """Make a dataclass, as `dataclasses.dataclass` does."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, order=order, **options)
        if options or not frozen:
            return dataclasses.dataclass(cls, frozen=frozen, order=order, **options)
        cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the standard library asks `inspect` for the signature
        return _make_frozen(dataclasses.dataclass(cls, init=False, repr=False, eq=False), order)


_COMPARISONS = {"__eq__": "==", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def _make_frozen(cls: Any, order: bool) -> Any:
    fields = dataclasses.fields(cls)
    if len(fields) != len(cls.__dataclass_fields__) or any(f.kw_only or not f.init for f in fields):
        raise TypeError(f"{cls.__name__}: use dataclasses.dataclass for fields that are not in __init__ by position")
    compiled = ("__init__", "__hash__", *(_COMPARISONS if order else ("__eq__",)))
    methods: dict[str, Any] = {name: _OnFirstUse(cls, name) for name in compiled}
    methods |= {"__repr__": _show, "__setattr__": _refuse_assignment, "__delattr__": _refuse_deletion}
    for name in methods.keys() - vars(cls).keys():
        setattr(cls, name, methods[name])
    return cls


class _OnFirstUse:
    """A method of a frozen class until it is looked up: then the method is compiled, and takes this one's place."""

    def __init__(self, cls: Any, name: str):
        self._cls, self._name = cls, name

    def __get__(self, value: object, cls: type | None = None) -> Any:
        method = _compile_init(self._cls) if self._name == "__init__" else _compile_comparison(self._cls, self._name)
        setattr(self._cls, self._name, method)
        return method.__get__(value, cls)


def _compile_init(cls: Any) -> Any:
    """Compile the `__init__` that sets each field, and calls `__post_init__` if there is one."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for f in dataclasses.fields(cls):
        value, default = f.name, f"_default_{f.name}"
        if f.default_factory is not dataclasses.MISSING:
            known[default] = f.default_factory
            parameters.append(f"{f.name}=_MISSING")
            value = f"{default}() if {f.name} is _MISSING else {f.name}"
        elif f.default is not dataclasses.MISSING:
            known[default] = f.default
            parameters.append(f"{f.name}={default}")
        else:
            parameters.append(f.name)
        lines.append(f"_set(self, {f.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    method = _compile_method(cls, "__init__", ", ".join(parameters), "; ".join(lines) or "pass", known)
    method.__annotations__ = {f.name: f.type for f in dataclasses.fields(cls)} | {"return": None}
    return method


def _compile_comparison(cls: Any, name: str) -> Any:
    """Compile a method that compares or hashes the compared fields, as tuples."""
    names = [f.name for f in dataclasses.fields(cls) if f.compare]
    own, others = ("".join(f"{side}.{name}," for name in names) for side in ("self", "other"))
    if name == "__hash__":
        return _compile_method(cls, name, "self", f"return hash(({own}))", {})
    test = f"({own}) {_COMPARISONS[name]} ({others})"
    body = f"return {test} if other.__class__ is self.__class__ else NotImplemented"
    return _compile_method(cls, name, "self, other", body, {})


def _compile_method(cls: Any, name: str, parameters: str, body: str, known: Mapping[str, Any]) -> Any:
    names = dict(known)
    exec(f"def {name}({parameters}): {body}", names)  # names of fields only, as the standard library does
    method = names[name]
    method.__module__, method.__qualname__ = cls.__module__, f"{cls.__qualname__}.{name}"
    return method


def _show(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_assignment(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
