"""
Plan one account (a base connection): what is live, what the YAML declares, and the write between. Pure.

apply creates an account when an export first needs it, and only once. The plan names every flow on an account, because
a patch of the account reaches all of them, also flows of other owners.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import astuple, replace

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.digests import long_digest
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
    UnknownValue,
    Verb,
    digest,
)
from exportctl.plan import steps
from exportctl.plan.comparison import ComparisonInputs, name_variables
from exportctl.plan.desired import DesiredAccount, finding
from exportctl.plan.field_diff import AcceptEntries, applied_digests, apply_accept_entries, field_changes
from exportctl.plan.last_editor import UI, actor
from exportctl.plan.ownership import Ownership
from exportctl.plan.titles import free_title
from exportctl.resources import wire
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, SECRET_VERSION, leaf_path
from exportctl.resources.spec_names import encryption_key

ENCRYPTION = "encryption"


@dataclass(frozen=True)
class AccountPlan:
    """The plan of one account: `base` is the id or the step that exports use, `stale` are accounts to delete later."""

    item: PlanItem
    base: str | Step
    stale: tuple[LiveObject, ...] = ()


def plan_account(
    account: DesiredAccount,
    ownership: Ownership,
    as_of: int,
    *,
    accept: AcceptEntries = AcceptEntries(),  # noqa: B008 -- frozen
    resend: bool = False,
    titles: Container[str] = (),
) -> AccountPlan:
    """
    Plan one account that an export needs; with `resend`, send its secrets although no field differs.

    `titles` are the folded titles of the accounts that this plan creates already.
    """
    named = live_accounts(account, ownership)
    live = [o for o in named if wire.destination_type(o.raw) is account.type]
    if named and not live:
        return _replacement(account, ownership, _type_change(account, named[0]), named, (), titles)
    if not live:
        step = _create_step(account, ownership, 1, titles)
        fields = _creation_changes(account)
        item = PlanItem(account.address, Verb.CREATE, fields=fields, steps=(step,), at=account.declared.at)
        return AccountPlan(item, step)
    base = _current_account(account, live, ownership)
    stale = tuple(o for o in named if o is not base)
    before = _method(base)
    if before != account.method:
        at = account.declared.positions.get("auth")
        change = FieldChange(AUTH, AUTH, before, account.method, Cause.PENDING, at=at)
        return _replacement(account, ownership, change, [base], stale, titles)
    item = _compared_item(account, base, ownership, as_of, accept, resend)
    if item.verb is Verb.UPDATE:
        item = item.add(consequences=_unreached_consequences(ownership, stale))
    return AccountPlan(item, base.id, stale)


def _type_change(account: DesiredAccount, live: LiveObject) -> FieldChange:
    former = wire.destination_type(live.raw)
    change = FieldChange("type", "type", former.name if former else None, account.type.name, Cause.PENDING)
    return name_variables(change, account.declared.variables)


def _replacement(
    account: DesiredAccount,
    ownership: Ownership,
    change: FieldChange,
    replaced: Sequence[LiveObject],
    stale: tuple[LiveObject, ...],
    titles: Container[str],
) -> AccountPlan:
    """Plan a new account for another type or method; the old one is deleted when no flow uses it."""
    step = _create_step(account, ownership, max(_generation(o) for o in replaced) + 1, titles)
    item = PlanItem(
        account.address,
        Verb.REPLACE,
        id=replaced[0].id,
        fields=(change,),
        steps=(step,),
        consequences=tuple(_users_consequence(ownership, o) for o in replaced),
        at=account.declared.at,
    )
    return AccountPlan(item, step, (*stale, *replaced))


def live_accounts(account: DesiredAccount, ownership: Ownership) -> list[LiveObject]:
    """
    Return the live accounts of a destination: by address, by the address before a rename, or without a marker.

    An account can lose its marker, for example by an edit in the UI. It is still ours if it alone has our name, the
    same client created it as our flow, and a flow of ours uses it. An account that others created never counts,
    whatever its name is.
    """
    key, before = account.declared.key, account.declared.renamed_from
    for name in (key, before) if before else (key,):
        if named := ownership.own_accounts.get(Address(account.address.root, name)):
            return list(named)
    titles = [account.title, *(f"{name} ({ownership.project})" for name in (key, before) if name)]
    found = [b for b in ownership.unmarked_accounts(titles) if _is_ours(b, account, ownership)]
    return found if len(found) == 1 else []


def _is_ours(base: LiveObject, account: DesiredAccount, ownership: Ownership) -> bool:
    maker = base.raw.get("createdClient")
    ours = (h for h in ownership.flows_on(base.id) if h.is_owned_by(ownership.project))
    made = any(h.flow.raw.get("createdClient") == maker for h in ours)
    return maker != UI and wire.destination_type(base.raw) is account.type and made


def _current_account(account: DesiredAccount, live: Sequence[LiveObject], ownership: Ownership) -> LiveObject:
    """
    Return the account of the newest generation.

    If it has another way to authenticate, an older one that flows still use goes first: the config was taken back
    before the replacement of the account ended.
    """
    newest = max(_generation(o) for o in live)
    current = [o for o in live if _generation(o) == newest]
    if all(_method(o) != account.method for o in current):
        current = [o for o in live if _method(o) == account.method and ownership.flows_on(o.id)] or current
    return min(current, key=lambda o: (not ownership.flows_on(o.id), -_generation(o), o.created_at_ms, o.id))


def _method(live: LiveObject) -> str | None:
    method = wire.auth_method(live.raw)
    return method.name if method else None


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
    text = "does not change {}: base connection {}, another account, keeps its values"
    return tuple(Consequence("account-flows-unreached", text.format(flows, base.id), "warning") for base, flows in used)


def _creation_changes(account: DesiredAccount) -> tuple[FieldChange, ...]:
    rows = [
        ("type", "type", account.type.name),
        ("title", "title", account.title),
        *((AUTH, leaf_path(AUTH, key), value) for key, value in account.auth.items()),
    ]
    if account.declared.encryption:
        rows.append((ENCRYPTION, leaf_path(ENCRYPTION, "public_key"), account.declared.encryption.text))
    where = account.declared.positions
    return tuple(FieldChange(path, name, None, v, Cause.CREATE, at=where.get(path)) for name, path, v in rows)


def _marker(account: DesiredAccount, project: str, generation: int) -> Marker:
    applied = {AUTH: (digest(account.auth),), SECRET_VERSION: (digest(account.secret_version),)}
    return Marker(
        project,
        BASE_CONNECTION.letter,
        account.address.name,
        generation,
        applied=applied,
        long_digests=_long_digests(account),
    )


def _long_digests(account: DesiredAccount, accepted: Collection[str] = ()) -> dict[str, str]:
    """Return the digests of what the service does not return; an accepted difference is not what was applied."""
    values: dict[str, object] = {SECRET_VERSION: account.secret_version} if account.secrets else {}
    if account.live_method and account.live_method.has_hidden_field and UnknownValue.UNSET not in account.auth.values():
        values[AUTH] = account.auth
    return {name: long_digest(value) for name, value in values.items() if name not in accepted}


def _fields(account: DesiredAccount) -> dict[str, object]:
    fields: dict[str, object] = {"method": account.method, AUTH: dict(account.auth_to_send)}
    if account.live_method and account.live_method.is_named_by_spec:
        names = {f.name: f.wire for f in account.live_method.fields}
        fields["auth_names"] = [account.live_method.spec_name, names]
    if account.declared.encryption:
        fields[ENCRYPTION] = account.declared.encryption.text
        if account.encryption:
            fields["encryption_names"] = list(astuple(account.encryption))
    return fields


def _create_step(account: DesiredAccount, ownership: Ownership, generation: int, titles: Container[str]) -> Step:
    taken = ownership.names_taken(BASE_CONNECTION.name, also=titles)
    step = steps.create_step(
        BASE_CONNECTION,
        account.address,
        type_name=account.type.name,
        title=free_title(account.title, taken, generation),
        text=account.declared.description,
        fields=_fields(account),
        marker=_marker(account, ownership.project, generation),
        secrets=account.secrets,
    )
    return replace(step, known=account.auth)


def _compared_item(
    account: DesiredAccount,
    base: LiveObject,
    ownership: Ownership,
    as_of: int,
    accept: AcceptEntries,
    resend: bool,
) -> PlanItem:
    wanted = {AUTH: account.auth, SECRET_VERSION: account.secret_version}
    live = wire.read_fields(BASE_CONNECTION.name, base.raw)
    found = field_changes(BASE_CONNECTION, wanted, live, ComparisonInputs(base.marker, as_of))
    changes = tuple(_annotate_change(account, base, c, accept, as_of) for c in found)
    applied = applied_digests(BASE_CONNECTION, wanted, live, changes, base.marker)
    if resend:
        applied[SECRET_VERSION] = next_secret_version(applied[SECRET_VERSION])
    accepted = {c.field for c in changes if c.cause is Cause.ACCEPTED}
    after = replace(
        _marker(account, ownership.project, _generation(base)),
        applied=applied,
        long_digests=_long_digests(account, accepted),
    )
    writes = resend or any(c.cause in WRITE_CAUSES for c in changes)
    item = PlanItem(
        account.address,
        Verb.UNCHANGED,
        id=base.id,
        fields=changes,
        findings=(*_lost_marker_findings(account, base), *_encryption_findings(account, base)),
        at=account.declared.at,
    )
    if not writes and base.marker == after:
        return item
    step = steps.update_step(
        account.address,
        base,
        type_name=account.type.name,
        fields=_fields(account) if writes else {},
        marker=after,
        secrets=account.secrets if writes else (),
    )
    if not writes:
        return replace(item, verb=Verb.MARK, steps=(step,))
    step = replace(step, known=account.auth)
    lost, dropped = _unsent_keys(account, base)
    return replace(
        item,
        verb=Verb.UPDATE,
        steps=(step,),
        consequences=(
            _users_consequence(ownership, base),
            *_rotation_consequences(account, changes, resend),
            *_dropped_key_consequences(dropped),
        ),
        refusals=(*_lost_key_refusals(account, lost), *_accepted_value_refusals(account, changes)),
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
        return (finding(account, "marker-damaged", f"the marker on {name} was edited", hint),)
    text = f"{name} lost its marker (its description was edited); its name, creator and flows match"
    return (finding(account, "marker-lost", text, hint),)


def _encryption_findings(account: DesiredAccount, base: LiveObject) -> tuple[Finding, ...]:
    """Report another encryption key and send nothing: Adobe documents no way to change it."""
    live = encryption_key(base.raw)
    declared = account.declared.encryption
    if live is None or (declared and declared.text == live):
        return ()
    text = f"{account.address}: the live account has another encryption key, which cannot change after its creation"
    hint = "declare another destination with the new key and move the exports there"
    at = declared.at if declared else account.declared.at
    return (Finding("encryption-fixed", text, at, hint, Level.WARNING),)


def _annotate_change(
    account: DesiredAccount, base: LiveObject, change: FieldChange, accept: AcceptEntries, as_of: int
) -> FieldChange:
    """Add the last editor and the position in the YAML; mark an accepted difference."""
    change = apply_accept_entries(change, (str(account.address),), accept, as_of)
    where = account.declared.positions
    at = where.get(change.path) or where.get(change.field)
    blamed = change.cause in (Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.ACCEPTED)
    who = actor(BASE_CONNECTION.field_rule(change.field), BASE_CONNECTION, base, None) if blamed else None
    return name_variables(replace(change, at=at, actor=who), account.declared.variables)


def next_secret_version(version: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return the digest of secret_version, and the number of times its secrets were sent again (modulo 65,536, in hex).

    Only the digest is compared, so the next plan is empty. The number changes with each write of the secrets: no other
    readable value shows whether a request with a lost answer arrived.
    """
    count = int(version[1], 16) if len(version) > 1 else 0
    return version[0], f"{(count + 1) % 0x10000:04x}"


def _rotation_consequences(
    account: DesiredAccount, changes: tuple[FieldChange, ...], resend: bool
) -> tuple[Consequence, ...]:
    rotates = resend or any(c.field == SECRET_VERSION and c.cause in WRITE_CAUSES for c in changes)
    if not rotates or not account.secrets:
        return ()
    text = (
        "sends the account's secrets again: keep the old secrets valid until the next good run of each of these flows; "
        "after the apply, `exportctl verify --since MOMENT` shows these runs for the declared exports"
    )
    return (Consequence("secrets-resent", text, "warning"),)


def _unsent_keys(account: DesiredAccount, base: LiveObject) -> tuple[list[str], list[str]]:
    """Return live auth keys that the YAML lacks, and live auth keys under `drop`; a patch removes both."""
    live = [*wire.unknown_auth(base.raw), *wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH]]
    unsent = sorted(k for k in live if k not in account.auth_to_send)
    drop = account.declared.account.drop
    return [k for k in unsent if k not in drop], [k for k in unsent if k in drop]


def _dropped_key_consequences(dropped: Sequence[str]) -> tuple[Consequence, ...]:
    if not dropped:
        return ()
    text = f"removes {', '.join(dropped)} from the account, as `drop` says"
    return (Consequence("auth-keys-dropped", text, "warning"),)


def _lost_key_refusals(account: DesiredAccount, lost: Sequence[str]) -> tuple[Refusal, ...]:
    """Refuse a patch of the whole object that would remove live keys which the YAML lacks."""
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
