"""What a buyer of the demo merchant puts into an order, before any platform writes it down."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.intake.address import Gazetteer, Place
from danshu.capabilities.stock.model import Sku, Storage
from danshu.kernel.money import apportion, format_minor
from danshu.testing.merchant import demand, popularity, skus

if TYPE_CHECKING:
    import random

CHINA_TIME: Final = timezone(timedelta(hours=8))
NUMBERS: Final = 1_000_000_000  # numbers below this give different orders
SEEDS: Final = 1_000  # seeds are taken modulo this
FEN_A_DOLLAR: Final = 710
_LINE_SHARES: Final = (0.52, 0.26, 0.14, 0.08)
_QUANTITY_SHARES: Final = (0.7, 0.2, 0.1)
_FREE_POSTAGE: Final = 9_900
_POSTAGE: Final = 600
_ABROAD_POSTAGE: Final = 1_490

_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN: Final = ("示例", "例", "样本", "试", "范例")
_STREETS: Final = ("示例路", "样板街", "试验巷", "范例大道", "虚构弄")
_NOTES: Final = ("", "", "", "", "", "请尽快发货", "放驿站即可", "工作日送货", "不要放快递柜")


class Address(Struct, frozen=True):
    """Where abroad an order goes; enough for a label, invented below the town."""

    country: str
    country_name: str
    state: str
    state_code: str
    city: str
    postcode: str
    weight: int


ABROAD: Final = (
    Address("US", "United States", "Illinois", "IL", "Springfield", "62799", 16),
    Address("US", "United States", "California", "CA", "San Jose", "95199", 14),
    Address("US", "United States", "Texas", "TX", "Austin", "78799", 9),
    Address("CA", "Canada", "Ontario", "ON", "Toronto", "M5Z 9Z9", 6),
    Address("GB", "United Kingdom", "England", "ENG", "Leeds", "LS99 9ZZ", 12),
    Address("DE", "Germany", "", "", "Leipzig", "04999", 9),
    Address("FR", "France", "", "", "Lyon", "69999", 7),
    Address("NL", "Netherlands", "", "", "Utrecht", "3999 ZZ", 3),
    Address("JP", "Japan", "Osaka", "JP-27", "Osaka", "559-9999", 8),
    Address("AU", "Australia", "Victoria", "VIC", "Melbourne", "3999", 7),
    Address("SG", "Singapore", "", "", "Singapore", "999999", 6),
    Address("MY", "Malaysia", "Selangor", "SGR", "Petaling Jaya", "47999", 3),
    Address("HK", "Hong Kong", "Kowloon", "KL", "Hong Kong", "", 6),
    Address("TW", "Taiwan", "", "", "Taipei", "999", 2),
    Address("CN", "China", "Guangdong", "GD", "Shenzhen", "518999", 4),
    Address("CN", "China", "Shanghai", "SH", "Shanghai", "200999", 4),
)


class Entry(Struct, frozen=True, kw_only=True):
    """One line. Money in minor units of the basket's currency; `index` is the place in skus().

    `off` is the shop's discount on the line, `shop` and `platform` its shares of the discounts
    on the order.
    """

    index: int
    sku: Sku
    quantity: int
    price: int
    off: int = 0
    shop: int = 0
    platform: int = 0

    @property
    def listed(self) -> int:
        """Price of all units before discounts."""
        return self.price * self.quantity

    @property
    def due(self) -> int:
        """What the buyer pays for the line."""
        return self.listed - self.off - self.shop - self.platform

    @property
    def spec(self) -> str:
        """The variant, as a shop window shows it."""
        return self.sku.name.partition(" ")[2] or self.sku.name


class Basket(Struct, frozen=True, kw_only=True):
    """One order of one buyer. Times in epoch ms, whole seconds; `ident` is unique below 10^12."""

    ident: int
    entries: tuple[Entry, ...]
    postage: int
    created_ms: int
    paid_ms: int
    name: str
    phone_tail: str
    note: str
    street: str
    place: Place
    county: str
    abroad: Address

    @property
    def listed(self) -> int:
        """Price of all goods before discounts."""
        return sum(entry.listed for entry in self.entries)

    @property
    def off(self) -> int:
        """What the shop takes off, line discounts and order discounts."""
        return sum(entry.off + entry.shop for entry in self.entries)

    @property
    def platform(self) -> int:
        """What the platform takes off."""
        return sum(entry.platform for entry in self.entries)

    @property
    def due(self) -> int:
        """What the buyer pays, postage in."""
        return sum(entry.due for entry in self.entries) + self.postage


def draw_basket(rng: random.Random, number: int, seed: int, now_ms: int, abroad: bool) -> Basket:
    """Draw an order; abroad it is in US cents and holds goods that fly (常温) only.

    Raises ValueError for a number outside 0..NUMBERS.
    """
    if not 0 <= number < NUMBERS:
        raise ValueError(f"a number is in 0..{NUMBERS - 1}: {number}")
    places, weights = _home()
    place = rng.choices(places, cum_weights=weights)[0]
    counties = Gazetteer.load().counties(place.code)
    created_ms = now_ms // 1000 * 1000 - rng.randrange(120, 1_800) * 1000
    entries = _draw_entries(rng, abroad)
    goods = sum(entry.due for entry in entries)
    postage = _ABROAD_POSTAGE if abroad else _POSTAGE
    return Basket(
        ident=seed % SEEDS * NUMBERS + number,
        entries=entries,
        postage=0 if goods >= _FREE_POSTAGE else postage,
        created_ms=created_ms,
        paid_ms=created_ms + rng.randrange(15, 80) * 1000,
        name=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
        phone_tail=f"{rng.randrange(10_000):04d}",
        note=rng.choice(_NOTES),
        street=f"{rng.choice(_STREETS)}{rng.randrange(1, 999)}号",
        place=place,
        county=rng.choice(counties) if counties else "",
        abroad=rng.choices(ABROAD, weights=[address.weight for address in ABROAD])[0],
    )


def _draw_entries(rng: random.Random, abroad: bool) -> tuple[Entry, ...]:
    indexes, weights = _goods(abroad)
    count = rng.choices((1, 2, 3, 4), weights=_LINE_SHARES)[0]
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen[rng.choices(indexes, cum_weights=weights)[0]] = None
    entries = []
    for index in chosen:
        sku = skus()[index]
        price = max(99, round(sku.price_fen * 100 / FEN_A_DOLLAR)) if abroad else sku.price_fen
        quantity = rng.choices((1, 2, 3), weights=_QUANTITY_SHARES)[0]
        off = price * quantity * rng.choice((0, 0, 0, 5, 8, 10, 15)) // 1_000 * 10
        entries.append(Entry(index=index, sku=sku, quantity=quantity, price=price, off=off))
    due = [entry.due for entry in entries]
    shop = 2_000 if sum(due) >= 20_000 and rng.random() < 0.5 else 0
    platform = 600 if sum(due) >= 6_000 and rng.random() < 0.3 and not abroad else 0
    return tuple(
        Entry(
            index=entry.index,
            sku=entry.sku,
            quantity=entry.quantity,
            price=entry.price,
            off=entry.off,
            shop=by_shop,
            platform=by_platform,
        )
        for entry, by_shop, by_platform in zip(
            entries, apportion(shop, due), apportion(platform, due), strict=True
        )
    )


@cache
def _home() -> tuple[tuple[Place, ...], tuple[int, ...]]:
    """Mainland places and their cumulative demand."""
    places = tuple(p for p in Gazetteer.load().places if p.domestic and not p.iso2)
    return places, tuple(accumulate(demand()[place.code] for place in places))


@cache
def _goods(abroad: bool) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Indexes of the goods that may be ordered and their cumulative popularity."""
    kept = [n for n, sku in enumerate(skus()) if not abroad or sku.storage is Storage.AMBIENT]
    shares = popularity()
    return tuple(kept), tuple(accumulate(shares[n] for n in kept))


def yuan(fen: int) -> str:
    """Write 分 as a string of yuan with two places."""
    return format_minor(fen, "CNY")


def wall_time(when_ms: int) -> str:
    """Write Beijing wall time as the Chinese platforms do, without a zone."""
    return datetime.fromtimestamp(when_ms // 1000, CHINA_TIME).strftime("%Y-%m-%d %H:%M:%S")


def utc_time(when_ms: int) -> str:
    """Write RFC 3339 in UTC to the second."""
    return datetime.fromtimestamp(when_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cipher(rng: random.Random, size_bytes: int) -> str:
    """Make something that looks like a platform's ciphertext (base64 of random bytes)."""
    return b64encode(rng.randbytes(size_bytes)).decode()
