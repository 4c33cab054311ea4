"""
A difference of location or account -> edits that may accept it, the smallest first. Pure.

    live location                          edits, in the order of the attempts
    below the destination's folder         `subpath` of the export
    anywhere                               the destination itself, if all its exports moved too
    below another destination              `destination` of the export
    anywhere                               a new destination on the same account

    If the flow is on another account than the destination (a flow to adopt can be), only the last two accept it, with
    the flow's own account.

    account keys beside `auth`             the destination; the other keys of `auth` are sensitive
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.accept.changes import ChangeGroup
from exportctl.accept.context import EditContext
from exportctl.accept.export_edits import NotExpressible, Proposal
from exportctl.config.yaml_nodes import ScalarNode
from exportctl.importing import shared_settings
from exportctl.importing.destinations import account_reference, subpath_below
from exportctl.importing.existing_config import FreeKeys
from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.model.project import READERS, Destination, Export
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import KeyForm
from exportctl.resources.kinds import LOCATION
from exportctl.yaml_edit.edit import Edit, SetValue
from exportctl.yaml_edit.emit import Block

_SENSITIVE = "is sensitive: write what the account holds into the config or the variable yourself"


def location_edits(export: Export, live_flow: LiveFlow, context: EditContext) -> Iterator[Proposal]:
    """Yield edits that make the config equal to the location of the flow."""
    assert live_flow.target is not None
    kind = wire.destination_type(live_flow.target.raw)
    declared = context.project.destinations[export.destination]
    if kind is None or kind.name != declared.type:
        raise NotExpressible("is on a destination of another type")
    shown = wire.members(live_flow.target.raw.get("params"))
    odd = next((f.name for f in kind.location if not isinstance(shown.get(f.wire), str | None)), None)
    if odd:
        raise NotExpressible(f"has a {odd} that is not text")
    live: dict[str, str] = live_flow.target_fields[LOCATION]
    key, owner = kind.folder_key, _account_reference(declared)
    placed = context.existing.destinations.get(export.destination)
    base = context.ownership.base_connections.get(live_flow.base_id or "")
    if base and (placed is None or placed.base != base.id):  # the flow is on another account than the destination
        owner = account_reference(base, kind, context.existing, context.ownership)
    else:
        if (subpath := _subpath_from(declared, live, key)) is not None:
            yield _subpath_edit(export, subpath, context)
        yield from _edit_destination(export, declared, live, key)
    for name, other in sorted(context.existing.destinations.items()):
        one = other.declared
        subpath = _subpath_from(one, live, key) if one.type == kind.name else None
        if subpath is not None and other.base == live_flow.base_id and name != export.destination:
            moved = SetValue((EXPORTS, export.declared_key, "destination"), name)
            yield (moved, *_subpath_edit(export, subpath, context))
    yield _add_destination(export, declared, live, key, owner, context)


def _subpath_from(one: Destination, live: dict[str, str], key: str) -> str | None:
    """Return the `subpath` from a destination to the live location, None if there is none."""
    same = {**one.location, key: ""} == {**live, key: ""}
    return subpath_below(live.get(key, ""), one.location.get(key, "")) if same else None


def _subpath_edit(export: Export, subpath: str, context: EditContext) -> Proposal:
    """Return the edit of `subpath`; none if it is empty and not set."""
    if not subpath and context.node(EXPORTS, export.declared_key, "subpath") is None:
        return ()
    return (SetValue((EXPORTS, export.declared_key, "subpath"), subpath),)


def _edit_destination(export: Export, declared: Destination, live: dict[str, str], key: str) -> Iterator[Proposal]:
    wanted = _strip_subpath(export, live, key)
    if wanted is None:
        return
    edits = [
        SetValue((DESTINATIONS, declared.key, name), wanted.get(name, ""))
        for name in {**declared.location, **wanted}
        if wanted.get(name, "") != declared.location.get(name, "")
    ]
    if edits:
        yield tuple(edits)


def _strip_subpath(export: Export, live: dict[str, str], key: str) -> dict[str, str] | None:
    """Return the location from which the export's own subpath leads to the live folder, or None."""
    tail, path = export.subpath.strip("/"), live.get(key, "")
    if not tail:
        return live
    if path == tail:
        return {**live, key: ""}
    return {**live, key: path.removesuffix(f"/{tail}")} if path.endswith(f"/{tail}") else None


def _account_reference(declared: Destination) -> dict[str, str]:
    """Return the `account` of a new destination that shares the account of this one."""
    one = declared.account
    shared_with = one.of or (declared.key if one.is_ours else None)
    owner = {"existing": one.existing, "id": one.id, "of": shared_with}
    return {name: text for name, text in owner.items() if text}


def _add_destination(
    export: Export, declared: Destination, live: dict[str, str], key: str, owner: dict[str, str], context: EditContext
) -> Proposal:
    wanted = _strip_subpath(export, live, key)
    free = FreeKeys(context.existing.taken_names[DESTINATIONS])
    key_of_new = free.take_key([f"{declared.key} {export.declared_key}"])
    placed = context.existing.destinations.get(declared.key)
    value: dict[str, object] = {"type": declared.type, **(wanted or live), "account": owner}
    if placed and placed.format:
        value["format"] = shared_settings.inline_format(placed.format)
    if declared.reader != READERS[0] and owner == _account_reference(declared):
        value["reader"] = declared.reader
    return (
        SetValue((DESTINATIONS, key_of_new), Block(value)),
        SetValue((EXPORTS, export.declared_key, "destination"), key_of_new),
        *(_subpath_edit(export, "", context) if wanted is None else ()),
    )


def account_edits(group: ChangeGroup, declared: Destination, context: EditContext) -> Iterator[Proposal]:
    """
    Yield edits that make the config equal to an account of this project.

    Raises:
        NotExpressible: a value is sensitive, so no edit writes it into a file.
    """
    kind = TYPES[declared.type]
    edits: list[Edit] = []
    for change in group.changes:
        name = change.path.rpartition(".")[2]
        if not isinstance(change.before, str):
            whose = f"{change.path} " if len(group.changes) > 1 else ""
            raise NotExpressible(f"{whose}{_SENSITIVE}")
        composed, key = kind.composed_key, kind.account_key(name)
        whole = isinstance(context.node(DESTINATIONS, declared.key, name), ScalarNode)
        if composed and name == composed.name and not whole:
            parts = composed.split(change.before)
            if parts is None:
                raise NotExpressible(f"cannot be written in parts: write `{name}` in place of `{composed.parts[0]}`")
            edits += [SetValue((DESTINATIONS, declared.key, part), text) for part, text in parts.items()]
            continue
        number = key is not None and key.form is KeyForm.PORT and change.before.isdecimal()
        edits.append(SetValue((DESTINATIONS, declared.key, name), int(change.before) if number else change.before))
    yield tuple(edits)
