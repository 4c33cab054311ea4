"""
Read the JSON around the objects of the service: pages and links to the next page, etags, paths.

In: the JSON object of an answer. Out: items, a continuation token, an etag, or an error where items would get lost.
Pure. Facts: flow-service.md 3.1, 3.2, 4 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from exportctl.client.errors import RequestLine, unusable_answer_error
from exportctl.client.transport import Answer

Json = dict[str, Any]
Objects = list[Json]
Params = Sequence[tuple[str, str]]


def is_error_body(body: Json) -> bool:
    """Check whether the body of a 2xx answer is an error; aepp checks these keys too [AE]."""
    return not {"items", "id"} & body.keys() and bool({"report", "errorMessage", "error_code"} & body.keys())


def page_items(line: RequestLine, answer: Answer, body: Json) -> list[Json]:
    """Return the items of a page; an empty list may have no `items` key (U24)."""
    items = body.get("items")
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unusable_answer_error(line, answer, "its `items` is not a list of objects")
    return items


def merge_page(found: dict[str, Json], page: Sequence[Json]) -> None:
    """Add a page to `found` by id. An item that comes twice keeps its position and its later content."""
    for item in page:
        key = item.get("id")
        found[key if isinstance(key, str) else f"#{len(found)}"] = item


def next_page_token(line: RequestLine, answer: Answer, body: Json) -> str | None:
    """
    Return the token of the next page, decoded once; None on the last page.

    Only the token is used: exportctl never follows the host and path of the link. A token may contain `=`, `&`, `%`
    and `+` (base64), which is not a blank here.

    Raises:
        ServiceError: the link contains no token, so the rest of the list would get lost.
    """
    links = body.get("_links")
    link = links.get("next") if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else link
    if not href:
        return None
    parts = urlsplit(href).query.split("&") if isinstance(href, str) else []
    for part in parts:
        name, _, value = part.partition("=")
        if name == "continuationToken" and value:
            return unquote(value)
    raise unusable_answer_error(line, answer, "its link to the next page has no continuation token")


def has_more_pages(info: object) -> bool | None:
    """Return what `hasNext` of a `pageInfo` says, None if it has none that is true or false."""
    has_next = info.get("hasNext") if isinstance(info, dict) else None
    return has_next if isinstance(has_next, bool) else None


def object_path(path: str) -> str:
    """Check a path `/collection/{id}`: an empty id would address the whole collection."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] or any(part in ("", ".", "..") for part in parts[1:]):
        raise ValueError(f"not the path of one object: {path!r}")
    return path


def is_object_id(value: object) -> bool:
    """Say whether a value of the service can be the id of an object: one part of a path, so never a way to another."""
    return isinstance(value, str) and value not in ("", ".", "..") and "/" not in value


def quote_etag(etag: str) -> str:
    """Format an etag for If-Match: in double quotes exactly once, never weak, never `*` (U4)."""
    bare = etag.strip().removeprefix("W/").strip('\\"')
    if not bare or bare == "*" or not bare.isascii() or not bare.isprintable() or '"' in bare:
        raise ValueError("not a usable etag")
    return f'"{bare}"'


def etag_of(body: Json) -> str | None:
    """Return the etag of an object or of `{id, etag}`, None if there is none."""
    etag = body.get("etag")
    return etag if isinstance(etag, str) and etag else None
