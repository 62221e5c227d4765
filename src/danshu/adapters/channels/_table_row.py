"""Read one row of a table by its mapping: what it holds, or why it is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.adapters.channels._fields import check_instant, check_text, read_amount
from danshu.adapters.channels._table_mapping import columns_of, find_zone
from danshu.adapters.channels._table_read import UNREADABLE, Row, cell_text
from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports.channel import DraftKind, DraftLine
from danshu.ports.table import Condition, Rule, TableMapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

_SHORT = frozenset({"sku", "number", "line", "of_number", "buyer", "warehouse", "shop"})


class Reading(Struct):
    """A row after it was read: a line, postage, or the reason why it is left out."""

    row: int
    texts: dict[str, str]
    line: DraftLine | None = None
    discount: int = 0
    postage: int = 0
    created_ms: int = 0
    kind: DraftKind = DraftKind.ORDER
    code: str = ""
    reason: str = ""
    whole_order: bool = False


class RowReader:
    """Reads rows by one mapping; whatever can be found out before the first row is."""

    def __init__(self, mapping: TableMapping) -> None:
        self.mapping = mapping
        self._columns = columns_of(mapping)
        self._zone = find_zone(mapping.timezone)
        self._rules = [(rule, compile_condition(rule.when)) for rule in mapping.rules]
        none = Condition(field="number", any_of=())  # nothing is in an empty list
        self._is_return = compile_condition(mapping.returns or none)
        self._is_cancel = compile_condition(mapping.cancels or none)

    def read(self, number: int, row: Row) -> Reading:
        """Read one row; what is wrong with it stands in the reading."""
        reading = Reading(row=number, texts={})
        try:
            if UNREADABLE in row:
                raise InputError("unreadable", str(row[UNREADABLE]))
            self._read_texts(row, reading)
            rule = next((rule for rule, fits in self._rules if fits(row, reading.texts)), None)
            if rule is not None and rule.treat != "postage":
                _apply(rule, reading)
            else:
                self._read_goods(reading, as_postage=rule is not None)
        except InputError as error:
            reading.code, reading.reason = error.code, error.detail
            reading.whole_order = self.mapping.unreadable == "order"
        return reading

    def _read_texts(self, row: Row, reading: Reading) -> None:
        texts = reading.texts
        for name, column in self._columns.items():
            text = cell_text(row.get(column.column)) or column.default
            if column.values and text:
                if text not in column.values:
                    raise InputError(f"{name}_unknown", f"{column.column}: {text!r} has no meaning")
                text = column.values[text]
            if column.case != "keep":
                text = text.upper() if column.case == "upper" else text.lower()
            if text:
                limit = limits.KEY_CHARS if name in _SHORT else limits.TEXT_CHARS
                check_text(text, f"/{column.column}", limit)
            texts[name] = text
        if self._is_return(row, texts):
            reading.kind = DraftKind.RETURN
            texts["quantity"] = texts["quantity"].removeprefix("-")
        elif self._is_cancel(row, texts):
            reading.kind = DraftKind.CANCEL

    def _read_goods(self, reading: Reading, as_postage: bool) -> None:
        texts, currency = reading.texts, self.mapping.currency
        quantity = _quantity(texts["quantity"])
        price = self.amount("price", texts, currency)
        reading.created_ms = self.time("created", texts)
        if as_postage:
            reading.postage = price * quantity
            return
        if not texts["sku"]:
            raise InputError("sku_missing", "the row has no SKU")
        if len(texts["sku"]) > limits.SKU_CHARS:
            raise InputError("sku_too_long", f"more than {limits.SKU_CHARS} characters")
        reading.discount = self.amount("discount", texts, currency)
        worth = price * quantity - reading.discount
        if worth < 0 or price < 0 or reading.discount < 0:
            raise InputError("price_invalid", "a price or discount that makes no sense")
        is_paid = self.mapping.paid == "full" and reading.kind is not DraftKind.CANCEL
        reading.line = DraftLine(
            line=texts.get("line", "") or str(reading.row),
            sku=texts["sku"],
            title=texts.get("title", ""),
            quantity=quantity,
            price=price,
            paid=worth if is_paid else 0,
            attributes=texts.get("attributes", ""),
            warehouse=texts.get("warehouse", "") or self.mapping.constants.get("warehouse", ""),
        )

    def amount(self, name: str, texts: dict[str, str], currency: str) -> int:
        """Minor units of a field; nothing for an empty one that may be empty."""
        text = texts.get(name, "")
        if not text and name != "price":
            return 0
        try:
            if self._columns[name].money == "minor":
                return int(text)
            return _read_money(text, currency)
        except (InputError, ValueError):
            raise InputError(
                f"{name}_invalid", f"{text!r} is not an amount in {currency}"
            ) from None

    def time(self, name: str, texts: dict[str, str]) -> int:
        text = texts.get(name, "")
        if not text and name != "created":
            return 0
        try:
            return read_time(text, self._columns[name].date, self._zone)
        except (InputError, ValueError, OverflowError, OSError):
            raise InputError(f"{name}_invalid", f"{text!r} is not a time") from None


def compile_condition(condition: Condition) -> Callable[[Row, dict[str, str]], bool]:
    """Make a test of a condition; all of its parts must hold."""
    tests = _tests(condition)
    test = tests[0] if len(tests) == 1 else lambda text: all(each(text) for each in tests)
    if name := condition.field:
        return lambda row, texts: test(texts.get(name, ""))
    return lambda row, texts: test(cell_text(row.get(condition.column)))


def _tests(condition: Condition) -> list[Callable[[str], bool]]:
    tests: list[Callable[[str], bool]] = []
    if (equals := condition.equals) is not None:
        tests.append(lambda text: text == equals)
    if (any_of := condition.any_of) is not None:
        words = frozenset(any_of)
        tests.append(lambda text: text in words)
    if (prefix := condition.starts_with) is not None:
        tests.append(lambda text: text.startswith(prefix))
    if condition.matches is not None:
        wanted = re.compile(condition.matches)
        tests.append(lambda text: wanted.fullmatch(text) is not None)
    if condition.not_matches is not None:
        unwanted = re.compile(condition.not_matches)
        tests.append(lambda text: unwanted.fullmatch(text) is None)
    if (high := condition.at_most) is not None:
        tests.append(lambda text: (value := _number(text)) is not None and value <= high)
    if (low := condition.at_least) is not None:
        tests.append(lambda text: (value := _number(text)) is not None and value >= low)
    if (empty := condition.empty) is not None:
        tests.append(lambda text: (text == "") is empty)
    return tests


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text[:64])
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _apply(rule: Rule, reading: Reading) -> None:
    reading.code = rule.code if rule.treat == "reject" else f"ignored:{rule.code}"
    reading.reason = rule.why or rule.code
    reading.whole_order = rule.whole_order


def _quantity(text: str) -> int:
    value = _number(text)
    if value is None or not 1 <= value <= limits.LINE_QUANTITY or value != int(value):
        raise InputError("quantity_invalid", f"{text[:64]!r} is not a quantity")
    return int(value)


@lru_cache(maxsize=65_536)
def _read_money(text: str, currency: str) -> int:
    return read_amount(text, currency, "")


@lru_cache(maxsize=65_536)
def read_time(text: str, form: str, zone: ZoneInfo) -> int:
    """Epoch ms. An hour that a summer time doubles is the first one, as Python reads it."""
    if form in ("epoch_s", "epoch_ms"):
        return check_instant(int(text) * (1000 if form == "epoch_s" else 1), "")
    iso = form == "iso"
    # a time without a zone gets the mapping's, below
    moment = datetime.fromisoformat(text) if iso else datetime.strptime(text, form)  # noqa: DTZ007
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return check_instant(int(moment.astimezone(UTC).timestamp() * 1000), "")
