"""
The emulator described from its own tables, as Markdown: rules, switches, faults. Pure; docs/emulator.md is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.emulator.admin_api import ROUTES
from exportctl.emulator.admin_bodies import UI_VERBS
from exportctl.emulator.assumptions import RULES
from exportctl.emulator.endpoints import ENDPOINTS
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.open_questions import NOTED_QUESTIONS
from exportctl.emulator.promises import DEGRADED_PROMISES, PROMISES
from exportctl.emulator.questions.question import OpenQuestion
from exportctl.emulator.storage.settings import OPTIONS
from exportctl.emulator.storage.sink import MEANINGS
from exportctl.emulator.switches import QUESTIONS, Switches

_INTRODUCTION = """\
# The emulator

The emulator answers as the AEP Flow Service does. `url: embedded` runs every command against it, in the same process.
`exportctl emulator serve` offers it to other clients on this machine. It shares no code with exportctl's client.

We could not try anything on the real service. So each rule below has a status: `spec` (Adobe publishes it), `assumed`
(our reading of what Adobe publishes) or `verified` (seen on the real service; none yet). Each question that Adobe's
material leaves open is a switch, or has a reason why it needs none. Tests check the promises of the
[README](../README.md#what-it-promises) under every setting of every switch.

This page is generated from the emulator's own tables by `make docs`.
"""

_SOURCES = """\
The column *source* names what a rule or a switch is based on. A tag in brackets links to the published page. [D] and
[F] are Adobe's API descriptions of destinations and of the Flow Service, [S] that of sandboxes, [C] that of Catalog.
[XD-new] is the API tutorial for dataset exports, [UI] the guide to the same in the UI. [AE] is Adobe's Python client,
[PM] Adobe's Postman collection.

Some sources have no link. `[IMS]` is the reference of Adobe's identity service, `[LB]` a tutorial on access labels,
`[BD]` a tutorial on batch destinations, `[NB]` an Adobe notebook, and `[sample]` Adobe's sample of a manifest. `[inf]`
means that a rule follows from documented facts. Numbers such as 3.2, C15 (sources contradict each other) and U2 (no
source says it), and names such as `flow-service.md`, refer to the developers' notes. The repository does not contain
these notes. The table of open questions has the text of each C and U, and of each question for a live sandbox (D).
"""

_EXPERIENCE_LEAGUE = "https://experienceleague.adobe.com/en/docs/experience-platform/"
_API_DESCRIPTIONS = "https://github.com/AdobeDocs/experience-platform-apis"
_LINKS = {
    "D": _API_DESCRIPTIONS,
    "F": _API_DESCRIPTIONS,
    "S": _API_DESCRIPTIONS,
    "XD-new": f"{_EXPERIENCE_LEAGUE}destinations/api/export-datasets",
    "UI": f"{_EXPERIENCE_LEAGUE}destinations/ui/activate/export-datasets",
    "AS": f"{_EXPERIENCE_LEAGUE}destinations/api/activate-segments-file-based-destinations",
    "DA": f"{_EXPERIENCE_LEAGUE}destinations/api/delete-destination-account",
    "DR": f"{_EXPERIENCE_LEAGUE}sources/tutorials/api/draft",
    "DF": f"{_EXPERIENCE_LEAGUE}destinations/api/delete-destination-dataflow",
    "ED": f"{_EXPERIENCE_LEAGUE}destinations/api/edit-destination",
    "UD": f"{_EXPERIENCE_LEAGUE}destinations/api/update-destination-dataflows",
    "GR": f"{_EXPERIENCE_LEAGUE}destinations/guardrails",
    "S3P": f"{_EXPERIENCE_LEAGUE}destinations/catalog/cloud-storage/amazon-s3",
    "DLZ": f"{_EXPERIENCE_LEAGUE}destinations/catalog/cloud-storage/data-landing-zone",
    "DD": f"{_EXPERIENCE_LEAGUE}query-service/data-distiller/ml-feature-pipelines/export-data",
    "C": _API_DESCRIPTIONS,
    "CF": f"{_EXPERIENCE_LEAGUE}catalog/api/filter-data",
    "SR": f"{_EXPERIENCE_LEAGUE}xdm/api/descriptors",
    "SP": f"{_EXPERIENCE_LEAGUE}xdm/api/appendix",
    "FE": f"{_EXPERIENCE_LEAGUE}sources/errors/flow-service-errors",
    "SF": f"{_EXPERIENCE_LEAGUE}dataflows/api/sort-and-filter",
    "TR": f"{_EXPERIENCE_LEAGUE}landing/troubleshooting",
    "AE": "https://github.com/adobe/aepp",
    "PM": "https://github.com/adobe/experience-platform-postman-samples",
}  # tag of a source -> its public page

_ENDPOINTS = """\
This table lists every endpoint of Adobe's API descriptions. Of `adhocrun`, the emulator answers only the variant for
datasets, which the description leaves out. "yes" may also mean that the emulator refuses a request as the service does,
such as `POST /runs` with 1427.
"""

_STORAGE = """\
The emulator writes exports to a folder for each bucket, container or account, beside its own file. After
`exportctl emulator storage set`, it writes to that storage instead. The credentials are always those of the base
connection, so a wrong key causes a failed run. A table of the endpoint replaces the identity service of a cloud:
`roles` for AWS STS, `principals` for Entra ID. The emulator writes to a host other than this machine only with
`--allow-real-storage HOST`, and never by plain http.

If the storage refuses, the run fails. Its error has one of these words and the storage's own code.
"""


def emulator_markdown() -> str:
    """Return docs/emulator.md."""
    links = "".join(f"[{tag}]: {url}\n" for tag, url in _LINKS.items())
    promises = f"## Promises under each setting\n\n{_promises_section()}"
    return f"{_INTRODUCTION}\n{promises}\n## Sources\n\n{_SOURCES}\n{tables_markdown()}\n{links}"


def _promises_section() -> str:
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(PROMISES, 1))
    settings = ((switch, setting) for switch, values in Switches.choices().items() for setting in values)
    rows = ((f"`{switch}`", _setting_text(setting), _effects_text(switch, setting)) for switch, setting in settings)
    return f"{numbered}\n\n{_table(('switch', 'setting', 'how the promises hold'), rows)}"


def _effects_text(switch: str, setting: object) -> str:
    found = [promise for promise in DEGRADED_PROMISES if (promise.switch, promise.setting) == (switch, setting)]
    return "; ".join(map(str, found)) or "kept"


def tables_markdown() -> str:
    """All tables, each under a heading of its own."""
    rules = ((f"`{rule.id}`", rule.text, rule.status, rule.source) for rule in RULES.values())
    switches = (
        (f"`{name}`", asked.text, _settings_text(asked), asked.probe, asked.source) for name, asked in QUESTIONS.items()
    )
    sections = {
        "Rules": _table(("rule", "what the emulator does", "status", "source"), rules),
        "Switches": _table(("switch", "question", "settings (default first)", "answered by", "source"), switches),
        "Open questions": _table(("question", "text", "played by"), _question_rows()),
        "Endpoints": _endpoints_section(),
        "Faults": _table(("effect", "what the client meets"), EFFECTS.items()),
        "Storage": _storage_section(),
        "Control": _table(("method", "path"), ((method, f"`/_emulator/{name}`") for method, name in sorted(ROUTES))),
        "UI edits": _table(("edit", "members"), ((verb, ", ".join(members)) for verb, members in UI_VERBS.items())),
    }
    return "\n".join(f"## {title}\n\n{table}" for title, table in sections.items())


def _endpoints_section() -> str:
    rows = (
        (f"`{one}`", one.description, f"no: {one.why_not}" if one.why_not else "yes")
        for one in sorted(ENDPOINTS, key=lambda one: (one.path, one.method))
    )
    return f"{_ENDPOINTS}\n{_table(('endpoint', 'API description', 'emulated'), rows)}"


def _question_rows() -> Iterable[tuple[str, ...]]:
    for noted in NOTED_QUESTIONS:
        played = ", ".join(f"`{name}`" for name in noted.switches)
        yield noted.id, noted.text, "; ".join(part for part in (played, noted.reason) if part)


def _settings_text(question: OpenQuestion) -> str:
    if question.span is not None:
        return f"{question.values[0]} ({question.span[0]} to {question.span[1]} seconds)"
    return ", ".join(map(_setting_text, question.values))


def _setting_text(setting: object) -> str:
    return f"`{str(setting).lower() if isinstance(setting, bool) else setting}`"


def _storage_section() -> str:
    words = _table(("word", "what happened"), ((f"`{word}`", text) for word, text in MEANINGS.items()))
    options = _table(("type", "option", "meaning"), _option_rows())
    return f"{_STORAGE}\n{words}\n{options}"


def _option_rows() -> Iterable[tuple[str, ...]]:
    for type, options in OPTIONS.items():
        for option in options:
            needed = "; required" if option.required else ""
            members = f": each with {' and '.join(option.members)}" if option.members else ""
            yield type, f"`{option.name}`", f"{option.text}{members}{needed}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
