"""
Explain an error of the YAML parser to the author of the file. Pure.

In: the text of a file and the parser's exception. Out: one finding with the position of the cause. For a quote or
bracket that is not closed, that is where it opens, not the end of the file. It knows the texts of libyaml and of
PyYAML's own parser.
"""

from __future__ import annotations

import yaml

from exportctl.errors import Finding, SourcePosition

_QUOTE = 'put the value in quotes: "…"'


def syntax_finding(name: str, text: str, error: yaml.YAMLError) -> Finding:
    """Return the finding for a `YAMLError`; its rule id begins with `yaml-` (or is `github-expression`)."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None) or mark
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    line, column = (mark.line, mark.column) if mark else (0, 0)
    rule, message, hint, from_opening = _explain_problem(
        _line(text, line), column, problem, context, _line(text, opened.line if opened else 0)
    )
    if from_opening and opened:
        line, column = opened.line, opened.column
    return Finding(rule, message, SourcePosition(name, line + 1, column + 1), hint)


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""


def _explain_problem(line: str, column: int, problem: str, context: str, opening: str) -> tuple[str, str, str, bool]:
    """Return the rule, the message, the hint, and whether to report the position of the opening character."""
    character = line[column : column + 1]
    if character == "\t" or "tab character" in problem:
        return "yaml-tab", "YAML is indented with spaces, but this is a tab", "replace the tab with spaces", False
    if "cannot start any token" in problem:
        return _bad_start(character)
    if "quoted scalar" in context and "end of stream" in problem:
        message = "this quote is never closed"
        return "yaml-quote", message, "close it; inside '…' write an apostrophe twice: 'it''s'", True
    if "escape" in problem or "hexadecimal" in problem:
        message = 'inside "…" a backslash begins an escape, but this escape does not exist'
        return "yaml-quote", message, "use '…', where a backslash is only a backslash", False
    if "directive" in context or "directive" in problem or "incompatible YAML" in problem:
        return "yaml-percent", "a line that begins with % is a directive, not a value", _QUOTE, True
    return _structure(line, problem, context, opening)


def _bad_start(character: str) -> tuple[str, str, str, bool]:
    if character == "%":
        hint = 'put the value in quotes: "%DATASET_ID%/%EXPORT_TIME%"'
        return "yaml-percent", "a value cannot begin with % unless it is quoted", hint, False
    return "yaml-syntax", f"a value cannot begin with {character} unless it is quoted", _QUOTE, False


def _structure(line: str, problem: str, context: str, opening: str) -> tuple[str, str, str, bool]:
    if "flow" in context:
        if "${{" in line or "${{" in opening:
            message = "${{ … }} is GitHub's syntax, and unquoted in {…} YAML reads it as a map"
            return (
                "github-expression",
                message,
                'set an environment variable in the workflow and write "${env:NAME}"',
                False,
            )
        if "${" in line or "${" in opening:
            message = "inside {…} and […] a reference needs quotes, YAML reads its brace as a map"
            return "yaml-brace", message, 'put it in quotes: "${env:NAME}"', False
        bracket = "{" if "mapping" in context else "["
        hint = f"close it with {'}' if bracket == '{' else ']'}, and put a comma between two entries"
        return "yaml-bracket", f"this {bracket} is not closed, or a comma is missing after it", hint, True
    if "mapping values are not allowed" in problem:
        message = "this line has a second colon, or it is indented too far"
        return (
            "yaml-colon",
            message,
            'put text with a colon in quotes: "…: …"; begin the keys of one map in one column',
            False,
        )
    if "could not find expected ':'" in problem:
        return "yaml-colon", "this key has no colon", "write `key: value`, and `- ` with a space in a list", True
    if "expected key" in problem or "expected <block end>" in problem:
        return _expected_key(line)
    if "sequence entries" in problem:
        return "yaml-indent", "a list cannot begin here", "begin it on the next line, or write […]", False
    return "yaml-syntax", f"this is not YAML: {problem}", "look at this line and the one before it", False


def _expected_key(line: str) -> tuple[str, str, str, bool]:
    if any(quote in line for quote in "'\""):
        message = "text follows a closing quote"
        return "yaml-quote", message, "quote the whole value; inside '…' write an apostrophe twice: 'it''s'", False
    message = "this line does not fit the map above it"
    return "yaml-indent", message, "begin the keys of one map in one column, and list entries with `- `", False
