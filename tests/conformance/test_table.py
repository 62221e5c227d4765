"""Tables become orders: every row is in exactly one draft or reject, in every format."""

from __future__ import annotations

import csv
import importlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.channel import DraftKind
from danshu.ports.table import TableDraft, TableMapping, TableReject
from danshu.testing.channels import assert_plausible

ROOT = Path(__file__).parents[2]
RETAIL_MAPPING = ROOT / "docs" / "how-to" / "online-retail.mapping.yaml"
RETAIL = ROOT.parent / "shared" / "data" / "online_retail.parquet"
# by name: these ship no types
pyarrow: Any = importlib.import_module("pyarrow")
parquet: Any = importlib.import_module("pyarrow.parquet")
xlsxwriter: Any = importlib.import_module("xlsxwriter")
TABLE: Any = registry.load("channel", "table")
COLUMNS = ["Order", "Item", "Qty", "Price", "When", "Country"]
MAPPING = """
version: 1
name: small
currency: CNY
group_by: Order
columns:
  sku: Item
  quantity: Qty
  price: Price
  created: When
  country: {column: Country, values: {中国: CN, Norway: NO}, optional: true}
returns: {field: number, starts_with: R}
cancels: {column: Order, matches: "X.*"}
rules:
  - {code: postage, when: {field: sku, equals: POST}, as: postage}
  - {code: fee, when: {field: sku, in: [FEE]}, as: ignore}
  - {code: gone, when: {field: quantity, at_most: 0}, as: reject, why: nothing was sold}
"""
WHEN = "2026-03-01 10:00:00"
GOOD = [
    ["A1", "CUP", 2, "19.90", WHEN, "中国"],
    ["A1", "POST", 1, "8.00", WHEN, "中国"],
    ["B1", "POT", 1, "88", WHEN, "Norway"],
    ["R1", "CUP", -1, "19.9", WHEN, ""],
    ["X1", "POT", 1, "88", WHEN, ""],
    ["A2", "FEE", 1, "1.00", WHEN, ""],
    ["A2", "CUP", 0, "1.00", WHEN, ""],
]


def mapping_of(tmp_path: Path, text: str = MAPPING) -> TableMapping:
    path = tmp_path / "a.mapping.yaml"
    path.write_text(text, encoding="utf-8")
    mapping: TableMapping = TABLE.read_mapping(path)
    return mapping


def write(path: Path, rows: list[list[Any]]) -> Path:
    """The same rows in the format of the path's ending."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    elif path.suffix == ".ndjson":
        lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
    elif path.suffix == ".parquet":
        columns = [[None if row[i] == "" else row[i] for row in rows] for i in range(len(COLUMNS))]
        parquet.write_table(pyarrow.table(columns, names=COLUMNS), path)
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("orders")
            for index, row in enumerate([COLUMNS, *rows]):
                sheet.write_row(index, 0, row)
    return path


def assemble(path: Path, mapping: TableMapping, start: int = 0) -> list[Any]:
    return list(TABLE.assemble(TABLE.read_rows(path, mapping), mapping, start))


def assert_all_rows_once(entries: list[Any], numbers: set[int]) -> None:
    seen = Counter(row for entry in entries for row in entry.rows)
    assert set(seen) == numbers
    assert set(seen.values()) <= {1}


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet", "xlsx"])
def test_the_same_table_in_every_format(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"orders.{ending}", GOOD)
    entries = assemble(path, mapping_of(tmp_path))
    first = 2 if ending in ("csv", "xlsx") else 1  # a spreadsheet's header is row 1
    assert_all_rows_once(entries, set(range(first, first + len(GOOD))))
    drafts = {entry.draft.number: entry.draft for entry in entries if type(entry) is TableDraft}
    rejects = [entry for entry in entries if type(entry) is TableReject]
    for draft in drafts.values():
        assert_plausible(draft)
    one = drafts["A1"]
    assert (one.goods, one.postage, one.total, one.paid) == (3980, 800, 4780, 4780)
    assert one.created_ms == int(datetime(2026, 3, 1, 2, tzinfo=UTC).timestamp() * 1000)
    assert drafts["B1"].receiver.country == "NO"  # not YAML's false
    assert (drafts["R1"].kind, drafts["R1"].lines[0].quantity) == (DraftKind.RETURN, 1)
    assert (drafts["X1"].kind, drafts["X1"].paid) == (DraftKind.CANCEL, 0)
    assert drafts["X1"].of_number == "X1"
    assert [(reject.number, reject.code) for reject in rejects] == [
        ("A2", "ignored:fee"),
        ("A2", "gone"),
    ]
    assert rejects[1].reason == "nothing was sold"


def test_rows_of_an_order_need_not_lie_together(tmp_path: Path) -> None:
    rows = [[f"N{number % 7}", "CUP", 1, "1", WHEN, ""] for number in range(70)]
    entries = assemble(write(tmp_path / "a.csv", rows), mapping_of(tmp_path))
    assert [len(entry.rows) for entry in entries] == [10] * 7
    assert [entry.draft.number for entry in entries] == [f"N{number}" for number in range(7)]


def test_resuming_gives_the_rest(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path)
    path = write(tmp_path / "a.csv", [*GOOD, ["", "CUP", 1, "1", WHEN, ""], *GOOD[2:3]])
    whole = assemble(path, mapping)
    assert [entry.order for entry in whole] == sorted(entry.order for entry in whole)
    for start in range(whole[-1].order + 2):
        assert assemble(path, mapping, start) == [e for e in whole if e.order >= start]


# one changed cell, the code of its reject, and whether the rest of its order still comes
BAD = [
    ({2: "two"}, "quantity_invalid"),
    ({2: 1.5}, "quantity_invalid"),
    ({2: "1e99"}, "quantity_invalid"),
    ({2: 10_000_000}, "quantity_invalid"),
    ({3: "1.005"}, "price_invalid"),
    ({3: ""}, "price_invalid"),
    ({3: "-1"}, "price_invalid"),
    ({3: "１２"}, "price_invalid"),
    ({4: "3/1/26"}, "created_invalid"),
    ({4: "1999-12-31 00:00:00"}, "created_invalid"),
    ({4: ""}, "created_invalid"),
    ({1: ""}, "sku_missing"),
    ({1: "S" * 65}, "sku_too_long"),
    ({5: "Atlantis"}, "country_unknown"),
]


@pytest.mark.parametrize(("cells", "code"), BAD)
@pytest.mark.parametrize("takes", ["row", "order"])
def test_a_bad_row(cells: dict[int, Any], code: str, takes: str, tmp_path: Path) -> None:
    bad: list[Any] = ["A1", "CUP", 1, "1.00", WHEN, ""]
    for index, cell in cells.items():
        bad[index] = cell
    path = write(tmp_path / "a.csv", [GOOD[0], bad, GOOD[2]])
    entries = assemble(path, mapping_of(tmp_path, MAPPING + f"unreadable: {takes}\n"))
    assert_all_rows_once(entries, {2, 3, 4})
    rejected = {row: e.code for e in entries if type(e) is TableReject for row in e.rows}
    assert rejected == ({3: code} if takes == "row" else {2: "order_incomplete", 3: code})


def test_rows_that_contradict_one_another(tmp_path: Path) -> None:
    rows = [["A1", "CUP", 1, "1", WHEN, "中国"], ["A1", "POT", 1, "1", WHEN, "Norway"]]
    (reject,) = assemble(write(tmp_path / "a.csv", rows), mapping_of(tmp_path))
    assert (reject.code, reject.rows) == ("rows_disagree", (2, 3))
    rows = [["A1", "POST", 1, "1", WHEN, ""]]
    (reject,) = assemble(write(tmp_path / "a.csv", rows), mapping_of(tmp_path))
    assert reject.code == "no_goods"


def test_long_orders(tmp_path: Path) -> None:
    rows = [["A1", f"S{n}", 1, "1", WHEN, ""] for n in range(450)]
    rows.insert(300, ["A1", "POST", 1, "5", WHEN, ""])
    path = write(tmp_path / "a.csv", rows)
    (reject,) = assemble(path, mapping_of(tmp_path))
    assert (reject.code, len(reject.rows)) == ("too_long", 451)
    parts = assemble(path, mapping_of(tmp_path, MAPPING + "long_orders: split\n"))
    assert_all_rows_once(parts, set(range(2, 453)))
    assert [part.draft.number for part in parts] == ["A1", "A1#2", "A1#3"]
    assert [len(part.draft.lines) for part in parts] == [200, 200, 50]
    assert [part.draft.postage for part in parts] == [500, 0, 0]
    assert sum(part.draft.total for part in parts) == 45_500


def test_lines_that_are_no_rows_are_counted_too(tmp_path: Path) -> None:
    good = json.dumps(dict(zip(COLUMNS, GOOD[2], strict=True)))
    deep = '{"Order":' + "[" * 5_000 + "]" * 5_000 + "}"
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"\n".join([good.encode(), b"{", b"[1]", b"\xff", b"", deep.encode(), b"{}"]))
    entries = assemble(path, mapping_of(tmp_path))
    assert_all_rows_once(entries, {1, 2, 3, 4, 6, 7})
    assert Counter(getattr(entry, "code", "") for entry in entries) == {
        "": 1,
        "unreadable": 4,
        "number_missing": 1,
    }
    path = tmp_path / "b.csv"
    path.write_text("Order,Item,Qty,Price,When\nA1,CUP,1,1," + WHEN + ",x\nB1,CUP\n")
    entries = assemble(path, mapping_of(tmp_path))
    assert {entry.rows: entry.code for entry in entries} == {
        (2,): "unreadable",
        (3,): "quantity_invalid",
    }


CELL = st.one_of(
    st.text(max_size=12),
    st.integers(-5, 10**19),
    st.sampled_from(["A1", "R1", "POST", "1", "0.1", "1e5", WHEN, "NaN", "-0", "=1+1", "\x00"]),
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=6, max_size=6), max_size=12))
def test_no_row_is_lost_whatever_is_in_it(rows: list[list[Any]], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("rows")
    mapping = mapping_of(folder, MAPPING + "unreadable: row\n")
    given_rows = [(n, dict(zip(COLUMNS, row, strict=True))) for n, row in enumerate(rows, 1)]
    entries = list(TABLE.assemble(given_rows, mapping))
    assert_all_rows_once(entries, set(range(1, len(rows) + 1)))
    assert list(TABLE.assemble(iter(given_rows), mapping)) == entries
    for entry in entries:
        if type(entry) is TableDraft:
            assert_plausible(entry.draft)


# what is wrong with a mapping, and the words that its refusal must hold
WRONG = [
    (("version: 1", "version: 2"), "version"),
    (("currency: CNY", "currency: yuan"), "ISO 4217"),
    (("group_by: Order", "group_by: Order\ntimezone: Mars/Base"), "Mars/Base"),
    (("  sku: Item\n", ""), "sku"),
    (("  sku: Item\n", "  sku: Item\n  colour: Item\n"), "colour"),
    (("  sku: Item\n", "  sku: Item\n  sku: Other\n"), "twice"),
    (("equals: POST", "equal: POST"), "equal"),
    (("{field: sku, equals: POST}", "{field: sku}"), "without a test"),
    (("{field: sku, equals: POST}", "{equals: POST}"), "names one field"),
    (('matches: "X.*"', 'matches: "X("'), "pattern"),
    (("as: postage", "as: gift"), "gift"),
    (("name: small", "name: &a small"), None),
    (("name: small", "name: &a small\nshop: *a"), "aliases"),
    (("name: small", "name: [small"), "YAML"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_a_wrong_mapping_says_what_is_wrong(
    change: tuple[str, str], words: str | None, tmp_path: Path
) -> None:
    assert change[0] in MAPPING
    text = MAPPING.replace(*change, 1)
    if words is None:
        assert mapping_of(tmp_path, text).name == "small"
        return
    with pytest.raises(InputError, match=words):
        mapping_of(tmp_path, text)


def test_a_wrong_file_says_what_is_wrong(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path)
    files = {
        "a.csv": (b"Order,Item\n", "column_missing"),
        "b.csv": ("Order,Item,Qty,Price,When,国".encode("gb18030"), "encoding"),
        "c.csv": (b"", "empty"),
        "d.csv": (b"Order,Item,Item,Qty,Price,When\n", "column_twice"),
        "e.csv": (b'Order,Item,Qty,Price,When\n"' + b"x" * 200_000 + b'"\n', "csv"),
        "f.xlsx": (b"PK\x03\x04 not a sheet", "xlsx"),
        "g.parquet": (b"PAR1 not parquet", "parquet"),
        "h.pdf": (b"", "format"),
    }
    for name, (content, code) in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as refused:
            assemble(tmp_path / name, mapping)
        assert refused.value.code == code, name
    with pytest.raises(InputError, match="no such file"):
        assemble(tmp_path / "none.csv", mapping)


def test_a_sheet_laid_out_too_far(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path)
    with xlsxwriter.Workbook(tmp_path / "far.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(InputError) as refused:
        assemble(tmp_path / "far.xlsx", mapping)
    assert refused.value.code == "too_large"


def test_a_header_further_down(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "low.xlsx") as book:
        sheet = book.add_worksheet("第二")
        sheet.write(0, 0, "导出报表")
        for index, row in enumerate([COLUMNS, *GOOD[:3]]):
            sheet.write_row(index + 3, 1, row)
    mapping = mapping_of(tmp_path, MAPPING + "options: {sheet: 第二, header_row: 4}\n")
    entries = assemble(tmp_path / "low.xlsx", mapping)
    assert [entry.rows for entry in entries] == [(5, 6), (7,)]


def test_chinese_spreadsheet_csv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD[:2])
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    mapping = mapping_of(tmp_path, MAPPING + "options: {encoding: gb18030}\n")
    (entry,) = assemble(path, mapping)
    assert entry.draft.receiver.country == "CN"


@pytest.mark.skipif(not RETAIL.is_file(), reason="the shared Online Retail table is not here")
def test_online_retail_to_the_last_row() -> None:
    """240,007 real rows; the sums are counted again here, from the columns."""
    mapping = TABLE.read_mapping(RETAIL_MAPPING)
    accepted: set[int] = set()
    rejected: Counter[str] = Counter()
    kinds: Counter[DraftKind] = Counter()
    totals: Counter[DraftKind] = Counter()
    for entry in TABLE.assemble(TABLE.read_rows(RETAIL, mapping), mapping):
        if type(entry) is TableReject:
            rejected[entry.code] += len(entry.rows)
            continue
        accepted.update(entry.rows)
        kinds[entry.draft.kind] += 1
        totals[entry.draft.kind] += entry.draft.total
    assert len(accepted) + rejected.total() == 240_007
    assert (len(accepted), rejected.total()) == (238_038, 1_969)
    assert rejected == {
        "price_not_positive": 672,
        "quantity_not_positive": 737,
        "not_goods": 344,
        "country_unknown": 116,
        "no_goods": 62,
        "ignored:bank_charges": 37,
        "price_invalid": 1,
    }
    assert kinds == {DraftKind.ORDER: 9_471, DraftKind.RETURN: 1_749}
    columns = parquet.read_table(RETAIL).to_pydict()
    counted: Counter[DraftKind] = Counter()
    for row in accepted:
        back = columns["InvoiceNo"][row - 1].startswith("C")
        pence = round(columns["UnitPrice"][row - 1] * 100) * columns["Quantity"][row - 1]
        counted[DraftKind.RETURN if back else DraftKind.ORDER] += -pence if back else pence
    assert totals == counted
