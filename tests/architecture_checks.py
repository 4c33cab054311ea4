"""
The rules of the architecture as functions from a tree of modules to findings. They read parsed code and no file.

Each check reports everything that it sees. `tests/architecture_exceptions.py` lists what the real tree may do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import KINDS
from tests.layout import PACKAGES, Import, Tree, all_imports, is_above, line_count, nodes_of, package_of

IMPURE = (
    "cli",
    "workflows",
    "probe",
    "apply",
    "code_hosts",
    "client",
    "storage",
    "engines",
    "clock",
    "emulator",
    "__main__",
)  # packages
PART_TESTS = {"startswith", "endswith", "removeprefix", "removesuffix"}
READS_FILES = ("config.checkout", "config.files", "config.read_references")  # the modules of a pure package that may
VALUES_ONLY = ("storage.reader",)  # what pure code may import of an impure package: it holds values and protocols

PURE_IMPORTS = {
    "__future__",
    "base64",
    "binascii",
    "bisect",
    "calendar",
    "collections",
    "collections.abc",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "graphlib",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "posixpath",
    "re",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
    "xml.etree",
    "xml.etree.ElementTree",
    "xml.sax.saxutils",
}
ONLY_IN: Mapping[str, tuple[str, ...]] = {  # third-party package -> the modules that may import it
    "deepdiff": ("plan.field_diff",),
    "yaml": ("config.yaml_nodes", "yaml_edit.*"),
    "jsonschema": ("config.schema_check", "emulator.*"),
    "jsonschema_rs": ("config.schema_check",),
    "rich": ("output.text.*", "cli", "cli.*"),
    "typer": ("cli", "cli.*"),
    "click": ("cli", "cli.*"),
    "httpx": ("client.*", "workflows.*"),
    "obstore": ("storage.*", "emulator.*"),
    "asyncssh": ("storage.*", "emulator.*"),
    "arro3": ("storage.sealed_parquet", "emulator.*"),
    "duckdb": ("engines.*",),
    "pyspark": ("engines.*",),
    "sqlglot": ("restore.*", "workflows.restore_check"),
    "waitress": ("emulator.*", "cli.emulator.*"),
    "typing_extensions": ("emulator.*",),
    "logging": ("cli", "cli.*"),
    "importlib": (
        "cli.sarif_output",
        "workflows.pipelines",
        "cli.command_tree",
        "emulator",
    ),  # metadata of this package; modules on demand
}
IMPURE_NAMES = {"open", "print", "input", "eval", "exec", "compile", "breakpoint", "__import__", "__builtins__"}
CLOCK_METHODS = {"now", "today", "utcnow"}
FILE_METHODS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "iterdir", "glob"}

NOT_BELOW: Mapping[str, tuple[str, ...]] = {"apply": ("plan", "rules")}  # it executes a plan and makes none
IMPORT_EMULATOR = ("cli", "workflows", "emulator")

NAMES_KINDS = ("resources", "resources.*", "config.schema", "config.schema.*", "emulator", "emulator.*", "probe.bodies")
MODULE_LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 10
NO_NOUNS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Finding:
    """What breaks a rule: `subject` is the name, module or function that does, the same on every line."""

    module: str
    line: int
    subject: str

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: {self.subject}"


Check = Callable[[Tree], Iterator[Finding]]


def is_pure(module: str) -> bool:
    return package_of(module) not in IMPURE and module not in READS_FILES


def matches(module: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(module, pattern) for pattern in patterns)


def find_strays(tree: Tree) -> Iterator[Finding]:
    """Modules of no package: the root holds errors, clock and folders."""
    for module in tree:
        if package_of(module) not in PACKAGES:
            yield Finding(module, 1, package_of(module))


def find_upward_imports(tree: Tree) -> Iterator[Finding]:
    for found in _crossing_imports(tree):
        if is_above(package_of(found.target), package_of(found.module)):
            yield Finding(found.module, found.line, found.target)


def find_barred_imports(tree: Tree) -> Iterator[Finding]:
    """Imports that point down and are barred all the same."""
    for found in _crossing_imports(tree):
        package, target = package_of(found.module), package_of(found.target)
        barred = target in NOT_BELOW.get(package, ())
        shares = package == "emulator" and target not in ("frozen", "patterns")
        if barred or shares or (target == "emulator" and package not in IMPORT_EMULATOR):
            yield Finding(found.module, found.line, found.target)


def find_private_imports(tree: Tree) -> Iterator[Finding]:
    """Private names of another package, imported or reached through an imported module."""
    modules: dict[str, set[str]] = {}
    for found in _crossing_imports(tree):
        if found.name is None:
            modules.setdefault(found.module, set()).add(found.bound)
        elif _is_private(found.name):
            yield Finding(found.module, found.line, f"{found.target}.{found.name}")
    for module, bound in modules.items():
        yield from _private_attributes(module, tree[module], bound)


def _private_attributes(module: str, node: ast.Module, bound: set[str]) -> Iterator[Finding]:
    for child in nodes_of(node):
        if isinstance(child, ast.Attribute) and _is_private(child.attr) and ast.unparse(child.value) in bound:
            yield Finding(module, child.lineno, ast.unparse(child))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _crossing_imports(tree: Tree) -> list[Import]:
    """Imports of ours from one package into another."""
    return [
        found
        for found in all_imports(tree)
        if found.ours and {package_of(found.module), package_of(found.target)} <= set(PACKAGES)
        if package_of(found.module) != package_of(found.target)
    ]


def find_circles(tree: Tree) -> Iterator[Finding]:
    """Imports of a file that imports this one, directly or not; those under TYPE_CHECKING and in functions count."""
    imports = [found for found in all_imports(tree) if found.ours and found.target in tree]
    graph: dict[str, set[str]] = {module: set() for module in tree}
    for found in imports:
        graph[found.module].add(found.target)
    reachable = {module: _reachable(graph, module) for module in tree}
    for found in imports:
        if found.module in reachable[found.target]:
            yield Finding(found.module, found.line, found.target)


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Every module that `start` imports, and all that those import."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def find_impure_imports(tree: Tree) -> Iterator[Finding]:
    """What pure code imports that is not known to be pure: by an allow-list, so that a new module is refused."""
    for found in all_imports(tree):
        if is_pure(found.module) and not _is_pure_import(found):
            yield Finding(found.module, found.line, found.target)


def _is_pure_import(found: Import) -> bool:
    if found.ours:
        return is_pure(found.target) or found.target in VALUES_ONLY
    package = found.target.partition(".")[0]
    return found.target in PURE_IMPORTS or matches(found.module, ONLY_IN.get(package, ()))


def find_impure_calls(tree: Tree) -> Iterator[Finding]:
    for module in filter(is_pure, tree):
        for node in nodes_of(tree[module]):
            name = _impure_name(node)
            if name is not None:
                yield Finding(module, getattr(node, "lineno", 1), name)


def _impure_name(node: ast.AST) -> str | None:
    """A built-in that reaches outside, a clock that is read or passed on, a method that reads or writes a file."""
    if isinstance(node, ast.Name) and node.id in IMPURE_NAMES:
        return node.id
    if isinstance(node, ast.Attribute) and node.attr in CLOCK_METHODS and _is_clock(node.value):
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr if node.func.attr in CLOCK_METHODS | FILE_METHODS else None
    return None


def _is_clock(node: ast.expr) -> bool:
    return ast.unparse(node).rpartition(".")[2] in {"datetime", "date"}


def find_misplaced_packages(tree: Tree) -> Iterator[Finding]:
    """Third-party packages and modules of danger outside the modules that may import them."""
    for found in all_imports(tree):
        package = found.target.partition(".")[0]
        if not found.ours and package in ONLY_IN and not matches(found.module, ONLY_IN[package]):
            yield Finding(found.module, found.line, package)


def find_slow_dataclasses(tree: Tree) -> Iterator[Finding]:
    """The decorator of the standard library, which compiles methods that most runs never call."""
    for found in all_imports(tree):
        if found.target == "dataclasses" and found.name == "dataclass" and found.module != "frozen":
            yield Finding(found.module, found.line, "dataclass")


def find_copied_sets(tree: Tree) -> Iterator[Finding]:
    """`set |= dict.keys()` and its like: they make a new set, so a loop of them takes the square of its length."""
    for module, text in tree.items():
        for node in nodes_of(text):
            if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub):
                called = node.value.func if isinstance(node.value, ast.Call) else None
                if isinstance(called, ast.Attribute) and called.attr in ("keys", "items"):
                    yield Finding(module, node.lineno, called.attr)


def names_of_resources() -> set[str]:
    """Kinds, destination types, and the keys of a type's location and credentials, in YAML and in the API."""
    names = {*KINDS, *TYPES}
    for row in TYPES.values():
        names |= {*row.account_key_names}
        names |= {name for f in row.location for name in (f.name, f.wire)}
        names |= {name for m in row.methods for name in (m.name, m.spec_name)}
        names |= {name for m in row.methods for f in m.fields for name in (f.name, f.wire)}
    return names


def find_resource_names(tree: Tree) -> Iterator[Finding]:
    """Literals that equal the name of a kind, a type or a key: a comparison, a dict key, `match`, `startswith`, …"""
    names = names_of_resources()
    for module in tree:
        if not matches(module, NAMES_KINDS):
            for literal in _literals(tree[module]):
                if literal.value in names:
                    yield Finding(module, literal.lineno, str(literal.value))
            for line, part in _tested_parts(tree[module]):
                if any(_begins_or_ends(name, part) for name in (*KINDS, *TYPES)):
                    yield Finding(module, line, part)


def _tested_parts(node: ast.Module) -> Iterator[tuple[int, str]]:
    """Literals that a text is asked to begin or end with."""
    for call in nodes_of(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in PART_TESTS:
            for literal in (child for argument in call.args for child in ast.walk(argument)):
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    yield literal.lineno, literal.value


def _begins_or_ends(name: str, part: str) -> bool:
    """Whether `part` is the first or the last words of a name, such as `azure` of `azure-blob`."""
    words, asked = re.split("[-_]", name), re.split("[-_]", part.strip("-_"))
    return asked in (words[: len(asked)], words[-len(asked) :])


def _literals(node: ast.Module) -> Iterator[ast.Constant]:
    """Strings, without those that stand alone as a statement: docstrings."""
    alone = {id(n.value) for n in nodes_of(node) if isinstance(n, ast.Expr)}
    for child in nodes_of(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and id(child) not in alone:
            yield child


def find_long_modules(tree: Tree) -> Iterator[Finding]:
    for module, node in tree.items():
        if line_count(node) > MODULE_LINES:
            yield Finding(module, line_count(node), "module")


def find_long_functions(tree: Tree) -> Iterator[Finding]:
    for module, function in functions(tree):
        if (function.end_lineno or function.lineno) - function.lineno >= FUNCTION_LINES:
            yield Finding(module, function.lineno, function.name)


def find_many_parameters(tree: Tree) -> Iterator[Finding]:
    """Functions with too many parameters. A command has one per flag: it is a public function that takes a context."""
    for module, function in functions(tree):
        parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if len(parameters) > PARAMETERS and not _is_command(module, function):
            yield Finding(module, function.lineno, function.name)


def _is_command(module: str, function: Function) -> bool:
    takes = [ast.unparse(a.annotation) for a in function.args.args[:1] if a.annotation is not None]
    return package_of(module) == "cli" and takes == ["typer.Context"] and not _is_private(function.name)


def functions(tree: Tree) -> Iterator[tuple[str, Function]]:
    for module, node in tree.items():
        for child in nodes_of(node):
            if isinstance(child, Function):
                yield module, child


def find_vague_modules(tree: Tree) -> Iterator[Finding]:
    for module in tree:
        for word in set(module.split(".")) & NO_NOUNS:
            yield Finding(module, 1, word)


def find_undescribed_modules(tree: Tree) -> Iterator[Finding]:
    for module, node in tree.items():
        if not ast.get_docstring(node):
            yield Finding(module, 1, "docstring")


CHECKS: Mapping[str, Check] = {
    "every module is in a package of the list": find_strays,
    "imports point down": find_upward_imports,
    "apply makes no plan, and the emulator stands apart": find_barred_imports,
    "no package uses private names of another": find_private_imports,
    "no files import each other in a circle": find_circles,
    "pure code imports what is on the list": find_impure_imports,
    "pure code reads no file and no clock": find_impure_calls,
    "a third-party package has its modules": find_misplaced_packages,
    "dataclasses compile their methods on first use": find_slow_dataclasses,
    "no set is copied where it should grow": find_copied_sets,
    "kinds and types are named in resources": find_resource_names,
    "modules are short": find_long_modules,
    "functions are short": find_long_functions,
    "functions take few parameters": find_many_parameters,
    "modules are named for what they contain": find_vague_modules,
    "every module says what it is": find_undescribed_modules,
}
