"""
The objects of the service as a caller sees them: who may see one, and how GET shows it under the switches.

`Record.hidden` holds what no caller sees, all moments in seconds of the emulator's clock: `listed_at`, `known_at`
(before it, requests by id answer 404), `deleted_at`
(404 from then on), `unlisted_at`, `busy_until` (in transition), `touch_at` (a background client will move the etag),
`in_use_until` (a source still in use after its flow left it), `runs_claimed_until` (runs before it are done) and
`previous` (the document before the last write, None for a new one). Reads show `former`, an earlier document, until
`stale_until`, and until `effect_at` with the etag of now.
Of a run: `due_at`, `claimed` (the process that is at it), `completes_at`. Of a flow: `run_before` (shown while the
newest run is under way), `exported` (see `run_rows.py`), `disabled_at` (the last time), `ended` (it has ended and does
not come back).
"""

from __future__ import annotations

from exportctl.emulator import specs
from exportctl.emulator.clock import six_months_after
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.validation import TEMPLATE_KEYS
from exportctl.emulator.wire import Json, not_found_error
from exportctl.frozen import dataclass

COLLECTIONS = ("connections", "sourceConnections", "targetConnections", "flows")
MASK = "********"
_DAY_MS = 86_400_000
STAMPS = ("etag", "version", "updatedAt", "updatedBy", "updatedClient")  # of the last write
DELETING = "delete-finalizing"  # the only word for it in Adobe's error table (1456 to 1458) [FE]
BACKGROUND_CLIENT = "acp_foundation_connectors"
BACKGROUND_ACTOR = f"{BACKGROUND_CLIENT}@AdobeID"
UI_CLIENT = "exc_app"


@dataclass(frozen=True)
class Caller:
    """Who writes: `actor` becomes createdBy and updatedBy, `client` createdClient and updatedClient."""

    actor: str
    client: str

    @property
    def is_ui(self) -> bool:
        return self.client == UI_CLIENT


@dataclass(frozen=True)
class RequestContext:
    """What one request works with. `now` is the emulator's time, in seconds; `sandbox` is a name."""

    store: Store
    switches: Switches
    now: float
    organization: str
    page_size: int
    caller: Caller
    sandbox: str = ""
    sandbox_id: str = ""

    @property
    def now_ms(self) -> int:
        return int(self.now * 1000)

    def stamps(self) -> Json:
        """Return what the service notes about who wrote a new object, when and where."""
        return {
            "createdAt": self.now_ms,
            "updatedAt": self.now_ms,
            "createdBy": self.caller.actor,
            "updatedBy": self.caller.actor,
            "createdClient": self.caller.client,
            "updatedClient": self.caller.client,
            "sandboxId": self.sandbox_id,
            "sandboxName": self.sandbox,
            "imsOrgId": self.organization,
        }


def is_gone(record: Record, now: float) -> bool:
    """Say whether a deleted object is no longer answered by id."""
    return "deleted_at" in record.hidden and now >= record.hidden["deleted_at"]


def is_forgotten(record: Record, ctx: RequestContext) -> bool:
    """Say whether a run is older than the runs that the service shows."""
    # rule: run-retention
    days = ctx.switches.run_retention
    return bool(days) and record.collection == "runs" and record.doc["createdAt"] < ctx.now_ms - days * _DAY_MS


def is_deleting(record: Record, now: float) -> bool:
    """Say whether a deleted object is still answered by id for a time."""
    return "deleted_at" in record.hidden and now < record.hidden["deleted_at"]


def is_busy(record: Record, now: float) -> bool:
    """In transition after a write."""
    return bool(now < record.hidden.get("busy_until", 0))


def is_hidden(record: Record, switches: Switches) -> bool:
    # rule: labelled-objects
    return switches.labelled == "hidden" and bool(record.doc.get("labels"))


def is_listed(record: Record, ctx: RequestContext) -> bool:
    """Whether lists and filters know an object yet, or still."""
    # rule: lists-lag
    listed = record.hidden["listed_at"] <= ctx.now < record.hidden.get("unlisted_at", float("inf"))
    return listed and not is_hidden(record, ctx.switches) and not is_forgotten(record, ctx)


def find_object(ctx: RequestContext, collection: str, id: str) -> Record:
    """Return the object a caller names; 404 for another sandbox's objects and hidden ones too."""
    record = ctx.store.get(collection, id)
    # rule: sandboxes-isolate
    if record is None or record.sandbox != ctx.sandbox or is_gone(record, ctx.now) or is_hidden(record, ctx.switches):
        raise not_found_error(collection, id, ctx.switches.not_found_status)
    if is_forgotten(record, ctx):
        raise not_found_error(collection, id, ctx.switches.not_found_status)
    # rule: reads-lag
    if ctx.now < record.hidden.get("known_at", 0) and not ctx.caller.is_ui:
        raise not_found_error(collection, id, ctx.switches.not_found_status)
    return record


def existing_users(ctx: RequestContext, collection: str, member: str, named: str) -> list[Record]:
    """
    Return all objects of the caller's sandbox that name something in a member and are not gone.

    Hidden and unlisted ones are included.
    """
    users = ctx.store.list_references(collection, member, named)
    return [record for record in users if record.sandbox == ctx.sandbox and not is_gone(record, ctx.now)]


def view_object(record: Record, ctx: RequestContext) -> Json:
    """Return what GET answers for an object."""
    if record.collection == "runs":
        return _show_run(record, ctx.now, ctx.switches)
    doc = _readable_document(record, ctx.now)
    if isinstance(doc.get("state"), str):
        doc = {**doc, "state": _state(record, doc["state"], ctx)}
    return view_document(record.collection, _show_last_run(record, doc, ctx.now_ms), ctx.switches)


def _readable_document(record: Record, now: float) -> Json:
    """Return the stored document, or for some time after a write the one before it."""
    # rule: stale-reads
    if now < record.hidden.get("stale_until", 0):
        former: Json = record.hidden["former"]
        return former
    # rule: late-effect
    if now < record.hidden.get("effect_at", 0):
        stamps = {key: record.doc[key] for key in STAMPS}
        return {**record.hidden["former"], **stamps, **_operation_in_progress(record.doc)}
    return record.doc


def _operation_in_progress(doc: Json) -> Json:
    last = doc.get("lastOperation")
    status: Json = {"value": "inProgress", "properties": None, "errors": []}
    return {"lastOperation": {**last, "percentCompleted": 0, "status": status}} if last else {}


def view_document(collection: str, doc: Json, switches: Switches) -> Json:
    """Return a document with the switches applied to what GET shows; the stored one is left as it is."""
    shown = dict(doc)
    if collection == "flows":
        shown["scheduleParams"] = show_schedule(doc, switches)
        return shown
    if collection == "connections" and isinstance(doc.get("auth"), dict):
        shown["auth"] = _show_auth(doc, switches)
    # rule: child-descriptions
    if switches.child_descriptions == "drop":
        shown.pop("description", None)
    return shown


def _state(record: Record, readable: str, ctx: RequestContext) -> str:
    # rule: states
    word = _lower_state(record, readable, ctx)
    return word.upper() if ctx.switches.state_case == "upper" else word


def _lower_state(record: Record, readable: str, ctx: RequestContext) -> str:
    """Return the state to show; `readable` is the one of the document that a read shows now."""
    after, previous, shown = str(record.doc["state"]), record.hidden.get("previous"), ctx.switches.transition_state
    if is_deleting(record, ctx.now):
        return "deleting" if shown == "change" else DELETING
    is_late = ctx.now < record.hidden.get("effect_at", 0)
    if ctx.now < record.hidden.get("stale_until", 0) or not (is_late or is_busy(record, ctx.now)):
        return readable
    if record.collection in ("sourceConnections", "targetConnections"):
        return "updating" if previous else "inProgress"
    if record.collection != "flows" or shown == "after":
        return readable
    if previous is None:
        return "initializing" if shown == "change" else "pending"
    if shown == "finalizing":
        return f"{after}-finalizing"
    return "updating" if previous.get("state") == after else {"enabled": "enabling"}.get(after, "disabling")


def _show_run(record: Record, now: float, switches: Switches) -> Json:
    """Return a run; while it takes its time, no more than that it runs."""
    # rule: run-duration
    doc = record.doc
    if now >= record.hidden.get("completes_at", 0):
        return _spelled_run(doc, switches)
    started = {"startedAtUTC": doc["metrics"]["durationSummary"]["startedAtUTC"]}
    metrics = {"durationSummary": started, "statusSummary": {"status": "Processing"}}
    return {**doc, "updatedAt": doc["createdAt"], "metrics": metrics, "activities": []}


def _spelled_run(doc: Json, switches: Switches) -> Json:
    """Return a run in the spelling of the service: the documents show two."""
    # rule: run-spelling
    metrics = dict(doc["metrics"])
    if switches.run_status_case == "capital" and "status" in metrics.get("statusSummary", {}):
        summary = metrics["statusSummary"]
        metrics["statusSummary"] = {**summary, "status": str(summary["status"]).capitalize()}
    if switches.run_end_member != "completedAtUTC":
        duration = metrics["durationSummary"]
        metrics["durationSummary"] = {
            switches.run_end_member if key == "completedAtUTC" else key: duration[key] for key in duration
        }
    return {**doc, "metrics": metrics}


def _show_last_run(record: Record, doc: Json, now_ms: int) -> Json:
    """Show the run before the newest one, if there was one, while the newest is under way."""
    newest = doc.get("lastRunDetails")
    if not newest or newest["completedAtUTC"] <= now_ms:
        return doc
    before = record.hidden.get("run_before")
    shown = {key: value for key, value in doc.items() if key != "lastRunDetails"}
    return {**shown, "lastRunDetails": before} if before else shown


def _show_auth(doc: Json, switches: Switches) -> Json:
    # rule: secrets-on-read
    auth: Json = dict(doc["auth"])
    if switches.read_secrets == "show":
        return auth
    card = specs.BY_CONNECTION_SPEC.get(doc["connectionSpec"]["id"])
    auths = specs.offered_card(card, switches).auths if card else ()
    ways = [way for way in auths if way.name == auth.get("specName")]
    secret = {name for way in ways for name, schema in way.params if schema.get("format") == "password"}
    kept = {key: MASK if key in secret else value for key, value in auth["params"].items()}
    if switches.read_secrets == "omit":
        kept = {key: value for key, value in kept.items() if key not in secret}
    return {**auth, "params": kept}


def show_schedule(doc: Json, switches: Switches) -> Json:
    """scheduleParams as GET shows them."""
    schedule: Json = dict(doc.get("scheduleParams") or {})
    if not specs.exports_datasets(doc):
        return schedule
    if switches.template_key != "as-sent":
        schedule = {switches.template_key if key in TEMPLATE_KEYS else key: schedule[key] for key in schedule}
    if switches.zero_interval == "omitted" and schedule.get("interval") == 0:
        del schedule["interval"]
    elif switches.interval_type == "string":
        schedule["interval"] = str(schedule["interval"])
    if switches.default_end_time == "shown" and "endTime" not in schedule and "createdAt" in doc:
        schedule["endTime"] = six_months_after(doc["createdAt"] / 1000)
    return schedule
