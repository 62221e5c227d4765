"""A platform's message with everything masked that is not known to be harmless.

Shown are keys, figures, dates, codes in capitals, and texts that the order's own row holds (its
number, goods, shop). Any other text may be somebody's name, number or address, and is masked.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from danshu.hub.masking import STARS
from danshu.kernel.limits import JSON_DEPTH, RAW_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from danshu.capabilities.orders.model import Order

_HARMLESS: Final = re.compile(
    r"[A-Z][A-Z0-9_]{1,40}"  # WAIT_SELLER_SEND_GOODS, CNY
    r"|true|false|null"
    r"|-?\d{1,4}|-?\d{1,12}\.\d{1,4}"  # counts, money in major units
    r"|\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?"
    r"|1[4-9]\d{8}|1[4-9]\d{11}"  # epoch seconds, milliseconds
)
_NUMBER_MAX: Final = 10**9  # a larger number may be a telephone number


def known_texts(order: Order) -> frozenset[str]:
    """Give the texts of an order's row, which tell nobody who the buyer is."""
    texts = {order.number, order.channel, order.shop, order.status, order.currency, order.of_number}
    for line in order.lines:
        texts |= {line.sku, line.title, line.attributes, line.line}
    return frozenset(texts)


def mask(raw: bytes, known: Collection[str]) -> tuple[str, str]:
    """Give the form of a message (json, form, other) and its masked text, "" where it is other."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return "other", ""
    tree = _parse(text)
    if tree is not None:
        return "json", json.dumps(_masked(tree, known, 0), ensure_ascii=False, indent=1)
    if "=" in text and "\n" not in text.strip():
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=RAW_FIELDS)
        except ValueError:
            return "other", ""
        fields = {name: _text(value, known, 0) for name, value in pairs}
        return "form", json.dumps(fields, ensure_ascii=False, indent=1)
    return "other", ""


def _parse(text: str) -> Any:
    """Read an object or a list; None for anything else."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _masked(value: Any, known: Collection[str], depth: int) -> Any:
    if depth > JSON_DEPTH:
        return STARS
    if isinstance(value, dict):
        return {name: _masked(member, known, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_masked(member, known, depth + 1) for member in value]
    if isinstance(value, str):
        return _text(value, known, depth)
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_small = abs(value) < _NUMBER_MAX or _HARMLESS.fullmatch(str(value))
        return value if is_small or str(value) in known else STARS
    return value


def _text(value: str, known: Collection[str], depth: int) -> Any:
    if not value or value in known or _HARMLESS.fullmatch(value):
        return value
    inside = _parse(value)  # platforms put JSON into texts
    return STARS if inside is None else _masked(inside, known, depth + 1)
