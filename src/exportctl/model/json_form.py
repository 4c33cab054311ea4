"""
The form of a JSON value, described once: how it is made from one of our values, and the JSON Schema that it fits.

    OUTCOME = JsonObject[Outcome]("the result of one step", step=text("the step's key", lambda o: o.step.key), ...)
    OUTCOME.encode(outcome)  -> {"step": "flow:exports.orders", ...}
    OUTCOME.schema()         -> {"type": "object", "properties": {"step": {"type": "string", ...}}, ...}

A `Member` without a getter takes the attribute that has the member's own name. As the item of a list or a map it is
the element itself. Every object is strict: it has exactly the keys that its JsonObject names. Pure.

A `SealedFile` describes, writes and reads a file that exportctl refuses once it is edited: it holds a digest of all the
rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, Generic, TypeVar

from exportctl.frozen import dataclass
from exportctl.model.digests import canonical_parts, digest_parts
from exportctl.model.indented_json import array_parts, document_parts, indented_json, object_parts
from exportctl.model.json_check import is_too_deep
from exportctl.model.shared_json import load_shared

Json = dict[str, Any]
T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Member(Generic[T]):
    """One member of an object made from a T: its schema, its value in a T, and that value as JSON."""

    schema: Callable[[], Json]
    convert: Callable[[Any], Any]
    get: Callable[[T], Any] | None = None
    is_present: Callable[[T], bool] | None = None  # None: always there
    convert_item: Callable[[Any], Any] | None = None  # of a list: one of its items as JSON

    def getter(self, name: str) -> Callable[[T], Any]:
        """Return how to get what the member `name` of an owner holds."""
        return self.get or attrgetter(name)


class JsonObject(Generic[T]):
    """An object with exactly these members, made from a T."""

    def __init__(self, description: str, /, **members: Member[T]) -> None:
        self.description = description
        self.members: Mapping[str, Member[T]] = members
        self._encoders = [(name, m.getter(name), m.convert, m.is_present) for name, m in members.items()]

    def encode(self, owner: T) -> Json:
        """Return the object as JSON."""
        return {
            name: get(owner) if convert is _as_it_is else convert(get(owner))
            for name, get, convert, is_present in self._encoders
            if is_present is None or is_present(owner)
        }

    def subset(self, *names: str, **changed: Member[T]) -> JsonObject[T]:
        """Return the object with the members `names`, as they are, and with `changed`."""
        return JsonObject(self.description, **{name: self.members[name] for name in names}, **changed)

    def parts(self, owner: T, indent: int, level: int) -> Iterator[str]:
        """Yield the JSON of the object as text in parts; an item of a list is encoded when it is its turn."""
        present = (n for n in sorted(self.members) if (p := self.members[n].is_present) is None or p(owner))
        members = ((json.dumps(n), self._member_parts(n, owner, indent, level + 1)) for n in present)
        return object_parts(members, indent, level)

    def _member_parts(self, name: str, owner: T, indent: int, level: int) -> Iterator[str]:
        member = self.members[name]
        value, convert = member.getter(name)(owner), member.convert_item
        if convert is None:
            yield indented_json(member.convert(value), indent, level)
        else:
            yield from array_parts((indented_json(convert(one), indent, level + 1) for one in value), indent, level)

    def schema(self) -> Json:
        """Return the JSON Schema of the object."""
        return {
            "type": "object",
            "description": self.description,
            "properties": {name: member.schema() for name, member in self.members.items()},
            "required": sorted(name for name, member in self.members.items() if member.is_present is None),
            "additionalProperties": False,
        }

    def use(self) -> Json:
        """Return the schema that stands where another object holds this one."""
        return self.schema()


class Definition(JsonObject[T]):
    """A JsonObject that several documents hold: it stands once, under `name` in the `$defs` of each schema."""

    def __init__(self, name: str, description: str, /, **members: Member[T]) -> None:
        super().__init__(description, **members)
        self.name = name

    def use(self) -> Json:
        """Return the reference to the definition."""
        return {"$ref": f"#/$defs/{self.name}"}


def text(description: str, get: Callable[[T], str | None] | None = None) -> Member[T]:
    """Describe a text."""
    return _plain_member({"type": "string", "description": description}, get)


def number(description: str, get: Callable[[T], int | None] | None = None) -> Member[T]:
    """Describe a whole number."""
    return _plain_member({"type": "integer", "description": description}, get)


def flag(description: str, get: Callable[[T], bool | None] | None = None) -> Member[T]:
    """Describe true or false."""
    return _plain_member({"type": "boolean", "description": description}, get)


def json_object(description: str) -> Member[Any]:
    """Describe an object of the service, as it is."""
    return _plain_member({"type": "object", "description": description}, None)


def constant(description: str, value: object) -> Member[Any]:
    """Describe a member that always has the same value."""
    return Member(lambda: {"const": value, "description": description}, _as_it_is, lambda _: value)


def choice(description: str, values: Iterable[str], get: Callable[[T], str | None] | None = None) -> Member[T]:
    """Describe one of these texts."""
    return Member(lambda: {"enum": [str(value) for value in values], "description": description}, str, get)


def part(record: JsonObject[S], get: Callable[[T], S | None] | None = None) -> Member[T]:
    """Describe an object inside another one."""
    return Member(record.use, record.encode, get)


def encoded_part(record: JsonObject[S], get: Callable[[T], Json | None] | None = None) -> Member[T]:
    """Describe an object that the owner holds as JSON already."""
    return Member(record.use, _as_it_is, get)


def listing(
    description: str, items: Member[Any] | JsonObject[Any], get: Callable[[T], Iterable[Any] | None] | None = None
) -> Member[T]:
    """Describe a list of equal items."""
    item = part(items) if isinstance(items, JsonObject) else items
    return Member(
        lambda: {"type": "array", "description": description, "items": item.schema()},
        lambda found: [item.convert(each) for each in found],
        get,
        convert_item=item.convert,
    )


def mapping(
    description: str, values: Member[Any], get: Callable[[T], Mapping[str, Any] | None] | None = None
) -> Member[T]:
    """Describe an object with any keys and equal values."""
    return Member(
        lambda: {"type": "object", "description": description, "additionalProperties": values.schema()},
        lambda found: {str(key): values.convert(value) for key, value in found.items()},
        get,
    )


def counts(description: str, names: Iterable[str], get: Callable[[T], Mapping[Any, int]] | None = None) -> Member[T]:
    """Describe a number for each name; 0 where the owner counts none."""
    keys = tuple(str(name) for name in names)
    numbers: JsonObject[Any] = JsonObject(description, **{key: number(f"how many: {key}") for key in keys})
    return Member(numbers.schema, lambda found: {key: found.get(key, 0) for key in keys}, get)


def members_of(record: JsonObject[S], get: Callable[[T], S]) -> dict[str, Member[T]]:
    """Describe the members of a record as members of the object around it, which holds the record's owner."""

    def lift(name: str, member: Member[S]) -> Member[T]:
        inner = member.getter(name)
        return Member(member.schema, member.convert, lambda owner: inner(get(owner)), convert_item=member.convert_item)

    return {name: lift(name, member) for name, member in record.members.items()}


def nullable(member: Member[T]) -> Member[T]:
    """Describe the same, or null."""
    return replace(
        member,
        schema=lambda: _nullable_schema(member.schema()),
        convert=lambda found: None if found is None else member.convert(found),
        convert_item=None,
    )


def optional(member: Member[T], is_present: Callable[[T], bool]) -> Member[T]:
    """Describe a member that is left out where `is_present` says no."""
    return replace(member, is_present=is_present)


def _plain_member(schema: Json, get: Callable[[T], Any] | None) -> Member[T]:
    return Member(lambda: schema, _as_it_is, get)


def _as_it_is(found: Any) -> Any:
    return found


def _nullable_schema(schema: Json) -> Json:
    rest = {name: value for name, value in schema.items() if name != "description"}
    return {"description": schema.get("description", ""), "anyOf": [rest, {"type": "null"}]}


def _is_made_of(text: str, parts: Iterable[str]) -> bool:
    """Check whether the parts make up the text, without a second text of its size."""
    place = 0
    for part in parts:
        if not text.startswith(part, place):
            return False
        place += len(part)
    return place == len(text)


# -- files that exportctl refuses once they are edited -----------------------------------------------------------------


@dataclass(frozen=True)
class SealedContent:
    """What a file holds: its content, the version of exportctl that wrote it, and a signature if it has one."""

    content: Json
    version: str
    signature: str | None = None


class SealError(Exception):
    """
    A text is not such a file, or not one that this exportctl wrote.

    `problem` is "json", "kind", "version" or "edited"; `found` is the format version of the text, as JSON.
    """

    def __init__(self, problem: str, found: str = ""):
        super().__init__(problem)
        self.problem = problem
        self.found = found


class SealedFile:
    """One kind of file. Its member `name` holds the content."""

    def __init__(
        self,
        description: str,
        *,
        kind: str,
        format_version: int,
        name: str,
        content: JsonObject[Any],
        indent: int,
        has_one_line_items: bool = False,
        is_signed: bool = False,
    ) -> None:
        rest = JsonObject[SealedContent](
            description,
            format_version=constant("version of this format", format_version),
            kind=constant("kind of this document", kind),
            exportctl=text("version of exportctl that wrote the file", lambda file: file.version),
            **{name: encoded_part(content, lambda file: file.content)},
        )

        def digest(file: SealedContent) -> str:
            return digest_parts(canonical_parts(rest.encode(file), 3))

        self.kind, self.format_version, self.name = kind, format_version, name
        self.indent, self.has_one_line_items = indent, has_one_line_items
        self.digest = digest
        signature: Member[SealedContent] = text("HMAC-SHA256 over content_digest", lambda file: file.signature)
        signed = {"signature": optional(signature, lambda file: file.signature is not None)} if is_signed else {}
        covered = "all but the signature" if is_signed else "all the rest"
        self._form = JsonObject[SealedContent](
            description, **rest.members, content_digest=text(f"sha256 of {covered}", digest), **signed
        )

    def schema(self) -> Json:
        """Return the JSON Schema of the file."""
        return self._form.schema()

    def dump(self, file: SealedContent) -> str:
        """Return the text: sorted keys, ASCII, a line end at the end."""
        return "".join(self._parts(file))

    def _parts(self, file: SealedContent) -> Iterator[str]:
        made = self._form.encode(file)
        yield from document_parts(made, self.indent, has_one_line_items=self.has_one_line_items)
        yield "\n"

    def load(self, text: str) -> SealedContent:
        """
        Read a file; refuse everything but the bytes that `dump` wrote.

        Raises:
            SealError: the text is not JSON, another file, of another format version, or was edited.
        """
        try:
            document = load_shared(text)
        except (ValueError, RecursionError) as error:
            raise SealError("json") from error
        if is_too_deep(document):
            raise SealError("json")
        if not isinstance(document, dict) or document.get("kind") != self.kind:
            raise SealError("kind")
        if document.get("format_version") != self.format_version:
            raise SealError("version", json.dumps(document.get("format_version")))
        content, version, signature = (document.get(name) for name in (self.name, "exportctl", "signature"))
        # The digest notices an edit by hand; the comparison of bytes also notices one that leaves the same JSON values.
        if isinstance(content, dict) and isinstance(version, str) and isinstance(signature, str | None):
            file = SealedContent(content, version, signature)
            if _is_made_of(text, self._parts(file)):
                return file
        raise SealError("edited")
