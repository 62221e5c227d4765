"""Terms of business 业务术语: what each word of the metrics means, and what else it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.hub import metric_book
from danshu.hub.asset_views import AssetText
from danshu.hub.assets import known

if TYPE_CHECKING:
    from danshu.hub.compose import Hub


class BusinessTerm(Struct, frozen=True, kw_only=True):
    """A term: a metric, or a column of an asset (`kind`). `words` are what else it is called,
    `asset` is where it is found.
    """

    kind: str
    code: str
    title: AssetText
    about: AssetText
    words: tuple[str, ...]
    asset: str


async def read(hub: Hub, tenant: int) -> tuple[BusinessTerm, ...]:
    """Give the terms by their Chinese names: metrics in force, columns that have other words."""
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
    found = [
        BusinessTerm(
            kind="metric",
            code=code,
            title=AssetText(zh=h.metric.title.zh, en=h.metric.title.en),
            about=AssetText(zh=h.metric.about.get("zh", ""), en=h.metric.about.get("en", "")),
            words=h.metric.words,
            asset=h.metric.asset,
        )
        for code, h in held.items()
    ]
    titles = {t.title.zh for t in found}
    for asset in known().values():
        for column in asset.columns:
            if column.words and column.title.zh not in titles:
                titles.add(column.title.zh)
                found.append(
                    BusinessTerm(
                        kind="column",
                        code=f"{asset.name}.{column.name}",
                        title=AssetText(zh=column.title.zh, en=column.title.en),
                        about=AssetText(zh=asset.title.zh, en=asset.title.en),
                        words=column.words,
                        asset=asset.name,
                    )
                )
    return tuple(sorted(found, key=lambda t: (t.title.zh, t.code)))
