"""Find the base connection of an export: our own account, or one of others by title or id. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, LiveObject, Step
from exportctl.model.similar_names import closest_names, difference_note
from exportctl.plan.accounts import AccountPlan
from exportctl.plan.desired import DesiredExport, finding
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.ownership import Ownership

MAX_CHOICES = 5  # accounts that a hint names


@dataclass(frozen=True)
class BaseLookup:
    """The account of an export: its id, the step that creates it, or None with a finding."""

    value: str | Step | None
    finding: Finding | None = None


def look_up_base(export: DesiredExport, accounts: Mapping[Address, AccountPlan], ownership: Ownership) -> BaseLookup:
    """Return the account of an export; of our own ones, what the plan does with it."""
    use, bases = export.account, ownership.base_connections
    if use.own is not None:
        return BaseLookup(accounts[use.own].base)
    alike = ownership.accounts_of_type(export.type)
    if use.id is not None:
        if use.id in bases:
            return BaseLookup(use.id)
        return _missing_account(export, f"no base connection in this sandbox has the id {use.id}", _id_choices(alike))
    named = ownership.accounts_titled(export.type, use.existing or "")
    if len(named) == 1:
        return BaseLookup(named[0].id)
    if named:
        ids = ", ".join(b.id for b in named)
        text = f'{len(named)} accounts have the title "{use.existing}": {ids}'
        return _missing_account(export, text, _id_choices(named))
    text = f'no {export.type.label} account in this sandbox has the title "{use.existing}"'
    nearest = closest_names(use.existing or "", [b.name for b in alike])
    note = difference_note(use.existing or "", nearest[0]) if nearest else ""
    return _missing_account(export, text, [f'`account: {{existing: "{b.name}"}}`' for b in alike], note)


def destination_of_account(base: str, inputs: PlanInputs) -> str | None:
    """Return the key of the one destination that uses a live account; None: several do, or none is known."""
    owners = {*inputs.account_owners.get(base, ())}
    live = inputs.ownership.base_connections.get(base)
    words = [
        *(("of", name) for name in owners),
        ("id", base),
        *([("existing", live.name)] if live and live.name else []),
    ]
    found = owners | {key for word in words for key in inputs.account_users.get(word, ())}
    return found.pop() if len(found) == 1 else None


def _id_choices(bases: Iterable[LiveObject]) -> list[str]:
    return [f'`account: {{id: {b.id}}}` ("{b.name}")' for b in bases]


def _missing_account(export: DesiredExport, text: str, choices: Sequence[str], note: str = "") -> BaseLookup:
    own = "write `auth` instead of `account`, so that exportctl creates one"
    hint = f"write {' or '.join(choices[:MAX_CHOICES])}; or {own}" if choices else own
    hint = f"{hint}. {note}" if note else hint
    return BaseLookup(None, finding(export, "account-not-found", text, hint, key="destination", level=Level.ERROR))
