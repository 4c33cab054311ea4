"""What the service stores of what it was sent: the values as they are, or in a spelling of its own. Pure."""

from __future__ import annotations

from exportctl.emulator import specs, validation
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Json

SLASH_FIELDS = ("path", "remotePath")
LOWER_CASE_FIELDS = ("datasetFileType", "compression", "bucketName", "container")


def normalise_document(written: Json, switches: Switches) -> Json:
    """Return what is stored of what was sent."""
    # rule: normalised-values
    result = dict(written)
    if "scheduleParams" in result:
        result["scheduleParams"] = _normalised_schedule(result, switches)
    elif isinstance(result.get("params"), dict):
        changes = {"trailing-slash": (SLASH_FIELDS, _strip_trailing_slashes), "case": (LOWER_CASE_FIELDS, str.lower)}
        names, change = changes.get(switches.normalise, ((), str))
        params = result["params"]
        result["params"] = {k: change(v) if k in names and isinstance(v, str) else v for k, v in params.items()}
    # rule: child-descriptions
    if "flowSpec" not in result and switches.child_descriptions == "drop":
        result.pop("description", None)
    # rule: sftp-port
    auth = result.get("auth")
    if switches.sftp_port == "ignored" and isinstance(auth, dict) and "port" in (auth.get("params") or {}):
        result["auth"] = {**auth, "params": {key: auth["params"][key] for key in auth["params"] if key != "port"}}
    # rule: texts-kept
    if isinstance(result.get("description"), str):
        result["description"] = _stored_description(result["description"], switches)
    if isinstance(result.get("name"), str) and switches.names == "trimmed":
        result["name"] = result["name"].strip()
    return result


def _stored_description(text: str, switches: Switches) -> str:
    if switches.description_text == "one-line":
        text = " ".join(text.splitlines())
    elif switches.description_text == "ascii":
        text = text.encode("ascii", "ignore").decode()
    return text[: switches.description_length] if switches.description_length else text


def _normalised_schedule(written: Json, switches: Switches) -> Json:
    schedule: Json = dict(written["scheduleParams"])
    if written["flowSpec"]["id"] not in specs.DATASET_FLOWS:
        return schedule
    # rule: numbers-as-text
    numbers = {key: validation.whole_number(schedule.get(key)) for key in ("interval", *validation.TIMES)}
    schedule |= {key: number for key, number in numbers.items() if number is not None}
    for key in validation.TEMPLATE_KEYS:
        if key in schedule and switches.normalise == "trailing-slash":
            schedule[key] = _strip_trailing_slashes(schedule[key])
    return schedule


def _strip_trailing_slashes(text: str) -> str:
    return text.rstrip("/") or text[:1]
