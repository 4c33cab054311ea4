"""The schemas of what is said of several environments, as rows of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.environments import Origin
from exportctl.output_schema_parts import ANY, Json, closed, flag, listing, maybe, number, one_of, ref, text

_CAUSES = listing(
    "the lines behind it; empty: none was found",
    closed(
        "one line of the config",
        origin=one_of("set by an overlay, left out by an `environments` list, or a reference of the base", Origin),
        at=ref("location"),
        environment=maybe(text("whose overlay it is, or which one the list leaves out; null for a reference")),
        written=maybe(text("a reference as it stands in the file, masked where it is not for everybody")),
    ),
)


def every(what: str, platform: Json, result: Json) -> Json:
    """What a command found in every environment; `platform` is the envelope's, `result` that of one environment."""
    return closed(
        f"{what} of every environment",
        environments=listing(
            "in the order of their names",
            closed(
                "one environment",
                environment=text("its name"),
                platform=maybe(platform),
                as_of=maybe(number("seconds since 1970 UTC")),
                result=maybe(result),
                errors=listing("what keeps its plan from being applied, or why it could not be read", ref("error")),
            ),
        ),
    )


DIFF_ENVIRONMENTS = closed(
    "two environments of one config side by side",
    left=text("the environment named first"),
    right=text("the other"),
    only=listing(
        "by address",
        closed(
            "what one environment alone has",
            address=text("exports.NAME or destinations.NAME"),
            environment=text("which has it"),
            causes=_CAUSES,
        ),
    ),
    differences=listing(
        "by address, then by path",
        closed(
            "one field",
            address=text("exports.NAME, destinations.NAME, or a section as platform"),
            path=text("the field in it, as schedule.every"),
            left=ANY,
            right=ANY,
            unsaid=flag("no overlay names it, or not it alone"),
            causes=_CAUSES,
        ),
    ),
    same=number("exports and destinations that both have and that do not differ"),
    unsaid=number("differences that no overlay names"),
)
