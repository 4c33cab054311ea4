"""The page about Airflow shows the DAG that the tests run, and names what the provider has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from exportctl.cli.exit_codes import ORDER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-with-airflow.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "airflow" / "src" / "exportctl_airflow"


def parsed(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def test_the_page_shows_the_dag_of_the_examples() -> None:
    (block,) = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE)

    assert block == (ROOT / "examples" / "airflow" / "exports_dag.py").read_text(encoding="utf-8")


def test_the_page_names_every_parameter_that_it_shows() -> None:
    modules = [*map(parsed, ("operators", "sensors"))]
    known = {
        arg.arg
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.arguments)
        for arg in node.kwonlyargs
    }
    used = {"variables", "pass_env", "plan_file", "auto_approve", "only_if", "on_findings", "since", "accepted"}
    used |= {"wait_after_failure", "deferrable", "export"}

    assert [name for name in used if f"`{name}" not in PAGE] == []
    assert used - known == set()


def test_every_exit_code_has_a_meaning_for_airflow() -> None:
    (table,) = (
        node
        for node in parsed("outcome").body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_VERDICTS"
    )
    assert isinstance(table.value, ast.Dict)
    codes = {key.value for key in table.value.keys if isinstance(key, ast.Constant)}

    assert codes == {*ORDER} - {1}  # 1 depends on the rule of the error


def test_the_provider_imports_nothing_of_exportctl() -> None:
    found = [
        (path.name, name)
        for path in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node)
        if name.partition(".")[0] == "exportctl"
    ]

    assert found == []


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
