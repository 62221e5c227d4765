"""Files of facts that were put away: Parquet, one row a fact row, sorted by stream and position.

The bytes of facts are stored as they were committed, so a file proves what the log's leaves say. A
reader of one stream fetches the file's footer and the row groups that may hold it, nothing else.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import RETRY_AFTER_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set
    from pathlib import Path

    from danshu.ports.blobs import Blobs

Row = tuple[bytes, int, int, int, int, bytes]
"""stream, v, n, gen, xid, body: as in the table `facts`; leaves are hashed again."""
GROUP_ROWS: Final = 1_000
_NAMES: Final = ("stream", "v", "n", "gen", "xid", "body")


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows, which are sorted by stream and position, to a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = (pa.binary(16), pa.int32(), pa.int32(), pa.int32(), pa.int64(), pa.binary())
    schema = pa.schema(list(zip(_NAMES, kinds, strict=True)))
    columns = [
        pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)
    ]
    pq.write_table(
        pa.Table.from_arrays(columns, schema=schema),
        path,
        row_group_size=GROUP_ROWS,
        compression="zstd",
    )


def read(
    blobs: Blobs, name: str, size: int, wanted: Set[bytes] | None = None
) -> Iterator[list[Row]]:
    """Read the rows of some streams, or all, a row group at a time, in order.

    Raises NotAvailable when the object is gone or is no such file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.PythonFile(io.BufferedReader(_Object(blobs, name, size)), "r"))
        for number in range(file.num_row_groups):
            bounds = file.metadata.row_group(number).column(0).statistics
            if wanted is not None and not _may_hold(bounds, wanted):
                continue
            table = file.read_row_group(number)
            rows = list(zip(*(table.column(c).to_pylist() for c in _NAMES), strict=True))
            if wanted is not None:
                rows = [row for row in rows if row[0] in wanted]
            if rows:
                yield rows
    except (pa.ArrowException, OSError, KeyError) as error:
        raise NotAvailable(f"archive: {name} cannot be read: {error}", RETRY_AFTER_S) from error


def _may_hold(bounds: Any, wanted: Set[bytes]) -> bool:
    if bounds is None or not bounds.has_min_max:
        return True
    low, high = bytes(bounds.min), bytes(bounds.max)
    return any(low <= stream <= high for stream in wanted)


class _Object(io.RawIOBase):
    """An object as a file that can be sought in: each read is a range of it."""

    def __init__(self, blobs: Blobs, name: str, size: int) -> None:
        self._blobs, self._name, self._size, self._at = blobs, name, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        got = self._blobs.read(self._name, self._at, end)
        buffer[: len(got)] = got
        self._at += len(got)
        return len(got)
