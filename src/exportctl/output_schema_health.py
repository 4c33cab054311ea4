"""The schemas of what `runs`, `status` and `forecast` say, as rows of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.health.status import State, Word
from exportctl.output_schema_parts import (
    ADDRESS,
    closed,
    counts,
    flag,
    listing,
    mapping,
    maybe,
    number,
    one_of,
    ref,
    text,
)
from exportctl.runs import RunStatus

_MOMENT = "seconds since 1970 UTC"
_STATUS = one_of("what became of it", RunStatus)

_RUN = closed(
    "one run",
    id=text("run id"),
    status=_STATUS,
    started=number(_MOMENT),
    completed=maybe(number(_MOMENT)),
    rows=maybe(number("as the service counted them")),
    dataset_rows=mapping("rows by dataset id, as far as the run tells them apart", number("rows")),
    files=maybe(number("written")),
    size=maybe(number("bytes written")),
    errors=listing(
        "in the service's words",
        closed(
            "one error",
            code=text("the service's own; may be empty"),
            message=text("the service's own; may be empty"),
            hint=maybe(text("what to look at")),
        ),
    ),
)
RUNS = closed(
    "the newest runs of flows",
    project=text("the config's project"),
    since=maybe(number(f"no older ones, {_MOMENT}")),
    limit=maybe(number("runs of each flow at most")),
    flows=listing(
        "by address",
        closed(
            "one flow",
            address=maybe(ADDRESS),
            flow=maybe(text("flow id; null: not applied")),
            title=text("the flow's name; empty without a flow"),
            type=maybe(text("destination type")),
            runs=listing("newest first", _RUN),
        ),
    ),
)

STATUS = closed(
    "how every export fares",
    project=text("the config's project"),
    warning=number("how early an end is worth a word, in seconds"),
    counts=counts("exports by word", Word),
    exports=listing(
        "by address",
        closed(
            "one export",
            address=ADDRESS,
            flow=maybe(text("flow id; null: not applied")),
            word=one_of("how it fares", Word),
            state=one_of("what the flow is", State),
            last_run=maybe(
                closed(
                    "the newest run, as the flow tells it",
                    id=text("run id; may be empty"),
                    status=_STATUS,
                    started=number(_MOMENT),
                    completed=maybe(number(_MOMENT)),
                )
            ),
            next_run=maybe(number(_MOMENT)),
            ends=maybe(number(_MOMENT)),
            assumed_end=flag("the service shows no end; six months after its creation is assumed"),
            notes=listing("what the word leaves out", text("for people")),
        ),
    ),
    unmanaged=number("flows of the sandbox that are not of this config"),
    ending=maybe(listing("those of them that end within the warning, soonest first", ref("unmanaged"))),
)


FORECAST = closed(
    "when exports run next",
    project=text("the config's project"),
    days=number("length of the window, which begins at `as_of`"),
    until=number(f"its end, {_MOMENT}"),
    planned=flag("as after the next apply; else as the flows are now"),
    flows=listing(
        "by address",
        closed(
            "one flow",
            address=ADDRESS,
            flow=maybe(text("flow id; null: not made yet")),
            schedule=text("for people; empty where it is not known"),
            account=maybe(text("address of the account, or title and id of one made by others")),
            type=maybe(text("destination type")),
            datasets=number("how many it exports"),
            runs=listing("when runs start, in their order", number(_MOMENT)),
            ends=maybe(number(f"if it ends in the window, {_MOMENT}")),
            why=maybe(text("why there are no runs")),
        ),
    ),
    together=listing(
        "runs that start at the same moments on one account",
        closed(
            "the same ones",
            account=text("address of the account, or title and id of one made by others"),
            type=maybe(text("destination type")),
            members=listing("addresses, or ids and names of flows of others", text("for people")),
            datasets=number("exported at once"),
            moments=listing("when", number(_MOMENT)),
            least_connections=maybe(number("connections the server must take; null: no limit is known")),
        ),
    ),
)
