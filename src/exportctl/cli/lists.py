"""`datasets` and `doctor`: what the platform offers, and whether the set-up works."""

from __future__ import annotations

import typer

from exportctl.checkup import State
from exportctl.cli import exits
from exportctl.cli.call import JSON, TEXT, current


def datasets(ctx: typer.Context) -> int:
    """List the datasets that can be exported. With the exports of the config that use them."""
    from exportctl import workflows
    from exportctl.views import json, text_lists

    call = current(ctx)
    call.formats(TEXT, JSON)
    found = workflows.eligible(call.setup(), wall=call.wall)
    if call.format == JSON:
        call.screen.document(json.datasets(found.datasets, found.used_by, header=found.header, as_of=found.as_of))
    else:
        call.screen.show(text_lists.datasets(found.datasets, found.used_by, color=call.screen.color))
    return exits.DONE


def doctor(ctx: typer.Context) -> int:
    """
    Look whether the set-up works, by harmless reads. One remedy a line.

    Token, organization, sandbox, permissions, number of flows; with a config also the references, by name, what the
    storage must allow, and what this project left behind: connections that nothing uses.

    Without a config it asks AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID and AEP_SANDBOX.
    """
    from exportctl import doctor as examination
    from exportctl.views import json, text_lists

    call = current(ctx)
    call.formats(TEXT, JSON)
    checks, header = examination.checks(call.setup(), call.today())
    if call.format == JSON:
        call.screen.document(json.doctor(checks, header=header, as_of=call.today()))
    else:
        call.screen.show(text_lists.doctor(checks, color=call.screen.color))
    return exits.FAILED if any(c.state is State.FAILED for c in checks) else exits.DONE


COMMANDS = {
    "datasets": (datasets, "exportctl datasets --env prod"),
    "doctor": (doctor, "exportctl doctor"),
}
