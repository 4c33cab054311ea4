"""Small changes of valid inputs, drawn from one seed: of bytes, of text, and of the values in a JSON document."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

# What breaks parsers: signs of their grammars, ends of ranges, characters that are not what they look like.
TOKENS = (
    *(
        "",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\x00",
        "\x1b[2K",
        "\u202e",
        "\ufeff",
        "\ud800",
        "é",
        "e\u0301",
        "\uff05",
        "\U0001f600",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        "[" * 300,
        "{" * 300,
        ":",
        ",",
        '"',
        "'",
        "\\",
        "#",
        "&a",
        "*a",
        "!!python/object:os",
        "|",
        ">",
    ),
    *("<<:", "---", "...", "%", "%DATASET_ID%", "%{}%", "${env:X}", "${", "..", "/", "//", "~", "null", "true", "yes"),
    *(
        "0",
        "-1",
        "1e999",
        "NaN",
        "0x10",
        "1_000",
        "9" * 30,
        "9999-12-31",
        "02:60",
        "2027-02-30",
        "P1D",
        "[exportctl/2 e ",
    ),
    *("[exportctl/9 e a b 1]", "<html>", "::error::", "A" * 5000, "\u0661\u0662"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *(
        "",
        " ",
        "a",
        "\x00",
        "\ud800",
        "\u202e",
        "9" * 30,
        "1799971200",
        "daily",
        "DISABLED",
        "hour",
        "../..",
        "%",
        "\u017f",
    ),
    *([], {}, [[]], [None], [{}], {"": None}, ["a", "a"], {"id": None}, {"items": []}, [1, "1", None]),
)


def mutate_text(random: Random, text: str) -> str:
    """Change a text in one to four places."""
    for _ in range(random.randint(1, 4)):
        at, size = random.randint(0, len(text)), random.choice((0, 1, 1, 3, 17, 200))
        match random.randrange(5):
            case 0:
                piece = random.choice(TOKENS)
            case 1:
                piece = text[at : at + size] * 2
            case 2:
                piece = ""
            case 3:
                piece = chr(random.randrange(0x80))
            case _:
                start = random.randint(0, len(text))
                piece = text[start : start + size]
        text = text[:at] + piece + text[at + size :]
    return text


def mutate_bytes(random: Random, content: bytes) -> bytes:
    """Change bytes in one to four places, or as text."""
    if random.random() < 0.5:
        return mutate_text(random, content.decode("utf-8", "replace")).encode("utf-8", "surrogatepass")
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(changed))
        changed[at : at + random.choice((0, 1, 2, 40))] = random.randbytes(random.choice((0, 1, 1, 5)))
    return bytes(changed)


def mutate_json(random: Random, document: Any) -> Any:
    """Return a copy of a JSON value with one to four changes: a value, a key, a lost or a doubled member."""
    changed = copy.deepcopy(document)
    for _ in range(random.randint(1, 4)):
        holders = [h for h in _holders(changed) if h]
        if not holders:
            return random.choice(VALUES)
        _change_member(random, random.choice(holders))
    return changed


def _holders(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            found.append(one)
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return found


def _change_member(random: Random, holder: Any) -> None:
    key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice(TOKENS)] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 3 if isinstance(holder[key], str):
            holder[key] = mutate_text(random, holder[key])
        case 4 if isinstance(holder[key], int) and not isinstance(holder[key], bool):
            holder[key] += random.choice((-1, 1, 3600, -86400, 10**13))
        case _:
            holder[key] = copy.deepcopy(random.choice(VALUES))
