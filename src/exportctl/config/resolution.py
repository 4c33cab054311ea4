"""
The tree of one environment -> `Project`: names looked up, defaults filled in, everything with its place.

In: the merged tree, the environment's name, the variables. Out: the project, and every finding about names, values
and references. Must not: judge whether the whole is wise (that is `rules`), or read anything but its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from exportctl.config.interpolation import filled
from exportctl.config.nodes import Map
from exportctl.config.resolved_datasets import aliases
from exportctl.config.resolved_destinations import check_shared, destination
from exportctl.config.resolved_exports import Surroundings, defaults, exports, included
from exportctl.config.resolved_schedules import Chosen, Named, formats, schedules
from exportctl.config.sections import Report, Section
from exportctl.config.values import DAY, NAME, duration, moment
from exportctl.declared import (
    Accepted,
    AuthValue,
    Destination,
    Export,
    Format,
    Platform,
    Policy,
    Project,
    Removed,
    RuleSetting,
)
from exportctl.destination_types import Secrecy
from exportctl.errors import Error, Location
from exportctl.hosts import PRODUCTION, allowed_hosts, check_host

_ORGANIZATION = r"[0-9A-Za-z]+@AdobeOrg"
_SANDBOX = r"[a-z0-9][a-z0-9-]{0,255}"
_CREDENTIALS = ({"client_id", "client_secret"}, {"client_id", "client_secret", "scopes"}, {"access_token", "client_id"})


def resolved(
    tree: Map,
    environment: str | None,
    environments: Sequence[str],
    variables: Mapping[str, str],
    files: tuple[str, ...],
    report: Report,
) -> Project:
    """One environment's project; its value means something only if `report` holds no error."""
    tree, unset = filled(tree, environment, variables, report)
    root = Section(tree, "the config", tree.at, report)
    timings, shapes = schedules(root), formats(root)
    destinations, formats_of = _destinations(root, shapes)
    declared = _places(root, "destinations")
    names = aliases(root)
    names.check_circles()
    fallback = defaults(root.section("defaults"), declared, timings, shapes)
    around = Surroundings(declared, formats_of, timings, shapes, names, fallback, environments)
    return Project(
        name=_name(root),
        repository=root.optional("repository"),
        environment=environment,
        platform=_platform(root, environment, variables),
        destinations=destinations,
        exports=_exports(root, environment, around),
        removed=_removed(root),
        accept=_accepted(root),
        policy=_policy(root.section("policy")),
        rules=_rules(root),
        unset=unset,
        files=files,
    )


def _places(root: Section, key: str) -> dict[str, Location]:
    section = root.section(key)
    return {name: entry.key_at for name, entry in section.node.entries.items()} if section else {}


def _name(root: Section) -> str:
    root.required("version", "write `version: 1` in one of the files")
    name = root.required("project", "write `project: NAME`, which will be written on everything we create")
    if name and not root.pending("project") and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name):
        message = f'"{name}" is no name of a project: lower-case letters, digits and hyphens, at most 32'
        root.fail("bad-name", message, root.place("project"), "for example `project: acme-exports`")
    return name or ""


def _destinations(root: Section, shapes: Named[Format]) -> tuple[dict[str, Destination], dict[str, Chosen[Format]]]:
    found: dict[str, Destination] = {}
    formats_of: dict[str, Chosen[Format]] = {}
    section = root.section("destinations")
    declared = dict(section.children("destination")) if section else {}
    for key in sorted(declared):
        one = destination(key, declared[key])
        chosen = shapes.chosen(declared[key], "format")
        if one:
            found[key] = one
        if chosen:
            formats_of[key] = chosen
    check_shared(found, declared)
    return found, formats_of


def _exports(root: Section, environment: str | None, around: Surroundings) -> dict[str, Export]:
    section = root.section("exports")
    declared = dict(section.children("export")) if section else {}
    found: dict[str, Export] = {}
    for key in sorted(declared):
        if included(declared[key], environment, around.environments):
            found |= {one.key: one for one in exports(key, declared[key], around)}
    return dict(sorted(found.items()))


def _platform(root: Section, environment: str | None, variables: Mapping[str, str]) -> Platform:
    section = root.section("platform")
    if section is None:
        root.required("platform", 'write `platform: {organization: "…@AdobeOrg", sandbox: NAME}`')
        return Platform("", "", PRODUCTION, {}, root.at)
    organization = section.required("organization", 'write it, or "${env:AEP_ORG_ID}"') or ""
    hint = "write the sandbox's name, for example `sandbox: dev`"
    if environment is not None:
        hint = f"write `environments: {{{environment}: {{platform: {{sandbox: NAME}}}}}}`"
    sandbox = section.required("sandbox", hint) or ""
    _match(section, "organization", _ORGANIZATION, "the IMS organisation's id, which ends in @AdobeOrg")
    _match(section, "sandbox", _SANDBOX, "a sandbox's name: lower-case letters, digits and hyphens")
    return Platform(organization, sandbox, _url(section, variables), _credentials(section), section.at)


def _match(section: Section, key: str, pattern: str, wanted: str) -> None:
    text = section.optional(key)
    if text is not None and not section.pending(key) and not re.fullmatch(pattern, text):
        section.fail("bad-value", f'"{text}" is not {wanted}', section.place(key))


def _url(section: Section, variables: Mapping[str, str]) -> str:
    """The platform's address: Adobe's, this machine, `embedded`, or a host that EXPORTCTL_ALLOWED_HOSTS lists."""
    written = section.text("url", PRODUCTION)
    if section.pending("url"):
        return written
    try:
        return check_host(written, allowed_hosts(variables.get("EXPORTCTL_ALLOWED_HOSTS")))
    except Error as error:
        section.fail(error.rule, error.message, section.place("url"), error.hint)
        return written


def _credentials(section: Section) -> dict[str, AuthValue]:
    inner = section.section("credentials")
    if inner is None:
        return {}
    found = {key: AuthValue(inner.text(key), Secrecy.SECRET, inner.place(key)) for key in inner.names()}
    if set(found) not in _CREDENTIALS:
        message = f"{inner.owner} is neither complete nor one of the two forms"
        hint = "write client_id and client_secret (and scopes), or access_token and client_id"
        section.fail("missing-key", message, inner.at, hint)
    return found


def _entry_sections(root: Section, key: str) -> list[Section]:
    return [
        Section(item, f'an entry of "{key}"', item.at, root.report) for item in root.items(key) if isinstance(item, Map)
    ]


def _removed(root: Section) -> tuple[Removed, ...]:
    found = [_removal(section) for section in _entry_sections(root, "removed")]
    return tuple(sorted((r for r in found if r), key=lambda r: (r.root, r.name, r.do)))


def _removal(section: Section) -> Removed | None:
    named = [key for key in ("export", "destination") if key in section]
    if len(named) != 1:
        message = f"{section.owner} names {'both an export and a destination' if named else 'nothing'}"
        hint = "write {export: KEY, do: delete, reason: …} or {destination: KEY, do: delete, reason: …}"
        section.fail("missing-key", message, section.at, hint)
        return None
    key = named[0]
    name = section.text(key)
    if not section.pending(key) and not re.fullmatch(rf"{NAME}(/{NAME})?" if key == "export" else NAME, name):
        section.fail("bad-name", f'"{name}" is no {key}', section.place(key), "write its key, without `exports.`")
    return Removed(f"{key}s", name, section.text("do"), section.text("reason"), section.at)


def _accepted(root: Section) -> tuple[Accepted, ...]:
    found = [_acceptance(section) for section in _entry_sections(root, "accept")]
    return tuple(sorted(found, key=lambda a: (a.address, a.field, a.until)))


def _acceptance(section: Section) -> Accepted:
    address = section.text("address")
    wanted = rf"exports\.{NAME}(/{NAME})?|destinations\.{NAME}"
    if "address" in section and not section.pending("address") and address and not re.fullmatch(wanted, address):
        hint = "write exports.KEY, exports.KEY/PART or destinations.KEY"
        section.fail("bad-name", f'"{address}" is no address', section.place("address"), hint)
    until = section.parsed("until", lambda text: moment(text, inclusive=True), 0) or 0
    field, reason, owner = (section.text(key) for key in ("field", "reason", "owner"))
    return Accepted(address, field, reason, owner, until, section.at)


def _policy(section: Section | None) -> Policy:
    if section is None:
        return Policy()
    warning = section.parsed("end_warning", duration, 30 * DAY)
    return Policy(
        section.number("max_deletes", 0), 30 * DAY if warning is None else warning, bool(section.flag("lease"))
    )


def _rules(root: Section) -> dict[str, RuleSetting]:
    section = root.section("rules")
    found = {}
    for name, one in section.children("rule") if section else ():
        level = one.optional("level")
        if level == "off" and not one.text("reason"):
            one.fail(
                "missing-key", f"{one.owner} is switched off without a reason", one.at, "write `reason: …` beside it"
            )
        found[name] = RuleSetting(level, one.text("reason"), one.texts("only"), one.at)
    return dict(sorted(found.items()))
