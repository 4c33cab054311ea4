"""
How many rows a Parquet file holds, by its footer: bytes in, a number out. Pure.

    PAR1 | row groups: column chunks | footer: FileMetaData in Thrift's compact protocol | its length, 4 bytes | PAR1

Only what is asked for is decoded: the rows, and of each column chunk where its bytes lie, which shows a file that was
cut in the middle and kept its end. Everything else is skipped by its type, so footers of later versions are read too.

Sources: the format's own `README.md` and `parquet.thrift` (apache/parquet-format), and Thrift's
`thrift-compact-protocol.md` (apache/thrift).
"""

from __future__ import annotations

from collections.abc import Iterator

ENDING = 8  # bytes after the footer: its length and the magic
SMALLEST = 4 + ENDING  # bytes: the magic in front and the ending
LIMIT = 64 * 1024 * 1024  # bytes of a footer
MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_DEEPEST = 32  # structs and lists in each other; the format itself needs seven

# Compact protocol: types of fields and elements.
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(14)
_INTEGERS = (_I16, _I32, _I64)
_FIXED = {_BYTE: 1, _DOUBLE: 8, _UUID: 16}  # bytes
_UNREADABLE = "its footer is damaged"


class DamagedFile(ValueError):
    """The bytes are not a whole file of their format. The text says what is wrong with them: `it …` or `its …`."""


def footer_length(ending: bytes, size: int) -> int:
    """
    Return the length of the footer in bytes, by the last eight bytes of a file of `size` bytes.

    Raises:
        DamagedFile: this is no Parquet file, it is cut short, or its footer is encrypted or larger than 64 MiB.
    """
    if len(ending) < ENDING or size < SMALLEST:
        raise DamagedFile(f"it is not a Parquet file: it has {size} bytes")
    if ending[4:] == _ENCRYPTED:
        raise DamagedFile("its footer is encrypted")
    if ending[4:] != MAGIC:
        raise DamagedFile("it is not a Parquet file, or cut short: PAR1 at its end is missing")
    length = int.from_bytes(ending[:4], "little")
    if length > size - SMALLEST:
        raise DamagedFile(f"it is cut short: a footer of {length} bytes in a file of {size}")
    if length > LIMIT:
        raise DamagedFile(f"its footer has {length} bytes, more than {LIMIT}")
    return length


def count_rows(footer: bytes, begins: int) -> int:
    """
    Return the rows of a file whose footer `begins` at that byte.

    Raises:
        DamagedFile: the footer cannot be read, contradicts itself, or names data that is not there.
    """
    data = _CompactReader(footer)
    total, groups = None, 0
    for field, kind in data.fields():
        if field == 3:
            total = data.integer(kind)
        elif field == 4:
            groups = sum(_count_group_rows(data, begins) for _ in range(data.elements(kind, _STRUCT)))
        else:
            data.skip(kind)
    if total is None or total < 0:
        raise DamagedFile(f"{_UNREADABLE}: it does not say how many rows there are")
    if total != groups:
        raise DamagedFile(f"{_UNREADABLE}: {total} rows in all, {groups} in its row groups")
    return total


def _count_group_rows(data: _CompactReader, begins: int) -> int:
    """Return the rows of one RowGroup, after a check of its column chunks."""
    total = 0
    for field, kind in data.fields():
        if field == 1:
            for _ in range(data.elements(kind, _STRUCT)):
                _check_chunk(data, begins)
        elif field == 3:
            total = data.integer(kind)
        else:
            data.skip(kind)
    if total < 0:
        raise DamagedFile(f"{_UNREADABLE}: a row group of {total} rows")
    return total


def _check_chunk(data: _CompactReader, begins: int) -> None:
    """
    Check one ColumnChunk, with its page indexes, which stand between the data and the footer.

    An encrypted column has no ColumnMetaData. `file_path` says that the bytes are in another file.
    """
    index = {4: 0, 5: 0, 6: 0, 7: 0}  # offset and length of the offset index, then of the column index
    spans, elsewhere = [], False
    for field, kind in data.fields():
        if field == 3 and kind == _STRUCT:
            spans.append(_span(data))
        elif field in index:
            index[field] = data.integer(kind)
        else:
            elsewhere = elsewhere or field == 1
            data.skip(kind)
    if not elsewhere:
        for first, length in (*spans, (index[4], index[5]), (index[6], index[7])):
            end = first + length
            if length < 0 or (length and first < len(MAGIC)):
                raise DamagedFile(f"{_UNREADABLE}: {length} bytes of a column at byte {first}")
            if end > begins:
                raise DamagedFile(f"it is cut short: a column ends at byte {end}, the footer begins at {begins}")


def _span(data: _CompactReader) -> tuple[int, int]:
    """Return where the bytes of a ColumnMetaData begin, and how many there are. A dictionary comes before the data."""
    found = {7: 0, 9: 0, 11: 0}  # total_compressed_size, data_page_offset, dictionary_page_offset
    for field, kind in data.fields():
        if field in found:
            found[field] = data.integer(kind)
        else:
            data.skip(kind)
    return min((offset for offset in (found[9], found[11]) if offset), default=0), found[7]


class _CompactReader:
    """Bytes in Thrift's compact protocol, read once from front to back. Any fault in them raises DamagedFile."""

    def __init__(self, data: bytes):
        self._data = data
        self._at = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield (id, type) of each field of a struct. Read or skip its value before the next one."""
        field = 0
        while (head := self._byte()) != _STOP:
            step = head >> 4
            field = field + step if step else self._zigzag()
            yield field, head & 0x0F

    def integer(self, kind: int) -> int:
        if kind not in _INTEGERS:
            raise DamagedFile(_UNREADABLE)
        return self._zigzag()

    def elements(self, kind: int, of: int) -> int:
        """Return how many elements follow in a list of one type."""
        if kind != _LIST:
            raise DamagedFile(_UNREADABLE)
        count, element = self._list_head()
        if count and element != of:
            raise DamagedFile(_UNREADABLE)
        return count

    def skip(self, kind: int, depth: int = 0) -> None:
        """Skip a value. The value of a boolean field is its type: it has no bytes."""
        if depth > _DEEPEST:
            raise DamagedFile(_UNREADABLE)
        if kind in _INTEGERS:
            self._varint()
        elif kind in _FIXED:
            self._advance(_FIXED[kind])
        elif kind == _BINARY:
            self._advance(self._varint())
        elif kind == _STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind in (_LIST, _SET):
            count, element = self._list_head()
            for _ in range(count):
                self._skip_element(element, depth)
        elif kind == _MAP:
            self._skip_map(depth)
        elif kind not in (_TRUE, _FALSE):
            raise DamagedFile(_UNREADABLE)

    def _skip_map(self, depth: int) -> None:
        count = self._check_count(self._varint())
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._skip_element(kinds >> 4, depth)
            self._skip_element(kinds & 0x0F, depth)

    def _skip_element(self, kind: int, depth: int) -> None:
        """Skip an element: inside lists and maps a boolean has a byte of its own."""
        self.skip(_BYTE if kind in (_TRUE, _FALSE) else kind, depth + 1)

    def _list_head(self) -> tuple[int, int]:
        head = self._byte()
        count = head >> 4
        return self._check_count(self._varint() if count == 0x0F else count), head & 0x0F

    def _check_count(self, count: int) -> int:
        """Refuse a count larger than the bytes left: each element has at least one byte."""
        if count > len(self._data) - self._at:
            raise DamagedFile(_UNREADABLE)
        return count

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):  # 64 bits at most
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise DamagedFile(_UNREADABLE)

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise DamagedFile(_UNREADABLE)
        self._at += 1
        return self._data[self._at - 1]

    def _advance(self, count: int) -> None:
        if count > len(self._data) - self._at:
            raise DamagedFile(_UNREADABLE)
        self._at += count
