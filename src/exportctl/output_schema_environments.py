"""The schemas of what is said of several environments, as rows of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.config.environment_diff import DifferenceOrigin
from exportctl.output_schema_parts import (
    ANY,
    Json,
    choice,
    flag,
    listing,
    make_nullable,
    number,
    ref,
    strict_object,
    text,
)

_CAUSES = listing(
    "the lines behind it; empty: none was found",
    strict_object(
        "one line of the config",
        origin=choice(
            "set by an overlay, left out by an `environments` list, or a reference of the base", DifferenceOrigin
        ),
        at=ref("location"),
        environment=make_nullable(text("whose overlay it is, or which one the list leaves out; null for a reference")),
        written=make_nullable(text("a reference as it stands in the file, masked where it is not for everybody")),
    ),
)


def environments_schema(what: str, platform: Json, result: Json) -> Json:
    """What a command found in every environment; `platform` is the envelope's, `result` that of one environment."""
    return strict_object(
        f"{what} of every environment",
        environments=listing(
            "in the order of their names",
            strict_object(
                "one environment",
                environment=text("its name"),
                platform=make_nullable(platform),
                as_of=make_nullable(number("seconds since 1970 UTC")),
                result=make_nullable(result),
                errors=listing("what keeps its plan from being applied, or why it could not be read", ref("error")),
            ),
        ),
    )


DIFF_ENVIRONMENTS = strict_object(
    "two environments of one config side by side",
    left=text("the environment named first"),
    right=text("the other"),
    only=listing(
        "by address",
        strict_object(
            "what one environment alone has",
            address=text("exports.NAME or destinations.NAME"),
            environment=text("which has it"),
            causes=_CAUSES,
        ),
    ),
    differences=listing(
        "by address, then by path",
        strict_object(
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
