"""Files that mean harm, and any bytes at all: told so, or every row of them is accounted for."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from danshu.hub import sheet_files
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SHEET_BYTES
from tests.fixtures.hub import SKUS, House
from tests.flows.asking import adds_up, ask, everything, upload


def bomb(parts: dict[str, bytes], *, lie: int = 0) -> bytes:
    """Make a workbook of parts; `lie`: the size that each part says it has."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    raw = bytearray(file.getvalue())
    if lie:
        at = 0
        while (at := raw.find(b"PK\x01\x02", at)) >= 0:
            raw[at + 24 : at + 28] = struct.pack("<L", lie)
            at += 4
    return bytes(raw)


MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = b"http://schemas.openxmlformats.org/package/2006"
SHEET = b'<worksheet xmlns="' + MAIN + b'"><sheetData>%b</sheetData></worksheet>'
FAR = (
    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
)
WORDS = b"<sst>" + b"<si><t>" + b"x" * 30_000 + b"</t></si></sst>"
REPEATED = b"".join(
    b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 9000)
)


def parts(sheet: bytes, name: str = "xl/worksheets/sheet1.xml", **more: bytes) -> dict[str, bytes]:
    """Give the parts of a small workbook whose sheet is `sheet`."""
    target = name.removeprefix("xl/").encode()
    link = b'<Relationship Id="rId1" Type="%b/worksheet" Target="%b"/>' % (OFFICE, target)
    return {
        "[Content_Types].xml": b'<Types xmlns="%b/content-types"/>' % PACKAGE,
        "xl/workbook.xml": b'<workbook xmlns="%b" xmlns:r="%b"><sheets><sheet name="a" sheetId="1" '
        b'r:id="rId1"/></sheets></workbook>' % (MAIN, OFFICE),
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="%b/relationships">%b</Relationships>'
        % (PACKAGE, link),
        name: SHEET % sheet,
        **{f"xl/{k}.xml": v for k, v in more.items()},
    }


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"  \n \n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "NUL": "编码,名称\nA\0,b\n".encode(),
    "no encoding": b"\x81\xff\xfe" * 40,
    "an open quote": b'code,name\n"a,b\n',
    "a huge cell": b"code,name\n" + b"x" * 200_000 + b",y\n",
    "a million columns": b"code" + b",c" * 1_000_000 + b"\n",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a torn zip": b"PK\x03\x04" + b"\x00" * 100,
    "another zip": bomb({"readme.txt": b"hello"}),
    "a zip bomb": bomb(parts(b"", media=b"\x00" * 200_000_000)),
    "a lying zip bomb": bomb(parts(b"", media=b"\x00" * 200_000_000), lie=10),
    "cells far apart": bomb(parts(FAR)),
    "cells far apart, hidden": bomb(parts(FAR, name="xl/evil.xml")),
    "cells far apart, spelt oddly": bomb(
        parts(FAR.replace(b'r="XFD', b"r = 'xfd").replace(b'576"><v', b"576'><v"))
    ),
    "far rows without names": bomb(
        parts(b'<row r="1048570"><c><v>1</v></c><c><v>2</v></c><c r="E1"><v>2</v></c></row>')
    ),
    "words repeated": bomb(parts(REPEATED, sharedStrings=WORDS)),
    "words repeated, hidden": bomb(
        parts(REPEATED.replace(b"<v>0", b"<v><![CDATA[0]]>"), sharedStrings=WORDS)
    ),
    "entities": bomb(
        parts(b"") | {"xl/worksheets/sheet1.xml": b'<!DOCTYPE a [<!ENTITY b "c">]>' + SHEET % b""}
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_told_so(shared_house: House, name: str) -> None:
    before = ask(shared_house.url, "select count(*) from sheets")
    response = upload(shared_house, "skus", HOSTILE[name])
    assert 400 <= response.status_code < 500, response.text
    assert response.json()["code"] in {
        "empty_body", "bad_file", "bad_utf8", "bad_columns", "too_large",
    }  # fmt: skip
    assert ask(shared_house.url, "select count(*) from sheets") == before


def test_a_file_over_the_limit_is_not_read(shared_house: House) -> None:
    response = upload(shared_house, "skus", b"x" * (SHEET_BYTES + 1))
    assert response.status_code == 413


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda b: b"PK\x03\x04" + b))
def test_any_bytes_are_a_table_or_refused(body: bytes) -> None:
    try:
        outline = sheet_files.outline(body)
        assert (
            len(list(sheet_files.rows(body, outline.form)))
            <= body.count(b"\n") + body.count(b"\r") + 1
        )
    except InputError:
        pass


_cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P-1", "P-2", "P-3", "", SKUS[0].code]) | _cells,
            st.sampled_from(["茶", ""]) | _cells,
            st.sampled_from(["1", "2kg", "-1", "x", ""]) | _cells,
        ),
        min_size=1,
        max_size=12,
    )
)
def test_rows_in_are_accepted_or_rejected(shared_house: House, rows: list[Any]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("商品编码", "商品名称", "重量(g)"))
    writer.writerows(rows)
    response = upload(shared_house, "skus", text.getvalue().encode())
    kept = response.json()
    assert response.status_code == 201, kept
    columns = {
        "code": {"at": 0}, "name": {"at": 1}, "weight_g": {"at": 2, "unit": "g"},
    }  # fmt: skip
    mapped = shared_house.call("PUT", f"/v1/imports/{kept['id']}/mapping", {"columns": columns})
    if mapped.status_code == 200:
        counts = mapped.json()["counts"]
        blank = sum(not any(c.strip() for c in row) for row in rows)
        assert adds_up(counts)
        assert counts["rows"] == len(rows) - blank
        assert (
            len(everything(shared_house, f"/v1/imports/{kept['id']}/preview", limit=2))
            == counts["rows"]
        )
    else:
        assert mapped.json()["code"] == "empty_body"
    shared_house.call("DELETE", f"/v1/imports/{kept['id']}")
