"""The JSON document of `import`: the YAML as text, every flow in it and every flow that is left out."""

from __future__ import annotations

from typing import NamedTuple

from exportctl.importing.result import AdoptedFlow, ImportResult, LeftOutFlow, LeftOutReason
from exportctl.model.json_form import JsonObject, choice, counts, flag, listing, nullable, text
from exportctl.output.json.envelope import Document
from exportctl.planfile.serialize import address


class _Import(NamedTuple):
    found: ImportResult
    file: str | None


IMPORT = Document(
    "import",
    JsonObject[_Import](
        "YAML for flows that exportctl did not create",
        project=text("the config's project", lambda i: i.found.header.project),
        file=nullable(text("file with the YAML; null: no file was written")),
        yaml=text(
            "a config file to put beside the others; empty when there is nothing to import", lambda i: i.found.text
        ),
        exports=listing(
            "in the YAML, by address",
            JsonObject[AdoptedFlow](
                "one flow to adopt",
                address=address(),
                id=text("flow id"),
                name=text("the flow's name"),
                kept=listing(
                    "settings that the config cannot describe and that every update keeps: names, never values",
                    text("for example labels, scheduleParams.frequency or target params.csvOptions"),
                ),
            ),
            lambda i: i.found.exports,
        ),
        left_out=listing(
            "by name",
            JsonObject[LeftOutFlow](
                "one flow that is not in the YAML",
                id=text("flow id"),
                name=text("the flow's name"),
                reason=choice("the kind of reason", LeftOutReason),
                text=text("the reason, for people; to be read after the name"),
            ),
            lambda i: i.found.left_out,
        ),
        counts=counts("flows left out, by reason", LeftOutReason, lambda i: i.found.counts()),
        incomplete=flag(
            "a flow that an import should have is left out: exit code 4 with --strict", lambda i: i.found.is_incomplete
        ),
    ),
)


def render_import(shown: ImportResult, *, file: str | None) -> str:
    """Return the document of an import. `file` is the file that holds the YAML."""
    return IMPORT.render(_Import(shown, file), header=shown.header, as_of=shown.as_of)
