"""Writes Parquet footers by hand, in Thrift's compact protocol: for what no library would write."""

from __future__ import annotations

from dataclasses import dataclass

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def integer(value: int) -> bytes:
    return varint((value << 1) ^ (value >> 63))


def text(value: str) -> bytes:
    return varint(len(value)) + value.encode()


def structs(*items: bytes) -> bytes:
    return bytes([0xF0 | STRUCT]) + varint(len(items)) + b"".join(items)


def struct(*fields: tuple[int, int, bytes]) -> bytes:
    """Fields as (id, type, value), ids ascending; a step of more than 15 takes the long form."""
    out, before = bytearray(), 0
    for field, kind, value in fields:
        step = field - before
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + integer(field)
        out += value
        before = field
    return bytes(out) + b"\0"


@dataclass(frozen=True)
class Chunk:
    """`at` None: no metadata, as of an encrypted column. `file`: its bytes are in another file."""

    at: int | None
    length: int
    dictionary: int | None = None
    file: str | None = None

    def encode(self) -> bytes:
        fields = [(1, BINARY, text(self.file))] if self.file else []
        fields.append((2, I64, integer(0)))
        if self.at is not None:
            meta = [(7, I64, integer(self.length)), (9, I64, integer(self.at))]
            if self.dictionary is not None:
                meta.append((11, I64, integer(self.dictionary)))
            fields.append((3, STRUCT, struct(*meta)))
        return struct(*fields)


def group(rows: int, *chunks: Chunk) -> bytes:
    return struct((1, LIST, structs(*(c.encode() for c in chunks))), (2, I64, integer(0)), (3, I64, integer(rows)))


def footer(rows: int | None, *groups: bytes, more: tuple[tuple[int, int, bytes], ...] = ()) -> bytes:
    known = [] if rows is None else [(3, I64, integer(rows))]
    return struct((1, I32, integer(1)), *known, (4, LIST, structs(*groups)), *more)


def file(footer: bytes, data: int = 100) -> bytes:
    """`data` bytes of column chunks behind the magic."""
    return b"PAR1" + bytes(data) + footer + len(footer).to_bytes(4, "little") + b"PAR1"
