"""Channel `table`: orders and bills in CSV, XLSX, Parquet or NDJSON, read by a mapping.

A message without a mapping uses the hub's own field names as columns. See
docs/how-to/import-a-table.md.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from danshu.adapters.channels import _bill
from danshu.adapters.channels._fields import decode_body, refuse_input
from danshu.adapters.channels._signing import OWN_HEADER, answer_json, same, sign_hmac_hex
from danshu.adapters.channels._table_assemble import assemble
from danshu.adapters.channels._table_mapping import FIELDS, REQUIRED, check_mapping, read_mapping
from danshu.adapters.channels._table_read import Row, TableRows, open_rows, rows_of_body
from danshu.ports.table import Column, TableDraft, TableMapping, TableReject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from danshu.ports.bill import BillMapping
    from danshu.ports.channel import Account, Acknowledgement, Draft, Message


class Table:
    """Files of orders."""

    name = "table"
    title = "表格"
    title_en = "Table"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `x-danshu-signature`: hex HMAC-SHA256 of the body."""
        if not account.secret:
            return False
        given = message.headers.get(OWN_HEADER, "").lower()
        return same(given, sign_hmac_hex(account.secret, message.body))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read CSV or NDJSON whose columns are the hub's fields; one bad row refuses it all.

        Raises InputError with the row's number in the pointer.
        """
        if not decode_body(body).strip():
            refuse_input("empty", "no rows", "")
        mapping = _own_mapping()
        drafts: list[Draft] = []
        for entry in assemble(rows_of_body(body, mapping), mapping):
            if isinstance(entry, TableReject):
                refuse_input(entry.code, entry.reason, f"/rows/{entry.rows[0]}")
            drafts.append(entry.draft)
        if not drafts:
            refuse_input("empty", "no rows", "")
        return tuple(drafts)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer 200, or 422 with the reason."""
        answer = {"accepted": accepted, "reason": reason}
        status = 200 if accepted else 422
        return answer_json(json.dumps(answer, ensure_ascii=False).encode(), status)

    def read_mapping(self, path: Path) -> TableMapping:
        """Read and check a mapping file. Raises InputError."""
        return read_mapping(path)

    def read_rows(self, path: Path, mapping: TableMapping) -> TableRows:
        """Give the rows of a file, to be iterated as often as wanted. Raises InputError."""
        return open_rows(path, mapping)

    def assemble(
        self,
        rows: Iterable[tuple[int, Mapping[str, object]]],
        mapping: TableMapping,
        from_order: int = 0,
    ) -> Iterator[TableDraft | TableReject]:
        """Make orders of rows; every row is in exactly one result. See ports.table."""
        return assemble(cast("Iterable[tuple[int, Row]]", rows), mapping, from_order)

    def decode_bill_mapping(self, raw: bytes) -> BillMapping:
        """Decode and check the mapping of a bill. Raises InputError. See ports.bill."""
        return _bill.decode_mapping(raw)

    def read_bill(self, path: Path, mapping: BillMapping) -> _bill.Bill:
        """Read a bill; every row is in lines or in one reject. Raises InputError."""
        return _bill.Bill(path, mapping)


@lru_cache(maxsize=1)
def _own_mapping() -> TableMapping:
    columns: dict[str, str | Column] = {
        name: Column(column=name, optional=name not in REQUIRED) for name in FIELDS - {"number"}
    }
    return check_mapping(
        TableMapping(version=1, name="own", currency="CNY", group_by="number", columns=columns)
    )
