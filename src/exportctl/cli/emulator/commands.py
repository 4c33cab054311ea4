"""
`emulator`: control the emulator of the config's organization, by means that the real service does not offer.

The output is text for people. With --format json each command prints the answer of the emulator's own interface.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.context import (
    CommandContext,
    Commands,
    command_context,
    parsed_clock,
    parsed_duration,
    parsed_moment,
)
from exportctl.cli.emulator.connect import Url, ask_emulator, connect_emulator, show_answer
from exportctl.errors import Error, UsageError
from exportctl.model import schedule
from exportctl.output import format_values
from exportctl.output.format_values import clean_text

Profile = Annotated[
    Path | None,
    Option("--profile", metavar="FILE", help="Play the service of this file, which `exportctl probe` wrote."),
]


def serve(
    ctx: typer.Context,
    port: Annotated[int, Option("--port", metavar="N", min=0, max=65535, help="0 picks a free port.")] = 8025,
    profile: Profile = None,
) -> int:
    """
    Serve the emulator over HTTP on this machine.

    Other clients can use it until Ctrl-C. It needs the extra exportctl[emulator]. With a profile it plays the service
    that `exportctl probe` asked.
    """
    from exportctl.emulator import server
    from exportctl.workflows import emulator as emulator_workflow

    call = command_context(ctx)
    settings = _profile_settings(call, profile)
    with emulator_workflow.open_emulator_to_serve(call.setup(), call.as_of(), settings) as emulator:
        try:
            running = server.bind_server(emulator, port)
        except ImportError as error:
            raise Error(str(error), rule="extra-missing") from error
        except OSError as error:
            raise Error(f"port {port} cannot be used: {(error.strerror or str(error)).lower()}", rule="port") from error
        call.screen.show(_serving_message(emulator.organization, f"http://127.0.0.1:{running.effective_port}"))
        running.run()
    return exit_codes.DONE


def _serving_message(organization: str, url: str) -> str:
    """Return what a client needs to know. The emulator's credentials are valid nowhere else."""
    from exportctl.emulator import auth

    variables = {
        "AEP_CLIENT_ID": auth.CLIENT_ID,
        "AEP_CLIENT_SECRET": auth.CLIENT_SECRET,
        "AEP_IMS_URL": f"{url}/ims/token/v3",
    }
    exported = "\n".join(f"  export {name}={value}" for name, value in variables.items())
    return f"Serving {organization} on {url}. Clients need:\n{exported}\nStop it with Ctrl-C.\n"


def reset(ctx: typer.Context, url: Url = None) -> int:
    """
    Empty the emulator and seed it from the config again.

    It forgets flows, connections, datasets, faults and requests. With --url it stays empty: seed it with the command
    `emulator seed`.
    """
    from exportctl.workflows import emulator as emulator_workflow

    call = command_context(ctx)
    with connect_emulator(ctx, url) as found:
        answer = found.post("reset", {})
        if url is None:
            answer = emulator_workflow.seed_from_config(call.setup(), found)
    return show_answer(ctx, answer, "Reset." + ("" if url else " Seeded again from the config."))


def requests(
    ctx: typer.Context,
    writes: Annotated[bool, Option("--writes", help="Show only requests that change something.")] = False,
    url: Url = None,
) -> int:
    """
    List the requests that the emulator received.

    Oldest first, without headers and bodies.
    """
    with connect_emulator(ctx, url) as found:
        listed = [entry for entry in found.get("requests")["requests"] if entry["write"] or not writes]
    lines = [f"{format_values.moment(int(e['at']))}  {e['status']:>3}  {e['method']:<6} {_target(e)}" for e in listed]
    return show_answer(ctx, {"requests": listed}, "\n".join([*lines, f"{len(listed)} requests."]))


def _target(entry: dict[str, Any]) -> str:
    query = "&".join(f"{key}={value}" for key, value in entry["query"])
    return clean_text(entry["path"] + (f"?{query}" if query else ""))


def clock_get(ctx: typer.Context, url: Url = None) -> int:
    """Show the emulator's time."""
    return _show_time(ctx, ask_emulator(ctx, url, "GET", "clock"))


def clock(ctx: typer.Context, url: Url = None) -> int:
    return clock_get(ctx, url) if ctx.invoked_subcommand is None else exit_codes.DONE


def clock_set(
    ctx: typer.Context,
    moment: Annotated[str, Argument(metavar="MOMENT", help="A date, an RFC 3339 moment, or the next HH:MM in UTC.")],
    url: Url = None,
) -> int:
    """Set the emulator's clock to a moment."""
    with connect_emulator(ctx, url) as found:
        if ":" in moment[:3]:
            time_of_day, now = parsed_clock(moment, "MOMENT"), int(found.get("clock")["now"])
            wanted = now + (time_of_day - now) % schedule.DAY
        else:
            wanted = parsed_moment(moment, "MOMENT")
        return _show_time(ctx, found.post("clock", {"set": wanted}))


def clock_advance(
    ctx: typer.Context,
    duration: Annotated[str, Argument(metavar="DURATION", help="Such as `1 day`, 6h, or seconds.")],
    url: Url = None,
) -> int:
    """
    Move the emulator's clock forward.

    In this time exports run, tokens expire and flows end.
    """
    return _show_time(ctx, ask_emulator(ctx, url, "POST", "clock", {"advance": parsed_duration(duration, "DURATION")}))


def _show_time(ctx: typer.Context, answer: dict[str, Any]) -> int:
    now = datetime.fromtimestamp(int(answer["now"]), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    kind = "stopped until you move it" if answer["mode"] == "manual" else "runs"
    return show_answer(ctx, answer, f"{now} ({kind})")


def faults_list(ctx: typer.Context, url: Url = None) -> int:
    """List the faults that were added, used ones included."""
    return _show_faults(ctx, ask_emulator(ctx, url, "GET", "faults"))


def faults_add(
    ctx: typer.Context,
    fault: Annotated[str, Argument(metavar="JSON", help="Members: effect, method, path, nth, count, when …")],
    url: Url = None,
) -> int:
    """
    Add a fault to the nth request that matches.

    Effects: status, lost, slow, cut, html, stale, repeat-page, drop-item, reserved-token, expire-token, throttle.
    """
    try:
        body = json.loads(fault)
    except ValueError as error:
        raise UsageError(f"a fault is a JSON object: {error}", rule="usage") from error
    if not isinstance(body, dict):
        raise UsageError("a fault is a JSON object", rule="usage")
    return _show_faults(ctx, ask_emulator(ctx, url, "POST", "faults", body))


def faults_clear(ctx: typer.Context, url: Url = None) -> int:
    """Remove all faults."""
    return _show_faults(ctx, ask_emulator(ctx, url, "DELETE", "faults"))


def _show_faults(ctx: typer.Context, answer: dict[str, Any]) -> int:
    lines = [clean_text(json.dumps({k: v for k, v in f.items() if v}, sort_keys=True)) for f in answer["faults"]]
    return show_answer(ctx, answer, "\n".join(lines) or "No faults.")


def switches_show(ctx: typer.Context, url: Url = None) -> int:
    """Show every switch, its value and its possible values."""
    return _show_switches(ctx, ask_emulator(ctx, url, "GET", "switches"))


def switches_set(
    ctx: typer.Context,
    settings: Annotated[list[str] | None, Argument(metavar="NAME=VALUE", help="Such as list_lag=60.")] = None,
    profile: Profile = None,
    url: Url = None,
) -> int:
    """
    Set switches of the emulator.

    `exportctl emulator switches show` lists names and values. A profile sets all switches that `exportctl probe` found.
    """
    if not settings and profile is None:
        raise UsageError("choose what to set: NAME=VALUE, or --profile FILE", rule="usage")
    body = {
        **(_profile_settings(command_context(ctx), profile) or {}),
        **dict(_parse_setting(one) for one in settings or ()),
    }
    return _show_switches(ctx, ask_emulator(ctx, url, "PATCH", "switches", body))


def _profile_settings(call: CommandContext, profile: Path | None) -> dict[str, Any] | None:
    """Return the settings of a profile; None without one."""
    from exportctl.workflows import service_profile

    return None if profile is None else dict(service_profile.read_profile(call.folder, profile).switches)


def _parse_setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text}: write NAME=VALUE", rule="usage")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _show_switches(ctx: typer.Context, answer: dict[str, Any]) -> int:
    from exportctl.emulator.switches import QUESTIONS

    lines = []
    for name, setting in sorted(answer.items()):
        question = QUESTIONS[name]
        possible = (
            f"{question.span[0]} to {question.span[1]}"
            if question.span
            else ", ".join(map(json.dumps, question.values))
        )
        lines.append(f"{name} = {json.dumps(setting)}  (possible: {possible})\n    {question.text}")
    return show_answer(ctx, answer, "\n".join(lines))


FAULT = """exportctl emulator faults add '{"effect": "lost", "method": "POST", "path": "/flows$"}'"""
COMMANDS: Commands = {
    "emulator clock": (clock, ""),
    "emulator serve": (serve, "exportctl emulator serve --port 8025"),
    "emulator reset": (reset, "exportctl emulator reset"),
    "emulator requests": (requests, "exportctl emulator requests --writes"),
    "emulator clock get": (clock_get, "exportctl emulator clock get"),
    "emulator clock set": (clock_set, "exportctl emulator clock set 12:00"),
    "emulator clock advance": (clock_advance, "exportctl emulator clock advance '1 day'"),
    "emulator faults list": (faults_list, "exportctl emulator faults list"),
    "emulator faults add": (faults_add, FAULT),
    "emulator faults clear": (faults_clear, "exportctl emulator faults clear"),
    "emulator switches show": (switches_show, "exportctl emulator switches show"),
    "emulator switches set": (switches_set, "exportctl emulator switches set list_lag=60 read_secrets=omit"),
}
