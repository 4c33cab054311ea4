"""
The config's schema and the destination types -> docs/configuration.md. A test compares the page with this module.

Out: Markdown with one section for each map of known keys, in the order of the schema. The descriptions come from the
schema, so the page and an editor say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from exportctl.config.schema.parts import WHOLE_NOTE
from exportctl.config.schema.root import SCHEMA
from exportctl.config.schema_check import TYPE_WORDS
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DestinationType

_HEAD = """# The config

All keys of a config file. This page is generated from the schema in `schemas/exports.schema.json`, which editors read:

```yaml
# yaml-language-server: $schema=./schemas/exports.schema.json
```

What this page says about the service is from Adobe's
[tutorial](https://experienceleague.adobe.com/en/docs/experience-platform/destinations/api/export-datasets) and
[guide](https://experienceleague.adobe.com/en/docs/experience-platform/destinations/ui/activate/export-datasets).
[Rules](rules.md) names the source of each limit.

**Files.** `exports.yaml` and every `*.yaml` in the folder `exports/` beside it form one config. `-f FILE` (repeatable)
replaces them. A name that two files declare is an error. A file with `extends` is an overlay on other files.

An export that is not read looks like one to delete. So whatever could be a config file under `exports/` is read, is an
error or is named in a warning: links are followed, and a link to nothing, a pipe, a device or a folder that cannot be
listed is an error. Config files, `extends` and links stay inside the checkout: the Git working tree, without Git the
working folder. A relative `${file:PATH}` stays there too. An absolute one names a mount, such as `/run/secrets/key`.

**YAML.** exportctl reads a subset. `true`, `false`, `null` and whole numbers have their meaning. Everything else is
text, so `2026-12-01`, `12:00`, `on` and `no` need no quotes. Tags, anchors, aliases, duplicate and unknown keys are
errors.

**Names** have lower-case letters, digits and hyphens, at most 48 (a project: at most 32). **Durations** are a whole
number of minutes, hours, days or weeks: `180 days`, `30d`, `6 hours`. **Moments** are a date (as an end, it includes
that day) or RFC 3339 with an offset. **Times of day** are `02:00` or `08:00:17`, in UTC: the service knows no time
zones.

**References** are `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}`, `${environment}`, `${sandbox}` and
`${project}`. `$${` is a literal `${`. The class of a value decides which references it can use:

| class | value | in output |
|---|---|---|
| secret | one `${env:…}` without default, or one `${file:…}`; never a literal | never; read only when it is sent |
| sensitive | text with any references | masked |
| plain | text; of the environment only `AEP_ORG_ID`, `AEP_SANDBOX` and `EXPORTCTL_VAR_…`, no `${file:…}` | shown |

**Overlays** (`environments`, `extends`) merge maps, replace scalars and lists, and remove with `null`. An overlay
replaces a key marked *whole* as a whole.

A section or a name with nothing behind its colon, such as `exports:` above comments, is an error in every file and
overlay. To declare nothing, write `{}` or `[]`. To remove what the layer below declares, write `null`.

**Precedence**: the export, then its destination (for `format`) or schedule (for `end`), then `defaults`.
`exportctl plan --explain-values` names the file and line that set each value.

**No end.** `end: none` is a value. It wins over an end in the schedule or in `defaults`. `end: null` in an overlay is
not a value. It removes the `end` of the layer below, so that the end of the schedule or of `defaults` counts again.

| an export with `schedule: nightly` | its end |
|---|---|
| has no `end`; `nightly` or `defaults` has one | the end of `nightly`, else of `defaults` |
| `end: none` | none |
| has no `end`; `nightly` has `end: none` | none, also if `defaults` has one |
| `end: 2027-06-30`, and `end: null` in an overlay | the end of `nightly`, else of `defaults` |

A recurring export without an end breaks the rule `missing-end` in each case, because the service ends it six months
after its creation. Write `allow` if you want this. An end that the flow already has stays: see
[comparison](comparison.md#ends-and-renewals).
"""
_WHOLE_SENTENCE = re.compile(f" ?{re.escape(WHOLE_NOTE)}")


def reference_markdown() -> str:
    """Return the whole page, which ends in one newline."""
    sections = [_HEAD, _contents(), *(_section(title, schema) for title, schema in _maps()), _types()]
    return "\n".join(sections).rstrip("\n") + "\n"


def _definition(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Resolve a `$ref`; return the schema itself if it has none."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    found: Mapping[str, Any] = SCHEMA["$defs"][name] if name else schema
    return found


def _maps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every map of known keys with its heading: the file itself, then depth first, each once."""
    yield "Top level", SCHEMA
    yield from _nested_maps(SCHEMA, set())


def _nested_maps(schema: Mapping[str, Any], seen: set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, inner in schema.get("properties", {}).items():
        if schema.get("title") == "Environment":
            return  # its keys are those of the top level
        for found in _reachable_schemas(inner):
            title = str(found.get("title", key))
            if "properties" in found and title not in seen:
                seen.add(title)
                yield title, SCHEMA["$defs"].get(title.lower(), found)  # its own description, not that of one key
            yield from _nested_maps(found, seen) if "properties" in found else ()


def _reachable_schemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schema, and the schemas of its entries or items."""
    schema = _definition(schema)
    yield schema
    for inner in (schema.get("additionalProperties"), schema.get("items")):
        if isinstance(inner, Mapping):
            yield _definition(inner)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _contents() -> str:
    titles = [title for title, _ in _maps()]
    links = " · ".join(f"[{title}](#{_anchor(title)})" for title in (*titles, "Destination types"))
    return f"{links}\n"


def _section(title: str, schema: Mapping[str, Any]) -> str:
    described = _WHOLE_SENTENCE.sub("", str(schema.get("description", ""))).strip()
    rows = [_row(key, inner, key in schema.get("required", ())) for key, inner in schema["properties"].items()]
    whole = " *whole*" if bool(_WHOLE_SENTENCE.search(str(schema.get("description", "")))) else ""
    head = ("| key | type | meaning | example |", "|---|---|---|---|")
    return "\n".join((f"## {title}", "", f"{described}{whole}", "", *head, *rows, "", *_example(schema)))


def _row(key: str, schema: Mapping[str, Any], required: bool) -> str:
    found = _definition(schema)
    meaning = _WHOLE_SENTENCE.sub(" *whole*", str(schema.get("description", found.get("description", ""))))
    examples = schema.get("examples", found.get("examples", []))
    shown = f"`{_inline_yaml(examples[0])}`" if examples else ""
    cells = (f"`{key}`" + (" (required)" if required else ""), _type(found), meaning, shown)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(schema: Mapping[str, Any]) -> str:
    """Name the type; list the values of a closed set."""
    choices = [value for value in schema.get("enum", ()) if value is not None]
    if choices:
        return ", ".join(f"`{_inline_yaml(value)}`" for value in choices)
    declared = schema.get("type", ())
    kinds = [declared] if isinstance(declared, str) else declared
    return " or ".join(_link(TYPE_WORDS[kind].removeprefix("a "), kind, schema) for kind in kinds if kind != "null")


def _link(word: str, kind: str, schema: Mapping[str, Any]) -> str:
    """Link a map or list to the section that describes its entries."""
    inner = schema.get("items") if kind == "array" else schema.get("additionalProperties")
    target = _definition(inner) if isinstance(inner, Mapping) else schema if kind == "object" else {}
    if kind not in ("array", "object") or "properties" not in target or "title" not in target:
        return word
    by_name = " by name" if kind == "object" and target is not schema else ""
    return f"[{word}{by_name}](#{_anchor(str(target['title']))})"


def _example(schema: Mapping[str, Any]) -> tuple[str, ...]:
    maps = [value for value in schema.get("examples", ()) if isinstance(value, Mapping)]
    return ("```yaml", *(f"{key}: {_inline_yaml(value)}" for key, value in maps[0].items()), "```", "") if maps else ()


def _inline_yaml(value: object) -> str:
    """Write one value in YAML's flow style, with quotes only where it needs them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_inline_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline_yaml(inner) for inner in value) + "]"
    text = str(value)
    if isinstance(value, str) and (not text or re.search(r"[:{}\[\],#%&*!|>'\"`]", text)):
        return json.dumps(text, ensure_ascii=False)
    return text.lower() if isinstance(value, bool) else text


# -- destination types ------------------------------------------------------------------------------------------------


def _types() -> str:
    head = ("## Destination types", "", "| `type` | location (* required) | account | `auth` |", "|---|---|---|---|")
    secrets = ", ".join(f"`{name}`" for name in sorted(_fields(Secrecy.SECRET)))
    sensitive = ", ".join(f"`{name}`" for name in sorted(_fields(Secrecy.SENSITIVE)))
    after = (
        "",
        f"Secret: {secrets}, and everything under `platform.credentials`. Sensitive: {sensitive}.",
        "The keys under *account* belong to the account. They are not allowed with `account` instead of `auth`. A "
        "change of one of them changes every export on that account.",
        "",
    )
    return "\n".join((*head, *(_type_row(kind) for kind in TYPES.values()), *after))


def _fields(secrecy: Secrecy) -> set[str]:
    return {f.name for t in TYPES.values() for m in t.methods for f in m.fields if f.secrecy is secrecy}


def _type_row(kind: DestinationType) -> str:
    location = ", ".join(f"`{field.name}`" + ("*" if field.required else "") for field in kind.location)
    account = ", ".join(f"`{key}`" for key in kind.account_key_names)
    methods = (" + ".join(f"`{field.name}`" for field in method.written_fields) for method in kind.methods)
    ways = ", or ".join(methods) or "none"
    notes = f"; files are deleted after {kind.retention_days} days" if kind.retention_days else ""
    return f"| `{kind.name}` | {location} | {account} | {ways}{notes} |"
