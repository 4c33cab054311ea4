"""
The names of functions and classes in src: a function is named by a verb or a noun, and a class name has one meaning.

`tests/word_classes.py` tells the classes of words apart, `tests/name_exceptions.py` lists the exceptions.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest

from tests.architecture_checks import functions
from tests.layout import Tree, nodes_of, package_of, read_tree
from tests.name_exceptions import CLIENT_AND_EMULATOR, FUNCTIONS
from tests.word_classes import is_modifier

SMALL_WORDS = {"a", "as", "by", "for", "in", "of", "on", "to", "with"}  # they make no name of a participle


def is_bare(name: str) -> bool:
    """Say whether a name has no verb and no noun: only participles, adverbs and adjectives."""
    words = [word for word in name.strip("_").split("_") if word not in SMALL_WORDS]
    return bool(words) and all(map(is_modifier, words))


def bare_functions(tree: Tree) -> Mapping[str, list[str]]:
    """Bare name -> where functions have it; nested functions, methods and properties count."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, function in functions(tree):
        if is_bare(function.name):
            found[function.name].append(f"{module}, line {function.lineno}: {function.name}")
    return found


def classes(tree: Tree) -> Mapping[str, list[str]]:
    """Class name -> the modules that define it."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, node in tree.items():
        for child in nodes_of(node):
            if isinstance(child, ast.ClassDef):
                found[child.name].append(module)
    return found


def is_double(modules: Iterable[str]) -> bool:
    """Say whether a class name stands once in the client and once in the emulator, and nowhere else."""
    return sorted(map(package_of, modules)) == ["client", "emulator"]


def test_no_function_has_a_bare_participle_adverb_or_adjective_as_its_name() -> None:
    found = bare_functions(read_tree())

    assert [place for name in found.keys() - FUNCTIONS.keys() for place in found[name]] == []


def test_every_exception_for_a_function_is_needed() -> None:
    assert FUNCTIONS.keys() - bare_functions(read_tree()).keys() == set()


def test_no_class_name_stands_for_two_things() -> None:
    repeated = {name: modules for name, modules in classes(read_tree()).items() if len(modules) > 1}

    assert {name: modules for name, modules in repeated.items() if name not in CLIENT_AND_EMULATOR} == {}


def test_every_double_stands_once_in_the_client_and_once_in_the_emulator() -> None:
    found = classes(read_tree())

    assert [name for name in CLIENT_AND_EMULATOR if not is_double(found[name])] == []


@pytest.mark.parametrize(
    "name",
    [
        "told",
        "settled",
        "begun",
        "going",
        "off",
        "left",
        "over",
        "replaced",
        "taken",
        "again",
        "_quietly",
        "as_saved",
        "readable",
        "useful",
        "given_by",
        "missing",
        "_last_known",
    ],
)
def test_a_bare_name_is_known(name: str) -> None:
    assert is_bare(name)


@pytest.mark.parametrize(
    "name",
    [
        "is_settled",
        "has_begun",
        "read_inventory",
        "field_changes",
        "due_runs",
        "finding",
        "settings",
        "apply",
        "write_atomically",
        "enable",
        "describe",
        "seed",
        "__enter__",
        "set_up",
    ],
)
def test_a_name_with_a_verb_or_a_noun_is_accepted(name: str) -> None:
    assert not is_bare(name)


def test_a_bare_name_is_found_wherever_it_stands() -> None:
    source = (
        "class A:\n    @property\n    def told(self): ...\ndef f():\n    def begun(): ...\n    async def off(): ..."
    )

    assert bare_functions({"plan.planted": ast.parse(source)}).keys() == {"told", "begun", "off"}


def test_a_class_of_two_meanings_is_found() -> None:
    twice = {name: ast.parse("class Side: ...") for name in ("plan.first", "cli.second")}

    assert classes(twice) == {"Side": ["plan.first", "cli.second"]}
