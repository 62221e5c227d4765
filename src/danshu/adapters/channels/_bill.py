"""Read a bill by its mapping: rows become movements of money, and the file's totals must agree."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, NoReturn

import msgspec

from danshu.adapters.channels._fields import check_text, read_amount, refuse_input
from danshu.adapters.channels._table_mapping import check_condition, find_zone, load_plain
from danshu.adapters.channels._table_read import UNREADABLE, Row, cell_text, open_rows
from danshu.adapters.channels._table_row import compile_condition, read_time
from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports.bill import KINDS, BillAmount, BillLine, BillMapping, BillReject
from danshu.ports.table import Column, Condition, TableMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FIELDS = frozenset(
    {"flow", "number", "waybill", "at", "word", "weight_kg", "zone", "note", "status"}
)
_COUNTS = frozenset({"rows", "income", "expense", "income_rows", "expense_rows", "net"})
_SHORT = frozenset({"flow", "number", "waybill"})
_encode = msgspec.json.Encoder().encode


def decode_mapping(raw: bytes) -> BillMapping:
    """Decode and check a mapping. Raises InputError with a pointer into the file."""
    plain = load_plain(raw)
    try:
        mapping = msgspec.convert(plain, BillMapping, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InputError("mapping", str(error), "") from None
    return check_mapping(mapping)


def check_mapping(mapping: BillMapping) -> BillMapping:
    """Return the mapping if every word in it means something."""
    for name in mapping.columns:
        if name not in FIELDS:
            known = ", ".join(sorted(FIELDS))
            refuse_input("mapping", f"no field {name}; there are: {known}", f"/columns/{name}")
    if "at" not in mapping.columns:
        refuse_input("mapping", "no column for at", "/columns")
    if not mapping.identity or not mapping.amounts:
        refuse_input("mapping", "identity and amounts name one column at least", "/identity")
    for kind in [*[a.kind for a in mapping.amounts if a.kind], *[r.kind for r in mapping.kinds]]:
        if kind not in KINDS:
            refuse_input("mapping", f"no kind {kind}; there are: {', '.join(KINDS)}", "/kinds")
    for index, rule in enumerate(mapping.kinds):
        if rule.when is not None:
            check_condition(rule.when, f"/kinds/{index}/when", FIELDS)
    for index, left_out in enumerate(mapping.rules):
        check_condition(left_out.when, f"/rules/{index}/when", FIELDS)
    for index, pattern in enumerate([mapping.number, *mapping.totals]):
        _check_pattern(pattern, f"/totals/{index - 1}" if index else "/number")
    if not re.fullmatch(r"[A-Z]{3}", mapping.currency, re.ASCII):
        refuse_input("mapping", "currency is an ISO 4217 code", "/currency")
    find_zone(mapping.timezone)
    return mapping


def _check_pattern(pattern: str, pointer: str) -> None:
    try:
        groups = re.compile(pattern).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError("mapping", f"not a pattern: {error}", pointer) from None
    if unknown := sorted(groups.keys() - _COUNTS - set(KINDS)):
        refuse_input("mapping", f"no total {unknown[0]}", pointer)


class Sums:
    """What a file holds, as its own totals speak of it: minor units and counts."""

    def __init__(self) -> None:
        self.of: dict[str, int] = dict.fromkeys((*_COUNTS, *KINDS), 0)

    def add(self, kind: str, amount: int) -> None:
        """Count a line."""
        of = self.of
        of[kind] += amount
        of["net"] += amount
        if amount > 0:
            of["income"] += amount
            of["income_rows"] += 1
        else:
            of["expense"] -= amount
            of["expense_rows"] += 1


class Bill:
    """One reading of a bill: every row is in lines, or in one reject."""

    def __init__(self, path: Path, mapping: BillMapping) -> None:
        self.header: tuple[str, ...] = ()
        self.sums = Sums()
        self._seen: dict[bytes, int] = {}
        self._mapping = mapping
        self._rows = open_rows(path, _as_table(mapping))
        self._columns = [
            (name, entry if isinstance(entry, Column) else Column(column=entry))
            for name, entry in mapping.columns.items()
        ]
        self._zone = find_zone(mapping.timezone)
        self._number = re.compile(mapping.number) if mapping.number else None
        self._kinds = [(r.kind, _compile(r.when)) for r in mapping.kinds]
        self._rules = [(r, compile_condition(r.when)) for r in mapping.rules]

    def __iter__(self) -> Iterator[BillLine | BillReject]:
        self.sums = Sums()
        self._seen.clear()
        for number, row in self._rows:
            if not self.header:
                self.header = tuple(row)
            self.sums.of["rows"] += 1
            raw = _raw(row)
            try:
                lines = self._read(number, row, raw)
            except InputError as error:
                yield BillReject(row=number, code=error.code, reason=error.detail, raw=raw)
                continue
            for line in lines:
                self.sums.add(line.kind, line.amount)
                yield line
        self._check_totals()

    def _read(self, number: int, row: Row, raw: bytes) -> list[BillLine]:
        if UNREADABLE in row:
            raise InputError("unreadable", str(row[UNREADABLE]))
        texts = self._texts(row)
        for rule, fits in self._rules:
            if fits(row, texts):
                code = rule.code if rule.treat == "reject" else f"ignored:{rule.code}"
                raise InputError(code, rule.why or rule.code)
        at_ms = self._time(texts["at"])
        identity = self._identify(row)
        ours = texts.get("number", "")
        if self._number is not None and ours:
            found = self._number.search(ours)
            ours = found[1] if found else ours
        weight_g = self._weight(texts.get("weight_kg", ""))
        lines = [
            BillLine(
                row=number,
                part=part,
                kind=each.kind or self._kind(row, texts),
                amount=amount,
                at_ms=at_ms,
                identity=f"{identity}\x1f{part}" if part else identity,
                number=ours,
                waybill=texts.get("waybill", ""),
                flow=texts.get("flow", ""),
                word=texts.get("word", "")[: limits.BILL_WORD_CHARS],
                weight_g=weight_g,
                zone=texts.get("zone", "")[: limits.BILL_WORD_CHARS],
                note=texts.get("note", "")[: limits.BILL_NOTE_CHARS],
                raw=raw,
            )
            for part, each in enumerate(self._mapping.amounts)
            if (amount := self._amount(row, each))
        ]
        if not lines:
            raise InputError("ignored:no_money", "no money moved")
        return lines

    def _identify(self, row: Row) -> str:
        identity = "\x1f".join([cell_text(row.get(name)) for name in self._mapping.identity])
        if not identity.strip("\x1f"):
            raise InputError("no_identity", "nothing names this row")
        if self._mapping.repeats:
            key = blake2b(identity.encode(), digest_size=12).digest()
            nth = self._seen[key] = self._seen.get(key, 0) + 1
            identity = f"{identity}\x1f#{nth}"
        return identity

    def _texts(self, row: Row) -> dict[str, str]:
        texts: dict[str, str] = {}
        for name, column in self._columns:
            text = cell_text(row.get(column.column)) or column.default
            if column.values and text:
                if text not in column.values:
                    raise InputError(f"{name}_unknown", f"{column.column}: {text!r} has no meaning")
                text = column.values[text]
            if text:
                limit = limits.KEY_CHARS if name in _SHORT else limits.TEXT_CHARS
                check_text(text, f"/{column.column}", limit)
            texts[name] = text
        return texts

    def _kind(self, row: Row, texts: dict[str, str]) -> str:
        for kind, fits in self._kinds:
            if fits(row, texts):
                return kind
        raise InputError("kind_unknown", f"no rule says what {texts.get('word', '')!r} is")

    def _time(self, text: str) -> int:
        column = next(c for name, c in self._columns if name == "at")
        try:
            return read_time(text, column.date, self._zone)
        except (InputError, ValueError, OverflowError, OSError):
            raise InputError("at_invalid", f"{text!r} is not a time") from None

    def _weight(self, text: str) -> int:
        if not text:
            return 0
        try:
            return round(float(text) * 1000)
        except (ValueError, OverflowError):
            raise InputError("weight_invalid", f"{text!r} is not a weight in kg") from None

    def _amount(self, row: Row, each: BillAmount) -> int:
        text = cell_text(row.get(each.column)).replace(",", "").removeprefix("+")
        if text in ("", "-", "--", "/"):
            return 0
        try:
            minor = (
                int(text)
                if each.money == "minor"
                else read_amount(text, self._mapping.currency, "")
            )
        except (InputError, ValueError):
            raise InputError("amount_invalid", f"{each.column}: {text!r} is no amount") from None
        if each.sign == "keep":
            return minor
        return -minor if each.sign == "negate" else -abs(minor)

    def _check_totals(self) -> None:
        """Compare what the file says of itself with what it holds. Raises InputError."""
        for pattern in self._mapping.totals:
            known = re.compile(pattern)
            found = next(filter(None, map(known.search, self._rows.remarks)), None)
            if found is None:
                raise InputError("totals_missing", "the file lacks its totals: it is cut off")
            for name, text in found.groupdict().items():
                self._check_total(name, text or "0")

    def _check_total(self, name: str, text: str) -> None:
        held = self.sums.of[name]
        try:
            if name.endswith("rows"):
                said = int(text.replace(",", ""))
            else:
                said = read_amount(text.replace(",", ""), self._mapping.currency, "")
        except (InputError, ValueError):
            _refuse_total(name, text, held)
        if (held if name.endswith("rows") or name == "net" else abs(held)) != (
            said if name.endswith("rows") or name == "net" else abs(said)
        ):
            _refuse_total(name, text, held)


def _refuse_total(name: str, text: str, held: int) -> NoReturn:
    raise InputError("totals", f"the file says {name} {text[:40]}, its rows give {held}")


def _raw(row: Row) -> bytes:
    return _encode([c if isinstance(c, str) else str(c) for k, c in row.items() if k != UNREADABLE])


def _compile(condition: Condition | None) -> Callable[[Row, dict[str, str]], bool]:
    if condition is None:
        return lambda row, texts: True
    return compile_condition(condition)


def _as_table(mapping: BillMapping) -> TableMapping:
    """Say to the reader of rows which columns must be there."""
    columns: dict[str, str | Column] = dict(mapping.columns)
    for index, each in enumerate(mapping.amounts):
        columns[f"amount {index}"] = Column(column=each.column, optional=each.optional)
    columns |= {f"identity {name}": name for name in mapping.identity}
    return TableMapping(
        version=1,
        name=mapping.name,
        format=mapping.format,
        options=mapping.options,
        currency=mapping.currency,
        timezone=mapping.timezone,
        group_by=mapping.identity[0],
        columns=columns,
    )
