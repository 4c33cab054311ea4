"""docs/rules.md from the tables: in the rows, out Markdown. A test compares it with the file."""

from __future__ import annotations

from exportctl.rules.engine import RULES
from exportctl.rules.rule import CheckStage, Rule
from exportctl.rules.safety_check_texts import SAFETY_CHECKS, SafetyCheck

_HEAD = """# Rules

What `exportctl validate` and `plan` check without a connection, [what only `plan` finds](#found-when-planning), and
[what it refuses](#gates). This page is written from the tables in the code.

A level is changed in the config, with a reason:

```yaml
rules:
  folder-without-time: {level: error, reason: our loader needs a folder per run}
  schedule-8-hours: {level: off, reason: made in the user interface, only: [exports.web-*]}
```

and one export may be excepted:

```yaml
exports:
  orders:
    allow: [{rule: folder-without-time, reason: the loader lists files by date}]
```

A rule marked *fixed* can be raised, but neither lowered nor allowed. An entry that names no rule is an error, one that
silences nothing a note (`plan` alone can tell for what it finds, and does not). `validate` fails on errors, and a plan
with one is not applied; warnings and notes are shown.

Sources: [XD-new] Adobe's dataset export tutorial, [D] the published destinations API, [UI] the user guide, [GR] the
guardrails page, [S3P] and [DLZ] the pages of Amazon S3 and of the data landing zone, [AS] the batch activation
tutorial, [EX] the notice on end dates; *assumed* is our careful reading of them, *ours* follows from how
exportctl works.
"""


def rules_markdown() -> str:
    """The whole page, ending in one newline."""
    checked, planned, read = (
        [rule for rule in RULES if rule.stage is by] for by in (CheckStage.RULES, CheckStage.PLAN, CheckStage.READER)
    )
    parts = [_HEAD, _index(checked), *(_section(rule) for rule in checked)]
    parts += [
        _PLAN_HEAD,
        *(_rule_row(rule, _fixed_note(rule)) for rule in planned),
        "",
        _SAFETY_CHECKS_HEAD,
        *map(_safety_check_row, SAFETY_CHECKS),
        "",
    ]
    parts += [_CONFIG_HEAD, *map(_rule_row, read)]
    return "\n".join(parts).rstrip("\n") + "\n"


_PLAN_HEAD = """## Found when planning

These need the live state. Errors are *fixed*, as a plan that holds one cannot be applied, and so is what makes `drift`
fail by itself; of drift only differences of fields can be accepted, by an `accept` entry.

| rule | level | what | why | how to mend |
|---|---|---|---|---|"""

_SAFETY_CHECKS_HEAD = """## Gates

What a plan shows and `apply` refuses, with exit code 5, until one edit or flag allows exactly this. Gates have no level
and stand under neither `rules` nor `allow`.

| gate | what it refuses | what allows it |
|---|---|---|"""

_CONFIG_HEAD = """## Checked by the reader

These are found while the YAML is read. All are *fixed*: what they find is no config.

| rule | level | what | why | how to mend |
|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _safety_check_row(gate: SafetyCheck) -> str:
    return f"| `{gate.name}` | {_cell(gate.blocks)} | {_cell(gate.allow)} |"


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
