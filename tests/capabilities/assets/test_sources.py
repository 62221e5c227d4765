"""Sources: what each fact becomes, wherever the log is cut, without anybody's name."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.assets import promises_sources, sources
from danshu.capabilities.assets.model import PROVENANCE
from danshu.capabilities.assets.reading import pseudonym
from danshu.capabilities.routing.batch import PART_NAMES
from danshu.hub import asset_files
from danshu.kernel import fact
from danshu.ledger.leaves import cut
from tests.tidy.test_registered import fact_types
from tests.tidy.tree import TESTS, document

EXAMPLES = TESTS / "kernel" / "golden"
GOLDEN = Path(__file__).with_name("rows.json")
READ = sorted({name for source in sources.FOLDED.values() for name in source.facts})
STREAM = bytes(range(16))
SALT = b"salt of a merchant"


def bodies(name: str) -> list[bytes]:
    """Give the golden examples of a fact type, of every version."""
    return [path.read_bytes().strip() for path in sorted(EXAMPLES.glob(f"{name}.v*.json"))]


def rows_of(packed: list[tuple[bytes, int, int, bytes]], first: int = 0) -> dict[str, list[Any]]:
    out = sources.make_out()
    sources.fold(out, "2026h2", first, packed, SALT)
    return {name: rows for name, rows in out.items() if rows}


def pack(*facts: bytes, stream: bytes = STREAM, v: int = 1) -> tuple[bytes, int, int, bytes]:
    return stream, v, len(facts), fact.join(facts)


def folded() -> dict[str, dict[str, list[list[Any]]]]:
    """Give for each type the rows of its examples, without provenance, as JSON has them."""
    found: dict[str, dict[str, list[list[Any]]]] = {}
    for name in READ:
        if examples := bodies(name):
            said = rows_of([pack(*examples)])
            found[name] = {
                source: [[_plain(v) for v in row[len(PROVENANCE) :]] for row in rows]
                for source, rows in said.items()
            }
    return found


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def test_every_fact_becomes_the_rows_that_it_always_became() -> None:
    """`python -m tests.capabilities.assets.test_sources` writes the file anew."""
    assert folded() == json.loads(GOLDEN.read_text("utf-8"))


def test_rows_have_the_columns_of_their_source() -> None:
    for rows in folded().values():
        for source, found in rows.items():
            assert {len(row) for row in found} == {len(sources.FOLDED[source].fields)}


def test_types_that_are_read_are_types_that_are_said() -> None:
    known = {name for name, _ in fact_types()}
    assert set(READ) - known == set()
    assert {name.decode() for name in sources._READERS} == set(READ)


def test_parts_of_a_cost_are_in_the_order_of_the_router() -> None:
    said = [name.removesuffix("_fen").replace("_first", "") for name in PART_NAMES]
    assert tuple(said) == promises_sources.PARTS


def test_provenance_names_the_fact() -> None:
    (placed,) = bodies("order.placed")
    (paid,) = bodies("order.paid")
    said = rows_of([pack(placed, paid, v=4)], first=70)
    (row,) = said["payments"]
    told = dict(zip(PROVENANCE, row, strict=False))
    assert (told["half"], told["fact"], told["stream"], told["seq"]) == ("2026h2", 71, STREAM, 5)
    envelope = json.loads(paid)
    assert told["who"] == envelope["actor"]["sub"]
    assert fact.rfc3339(told["recorded"]) == envelope["time"]
    assert fact.rfc3339(told["occurred"]) == envelope["occurred"]


def test_a_buyer_is_a_pseudonym() -> None:
    (placed,) = bodies("order.placed")
    buyer = json.loads(placed)["data"]["buyer"]
    (row,) = rows_of([pack(placed)])["orders"]
    said = dict(zip(sources.FOLDED["orders"].columns, row, strict=True))["buyer"]
    assert buyer
    assert re.fullmatch("[0-9a-f]{16}", said)
    assert buyer not in repr(row)
    assert said == pseudonym(SALT, "taobao", "示例旗舰店", buyer)
    assert said != pseudonym(b"of another", "taobao", "示例旗舰店", buyer)
    assert pseudonym(SALT, "taobao", "示例旗舰店", "") == ""


LOG = [
    pack(*examples, stream=bytes([n]) * 16)
    for n, name in enumerate(READ)
    if (examples := bodies(name))
]
SIZE = sum(n for _, _, n, _ in LOG)


@settings(max_examples=15)
@given(st.sets(st.integers(1, SIZE - 1), max_size=4))
def test_pieces_cut_anywhere_give_the_same_rows_and_bytes(places: set[int]) -> None:
    whole = rows_of(LOG)
    edges = [0, *sorted(places), SIZE]
    parts = [rows_of(cut(LOG, a, b), first=a) for a, b in itertools.pairwise(edges)]
    for name, rows in whole.items():
        assert [row for part in parts for row in part.get(name, [])] == rows


def test_a_file_grown_by_parts_is_the_file_written_at_once(tmp_path: Path) -> None:
    import pyarrow as pa

    rows = rows_of(LOG)["promises"]
    columns = sources.FOLDED["promises"].columns
    whole = asset_files.dump(asset_files.table_of(rows, columns))
    (tmp_path / "part").write_bytes(asset_files.dump(asset_files.table_of(rows[:5], columns)))
    kept = asset_files.load(tmp_path / "part", columns)
    grown = pa.concat_tables([kept, asset_files.table_of(rows[5:], columns)])
    assert asset_files.dump(grown) == whole


def test_what_is_no_instant_and_no_stream_is_nothing() -> None:
    body = json.loads(bodies("link.viewed")[0])
    body["data"]["order"] = "no stream"
    said = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    (row,) = rows_of([pack(said)])["links"]
    assert row[len(PROVENANCE) + 1] == bytes(16)


@pytest.mark.parametrize("source", sources.SOURCES.values(), ids=sources.SOURCES)
def test_every_column_is_documented(source: Any) -> None:
    (line,) = [
        n for n in document("assets.md").splitlines() if n.startswith(f"| `{source.name}` |")
    ]
    assert all(f"`{column}`" in line for column in source.fields)
    assert all(f"`{name}`" in line for name in source.facts)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(folded(), ensure_ascii=False, indent=1) + "\n", "utf-8")
