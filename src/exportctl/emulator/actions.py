"""
The actions of objects and of runs: which ones an object knows, and who may ask for them.

In: an object and the query of `POST …/action`. Out: the object after the action, or a refusal. Source: [F] [UD] [FE].
"""

from __future__ import annotations

from exportctl.emulator import run_scheduler, writes
from exportctl.emulator.read_view import RequestContext, find_object
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Request, flow_error

PARAMETERS = ("op", "subOp")
SUB_OPERATIONS = ("apply", "rollback", "progress")
FINALIZING = ("finalize", "finalize_update")
STATES = {"enable": "enabled", "disable": "disabled", "publish": "enabled"}  # action -> the state that it leads to
OPERATIONS = {
    "flows": ("enable", "disable", "publish", *FINALIZING),
    "connections": ("publish", *FINALIZING),
    "sourceConnections": ("publish",),
    "targetConnections": ("publish",),
}


def act(ctx: RequestContext, collection: str, id: str, request: Request) -> Record:
    """Carry out an action on an object; its name counts in any case."""
    record, op = find_object(ctx, collection, id), _operation(request)
    # rule: action-sub-op
    if collection == "flows" and ctx.switches.action_sub_op == "required" and not request.values("subOp"):
        raise flow_error(2119, 400, "The request context does not contain the required query parameter subOp.")
    # rule: action-if-match-optional
    writes.check_if_match(record, request.headers.get("if-match"))
    # rule: actions
    name = op.lower()
    if name not in OPERATIONS[collection]:
        raise flow_error(1434, 400, f"Unsupported operation '{op}' received.")
    if name in FINALIZING:
        raise flow_error(1402, 400, "The action 'finalize' is supported for provider requests only.")
    _check_sub_operations(name, request)
    return writes.change_state(ctx, record, name, STATES[name], from_draft=name == "publish")


def _operation(request: Request) -> str:
    op = request.value("op")
    if op is None:
        raise flow_error(2119, 400, "The request context does not contain the required query parameter op.")
    return op


def _check_sub_operations(name: str, request: Request) -> None:
    """Refuse what the error table says of sub-operations; the others change nothing for a client."""
    # rule: sub-operations
    asked = [part for text in request.values("subOp") for part in text.split(",")]
    for part in asked:
        if part.lower() not in SUB_OPERATIONS:
            raise flow_error(1435, 400, f"Unsupported sub action '{part}' received.")
        if part.lower() == "progress":
            raise flow_error(1436, 400, f"Unsupported sub operation PROGRESS received for operation {name}.")


def act_on_run(ctx: RequestContext, id: str, request: Request) -> Record:
    """Repeat a failed run: a new run of the same datasets is due at once."""
    # rule: run-retrigger
    run, op = find_object(ctx, "runs", id), _operation(request)
    if op.lower().replace("-", "_") != "re_trigger":
        raise flow_error(1434, 400, f"Unsupported operation '{op}' received.")
    writes.check_if_match(run, request.headers.get("if-match"))
    status = run.doc["metrics"]["statusSummary"]["status"]
    if status != "failed" or ctx.now < run.hidden.get("completes_at", 0):
        raise flow_error(1422, 400, f"The action {op} cannot be applied on the current state {status}.")
    flow = find_object(ctx, "flows", run.doc["flowId"])
    return run_scheduler.create_run(
        ctx, flow, run.hidden["datasets"], ctx.now, on_demand=bool(run.hidden.get("on_demand"))
    )
