"""The schemas of what `runs`, `status` and `forecast` say, as rows of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.monitor.status import FlowState, HealthResult
from exportctl.output_schema_parts import (
    ADDRESS,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    mapping,
    number,
    ref,
    strict_object,
    text,
)
from exportctl.resources.run import RunStatus

_MOMENT = "seconds since 1970 UTC"
_STATUS = choice("what became of it", RunStatus)

_RUN = strict_object(
    "one run",
    id=text("run id"),
    status=_STATUS,
    started=number(_MOMENT),
    completed=make_nullable(number(_MOMENT)),
    rows=make_nullable(number("as the service counted them")),
    dataset_rows=mapping("rows by dataset id, as far as the run tells them apart", number("rows")),
    files=make_nullable(number("written")),
    size=make_nullable(number("bytes written")),
    errors=listing(
        "in the service's words",
        strict_object(
            "one error",
            code=text("the service's own; may be empty"),
            message=text("the service's own; may be empty"),
            hint=make_nullable(text("what to look at")),
        ),
    ),
)
RUNS = strict_object(
    "the newest runs of flows",
    project=text("the config's project"),
    since=make_nullable(number(f"no older ones, {_MOMENT}")),
    limit=make_nullable(number("runs of each flow at most")),
    flows=listing(
        "by address",
        strict_object(
            "one flow",
            address=make_nullable(ADDRESS),
            flow=make_nullable(text("flow id; null: not applied")),
            title=text("the flow's name; empty without a flow"),
            type=make_nullable(text("destination type")),
            runs=listing("newest first", _RUN),
        ),
    ),
)

STATUS = strict_object(
    "how every export fares",
    project=text("the config's project"),
    warning=number("how early an end is worth a word, in seconds"),
    counts=counts("exports by word", HealthResult),
    exports=listing(
        "by address",
        strict_object(
            "one export",
            address=ADDRESS,
            flow=make_nullable(text("flow id; null: not applied")),
            word=choice("how it fares", HealthResult),
            state=choice("what the flow is", FlowState),
            last_run=make_nullable(
                strict_object(
                    "the newest run, as the flow tells it",
                    id=text("run id; may be empty"),
                    status=_STATUS,
                    started=number(_MOMENT),
                    completed=make_nullable(number(_MOMENT)),
                )
            ),
            next_run=make_nullable(number(_MOMENT)),
            ends=make_nullable(number(_MOMENT)),
            assumed_end=flag("the service shows no end; six months after its creation is assumed"),
            notes=listing("what the word leaves out", text("for people")),
        ),
    ),
    unmanaged=number("flows of the sandbox that are not of this config"),
    ending=make_nullable(listing("those of them that end within the warning, soonest first", ref("unmanaged"))),
    ended=make_nullable(number("how many of them have ended")),
)


FORECAST = strict_object(
    "when exports run next",
    project=text("the config's project"),
    days=number("length of the window, which begins at `as_of`"),
    until=number(f"its end, {_MOMENT}"),
    planned=flag("as after the next apply; else as the flows are now"),
    flows=listing(
        "by address",
        strict_object(
            "one flow",
            address=ADDRESS,
            flow=make_nullable(text("flow id; null: not made yet")),
            schedule=text("for people; empty where it is not known"),
            account=make_nullable(text("address of the account, or title and id of one made by others")),
            type=make_nullable(text("destination type")),
            datasets=number("how many it exports"),
            runs=listing("when runs start, in their order", number(_MOMENT)),
            ends=make_nullable(number(f"if it ends in the window, {_MOMENT}")),
            why=make_nullable(text("why there are no runs")),
        ),
    ),
    together=listing(
        "runs that start at the same moments on one account",
        strict_object(
            "the same ones",
            account=text("address of the account, or title and id of one made by others"),
            type=make_nullable(text("destination type")),
            members=listing("addresses, or ids and names of flows of others", text("for people")),
            datasets=number("exported at once"),
            moments=listing("when", number(_MOMENT)),
            least_connections=make_nullable(number("connections the server must take; null: no limit is known")),
        ),
    ),
)
