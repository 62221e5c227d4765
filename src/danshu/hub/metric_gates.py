"""Who may see figures: the gate (data_gates) is asked for every asset that a metric draws on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.assets.sources import MASTERS
from danshu.capabilities.metrics import grammar, shipped
from danshu.hub import data_gates
from danshu.hub.assets import known
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import CELL_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.metrics.model import Metric
    from danshu.capabilities.people.policies import Context
    from danshu.hub.compose import Hub
    from danshu.hub.metric_book import Held
    from danshu.hub.metrics import MetricAnswer
    from danshu.hub.rights import Seated

_NO: Final = Refusal(
    code="no_aggregate",
    reason="没有「看汇总」权限",
    reason_en="Seeing sums is not among your rights",
    clause="asset.aggregate",
)
_COSTS: Final = "source:costs"
"""Master data of the margin: whoever may not see margins may not see costs by another way."""


def assets_of(metric: Metric, held: Mapping[str, Held]) -> tuple[str, ...]:
    """Give the assets that a metric, and those that its formula names, draw on."""
    found: dict[str, None] = {}
    queue, seen = [metric], set[str]()
    while queue:
        one = queue.pop()
        seen.add(one.code)
        table = shipped.library().tables.get(one.on)
        kind, _, name = one.on.partition(":")
        drawn = [one.asset, table.asset if table else "", name if kind != "source" else ""]
        if one.on == _COSTS:
            drawn.append("margin")
        found |= dict.fromkeys(drawn)
        parts = grammar.parse(one.expression, "measure").metrics
        queue += [held[c].metric for c in parts if c in held and c not in seen]
    return tuple(sorted(name for name in found if name in known()))


async def hide_few(
    hub: Hub, tenant: int, seated: Seated, answer: MetricAnswer, metric: Metric
) -> MetricAnswer:
    """Take groups of few people out of a count of people, for who may not see rows of its asset."""
    few = [r for r in answer.rows if r.value is not None and r.value < CELL_PEOPLE]
    if metric.unit != "customers" or not few:
        return answer
    if metric.asset in known():
        told = await data_gates.ask(hub, tenant, seated, asset=metric.asset, act="view")
        if not isinstance(told, Refusal):
            return answer
    rows = tuple([r for r in answer.rows if r not in few])
    return replace(answer, rows=rows, hidden=len(few))


def draws_on_masters(metric: Metric, held: Mapping[str, Held]) -> bool:
    """Whether a metric draws on master data, which is as of now whatever is asked as of."""
    tables = [metric.on, *assets_of(metric, held)]
    sources = [s for name in tables if name in known() for s in known()[name].sources]
    named = [t.removeprefix("source:") for t in tables if t.startswith("source:")]
    return not MASTERS.keys().isdisjoint([*sources, *named])


async def ask(
    hub: Hub, tenant: int, seated: Seated, metric: Metric, held: Mapping[str, Held]
) -> Refusal | None:
    """Ask whether somebody may see what a metric comes to; None is yes."""
    drawn = assets_of(metric, held)
    if not drawn:
        purpose = metric.purpose or "operations"
        context: Context = {"asset": "", "level": 1, "purpose": purpose}
        return None if seated.ask("asset.aggregate", context).allowed else _NO
    for asset in drawn:
        told = await data_gates.ask(hub, tenant, seated, asset=asset, act="aggregate")
        if isinstance(told, Refusal):
            return told
    return None
