"""Files of assets: where they lie, how a table becomes bytes, how bytes become a file.

A file is whole or not there: it is written beside, synced, then renamed. The bytes of a table are a
function of its rows and of the writer, which FORMAT names; who finds another one makes it anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from danshu.kernel.limits import ASSET_GROUP_ROWS, ASSET_STRAY_S
from danshu.ledger.engine import home, plain
from danshu.ledger.supervisor import DATABASE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from danshu.capabilities.assets.model import Kind, Row

VARIABLE: Final = "DANSHU_ASSETS"
_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


class Written(Struct, frozen=True, kw_only=True):
    """A file: its name below the merchant's folder, rows, bytes, and SHA-256 in hex."""

    name: str
    rows: int
    size: int
    digest: str


class Disk:
    """What is done to files, one act at a time, so that a test can end it between any two."""

    def put(self, path: Path, data: bytes) -> None:
        """Write a whole file in place of what was there."""
        for folder in reversed([path.parent, *path.parent.parents]):
            if not folder.exists():  # each of them, which `parents` would make for everybody
                folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            self.write(beside, data)
            self.rename(beside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise

    def write(self, path: Path, data: bytes) -> None:
        """Write a new file and have it on the disk."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, path: Path, to: Path) -> None:
        """Give a file its name, and have that on the disk."""
        path.replace(to)
        folder = os.open(to.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def leave(self, path: Path) -> None:
        """Let a file that is named no longer, and may be gone, stay a while for who reads it."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)

    def remove(self, path: Path) -> None:
        """Remove a file that may be gone."""
        path.unlink(missing_ok=True)

    def sweep(self, folder: Path, named: Collection[Path]) -> int:
        """Remove what lies below a folder and was left, or left behind by a killed process, more
        than ASSET_STRAY_S ago; gives how many files.
        """
        old_s = time.time() - ASSET_STRAY_S
        strays = [
            path
            for path in sorted(folder.rglob("*"))
            if path not in named and path.is_file() and path.stat().st_mtime < old_s
        ]
        for path in strays:
            self.remove(path)
        return len(strays)


def place(environment: Mapping[str, str]) -> Path:
    """Give the folder of all merchants' assets: DANSHU_ASSETS, else `assets` in the data folder.

    Merchants are numbered by database: those of another than the embedded one lie in a folder that
    is called after it, so that two hubs on one machine never read one another's.
    """
    if chosen := environment.get(VARIABLE):
        return Path(chosen).expanduser().absolute()
    told = conninfo_to_dict(plain(environment.get("DANSHU_DATABASE_URL", "")))
    host, name = str(told.get("host", "")), str(told.get("dbname", DATABASE))
    if name == DATABASE and (not host or host.startswith("/")):
        return home(environment) / "assets"
    whose = hashlib.sha256(f"{host}:{told.get('port', '')}/{name}".encode()).hexdigest()[:8]
    return home(environment) / f"assets-{whose}"


def of_tenant(folder: Path, tenant: int) -> Path:
    """Give the folder of a merchant's assets."""
    return folder / str(tenant)


def schema_of(columns: Mapping[str, Kind]) -> Any:
    """Give the Arrow schema of a source's columns."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "int64": pa.int64(), "int32": pa.int32(), "uuid": pa.uuid()}
    return pa.schema(
        [pa.field(name, kinds[kind], nullable=False) for name, kind in columns.items()]
    )


def table_of(rows: Sequence[Row], columns: Mapping[str, Kind]) -> Any:
    """Make an Arrow table of rows in the order of their columns."""
    import pyarrow as pa

    schema = schema_of(columns)
    if not rows:
        return schema.empty_table()
    arrays = []
    for field, values in zip(schema, zip(*rows, strict=True), strict=True):
        kind = pa.binary(16) if field.type == pa.uuid() else field.type
        made = pa.array(values, kind)
        arrays.append(
            pa.ExtensionArray.from_storage(field.type, made) if kind != field.type else made
        )
    return pa.Table.from_arrays(arrays, schema=schema)


def dump(table: Any) -> bytes:
    """Write a table as the bytes of a Parquet file: equal rows give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [f.name for f in table.schema if f.type in (pa.string(), pa.int32())]
    buffer = io.BytesIO()
    pq.write_table(
        table.combine_chunks(),
        buffer,
        row_group_size=ASSET_GROUP_ROWS,
        compression="zstd",
        compression_level=3,
        use_dictionary=texts,
        data_page_version="1.0",
        version="2.6",
        store_schema=False,
    )
    return buffer.getvalue()


def load(path: Path, columns: Mapping[str, Kind]) -> Any:
    """Read a file as the table that it was written from."""
    import pyarrow.parquet as pq

    return pq.read_table(path, memory_map=False).cast(schema_of(columns))


def writer() -> str:
    """Name the writer of files: another one gives other bytes for the same rows."""
    from importlib.metadata import version

    return f"arrow-{version('pyarrow')}"


def is_whole(folder: Path, file: Written) -> bool:
    """Tell whether a file is there, and as long as it was written."""
    try:
        return (folder / file.name).stat().st_size == file.size
    except OSError:
        return False


def put_table(disk: Disk, folder: Path, name: str, table: Any) -> Written:
    """Write a table as a file of this name below a folder."""
    data = dump(table)
    disk.put(folder / name, data)
    return Written(
        name=name, rows=table.num_rows, size=len(data), digest=hashlib.sha256(data).hexdigest()
    )
