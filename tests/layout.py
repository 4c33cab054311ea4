"""
The packages of exportctl, top to bottom, and what each imports. `python -m tests.layout` prints them on one screen.

A tree is every module by its dotted name below the package, as parsed Python: the package itself is the empty name.
The checks of the architecture read trees, so a test can put a faulty module into one without writing a file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "exportctl"
ROOT = Path(__file__).parents[1] / "src" / PACKAGE

# Top to bottom: a package imports only packages that come after it. The empty name holds the version.
PACKAGES = (
    "__main__",
    "cli",
    "output",
    "workflows",
    "accept",
    "importing",
    "pipelines",
    "engines",
    "restore",
    "monitor",
    "probe",
    "profile",
    "apply",
    "plan",
    "rules",
    "config",
    "code_hosts",
    "client",
    "planfile",
    "snapshot",
    "storage",
    "yaml_edit",
    "resources",
    "model",
    "clock",
    "errors",
    "",
    "emulator",
    "frozen",
    "patterns",
)

Tree = Mapping[str, ast.Module]


@dataclass(frozen=True)
class Import:
    """
    One imported name.

    `target` is a module of ours by its name below the package, or the dotted name of a module that is not ours.
    `name` is what is taken from it, None where the module itself is imported. `bound` is what the file calls it.
    """

    module: str
    line: int
    target: str
    ours: bool
    name: str | None
    bound: str


@cache
def nodes_of(module: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of a module; each check asks for them."""
    return tuple(ast.walk(module))


@cache
def read_tree(root: Path = ROOT) -> Tree:
    """Parse every module below a folder."""
    return {
        module_name(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in sorted(root.rglob("*.py"))
    }


def module_name(path: Path) -> str:
    return ".".join(part for part in path.with_suffix("").parts if part != "__init__")


def package_of(module: str) -> str:
    return module.partition(".")[0]


def is_above(package: str, other: str) -> bool:
    return PACKAGES.index(package) < PACKAGES.index(other)


def all_imports(tree: Tree) -> list[Import]:
    """Every import of a tree, those under TYPE_CHECKING and inside functions too."""
    return [found for module in tree for found in module_imports(tree, module)]


def module_imports(tree: Tree, module: str) -> Iterator[Import]:
    for node in nodes_of(tree[module]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _import(module, node.lineno, alias.name, None, alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom):
            source = _source(tree, module, node)
            for alias in node.names:
                target, name = _split(tree, source, alias.name)
                yield _import(module, node.lineno, target, name, alias.asname or alias.name)


def _split(tree: Tree, source: str, name: str) -> tuple[str, str | None]:
    """`from source import name` takes a module of ours, or a name of the module `source`."""
    whole = f"{source}.{name}"
    return (whole, None) if _own_name(whole) in tree else (source, name)


def _import(module: str, line: int, target: str, name: str | None, bound: str) -> Import:
    own = _own_name(target)
    return Import(module, line, target if own is None else own, own is not None, name, bound)


def _own_name(target: str) -> str | None:
    """The name below the package, None for a module that is not ours."""
    if target == PACKAGE:
        return ""
    return target.removeprefix(f"{PACKAGE}.") if target.startswith(f"{PACKAGE}.") else None


def _source(tree: Tree, module: str, node: ast.ImportFrom) -> str:
    """The module that `from … import` names, absolute where it is written relative."""
    if node.level == 0:
        return node.module or ""
    parts = [PACKAGE, *(part for part in module.split(".") if part)]
    is_package = any(other.startswith(f"{module}.") for other in tree) or not module
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, node.module] if node.module else base)


def line_count(node: ast.Module) -> int:
    return max((child.end_lineno or 0 for child in node.body), default=0)


def render_layout(tree: Tree) -> str:
    """One line per package: its lines of code and the packages it imports, `^` before one that stands above it."""
    rows = [_row(tree, package) for package in PACKAGES if _modules(tree, package)]
    total = sum(line_count(node) for node in tree.values())
    return "\n".join([*rows, f"{'total':<11}{total:>6}  {len(tree)} files"])


def _row(tree: Tree, package: str) -> str:
    modules = _modules(tree, package)
    lines = sum(line_count(tree[module]) for module in modules)
    arrows = (f"^{other}" if is_above(other, package) else other for other in _imported_packages(tree, package))
    return f"{package or 'version':<11}{lines:>6}  {' '.join(arrows)}".rstrip()


def _modules(tree: Tree, package: str) -> list[str]:
    return [module for module in tree if package_of(module) == package]


def _imported_packages(tree: Tree, package: str) -> list[str]:
    imports = (found for module in _modules(tree, package) for found in module_imports(tree, module) if found.ours)
    used = {package_of(found.target) for found in imports}
    return [other for other in PACKAGES if other and other in used - {package}]


if __name__ == "__main__":
    print(render_layout(read_tree()))
