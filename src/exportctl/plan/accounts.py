"""
Plan one account (a base connection): what is live, what the YAML declares, and the write between. Pure.

apply creates an account when an export first needs it, and only once. The plan names every flow on an account, because
a patch of the account reaches all of them, also flows of other owners.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    WRITE_CAUSES,
    Address,
    Cause,
    Consequence,
    FieldChange,
    LiveObject,
    Marker,
    PlanItem,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.model.project import AcceptEntry
from exportctl.plan import field_diff, steps
from exportctl.plan.desired import DesiredAccount
from exportctl.plan.field_diff import ComparisonInputs, applied_digests, field_changes
from exportctl.plan.last_editor import UI, actor
from exportctl.plan.ownership import Ownership
from exportctl.resources import wire
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, SECRET_VERSION, leaf_path


@dataclass(frozen=True)
class AccountPlan:
    """The plan of one account: `base` is the id or the step that exports use, `stale` are accounts to delete later."""

    item: PlanItem
    base: str | Step | None
    stale: tuple[LiveObject, ...] = ()


def plan_account(
    account: DesiredAccount,
    ownership: Ownership,
    as_of: int,
    *,
    accept: tuple[AcceptEntry, ...] = (),
    resend: bool = False,
) -> AccountPlan:
    """Plan one account that an export needs; with `resend`, send its secrets although no field differs."""
    named = live_accounts(account, ownership)
    live = [o for o in named if wire.destination_type(o.raw) is account.type]
    others = tuple(o for o in named if o not in live)
    if not live and others:
        return _plan_type_change(account, ownership, others)
    if not live:
        step = _create_step(account, ownership, 1)
        return AccountPlan(
            PlanItem(
                account.address, Verb.CREATE, fields=_creation_changes(account), steps=(step,), at=account.declared.at
            ),
            step,
        )
    generation = max(_generation(o) for o in live)
    current = [o for o in live if _generation(o) == generation]
    if len(current) > 1:
        current.sort(key=lambda o: (not ownership.flows_on(o.id), o.created_at_ms, o.id))
    base = current[0]
    stale = tuple(o for o in named if o is not base)
    method = wire.auth_method(base.raw)
    if (method.name if method else None) != account.method:
        step = _create_step(account, ownership, generation + 1)
        item = PlanItem(
            account.address,
            Verb.REPLACE,
            id=base.id,
            fields=(_method_change(account, method.name if method else None),),
            steps=(step,),
            consequences=(_users_consequence(ownership, base),),
            at=account.declared.at,
        )
        return AccountPlan(item, step, (*stale, base))
    item = _compared_item(account, base, ownership, as_of, accept, resend)
    if item.verb is Verb.UPDATE:
        item = replace(item, consequences=(*item.consequences, *_unreached_consequences(ownership, stale)))
    return AccountPlan(item, base.id, stale)


def _method_change(account: DesiredAccount, before: str | None) -> FieldChange:
    at = account.declared.positions.get("auth")
    return FieldChange(AUTH, AUTH, before, account.method, Cause.PENDING, at=at)


def _plan_type_change(account: DesiredAccount, ownership: Ownership, others: tuple[LiveObject, ...]) -> AccountPlan:
    """Plan a new account for a destination of another type; the old account is deleted when no flow uses it."""
    step = _create_step(account, ownership, max(_generation(o) for o in others) + 1)
    former = wire.destination_type(others[0].raw)
    change = FieldChange("type", "type", former.name if former else None, account.type.name, Cause.PENDING)
    item = PlanItem(
        account.address,
        Verb.REPLACE,
        id=others[0].id,
        fields=(change,),
        steps=(step,),
        consequences=tuple(_users_consequence(ownership, o) for o in others),
        at=account.declared.at,
    )
    return AccountPlan(item, step, others)


def live_accounts(account: DesiredAccount, ownership: Ownership) -> list[LiveObject]:
    """Return the live accounts of a destination: by address, by the address before a rename, or without a marker."""
    return _marked_accounts(account, ownership) or _unmarked_accounts(account, ownership)


def _marked_accounts(account: DesiredAccount, ownership: Ownership) -> list[LiveObject]:
    named = ownership.own_accounts.get(account.address, ())
    before = account.declared.renamed_from
    if not named and before:
        named = ownership.own_accounts.get(Address(account.address.root, before), ())
    return list(named)


def _unmarked_accounts(account: DesiredAccount, ownership: Ownership) -> list[LiveObject]:
    """
    Return the account that lost its marker, for example by an edit in the UI.

    It has our name, the same client created it as our flow, and a flow of ours uses it. An account that others created
    never counts, whatever its name is.
    """
    found = [b for b in ownership.base_connections.values() if b.marker is None and _is_ours(b, account, ownership)]
    return found if len(found) == 1 else []


def _is_ours(base: LiveObject, account: DesiredAccount, ownership: Ownership) -> bool:
    key, before = account.declared.key, account.declared.renamed_from
    names = [account.title, *(f"{name} ({ownership.project})" for name in (key, before) if name)]
    called = any(re.fullmatch(rf"{re.escape(name)}( \d+)?", base.name) for name in names)
    maker = base.raw.get("createdClient")
    made = [
        h.flow.raw.get("createdClient")
        for h in ownership.flows_on(base.id)
        if h.marker and h.marker.project == ownership.project
    ]
    return called and maker != UI and wire.destination_type(base.raw) is account.type and maker in made


def _generation(live: LiveObject) -> int:
    return live.marker.generation if live.marker else 1


def _users_consequence(ownership: Ownership, base: LiveObject) -> Consequence:
    listed = _quoted_flow_names(ownership, base) or "no flow yet"
    return Consequence("account-users", f"changes every flow on this account: {listed}", "warning")


def _quoted_flow_names(ownership: Ownership, base: LiveObject) -> str:
    return ", ".join(f'"{name}"' for name in sorted(h.flow.name or h.flow.id for h in ownership.flows_on(base.id)))


def _unreached_consequences(ownership: Ownership, stale: tuple[LiveObject, ...]) -> tuple[Consequence, ...]:
    """Name the flows on other accounts of this destination; two first runs at the same time can cause these."""
    used = [(base, _quoted_flow_names(ownership, base)) for base in stale if ownership.flows_on(base.id)]
    return tuple(
        Consequence(
            "account-flows-unreached",
            f"does not change {flows}: base connection {base.id}, another account, keeps its values",
            "warning",
        )
        for base, flows in used
    )


def _creation_changes(account: DesiredAccount) -> tuple[FieldChange, ...]:
    rows = [
        ("type", "type", account.type.name),
        ("title", "title", account.title),
        *((AUTH, leaf_path(AUTH, key), value) for key, value in account.auth.items()),
    ]
    where = account.declared.positions
    return tuple(FieldChange(path, name, None, v, Cause.CREATE, at=where.get(path)) for name, path, v in rows)


def _marker(account: DesiredAccount, project: str, generation: int) -> Marker:
    applied = {AUTH: (digest(account.auth),), SECRET_VERSION: (digest(account.secret_version),)}
    return Marker(project, BASE_CONNECTION.letter, account.address.name, generation, applied=applied)


def _fields(account: DesiredAccount) -> dict[str, object]:
    fields: dict[str, object] = {"method": account.method, AUTH: dict(account.auth_to_send)}
    if account.declared.encryption:
        fields["encryption"] = account.declared.encryption.text
    return fields


def _create_step(account: DesiredAccount, ownership: Ownership, generation: int) -> Step:
    return steps.create_step(
        BASE_CONNECTION,
        account.address,
        type_name=account.type.name,
        title=account.title if generation == 1 else f"{account.title} {generation}",
        text=account.declared.description,
        fields=_fields(account),
        marker=_marker(account, ownership.project, generation),
        secrets=account.secrets,
    )


def _compared_item(
    account: DesiredAccount,
    base: LiveObject,
    ownership: Ownership,
    as_of: int,
    accept: tuple[AcceptEntry, ...],
    resend: bool,
) -> PlanItem:
    wanted = {AUTH: account.auth, SECRET_VERSION: account.secret_version}
    live = wire.read_fields(BASE_CONNECTION.name, base.raw)
    inputs = ComparisonInputs(base.marker, as_of)
    names = (str(account.address),)
    changes = field_changes(BASE_CONNECTION, wanted, live, inputs)
    changes = tuple(field_diff.apply_accept_entries(c, names, accept, as_of) for c in changes)
    applied = applied_digests(BASE_CONNECTION, wanted, live, changes, inputs, lambda c: c.cause in WRITE_CAUSES)
    if resend:
        applied[SECRET_VERSION] = next_secret_version(applied[SECRET_VERSION])
    after = Marker(ownership.project, BASE_CONNECTION.letter, account.address.name, _generation(base), applied=applied)
    changes = tuple(_annotate_change(account, base, c) for c in changes)
    writes = resend or any(c.cause in WRITE_CAUSES for c in changes)
    findings = (*_lost_marker_findings(account, base), *_encryption_findings(account, base))
    moved = base.marker is None or base.marker.damaged or base.marker != after
    if not writes and not moved:
        return PlanItem(
            account.address, Verb.UNCHANGED, id=base.id, fields=changes, findings=findings, at=account.declared.at
        )
    step = steps.update_step(
        BASE_CONNECTION,
        account.address,
        base,
        type_name=account.type.name,
        fields=_fields(account) if writes else {},
        marker=after,
        secrets=account.secrets if writes else (),
    )
    return PlanItem(
        account.address,
        Verb.UPDATE if writes else Verb.MARK,
        id=base.id,
        fields=changes,
        steps=(step,),
        consequences=(
            _users_consequence(ownership, base),
            *_rotation_consequences(changes, resend),
            *_dropped_key_consequences(account, base),
        )
        if writes
        else (),
        refusals=(*_lost_key_refusals(account, base), *_accepted_value_refusals(account, changes)) if writes else (),
        findings=findings,
        at=account.declared.at,
    )


def _lost_marker_findings(account: DesiredAccount, base: LiveObject) -> tuple[Finding, ...]:
    """Report a lost or edited marker: then it is unknown whether the secrets of this `secret_version` were sent."""
    if base.marker is not None and not base.marker.damaged:
        return ()
    name = f'the account {base.id} "{base.name}"'
    hint = "run `exportctl apply`: it writes the marker again"
    if account.secrets:
        hint += f"; if you changed a secret, run `exportctl rotate {account.declared.key}` too"
    if base.marker:
        text = f"{account.address}: the marker on {name} was edited"
        return (Finding("marker-damaged", text, account.declared.at, hint, Level.WARNING),)
    text = f"{account.address}: {name} lost its marker (its description was edited); its name, creator and flows match"
    return (Finding("marker-lost", text, account.declared.at, hint, Level.WARNING),)


def _encryption_findings(account: DesiredAccount, base: LiveObject) -> tuple[Finding, ...]:
    """Report another encryption key and send nothing: Adobe documents no way to change it."""
    live = wire.members(wire.members(base.raw.get("encryptionSpecs")).get("params")).get("publicKey")
    declared = account.declared.encryption
    if live is None or (declared and declared.text == live):
        return ()
    text = f"{account.address}: the live account has another encryption key, which cannot change after its creation"
    hint = "declare another destination with the new key and move the exports there"
    at = declared.at if declared else account.declared.at
    return (Finding("encryption-fixed", text, at, hint, Level.WARNING),)


def _annotate_change(account: DesiredAccount, base: LiveObject, change: FieldChange) -> FieldChange:
    where = account.declared.positions
    at = where.get(change.path) or where.get(change.field)
    blamed = change.cause in (Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.ACCEPTED)
    who = actor(BASE_CONNECTION.field_rule(change.field), BASE_CONNECTION, base, None) if blamed else None
    return replace(change, at=at, actor=who)


def next_secret_version(version: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return the digest of secret_version, and the number of times its secrets were sent again (modulo 65,536, in hex).

    Only the digest is compared, so the next plan is empty. The number changes with each write of the secrets: no other
    readable value shows whether a request with a lost answer arrived.
    """
    count = int(version[1], 16) if len(version) > 1 else 0
    return version[0], f"{(count + 1) % 0x10000:04x}"


def _rotation_consequences(changes: tuple[FieldChange, ...], resend: bool) -> tuple[Consequence, ...]:
    if not resend and not any(c.field == SECRET_VERSION for c in changes):
        return ()
    text = (
        "sends the account's secrets again: keep the old secrets valid until the next good run of each of these flows; "
        "after the apply, `exportctl verify --since MOMENT` shows these runs for the declared exports"
    )
    return (Consequence("secrets-resent", text, "warning"),)


def _unsent_keys(account: DesiredAccount, base: LiveObject) -> tuple[list[str], list[str]]:
    """Return live auth keys that the YAML lacks, and live auth keys under `drop`; a patch removes both."""
    live = [*wire.unknown_auth(base.raw), *wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH]]
    dropped_keys = sorted(k for k in live if k not in account.auth_to_send)
    dropped = account.declared.account.drop
    return [k for k in dropped_keys if k not in dropped], [k for k in dropped_keys if k in dropped]


def _dropped_key_consequences(account: DesiredAccount, base: LiveObject) -> tuple[Consequence, ...]:
    _, dropped = _unsent_keys(account, base)
    if not dropped:
        return ()
    text = f"removes {', '.join(dropped)} from the account, as `drop` says"
    return (Consequence("auth-keys-dropped", text, "warning"),)


def _lost_key_refusals(account: DesiredAccount, base: LiveObject) -> tuple[Refusal, ...]:
    """Refuse a patch of the whole object that would remove live keys which the YAML lacks."""
    lost, _ = _unsent_keys(account, base)
    if not lost:
        return ()
    names = ", ".join(lost)
    text = f"the live account has auth keys that the YAML lacks ({names}); this write would remove them"
    allow = f"add them to `auth` of {account.address}, or write `drop: [{names}]` there"
    return (Refusal("auth-keys-lost", text, allow),)


def _accepted_value_refusals(account: DesiredAccount, changes: tuple[FieldChange, ...]) -> tuple[Refusal, ...]:
    """Refuse a patch of the whole object that would overwrite an accepted difference."""
    accepted = ", ".join(c.path for c in changes if c.cause is Cause.ACCEPTED)
    if not accepted:
        return ()
    text = f"an account is always sent as a whole, so this write would overwrite accepted differences ({accepted})"
    allow = f"write the live value into {account.address}, or remove the `accept` entry to overwrite it"
    return (Refusal("accepted-undone", text, allow),)
