"""
Exports on demand: `POST …/disflowprovider/adhocrun` with the media type of datasets.

Source: flow-service.md 9.2 [DD] [AE] [NB]. That such a run exports everything, and leaves the increments of the
schedule as they are, is assumed.
"""

from __future__ import annotations

from exportctl.emulator import auth, run_scheduler
from exportctl.emulator.read_view import RequestContext, find_object
from exportctl.emulator.routes import AD_HOC_PATH, FLOW_SERVICE_PATH, ServiceCall
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, invalid_body_error, message_error

PATH = AD_HOC_PATH
MEDIA_TYPE = "application/vnd.adobe.adhoc.dataset.activation+json"
READY_AFTER = 600  # seconds after its creation that a flow takes part [NB]


def answer(call: ServiceCall) -> Answer:
    """
    Order a run per flow and dataset.

    rule: ad-hoc
    """
    if call.request.method != "POST":
        raise message_error(405, "Method not allowed")
    call.require_permission(auth.ACTIVATE)
    if call.request.headers.get("accept", "").partition(";")[0].strip() != MEDIA_TYPE:
        raise message_error(400, "Only the dataset variant of ad hoc activation is emulated")
    wanted = [
        (find_object(call.ctx, "flows", flow), datasets) for flow, datasets in _parse_activation_info(call.body())
    ]
    for flow, datasets in wanted:
        _check_export_allowed(call.ctx, flow, datasets)
    made = [_create_run(call.ctx, flow, dataset) for flow, datasets in wanted for dataset in datasets]
    return Answer(200, {"destinations": [{"datasets": made}]})


def _parse_activation_info(body: object) -> list[tuple[str, list[str]]]:
    info = body.get("activationInfo") if isinstance(body, dict) else None
    entries = info.get("destinations") if isinstance(info, dict) else None
    try:
        found = [(str(e["flowId"]), [str(d["id"]) for d in e["datasets"]]) for e in entries or []]
    except (KeyError, TypeError):
        found = []
    if not found or not all(datasets for _, datasets in found):
        raise invalid_body_error("activationInfo.destinations[] with flowId and datasets[].id is required")
    return found


def _check_export_allowed(ctx: RequestContext, flow: Record, datasets: list[str]) -> None:
    if ctx.switches.ad_hoc == "disabled":
        raise message_error(400, f"Adhoc run can not be executed for Flow spec={flow.doc['flowSpec']['id']}")
    if ctx.now - flow.doc["createdAt"] / 1000 < READY_AFTER:
        text = "Following order ID(s) are not ready for dataset export, please wait for 10 minutes and retry"
        raise message_error(400, text)
    strange = [one for one in datasets if one not in run_scheduler.datasets_of(ctx, flow)]
    if strange:
        raise message_error(400, f"Dataset {strange[0]} is not exported by flow {flow.id}")
    running = [
        run
        for run in ctx.store.list_records("runs", ctx.sandbox)
        if run.doc["flowId"] == flow.id and ("claimed" in run.hidden or ctx.now < run.hidden["completes_at"])
    ]
    if running:
        raise message_error(400, f"A run already exists for the flow: {running[0].id}")


def _create_run(ctx: RequestContext, flow: Record, dataset: str) -> Json:
    run = run_scheduler.create_run(ctx, flow, [dataset], ctx.now, on_demand=True)
    url = f"https://platform.adobe.io{FLOW_SERVICE_PATH}/runs/{run.id}"
    return {"id": dataset, "statusURL": url, "flowId": flow.id}
