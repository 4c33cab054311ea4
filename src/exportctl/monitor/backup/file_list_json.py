"""
A list of files as JSON text, and back. Equal lists give equal bytes; a reader refuses everything but such bytes. Pure.

Every run is one line, so that `diff` and Git show what came later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from exportctl.errors import Error
from exportctl.model.json_check import find_problem, is_too_deep
from exportctl.model.json_form import (
    Json,
    JsonObject,
    choice,
    constant,
    listing,
    nullable,
    number,
    text,
)
from exportctl.model.plan import MAX_TIMESTAMP, PLATFORMS, canonical_json
from exportctl.monitor.backup.file_list import (
    FileList,
    IncompleteRun,
    ListedChain,
    ListedFile,
    ListedRun,
    UnknownTime,
    digest_of,
    first_edited_run,
)
from exportctl.monitor.backup.report import ChainState

KIND = "file-list"
FORMAT_VERSION = 1
_MOMENT = "seconds since 1970 UTC"
_LINES_TO = 4  # levels whose members stand on lines of their own: the list, its chains, a chain, its runs
_HINT = "use the file as `exportctl backup manifest EXPORT --out FILE` wrote it, or write a new one"

_FILE = JsonObject[ListedFile](
    "one data file",
    uri=text("where it is, for other tools"),
    path=text("path in the storage, relative to its root"),
    size=number("bytes"),
    etag=nullable(text("what the storage gave this version of it; null: it gives none")),
    rows=nullable(number("rows in it; null: they were not counted")),
)
_RUN = JsonObject[ListedRun](
    "one complete run",
    due=number(f"when it was due, {_MOMENT}"),
    run=nullable(text("run id")),
    rows=nullable(number("rows, as the run says, or as counted; null: neither")),
    files=listing("by path", _FILE),
    previous=text("hash of the entry before it; of the first one: sha256 of platform, organization, sandbox, flow, id"),
    hash=text("sha256 of the canonical JSON of all the rest of this entry"),
)
_CHAIN = JsonObject[ListedChain](
    "the chain of one dataset",
    dataset_id=text("dataset id"),
    dataset=text("the dataset's name"),
    flow=text("flow id"),
    format=text("parquet or json"),
    compression=text("gzip or none"),
    location=text("URI of the folder that the export writes to"),
    state=choice("the state of the chain: only a WHOLE one is a whole backup", ChainState),
    incomplete=listing(
        "runs of the chain that are not complete, and not listed",
        JsonObject[IncompleteRun](
            "one run",
            due=number(f"when it was due, {_MOMENT}"),
            run=nullable(text("run id")),
            state=choice("GAP, CHANGED or UNPROVEN", ChainState),
            carrier=nullable(number(f"when a later run was due that has its rows, {_MOMENT}; null: none has")),
        ),
    ),
    unknown=listing(
        "times of which it is not known which runs were due",
        JsonObject[UnknownTime]("one time", first=number(_MOMENT), last=number(_MOMENT)),
    ),
    runs=listing("complete runs, oldest first", _RUN),
)
_REST = JsonObject[FileList](
    "the files of a backup; exportctl refuses an edited list",
    format_version=constant("version of this format", FORMAT_VERSION),
    kind=constant("kind of this document", KIND),
    platform=choice("service, or an emulator, from which nothing reaches Adobe", PLATFORMS),
    organization=text("IMS organization id"),
    sandbox=text("sandbox name"),
    export=text("address of the export"),
    chains=listing("by dataset", _CHAIN),
)
_FORM = JsonObject[FileList](
    _REST.description, **_REST.members, content_digest=text("sha256 of all the rest", lambda one: content_digest(one))
)


def schema() -> Json:
    """Return the JSON Schema of a list of files."""
    return _FORM.schema()


def content_digest(listed: FileList) -> str:
    return digest_of(_REST.encode(listed))


def encode_file_list(listed: FileList) -> Json:
    """Return the content of the document."""
    content = _REST.encode(listed)
    return {**content, "content_digest": digest_of(content)}


def dump_file_list(listed: FileList) -> str:
    """Return the text: sorted keys, ASCII, a line end at the end."""
    return "".join(_lines(encode_file_list(listed), 0)) + "\n"


def _lines(value: Any, level: int) -> Iterator[str]:
    """Yield the text of a value with line ends in its first levels."""
    if level == _LINES_TO or not value or not isinstance(value, dict | list):
        yield canonical_json(value)
        return
    is_map, line = isinstance(value, dict), "\n" + " " * level
    yield "{" if is_map else "["
    for position, key in enumerate(sorted(value) if is_map else range(len(value))):
        yield ("," if position else "") + line + " " + (f"{canonical_json(key)}: " if is_map else "")
        yield from _lines(value[key], level + 1)
    yield line + ("}" if is_map else "]")


def load_file_list(text: str, name: str) -> FileList:
    """
    Read a list that `dump_file_list` wrote; `name` is that of the file.

    Raises:
        Error: the text is not JSON, another document, of another format version, or was edited.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise file_list_error(name, "json", "is not JSON: it may be cut") from error
    if is_too_deep(document):
        raise file_list_error(name, "json", "is not JSON that exportctl reads")
    listed = decode_file_list(document, name)
    if dump_file_list(listed) != text:  # also notices an edit that leaves the same values
        raise file_list_error(name, "edited", "was edited: its text is not as exportctl wrote it")
    return listed


def decode_file_list(document: Any, name: str) -> FileList:
    """Return the list that a document holds; the errors are those of `load_file_list`."""
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise file_list_error(name, "kind", "is no list of files of a backup")
    found = canonical_json(document.get("format_version"))[:40]
    if found != str(FORMAT_VERSION):  # `true` equals 1, and is no version
        message = f"has format version {found}, but this exportctl reads {FORMAT_VERSION}"
        raise file_list_error(name, "version", message, "read it with the exportctl that wrote it")
    problem = find_problem(schema(), {}, document) or _wrong_moment(document)
    if problem:
        raise file_list_error(name, "edited", f"was edited: {problem[:200]}")
    listed = _file_list(document)
    edited = first_edited_run(listed)
    if edited:
        raise file_list_error(name, "edited", f"was edited: {edited}, does not match its hash or the run before it")
    if document["content_digest"] != content_digest(listed):
        raise file_list_error(name, "edited", "was edited: its digest does not match what stands around its runs")
    return listed


def _wrong_moment(document: Json) -> str | None:
    moments = (
        moment
        for chain in document["chains"]
        for part in ("runs", "incomplete", "unknown")
        for one in chain[part]
        for moment in ((one["first"], one["last"]) if part == "unknown" else (one["due"],))
    )
    return None if all(0 <= one <= MAX_TIMESTAMP for one in moments) else "a moment is before 1970 or beyond 9892"


def file_list_error(name: str, problem: str, message: str, hint: str = _HINT) -> Error:
    return Error(f"{name} {message}", rule=f"file-list-{problem}", hint=hint)


def _file_list(document: Json) -> FileList:
    plain = {name: document[name] for name in ("platform", "organization", "sandbox", "export")}
    return FileList(**plain, chains=tuple(map(_listed_chain, document["chains"])))


def _listed_chain(content: Json) -> ListedChain:
    made: dict[str, Callable[[Json], object]] = {
        "incomplete": lambda one: IncompleteRun(**{**one, "state": ChainState(one["state"])}),
        "unknown": lambda one: UnknownTime(**one),
        "runs": lambda one: ListedRun(**{**one, "files": tuple(ListedFile(**file) for file in one["files"])}),
    }
    parts = {name: tuple(map(make, content[name])) for name, make in made.items()}
    return ListedChain(**{**content, "state": ChainState(content["state"]), **parts})
