"""What a modality is lent while it reads one original of one merchant (ports.modality.Context)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intake import expected, language, lexicon
from danshu.hub import original_joins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.intake.lexicon import Lexicon
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.ports.modality import Assessment, Candidate, Original, Parsed, Span
    from danshu.ports.perceiver import Perception

Connection = Any
# Of who sent it: by these a merchant may have other services asked.
_SCOPES: Final = ("store", "device", "device_class")
_NAMED: Final = (
    "select to_jsonb(d)::text from directory d where tenant=%s and kind=%s and code=%s and active"
)

_USED: Final = """
select distinct l->>'sku' from (select draft from originals where tenant=%s and speaker=%s
  and order_id is not null order by received desc limit 20) r,
jsonb_array_elements(r.draft->'lines') l
"""


class ReadingContext:
    """Lent for one original. What is looked up was read before, so a plug-in waits for services
    alone. Among goods that fit equally, `used` are those that the speaker ordered before.
    """

    def __init__(
        self,
        hub: Hub,
        world: World,
        source: Mapping[str, str],
        now_ms: int,
        words: Lexicon,
        used: frozenset[str],
        rows: Mapping[tuple[str, str], Mapping[str, object]],
    ) -> None:
        self.source = source
        self.now_ms = now_ms
        self._hub, self._world, self._rows = hub, world, rows
        self._words, self._used = words, used

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Ask the merchant's services. Raises NotAvailable, InputError."""
        scopes = {name: self.source[name] for name in _SCOPES if self.source.get(name)}
        given = {**scopes, **(hints or {})}
        if kind == "speech":
            given.setdefault("terms", expected.words(self._words))
        return await original_joins.perceive(self._hub, self._world.tenant, kind, original, given)

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words as an order by the merchant's master data."""
        return language.understand(
            text,
            self._words,
            self.now_ms,
            pieces,
            customer=self.source.get("customer", ""),
            used=self._used,
        )

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find words in the merchant's master data."""
        return lexicon.resolve(self._words, kind, words, of)

    def assess(self, device: str, seen: Perception) -> Assessment:
        """Compare what was measured at a device with the device's own normal state."""
        return original_joins.assess(self._rows.get(("device", device), {}), seen)

    def look_up(self, kind: str, code: str) -> Mapping[str, object]:
        """Give a row of master data by its code, {} = none: any SKU, with the `units` that its
        measure words stand for; the SKU's `code` of a barcode; the device, store and customer that
        the source names; under "" the templates of documents.
        """
        if kind == "sku":
            known = self._world.skus.get(code)
            told: dict[str, object] = msgspec.to_builtins(known[1]) if known else {}
            at = self._words.by_code.get(("sku", code))
            return told if at is None else {**told, "units": dict(self._words.entries[at].units)}
        if kind == "barcode":
            coded = (c for c, (_, sku) in self._world.skus.items() if sku.barcode == code and code)
            found = next(coded, "")
            return {"code": found} if found else {}
        return self._rows.get((kind, code), {})


async def lend(
    hub: Hub, connection: Connection, world: World, source: Mapping[str, str], now_ms: int
) -> ReadingContext:
    """Make the context of one original. Raises NotAvailable where no words are known yet."""
    rows: dict[tuple[str, str], Mapping[str, object]] = {}
    for kind in ("store", "customer"):
        if code := source.get(kind, ""):
            asked = (world.tenant, kind, code)
            found = await (await connection.execute(_NAMED, asked)).fetchone()
            if found is not None:
                rows[kind, code] = msgspec.json.decode(found[0])
    rows |= await original_joins.look_up(connection, world.tenant, source)
    used: frozenset[str] = frozenset()
    if speaker := source.get("speaker", ""):
        cursor = await connection.execute(_USED, (world.tenant, speaker))
        used = frozenset([sku for (sku,) in await cursor.fetchall()])
    words = await original_joins.lexicon(hub, connection, world.tenant)
    return ReadingContext(hub, world, source, now_ms, words, used, rows)
