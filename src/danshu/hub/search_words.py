"""What the search of the catalogue can name: metrics, assets and master data of a merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.searching.lexicon import Lexicon
from danshu.capabilities.searching.model import Card, Facet, Value
from danshu.capabilities.searching.places import values as area_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.metrics.model import Metric, MetricTitle
    from danshu.ports.asset import Asset

STEPS: Final = ("day", "week", "month")
"""Dimensions that cut a series rather than name what is counted by."""
_BETTER: Final = {"more": True, "less": False}


def card_of_metric(metric: Metric) -> Card:
    """Give a metric as the search sees it."""
    facets = tuple(
        [
            Facet(code=d.name, zh=d.title.zh, en=d.title.en, words=d.words)
            for d in metric.dimensions
            if d.name not in STEPS
        ]
    )
    return Card(
        code=metric.code,
        zh=metric.title.zh,
        en=metric.title.en,
        about=" ".join(metric.about.values()),
        words=metric.words,
        dimensions=facets,
        unit=metric.unit,
        higher=_BETTER.get(metric.better),
        is_timed=any(d.name in STEPS for d in metric.dimensions),
        asset=metric.asset,
    )


def card_of_asset(asset: Asset) -> Card:
    """Give an asset as the search sees it: its columns are words for it."""
    columns = [w for c in asset.columns for w in (c.title.zh, c.title.en, *c.words)]
    about = " ".join([asset.about.zh, asset.about.en, *columns])
    return Card(
        code=asset.name, zh=asset.title.zh, en=asset.title.en, about=about, words=asset.words
    )


def compose(
    metrics: Iterable[Metric],
    assets: Iterable[Asset],
    values: Iterable[Value],
    places: Iterable[tuple[str, str]],
    titles: Mapping[str, Mapping[str, MetricTitle]],
) -> Lexicon:
    """Put together what a question can name. `places` are provinces as (value, name), the value
    beginning with two digits of GB/T 2260; `titles` name values of dimensions.
    """
    named = [
        Value(dimension=dimension, codes=(value,), names=(title.zh, title.en), title=title.zh)
        for dimension, entries in titles.items()
        for value, title in entries.items()
    ]
    areas = area_values([(value[:2], value, name) for value, name in places], "province")
    cards = tuple(card_of_metric(m) for m in metrics)
    return Lexicon(cards, tuple(map(card_of_asset, assets)), (*values, *areas, *named))
