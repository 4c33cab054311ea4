"""
Select what a plan takes. Pure.

    option    declared export                        account                          no longer declared
    none      all                                    as needed, and what exists       deleted, released
    target    only what a glob matches               as needed, or matched            left as it is
    exclude   all but what a glob matches, and but   all but what a glob matches      all but what a glob matches
              what uses an account that one matches

--exclude is the inverse of --target: what is selected brings along what it needs, what is left out takes along what
needs it, as `-exclude` of OpenTofu does. So no write ever reaches what a person excluded. Left out is not "no longer
declared": nothing is deleted because of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.model.plan import DESTINATIONS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.plan.desired import DesiredExport, DesiredState
from exportctl.plan.ownership import Ownership


def select_exports(desired: DesiredState, options: PlanOptions) -> Mapping[Address, DesiredExport]:
    """Return the declared exports that the plan takes."""
    return {
        address: export
        for address, export in desired.exports.items()
        if options.is_targeted(address) and not _is_left_out(export, options)
    }


def excluded_addresses(desired: DesiredState, ownership: Ownership, options: PlanOptions) -> tuple[Address, ...]:
    """Return every address that --exclude leaves out of this plan, also by what it needs."""
    if not options.excludes:
        return ()
    found = {a for a, e in desired.exports.items() if options.is_selected(a) and _is_left_out(e, options)}
    others = {*_declared_destinations(desired), *(() if options.targets else _undeclared_addresses(desired, ownership))}
    return tuple(sorted({*found, *(a for a in others if options.is_selected(a) and options.is_excluded(a))}))


def _is_left_out(export: DesiredExport, options: PlanOptions) -> bool:
    """Check whether a glob matches the export, its destination, or the account that it uses."""
    needed = (export.address, Address(DESTINATIONS, export.declared.destination), export.account.own)
    return any(options.is_excluded(address) for address in needed if address)


def _declared_destinations(desired: DesiredState) -> Iterator[Address]:
    yield from (Address(DESTINATIONS, key) for key in desired.project.destinations)


def _undeclared_addresses(desired: DesiredState, ownership: Ownership) -> Iterator[Address]:
    for address in {*ownership.own_flows, *ownership.orphans, *ownership.own_accounts}:
        is_destination = address.root == DESTINATIONS and address.name in desired.project.destinations
        if address not in desired.exports and not is_destination:
            yield address
