"""
Find likely renames: a new address that looks like an undeclared one of ours. Pure.

The plan only reports them: no step depends on them. `rename_candidates` says what looks the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from exportctl.errors import Finding, Level
from exportctl.model.plan import EXPORTS, Address, PlanItem
from exportctl.model.project import Export
from exportctl.plan.desired import DesiredAccount, DesiredExport, DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.rename_candidates import (
    MOST_NAMED,
    Bases,
    RenameCandidate,
    account_candidates,
    export_candidates,
)


def add_rename_findings(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, inputs: PlanInputs
) -> list[PlanItem]:
    """Add a finding to each new item that looks like a renamed one."""
    accounts = account_candidates(items, desired, inputs.ownership)
    findings = {a: _account_finding(desired.accounts[a], candidates) for a, candidates in accounts.items()}
    findings |= dict(_export_findings(export_candidates(items, desired, bases, accounts, inputs), desired))
    return [i.add(findings=[findings[i.address]]) if i.address in findings else i for i in items]


def renamed_from_phrase(before: Mapping[Address, Address], desired: DesiredState) -> str:
    """Return what to write under one KEY, so that it or its parts keep the flows of their old addresses."""
    parts = {address.name.partition("/")[2]: old.name for address, old in before.items()}
    key = next(iter(before)).name.partition("/")[0]
    if "" in parts:
        return f"`renamed_from: {parts['']}`"
    wholes = {old.removesuffix(f"/{part}") for part, old in parts.items() if old.endswith(f"/{part}")}
    same = all(old.endswith(f"/{part}") for part, old in parts.items()) and len(wholes) == 1
    declared = desired.parts.get(key, ())
    if same and not any(Address(EXPORTS, f"{min(wholes)}/{part}") in desired.exports for part in declared):
        return f"`renamed_from: {min(wholes)}` under {EXPORTS}.{key} (for all its parts)"
    return f"`renamed_from: {{{', '.join(f'{part}: {old}' for part, old in parts.items())}}}` under {EXPORTS}.{key}"


# -- accounts ---------------------------------------------------------------------------------------------------------


def _account_finding(account: DesiredAccount, candidates: Sequence[RenameCandidate]) -> Finding:
    hint = f"if you renamed it, write `renamed_from: {candidates[0].before.name}`"
    hint += "; otherwise apply replaces each export on it, with a full re-export"
    if account.secrets:
        hint += "; if the secrets changed too, write a new `secret_version`"
    return _rename_finding(account, _candidates_phrase(account.address, candidates), hint)


def _rename_finding(of: DesiredAccount | DesiredExport, text: str, hint: str) -> Finding:
    at = of.declared.positions.get("renamed_from", of.declared.at)
    return Finding("likely-rename", text, at, hint, Level.WARNING)


# -- exports ----------------------------------------------------------------------------------------------------------


def _export_findings(
    found: Mapping[Address, Sequence[RenameCandidate]], desired: DesiredState
) -> Iterator[tuple[Address, Finding]]:
    """Yield one finding per KEY, on its first part: one rename of a split export renames all its parts."""
    by_key: dict[str, list[Address]] = defaultdict(list)
    for address in sorted(found):
        by_key[desired.exports[address].declared.declared_key].append(address)
    for key, (first, *more) in by_key.items():
        text = _candidates_phrase(first, found[first])
        if more:
            others = "1 more part" if len(more) == 1 else f"{len(more)} more parts"
            text += f"; also {others} of {EXPORTS}.{key}"
        export = desired.exports[first]
        best = {address: found[address][0] for address in (first, *more)}
        yield first, _rename_finding(export, text, _hint(export.declared, best, desired))


def _hint(export: Export, best: Mapping[Address, RenameCandidate], desired: DesiredState) -> str:
    words = renamed_from_phrase({address: candidate.before for address, candidate in best.items()}, desired)
    accounts = sorted({candidate.account for candidate in best.values() if candidate.account})
    words += "".join(f", and `renamed_from: {before.name}` under {now}" for now, before in accounts)
    stays = "its flow stays" if len(best) == 1 else "their flows stay"
    re_export = "nothing is sent again"
    if not all(candidate.same_every for candidate in best.values()):
        re_export = "only the new schedule may cause a full re-export"
    lost = f"{EXPORTS}.{export.renamed_from} has no flow; " if export.renamed_from else ""
    return f"{lost}if you renamed it, write {words}: {stays} and {re_export}"


def _candidates_phrase(address: Address, candidates: Sequence[RenameCandidate]) -> str:
    if len(candidates) == 1:
        same = _common_traits_phrase(candidates[0])
        return f"{address} looks like {candidates[0].before}, which the config no longer declares: {same}"
    named = candidates[:MOST_NAMED]
    each = ", then ".join(f"{candidate.before} ({_common_traits_phrase(candidate)})" for candidate in named)
    others = ", and others" if len(candidates) > len(named) else ""
    return f"{address} looks like addresses that the config no longer declares: {each}{others}"


def _common_traits_phrase(candidate: RenameCandidate) -> str:
    *more, last = [f"the same {name}" for name in candidate.same]
    return f"{', '.join(more)} and {last}" if more else last
