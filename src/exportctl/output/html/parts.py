"""Parts that several sections of the page share: headings, tables in a region of their own, moments, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from exportctl.errors import Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.plan import Address
from exportctl.output import format_values
from exportctl.output.html.element import Element, element

Content = Element | str | None


@dataclass(frozen=True)
class SectionContext:
    """Where a section stands: its level of headings, what its ids begin with, and how it links to lines."""

    level: int
    prefix: str
    line_url: Callable[[SourcePosition], str | None]
    positions: Callable[[Address], SourcePosition | None]

    def id(self, name: str) -> str:
        return f"{self.prefix}{name}"


@dataclass(frozen=True)
class PageColumn:
    """A column of a table. `is_number`: its cells stand at the right."""

    title: str
    is_number: bool = False


def section(context: SectionContext, name: str, title: str, *content: Content) -> Element:
    """Return a section with a heading that names it."""
    identity = context.id(name)
    heading = element(f"h{context.level}", title, id=f"{identity}-title")
    return element("section", heading, *content, id=identity, aria_labelledby=f"{identity}-title")


def capital_first(sentence: str) -> str:
    """Return a sentence that begins with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def note(*words: Element | str) -> Element:
    return element("p", *words, class_="note")


def data_table(
    caption: str, columns: Sequence[PageColumn], rows: Iterable[Element], *, name: str | None = None
) -> Element:
    """Return a table in a region that scrolls by itself and that the keyboard reaches. `name` is for the script."""
    heads = (element("th", one.title, scope="col", class_="n" if one.is_number else None) for one in columns)
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="list",
        data_list=name,
    )
    return scroll_region(caption, table)


def scroll_region(label: str, content: Element) -> Element:
    return element("div", content, class_="scroll", role="region", tabindex="0", aria_label=label)


def cell(*content: Content, is_number: bool = False, sort: int | None = None, kind: str | None = None) -> Element:
    """Return a cell. `sort` is what the script sorts by instead of the text."""
    classes = " ".join(filter(None, ("n" if is_number else None, kind))) or None
    return element("td", *content, class_=classes, data_sort=None if sort is None else str(sort))


def row_head(*content: Content) -> Element:
    return element("th", *content, scope="row")


def moment(seconds: int) -> Element:
    """Return a moment in UTC for people and for programs."""
    words = format_values.moment(seconds)
    if not words.endswith(" UTC"):
        return element("span", words)
    return element(
        "time", words.removesuffix(" UTC"), datetime=datetime.fromtimestamp(seconds, UTC).isoformat()[:19] + "Z"
    )


def plain_name(address: Address) -> Element:
    """Return an address without a link, for tables that are there beside the table of exports."""
    return element("code", format_values.address(address))


def export_name(context: SectionContext, address: Address) -> Element:
    """Return an address; a link to the line that declares it, where the repository is known."""
    at = context.positions(address)
    words = format_values.address(address)
    url = context.line_url(at) if at else None
    if url is None:
        return element("code", words, title=str(at) if at else None)
    return element("a", element("code", words), href=url, rel="noreferrer", title=f"declared at {at}")


def position(context: SectionContext, at: SourcePosition | None) -> Element | None:
    """Return `file:line:column`; a link where the repository is known."""
    if at is None:
        return None
    url = context.line_url(at)
    return element("a", str(at), href=url, rel="noreferrer") if url else element("span", str(at))


def badge(word: str, kind: str) -> Element:
    """Return a word on a color; the word alone says it all."""
    return element("span", word, class_=f"badge {kind}")


def finding_list(context: SectionContext, found: Sequence[Finding]) -> Element | None:
    """Return findings with level, line, message, rule and fix."""
    return (
        element("ul", *(element("li", *_finding(context, one)) for one in found), class_="findings") if found else None
    )


def _finding(context: SectionContext, one: Finding) -> Iterable[Content]:
    kind = {"error": "bad", "warning": "warn"}.get(one.level.value, "quiet")
    yield badge(one.level.value, kind)
    yield " "
    first, *more = one.message.split("\n")
    yield first
    for line in more:
        yield element("br")
        yield line
    yield " "
    if one.at is not None:
        yield position(context, one.at)
        yield " "
    yield element("code", one.rule, class_="quiet")
    if one.hint:
        yield element("div", one.hint, class_="note")
