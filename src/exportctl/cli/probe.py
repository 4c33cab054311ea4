"""`probe`: ask the service the open questions, in a sandbox of the user."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.apply_run import Interrupt
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context, handle_signals
from exportctl.cli.files import write_file
from exportctl.errors import Error, UsageError
from exportctl.output.format_values import clean_text
from exportctl.output.json import probe as json_probe
from exportctl.output.text import probe as text_probe

if TYPE_CHECKING:
    from exportctl.profile.answers import ProbeReport
    from exportctl.workflows.probe import ConnectedProbe


Exported = Annotated[
    list[str] | None,
    Option(
        "--with-export",
        metavar="DATASET",
        help="Also ask what needs runs: EXPORT this dataset to the landing zone, for hours. Give it twice at most.",
    ),
]
NewRows = Annotated[
    str | None,
    Option(
        "--with-new-rows",
        metavar="DATASET",
        help="Also ask whether rows of a run that sent none come later: EXPORT this dataset twice, for hours. It must "
        "get new rows all the time.",
    ),
]


def probe(
    ctx: typer.Context,
    dataset: Annotated[
        str, Option("--dataset", metavar="NAME", help="The name or id of a dataset. Nothing of it is exported.")
    ],
    sandbox: Annotated[
        str | None, Option("--sandbox", metavar="NAME", help="The sandbox. Default: that of the config.")
    ] = None,
    with_export: Exported = None,
    with_new_rows: NewRows = None,
    out: Annotated[
        Path | None, Option("--out", metavar="FILE", help="Write this file. Default: service-profile.json.")
    ] = None,
    record: Annotated[
        Path | None,
        Option("--record", metavar="DIR", help="Keep the requests and answers here, without secrets, ids and names."),
    ] = None,
    auto_approve: Annotated[bool, Option("--auto-approve", help="Do not ask.")] = False,
) -> int:
    """
    Ask the service open questions, in your own sandbox.

    Adobe's documents leave questions open. probe creates a few objects on the landing zone, sees what the service does,
    and deletes them. Their flows start in 30 days and are disabled at once, so nothing is exported. It writes the
    answers to service-profile.json, without ids and names. A rerun deletes what a killed probe left behind. A sandbox
    for production is refused unless you type its name: --sandbox prod.

    Some questions need runs. --with-export asks them too: it exports one or two datasets, which takes hours and counts
    as export volume. probe shows the volume that it knows before it starts. --with-new-rows asks whether the rows of a
    failed run, or of a run that a disabled flow missed, come later.
    """
    from exportctl.workflows import probe as probe_workflow

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    exported = tuple(dict.fromkeys(with_export or ()))
    if len(exported) > 2:
        raise UsageError("--with-export: one or two datasets are enough", rule="usage")
    asked = probe_workflow.ProbeRequest(dataset, sandbox, exported, with_new_rows)
    with probe_workflow.open_probe(call.setup(), asked, call.as_of()) as ready:
        if not _ask_approval(call, probe_workflow.announcement(ready), auto_approve):
            call.screen.say("Not started.")
            return exit_codes.FAILED
        report = call.guard.mask_echoes(_run(call, ready, out, record))
    if call.format == JSON:
        call.screen.write_document(json_probe.render_report(report))
    else:
        call.screen.show(text_probe.render_report(report, color=call.screen.color))
    return _exit_code(report)


def _ask_approval(call: CommandContext, lines: tuple[str, ...], auto_approve: bool) -> bool:
    """
    Say what the probe creates, and ask.

    Raises:
        UsageError: an answer is needed and there is no terminal.
    """
    call.screen.tell("\n".join(map(clean_text, lines)))
    if auto_approve:
        return True
    if not call.screen.is_interactive:
        hint = "add --auto-approve"
        raise UsageError("probe must ask, and there is no terminal", rule="no-terminal", hint=hint)
    return call.screen.ask("Start? Type `yes`: ") == "yes"


def _run(call: CommandContext, ready: ConnectedProbe, out: Path | None, record: Path | None) -> ProbeReport:
    """Run the probe, and write the cassettes, and the profile unless it was interrupted."""
    from exportctl.profile.file import default_path, dump_profile
    from exportctl.workflows import probe as probe_workflow

    interrupt = Interrupt()
    with handle_signals(interrupt, signal.SIGINT, signal.SIGTERM):
        private = [call.env.get(name, "") for name in ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ACCESS_TOKEN")]
        recorder = None if record is None else ready.recorder(private)
        result = ready.run(interrupt.stop, call.screen.say, recorder)
    if record is not None and recorder is not None:
        _write_cassettes(call.folder / record, recorder.cassettes())
    file = out or Path(default_path(call.files))
    if result.interrupted:
        return probe_workflow.build_report(ready, result, None)
    write_file(call.folder / file, dump_profile(ready.profile(result)))
    return probe_workflow.build_report(ready, result, str(file))


def _write_cassettes(folder: Path, cassettes: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Error(
            f"the folder {folder} cannot be made: {(error.strerror or str(error)).lower()}", rule="file"
        ) from error
    for name, text in cassettes.items():
        write_file(folder / f"{name}.json", text)


def _exit_code(report: ProbeReport) -> int:
    codes = [exit_codes.INTERRUPTED] if report.interrupted else []
    codes += [exit_codes.INCOMPLETE] if report.remaining else []
    return exit_codes.pick_exit_code(*codes)


COMMANDS = {
    "probe": (probe, "exportctl probe --dataset Orders --env dev\nexportctl probe --dataset Orders --auto-approve")
}
