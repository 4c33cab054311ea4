"""
The safety checks of a plan as rows: what each blocks, and the one edit or flag that allows exactly that.

The planner makes the checks; this module only describes them. A safety check is not a rule: `rules` and `allow` do not
apply to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class SafetyCheck:
    """One safety check: its name, the changes that it blocks, and what allows such a change."""

    name: str
    blocks: str
    allow: str


SAFETY_CHECKS: tuple[SafetyCheck, ...] = (
    SafetyCheck(
        "deletion",
        "Deleting more undeclared objects than `policy.max_deletes`.",
        "`removed: [{export: …, do: delete, reason: …}]`, or --allow-deletes N. `do: release` leaves it running.",
    ),
    SafetyCheck(
        "delete-all",
        "Deleting every flow of the project at once.",
        "Name each one: `removed: [{export: …, do: delete, reason: …}]`.",
    ),
    SafetyCheck(
        "protect",
        "Stopping the data of a protected export: deleting, replacing or disabling it, removing a dataset, or ending it"
        " earlier. The flag on the live flow counts.",
        "Apply `protect: false` first, then the change.",
    ),
    SafetyCheck(
        "replacement",
        "Replacing a flow because its type, its account or its way to authenticate changed: the new flow has another id"
        " and starts with a full re-export.",
        "`allow_replace: <flow id>` in the export, or --allow-replace ADDRESS. To go back to the former flow of an"
        " unfinished replacement: `keep: <flow id>`.",
    ),
    SafetyCheck(
        "paused",
        "Replacing a flow that is paused by hand, or sending its datasets by another flow: the new flow would run.",
        "--resume ADDRESS, or declare the pause: `enabled: false`.",
    ),
    SafetyCheck(
        "datasets-conflict",
        "Sending a dataset list that the YAML changed while a person or another tool changed the live list too: this"
        " could send datasets again that the person took out.",
        "--resume ADDRESS, or write the live datasets into the YAML (`drift --patch`).",
    ),
    SafetyCheck(
        "starts-after-end",
        "Changing the schedule of a flow that has ended, or that ends before the new schedule begins: the service takes"
        " no start after the end.",
        "Write a later `end`, or keep the schedule.",
    ),
    SafetyCheck(
        "re-creation",
        "Creating a flow again that is deleted, or only hidden from this credential: this is a full re-export.",
        "--allow-recreate ADDRESS.",
    ),
    SafetyCheck(
        "duplicates",
        "Changing an address that several flows have.",
        "`keep: <flow id>` in the export; exportctl deletes the others.",
    ),
    SafetyCheck(
        "look-alike",
        "Creating a flow beside an unmanaged one that exports the same datasets to the same location, or that has the"
        " same name, type and datasets.",
        "`adopt: <flow id>` in the export adopts it; with another location, or another `title`, both flows exist.",
    ),
    SafetyCheck(
        "exported-by-other-project",
        "Creating a flow beside one of another project, or of this project under its former name, that exports the same"
        " datasets to the same location.",
        "Change the export, or move the flows: `move_from: [{project: …, export: …, flow: <flow id>, reason: …}]`.",
    ),
    SafetyCheck(
        "moved",
        "Creating an export again whose flow another project took over with `move_from`.",
        "Remove the export from this config, or move the flow back with `move_from`.",
    ),
    SafetyCheck(
        "move-differs",
        "Moving a flow to an export with another destination type or account: it would need a new flow.",
        "Declare the destination type of the flow, and its account: `account: {id: …}`; or move all flows of it.",
    ),
    SafetyCheck(
        "adoption-differs",
        "Adopting a flow that differs from the YAML.",
        "Make the YAML equal to the flow; change it after the adoption.",
    ),
    SafetyCheck(
        "other-project",
        "Adopting a flow of another project, or creating one beside a flow of this project that now has the marker of"
        " another owner.",
        "That project releases it first: `removed: [{export: …, do: release, reason: …}]`; or list the flow under"
        " `move_from` instead of `adopt`. If the marker was"
        " overwritten, write the former one into the flow's description again.",
    ),
    SafetyCheck(
        "marker-lost",
        "Deleting a flow that lost its marker: only its connections say that it belongs to this project.",
        "Declare the export until apply has written the marker again; or `do: release`; or delete the flow in the UI.",
    ),
    SafetyCheck(
        "description-cut",
        "Writing a description again that the service cut off: the ownership marker at its end would be lost again.",
        "A shorter `description`; the plan says how many characters there is room for.",
    ),
    SafetyCheck(
        "shared-children",
        "Changing location or format on a target connection that other flows use too.",
        "Make the YAML equal to the shared target connection, or give one flow its own target connection.",
    ),
    SafetyCheck(
        "not-expressible",
        "Changing a flow with several connections, or with one that this credential cannot see.",
        "`removed: [{export: …, do: release, reason: …}]` releases it.",
    ),
    SafetyCheck(
        "dataset-renamed",
        "Exporting another dataset because a name now has another id.",
        "Name the right one by id: `datasets: [{id: …}]`.",
    ),
    SafetyCheck(
        "auth-keys-lost",
        "Sending all auth fields of an account while the live account has keys that the YAML lacks.",
        "Add them to `auth`, or write `drop: [KEY]` under it.",
    ),
    SafetyCheck(
        "older-config",
        "Applying a config from an older commit than the one last applied, as an old pipeline that runs again does. The"
        " markers keep the commit time.",
        "Apply the newer commit. To go back on purpose: --allow-older, or `git revert`, which makes a new commit.",
    ),
    SafetyCheck(
        "freeze",
        "Any apply but a renewal within a window of `policy.freeze`, also of a plan that was saved before it. A plan"
        " says it and does not fail.",
        "--allow-freeze NAME, of apply and rotate.",
    ),
    SafetyCheck(
        "near-run",
        "Changing a flow, or its account, within `policy.run_distance` of one of the flow's runs. A plan says it and"
        " does not fail.",
        "--allow-near-run ADDRESS, of apply and rotate; or apply at the moment that the message names.",
    ),
    SafetyCheck(
        "accepted-undone",
        "Sending all auth fields of an account while an `accept` entry keeps one of them.",
        "Write the live value into the destination, or remove the entry: exportctl then reverts the field.",
    ),
)
BY_NAME: Mapping[str, SafetyCheck] = {check.name: check for check in SAFETY_CHECKS}
