"""Cut Markdown to the length that a host takes, at a line, so that what remains is still shown as meant. Pure."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOTE = "\n> **Cut here**: the text has {whole} characters, and {limit} fit. The log of the job has all of it.\n"
_RESERVE = 600  # for the note and what closes open parts


def text_units(text: str) -> int:
    """Return the length in UTF-16 units: no host counts a text as longer than that."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_markdown(text: str, limit: int) -> str:
    """Return the text if it fits, else its first lines, with open folds and code blocks closed."""
    if text_units(text) <= limit:
        return text
    kept, used, fence, folds = [], 0, "", 0
    for line in text.splitlines(keepends=True):
        used += text_units(line)
        if used > limit - _RESERVE - len("</details>\n") * (folds + 1):
            break
        kept.append(line)
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not line[found.end() :].strip():
            fence = ""
        elif not fence:
            folds += line.count("<details") - line.count("</details>")
    closing = [f"\n{fence}\n"] if fence else []
    closing += ["\n</details>\n"] * max(0, folds)
    return "".join([*kept, *closing, _NOTE.format(whole=text_units(text), limit=limit)])
