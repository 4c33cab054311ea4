"""
Select what a plan takes. Pure.

    option    declared export                        account                          no longer declared
    none      all                                    as needed, and what exists       deleted, released
    target    only what a glob matches               as needed, or matched            left as it is
    exclude   all but what a glob matches, and but   all but what a glob matches      the same as declared
              what uses an account that one matches

--exclude is the inverse of --target: what is selected brings along what it needs, what is left out takes along what
needs it, as `-exclude` of OpenTofu does. So no write ever reaches what a person excluded. An export uses the account
that the config names, and the one on which its flow runs now: who excludes an account does not want to lose a flow of
it, by a deletion or a move. Left out is not "no longer declared": nothing is deleted because of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.model.plan import DESTINATIONS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.plan.desired import DesiredExport, DesiredState
from exportctl.plan.ownership import Ownership


def select_exports(
    desired: DesiredState, ownership: Ownership, options: PlanOptions
) -> Mapping[Address, DesiredExport]:
    """Return the declared exports that the plan takes."""
    on_excluded = addresses_on_excluded(ownership, options)
    return {
        address: export
        for address, export in desired.exports.items()
        if options.is_targeted(address) and address not in on_excluded and not _is_left_out(export, options)
    }


def excluded_addresses(desired: DesiredState, ownership: Ownership, options: PlanOptions) -> tuple[Address, ...]:
    """Return every address that --exclude leaves out of this plan, also by what it needs."""
    if not options.excludes:
        return ()
    on_excluded = addresses_on_excluded(ownership, options)
    found = {a for a, e in desired.exports.items() if a in on_excluded or _is_left_out(e, options)}
    others = {*_declared_destinations(desired), *(() if options.targets else _undeclared_addresses(desired, ownership))}
    found |= {a for a in others if a in on_excluded or options.is_excluded(a)}
    return tuple(sorted(filter(options.is_selected, found)))


def addresses_on_excluded(ownership: Ownership, options: PlanOptions) -> frozenset[Address]:
    """Return the addresses of our flows that run on an account which --exclude matches."""
    accounts = {one.id for a, found in ownership.own_accounts.items() if options.is_excluded(a) for one in found}
    return frozenset(a for a, flows in ownership.own_flows.items() if any(f.base_id in accounts for f in flows))


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
