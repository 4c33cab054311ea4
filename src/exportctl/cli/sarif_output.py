"""Make SARIF: where files lie in their repository, the rules of a command, and errors that end it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from exportctl.cli.context import CommandContext
from exportctl.config.files import MAIN_FILE
from exportctl.errors import Finding
from exportctl.monitor.drift import DriftGroup
from exportctl.output import sarif
from exportctl.output.sarif import SarifResult, SarifRule, SarifRun
from exportctl.output.text.drift import TITLES
from exportctl.rules.engine import RULES
from exportctl.rules.rule import CheckStage

PAGE = "rules.md"
PLACEHOLDER = "YOUR_ORG"  # in the metadata of a checkout that no one has released


def sarif_document(
    call: CommandContext, command: str, results: Sequence[SarifResult], failures: Sequence[Finding] = ()
) -> str:
    """Return the one document of a run; `failures` are errors that are about no file."""
    root = repository_root(call.folder)
    main_file = call.files[0] if call.files else MAIN_FILE

    def locate(file: str) -> str | None:
        return inside_checkout(checkout_path(call.folder / file, root))

    return sarif.render_run(SarifRun(command, command_rules(command), results, failures, main_file, locate))


def checkout_path(path: Path, root: Path) -> str:
    """Return the path of a file from the root of the checkout, through links; it begins with `../` if it is outside."""
    return Path(os.path.relpath(os.path.realpath(path), root)).as_posix()


def inside_checkout(path: str) -> str | None:
    """Return a path from the root of the checkout, None if it leads outside."""
    return None if path.split("/")[0] == os.pardir else path


def command_rules(command: str) -> Sequence[SarifRule]:
    """Return all rules of which a command makes results."""
    return [*config_rules(), *(drift_rules() if command in ("drift", "fleet drift") else ())]


def error_document(call: CommandContext, command: str, found: Sequence[Finding]) -> str:
    """Return the document of a run that an error ended: mistakes in files are results, all else failed the run."""
    results = sarif.finding_results([f for f in found if f.at])
    return sarif_document(call, command, results, [f for f in found if not f.at])


def repository_root(folder: Path) -> Path:
    """Return the top folder of the Git checkout around a folder; without one, the folder itself."""
    start = Path(os.path.realpath(folder))
    return next((parent for parent in (start, *start.parents) if (parent / ".git").exists()), start)


def config_rules() -> Iterable[SarifRule]:
    """Return the rules of the config and of plans, as `exportctl explain` shows them."""
    page = _rules_page()
    for rule in RULES:
        stage = "; found by `exportctl plan`" if rule.stage is CheckStage.PLAN else ""
        text = (
            f"{rule.title}.\n\nWhy: {rule.why}\n\nFix: {rule.how_to_fix}\n\nMore: `exportctl explain {rule.id}`{stage}"
        )
        yield SarifRule(rule.id, rule.title, text, rule.level, f"{page}#{rule.id}" if page else None)


def drift_rules() -> Iterable[SarifRule]:
    """Return a rule for each group of drift."""
    for group in DriftGroup:
        yield SarifRule(group.value, TITLES[group], f"{TITLES[group]}.\n\nMore: `exportctl explain {group.value}`")


def _rules_page() -> str | None:
    """Return the address of docs/rules.md that the installed package names; None if it names no documentation."""
    try:
        addresses = metadata.metadata("exportctl").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return None
    named = dict(line.split(", ", 1) for line in addresses if ", " in line)
    documentation = named.get("Documentation", "")
    is_known = documentation and PLACEHOLDER not in documentation
    return f"{documentation.rpartition('/')[0]}/{PAGE}" if is_known else None
