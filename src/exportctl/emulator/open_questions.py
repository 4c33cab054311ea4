"""
Every open question of the developers' notes, and the switches that play it, or why none is needed. Pure data.

C: the sources contradict each other; U: no source says it (flow-service.md 13). D: the questions for a first test in a
live sandbox (dataset-exports.md 15). docs/emulator.md shows the table, and a test keeps it complete.
"""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class NotedQuestion:
    """One question: `switches` play it; `reason` says why there is none, or what they leave out."""

    id: str
    text: str
    switches: tuple[str, ...] = ()
    reason: str = ""


_OWN_VALUE = "exportctl always sends the one value that every source accepts"

NOTED_QUESTIONS = (
    NotedQuestion("C1", "Which hourly intervals are accepted?",
        ("one_hour", "eight_hours", "nine_hours", "other_intervals")),
    NotedQuestion("C2", "Which spelling has the key of the folder template?", ("template_key",)),
    NotedQuestion("C3", "Is JSON without compression accepted?", ("json_uncompressed",)),
    NotedQuestion("C4", "Which status has an accepted DELETE?", ("delete_status",)),
    NotedQuestion("C5", "What does PATCH of a source or target connection answer?", ("child_patch_answer",)),
    NotedQuestion("C6", "Which names have the S3 keys in a patch?",
        reason="exportctl sends the names of the live connection spec; the emulator refuses all others"),
    NotedQuestion("C7", "Which ways to authenticate has S3?",
        reason="the live connection spec lists them, and the plan refuses what it does not list"),
    NotedQuestion("C8", "Which names and params has SFTP?", ("sftp_port",)),
    NotedQuestion("C9", "Is x-sandbox-name needed?", reason="exportctl always sends it; the emulator demands it"),
    NotedQuestion("C10", "Is connectionSpec.version needed?", reason=_OWN_VALUE),
    NotedQuestion("C11", "Is `data` needed on connections?", ("source_data", "target_data")),
    NotedQuestion("C12", "Is the status of a run `Success` or `success`?", ("run_status_case",)),
    NotedQuestion("C13", "Which member holds the end of a run?", ("run_end_member",)),
    NotedQuestion("C14", "Does `property` filter or project?",
        reason="every published example filters; exportctl checks again whatever it asked for by a filter"),
    NotedQuestion("C15", "Is not found 400 or 404?", ("not_found_status",)),
    NotedQuestion("C16", "Is subOp needed on an action?", ("action_sub_op",)),
    NotedQuestion("C17", "Which default end did flows of 2024 get?",
        reason="history: exportctl reads endTime; see U12 for a flow that shows none"),
    NotedQuestion("C18", "A hidden page patches with a body that is no JSON Patch.",
        reason="exportctl sends JSON Patch only, and the emulator takes nothing else"),
    NotedQuestion("C19", "Is interval shown as a number or as text?", ("interval_type",)),
    NotedQuestion("C20", "Is fileType required on the target of a dataset export?",
        reason="exportctl ignores `required` of live specs; the emulator does not demand it"),
    NotedQuestion("C21", "A sample has a malformed spec id of the landing zone.", reason="exportctl has the right one"),
    NotedQuestion("C22", "A sample patches a base connection under /targetConnections.",
        reason="exportctl patches /connections; the emulator finds no such target connection"),
    NotedQuestion("C23", "In which case are enums written?", ("lower_case_enums",),
        "the emulator takes the op of a patch in any case"),
    NotedQuestion("U1", "What does the token endpoint answer to a bad request?",
        reason="exportctl never repeats after a 4xx, and never shows the body; faults play other answers"),
    NotedQuestion("U2", "What is the default limit, and how stable are pages under writes?",
        ("default_limit", "list_lag", "stale_reads")),
    NotedQuestion("U3", "Is there an ETag header?", reason="exportctl takes the etag of the body only"),
    NotedQuestion("U4", "Are weak or wildcard If-Match accepted?", reason="exportctl never sends one"),
    NotedQuestion("U5", "Does a patch with an object replace or merge?", ("patch_objects",)),
    NotedQuestion("U6", "Does GET show secrets?", ("read_secrets",)),
    NotedQuestion("U7", "Are names unique? How long may texts be, and which characters do they keep?",
        ("name_unique", "names", "description_length", "description_text", "child_descriptions")),
    NotedQuestion("U8", "What does a change of datasets send again?", ("dataset_change",)),
    NotedQuestion("U9", "When can an old source connection be deleted?", ("old_source_in_use",)),
    NotedQuestion("U10", "What happens to the runs that a disabled flow missed?", ("missed_runs", "missed_run_rows")),
    NotedQuestion("U11", "Which state has a flow past its end, and does it revive?", ("ended_flows", "revival")),
    NotedQuestion("U12", "Does GET show a default end?", ("default_end_time",)),
    NotedQuestion("U13", "How early or late may start and end be?", ("past_start", "longest_end")),
    NotedQuestion("U14", "When are invalid params caught?", ("invalid_params", "patch_checks")),
    NotedQuestion("U15", "Does POST of an account test its credentials?",
        reason="a refused POST is a failed step whatever its reason; in the emulator wrong credentials fail the run"),
    NotedQuestion("U16", "Which rate limit has the gateway?", ("rate_limit",)),
    NotedQuestion("U17", "What do runs say of their datasets?", ("run_entities", "run_scope")),
    NotedQuestion("U18", "Is there a manifest, and where?", ("manifest", "manifest_location", "manifest_last")),
    NotedQuestion("U19", "How long are runs kept?", ("run_retention",)),
    NotedQuestion("U20", "How do exports on demand fail?", ("ad_hoc",), "exportctl starts no exports on demand"),
    NotedQuestion("U21", "Do destinations have drafts?", reason="exportctl makes no drafts"),
    NotedQuestion("U22", "How late do reads show a POST, a PATCH or a DELETE?",
        ("read_lag", "list_lag", "stale_reads", "late_effect", "delete_lag")),
    NotedQuestion("U23", "Can a flow be deleted during a run?", ("delete_during_run",)),
    NotedQuestion("U24", "What does an empty list look like?", ("empty_list",)),
    NotedQuestion("U25", "Are there hosts of regions?", reason="the host is `platform.url` in the config"),
    NotedQuestion("D1", "Does a patch of /scheduleParams merge or replace, and which template key remains?",
        ("patch_objects", "template_key")),
    NotedQuestion("D2", "Does a change of datasets, interval or mode restart the full export?",
        ("dataset_change", "schedule_change")),
    NotedQuestion("D3", "Are 8 and 9 hours accepted? Is interval 0 shown? How late may an end be, how early a start?",
        ("eight_hours", "nine_hours", "zero_interval", "longest_end", "past_start")),
    NotedQuestion("D4", "When is JSON without compression refused?", ("json_uncompressed", "invalid_params")),
    NotedQuestion("D5", "Is includeFileManifest accepted, is the manifest last, does an empty run write one?",
        ("manifest", "manifest_last", "empty_manifest")),
    NotedQuestion("D6", "Does a dataset flow take an assumed role of S3, and a port of SFTP?", ("sftp_port",),
        "the live connection spec says whether there is the role"),
    NotedQuestion("D7", "Does GET show secrets, and does POST validate credentials?", ("read_secrets",), "see U15"),
    NotedQuestion("D8", "Do the filters of flows combine? What are the rate limits?", ("rate_limit",),
        "exportctl sends one filter, and chooses the flows itself"),
    NotedQuestion("D9", "Which permission is missing if DELETE answers 403?",
        reason="exportctl shows the answer of the service, and names the permissions that the documents list"),
    NotedQuestion("D10", "Does a flow revive if its end is moved, does it catch up, and which state does it show?",
        ("revival", "ended_flows")),
    NotedQuestion("D11", "Does GET show the end that the platform chose?", ("default_end_time",)),
)  # fmt: skip
