"""What the client makes of the objects and specs that the service lists."""

from __future__ import annotations

import pytest

from exportctl.client.inventory import list_objects, live_object, read_connection_specs
from exportctl.errors import ServiceError
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import FLOW, KINDS, Kind
from tests.client.scripted import Reply, Script, client_of


@pytest.mark.parametrize("raw", [{"id": "f1"}, {"etag": "e1"}, {"id": 7, "etag": "e1"}, {}], ids=str)
def test_an_object_without_id_or_etag_is_an_error(raw: dict[str, object]) -> None:
    with pytest.raises(ServiceError, match="without id or etag"):
        live_object(FLOW, raw)


def test_the_version_stands_for_an_etag_that_is_not_there() -> None:
    assert live_object(FLOW, {"id": "f1", "version": "v1"}).etag == "v1"


def test_only_the_specs_of_the_destination_types_are_asked_for() -> None:
    ids = [found.connection_spec for found in TYPES.values()]
    script = Script([Reply(200, {"items": [{"id": one} for one in ids]})])

    assert list(read_connection_specs(client_of(script))) == ids
    assert ("property", f"id=={','.join(ids)}") in script.seen[0].params


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_only_what_exports_are_made_of_is_listed_in_the_order_of_its_creation(kind: Kind) -> None:
    script = Script([Reply(200, {"items": []})])

    assert list_objects(client_of(script), kind) == ()

    assert {*kind.filters, ("orderby", "createdAt")} <= {*script.seen[0].params}
