"""
The open questions of the service, one switch each: the answers are not known, so clients must work with all of them.

`Switches` is a value; each field says what it asks, which settings it may take and who asks it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self, TypeVar

_Setting = TypeVar("_Setting")


@dataclass(frozen=True)
class OpenQuestion:
    """What a switch asks; `values` are the settings, the default first, for a range (`span`) the ones worth drawing."""

    text: str
    values: tuple[object, ...]
    source: str
    span: tuple[int, int] | None = None

    def allows(self, value: object) -> bool:
        if self.span is not None:
            return type(value) in (int, float) and self.span[0] <= value <= self.span[1]  # type: ignore[operator]
        return any(type(value) is type(known) and value == known for known in self.values)


def _ask(text: str, values: tuple[_Setting, ...], source: str, span: tuple[int, int] | None = None) -> _Setting:
    """Return the field of a switch: its default is the first of the values."""
    return field(default=values[0], metadata={"question": OpenQuestion(text, values, source, span)})


@dataclass(frozen=True)
class Switches:
    """One setting per open question; the defaults are the careful assumption of flow-service.md 13."""

    patch_objects: str = _ask(
        "Does add or replace of an object replace all of it (RFC 6902), or merge? /auth/params is replaced in both "
        "cases, as documented.",
        ("replace", "merge"),
        "U5, flow-service.md 4.1",
    )
    read_secrets: str = _ask(
        "Does GET show, mask or leave out auth params of format password (s3Role among them)?",
        ("mask", "show", "omit"),
        "U6, flow-service.md 2.2",
    )
    child_descriptions: str = _ask(
        "Are descriptions of base, source and target connections kept or silently dropped? Flows keep theirs.",
        ("keep", "drop"),
        "[D] 2.1 lists the field, no sample shows it kept",
    )
    runs_move_etags: bool = _ask(
        "Does a run of an enabled flow move the flow's etag and leave the background client as updatedBy?",
        (True, False),
        "flow-service.md 2.6",
    )
    default_end_time: str = _ask(
        "Does GET show the end that the platform sets (creation plus six months) if the client sent none?",
        ("hidden", "shown"),
        "U12, [XD-new]",
    )
    template_key: str = _ask(
        "Which spelling of the folder template does GET show? Both are accepted on write.",
        ("foldernameTemplate", "folderNameTemplate", "as-sent"),
        "C2, flow-service.md 7.1",
    )
    interval_type: str = _ask("Is interval shown as a number or as text?", ("integer", "string"), "C19, [AE]")
    list_lag: float = _ask(
        "Seconds until lists show a created object and leave out a deleted one. GET by id knows both at once.",
        (0, 1, 5, 60),
        "U2, U22",
        (0, 60),
    )
    source_patch: str = _ask(
        "Can a client patch a source connection? Its datasets cannot change in any case.",
        ("allowed", "405"),
        "[F] has it, [D] leaves it out",
    )
    old_source_in_use: float = _ask(
        "Seconds for which a source connection cannot be deleted (1447) after its flow uses another one.",
        (0, 30, 600),
        "U9",
        (0, 600),
    )
    manifest: str = _ask(
        "Is includeFileManifest listed in the target specs and accepted, or neither?",
        ("accepted", "rejected"),
        "U18, [BD]",
    )
    json_uncompressed: str = _ask("Is JSON with compression NONE accepted?", ("accepted", "rejected"), "C3")
    past_start: str = _ask(
        "Does the service accept a startTime in the past? `rejected` accepts an unchanged one, `rejected-always` "
        "does not.",
        ("accepted", "rejected", "rejected-always"),
        "U13, [NB]",
    )
    eight_hours: str = _ask("Is an interval of 8 hours accepted?", ("accepted", "rejected"), "C1")
    labelled: str = _ask(
        "Are objects with access labels visible, or missing from lists and 404 by id?", ("visible", "hidden"), "[LB]"
    )
    normalise: str = _ask(
        "Does the service store what it was sent, drop trailing slashes of path, remotePath and folder template, "
        "or lower-case datasetFileType, compression, bucketName and container?",
        ("none", "trailing-slash", "case"),
        "flow-service.md 5.7: lower-case values seen in [AE]",
    )
    delete_status: int = _ask("Status of an accepted DELETE.", (202, 204), "C4")
    child_patch_answer: str = _ask(
        "Does PATCH of a source or target connection answer id and etag, or the items list?", ("id-etag", "items"), "C5"
    )
    transition: float = _ask(
        "Seconds after a write in which the object is in transition and refuses PATCH, action and DELETE.",
        (0, 1, 5, 10),
        "flow-service.md 2.6, FLOW 1416 1420 1421 1457 1458",
        (0, 10),
    )
    delete_lag: float = _ask(
        "Seconds for which GET still returns a deleted flow, with state delete-finalizing, before 404.",
        (1, 0, 5, 10),
        "[DF]: 202, then 404",
        (0, 10),
    )
    name_unique: bool = _ask("Must names be unique in a collection of a sandbox?", (False, True), "U7")
    background_after_write: bool = _ask(
        "Does a background client finish a write, which moves the etag (and of a flow updatedBy and updatedClient)?",
        (True, False),
        "flow-service.md 2.6, [D] samples",
    )
    background_actor: str = _ask(
        "Does the background client overwrite updatedBy of a flow after runs and API writes only, "
        "or after UI edits too?",
        ("runs", "writes"),
        "flow-service.md 2.6; UI edits: assumed",
    )
    background_actor_children: bool = _ask(
        "Does the background client also overwrite updatedBy of base, source and target connections, or move their "
        "etags only?",
        (False, True),
        "flow-service.md 2.6; connections: assumed",
    )
    run_scope: str = _ask(
        "At each moment of the schedule: is there one run of the flow, or one for each dataset?",
        ("flow", "dataset"),
        "flow-service.md 8.4",
    )
    run_duration: float = _ask("Seconds a run takes, while it shows as processing.", (0, 60, 600), "8.2", (0, 600))
    run_entities: str = _ask(
        "Do runs list their datasets, as entitySummaries with ids that end in the dataset's?",
        ("shown", "hidden"),
        "U17, flow-service.md 8.1",
    )
    manifest_last: bool = _ask(
        "Is the manifest written after the files it lists, or before?", (True, False), "dataset-exports.md 8"
    )
    manifest_location: str = _ask(
        "Is there a manifest in each export folder, or one in the target's path?", ("folder", "path"), "U18"
    )
    empty_run: str = _ask(
        "What does a run without rows write: nothing, a folder, a file without rows?",
        ("nothing", "folder", "file"),
        "dataset-exports.md 10",
    )
    empty_manifest: bool = _ask("Does a run without files write a manifest?", (False, True), "dataset-exports.md 15")
    dataset_change: str = _ask(
        "After a change of a flow's datasets: does the flow send only added datasets in full, or all?",
        ("new-only", "restart"),
        "U8",
    )
    schedule_change: str = _ask(
        "Does a change of mode or interval restart the full export?", ("continue", "restart"), "dataset-exports.md 5.3"
    )
    revival: str = _ask(
        "The end of an expired flow is moved. Does the flow send what was added since, send everything again, or "
        "send nothing? In no case does it repeat the runs that it missed.",
        ("continue", "restart", "never"),
        "U11, dataset-exports.md 5.2",
    )
    ad_hoc: str = _ask("Can a client start an export on demand?", ("enabled", "disabled"), "[NB] flow-service.md 9.2")

    def __post_init__(self) -> None:
        for name, question in QUESTIONS.items():
            value = getattr(self, name)
            if not question.allows(value):
                allowed = ", ".join(map(str, question.values))
                if question.span is not None:
                    allowed = f"{question.span[0]} to {question.span[1]} seconds"
                raise ValueError(f"switch {name} cannot be {value!r}: it takes {allowed}")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build switches from settings by name; a missing one has its default, an unknown name is an error."""
        unknown = sorted(set(value) - set(QUESTIONS))
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)

    @classmethod
    def choices(cls) -> dict[str, tuple[object, ...]]:
        """Per switch the settings worth drawing, the default first."""
        return {name: question.values for name, question in QUESTIONS.items()}

    @classmethod
    def draw_random(cls, rng: random.Random) -> Self:
        """One setting of everything, drawn evenly."""
        return cls(**{name: rng.choice(values) for name, values in cls.choices().items()})  # type: ignore[arg-type]


QUESTIONS: dict[str, OpenQuestion] = {switch.name: switch.metadata["question"] for switch in fields(Switches)}
