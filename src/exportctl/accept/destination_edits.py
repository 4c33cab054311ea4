"""
A difference of place or account -> edits that may accept it, the smallest first. Pure, like `proposals`.

    live place                             edits, in the order in which they are tried
    below the destination's folder         `subpath` of the export
    anywhere                               the destination itself, if all its exports went along
    where another destination is           `destination` of the export
    anywhere                               a new destination on the same account

    On another account than the destination's, as a flow to be adopted may be, only the last two accept it, with the
    flow's own account.

    account: host, port, endpoint          the destination; all other keys of `auth` are not for everybody
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.accept.context import EditContext
from exportctl.accept.export_edits import NotExpressible, Proposal
from exportctl.accept.request import ChangeGroup
from exportctl.config.yaml_nodes import ScalarNode
from exportctl.importing import shared_settings
from exportctl.importing.destinations import account_reference, subpath_below
from exportctl.importing.existing_config import free_key
from exportctl.model.plan import DESTINATIONS, EXPORTS, LiveObject, SensitiveValue
from exportctl.model.project import READERS, Destination, Export
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import KeyForm
from exportctl.resources.kinds import LOCATION, TARGET_CONNECTION
from exportctl.yaml_edit.edit import Edit, SetValue
from exportctl.yaml_edit.emit import Block

_SENSITIVE = "is sensitive: write what the account holds into the config or the variable yourself"


def location_edits(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    """Edits that make the config say where the flow writes."""
    assert live_flow.target is not None
    kind = wire.destination_type(live_flow.target.raw)
    declared = sight.project.destinations[export.destination]
    if kind is None or kind.name != declared.type:
        raise NotExpressible("is on another type of destination")
    shown = wire.members(live_flow.target.raw.get("params"))
    odd = next((f.name for f in kind.location if not isinstance(shown.get(f.wire), str | None)), None)
    if odd:
        raise NotExpressible(f"has a {odd} that is no text")
    live: dict[str, str] = wire.read_fields(TARGET_CONNECTION.name, live_flow.target.raw)[LOCATION]
    path, key = live.get(kind.folder_key, ""), kind.folder_key
    others = {name: text for name, text in live.items() if name != key}
    here = {name: text for name, text in declared.location.items() if name != key}
    elsewhere = _other_account(export, live_flow, sight)
    if not elsewhere:
        if others == here and (rest := subpath_below(path, declared.location.get(key, ""))) is not None:
            yield _subpath(export, rest, sight)
        yield from _edit_destination(export, declared, live, key)
    for name, placed in sorted(sight.existing.destinations.items()):
        one = placed.declared
        same = {n: text for n, text in one.location.items() if n != key} == others
        rest = subpath_below(path, one.location.get(key, "")) if same and one.type == kind.name else None
        if rest is not None and placed.base == live_flow.base_id and name != export.destination:
            yield (SetValue((EXPORTS, export.declared_key, "destination"), name), *_subpath(export, rest, sight))
    owner = (
        account_reference(elsewhere, kind, sight.existing, sight.ownership)
        if elsewhere
        else _account_reference(declared)
    )
    yield _add_destination(export, declared, live, key, owner, sight)


def _other_account(export: Export, live_flow: LiveFlow, sight: EditContext) -> LiveObject | None:
    """The flow's account, where it is not that of the destination."""
    base, placed = (
        sight.ownership.base_connections.get(live_flow.base_id or ""),
        sight.existing.destinations.get(export.destination),
    )
    return base if base and (placed is None or placed.base != base.id) else None


def _subpath(export: Export, rest: str, sight: EditContext) -> Proposal:
    """Said where it is not empty, or was not."""
    if not rest and sight.node(EXPORTS, export.declared_key, "subpath") is None:
        return ()
    return (SetValue((EXPORTS, export.declared_key, "subpath"), rest),)


def _edit_destination(export: Export, declared: Destination, live: dict[str, str], key: str) -> Iterator[Proposal]:
    wanted = _strip_subpath(export, live, key)
    if wanted is not None:
        names = {**declared.location, **wanted}
        edits = [
            SetValue((DESTINATIONS, declared.key, name), wanted.get(name, ""))
            for name in names
            if wanted.get(name, "") != declared.location.get(name, "")
        ]
        if edits:
            yield tuple(edits)


def _strip_subpath(export: Export, live: dict[str, str], key: str) -> dict[str, str] | None:
    """The place of a destination below which the export's own subpath leads to the live folder."""
    tail = export.subpath.strip("/")
    if not tail:
        return live
    path = live.get(key, "")
    if path == tail:
        return {**live, key: ""}
    return {**live, key: path.removesuffix(f"/{tail}")} if path.endswith(f"/{tail}") else None


def _account_reference(declared: Destination) -> dict[str, str]:
    """The account of a destination, for another one on it."""
    one = declared.account
    shared_with = one.of or (declared.key if one.is_ours else None)
    owner = {"existing": one.existing, "id": one.id, "of": shared_with}
    return {name: text for name, text in owner.items() if text}


def _add_destination(
    export: Export, declared: Destination, live: dict[str, str], key: str, owner: dict[str, str], sight: EditContext
) -> Proposal:
    wanted = _strip_subpath(export, live, key)
    key_of_new = free_key([f"{declared.key} {export.declared_key}"], sight.existing.taken_names[DESTINATIONS])
    form = sight.existing.destinations[declared.key].format if declared.key in sight.existing.destinations else None
    value: dict[str, object] = {
        "type": declared.type,
        **(wanted or live),
        "account": owner,
        **({"format": shared_settings.inline_format(form)} if form else {}),
        **(
            {"reader": declared.reader}
            if declared.reader != READERS[0] and owner == _account_reference(declared)
            else {}
        ),
    }
    edits: list[Edit] = [
        SetValue((DESTINATIONS, key_of_new), Block(value)),
        SetValue((EXPORTS, export.declared_key, "destination"), key_of_new),
    ]
    return (*edits, *(_subpath(export, "", sight) if wanted is None else ()))


def account_edits(wish: ChangeGroup, declared: Destination, sight: EditContext) -> Iterator[Proposal]:
    """
    Edits that make the config say what an account of ours holds.

    Raises:
        Inexpressible: it is not for everybody, so it is not written into a file.
    """
    kind = TYPES[declared.type]
    edits: list[Edit] = []
    for change in wish.changes:
        name = change.path.rpartition(".")[2]
        if isinstance(change.before, SensitiveValue | None) or not isinstance(change.before, str):
            whose = f"{change.path} " if len(wish.changes) > 1 else ""
            raise NotExpressible(f"{whose}{_SENSITIVE}")
        composed, key = kind.composed_key, kind.account_key(name)
        whole = isinstance(sight.node(DESTINATIONS, declared.key, name), ScalarNode)
        if composed and name == composed.name and not whole:
            parts = composed.split(change.before)
            if parts is None:
                raise NotExpressible(f"is no {composed.form}: write `{name}` in place of `{composed.parts[0]}`")
            edits += [SetValue((DESTINATIONS, declared.key, part), text) for part, text in parts.items()]
            continue
        number = key is not None and key.form is KeyForm.PORT and change.before.isdecimal()
        edits.append(SetValue((DESTINATIONS, declared.key, name), int(change.before) if number else change.before))
    yield tuple(edits)
