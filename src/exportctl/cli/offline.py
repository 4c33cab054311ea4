"""Commands that need no platform: `validate`, `schema`, `explain`, `completion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import publish_findings
from exportctl.cli.completion import SHELLS
from exportctl.cli.context import COMPLETION_VARIABLE, JSON, JUNIT, SARIF, TEXT, CommandContext, command_context
from exportctl.cli.options import check_environment
from exportctl.errors import Level, UsageError
from exportctl.output.text.findings import render_validation


def validate(ctx: typer.Context) -> int:
    """
    Check the config of all environments. Reads no network.

    One run shows every mistake, with file:line:column and how to fix it. Errors exit with 1, warnings and notes do not.
    `exportctl explain RULE` says more about the [rule] at the end of a line.
    """
    from exportctl.workflows import load_config

    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT, SARIF)
    setup = call.setup()
    found = load_config.validate_config(setup, call.as_of())
    check_environment(setup, found.environment_names)
    number: dict[str, Any] = {name: getattr(found, name) for name in ("exports", "destinations")}
    number["environments"] = len(found.environment_names)
    if call.format == JSON:
        from exportctl.output.json import documents

        call.screen.write_document(documents.render_validation(found.findings, **number))
    elif call.format == SARIF:
        from exportctl.cli.sarif_output import sarif_document
        from exportctl.output.sarif import finding_results

        call.screen.write_document(sarif_document(call, "validate", finding_results(found.findings)))
    elif call.format == JUNIT:
        from exportctl.output import junit_findings

        call.screen.write_document(junit_findings.render_validation(found.findings))
    else:
        call.screen.show(render_validation(found.findings, color=call.screen.color, **number))
    publish_findings(call, found.findings)
    return exit_codes.FAILED if any(f.level is Level.ERROR for f in found.findings) else exit_codes.DONE


def schema(
    ctx: typer.Context,
    name: Annotated[
        str,
        Argument(
            metavar="SCHEMA",
            help="`exports` for the config, or a kind of JSON output: plan, drift, apply, saved-plan …",
        ),
    ] = "exports",
    write: Annotated[str | None, Option("--write", metavar="DIR", help="Write all schemas into this folder.")] = None,
) -> int:
    """Print the JSON Schema of the config or of JSON output."""
    from exportctl.config.fleet_file import fleet_schema_files
    from exportctl.config.schema.root import schema_files
    from exportctl.output.json import schemas  # every kind of document: no other command needs them all

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    files = schema_files() | fleet_schema_files() | schemas.files()
    if write is not None:
        return _write_schemas(call, files, call.folder / write)
    text = files.get(f"{name}{schemas.SUFFIX}")
    if text is None:
        known = ", ".join(sorted(file.removesuffix(schemas.SUFFIX) for file in files))
        raise UsageError(f"no schema has the name {name}", rule="usage", hint=f"choose one of {known}")
    call.screen.write_document(text)
    return exit_codes.DONE


def _write_schemas(call: CommandContext, files: dict[str, str], folder: Path) -> int:
    from exportctl.cli.files import make_folder, write_file

    make_folder(folder)
    for file, text in files.items():
        write_file(folder / file, text)
    call.screen.say(f"Wrote {len(files)} schemas into {folder}.")
    return exit_codes.DONE


def explain(
    ctx: typer.Context,
    topic: Annotated[
        list[str], Argument(metavar="TERM", help="A term, a rule, an exit code, or a field of the config.")
    ],
) -> int:
    """
    Explain a term, a rule, an exit code or a config field.

    Case, hyphens and plurals do not matter. A rule id stands in [brackets] at the end of each finding. Write a field
    with dots: exports.schedule.every. docs/glossary.md lists all terms.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    from exportctl.cli.explain_topics import explain_topic

    title, words = explain_topic(" ".join(topic))
    if call.format == JSON:
        from exportctl.output.json import documents

        call.screen.write_document(documents.render_explanation(title, words))
    else:
        from exportctl.output.text import tables

        call.screen.show(tables.render_explanation(title, words))
    return exit_codes.DONE


def completion(
    ctx: typer.Context, shell: Annotated[str, Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")]
) -> int:
    """
    Print the completion script for a shell.

    A shell with this script completes commands and options, and what follows them: addresses and environments of the
    config, topics of `explain`, formats, groups of drift. It reads only the names in the config, also in a file with
    mistakes, and no network. Names with other characters than letters, digits, `.`, `_`, `-` and `/` are left out.
    """
    import typer.completion

    if shell not in SHELLS:
        raise UsageError(f"no completion for {shell}", rule="usage", hint=f"choose one of {', '.join(SHELLS)}")
    scripts: Any = typer.completion
    script = scripts.get_completion_script(prog_name="exportctl", complete_var=COMPLETION_VARIABLE, shell=shell)
    command_context(ctx).screen.show_document(f"{script}\n")
    return exit_codes.DONE


COMMANDS = {
    "validate": (validate, "exportctl validate\nexportctl validate -f exports.yaml --format json"),
    "schema": (schema, "exportctl schema plan\nexportctl schema --write schemas"),
    "explain": (explain, "exportctl explain paused\nexportctl explain exit 5\nexportctl explain folder-without-time"),
    "completion": (
        completion,
        "exportctl completion bash >> ~/.bashrc\n"
        "exportctl completion zsh >> ~/.zshrc\n"
        "exportctl completion fish >> ~/.config/fish/config.fish\n"
        "exportctl completion powershell >> $PROFILE",
    ),
}
