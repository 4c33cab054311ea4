"""The changes that mutation testing makes, and one trial from end to end."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.util import module_from_spec
from pathlib import Path

import pytest

from tests.mutation.__main__ import drawn_mutants
from tests.mutation.covering_tests import BATCH, OF_A_FILE, SLOWEST, SOURCE, CoveringTests
from tests.mutation.mutants import Mutant, compile_mutant, find_mutants, mutated_tree
from tests.mutation.report import Result, figures, package_of
from tests.mutation.trial import MutantFinder

ROOT = Path(__file__).parents[2]
SIMILAR = "model/similar_names.py"


def variants(source: str) -> list[str]:
    """The code of all mutants."""
    return [ast.unparse(mutated_tree(source, mutant.number)) for mutant in find_mutants("made_up.py", source)]


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        pytest.param("a < b", ["a <= b"], id="a bound that moves by one"),
        pytest.param("a in b", ["a not in b"], id="membership"),
        pytest.param("a and b", ["a or b", "b and b", "a and a"], id="a lost condition"),
        pytest.param("not a", ["not not a"], id="a lost not"),
        pytest.param("a if b else c", ["a if not b else c"], id="a turned condition"),
        pytest.param("[a for a in b if c]", ["[a for a in b]"], id="a lost filter"),
        pytest.param("a + 1", ["a - 1", "a + 2"], id="arithmetic"),
        pytest.param("b = min(a)", ["b = max(a)"], id="the wrong end"),
        pytest.param("c = sorted(a, key=b)", ["c = list(a)", "c = sorted(a)"], id="a lost order"),
        pytest.param("d = f(*a, b=c)", ["d = f(b=c)", "d = f(*a)"], id="lost arguments"),
        pytest.param("(a, *b)", ["(*b,)", "(a,)"], id="a lost part"),
        pytest.param("{a: b, **c}", ["{**c}", "{a: b}"], id="a lost entry"),
        pytest.param("def f():\n    a.b()\n    return c", ["def f():\n    pass\n    return c"], id="a lost effect"),
        pytest.param("if a:\n    raise b", ["if not a:\n    raise b", "if a:\n    pass"], id="a lost error"),
        pytest.param("a[b] = c", ["pass"], id="a lost assignment"),
        pytest.param("match a:\n    case b if c:\n        d", ["match a:\n    case b:\n        d"], id="a lost guard"),
    ],
)
def test_a_mutant_is_a_fault_of_this_kind(source: str, changed: list[str]) -> None:
    assert variants(source)[: len(changed)] == changed


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('"""Say so."""', id="docstring"),
        pytest.param("f'{a + 1}'", id="f-string"),
        pytest.param("a = 'text' + b", id="text"),
        pytest.param("a: f[1, True] = b", id="annotation"),
        pytest.param("@f(a=True)\ndef g(h: f[1, 2]) -> f[3, 4]:\n    return h", id="decorator"),
        pytest.param("if TYPE_CHECKING:\n    import a", id="imports for types"),
    ],
)
def test_texts_and_types_stay(source: str) -> None:
    assert variants(source) == []


def test_every_mutant_of_a_file_compiles_and_has_a_name_of_its_own() -> None:
    source = (SOURCE / SIMILAR).read_text(encoding="utf-8")
    mutants = list(find_mutants(SIMILAR, source))

    assert len({ast.dump(mutated_tree(source, one.number)) for one in mutants}) == len(mutants) > 10
    assert len({one.name for one in mutants}) == len(mutants)
    assert all(compile_mutant(source, SIMILAR, one.number) for one in mutants)


def test_a_larger_sample_has_the_mutants_of_a_smaller_one() -> None:
    small, large = drawn_mutants(["planfile"], 5, 1), drawn_mutants(["planfile"], 9, 1)

    assert (large[:5], len(large)) == (small, 9)
    assert small != drawn_mutants(["planfile"], 5, 2)


def test_the_next_tests_come_first_and_a_few_of_each_file() -> None:
    plan = [f"tests/plan/a.py::{number}" for number in range(BATCH + 1)]
    tests = ["tests/workflows/a.py::1", "tests/output/a.py::1", *plan, "tests/plan/b.py::1", "slow"]
    covering = CoveringTests({"plan/x.py": {1: tests}}, dict.fromkeys(tests, 0.1) | {"slow": SLOWEST})

    chosen = covering.in_turn("plan/x.py", [1])

    nearest = [*plan[:BATCH], "tests/plan/b.py::1", plan[BATCH]]
    assert chosen == [*nearest, "tests/output/a.py::1", "tests/workflows/a.py::1"]
    assert list(covering.within(chosen, OF_A_FILE + 0.15)) == chosen[:2]
    assert covering.in_turn("plan/x.py", [7]) == chosen  # a line that runs at import
    assert covering.in_turn("plan/y.py", [1]) == nearest
    assert covering.in_turn("apply/y.py", [1]) == []


def test_a_changed_file_is_imported_in_place_of_the_real_one() -> None:
    source = (SOURCE / SIMILAR).read_text(encoding="utf-8")
    finder = MutantFinder(next(iter(find_mutants(SIMILAR, source))))

    spec = finder.find_spec("exportctl.model.similar_names", None)

    assert finder.find_spec("exportctl.model.plan", None) is None
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))


def test_what_a_test_killed_that_fails_by_itself_is_no_kill() -> None:
    results = [Result(str(n), "plan/x.py", "", "killed", test, "") for n, test in enumerate(("good", "bad"))]

    assert figures(results, {"bad"}) == {"plan": {"killed": 1, "broken": 1}}


def test_a_trial_tells_a_killed_mutant_from_one_that_survives_and_one_that_never_ends() -> None:
    script = """
import json, os, signal
from tests.mutation.__main__ import mutants_of
from tests.mutation.trial import run_apart, try_mutant
tests = ["tests/model/test_similar_names.py"]
turned = next(one for one in mutants_of("model") if "similar_names.py" in one.file and "==" in one.change)
trials = [try_mutant(turned, tests, 5), try_mutant(None, tests, 5)]
trials.append(run_apart(lambda: os.kill(os.getpid(), signal.SIGXCPU), 5))
print(json.dumps([one.outcome for one in trials]))
"""
    asked = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert json.loads(asked.stdout) == ["killed", "survived", "timeout"]


def test_a_sample_has_mutants_of_each_package_in_turn() -> None:
    drawn = drawn_mutants(["planfile", "client"], 2, 1)

    assert [package_of(one.file) for one in drawn] == ["planfile", "client", "planfile", "client"]


def test_a_name_says_where_and_what() -> None:
    assert Mutant("plan/x.py", 0, 3, 3, 5, "`a` -> `b`").name == "plan/x.py:3:5: `a` -> `b`"
