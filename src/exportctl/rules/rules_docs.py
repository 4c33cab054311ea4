"""The tables of rules -> docs/rules.md. A test compares the page with this module."""

from __future__ import annotations

from exportctl.rules.engine import RULES
from exportctl.rules.rule import CheckStage, Rule
from exportctl.rules.safety_check_texts import SAFETY_CHECKS

_HEAD = """# Rules

The checks of `exportctl validate` and `plan` that need no connection, [the findings of `plan`](#found-when-planning),
and [the safety checks](#safety-checks) that block a change. This page is generated from the tables in the code.

To change the level of a rule, write a setting with a reason in the config:

```yaml
rules:
  folder-without-time: {level: error, reason: our loader needs a folder per run}
  schedule-8-hours: {level: off, reason: made in the user interface, only: [exports.web-*]}
```

To except one export, write `allow` with a reason:

```yaml
exports:
  orders:
    allow: [{rule: folder-without-time, reason: the loader lists files by date}]
```

A rule marked *fixed* can be raised, but neither lowered nor allowed. An entry with an unknown rule id is an error. An
entry without effect is a note (except for the findings of `plan`). `validate` fails on errors, and `apply` refuses a
plan with an error. Warnings and notes are only shown.

Sources: [XD-new] is Adobe's tutorial for dataset exports by API, [UI] its guide to the same in the UI, [D] the
description of the destinations API, [GR] the guardrails page. [S3P] and [DLZ] are the pages of Amazon S3 and of the
data landing zone, [AS] is the batch activation tutorial, [EX] the notice on end dates. *assumed* is our careful reading
of them. *ours* follows from how exportctl works.

[XD-new]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/api/export-datasets
[UI]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/ui/activate/export-datasets
[D]: https://github.com/AdobeDocs/experience-platform-apis
[GR]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/guardrails
[S3P]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/catalog/cloud-storage/amazon-s3
[DLZ]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/catalog/cloud-storage/data-landing-zone
[AS]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/api/activate-segments-file-based-destinations
[EX]: https://experienceleague.adobe.com/en/docs/experience-platform/destinations/ui/dataset-expiration-update
"""


def rules_markdown() -> str:
    """Return the whole page, which ends in one newline."""
    checked, planned, read = (
        [rule for rule in RULES if rule.stage is by] for by in (CheckStage.RULES, CheckStage.PLAN, CheckStage.READER)
    )
    parts = [_HEAD, _index(checked), *(_section(rule) for rule in checked)]
    parts += [
        _PLAN_HEAD,
        *(_rule_row(rule, _fixed_note(rule)) for rule in planned),
        "",
        _SAFETY_CHECKS_HEAD,
        *(f"| `{check.name}` | {_cell(check.blocks)} | {_cell(check.allow)} |" for check in SAFETY_CHECKS),
        "",
    ]
    parts += [_CONFIG_HEAD, *map(_rule_row, read)]
    return "\n".join(parts).rstrip("\n") + "\n"


_PLAN_HEAD = """## Found when planning

These findings need the live state. Errors are *fixed*, because `apply` refuses a plan with an error. Findings that
alone make `drift` fail are *fixed* too: an `accept` entry can accept only differences of fields.

| rule | level | what | why | how to fix |
|---|---|---|---|---|"""

_SAFETY_CHECKS_HEAD = """## Safety checks

A plan shows the changes that a safety check blocks. `apply` then exits with code 5 and writes nothing, until one edit
or flag allows exactly this change. Safety checks have no level; `rules` and `allow` do not apply to them.

| safety check | what it blocks | what allows it |
|---|---|---|"""

_CONFIG_HEAD = """## Checked while the YAML is read

All these rules are *fixed*: exportctl cannot read a config with such a finding.

| rule | level | what | why | how to fix |
|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _rule_row(rule: Rule, fixed: str = "") -> str:
    return f"| `{rule.id}` | {rule.level}{fixed} | {_cell(rule.title)} | {_cell(rule.why)} | {_cell(rule.how_to_fix)} |"


def _index(rules: list[Rule]) -> str:
    rows = [f"| [`{rule.id}`](#{rule.id}) | {rule.level}{_fixed_note(rule)} | {_cell(rule.title)} |" for rule in rules]
    return "\n".join(("| rule | level | what |", "|---|---|---|", *rows, ""))


def _fixed_note(rule: Rule) -> str:
    return ", fixed" if rule.fixed else ""


def _section(rule: Rule) -> str:
    level = f"*{rule.level}{_fixed_note(rule)}*"
    body = [f"## {rule.id}", "", f"{rule.title} · {level}", "", rule.why, "", f"**Fix:** {rule.how_to_fix}", ""]
    body += ["```yaml", "# not", rule.bad_example, "# but", rule.good_example, "```", ""]
    return "\n".join(body)
