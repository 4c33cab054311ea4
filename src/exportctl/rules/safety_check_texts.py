"""
The gates a plan passes, as rows: what each refuses, and the one edit or flag that allows exactly that.

The planner refuses; nothing here checks anything. A gate is no rule: `rules` and `allow` have no say in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SafetyCheck:
    name: str
    blocks: str
    allow: str


SAFETY_CHECKS: tuple[SafetyCheck, ...] = (
    SafetyCheck(
        "deletion",
        "Deleting what is no longer declared, beyond `policy.max_deletes`.",
        "`removed: [{export: …, do: delete, reason: …}]`, or --allow-deletes N. `do: release` leaves it running.",
    ),
    SafetyCheck(
        "delete-all",
        "Deleting every flow of the project at once.",
        "Name each one: `removed: [{export: …, do: delete, reason: …}]`.",
    ),
    SafetyCheck(
        "protect",
        "Stopping the data of a protected export: deleting or replacing it, switching it off, taking a dataset out,"
        " ending it earlier. The flag on the live flow counts.",
        "Apply `protect: false` first, then the change.",
    ),
    SafetyCheck(
        "replacement",
        "Replacing a flow, where the type, the account or the way to authenticate changed: the new one has another id"
        " and sends everything again.",
        "`allow_replace: <flow id>` in the export, or --allow-replace ADDRESS.",
    ),
    SafetyCheck(
        "stopped",
        "Replacing a flow that somebody switched off or ended earlier by hand, or sending its datasets by another flow:"
        " that one would run.",
        "--put-back ADDRESS, or declare the stop: `enabled: false`.",
    ),
    SafetyCheck(
        "starts-after-end",
        "Another schedule for a flow that has ended, or ends before the new schedule begins: the service takes no start"
        " after the end.",
        "A later `end`, or leave the schedule as it is.",
    ),
    SafetyCheck(
        "re-creation",
        "Making a flow again that is gone, or only hidden from this credential: everything is sent again.",
        "--allow-recreate ADDRESS.",
    ),
    SafetyCheck(
        "twins",
        "Touching an address that several flows carry.",
        "`keep: <flow id>` in the export; the others are deleted.",
    ),
    SafetyCheck(
        "look-alike",
        "Creating a flow beside an unmanaged one of the same name, type and datasets.",
        "`adopt: <flow id>` in the export takes it over; another `title` has both.",
    ),
    SafetyCheck(
        "adoption-differs",
        "Adopting a flow that the YAML would change.",
        "Make the YAML say what the flow does; change it after the adoption.",
    ),
    SafetyCheck(
        "foreign-owner",
        "Adopting a flow of another project, or creating one beside a flow of ours that got another owner's marker.",
        "That project releases it first: `removed: [{export: …, do: release, reason: …}]`; a marker that was written"
        " over is put back into the flow's description.",
    ),
    SafetyCheck(
        "marker-lost",
        "Deleting a flow that lost its marker, on the word of its connections alone.",
        "Declare the export until apply has written the marker back; `do: release`; or delete the flow in the UI.",
    ),
    SafetyCheck(
        "shared-children",
        "Changing place or format on a target connection that other flows use too.",
        "Make the YAML say what the shared target does, or give one flow a target of its own.",
    ),
    SafetyCheck(
        "not-expressible",
        "Changing a flow with several connections, or with one that this credential cannot see.",
        "`removed: [{export: …, do: release, reason: …}]` hands it back.",
    ),
    SafetyCheck(
        "dataset-renamed",
        "Exporting another dataset because a name now means another id.",
        "Pin the one you mean: `datasets: [{id: …}]`.",
    ),
    SafetyCheck(
        "auth-keys-lost",
        "Sending the auth fields of an account whole while the live one has keys that the YAML lacks.",
        "Add them to `auth`, or say `drop: [KEY]` under it.",
    ),
    SafetyCheck(
        "accepted-undone",
        "Sending the auth fields of an account whole while an `accept` entry says to leave one of them as it is.",
        "Write the live value into the destination, or take the entry out: then it is put back.",
    ),
)
BY_NAME: Mapping[str, SafetyCheck] = {gate.name: gate for gate in SAFETY_CHECKS}
