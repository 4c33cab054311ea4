"""
List the newest runs of an export or of any flow of the sandbox, as the service recorded them.

`status` and `forecast` need no workflow: they use the lists that a plan was made from.
"""

from __future__ import annotations

from dataclasses import replace

from exportctl.client import inventory
from exportctl.client.client import Client
from exportctl.client.inventory import OBJECTS
from exportctl.config.schema_check import closest_match
from exportctl.errors import UsageError
from exportctl.model.plan import EXPORTS, LiveObject, PlanItem
from exportctl.model.plan_options import PlanOptions, is_glob_match
from exportctl.model.schedule import format_moment
from exportctl.model.similar_names import did_you_mean_address
from exportctl.monitor.runs import FlowRuns, RunsReport
from exportctl.resources.kinds import FLOW
from exportctl.resources.run import Run
from exportctl.resources.wire import destination_type
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import ConnectedPlan, plan_again, plan_from_read_lists

DEFAULT_LIMIT = 10  # runs of each flow by default
MAX_SUGGESTIONS = 5  # addresses to name if none is similar


def read_recent_runs(
    made: ConnectedPlan, export: str, *, limit: int | None = None, since: int | None = None
) -> RunsReport:
    """
    Return the newest `limit` runs of each flow that `export` names.

    `export` is an address (KEY means all its parts) or a flow id. With `since` (seconds since 1970 UTC) no run is
    older, and there is no limit unless `limit` gives one.

    Raises:
        UsageError: nothing has this name, or `since` is in the future.
        ServiceError: the runs could not be read.
    """
    if since is not None and since > made.plan.as_of:
        now = format_moment(made.plan.as_of)
        raise UsageError(f"--since {format_moment(since)} is in the future: it is {now}", rule="usage")
    if limit is None and since is None:
        limit = DEFAULT_LIMIT
    named = _named_flows(made, export)
    flows = tuple(replace(one, runs=_read_runs(made.platform.client, one.flow, limit, since)) for one in named)
    return RunsReport(made.plan.header, made.plan.as_of, since, limit, flows)


def options_of_runs(export: str) -> PlanOptions:
    """Return the options of a first plan: only of what `export` names, because the others take time."""
    return PlanOptions(targets=(export,))


def read_more_if_needed(made: ConnectedPlan, setup: Setup, export: str) -> ConnectedPlan:
    """
    Return a plan that shows which flows `export` names. `made` is planned with `options_of_runs` from the flows alone.

    Mostly it shows them already. A flow id, a former name and what is no longer declared show only in a plan of
    everything. A flow of which a person edited the description, and the second flow of a replacement, show only with
    their connections to which export they belong.
    """
    flows = {flow.id: flow for flow in made.live.objects_of_kind(FLOW.name)}
    planned = {item.address for item in _chosen_items(made, export)}
    marked = {flow.marker.address for flow in flows.values() if flow.marker}
    if not planned or any(is_glob_match((export,), one) for one in marked - planned):
        made = replace(made, plan=plan_from_read_lists(made, setup, PlanOptions(), made.plan.as_of))
    chosen = _chosen_items(made, export)
    found = [flows[item.id] for item in chosen if item.id in flows] or [flows[i] for i in (export,) if i in flows]
    addresses = [flow.marker.address for flow in flows.values() if flow.marker and flow.marker.kind == FLOW.letter]
    is_one_flow_each = all(flow.marker and addresses.count(flow.marker.address) == 1 for flow in found)
    if found and len(found) >= len(chosen) and is_one_flow_each:
        return made
    return plan_again(replace(made, lists=OBJECTS), setup, PlanOptions())


def _chosen_items(made: ConnectedPlan, export: str) -> list[PlanItem]:
    items = [item for item in made.plan.items if item.address.root == EXPORTS]
    return [item for item in items if item.id == export or is_glob_match((export,), item.address)]


def _named_flows(made: ConnectedPlan, export: str) -> list[FlowRuns]:
    flows = {flow.id: flow for flow in made.live.objects_of_kind(FLOW.name)}
    items = [item for item in made.plan.items if item.address.root == EXPORTS]
    if chosen := _chosen_items(made, export):
        return [FlowRuns(item.address, item.id, *_title_and_type(flows.get(item.id or ""))) for item in chosen]
    if export in flows:
        return [FlowRuns(None, export, *_title_and_type(flows[export]))]
    known = sorted(item.address for item in items)
    names = {str(name).lower(): str(address) for address in known for name in (address, address.name)}
    guess = closest_match(export, names)
    some = f"choose one of {', '.join(map(str, known[:MAX_SUGGESTIONS]))}{' …' if len(known) > MAX_SUGGESTIONS else ''}"
    hint = did_you_mean_address(export, names[guess]) if guess else some
    raise UsageError(f"{export}: no export and no flow of this sandbox matches", rule="usage", hint=hint)


def _title_and_type(flow: LiveObject | None) -> tuple[str, str | None]:
    """Return title and destination type; both empty without a flow."""
    if flow is None:
        return "", None
    kind = destination_type(flow.raw)
    return flow.name, kind.name if kind else None


def _read_runs(client: Client, flow: str | None, limit: int | None, since: int | None) -> tuple[Run, ...]:
    if flow is None:
        return ()
    if since is None:
        assert limit is not None
        found = inventory.read_latest_runs(client, flow, limit)
    else:
        found = inventory.read_runs(client, [flow], since)
    return tuple(sorted(found, key=lambda run: (-run.started, run.id)))[:limit]
