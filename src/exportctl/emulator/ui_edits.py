"""
What people do in the AEP UI: the same writes as the API's, by another client, on flows named by id or unique name.

Edits leave a person in updatedBy and `exc_app` in updatedClient. Objects made by others, of kinds the emulator cannot
make by itself, come in through `load`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from exportctl.emulator import delayed_effects, read_view, specs, writes
from exportctl.emulator.read_view import UI_CLIENT, Caller, RequestContext
from exportctl.emulator.store import Record, Store
from exportctl.emulator.wire import ErrorReport, Json, RequestRefused

PERSON = "someone@acme.example"
LAKE_SPEC = {"id": specs.DATA_LAKE, "version": specs.VERSION}
PROFILE_SPEC = {"id": specs.PROFILE_STORE, "version": specs.VERSION}
CREDENTIALS = {  # by name of the auth param; any other is `made-up`
    "s3AccessKey": "A" * 20,
    "s3SecretKey": "b" * 40,
    "connectionString": "AccountName=acme;AccountKey=made-up",
    "url": "abfss://exports@acme.dfs.core.windows.net",
    "domain": "sftp.acme.example",
    "username": "acme",
}
LOCATIONS = {"bucketName": "acme-exports", "container": "acme-exports", "path": "exports", "remotePath": "/exports"}


class EditRefused(Exception):
    """The service refused an edit, or the flow it names is not there or not the only one."""


class Ui:
    """
    Edits by people. Each returns the id and etag of the object it changed.

    `flow` is a flow's id or its name; `sandbox` narrows where a name is looked for; `as_person` is who does it.
    """

    def __init__(self, store: Store, context: Callable[[str, Caller], RequestContext]) -> None:
        self._store = store
        self._context = context

    def enable(self, flow: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Switch a flow on."""
        return self._edit_flow(
            flow, sandbox, as_person, lambda ctx, found: writes.change_state(ctx, found, "enable", "enabled")
        )

    def disable(self, flow: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Switch a flow off."""
        return self._edit_flow(
            flow, sandbox, as_person, lambda ctx, found: writes.change_state(ctx, found, "disable", "disabled")
        )

    def rename(self, flow: str, name: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Give a flow another name."""
        return self._edit_flow(flow, sandbox, as_person, lambda ctx, found: _patch_value(ctx, found, "/name", name))

    def describe(self, flow: str, text: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Replace the description of a flow."""
        return self._edit_flow(
            flow, sandbox, as_person, lambda ctx, found: _patch_value(ctx, found, "/description", text)
        )

    def end(self, flow: str, moment: int, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Move the end of a flow, in seconds since 1970 UTC."""
        return self.schedule(flow, {"endTime": moment}, sandbox=sandbox, as_person=as_person)

    def start(self, flow: str, moment: int, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Move the start of a flow, in seconds since 1970 UTC."""
        return self.schedule(flow, {"startTime": moment}, sandbox=sandbox, as_person=as_person)

    def state(self, flow: str, word: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Let the service show another state of a flow, whatever the word: no client can set it."""

        def edit(ctx: RequestContext, found: Record) -> Record:
            found.doc["state"] = word
            delayed_effects.record_background_write(ctx.store, found, ctx.now)
            ctx.store.put(found)
            return found

        return self._edit_flow(flow, sandbox, as_person, edit)

    def schedule(
        self, flow: str, changes: Mapping[str, Any], *, sandbox: str | None = None, as_person: str = PERSON
    ) -> Json:
        """Lay changes over the scheduleParams of a flow; a value None takes the member away."""

        def edit(ctx: RequestContext, found: Record) -> Record:
            shown = writes.patchable_document(found, ctx)["scheduleParams"]
            schedule = {key: value for key, value in {**shown, **changes}.items() if value is not None}
            gone = [
                f"/scheduleParams/{key}" for key in shown if key not in schedule
            ]  # a service that merges keeps them
            removals = [{"op": "remove", "path": path, "value": ""} for path in gone]
            return _patch(ctx, found, [*removals, _operation("/scheduleParams", schedule)])

        return self._edit_flow(flow, sandbox, as_person, edit)

    def path(self, flow: str, path: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Change the folder on the flow's target connection."""

        def edit(ctx: RequestContext, found: Record) -> Record:
            target = read_view.find_object(ctx, "targetConnections", found.doc["targetConnectionIds"][0])
            key = specs.BY_CONNECTION_SPEC[target.doc["connectionSpec"]["id"]].folder_param
            return _patch_value(ctx, target, "/params", {**target.doc["params"], key: path})

        return self._edit_flow(flow, sandbox, as_person, edit)

    def datasets(
        self, flow: str, datasets: Iterable[str], *, sandbox: str | None = None, as_person: str = PERSON
    ) -> Json:
        """Export other datasets (ids or exact names): a new source connection; the former one is left behind."""

        def edit(ctx: RequestContext, found: Record) -> Record:
            source = writes.create(ctx, "sourceConnections", _source_body(ctx, found.doc["name"], datasets))
            return _patch_value(ctx, found, "/sourceConnectionIds", [source.id])

        return self._edit_flow(flow, sandbox, as_person, edit)

    def delete(self, flow: str, *, sandbox: str | None = None, as_person: str = PERSON) -> Json:
        """Delete a flow; its connections stay."""

        def edit(ctx: RequestContext, found: Record) -> Record:
            writes.delete(ctx, found)
            return found

        return self._edit_flow(flow, sandbox, as_person, edit)

    def label(self, collection: str, id: str, labels: list[str]) -> Json:
        """Put access labels on any object; an empty list takes them away."""
        with self._write_transaction():
            record = self._store.get(collection, id)
            if record is None:
                raise EditRefused(f"no {collection} with id {id}")
            writes.label(self._context(record.sandbox, _person(PERSON)), record, labels)
            return writes.receipt(record)

    def create_flow(
        self,
        name: str,
        datasets: Iterable[str] = (),
        *,
        sandbox: str,
        destination: str = "Amazon S3",
        schedule: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        audience: bool = False,
        migrated: bool = False,
        base: str | None = None,
        description: str | None = None,
        as_person: str = PERSON,
    ) -> Json:
        """
        Create a whole flow as a person does, with connections of its own unless `base` names one.

        `destination` is the name of a card, `datasets` ids or exact names, `params` are laid over those of the target.
        An `audience` flow needs no datasets; a `migrated` one has the flow spec of datasets. Returns the ids: `id`,
        `source`, `target`, `base`.
        """
        card = next((card for card in specs.DESTINATIONS if card.name == destination), None)
        if card is None:
            raise EditRefused(f"no destination {destination!r}")
        with self._write_transaction():
            ctx = self._context(sandbox, _person(as_person))
            base = base or writes.create(ctx, "connections", _base_body(card, name)).id
            target = writes.create(ctx, "targetConnections", _target_body(card, name, base, audience, params or {}))
            body = _source_body(ctx, name, None if audience else datasets)
            source = writes.create(ctx, "sourceConnections", body)
            body = {
                "name": name,
                **({"description": description} if description is not None else {}),
                "flowSpec": {
                    "id": card.audience_flow if audience and not migrated else card.dataset_flow,
                    "version": specs.VERSION,
                },
                "sourceConnectionIds": [source.id],
                "targetConnectionIds": [target.id],
                "transformations": [],
                "scheduleParams": dict(schedule or _default_schedule(ctx, audience)),
            }
            flow = writes.create(ctx, "flows", body)
        return {"id": flow.id, "source": source.id, "target": target.id, "base": base}

    def load(self, documents: Mapping[str, Iterable[Json]], *, sandbox: str) -> None:
        """
        Put in objects as they are, ids and etags included, whatever their specs; what is missing is filled in.

        Nothing is checked: this is how a copy of a real sandbox, or a card unknown here, gets in.
        """
        with self._write_transaction():
            ctx = self._context(sandbox, _person(PERSON))
            for collection, docs in documents.items():
                if collection not in read_view.COLLECTIONS:
                    raise EditRefused(f"no collection {collection!r}")
                for doc in docs:
                    _put_document(ctx, collection, doc)

    def _edit_flow(
        self, flow: str, sandbox: str | None, person: str, edit: Callable[[RequestContext, Record], Record]
    ) -> Json:
        with self._write_transaction():
            found = self._find_flow(flow, sandbox)
            return writes.receipt(edit(self._context(found.sandbox, _person(person)), found))

    @contextmanager
    def _write_transaction(self) -> Iterator[None]:
        """One transaction, what is due settled first; a refusal of the service becomes `EditRefused`."""
        ctx = self._context("", _person(PERSON))
        with self._store.transaction():
            delayed_effects.apply_due_effects(self._store, ctx.switches, ctx.now)
        try:
            with self._store.transaction():
                yield
        except RequestRefused as refused:
            raise EditRefused(_refusal_text(refused)) from refused

    def _find_flow(self, flow: str, sandbox: str | None) -> Record:
        now = self._context("", _person(PERSON)).now
        known = [record for record in self._store.list_records("flows", sandbox) if not read_view.is_gone(record, now)]
        found = [record for record in known if flow == record.id] or [r for r in known if flow == r.doc["name"]]
        if len(found) != 1:
            raise EditRefused(f"{'no flow' if not found else 'more than one flow'} called {flow!r}")
        own = self._store.get("flows", found[0].id)
        assert own is not None
        return own


def _person(name: str) -> Caller:
    """How a person appears on what the UI writes."""
    # rule: ui-actor
    return Caller(name if name.endswith("@AdobeID") else f"{name.partition('@')[0]}@AdobeID", UI_CLIENT)


def _refusal_text(refused: RequestRefused) -> str:
    body = refused.answer.body
    if isinstance(body, ErrorReport):
        return f"FLOW-{body.code}-{body.status}: {body.text}"
    return str(body.get("errorMessage") or body.get("message") or body) if isinstance(body, dict) else str(body)


def _patch_value(ctx: RequestContext, record: Record, path: str, value: object) -> Record:
    return _patch(ctx, record, [_operation(path, value)])


def _operation(path: str, value: object) -> Json:
    return {"op": "add" if path == "/description" else "replace", "path": path, "value": value}


def _patch(ctx: RequestContext, record: Record, operations: list[Json]) -> Record:
    return writes.patch(ctx, record, record.doc["etag"], operations)


def _source_body(ctx: RequestContext, name: str, datasets: Iterable[str] | None) -> Json:
    """Build a source connection; None reads the profile store. Unknown ids of datasets are taken as they are."""
    if datasets is None:
        return {"name": f"{name} source", "connectionSpec": PROFILE_SPEC}
    names = {row.id: row.doc["name"] for row in ctx.store.list_records("datasets", ctx.sandbox)}
    ids = {name: id for id, name in names.items()}
    wanted = [dataset if dataset in names else ids.get(dataset, dataset) for dataset in datasets]
    entries = [{"dataSetId": id, "name": names.get(id, id)} for id in wanted]
    return {"name": f"{name} source", "connectionSpec": LAKE_SPEC, "params": {"datasets": entries}}


def _base_body(card: specs.DestinationSpec, name: str) -> Json:
    body: Json = {"name": f"{name} account", "connectionSpec": {"id": card.id, "version": specs.VERSION}}
    if card.auths:
        params = {param: CREDENTIALS.get(param, "made-up") for param, _ in card.auths[0].params}
        body["auth"] = {"specName": card.auths[0].name, "params": params}
    return body


def _target_body(card: specs.DestinationSpec, name: str, base: str, audience: bool, params: Mapping[str, Any]) -> Json:
    file_type = {"fileType": "CSV"} if audience else {"datasetFileType": "PARQUET"}
    place = {key: LOCATIONS[key] for key, _ in card.location}
    return {
        "name": f"{name} target",
        "baseConnectionId": base,
        "connectionSpec": {"id": card.id, "version": specs.VERSION},
        "params": {**place, "mode": "Server-to-server", "compression": "GZIP", **file_type, **params},
    }


def _default_schedule(ctx: RequestContext, audience: bool) -> Json:
    if audience:
        return {}
    start = int(ctx.now) // 86400 * 86400 + 86400
    return {
        "exportMode": "FIRST_FULL_THEN_INCREMENTAL",
        "timeUnit": "day",
        "interval": 1,
        "startTime": start,
        "endTime": start + 90 * 86400,
        "foldernameTemplate": "%DATASET_ID%/%EXPORT_TIME%",
    }


def _put_document(ctx: RequestContext, collection: str, doc: Json) -> None:
    id = doc.get("id") or ctx.store.new_id()
    etag = doc.get("etag") or ctx.store.new_etag()
    stamped = {**ctx.stamps(), **doc, "id": id, "etag": etag, "version": etag}
    stamped.update(sandboxName=ctx.sandbox, sandboxId=ctx.sandbox_id, state=doc.get("state", "enabled"))
    hidden = {"listed_at": ctx.now, "previous": None, "runs_claimed_until": ctx.now}
    record = Record(collection, id, ctx.sandbox, stamped, hidden)
    record.wake = delayed_effects.next_wake_time(record)
    ctx.store.put(record)
