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

import re
from collections.abc import Iterator

from exportctl import wire
from exportctl.config.nodes import Scalar
from exportctl.declared import Destination, Export
from exportctl.destination_types import READERS
from exportctl.importing import shared
from exportctl.importing.places import account, below
from exportctl.importing.surroundings import free
from exportctl.importing.yaml_text import Block
from exportctl.kinds import PLACE
from exportctl.model import DESTINATIONS, EXPORTS, LiveObject, Sensitive
from exportctl.patching.edits import Edit, Put
from exportctl.patching.proposals import Inexpressible, Proposal
from exportctl.patching.sight import Sight
from exportctl.patching.wishes import Wish
from exportctl.planning.ownership import Holding

_SENSITIVE = "is sensitive: write what the account holds into the config or the variable yourself"
_ABFSS = re.compile(r"abfss://([^@/]+)@([^./]+)\.dfs\.core\.windows\.net/?")


def places(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    """Edits that make the config say where the flow writes."""
    assert holding.place is not None
    kind = wire.destination_type(holding.place.raw)
    declared = sight.project.destinations[export.destination]
    if kind is None or kind.name != declared.type:
        raise Inexpressible("is on another type of destination")
    shown = wire.members(holding.place.raw.get("params"))
    odd = next((f.name for f in kind.place if not isinstance(shown.get(f.wire), str | None)), None)
    if odd:
        raise Inexpressible(f"has a {odd} that is no text")
    live: dict[str, str] = wire.read(PLACE.name, holding.place.raw)["place"]
    path, key = live.get(kind.path_key, ""), kind.path_key
    others = {name: text for name, text in live.items() if name != key}
    here = {name: text for name, text in declared.place.items() if name != key}
    elsewhere = _elsewhere(export, holding, sight)
    if not elsewhere:
        if others == here and (rest := below(path, declared.place.get(key, ""))) is not None:
            yield _subpath(export, rest, sight)
        yield from _moved(export, declared, live, key)
    for name, placed in sorted(sight.around.destinations.items()):
        one = placed.declared
        same = {n: text for n, text in one.place.items() if n != key} == others
        rest = below(path, one.place.get(key, "")) if same and one.type == kind.name else None
        if rest is not None and placed.base == holding.base and name != export.destination:
            yield (Put((EXPORTS, export.of, "destination"), name), *_subpath(export, rest, sight))
    owner = account(elsewhere, kind, sight.around, sight.estate) if elsewhere else _owner(declared)
    yield _new(export, declared, live, key, owner, sight)


def _elsewhere(export: Export, holding: Holding, sight: Sight) -> LiveObject | None:
    """The flow's account, where it is not that of the destination."""
    base, placed = sight.estate.bases.get(holding.base or ""), sight.around.destinations.get(export.destination)
    return base if base and (placed is None or placed.base != base.id) else None


def _subpath(export: Export, rest: str, sight: Sight) -> Proposal:
    """Said where it is not empty, or was not."""
    if not rest and sight.node(EXPORTS, export.of, "subpath") is None:
        return ()
    return (Put((EXPORTS, export.of, "subpath"), rest),)


def _moved(export: Export, declared: Destination, live: dict[str, str], key: str) -> Iterator[Proposal]:
    wanted = _without_subpath(export, live, key)
    if wanted is not None:
        names = {**declared.place, **wanted}
        edits = [
            Put((DESTINATIONS, declared.key, name), wanted.get(name, ""))
            for name in names
            if wanted.get(name, "") != declared.place.get(name, "")
        ]
        if edits:
            yield tuple(edits)


def _without_subpath(export: Export, live: dict[str, str], key: str) -> dict[str, str] | None:
    """The place of a destination below which the export's own subpath leads to the live folder."""
    tail = export.subpath.strip("/")
    if not tail:
        return live
    path = live.get(key, "")
    if path == tail:
        return {**live, key: ""}
    return {**live, key: path.removesuffix(f"/{tail}")} if path.endswith(f"/{tail}") else None


def _owner(declared: Destination) -> dict[str, str]:
    """The account of a destination, for another one on it."""
    one = declared.account
    shared_with = one.of or (declared.key if one.ours else None)
    owner = {"existing": one.existing, "id": one.id, "of": shared_with}
    return {name: text for name, text in owner.items() if text}


def _new(
    export: Export, declared: Destination, live: dict[str, str], key: str, owner: dict[str, str], sight: Sight
) -> Proposal:
    wanted = _without_subpath(export, live, key)
    key_of_new = free([f"{declared.key} {export.of}"], sight.around.taken[DESTINATIONS])
    form = sight.around.destinations[declared.key].format if declared.key in sight.around.destinations else None
    value: dict[str, object] = {
        "type": declared.type,
        **(wanted or live),
        "account": owner,
        **({"format": shared.format_words(form)} if form else {}),
        **({"reader": declared.reader} if declared.reader != READERS[0] and owner == _owner(declared) else {}),
    }
    edits: list[Edit] = [
        Put((DESTINATIONS, key_of_new), Block(value)),
        Put((EXPORTS, export.of, "destination"), key_of_new),
    ]
    return (*edits, *(_subpath(export, "", sight) if wanted is None else ()))


def accounts(wish: Wish, declared: Destination, sight: Sight) -> Iterator[Proposal]:
    """
    Edits that make the config say what an account of ours holds.

    Raises:
        Inexpressible: it is not for everybody, so it is not written into a file.
    """
    edits: list[Edit] = []
    for change in wish.changes:
        name = change.path.rpartition(".")[2]
        if isinstance(change.before, Sensitive | None) or not isinstance(change.before, str):
            whose = f"{change.path} " if len(wish.changes) > 1 else ""
            raise Inexpressible(f"{whose}{_SENSITIVE}")
        if name == "endpoint" and not isinstance(sight.node(DESTINATIONS, declared.key, name), Scalar):
            found = _ABFSS.fullmatch(change.before)
            if found is None:
                raise Inexpressible("is an endpoint of another form: write `endpoint` in place of `storage_account`")
            pairs = (("container", found[1]), ("storage_account", found[2]))
            edits += [Put((DESTINATIONS, declared.key, part), text) for part, text in pairs]
            continue
        number = name == "port" and change.before.isdecimal()
        edits.append(Put((DESTINATIONS, declared.key, name), int(change.before) if number else change.before))
    yield tuple(edits)
