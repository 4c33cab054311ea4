"""The command line with two managed fields more, one of a flow and one of a target connection."""

from __future__ import annotations

from exportctl.model.plan import Consequence
from exportctl.resources.kinds import FLOW, TARGET_CONNECTION, FieldRule, Treat, add_field
from tests.resources.command_steps import answer_steps

# The emulator takes both members, as the service does, and nothing of exportctl knows them.
PACE = FieldRule(
    "pace",
    "p",
    Treat.VALUE,
    "/scheduleParams/frequency",
    "how fast the service works",
    "made up",
    consequence=Consequence("other-pace", "later runs have another pace", "warning"),
    schema={"description": "The pace.", "type": ["string", "null"], "examples": ["slow"]},
)
STAMPED = FieldRule(
    "stamped",
    "s",
    Treat.VALUE,
    "/params/appendSegmentId",
    "whether file names have a stamp",
    "made up",
    default=False,
    schema={"description": "Stamp.", "type": ["boolean", "null"], "examples": [True]},
)

if __name__ == "__main__":
    add_field(FLOW, PACE)
    add_field(TARGET_CONNECTION, STAMPED)
    answer_steps()
