"""`datasets` and `doctor`: what can be exported, and whether the set-up works."""

from __future__ import annotations

import typer

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, TEXT, command_context
from exportctl.model.outcome import CheckStatus
from exportctl.output.json import documents
from exportctl.output.text import tables


def datasets(ctx: typer.Context) -> int:
    """
    List the datasets that can be exported. Read-only.

    The list also names the exports of the config that use them.
    """
    from exportctl.workflows import plan as plan_workflow

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    found = plan_workflow.list_exportable_datasets(call.setup(), wall=call.wall)
    if call.format == JSON:
        call.screen.write_document(
            documents.render_datasets(found.datasets, found.used_by, header=found.header, as_of=found.as_of)
        )
    else:
        call.screen.show(
            tables.render_datasets(found.datasets, found.used_by, color=call.screen.color, width=call.screen.width)
        )
    return exit_codes.DONE


def doctor(ctx: typer.Context) -> int:
    """
    Check credentials, permissions and config. Read-only.

    doctor checks the token, the organization, the sandbox, permissions and the number of flows, and prints one fix per
    line. With a config it also checks the variables by name, shows the storage policy to paste, and lists orphans:
    connections of this project that no flow uses. Without a config it uses AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID
    and AEP_SANDBOX.
    """
    from exportctl.workflows import doctor as examination

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    checks, header = examination.run_checks(call.setup(), call.as_of())
    checks = call.guard.mask_echoes(checks)
    if call.format == JSON:
        call.screen.write_document(documents.render_checks(checks, header=header, as_of=call.as_of()))
    else:
        call.screen.show(tables.render_checks(checks, color=call.screen.color, width=call.screen.width))
    return exit_codes.FAILED if any(c.status is CheckStatus.FAILED for c in checks) else exit_codes.DONE


COMMANDS = {"datasets": (datasets, "exportctl datasets --env prod"), "doctor": (doctor, "exportctl doctor")}
