"""An import for a summary or a comment: the flows that it adopts and leaves out, and the YAML, folded."""

from __future__ import annotations

from exportctl.importing.result import ImportResult
from exportctl.model.plan import Plan
from exportctl.model.verdict import has_only_markers
from exportctl.output import phrases
from exportctl.output.ci_run import CiRun
from exportctl.output.markdown.parts import LIMIT, SHARE, head, section
from exportctl.output.markdown_escape import block, code, prose
from exportctl.output.text import import_and_accept as text_import

_TOO_LONG = "_The YAML is too long to show here: write it to a file with `--into`._\n"


def render_import(shown: ImportResult, *, file: str | None, run: CiRun | None = None, limit: int = LIMIT) -> str:
    """Return the whole result, as far as it fits; `file` is the file that has the YAML."""
    listed = shown.missing_flows()
    share, words = limit // SHARE, _apply_words(shown.plan) if shown.exports else ""
    parts = [
        *head("import", shown.header, shown.as_of, run),
        f"**{prose(text_import.import_summary(shown, len(listed)))}** {words}\n",
        *section("Left out", [f"{code(one.name)} {code(one.id)} {prose(one.text)}" for one in listed], share),
        *section("Adopted", [f"{code(one.address)}: {code(one.name)} {code(one.id)}" for one in shown.exports], share),
    ]
    start = "\n".join(parts)
    yaml = _yaml(shown.text, file)
    return f"{start}\n{yaml if len(start) + len(yaml) <= limit else _TOO_LONG}"


def _apply_words(plan: Plan) -> str:
    words = text_import.ADOPTS if has_only_markers(plan) else text_import.DOES_MORE
    return " ".join(prose(sentence) for sentence in (phrases.with_edits("this YAML", plan), words))


def _yaml(text: str, file: str | None) -> str:
    if not text:
        return ""
    where = f"Wrote {code(file)}.\n" if file else ""
    shown = block(text.rstrip("\n"), "yaml")
    return f"{where}\n<details><summary>The YAML</summary>\n\n{shown}\n\n</details>\n"
