"""
The lists that each command reads. A command that reads one more than it needs waits for it, and so does the service.

    plan, apply, drift, nightly   the objects and the connection specs; the datasets if one is declared by name, or by
                                  an id that no flow of the sandbox exports yet
    renew, status, forecast       the objects: an end, a state and a schedule stand there
    rotate                        the objects; the specs if they name what is sent
    verify, backup                the objects, then the runs
    runs                          the flows, then the runs; the other objects only if no flow says that it is meant
    report, import, snapshot      everything
    drift --patch, doctor         everything
    forecast --planned            as plan
    datasets                      the datasets
    the final check               the flows, and the kinds of what the run wrote

A name is looked up in the list even if the flow has a dataset of that name: a name that now means another dataset must
be refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.client.inventory import DATASETS, FLOWS, OBJECTS, SPECS, ReadSet
from exportctl.model.plan import EXPORTS, Address, Inventory
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Dataset, Project
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import DATASETS as DATASETS_FIELD
from exportctl.resources.kinds import SOURCE_CONNECTION

STATUS = FORECAST = OBJECTS
RUNS = FLOWS


def lists_of_plan(project: Project, options: PlanOptions) -> ReadSet:
    """Return the lists that a plan needs in any case; `needs_datasets` may add one after them."""
    if options.renew_only:
        return OBJECTS
    if options.rotate is not None:
        return OBJECTS | SPECS if _is_named_by_spec(project, options.rotate) else OBJECTS
    has_name = any(one.id is None for one in _declared_datasets(project, options))
    return OBJECTS | SPECS | DATASETS if has_name else OBJECTS | SPECS


def needs_datasets(project: Project, options: PlanOptions, live: Inventory) -> bool:
    """Say whether the plan needs a list that was not read: an id that no flow exports may not exist in this sandbox."""
    if options.renew_only or options.rotate is not None or live.datasets is not None:
        return False
    sources = live.objects_of_kind(SOURCE_CONNECTION.name)
    exported = {i for one in sources for i in wire.read_fields(one.kind, one.raw)[DATASETS_FIELD]}
    return any(one.id not in exported for one in _declared_datasets(project, options))


def _declared_datasets(project: Project, options: PlanOptions) -> Iterator[Dataset]:
    for key, export in project.exports.items():
        if options.is_targeted(Address(EXPORTS, key)):
            yield from export.datasets


def _is_named_by_spec(project: Project, account: Address) -> bool:
    """Say whether the live connection spec names the parameters of an account, or those of its encryption."""
    declared = project.destinations[account.name]
    method = declared.account.method
    is_named = method is not None and TYPES[declared.type].method(method).is_named_by_spec
    return is_named or declared.encryption is not None
