"""
Every change of an object: create, patch, enable and disable, delete, with the service's refusals.

The API and the UI come through the same functions; only the `Caller` differs. Nothing here parses HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from exportctl.emulator import json_patch, read_view, run_rows, specs, stored_values, validation
from exportctl.emulator.delayed_effects import end_time, finished_value, next_wake_time
from exportctl.emulator.read_view import RequestContext, existing_users
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Json, flow_error, invalid_body_error

# What a patch may not change, and the FLOW code of the refusal where one is published.
IMMUTABLE: dict[str, dict[str, int | None]] = {
    "connections": {"connectionSpec": 1414},
    "sourceConnections": {"connectionSpec": 1414, "baseConnectionId": None, "params": None},
    "targetConnections": {"connectionSpec": 1414, "baseConnectionId": None},
    "flows": {"flowSpec": None, "targetConnectionIds": None, "state": 1456},
}
FLOW_LINKS = {"sourceConnections": "sourceConnectionIds", "targetConnections": "targetConnectionIds"}
DAY = 86400
LATE_FAILURE = ({"code": "FLOW-1400-500", "message": "The update could not be completed by the flow provider"},)


def receipt(record: Record) -> Json:
    """Return the answer to a write."""
    return {"id": record.id, "etag": record.doc["etag"]}


def create(ctx: RequestContext, collection: str, body: object, *, is_draft: bool = False) -> Record:
    """Create an object from a request body; a draft does nothing until it is published."""
    if not isinstance(body, dict) or not body:
        raise invalid_body_error("The body must be a JSON object")
    # rule: create-without-state
    if collection == "flows" and "state" in body:
        raise flow_error(1410, 400, "state is not allowed in a create request")
    # rule: flow-limit-not-enforced
    written = {key: value for key, value in body.items() if not (key == "auth" and value is None)}
    if not ctx.caller.is_ui:
        validation.check_demanded(collection, written, ctx.switches)
    _check_written(ctx, collection, written, None)
    written = stored_values.normalise_document(written, ctx.switches)
    record = Record(collection, ctx.store.new_id(), ctx.sandbox, {})
    record.doc = {"id": record.id, **ctx.stamps(), **written, "state": "draft" if is_draft else "enabled"}
    _add_service_fields(ctx, record)
    # rule: lists-lag
    record.hidden = {"listed_at": ctx.now + ctx.switches.list_lag, "previous": None}
    # rule: reads-lag
    if ctx.switches.read_lag:
        record.hidden["known_at"] = ctx.now + ctx.switches.read_lag
    _record_write(ctx, record, "create", None)
    return record


def patch(ctx: RequestContext, record: Record, if_match: str | None, operations: object) -> Record:
    """Apply a JSON Patch to an object."""
    # rule: if-match-required
    if if_match is None:
        raise flow_error(1403, 400, "If-Match header is missing")
    _refuse_transition(ctx, record, {"connections": 1416, "flows": 1420}.get(record.collection, 1457), "update")
    _check_etag(record, if_match)
    before = patchable_document(record, ctx)
    after = json_patch.apply_operations(operations, before, ctx.switches.patch_objects == "merge")
    _keep_one_template(before, after)
    _check_immutable_fields(record.collection, before, after)
    written = {key: value for key, value in after.items() if key in validation.FIELDS[record.collection]}
    _check_written(ctx, record.collection, written, record)
    written = stored_values.normalise_document(written, ctx.switches)
    # rule: late-failure
    if ctx.switches.late_failure == "always" and record.collection == "flows" and not ctx.caller.is_ui:
        record.hidden["previous"] = record.doc.copy()
        _record_write(ctx, record, "update", operations, LATE_FAILURE)
        return record
    _keep_old_sources_in_use(ctx, record, written)
    kept = {key: value for key, value in record.doc.items() if key not in validation.FIELDS[record.collection]}
    _keep_former_version(ctx, record)
    record.doc = {**kept, **written}
    _add_service_fields(ctx, record)
    _record_write(ctx, record, "update", operations)
    return record


def check_if_match(record: Record, if_match: str | None) -> None:
    """Refuse an etag that is not the current one, if there is any."""
    if if_match is not None:
        _check_etag(record, if_match)


def change_state(ctx: RequestContext, record: Record, action: str, state: str, *, from_draft: bool = False) -> Record:
    """Change the state of an object by an action; `from_draft` wants a draft."""
    _refuse_transition(ctx, record, 1421, action)
    before = record.doc["state"]
    # rule: draft-mode
    if from_draft and before != "draft" and record.collection == "flows":
        raise flow_error(1444, 400, f"Flow {record.id} is not in expected state pending.")
    if before == state or (before == "draft") is not from_draft:
        raise flow_error(1422, 400, f"The action {action} cannot be applied on the current state {before}.")
    _keep_former_version(ctx, record)
    record.doc["state"] = state
    if state == "disabled":
        record.hidden["disabled_at"] = ctx.now
    _record_write(ctx, record, "enable" if state == "enabled" else "update", None)
    return record


def delete(ctx: RequestContext, record: Record) -> None:
    """Take an object away; what it refers to stays."""
    _refuse_transition(ctx, record, 1416 if record.collection == "connections" else 1458, "delete")
    _refuse_in_use(ctx, record)
    # rule: delete-during-run
    last = record.doc.get("lastRunDetails")
    if ctx.switches.delete_during_run == "refused" and last and last["completedAtUTC"] > ctx.now_ms:
        raise flow_error(1458, 400, _transition_text(1458, "delete", "updating"))
    # rule: flow-delete-is-asynchronous
    lag = ctx.switches.delete_lag if record.collection == "flows" else 0
    record.hidden["previous"] = record.doc.copy()
    gone = ctx.now + lag
    record.hidden.update(deleted_at=gone, unlisted_at=gone + ctx.switches.list_lag)
    record.hidden["written"] = ctx.store.next_number("edits")
    for key in ("touch_at", "busy_until"):
        record.hidden.pop(key, None)
    record.wake = next_wake_time(record)
    ctx.store.put(record)


def label(ctx: RequestContext, record: Record, labels: list[str]) -> None:
    """Put access labels on an object, as an administrator does."""
    record.doc["labels"] = labels
    _set_new_etag(ctx, record)
    ctx.store.put(record)


def _keep_former_version(ctx: RequestContext, record: Record) -> None:
    """Keep the document before a write, for reads that show it; a second write soon after it shows the same one."""
    record.hidden["previous"] = record.doc.copy()
    switches = ctx.switches
    if not (switches.stale_reads or switches.late_effect):
        return
    if ctx.now >= max(record.hidden.get("stale_until", 0), record.hidden.get("effect_at", 0)):
        record.hidden["former"] = record.doc.copy()
    record.hidden.update(stale_until=ctx.now + switches.stale_reads, effect_at=ctx.now + switches.late_effect)


def patchable_document(record: Record, ctx: RequestContext) -> Json:
    """Return the document a patch works on: as GET shows it, but with the secrets there."""
    doc = dict(record.doc)
    if record.collection == "flows":
        stored = doc.get("scheduleParams") or {}
        zero = {"interval": 0} if stored.get("interval") == 0 else {}
        doc["scheduleParams"] = read_view.show_schedule(doc, ctx.switches) | zero
    return doc


def _check_written(ctx: RequestContext, collection: str, written: Json, record: Record | None) -> None:
    stored = patchable_document(record, ctx) if record else {}
    # rule: patch-checks
    left = stored if ctx.switches.patch_checks == "changed" else {}
    validation.check_document(collection, written, ctx.switches, left)
    if collection == "targetConnections":
        _check_base_reference(ctx, written)
    elif collection == "flows":
        _check_connection_references(ctx, written, left)
        source = _find_referenced(ctx, "sourceConnections", written["sourceConnectionIds"][0])
        has_datasets = source.doc["connectionSpec"]["id"] == specs.DATA_LAKE
        validation.check_contents(written, ctx.switches, has_datasets, stored.get("scheduleParams"))
    # rule: names-not-unique
    if ctx.switches.name_unique:
        same = existing_users(ctx, collection, "name", written["name"])
        if any(record is None or other.id != record.id for other in same):
            raise invalid_body_error(f"An entity with the name '{written['name']}' exists already")
    # rule: past-start
    start = (written.get("scheduleParams") or {}).get("startTime")
    before = (record.doc.get("scheduleParams") or {}).get("startTime") if record else None
    start, before = validation.whole_number(start), validation.whole_number(before)
    past = start is not None and start < ctx.now
    refused = {"rejected": start != before, "rejected-always": True}.get(ctx.switches.past_start, False)
    if past and refused:
        raise invalid_body_error("scheduleParams: startTime is in the past")
    # rule: longest-end
    end = validation.whole_number((written.get("scheduleParams") or {}).get("endTime"))
    if ctx.switches.longest_end and end is not None and end > ctx.now + ctx.switches.longest_end * DAY:
        raise invalid_body_error("scheduleParams: endTime is too far in the future")


def _find_referenced(ctx: RequestContext, collection: str, id: object) -> Record:
    """Return what a body names by id."""
    # rule: dangling-reference
    record = ctx.store.get(collection, id) if isinstance(id, str) else None
    known = record is not None and record.sandbox == ctx.sandbox and "deleted_at" not in record.hidden
    if record is None or not known:
        raise flow_error(1439, 400, f"{collection} not found with id = [{id}]", id=str(id), type=collection)
    return record


def _check_base_reference(ctx: RequestContext, doc: Mapping[str, Any]) -> None:
    base = _find_referenced(ctx, "connections", doc["baseConnectionId"])
    # rule: specs-must-fit
    if base.doc["connectionSpec"]["id"] != doc["connectionSpec"]["id"]:
        raise invalid_body_error("connectionSpec differs from the one of the base connection")


def _check_connection_references(ctx: RequestContext, doc: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Check what a flow names; what a patch leaves as it was is not judged again."""
    if all(stored.get(link) == doc[link] for link in FLOW_LINKS.values()):
        return
    spec = doc["flowSpec"]["id"]
    targets = specs.flow_specs()[spec]["targetConnectionSpecIds"]
    allowed = {"sourceConnections": specs.allowed_sources(spec), "targetConnections": targets}
    for collection, fitting in allowed.items():
        for id in doc[FLOW_LINKS[collection]]:
            end = _find_referenced(ctx, collection, id)
            if end.doc["connectionSpec"]["id"] not in fitting:
                raise invalid_body_error(f"{collection} [{id}] does not fit the flow spec")
            # rule: invalid-params
            if collection == "targetConnections" and ctx.switches.invalid_params == "flow":
                validation.check_target_params(end.doc, ctx.switches)


def _add_service_fields(ctx: RequestContext, record: Record) -> None:
    """Add to a document what the service fills in."""
    # rule: filled-in
    doc = record.doc
    if record.collection == "connections" and doc.get("auth"):
        day = datetime.fromtimestamp(ctx.now, UTC).strftime("%Y-%m-%d")
        doc["auth"] = {**doc["auth"], "params": {**doc["auth"]["params"], "authorizedDate": day}}
    elif record.collection in FLOW_LINKS:
        if record.collection == "sourceConnections":
            doc["baseConnectionId"] = doc.get("baseConnectionId") or _lake_base(ctx)
        base = {"id": doc["baseConnectionId"], "connectionSpec": doc["connectionSpec"]}
        doc["inheritedAttributes"] = {"baseConnection": base}
    elif record.collection == "flows":
        doc["inheritedAttributes"] = _inherited_attributes(ctx, doc)
        doc.setdefault("transformations", [])
        doc["runs"] = f"/runs?property=flowId=={record.id}"


def _inherited_attributes(ctx: RequestContext, doc: Json) -> Json:
    sources = [_find_referenced(ctx, "sourceConnections", id) for id in doc["sourceConnectionIds"]]
    targets = [_find_referenced(ctx, "targetConnections", id) for id in doc["targetConnectionIds"]]
    return {
        "properties": {"isDestinationFlow": True},
        "sourceConnections": [_inherited_end(source) for source in sources],
        "targetConnections": [_inherited_end(target) | target.doc["inheritedAttributes"] for target in targets],
    }


def _inherited_end(end: Record) -> Json:
    shown: Json = {"id": end.id, "connectionSpec": end.doc["connectionSpec"]}
    if end.doc["connectionSpec"]["id"] == specs.PROFILE_STORE:
        shown["typeInfo"] = {"type": "ProfileFragments", "id": "ups"}
    return shown


def _lake_base(ctx: RequestContext) -> str:
    known: dict[str, str] = dict(ctx.store.get_setting("lake_bases", {}))
    if ctx.sandbox not in known:
        known[ctx.sandbox] = ctx.store.new_id()
        ctx.store.set_setting("lake_bases", known)
    return known[ctx.sandbox]


def _keep_one_template(before: Json, after: Json) -> None:
    """Drop the folder template from a patched document where the patch brings it in the other spelling."""
    # rule: template-either-spelling
    new = after.get("scheduleParams")
    spelled = [key for key in validation.TEMPLATE_KEYS if key in (before.get("scheduleParams") or {})]
    if isinstance(new, dict) and len(spelled) == 1 and all(key in new for key in validation.TEMPLATE_KEYS):
        del new[spelled[0]]


def _check_immutable_fields(collection: str, before: Json, after: Json) -> None:
    # rule: immutable-fields
    for key, code in IMMUTABLE[collection].items():
        if before.get(key) != after.get(key):
            text = f"{key} of {collection} cannot be changed"
            raise flow_error(code, 400, text) if code else invalid_body_error(text)
    # rule: server-set-fields
    for key in sorted(set(before) | set(after)):
        if key not in validation.FIELDS[collection] and before.get(key) != after.get(key):
            raise invalid_body_error(f"Unrecognized or read-only field '{key}' in {collection}")


def _keep_old_sources_in_use(ctx: RequestContext, record: Record, written: Json) -> None:
    # rule: old-source-in-use
    before, after = record.doc.get("sourceConnectionIds", []), written.get("sourceConnectionIds", [])
    for id in set(before) - set(after):
        source = ctx.store.get("sourceConnections", id)
        if source is not None and ctx.switches.old_source_in_use:
            source.hidden["in_use_until"] = ctx.now + ctx.switches.old_source_in_use
            ctx.store.put(source)


def _refuse_transition(ctx: RequestContext, record: Record, code: int, operation: str) -> None:
    """Refuse an operation on an object that is being written or deleted, in the published words."""
    # rule: deleting
    if read_view.is_deleting(record, ctx.now):
        code = {"update": 1457, "delete": 1458}.get(operation, 1421)
        raise flow_error(code, 400, _transition_text(code, operation, read_view.DELETING))
    # rule: transition
    if read_view.is_busy(record, ctx.now):
        raise flow_error(code, 400, _transition_text(code, operation, "updating"))


def _transition_text(code: int, operation: str, state: str) -> str:
    texts = {
        1416: "Delete or Update can only be applied on connection with enabled, disabled or initializing state.",
        1420: f"The current state {state} cannot be updated.",
        1421: f"The current state {state} cannot be transitioned.",
    }
    return texts.get(code, f"Operation {operation} cannot be applied in state {state}.")


def _check_etag(record: Record, if_match: str) -> None:
    # rule: if-match-current
    if if_match != record.doc["etag"]:
        text = f"Supplied version=[ {if_match} ] does not match the current version on entity=[ {record.doc['etag']} ]"
        raise flow_error(1404, 412, text)


def _refuse_in_use(ctx: RequestContext, record: Record) -> None:
    if record.collection == "connections":
        # rule: base-in-use
        if existing_users(ctx, "targetConnections", "baseConnectionId", record.id):
            raise flow_error(1418, 400, f"Connection [{record.id}] is used by target connections or flows")
    elif record.collection in FLOW_LINKS:
        # rule: ends-in-use
        used = existing_users(ctx, "flows", FLOW_LINKS[record.collection], record.id)
        if used or ctx.now < record.hidden.get("in_use_until", 0):
            raise flow_error(1447, 400, f"Active flows contain the id [{record.id}]")


def _set_new_etag(ctx: RequestContext, record: Record) -> None:
    record.doc["etag"] = record.doc["version"] = ctx.store.new_etag()


def _record_write(
    ctx: RequestContext, record: Record, operation: str, operations: object, errors: Sequence[Json] = ()
) -> None:
    """Stamp a write, and leave the background something to do."""
    switches = ctx.switches
    record.doc.update(updatedAt=ctx.now_ms, updatedBy=ctx.caller.actor, updatedClient=ctx.caller.client)
    _set_new_etag(ctx, record)
    record.hidden["written"] = ctx.store.next_number("edits")
    if switches.transition:
        record.hidden["busy_until"] = ctx.now + switches.transition
    # rule: background-after-write
    if switches.background_after_write and (not ctx.caller.is_ui or switches.background_actor == "writes"):
        record.hidden["touch_at"] = ctx.now + switches.transition
    if record.collection == "flows":
        _revive_flow(ctx, record)
        record.hidden.pop("end_seen", None)
        # rule: missed-runs
        if operation != "enable" or ctx.switches.missed_runs == "skipped":
            if operation == "enable":
                run_rows.lose_missed_rows(ctx.store, record, ctx.now, ctx.switches)
            record.hidden["runs_claimed_until"] = ctx.now
        record.doc["lastOperation"] = _last_operation(
            ctx, "create" if operation == "create" else "update", operations, errors
        )
    record.wake = next_wake_time(record)
    ctx.store.put(record)


def _revive_flow(ctx: RequestContext, flow: Record) -> None:
    """Revive a flow that had expired, now that its end is later."""
    # rule: revival
    before = flow.hidden.get("previous")
    if before is None or not specs.exports_datasets(before):
        return
    if not end_time(before) <= ctx.now < end_time(flow.doc):
        return
    if ctx.switches.revival == "restart":
        flow.hidden.pop("exported", None)
    elif ctx.switches.revival == "never":
        flow.hidden["ended"] = True


def _last_operation(ctx: RequestContext, operation: str, operations: object, errors: Sequence[Json]) -> Json:
    """Return what GET says of the last write of a flow."""
    # rule: last-operation
    busy = bool(ctx.switches.transition)
    value = "inProgress" if busy else finished_value(errors)
    status: Json = {"value": value, "properties": None, "errors": list(errors)}
    done = {"started": ctx.now_ms, "updated": ctx.now_ms, "percentCompleted": 0 if busy else 100, "status": status}
    return {**done, **({"ops": operations} if operations else {}), "operation": operation}
