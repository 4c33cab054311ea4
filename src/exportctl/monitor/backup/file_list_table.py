"""
A list of files as a table, and back: one row per file, with the columns of its run beside it. Pure.

A run without files is one row without a file. What is of no run stands in the header, which is the JSON document
without its runs. So the table holds every hash, and is checked like the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from exportctl.model.json_form import Json
from exportctl.model.plan import canonical_json
from exportctl.monitor.backup.file_list import FileList
from exportctl.monitor.backup.file_list_json import KIND, decode_file_list, encode_file_list, file_list_error

HEADER = f"exportctl.{KIND}"  # the name of the header in the metadata of a table
_OF_CHAIN = ("dataset_id", "dataset", "flow")
_OF_RUN = {"due": "due", "run": "run", "run_rows": "rows", "previous": "previous", "hash": "hash"}  # column -> member
_OF_FILE = ("uri", "path", "size", "etag", "rows")
TEXT, NUMBER, MOMENT = "text", "number", "moment"
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(_OF_CHAIN, TEXT),
    **{"due": MOMENT, "run": TEXT, "run_rows": NUMBER},
    **{"uri": TEXT, "path": TEXT, "size": NUMBER, "etag": TEXT, "rows": NUMBER},
    **{"previous": TEXT, "hash": TEXT},
}

Row = tuple[Any, ...]  # by COLUMNS; moments in seconds


def file_list_rows(listed: FileList) -> list[Row]:
    """Return the rows, in the order of the list."""
    return [tuple(row[name] for name in COLUMNS) for row in _rows(listed)]


def _rows(listed: FileList) -> Iterator[Json]:
    for chain in listed.chains:
        of_chain = {name: getattr(chain, name) for name in _OF_CHAIN}
        for run in chain.runs:
            of_run = {column: getattr(run, member) for column, member in _OF_RUN.items()}
            for stored in run.files or (None,):
                yield {**of_chain, **of_run, **{name: getattr(stored, name, None) for name in _OF_FILE}}


def file_list_header(listed: FileList) -> str:
    """Return what stands around the runs, as JSON."""
    content = encode_file_list(listed)
    return canonical_json({**content, "chains": [{**chain, "runs": []} for chain in content["chains"]]})


def read_file_list_rows(header: str | None, rows: Sequence[Row], name: str) -> FileList:
    """
    Return the list that a table holds; `name` is that of the file.

    Raises:
        Error: the table is no such list, is of another format version, or was edited.
    """
    try:
        document = json.loads(header or "null")
        chains = {chain["dataset_id"]: chain for chain in document["chains"]} if document else {}
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise file_list_error(name, "kind", "is no list of files of a backup") from error
    keyed = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for key, own in groupby(keyed, key=lambda row: [row[column] for column in (*_OF_CHAIN, *_OF_RUN)]):
        run = dict(zip(_OF_RUN.values(), key[len(_OF_CHAIN) :], strict=True))
        files = [{one: row[one] for one in _OF_FILE} for row in own if row["path"] is not None]
        if [chains.get(key[0], {}).get(column) for column in _OF_CHAIN] != key[: len(_OF_CHAIN)]:
            raise file_list_error(name, "edited", "was edited: a row is of no chain of its header")
        chains[key[0]]["runs"].append({**run, "files": files})
    return decode_file_list(document, name)
