"""The store: a merchant's sources and built assets as ibis tables over one in-memory DuckDB.

Synchronous; on an event loop it is used inside `asyncio.to_thread`, by one thread at a time. What
it opened stays as it was, whatever is refreshed meanwhile.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from msgspec import Struct

from danshu.capabilities.assets.model import PROVENANCE as PROVENANCE
from danshu.capabilities.assets.sources import MASTERS, SOURCES
from danshu.hub import asset_index
from danshu.hub.asset_files import Disk, Written, of_tenant, put_table
from danshu.hub.asset_index import Index
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import ASSET_CELLS, ASSET_READ_MB, ASSET_THREADS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from danshu.capabilities.assets.model import Source
    from danshu.ports.asset import Asset, Table

BUILT: Final = "built.json"
_SQL_KINDS: Final = {"text": "VARCHAR", "int64": "BIGINT", "int32": "INTEGER", "uuid": "UUID"}


class Built(Struct, frozen=True, kw_only=True):
    """What was built: the asset's version, the file, the state of the sources that it was built
    from, how far each book was read, when (epoch ms), and the run that did it.
    """

    asset: str
    version: int
    file: Written
    state: str
    positions: dict[str, int]
    built_ms: int
    run: str


_decode_built: Final = msgspec.json.Decoder(Built).decode


def _half_of_machine_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2_000_000


class Store:
    """Views on files, as ibis tables. `index` says which files; `as_of_ms` 0 = all."""

    def __init__(self, folder: Path, index: Index, as_of_ms: int, memory_mb: int) -> None:
        import ibis

        self.folder: Final = folder
        self.index: Final = index
        self.as_of_ms: Final = as_of_ms
        self.backend: Final[Any] = ibis.duckdb.connect(
            threads=ASSET_THREADS,
            memory_limit=f"{min(memory_mb, _half_of_machine_mb())}MB",
            temp_directory=str(folder / ".spill"),
            preserve_insertion_order=False,  # what is written is sorted; keeping order takes memory
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )
        self._tables: dict[str, Table] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go."""
        self.backend.disconnect()

    def source(self, name: str) -> Table:
        """Give a source as a table; without rows it is an empty one of the same columns.

        Raises ProgramError for a source that there is none of.
        """
        if name not in self._tables:
            known = SOURCES.get(name)
            if known is None:
                raise ProgramError(f"no source is called {name!r}; there are {', '.join(SOURCES)}")
            self.backend.raw_sql(self._view(known))
            self._tables[name] = self.backend.table(name)
        return self._tables[name]

    def sources(self, names: Iterable[str]) -> dict[str, Table]:
        """Give sources by name."""
        return {name: self.source(name) for name in names}

    def built(self, name: str) -> Table:
        """Give the cells of an asset as they were last built. Raises InputError `not_built`."""
        found = read_built(self.folder, name)
        if found is None:
            raise InputError("not_built", f"{name} was not built yet")
        view = f"built/{name}"
        if view not in self._tables:
            path = _quote(str(self.folder / found.file.name))
            self.backend.raw_sql(f'create view "{view}" as select * from read_parquet({path})')
            self._tables[view] = self.backend.table(view)
        return self._tables[view]

    def rows(self, asset: Asset) -> Table:
        """Give an asset's rows of detail."""
        return asset.rows(self.sources(asset.sources))

    def cells(self, asset: Asset) -> Table:
        """Give an asset's cells: rows by grain, measured, finished, in the order of the grain."""
        return cells_of(asset, self.rows(asset))

    def read(self, expr: Any, limit: int = 0) -> Any:
        """Run an expression; gives a pyarrow.Table, of at most `limit` rows where that is not 0.
        A UUID comes as text.
        """
        return (expr.limit(limit) if limit else expr).to_pyarrow()

    def _view(self, source: Source) -> str:
        """Write the view of a source."""
        files = self.index.files_of(source.name)
        if not files:
            empty = ", ".join(
                f'cast(null as {_SQL_KINDS[kind]}) as "{name}"'
                for name, kind in source.columns.items()
            )
            return f'create view "{source.name}" as select {empty} where false'
        paths = ", ".join(_quote(str(self.folder / file.name)) for file in files)
        known = "" if source.name in MASTERS or not self.as_of_ms else " where recorded <= "
        bound = str(self.as_of_ms) if known else ""
        return f'create view "{source.name}" as select * from read_parquet([{paths}]){known}{bound}'


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def grain_of(asset: Asset) -> tuple[str, ...]:
    """Give the names of the columns that cells are counted by."""
    return tuple(c.name for c in asset.columns if c.role == "grain")


def columns_of(asset: Asset) -> tuple[str, ...]:
    """Give the names of the columns of cells: what is a key or an attribute, rows alone have."""
    return tuple(c.name for c in asset.columns if c.role in ("grain", "measure"))


def cells_of(asset: Asset, rows: Table) -> Table:
    """Give the expression of an asset's cells over its rows of detail."""
    grain = grain_of(asset)
    measured = rows.group_by(list(grain)).aggregate(**asset.measures(rows))
    finished = asset.finish(measured)
    return finished.select(list(columns_of(asset))).order_by(list(grain))


def open_store(
    folder: Path, tenant: int, as_of_ms: int = 0, memory_mb: int = ASSET_READ_MB
) -> Store:
    """Open a merchant's store; `folder` is that of all merchants (`asset_files.place`). Where
    nothing was read yet, all sources are empty.
    """
    mine = of_tenant(folder, tenant)
    index = asset_index.read(mine) or Index(format="")
    return Store(mine, index, as_of_ms, memory_mb)


def read_built(folder: Path, asset: str) -> Built | None:
    """Read what was last built of an asset, in a merchant's folder."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return _decode_built((folder / "built" / asset / BUILT).read_bytes())
    return None


def build(store: Store, asset: Asset, run: str, at_ms: int, disk: Disk | None = None) -> Built:
    """Build an asset's file from the sources of a store, in place of the former one.

    The file bears its digest in its name, so that who reads a former one goes on reading it.
    Raises ProgramError for a column that is missing or no integer, and for more than ASSET_CELLS
    cells.
    """
    disk = disk or Disk()
    table = exact(asset, store.read(store.cells(asset), ASSET_CELLS + 1))
    before = read_built(store.folder, asset.name)
    state = store.index.state_of(asset.sources)
    name = hashlib.sha256(f"{state}/{asset.name}/{asset.version}".encode()).hexdigest()[:16]
    file = put_table(disk, store.folder, f"built/{asset.name}/{name}.parquet", table)
    made = Built(
        asset=asset.name,
        version=asset.version,
        file=file,
        state=state,
        positions=store.index.ends,
        built_ms=at_ms,
        run=run,
    )
    home = store.folder / "built" / asset.name
    if before and before.file.name != file.name:
        disk.leave(store.folder / before.file.name)
    disk.put(home / BUILT, msgspec.json.encode(made))
    disk.sweep(home, {home / BUILT, store.folder / file.name})
    return made


def exact(asset: Asset, table: Any) -> Any:
    """Give the cells as their columns say: text and int64, none else.

    Raises ProgramError for a measure that is no integer.
    """
    import pyarrow as pa

    if table.num_rows > ASSET_CELLS:
        raise ProgramError(f"{asset.name} has more than {ASSET_CELLS} cells")
    fields = []
    for field in table.schema:
        if pa.types.is_integer(field.type) or pa.types.is_boolean(field.type):
            fields.append(pa.field(field.name, pa.int64()))
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            fields.append(pa.field(field.name, pa.string()))
        elif pa.types.is_decimal(field.type) and field.type.scale == 0:
            fields.append(pa.field(field.name, pa.int64()))  # DuckDB's sum of integers is HUGEINT
        else:
            raise ProgramError(f"{asset.name}.{field.name} is {field.type}; integers and text only")
    return table.cast(pa.schema(fields))
