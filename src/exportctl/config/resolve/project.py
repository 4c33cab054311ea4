"""
The tree of one environment -> `Project`, with names looked up, defaults filled in, and the position of every value.

In: the merged tree, the environment's name, the variables. Out: the project, and all findings about names, values
and references. Must not: judge whether the config is wise (that is `rules`), or read anything but its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from exportctl.config.interpolation import fill_references
from exportctl.config.resolve.datasets import aliases
from exportctl.config.resolve.destinations import check_shared_accounts, destination
from exportctl.config.resolve.exports import ResolutionContext, defaults, exports, is_included
from exportctl.config.resolve.policy import policy
from exportctl.config.resolve.schedules import NamedValues, PositionedValue, formats, schedules
from exportctl.config.scalars import NAME, parse_moment
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import MapNode
from exportctl.errors import Error
from exportctl.model.project import (
    AcceptEntry,
    AuthValue,
    Destination,
    Export,
    Format,
    MoveEntry,
    PlatformSettings,
    Project,
    RemovedEntry,
    RuleSetting,
)
from exportctl.model.secret import Secrecy
from exportctl.model.urls import PRODUCTION, allowed_hosts, check_host
from exportctl.resources.kinds import FLOW, plain_fields

NEVER = "never"  # of `until`: for good
_ORGANIZATION = r"[0-9A-Za-z]+@AdobeOrg"
_SANDBOX = r"[a-z0-9][a-z0-9-]{0,255}"
_CREDENTIALS = ({"client_id", "client_secret"}, {"client_id", "client_secret", "scopes"}, {"access_token", "client_id"})


def resolve_project(
    tree: MapNode,
    environment: str | None,
    environments: Sequence[str],
    variables: Mapping[str, str],
    files: tuple[str, ...],
    report: FindingCollector,
) -> Project:
    """Resolve one environment's project; use it only if `report` has no error."""
    tree, unset = fill_references(tree, environment, variables, report)
    root = Section(tree, "the config", tree.at, report)
    named_schedules, named_formats = schedules(root), formats(root)
    destinations, formats_of = _destinations(root, named_formats)
    declared = root.declared_names("destinations")
    names = aliases(root)
    names.check_circles()
    fallback = defaults(root.section("defaults"), declared, named_schedules, named_formats)
    plain = [rule.name for rule in plain_fields()]
    context = ResolutionContext(
        declared, formats_of, named_schedules, named_formats, names, fallback, environments, plain
    )
    return Project(
        name=_name(root),
        repository=root.optional_text("repository"),
        environment=environment,
        platform=_platform(root, environment, variables),
        destinations=destinations,
        exports=_exports(root, environment, context),
        removed=_removed_entries(root),
        move_from=_move_entries(root),
        accept=_accept_entries(root),
        policy=policy(root.section("policy")),
        rules=_rules(root),
        unset=unset,
        files=files,
    )


def _name(root: Section) -> str:
    root.required_text("version", "write `version: 1` in one of the files")
    name = root.required_text("project", "write `project: NAME`; exportctl writes it on everything it creates")
    if name and not root.is_unset("project") and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name):
        message = f'"{name}" is not the name of a project: use lower-case letters, digits and hyphens, at most 32'
        root.fail("bad-name", message, root.position("project"), "write for example `project: acme-exports`")
    return name or ""


def _destinations(
    root: Section, named_formats: NamedValues[Format]
) -> tuple[dict[str, Destination], dict[str, PositionedValue[Format]]]:
    found: dict[str, Destination] = {}
    formats_of: dict[str, PositionedValue[Format]] = {}
    declared = root.children("destinations")
    for key, section in sorted(declared.items()):
        if one := destination(key, section):
            found[key] = one
        if chosen := named_formats.resolve_key(section, "format"):
            formats_of[key] = chosen
    check_shared_accounts(found, declared)
    return found, formats_of


def _exports(root: Section, environment: str | None, context: ResolutionContext) -> dict[str, Export]:
    found: dict[str, Export] = {}
    for key, section in root.children("exports").items():
        if is_included(section, environment, context.environments):
            found |= {one.key: one for one in exports(key, section, context)}
    return dict(sorted(found.items()))


def _platform(root: Section, environment: str | None, variables: Mapping[str, str]) -> PlatformSettings:
    section = root.section("platform")
    if section is None:
        root.required_text("platform", 'write `platform: {organization: "…@AdobeOrg", sandbox: NAME}`')
        return PlatformSettings("", "", PRODUCTION, {}, root.at)
    whose = 'write the id, or "${env:AEP_ORG_ID}"'
    organization = section.required_text("organization", whose) or ""
    hint = "write the sandbox's name, for example `sandbox: dev`"
    if environment is not None:
        hint = f"write `environments: {{{environment}: {{platform: {{sandbox: NAME}}}}}}`"
    sandbox = section.required_text("sandbox", hint) or ""
    wanted = "the IMS organization's id, which ends in @AdobeOrg"
    _check_pattern(section, "organization", _ORGANIZATION, wanted, whose)
    wanted = "a sandbox's name, which has lower-case letters, digits and hyphens"
    _check_pattern(section, "sandbox", _SANDBOX, wanted, hint)
    return PlatformSettings(organization, sandbox, _url(section, variables), _credentials(section), section.at)


def _check_pattern(section: Section, key: str, pattern: str, wanted: str, hint: str) -> None:
    text = section.optional_text(key)
    if text is not None and not section.is_unset(key) and not re.fullmatch(pattern, text):
        section.fail("bad-value", f'"{text}" is not {wanted}', section.position(key), hint)


def _url(section: Section, variables: Mapping[str, str]) -> str:
    """Return the service's URL: Adobe's, this machine's, `embedded`, or a host that EXPORTCTL_ALLOWED_HOSTS lists."""
    written = section.text("url", PRODUCTION)
    if section.is_unset("url"):
        return written
    try:
        return check_host(written, allowed_hosts(variables.get("EXPORTCTL_ALLOWED_HOSTS")))
    except Error as error:
        section.fail(error.rule, error.message, section.position("url"), error.hint)
        return written


def _credentials(section: Section) -> dict[str, AuthValue]:
    inner = section.section("credentials")
    if inner is None:
        return {}
    found = {key: AuthValue(inner.text(key), Secrecy.SECRET, inner.position(key)) for key in inner.names()}
    if set(found) not in _CREDENTIALS:
        message = f"{inner.owner} is incomplete"
        hint = "write client_id and client_secret (and scopes), or access_token and client_id"
        section.fail("missing-key", message, inner.at, hint)
    return found


def _removed_entries(root: Section) -> tuple[RemovedEntry, ...]:
    found = [_removed_entry(section) for section in root.map_items("removed")]
    return tuple(sorted((r for r in found if r), key=lambda r: (r.root, r.name, r.do)))


def _removed_entry(section: Section) -> RemovedEntry | None:
    named = [key for key in ("export", "destination") if key in section]
    if len(named) != 1:
        message = f"{section.owner} names {'both an export and a destination' if named else 'no object'}"
        hint = "write {export: KEY, do: delete, reason: …} or {destination: KEY, do: delete, reason: …}"
        section.fail("missing-key", message, section.at, hint)
        return None
    key = named[0]
    name = section.text(key)
    if not section.is_unset(key) and not re.fullmatch(rf"{NAME}(/{NAME})?" if key == "export" else NAME, name):
        hint = f"write the key that is declared under `{key}s`, without `{key}s.`"
        section.fail("bad-name", f'"{name}" is not a key', section.position(key), hint)
    return RemovedEntry(f"{key}s", name, section.text("do"), section.text("reason"), section.at)


def _move_entries(root: Section) -> tuple[MoveEntry, ...]:
    found = [_move_entry(section) for section in root.map_items("move_from")]
    return tuple(sorted(found, key=lambda m: (m.project, m.export, m.flow)))


def _move_entry(section: Section) -> MoveEntry:
    for key in ("export", "to"):
        name = section.optional_text(key)
        if name is not None and not section.is_unset(key) and not re.fullmatch(rf"{NAME}(/{NAME})?", name):
            hint = "write KEY or KEY/PART, without `exports.`"
            section.fail("bad-name", f'"{name}" is not a key', section.position(key), hint)
    project, export, flow, reason = (section.text(key) for key in ("project", "export", FLOW.name, "reason"))
    return MoveEntry(project, export, flow, section.optional_text("to") or export, reason, section.at)


def _accept_entries(root: Section) -> tuple[AcceptEntry, ...]:
    found = [_accept_entry(section) for section in root.map_items("accept")]
    return tuple(sorted(found, key=lambda a: (a.address, a.field, a.until is None, a.until or 0)))


def _accept_entry(section: Section) -> AcceptEntry:
    address = section.text("address")
    wanted = rf"exports\.{NAME}(/{NAME})?|destinations\.{NAME}"
    if "address" in section and not section.is_unset("address") and address and not re.fullmatch(wanted, address):
        hint = "write exports.KEY, exports.KEY/PART or destinations.KEY"
        section.fail("bad-name", f'"{address}" is not an address', section.position("address"), hint)
    field, reason, owner = (section.text(key) for key in ("field", "reason", "owner"))
    return AcceptEntry(address, field, reason, owner, _accepted_until(section), section.at)


def _accepted_until(section: Section) -> int | None:
    """Return the end of an accepted difference; None for `never`. The schema wants a reason, also of blanks."""
    if section.optional_text("until") != NEVER:
        return section.parse_value("until", partial(parse_moment, inclusive=True), 0)
    reason = section.text("reason")
    if reason and not reason.strip():
        message = f"{section.owner} is accepted for good, and its reason is blank"
        section.fail("bad-value", message, section.position("reason"), "write why it is accepted")
    return None


def _rules(root: Section) -> dict[str, RuleSetting]:
    found = {}
    for name, one in root.children("rules").items():
        level = one.optional_text("level")
        if level == "off" and not one.text("reason"):
            one.fail("missing-key", f"{one.owner} is off without a reason", one.at, "write `reason: …` beside it")
        found[name] = RuleSetting(level, one.text("reason"), one.texts("only"), one.at)
    return dict(sorted(found.items()))
