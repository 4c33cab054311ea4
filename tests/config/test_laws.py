"""Laws of the config: order does not matter, nothing raises, editors and the program agree."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.config import load as config
from exportctl.config.schema.root import SCHEMA, schema_files
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import SourcePosition
from tests.config.example_config import EXAMPLE, SMALL
from tests.law_profile import examples

LOCAL = SourcePosition("", 0, 0)
DATA = yaml.load(EXAMPLE, Loader=yaml.BaseLoader)
SPLITTABLE = ("formats", "schedules", "destinations", "datasets", "exports")


def strip_locations(value: object) -> object:
    """The same value without any place in a file."""
    if isinstance(value, SourcePosition):
        return LOCAL
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: strip_locations(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: strip_locations(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(strip_locations(item) for item in value)
    return value


def shuffle_keys(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict):
        keys = draw(st.permutations(sorted(value)))
        return {key: shuffle_keys(draw, value[key]) for key in keys}
    return [shuffle_keys(draw, item) for item in value] if isinstance(value, list) else value


@st.composite
def scattered_files(draw: st.DrawFn) -> dict[str, bytes]:
    """The example in up to three files, in any order of files and keys."""
    files: dict[str, dict[str, dict[str, object]]] = {name: {} for name in ("exports.yaml", "b.yaml", "c.yaml")}
    for section, value in DATA.items():
        if section not in SPLITTABLE:
            files[draw(st.sampled_from(sorted(files)))][section] = value
            continue
        for name in value:
            files[draw(st.sampled_from(sorted(files)))].setdefault(section, {})[name] = value[name]
    order = draw(st.permutations([name for name in files if files[name]]))
    dumped = {name: yaml.dump(shuffle_keys(draw, files[name]), sort_keys=False, default_style=None) for name in order}
    return {name: _unquote_scalars(text).encode() for name, text in dumped.items()}


def _unquote_scalars(text: str) -> str:
    """BaseLoader reads `true`, `null` and `1` as text, which is then quoted; here they mean what they meant."""
    return re.sub(r": '(true|null|1)'(?=$)", r": \1", text, flags=re.MULTILINE)


@settings(max_examples=examples(25, swept=40))
@given(files=scattered_files(), env=st.sampled_from(["dev", "prod", "local"]))
def test_the_order_of_files_and_keys_does_not_matter(files: dict[str, bytes], env: str) -> None:
    made, findings = config.load_project(config.parse_config(files), env, {})
    expected, _ = config.load_project(config.parse_config({"exports.yaml": EXAMPLE.encode()}), env, {})
    assert made is not None, findings
    assert expected is not None
    assert strip_locations(replace(made, files=())) == strip_locations(replace(expected, files=()))
    assert list(made.exports) == list(expected.exports)


WORDS = ["", "null", "true", "5", "[]", "{}", "[x]", "{a: b}", "text", '"${env:X}"', '"${"', "&a x", "2026-01-01", "-"]


@settings(max_examples=examples(25, swept=60))
@given(data=st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    lines = EXAMPLE.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        head, colon, _ = lines[at].partition(":")
        word = data.draw(st.sampled_from(WORDS))
        lines[at] = data.draw(st.sampled_from([f"{head}{colon} {word}", word, "", f"{lines[at]} {word}"]))
    made, findings = config.load_projects(config.parse_config({"exports.yaml": "\n".join(lines).encode()}), {})
    assert made or findings
    assert all(f.hint is not None or f.rule for f in findings)


@settings(max_examples=examples(25, swept=60))
@given(st.binary(max_size=80))
def test_no_bytes_raise(data: bytes) -> None:
    config.load_projects(config.parse_config({"exports.yaml": data}), {})


VALUES = st.recursive(
    st.sampled_from([None, True, 1, "x", "${env:A}", "lake", "1 day"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "type", "id", "end"]), inner),
    max_leaves=4,
)


@settings(max_examples=examples(25, swept=60))
@given(path=st.data(), value=VALUES)
def test_no_value_in_any_place_raises(path: st.DataObject, value: object) -> None:
    tree = json.loads(json.dumps(yaml.safe_load(EXAMPLE)))
    here = tree
    while True:
        key = path.draw(st.sampled_from(sorted(here)) if isinstance(here, dict) else st.integers(0, len(here) - 1))
        if not isinstance(here[key], dict | list) or not here[key] or path.draw(st.booleans()):
            break
        here = here[key]
    here[key] = value
    config.load_projects(config.parse_config({"exports.yaml": json.dumps(tree).encode()}), {})


def test_a_large_config_is_read_in_seconds() -> None:
    entries = "".join(
        f"  e{n}: {{datasets: [D{n}], destination: zone, schedule: nightly, end: 2027-01-01}}\n" for n in range(1000)
    )
    data = (SMALL + entries).encode()
    assert len(data) < MAX_BYTES
    made, findings = config.load_project(config.parse_config({"exports.yaml": data}), None, {})
    assert made is not None, findings[:3]
    assert len(made.exports) == 1001


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(SCHEMA))


def test_the_schema_file_is_made_from_the_schema() -> None:
    committed = Path(__file__).parents[2] / "schemas"
    for name, text in schema_files().items():
        assert (committed / name).read_text(encoding="utf-8") == text


def test_editors_accept_the_example() -> None:
    jsonschema.validate(yaml.safe_load(EXAMPLE), dict(SCHEMA))


@pytest.mark.parametrize(
    "body",
    [
        {"type": "amazon-s3", "container": "x"},
        {"type": "sftp", "auth": {"role_arn": "x"}},
        {"type": "data-landing-zone", "auth": {"username": "x"}},
    ],
)
def test_editors_refuse_keys_of_another_type(body: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"destinations": {"x": body}}, dict(SCHEMA))


def test_every_key_has_a_description_and_an_example() -> None:
    def check(schema: Mapping[str, object], where: str) -> None:
        properties = schema.get("properties", {})
        assert isinstance(properties, Mapping)
        for key, value in properties.items():
            if "$ref" not in value:
                assert value.get("description"), f"{where}.{key}"
                assert value.get("examples") or value.get("additionalProperties"), f"{where}.{key}"
            check(value, f"{where}.{key}")

    check(SCHEMA, "")
    for name, definition in SCHEMA["$defs"].items():
        assert definition.get("description"), name
        check(definition, name)


def test_reading_a_config_imports_nothing_heavy() -> None:
    heavy = "{'jsonschema', 'httpx', 'deepdiff', 'rich', 'typer', 'logging'}"
    code = "import sys, exportctl.config.load, exportctl.config.files, exportctl.config.read_references; "
    code += f"print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SOURCE = Path(__file__).parents[2] / "src" / "exportctl"
MAY_READ_FILES = {"config/checkout.py", "config/files.py", "config/read_references.py"}
CONFIG = [path.relative_to(SOURCE).as_posix() for path in sorted((SOURCE / "config").rglob("*.py"))]
PURE = ["model/secret.py", "model/references.py", *(path for path in CONFIG if path not in MAY_READ_FILES)]


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_does_not_touch_the_world(name: str) -> None:
    source = (SOURCE / name).read_text(encoding="utf-8")
    names = [
        imported.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for imported in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    assert not {"os", "pathlib", "time", "random", "logging", "httpx", "typer", "rich", "sys"} & set(names)
