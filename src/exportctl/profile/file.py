"""
Write and read `service-profile.json`: how one service answered the questions of a probe.

    dump_profile(profile)         text of the file: sorted keys, ASCII, a line end at the end
    load_profile(name, data)      ServiceProfile, or a ConfigError with the line of each mistake

The file holds no id, no name of a sandbox or organization, and no text of the service. So it can be published. People
may edit it. Pure.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from exportctl.config.yaml_nodes import MapEntry, MapNode, ScalarNode, parse_tree
from exportctl.errors import ConfigError, Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.json_form import JsonObject, Member, choice, constant, mapping, text
from exportctl.model.plan import PLATFORMS
from exportctl.patterns import compile_on_use
from exportctl.profile.answers import Setting

FILE_NAME = "service-profile.json"
KIND = "service-profile"
FORMAT_VERSION = 1
_NEW = "write a new one: exportctl probe --dataset NAME"
_DAY = compile_on_use(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class ServiceProfile:
    """
    How a service answered. `platform` is one of PLATFORMS: only "service" is Adobe's.

    `switches` are settings of the emulator by switch, `facts` answers without a switch, `unanswered` reasons by
    question. `positions` are those of the switches in the file that was read.
    """

    platform: str
    probed_on: str  # a day: 2026-11-29
    version: str  # of the exportctl that wrote it
    switches: Mapping[str, Setting]
    facts: Mapping[str, Setting]
    unanswered: Mapping[str, str]
    positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)


_SETTING: Member[Any] = Member(
    lambda: {"type": ["string", "integer", "boolean"], "description": "what the service does"}, lambda found: found
)
FILE = JsonObject[ServiceProfile](
    "how a service answered the questions of `exportctl probe`; without ids and names",
    format_version=constant("version of this format", FORMAT_VERSION),
    kind=constant("kind of this file", KIND),
    platform=choice("service, or an emulator, which proves nothing about Adobe's service", PLATFORMS),
    probed_on=text("the day of the probe, in UTC"),
    exportctl=text("version of exportctl that wrote the file", lambda profile: profile.version),
    switches=mapping("by switch of the emulator", _SETTING),
    facts=mapping("by question that no switch stands for", _SETTING),
    unanswered=mapping("by question: why there is no answer", text("for people")),
)


def default_path(files: Sequence[str]) -> str:
    """Return where a command looks for the profile: beside the first of the config files that `-f` names."""
    return posixpath.join(posixpath.dirname(files[0]), FILE_NAME) if files else FILE_NAME


def dump_profile(profile: ServiceProfile) -> str:
    """Return the text of the file."""
    return json.dumps(FILE.encode(profile), indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def load_profile(name: str, data: bytes) -> ServiceProfile:
    """
    Read a profile; `name` is that of the file in messages.

    Raises:
        ConfigError: the file is no profile of this format; each finding has its line.
    """
    tree, findings = parse_tree(name, data)
    if tree is None or findings:
        raise ConfigError(findings)
    found = _ProfileReader(tree)
    profile = found.read()
    if found.findings:
        raise ConfigError(found.findings)
    return profile


class _ProfileReader:
    """Reads the members of a profile and collects what is wrong with them."""

    def __init__(self, tree: MapNode) -> None:
        self._tree = tree
        self.findings: list[Finding] = []

    def read(self) -> ServiceProfile:
        if self._constant("kind", KIND) and self._constant("format_version", FORMAT_VERSION):
            self._check_keys()
        platform, day = self._text("platform"), self._text("probed_on")
        if platform not in PLATFORMS:
            self._report("platform", f"platform is one of {', '.join(PLATFORMS)}")
        if not _DAY.fullmatch(day):
            self._report("probed_on", "probed_on is a day, such as 2026-11-29")
        switches = self._settings("switches")
        positions = {key: entry.key_at for key, entry in self._tree.entries_of("switches").items()}
        reasons = {key: str(value) for key, value in self._settings("unanswered").items()}
        return ServiceProfile(
            platform, day, self._text("exportctl"), switches, self._settings("facts"), reasons, positions
        )

    def _constant(self, key: str, wanted: Setting) -> bool:
        node = self._tree.get(key)
        is_right = isinstance(node, ScalarNode) and node.value == wanted
        if not is_right:
            self._report(key, f"{key} is not {wanted}: this is not a profile that this exportctl reads")
        return is_right

    def _check_keys(self) -> None:
        for key, entry in self._tree.entries.items():
            if key not in FILE.members:
                self.findings.append(Finding("profile", f"unknown key {key}", entry.key_at, "delete it"))

    def _text(self, key: str) -> str:
        node = self._tree.get(key)
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node.value
        self._report(key, f"{key} is missing, or no text")
        return ""

    def _settings(self, key: str) -> dict[str, Setting]:
        if not isinstance(self._tree.get(key), MapNode):
            self._report(key, f"{key} is missing, or no object")
        return {name: self._setting(name, entry) for name, entry in self._tree.entries_of(key).items()}

    def _setting(self, name: str, entry: MapEntry) -> Setting:
        value = entry.node.value if isinstance(entry.node, ScalarNode) else None
        if value is None:
            message = f"{name} is a text, a whole number, true or false"
            self.findings.append(Finding("profile", message, entry.key_at, _NEW))
        return "" if value is None else value

    def _report(self, key: str, message: str) -> None:
        entry = self._tree.entries.get(key)
        at = entry.key_at if entry else self._tree.at
        if not any(finding.at == at and finding.message == message for finding in self.findings):
            self.findings.append(Finding("profile", message, at, _NEW))
