"""A rule against characters that no service takes, in every text that the config sends or shows."""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.errors import Level
from exportctl.model.project import Project
from exportctl.model.secret import Secrecy, unsendable_character
from exportctl.resources.kinds import AUTH, leaf_path
from exportctl.rules.rule import Hit, Rule
from exportctl.rules.secrets import repository_position, texts

_IN_LINES = ("description", "reason")  # texts for people, which may have several lines
_OF_OTHERS = ("account", "datasets")  # names that others gave: the config repeats them as they are
_LINE_CHARACTERS = "\n\r\t"


def _check_characters(project: Project, as_of: int) -> Iterable[Hit]:
    repository = ("repository", project.repository or "", repository_position(project), "")
    for key, text, at, address in (repository, *texts(project)):
        odd = unsendable_character(text, _LINE_CHARACTERS if key in _IN_LINES else "")
        if odd and key not in _OF_OTHERS:
            yield Hit(f"{key} contains {odd}", at, (address,) if address else (), subject=key)
    for destination in project.destinations.values():
        for name, value in destination.account.auth.items():
            if value.secrecy is not Secrecy.PLAIN and (odd := unsendable_character(value.text)):
                yield Hit(f"{leaf_path(AUTH, name)} contains {odd}", value.at, (destination.address,))


RULES = (
    Rule(
        "invisible-character",
        Level.ERROR,
        "A character that cannot be sent or seen",
        "NUL and other control characters, byte order marks and halves of surrogate pairs are invisible. No published"
        " pattern allows them, and storages and loaders cut a name at them or refuse it (assumed). A description and a"
        " reason may have several lines, and names of existing accounts and datasets stay as they are. apply and"
        " `doctor` check values behind references in the same way.",
        "Write the text again without it; such characters often come from a copy out of another program.",
        'exports: {orders: {title: "Orders\\0"}}',
        "exports: {orders: {title: Orders}}",
        check_project=_check_characters,
    ),
)
