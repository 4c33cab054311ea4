"""
Check whether the set-up works, and what to do if not. Only reads.

In: a Setup, with or without a config. Out: one Check per question, each with one fix, and the header of the platform. A
check that depends on a failed one is skipped. If all would be skipped, the last one fails.

    config        does one exist, and is it valid
    references    is each set (by name, never the value), and has the right form
    storage       what the customer's storage must allow, to paste, per destination type (dataset-exports.md 4.3)
    credentials, token, organization, sandbox
    permissions   by lists; those for writing show only at the first write (dataset-exports.md 2.3)
    flows         of 100 destinations that a sandbox may hold [GR]
    lease         with `policy.lease`: who has it, and can this sandbox hold one
    plan          does the live state fit the config: datasets, accounts, flows
    orphans       of this project: connections that no flow uses, as a plan finds them

A check is `ok` only if it asked the question that its line answers. What an emulator answers proves nothing about
Adobe, so a line of its own then says that Adobe was not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from exportctl.client import inventory
from exportctl.client.client import SANDBOXES, Client
from exportctl.client.inventory import DATASETS, EVERYTHING, FLOWS, SPECS, ReadSet
from exportctl.client.reading_pool import ReadingPool
from exportctl.config.read_references import read_references
from exportctl.errors import ConfigError, Error, Forbidden, Level, NewerMarker, NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.model.outcome import Check, CheckStatus
from exportctl.model.plan import Inventory, Plan, PlanHeader
from exportctl.model.project import Project
from exportctl.model.schedule import format_count
from exportctl.model.secret import Secrecy, Secret
from exportctl.plan import delete
from exportctl.plan.ownership import build_ownership
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import FLOW, KINDS
from exportctl.resources.lease import LEASE_TYPE, LeaseState
from exportctl.workflows import connect, service_profile
from exportctl.workflows.lease import list_leases
from exportctl.workflows.load_config import Setup, read_project
from exportctl.workflows.plan import plan_with_lists

MAX_FLOWS = 100
_ABOUT_ENV = ("unknown-environment", "environment-needed")  # validate looks at all environments and finds nothing
_CONSOLE = "Developer Console, OAuth Server-to-Server: set AEP_CLIENT_ID and AEP_CLIENT_SECRET"
_EMULATORS = {connect.EMBEDDED: "embedded emulator", connect.LOOPBACK: "an address of this machine"}
_ROLE = "Permissions, Roles, API credentials: give the role of this credential"


@dataclass
class CheckCollector:
    """The checks so far."""

    checks: list[Check] = field(default_factory=list)

    def add_check(self, name: str, state: CheckStatus, message: str, remedy: str | None = None) -> None:
        self.checks.append(Check(name, state, message, remedy))

    def add_ok(self, name: str, message: str) -> None:
        self.add_check(name, CheckStatus.OK, message)

    def add_failure(self, name: str, message: str, remedy: str | None) -> None:
        self.add_check(name, CheckStatus.FAILED, message, remedy)


def run_checks(setup: Setup, today: int) -> tuple[tuple[Check, ...], PlanHeader | None]:
    """Run all checks, in the order in which they depend on each other."""
    found = CheckCollector()
    project = _check_config(setup, today, found)
    if project is not None:
        _check_references(project, setup, found)
        for key, destination in sorted(project.destinations.items()):  # exportctl cannot check these
            kind = TYPES[destination.type]
            organization = project.platform.organization
            for words in kind.needs(destination.location, destination.account.method, organization):
                found.add_check("storage", CheckStatus.SKIPPED, f"destinations.{key} ({kind.label}) needs: {words}")
    asked = project or _project_from_environment(setup, found)
    shown = _check_platform(asked, setup, today, found, known=project is not None) if asked else None
    return tuple(found.checks), shown


# -- with a config ----------------------------------------------------------------------------------------------------


def _check_config(setup: Setup, today: int, found: CheckCollector) -> Project | None:
    try:
        project, findings = read_project(setup, today)
    except ConfigError as error:
        if any(f.rule == "no-config" for f in error.all):
            message = "there is no exports.yaml here; the platform is checked without it"
            found.add_check("config", CheckStatus.SKIPPED, message)
            return None
        errors = sum(f.level is Level.ERROR for f in error.all)
        first = next(f for f in error.all if f.level is Level.ERROR)
        remedy = first.hint if first.rule in _ABOUT_ENV and first.hint else "run `exportctl validate`"
        message = f"not valid ({format_count(errors, 'error')}), first: {first.message}"
        found.add_failure("config", message, remedy)
        return None
    warnings = sum(f.level is Level.WARNING for f in findings)
    if warnings:
        message = f"valid, with {format_count(warnings, 'warning')}"
        found.add_check("config", CheckStatus.WARNING, message, "`exportctl validate` shows them")
    else:
        found.add_ok("config", "valid")
    return project


def _check_references(project: Project, setup: Setup, found: CheckCollector) -> None:
    """Check references by name only. The embedded emulator uses placeholder values for unset ones."""
    emulated = connect.platform_kind(project) == connect.EMBEDDED
    for unset in project.unset:
        found.add_failure("reference", f"{unset.variable} is not set ({unset.at})", f"set {unset.variable}")
    for key in sorted(project.destinations):
        _check_destination_references(project, setup, f"destinations.{key}", emulated, found)


def _check_destination_references(
    project: Project, setup: Setup, address: str, emulated: bool, found: CheckCollector
) -> None:
    try:
        read = read_references(project, setup.env, setup.folder, addresses=(address,))
    except Error as error:
        found.add_failure("reference-form", f"{address}: {error.message}", error.hint)
        return
    for (_, name), unset in sorted(read.unset.items()):
        words = f"{address}.{name}: {unset.variable} is not set"
        if emulated:
            found.add_check("reference", CheckStatus.SKIPPED, f"{words}; the emulator uses a placeholder value")
        else:
            remedy = f"set {unset.variable} where apply runs; plan does not need it"
            found.add_check("reference", CheckStatus.WARNING, words, remedy)
    _check_forms(project, address, {name: value for (_, name), value in read.values.items()}, found)


def _check_forms(project: Project, address: str, values: Mapping[str, str | Secret], found: CheckCollector) -> None:
    """Say of each value that is set whether its form was checked. `read_references` has refused the wrong ones."""
    kind = TYPES[project.destinations[address.partition(".")[2]].type]
    right: list[str] = []
    for name, value in sorted(values.items()):
        field = kind.auth_fields.get(name)
        problem = kind.form_problem(name, value.reveal() if isinstance(value, Secret) else value)
        if problem:
            remedy = "look for a blank, a missing character or the value of another field"
            found.add_check("reference-form", CheckStatus.WARNING, f"{address}.{name} {problem}", remedy)
        elif field and (field.check or field.is_private_key):
            right.append(name)
        elif field is None or field.secrecy is not Secrecy.PLAIN:  # the config's own rules check plain values
            message = f"{address}.{name} is set; form not checked: none is published"
            found.add_check("reference-form", CheckStatus.SKIPPED, message)
    if right:
        found.add_ok("reference", f"{address}: {', '.join(right)} set, form is right")


# -- the platform -----------------------------------------------------------------------------------------------------


def _project_from_environment(setup: Setup, found: CheckCollector) -> Project | None:
    """Return enough of a project to ask the platform, from the environment if there is no valid config."""
    project = connect.project_from_environment(setup)
    if project is None:
        remedy = (
            "set AEP_ORG_ID (…@AdobeOrg), AEP_SANDBOX, AEP_CLIENT_ID and AEP_CLIENT_SECRET, "
            "or run it beside an exports.yaml: `exportctl init` writes one"
        )
        nothing = all(check.status is CheckStatus.SKIPPED for check in found.checks)
        state = CheckStatus.FAILED if nothing else CheckStatus.SKIPPED
        found.add_check("platform", state, "no organization to ask", remedy)
    return project


def _check_platform(
    project: Project, setup: Setup, today: int, found: CheckCollector, *, known: bool
) -> PlanHeader | None:
    """Ask the platform: one token, and each list once. `known`: there is a config to plan."""
    kind = connect.platform_kind(project)
    if kind in _EMULATORS:
        message = f"{_EMULATORS[kind]}: nothing reaches Adobe, so access to Adobe is not checked"
        found.add_check("adobe", CheckStatus.SKIPPED, message)
    try:
        with connect.open_platform(project, setup) as platform:
            lists = None
            if _check_token(platform, project, found):
                lists = _SandboxLists(platform.client, EVERYTHING if known else FLOWS | DATASETS)
                _check_permissions(lists, found)
                _check_lease(platform, project, found)
            _check_profile(setup, kind, found)
            _check_plan(platform, lists, setup, today, found, known=known)
            return connect.plan_header(project)
    except Error as error:
        found.add_failure("credentials", error.message, error.hint or _CONSOLE)
        _check_profile(setup, kind, found)
        return None


class _SandboxLists:
    """The lists of a sandbox, read at the same time; each one that cannot be read has its own error."""

    def __init__(self, client: Client, lists: ReadSet):
        parts = {name: ReadSet(frozenset({name})) for name in lists.kinds}
        parts |= {"datasets": DATASETS} if lists.datasets else {}
        parts |= {"specs": SPECS} if lists.specs else {}
        with ReadingPool(len(parts)) as pool:
            self._read = {name: pool.submit(inventory.read_inventory, client, part) for name, part in parts.items()}

    def flows(self) -> int:
        """Return the number of flows, or raise the ServiceError of their list."""
        return len(self._read[FLOW.name].result().objects_of_kind(FLOW.name))

    def datasets(self) -> int:
        """Return the number of datasets, or raise the ServiceError of their list."""
        return len(self._read["datasets"].result().datasets or ())

    def inventory(self) -> Inventory:
        """Return all lists, or raise the first ServiceError."""
        objects = {name: self._read[name].result().objects_of_kind(name) for name in KINDS}
        return Inventory(objects, self._read["datasets"].result().datasets, self._read["specs"].result().specs)


def _check_token(platform: connect.ConnectedPlatform, project: Project, found: CheckCollector) -> bool:
    """
    Check token, organization and sandbox with the list that every credential may read.

    The list of `/sandboxes` is for administrators of sandboxes only [S].
    """
    sandbox = project.platform.sandbox
    try:
        listed = platform.client.get_json(f"{SANDBOXES}/")
    except Forbidden as error:
        found.add_ok("token", "accepted")
        message = f"not checked, because sandboxes cannot be listed: {error.message}"
        found.add_check("sandbox", CheckStatus.SKIPPED, message, f"{_ROLE} the sandbox")
        return True
    except ServiceError as error:
        found.add_failure("token", error.message, error.hint)
        return False
    names = sorted(str(s.get("name")) for s in listed.get("sandboxes", []) if isinstance(s, dict))
    found.add_ok("token", "accepted")
    found.add_ok("organization", f"{project.platform.organization} answers")
    if sandbox in names:
        found.add_ok("sandbox", f"{sandbox}: this credential may use it")
        return True
    message = f"there is no sandbox {sandbox}, or this credential may not use it"
    known = f", or set platform.sandbox to one of: {', '.join(names)}" if names else ""
    found.add_failure("sandbox", message, f"{_ROLE} the sandbox{known}")
    return False


def _check_permissions(lists: _SandboxLists, found: CheckCollector) -> None:
    flows = _check_permission("view-destinations", "View Destinations", lists.flows, found)
    _check_datasets(lists, found)
    message = "Manage Destinations, Manage and Activate Dataset Destinations: known only at the first write"
    remedy = f"{_ROLE} both before the first apply"
    found.add_check("permission-manage-destinations", CheckStatus.SKIPPED, message, remedy)
    if flows is not None:
        message = f"this credential sees {flows} of {MAX_FLOWS} destinations that a sandbox can have"
        if flows < MAX_FLOWS:
            found.add_ok("flows", message)
        else:
            remedy = "delete flows that are not needed: Adobe documents the limit as a hard one"
            found.add_check("flows", CheckStatus.WARNING, message, remedy)


def _check_permission(name: str, permission: str, read: Callable[[], int], found: CheckCollector) -> int | None:
    try:
        number = read()
    except (Forbidden, NotFound) as error:
        found.add_failure(f"permission-{name}", f"{permission} is missing: {error.message}", f"{_ROLE} {permission}")
        return None
    except ServiceError as error:
        found.add_failure(f"permission-{name}", error.message, error.hint)
        return None
    found.add_ok(f"permission-{name}", f"{permission}: {number} listed")
    return number


def _check_datasets(lists: _SandboxLists, found: CheckCollector) -> None:
    """Look at the datasets. Without one, nothing can be exported, whatever the reason is."""
    name = "View Datasets"
    if _check_permission("view-datasets", name, lists.datasets, found) == 0:
        remedy = f"use a sandbox with datasets; if this one has some, {_ROLE} {name} and the labels of the data"
        found.add_check("datasets", CheckStatus.WARNING, "no exportable dataset is listed", remedy)


def _check_lease(platform: connect.ConnectedPlatform, project: Project, found: CheckCollector) -> None:
    """Look at the lease of the project, with reads only."""
    if not project.policy.lease:
        return
    try:
        spec = ("property", f"id=={LEASE_TYPE.connection_spec}")
        offered = platform.client.list("/connectionSpecs", params=[spec], limit=None)
        is_offered = any(one.get("id") == LEASE_TYPE.connection_spec for one in offered)
        leases = list_leases(platform, project.name)
    except ServiceError as error:
        found.add_failure("lease", error.message, error.hint)
        return
    record = leases[0].record if leases else None
    if not is_offered:
        message = f"this sandbox offers no {LEASE_TYPE.label}: the lease is a connection of that type"
        found.add_failure("lease", message, "set policy.lease to false, and let the pipeline run one apply at a time")
    elif not leases:
        message = f"{project.name} has no lease yet: its first apply creates the connection and waits for a minute"
        found.add_check("lease", CheckStatus.SKIPPED, message, f"{_ROLE} Manage Destinations before that apply")
    elif record is None:
        message = f"a person edited the description of connection {leases[0].id}"
        found.add_check("lease", CheckStatus.WARNING, message, "nothing to do: the next apply writes it again")
    elif record.state is LeaseState.TAKEN:
        message = f"{record.holder} has the lease of {project.name}: that run works now, or was killed"
        remedy = "nothing to do: the next apply waits up to 90 s, and takes it if that run is dead"
        found.add_check("lease", CheckStatus.WARNING, message, remedy)
    else:
        found.add_ok("lease", f"no run has the lease of {project.name}; the last one was {record.holder}")


# -- the open questions of the service --------------------------------------------------------------------------------


def _check_profile(setup: Setup, platform: str, found: CheckCollector) -> None:
    """Say which promises the probed service makes weaker. Without a probe nothing is known about them."""
    name = "service-profile"
    try:
        used = service_profile.use_profile(setup, platform)
    except Error as error:
        for finding in error.findings():
            at = f"{finding.at}: " if finding.at else ""
            found.add_failure(name, f"{at}{finding.message}", finding.hint)
        return
    if used is None:
        message = "this sandbox was not probed: what Adobe's documents leave open is assumed"
        found.add_check(name, CheckStatus.SKIPPED, message, "exportctl probe --dataset NAME")
        return
    answers = f"{used.answer_count} of {used.question_count} open questions answered on {used.profile.probed_on}"
    found.add_ok(name, f"{used.file}: {answers}; the others are assumed")
    for row in used.degraded_promises:
        message = f"{row.switch} is {used.profile.switches[row.switch]}: weaker promise {row}"
        found.add_check(name, CheckStatus.WARNING, message, f"docs/emulator.md, switch {row.switch}")


# -- the plan and its orphans -----------------------------------------------------------------------------------------


def _check_plan(
    platform: connect.ConnectedPlatform,
    lists: _SandboxLists | None,
    setup: Setup,
    today: int,
    found: CheckCollector,
    *,
    known: bool,
) -> None:
    """Make a plan of the lists, and look for orphans in them. `known`: there is a config to plan."""
    missing = "without a config there is no project to look for"
    if lists is None or not known or any(check.status is CheckStatus.FAILED for check in found.checks):
        for name in ("plan", "orphans"):
            message = "not checked, because a check above has failed" if known else missing
            found.add_check(name, CheckStatus.SKIPPED, message)
        return
    try:
        project, findings = read_project(setup, today)
        made = plan_with_lists(platform, project, findings, setup, lists.inventory())
        plan, ownership = made.plan, build_ownership(made.live, made.project.name)
    except NewerMarker as error:
        for finding in error.all:
            found.add_failure("marker", finding.message, finding.hint)
        return
    except Error as error:
        found.add_failure("plan", f"no plan can be made: {error.message}", error.hint)
        found.add_check("orphans", CheckStatus.SKIPPED, "not checked, because there is no plan")
        return
    _report_plan(plan, found)
    left = delete.find_orphans(plan.items, ownership, plan.as_of)
    for one in left:
        message = f"{one.address}: {delete.orphan_label(one.live)}: {one.why}"
        found.add_check("orphans", CheckStatus.WARNING, message, delete.orphan_fix(one, plan.items))
    if not left:
        found.add_ok("orphans", f"none of {made.project.name}, as far as this credential sees")


def _report_plan(plan: Plan, found: CheckCollector) -> None:
    """Say whether apply would take the plan. `exportctl plan` shows all of it."""
    errors = plan.errors()
    if errors:
        message = f"{format_count(len(errors), 'error')}, first: {errors[0].message}"
        found.add_failure("plan", message, errors[0].hint or "`exportctl plan` shows all")
    elif plan.is_refused:
        message = "a safety check blocks a change"
        found.add_check("plan", CheckStatus.WARNING, message, "`exportctl plan` shows it, and what allows it")
    else:
        found.add_ok("plan", "made without an error; no safety check blocks it")
