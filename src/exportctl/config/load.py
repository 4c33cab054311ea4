"""
{file name: bytes} -> one `Project` per environment, and every mistake with its file:line:column. Pure.

    bytes ─yaml_nodes─▶ trees ─schema_check─▶ checked trees ─merge─▶ one tree ─merge─▶ the tree of an environment
                                                                       ─interpolation─▶ filled ─resolve─▶ Project

`parse_config` does the steps that all environments share, `load_project` the steps of one. They collect all findings
in the order of the files and raise none. `files` reads the files, `read_references` reads the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from exportctl import __version__
from exportctl.config.merge import layers, merge_environment, merge_files
from exportctl.config.resolve.project import resolve_project
from exportctl.config.scalars import VERSION
from exportctl.config.schema.destinations import secrecy
from exportctl.config.schema_check import check_schema, closest_match
from exportctl.config.section import FindingCollector
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode, parse_tree
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import Project
from exportctl.model.references import BadValue, Reference, parse_references
from exportctl.model.secret import Secrecy
from exportctl.model.similar_names import did_you_mean

HIDDEN_VALUE = "(sensitive)"
MINIMUM_VERSION = "minimum_version"  # the key that names the oldest exportctl which may read the config
_NEEDS_ALL_FILES = ("unknown-reference", "missing-key", "near-alias", "environment-needed", "unknown-environment")

LoadedProject = tuple[Project | None, tuple[Finding, ...]]


@dataclass(frozen=True)
class ParsedConfig:
    """All files as one tree, before an environment is chosen."""

    tree: MapNode
    environments: tuple[str, ...]  # the declared names, sorted
    files: tuple[str, ...]
    findings: tuple[Finding, ...]  # from reading and merging the files
    complete: bool  # every file could be read, so an undeclared name is really missing
    refused: bool = False  # the config needs a later exportctl: this is then the only finding


def parse_config(files: Mapping[str, bytes]) -> ParsedConfig:
    """Parse all files of a project and those that they extend; the findings have the order of `files`."""
    findings: list[Finding] = []
    trees: dict[str, MapNode] = {}
    written: list[MapNode] = []
    complete = True
    for name, data in files.items():
        root, found = parse_tree(name, data)
        findings += found
        if root is None:
            complete = False
            root = MapNode({}, SourcePosition(name))
        written.append(root)
        trees[name], found = check_schema(root)
        findings += found
    whole, found = merge_files(trees)
    findings += found
    environments = tuple(sorted(whole.entries_of("environments")))
    if environments:
        findings += _sandbox_in_base(whole)
    findings += find_malformed_versions(written)
    too_old = find_unmet_version(written)
    found = (too_old,) if too_old else _sort_findings(findings, tuple(files))
    return ParsedConfig(whole, environments, tuple(files), found, complete, refused=too_old is not None)


def load_project(
    parsed: ParsedConfig, environment: str | None, variables: Mapping[str, str]
) -> tuple[Project | None, tuple[Finding, ...]]:
    """
    Return the project of one environment (None if there is an error) and all findings, also those of `parsed`.

    `variables` are the environment variables that plain references may use, and EXPORTCTL_ALLOWED_HOSTS.
    """
    if parsed.refused:
        return None, parsed.findings
    findings = list(parsed.findings)
    project: Project | None = None
    wrong = _wrong_environment(parsed, environment)
    if wrong:
        findings.append(wrong)
    else:
        whole, found = merge_environment(parsed.tree, environment) if environment else (parsed.tree, ())
        report = FindingCollector(list(found))
        if whole is not None:
            project = resolve_project(whole, environment, parsed.environments, variables, parsed.files, report)
        findings += report.findings
    if not parsed.complete:
        findings = [f for f in findings if f.rule not in _NEEDS_ALL_FILES]
    if any(f.level is Level.ERROR for f in findings):
        project = None
    return project, _sort_findings(findings, parsed.files)


def load_projects(
    parsed: ParsedConfig, variables: Mapping[str, str], loaded: Mapping[str | None, LoadedProject] | None = None
) -> tuple[Mapping[str | None, Project], tuple[Finding, ...]]:
    """
    Return the project of each environment that has no error, and all findings, each once.

    `loaded` has what `load_project` returned for some environments: they are not resolved again.
    """
    project: dict[str | None, Project] = {}
    findings: list[Finding] = []
    for environment in parsed.environments or (None,):
        known = loaded.get(environment) if loaded else None
        one, found = known or load_project(parsed, environment, variables)
        findings += found
        if one:
            project[environment] = one
    return project, _sort_findings(findings, parsed.files)


def explain_values(parsed: ParsedConfig, environment: str | None) -> list[tuple[str, str, SourcePosition]]:
    """List (path, value as written, position) of every value that is set, by path; sensitive literals are masked."""
    whole: MapNode | None = parsed.tree
    if environment is not None and environment in parsed.environments:
        whole, _ = merge_environment(parsed.tree, environment)
    if whole is None:
        return []
    entries = [(key, entry.node) for key, entry in whole.entries.items() if key != "environments"]
    return sorted(line for key, node in entries for line in _explain_node(node, (key,), key))


def _explain_node(node: Node, path: tuple[str, ...], shown: str) -> Iterable[tuple[str, str, SourcePosition]]:
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from _explain_node(entry.node, (*path, key), f"{shown}.{key}")
    elif isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            yield from _explain_node(item, path, f"{shown}[{number}]")
    elif isinstance(node, ScalarNode):
        text = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        yield shown, text if secrecy(path) is Secrecy.PLAIN else _mask_literals(text), node.at


def _mask_literals(text: str) -> str:
    """Mask a sensitive text: show its references, but not the literals and defaults."""
    try:
        parts = parse_references(text)
    except BadValue:
        return HIDDEN_VALUE
    return "".join(HIDDEN_VALUE if isinstance(part, str) else _mask_default(part) for part in parts)


def _mask_default(found: Reference) -> str:
    return found.text if found.default is None else f"${{{found.kind}:{found.name}:-{HIDDEN_VALUE}}}"


def _sandbox_in_base(whole: MapNode) -> list[Finding]:
    entry = whole.entries_of("platform").get("sandbox")
    message = "a config with environments sets the sandbox in each environment; here it would apply to all of them"
    hint = "move it to `environments: {NAME: {platform: {sandbox: …}}}`"
    return [Finding("sandbox-in-base", message, entry.key_at, hint)] if entry else []


def _wrong_environment(parsed: ParsedConfig, environment: str | None) -> Finding | None:
    listed = ", ".join(parsed.environments)
    entry = parsed.tree.entries.get("environments")
    at = entry.key_at if entry else None
    if environment is None and parsed.environments:
        hint = f"write --env NAME or set EXPORTCTL_ENV; the environments are {listed}"
        return Finding("environment-needed", "this config has environments, and none is chosen", at, hint)
    if environment is None or environment in parsed.environments:
        return None
    if not parsed.environments:
        hint = "remove --env and EXPORTCTL_ENV, or declare it under `environments`"
        message = f'there is no environment "{environment}": the config declares none'
        return Finding("unknown-environment", message, None, hint)
    guess = closest_match(environment, parsed.environments)
    hint = f"{did_you_mean(environment, guess)} " if guess else ""
    hint += f"the environments are {listed}"
    return Finding("unknown-environment", f'there is no environment "{environment}"', at, hint)


def _sort_findings(findings: Iterable[Finding], files: tuple[str, ...]) -> tuple[Finding, ...]:
    """Sort findings by file and line, each once."""
    rank = {name: number for number, name in enumerate(files)}

    def sort_key(finding: Finding) -> tuple[int, int, int, str, str]:
        at = finding.at or SourcePosition("", 0, 0)
        return rank.get(at.file, -1), at.line, at.column, finding.rule, finding.message

    return tuple(sorted(dict.fromkeys(findings), key=sort_key))


# -- the oldest exportctl that may read a config ----------------------------------------------------------------------


def find_unmet_version(trees: Iterable[MapNode], running: str = __version__) -> Finding | None:
    """
    Return a finding for the highest version that the config needs, if `running` is older.

    `trees` are those of all files before any check, because a newer config may have keys that this version does not
    know. Every run reads all files and checks all environments, so the highest version counts.
    """
    asked = [(_parse_version(str(node.value)), node) for node in _version_nodes(trees) if _is_version(node)]
    version, node = max(asked, key=lambda pair: pair[0], default=((), None))
    if node is None or version <= _parse_version(running):
        return None
    text = f"this config needs exportctl {node.value} or later; this is {running}"
    return Finding("minimum-version", text, node.at, "upgrade exportctl: this version may misread the config")


def find_malformed_versions(trees: Iterable[MapNode]) -> list[Finding]:
    """Report texts that are not a version. The schema reports values that are not text."""
    hint = f'write for example `{MINIMUM_VERSION}: "0.2"`; it cannot contain a reference'
    wrong = [node for node in _version_nodes(trees) if isinstance(node.value, str) and not _is_version(node)]
    return [Finding("bad-value", f'"{node.value}" is not a version of exportctl', node.at, hint) for node in wrong]


def _version_nodes(trees: Iterable[MapNode]) -> Iterator[ScalarNode]:
    """Yield the values of the key in each file: its own, then those of its environments."""
    for root in trees:
        nodes = [layer.get(MINIMUM_VERSION) for layer in layers(root)]
        yield from (node for node in nodes if isinstance(node, ScalarNode))


def _is_version(node: ScalarNode) -> bool:
    return isinstance(node.value, str) and re.fullmatch(VERSION, node.value, re.ASCII) is not None


def _parse_version(text: str) -> tuple[int, ...]:
    """Return three numbers: 0.2 is (0, 2, 0). The text after the numbers, as in 0.3.0.dev1, does not count."""
    numbers = re.match(r"\d+(\.\d+)*", text, re.ASCII)
    parts = [int(part) for part in numbers.group().split(".")] if numbers else []
    return tuple([*parts, 0, 0, 0][:3])
