"""
Data goes one way and only the ends touch the world: imports are parsed and held against the table below.

A layer is a row: which modules it has (patterns over dotted names below the package), which layers it may import
beside itself, and whether it is pure. The first row that fits a module is its layer: to move a module, edit a pattern.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = "exportctl"
ROOT = Path(__file__).parents[1] / "src" / PACKAGE


@dataclass(frozen=True)
class Layer:
    """`may` lists the layers it may import; `pure` layers read no file, clock, network, environment or chance."""

    name: str
    modules: tuple[str, ...]
    may: tuple[str, ...]
    pure: bool = True


LEAVES = ("root", "leaf")
VALUES = (*LEAVES, "model", "kinds")
LAYERS = (
    Layer(
        "root",
        (
            "",
            "config",
            "rules",
            "service",
            "planning",
            "importing",
            "patching",
            "applying",
            "saved",
            "views",
            "storage",
            "verification",
            "health",
            "snapshots",
        ),
        (),
    ),
    Layer("emulator", ("emulator", "emulator.*"), (), pure=False),
    Layer("cli", ("cli", "cli.*", "__main__"), ("*",), pure=False),
    Layer(
        "workflows",
        (
            "workflows",
            "verifying",
            "arrivals",
            "watching",
            "taking_over",
            "platforms",
            "control",
            "doctor",
            "rehearsal",
        ),
        ("*",),
        pure=False,
    ),
    Layer(
        "leaf",
        ("errors", "destination_types", "config.values", "config.secrecy", "masking", "hosts", "secret"),
        ("root",),
    ),
    Layer("model", ("model", "declared", "flags", "schedules", "checkup", "scaffold", "environments"), LEAVES),
    Layer("kinds", ("kinds", "marker", "wire", "runs"), (*LEAVES, "model")),
    Layer("yaml", ("config.nodes", "config.yaml_errors"), LEAVES),
    Layer("schema", ("config.schema", "config.schema_[!f]*", "config.reference", "schemas"), LEAVES),
    Layer("files", ("config.files", "refs"), (*LEAVES, "model", "yaml", "config"), pure=False),
    Layer("config", ("config.*",), (*LEAVES, "model", "yaml", "schema")),
    Layer("rules", ("rules.*",), (*VALUES, "yaml")),
    Layer("offline", ("offline",), (*LEAVES, "model", "yaml", "config", "files", "rules"), pure=False),
    Layer("saved", ("saved.*", "snapshots.*"), VALUES),
    Layer("planning", ("planning.*",), (*VALUES, "rules")),
    Layer("importing", ("importing.*",), (*VALUES, "yaml", "schema", "config", "rules", "planning")),
    Layer("patching", ("patching.*",), (*VALUES, "yaml", "schema", "config", "rules", "planning", "importing")),
    Layer("views", ("views.*", "drift_report", "output_schema*"), (*VALUES, "saved", "health")),
    Layer("clock", ("clock",), LEAVES, pure=False),
    Layer("reader", ("storage.reader",), LEAVES),
    Layer("verification", ("verification.*",), (*VALUES, "reader")),
    Layer("health", ("health.*",), (*VALUES, "planning", "verification")),
    Layer("storage", ("storage.*",), (*VALUES, "files", "reader"), pure=False),
    Layer("live", ("service.live", "service.runs"), (*VALUES, "client"), pure=False),
    Layer("client", ("service.*",), LEAVES, pure=False),
    Layer("apply", ("applying.*",), (*VALUES, "client", "live", "clock", "files", "planning"), pure=False),
)
IMPURE = {
    "httpx",
    "typer",
    "os",
    "pathlib",
    "time",
    "random",
    "logging",
    "socket",
    "subprocess",
    "threading",
    "requests",
}
ONLY_IN: Mapping[str, tuple[str, ...]] = {  # outside package -> the modules that may import it
    "deepdiff": ("planning.diff",),
    "rich": ("views.text*", "cli", "cli.*"),
    "typer": ("cli", "cli.*"),
    "click": ("cli", "cli.*"),
    "httpx": ("service.client", "service.exchange", "platforms", "workflows", "control", "rehearsal"),
    "waitress": ("emulator.*", "cli", "cli.*"),
    "logging": ("cli", "cli.*"),
    "obstore": ("storage.*", "emulator.*"),
    "asyncssh": ("storage.*", "emulator.*"),
    "arro3": ("emulator.*",),
}
KIND_NAMES = {"flow", "base_connection", "source_connection", "target_connection"}
MAY_NAME_KINDS = ("kinds", "emulator.*", "*schema*", "*yaml_errors")  # to the last, "flow" is a style of YAML
MODULE_LINES, FUNCTION_LINES = 400, 60
NO_NOUNS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


@dataclass(frozen=True)
class ImportedName:
    name: str  # as far as it names a module of ours, else the outside package
    line: int
    types_only: bool


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module by its dotted name below the package; the package itself is the empty name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def source(name: str) -> Path:
    folder = ROOT.joinpath(*name.split(".")) if name else ROOT
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


NOWHERE = Layer("nowhere", (), (), pure=False)


def layer(name: str) -> Layer:
    return next((row for row in LAYERS if is_matched_by(name, row.modules)), NOWHERE)


def imports(name: str) -> Iterator[ImportedName]:
    """All imports of a module, those inside functions too."""
    tree = modules()[name]
    types_only = {id(n) for branch in ast.walk(tree) if _is_types_only(branch) for n in ast.walk(branch)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in _targets(node):
                yield ImportedName(target, node.lineno, id(node) in types_only)


def _is_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0 and node.module, "imports are absolute"
    for alias in node.names:
        whole = f"{node.module}.{alias.name}"
        yield whole if whole.removeprefix(f"{PACKAGE}.") in modules() else node.module


def own_name(imported: ImportedName) -> str | None:
    """The dotted name below the package, None for what is not ours."""
    if imported.name != PACKAGE and not imported.name.startswith(f"{PACKAGE}."):
        return None
    return imported.name.removeprefix(PACKAGE).removeprefix(".")


def outside_package(imported: ImportedName) -> str | None:
    return imported.name.partition(".")[0] if own_name(imported) is None else None


def is_matched_by(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


EVERY = sorted(modules())


def test_every_module_is_in_a_layer() -> None:
    assert [str(source(name)) for name in EVERY if layer(name) is NOWHERE] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    mine = layer(name)
    wrong = []
    for imported in imports(name):
        target = own_name(imported)
        if target is None or imported.types_only or layer(target).name == mine.name or "*" in mine.may:
            continue
        if layer(target).name not in mine.may:
            wrong.append(f"line {imported.line}: {mine.name} imports {target}, which is {layer(target).name}")

    assert wrong == []


@pytest.mark.parametrize("name", [n for n in EVERY if layer(n).pure])
def test_a_pure_module_touches_nothing_outside(name: str) -> None:
    wrong = [f"line {i.line}: {i.name}" for i in imports(name) if outside_package(i) in IMPURE and not i.types_only]

    assert wrong == []


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_package_is_imported_only_where_it_belongs(package: str) -> None:
    wrong = [
        f"{name}, line {i.line}"
        for name in EVERY
        if not is_matched_by(name, ONLY_IN[package])
        for i in imports(name)
        if outside_package(i) == package and not i.types_only
    ]

    assert wrong == []


def test_the_emulator_shares_nothing_with_the_client_and_few_know_it() -> None:
    wrong = [
        f"{name}, line {i.line}: {i.name}"
        for name in EVERY
        for i in imports(name)
        if (target := own_name(i)) is not None
        and (layer(target).name == "emulator") != (layer(name).name == "emulator")
        and layer(name).name not in ("workflows", "cli")
    ]

    assert wrong == []


def test_nobody_imports_the_command_line() -> None:
    wrong = [
        f"{name}, line {i.line}"
        for name in EVERY
        if layer(name).name != "cli"
        for i in imports(name)
        if (target := own_name(i)) is not None and layer(target).name == "cli"
    ]

    assert wrong == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Inside functions too: a circle that is put off is still one. A package's own face may gather its modules."""
    graph = {
        name: {t for i in imports(name) if not i.types_only and (t := own_name(i)) and t != name and t in modules()}
        for name in EVERY
    }

    TopologicalSorter(graph).prepare()


def test_no_kind_is_named_outside_the_table_of_kinds() -> None:
    wrong = [
        f"{name}, line {node.lineno}: {node.value!r}"
        for name in EVERY
        if not is_matched_by(name, MAY_NAME_KINDS)
        for node in _compared_literals(modules()[name])
        if node.value in KIND_NAMES
    ]

    assert wrong == []


def _compared_literals(tree: ast.Module) -> Iterator[ast.Constant]:
    """Literals that decide something: in comparisons, in matches, in look-ups."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts: list[ast.expr] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        elif isinstance(node, ast.Subscript):
            parts = [node.slice]
        else:
            continue
        yield from (n for part in parts for n in ast.walk(part) if isinstance(n, ast.Constant))


@pytest.mark.parametrize("name", EVERY)
def test_modules_and_functions_are_short(name: str) -> None:
    lines = len(source(name).read_text(encoding="utf-8").splitlines())
    long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]

    assert long == []
    assert lines <= MODULE_LINES


def test_modules_are_named_for_what_they_hold() -> None:
    assert [name for name in EVERY if set(name.split(".")) & NO_NOUNS] == []


@pytest.mark.parametrize("name", EVERY)
def test_every_module_says_what_it_is(name: str) -> None:
    assert ast.get_docstring(modules()[name]), f"{source(name)} opens with no docstring"
