"""
`doctor`: does the set-up work, and what is there to do if not. Only reads, each of them harmless.

Goes in: a Setup, with or without a config. Comes out: a Check per question, one remedy a line, and the header of the
platform that was asked. A check whose ground is missing is skipped; where all would be, the last has failed. An edge.

    config        is there one, and is it valid
    references    is each set (by name, never the value), and of the right form
    storage       what the customer's side must allow, to paste, per destination type (dataset-exports.md 4.3)
    credentials, token, organization, sandbox
    permissions   by lists; those needed for writing show only at the first write (dataset-exports.md 2.3)
    flows         of 100 destinations a sandbox may hold [GR]
    leftovers     of this project: connections that nothing uses, as a plan finds them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from exportctl import platforms, workflows
from exportctl.checkup import Check, State
from exportctl.declared import Destination, Platform, Project
from exportctl.destination_types import TYPES
from exportctl.errors import (
    ConfigError,
    Error,
    Forbidden,
    Level,
    Location,
    NewerMarker,
    NotFound,
    ServiceError,
    Unauthorized,
)
from exportctl.flags import Flags
from exportctl.hosts import PRODUCTION
from exportctl.kinds import ANCHOR
from exportctl.model import Header
from exportctl.offline import Setup, project_of
from exportctl.planning import leftovers
from exportctl.planning.ownership import survey
from exportctl.refs import read_references
from exportctl.service import live
from exportctl.service.client import SANDBOXES

MOST_FLOWS = 100
_ABOUT_ENV = ("unknown-environment", "environment-needed")  # validate looks at all environments and finds nothing
_CONSOLE = "Developer Console, OAuth Server-to-Server: set AEP_CLIENT_ID and AEP_CLIENT_SECRET"
_ROLE = "Permissions, Roles, API credentials: give the role of this credential"
ADOBE_ACCOUNT = "670664943635"  # the AWS account a role must trust (dataset-exports.md 4.3)


@dataclass
class Findings:
    """What was found so far."""

    checks: list[Check] = field(default_factory=list)

    def add(self, name: str, state: State, message: str, remedy: str | None = None) -> None:
        self.checks.append(Check(name, state, message, remedy))

    def ok(self, name: str, message: str) -> None:
        self.add(name, State.OK, message)

    def failed(self, name: str, message: str, remedy: str | None) -> None:
        self.add(name, State.FAILED, message, remedy)


def checks(setup: Setup, today: int) -> tuple[tuple[Check, ...], Header | None]:
    """Everything there is to look at, in the order in which it is needed."""
    found = Findings()
    project = _config(setup, today, found)
    if project is not None:
        _references(project, setup, found)
        _storage(project, found)
    asked = project or _from_environment(setup, found)
    shown = _platform(asked, setup, found) if asked else None
    if shown is not None:
        _leftovers(setup, today, found, known=project is not None)
    return tuple(found.checks), shown


# -- with a config ----------------------------------------------------------------------------------------------------


def _config(setup: Setup, today: int, found: Findings) -> Project | None:
    try:
        project, findings = project_of(setup, today)
    except ConfigError as error:
        if any(f.rule == "no-config" for f in error.all):
            found.add("config", State.SKIPPED, "there is no exports.yaml here; the platform is looked at all the same")
            return None
        errors = sum(f.level is Level.ERROR for f in error.all)
        first = next(f for f in error.all if f.level is Level.ERROR)
        remedy = first.hint if first.rule in _ABOUT_ENV and first.hint else "run `exportctl validate`"
        found.failed("config", f"not valid ({errors} errors), first: {first.message}", remedy)
        return None
    warnings = sum(f.level is Level.WARNING for f in findings)
    found.ok("config", f"valid, {warnings} warnings" if warnings else "valid")
    return project


def _references(project: Project, setup: Setup, found: Findings) -> None:
    """Names only. On the embedded emulator an unset one is made up."""
    emulated = platforms.kind_of(project) == platforms.EMBEDDED
    for unset in project.unset:
        found.failed("reference", f"{unset.variable} is not set ({unset.at})", f"set {unset.variable}")
    for key in sorted(project.destinations):
        _references_of(project, setup, f"destinations.{key}", emulated, found)


def _references_of(project: Project, setup: Setup, address: str, emulated: bool, found: Findings) -> None:
    try:
        read = read_references(project, setup.env, setup.folder, addresses=(address,))
    except Error as error:
        found.failed("reference-form", f"{address}: {error.message}", error.hint)
        return
    for (_, name), unset in sorted(read.unset.items()):
        words = f"{address}.{name}: {unset.variable} is not set"
        if emulated:
            found.add("reference", State.OK, f"{words}; the emulator makes one up")
        else:
            found.add("reference", State.WARNING, words, f"set {unset.variable} where apply runs; plan does without it")
    if read.values and not read.unset:
        found.ok("reference", f"{address}: {', '.join(sorted(name for _, name in read.values))} set, form is right")


def _storage(project: Project, found: Findings) -> None:
    for key, destination in sorted(project.destinations.items()):
        for words in _needs(destination):
            found.add("storage", State.SKIPPED, f"destinations.{key} ({TYPES[destination.type].label}) needs: {words}")


def _needs(destination: Destination) -> Iterator[str]:
    """
    What must be true on the customer's side, which nobody can see from here.

    Source: dataset-exports.md 4.3 in the facts this project was built on.
    """
    make = _STORAGE.get(destination.type)
    return make(destination) if make else iter(())


def _s3(destination: Destination) -> Iterator[str]:
    bucket, path = destination.place.get("bucket", ""), destination.place.get("path", "").strip("/")
    below = f"arn:aws:s3:::{bucket}/{path + '/' if path else ''}*"
    objects = ["PutObject", "GetObject", "DeleteObject", "GetBucketLocation", "ListMultipartUploadParts"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [f"s3:{a}" for a in objects], "Resource": below},
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": f"arn:aws:s3:::{bucket}",
            },
        ],
    }
    yield f"policy {json.dumps(policy)}"
    if destination.account.method == "role":
        principal = {"AWS": f"arn:aws:iam::{ADOBE_ACCOUNT}:root"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        yield f"trust of the role {json.dumps({'Version': '2012-10-17', 'Statement': [trust]})}"


def _blob(destination: Destination) -> Iterator[str]:
    yield "a connection string with the account key; no finer right is documented"


def _lake(destination: Destination) -> Iterator[str]:
    yield "the service principal as Storage Blob Data Contributor on the container (usual; no role is documented)"


def _landing(destination: Destination) -> Iterator[str]:
    yield "nothing; every file is deleted after 7 days"


def _gcs(destination: Destination) -> Iterator[str]:
    yield (
        "interoperability switched on and an HMAC key of a service account with storage.objects.create, "
        "storage.objects.list, storage.multipartUploads.create, .abort and .listParts, storage.managedFolders.create, "
        "orgpolicy.policy.get, resourcemanager.projects.get and .list"
    )


def _sftp(destination: Destination) -> Iterator[str]:
    yield "a server that takes parallel connections: one per dataset exported at the same time, 30 % of that at least"


_STORAGE: dict[str, Callable[[Destination], Iterator[str]]] = {
    "amazon-s3": _s3,
    "azure-blob": _blob,
    "azure-data-lake": _lake,
    "data-landing-zone": _landing,
    "google-cloud-storage": _gcs,
    "sftp": _sftp,
}


# -- the platform -----------------------------------------------------------------------------------------------------


def _from_environment(setup: Setup, found: Findings) -> Project | None:
    """Enough of a project to ask the platform; a broken config still says which organization and sandbox it means."""
    organization, sandbox = setup.env.get("AEP_ORG_ID"), setup.env.get("AEP_SANDBOX") or "prod"
    if not organization:
        remedy = (
            "set AEP_ORG_ID (…@AdobeOrg), AEP_SANDBOX, AEP_CLIENT_ID and AEP_CLIENT_SECRET, "
            "or run it beside an exports.yaml: `exportctl init` writes one"
        )
        nothing = all(check.state is State.SKIPPED for check in found.checks)
        state = State.FAILED if nothing else State.SKIPPED
        found.add("platform", state, "nobody says which organization to ask", remedy)
        return None
    at = Location("the environment")
    return Project("doctor", None, None, Platform(organization, sandbox, PRODUCTION, {}, at), {}, {})


def _platform(project: Project, setup: Setup, found: Findings) -> Header | None:
    if platforms.kind_of(project) == platforms.EMBEDDED:
        found.ok("platform", "embedded emulator: nothing reaches Adobe, no credentials are needed")
    try:
        with platforms.opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
            if _token(platform, project, found):
                _permissions(platform, found)
            return workflows.header(project, platform)
    except Error as error:
        found.failed("credentials", error.message, error.hint or _CONSOLE)
        return None


def _token(platform: platforms.Platform, project: Project, found: Findings) -> bool:
    """Token, organization and sandbox, by one list of sandboxes."""
    sandbox = project.platform.sandbox
    try:
        listed = platform.client.get_json(f"{SANDBOXES}/sandboxes", params=[("limit", "200")])
    except Unauthorized as error:
        found.failed("token", error.message, error.hint or _CONSOLE)
        return False
    except Forbidden as error:
        found.ok("token", "accepted")
        found.add("sandbox", State.WARNING, f"sandboxes cannot be listed: {error.message}", f"{_ROLE} the sandbox")
        return True
    except ServiceError as error:
        found.failed("token", error.message, error.hint)
        return False
    names = sorted(str(s.get("name")) for s in listed.get("sandboxes", []) if isinstance(s, dict))
    found.ok("token", "accepted")
    found.ok("organization", f"{project.platform.organization} answers")
    if sandbox in names:
        found.ok("sandbox", f"{sandbox} is there")
        return True
    found.failed("sandbox", f"there is no sandbox {sandbox}", f"there is {', '.join(names)}: set platform.sandbox")
    return False


def _permissions(platform: platforms.Platform, found: Findings) -> None:
    client = platform.client
    flows = _permitted("view-destinations", "View Destinations", lambda: len(client.list(ANCHOR.path)), found)
    _permitted("view-datasets", "View Datasets", lambda: len(live.datasets(client)), found)
    message = "Manage Destinations, Manage and Activate Dataset Destinations: seen only at the first write"
    found.add("permission-writing", State.SKIPPED, message, f"{_ROLE} both before the first apply")
    if flows is not None:
        full = flows >= MOST_FLOWS
        remedy = "delete flows nobody needs, or ask Adobe for more" if full else None
        found.add("flows", State.WARNING if full else State.OK, f"{flows} of {MOST_FLOWS} in this sandbox", remedy)


def _permitted(name: str, permission: str, read: Callable[[], int], found: Findings) -> int | None:
    try:
        number = read()
    except (Forbidden, NotFound) as error:
        found.failed(f"permission-{name}", f"{permission} is missing: {error.message}", f"{_ROLE} {permission}")
        return None
    except ServiceError as error:
        found.failed(f"permission-{name}", error.message, error.hint)
        return None
    found.ok(f"permission-{name}", f"{permission}: {number} listed")
    return number


# -- leftovers --------------------------------------------------------------------------------------------------------


def _leftovers(setup: Setup, today: int, found: Findings, *, known: bool) -> None:
    """The lists of a plan are read, and the plan tells; nothing is written. `known`: there is a config to plan."""
    if not known:
        found.add("leftovers", State.SKIPPED, "without a config nobody knows whose they would be")
        return
    if any(check.state is State.FAILED for check in found.checks):
        found.add("leftovers", State.SKIPPED, "not looked for while something above has failed")
        return
    try:
        with workflows.planned(setup, Flags(), wall=lambda: today) as made:
            plan, estate = made.plan, survey(made.live, made.project.name)
    except NewerMarker as error:
        for finding in error.all:
            found.failed("marker", finding.message, finding.hint)
        return
    except Error as error:
        found.add("leftovers", State.SKIPPED, f"no plan can be made: {error.message}", error.hint)
        return
    left = leftovers.leftovers(plan.items, estate, plan.as_of)
    for one in left:
        message = f"{one.address}: {leftovers.named(one.live)}: {one.why}"
        found.add("leftovers", State.WARNING, message, leftovers.remedy(one, plan.items))
    if not left:
        found.ok("leftovers", f"none of {made.project.name}")
