"""From deliveries to a panel: S2 trained on earlier days, its radii and limits measured on later
ones that it has not seen, so that what split conformal prediction promises is true of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.panel import (
    CLUSTERS,
    NO_EXTRA,
    TOO_FEW,
    UNKNOWN,
    WORSE,
    Panel,
)
from danshu.capabilities.routing.score import CLASSES, Coefficients
from danshu.capabilities.routing.scorers import eta, fit
from danshu.capabilities.routing.scorers.conformal import ALPHA, radii, radius
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ESCALATION_PERMILLE, FIT_LEAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.scorers.history import History

    Ints = NDArray[np.int64]

_ABSENT: Final = {"no_extra": NO_EXTRA}
_FAR: Final = 1.25  # S2 is of no use when it misses so much further than S1


class Seated(Struct, frozen=True):
    """A panel and what its scorers miss on the later days, mean |error| in minutes (-1 none)."""

    panel: Panel
    first_mae_min: int
    second_mae_min: int


def seat(history: History, network: Network, figures: Coefficients, version: str) -> Seated:
    """Make the panel of a history. S2 is absent, with the reason, without the extra, with fewer
    than FIT_LEAST parcels on two days, or where it misses much further than S1.
    """
    days = np.unique(history.day)
    silent = Panel(network.codes, network.regions, absent=TOO_FEW, version=version)
    if history.parcels < FIT_LEAST or len(days) < 2:
        return Seated(silent, UNKNOWN, UNKNOWN)
    from_day = days[min(len(days) - 1, int(len(days) * (1.0 - fit.HELD_OUT)))]
    earlier, later = history.pick(history.day < from_day), history.pick(history.day >= from_day)
    first, _ = fit.estimate(later, figures)
    first_mae = float(np.abs(later.taken_min - first).mean())
    cost_error, limit = tune(later, figures)
    second_mae, absent = -1.0, ""
    tables, wide = None, None
    try:
        model = eta.train(earlier, network)
    except InputError as error:
        absent = _ABSENT.get(error.code, error.code)
    else:
        errors = later.taken_min - eta.estimate(model, later)
        second_mae = float(np.abs(errors).mean())
        if second_mae > first_mae * _FAR:
            absent = WORSE
        else:
            tables, wide = eta.draw_tables(model, network), measure(later, errors, network)
    panel = Panel(
        network.codes,
        network.regions,
        eta_min=tables,
        radius_min=wide,
        cost_error_fen=cost_error,
        limit_fen=limit,
        absent=absent,
        version=version,
        deliveries=history.parcels,
    )
    return Seated(panel, round(first_mae), round(second_mae))


def measure(history: History, errors: Ints, network: Network) -> Ints:
    """The conformal radius of each storage class at each warehouse, by the warehouse's cluster."""
    cluster = cluster_warehouses(history, len(network.codes))
    groups = history.storage * CLUSTERS + cluster[history.warehouse]
    found = radii(errors, groups, len(CLASSES) * CLUSTERS, ALPHA)
    return np.ascontiguousarray(found.reshape(len(CLASSES), CLUSTERS)[:, cluster])


def cluster_warehouses(history: History, count: int) -> Ints:
    """Group warehouses into CLUSTERS by what their parcels take, the quickest first; one without
    parcels belongs to the slowest.
    """
    middle = np.full(count, np.inf)
    for w in np.unique(history.warehouse).tolist():
        middle[w] = np.median(history.taken_min[history.warehouse == w])
    known = np.sort(middle[np.isfinite(middle)])
    edges = [known[len(known) * n // CLUSTERS] for n in range(1, CLUSTERS)] if len(known) else []
    return np.searchsorted(np.array(edges), middle, side="right").astype(np.int64)


def tune(
    history: History, figures: Coefficients, permille: int = ESCALATION_PERMILLE
) -> tuple[int, int]:
    """The 90 % quantile of |cost error|, and the least value at risk, 分, from which thin margins
    escalate so that no more than `permille` of these parcels would have.
    """
    missed = radius(fit.cost_errors(history, figures), ALPHA)
    odds = np.where(
        np.isfinite(history.promise_min), np.rint(fit.lateness(history, figures) * 1000), 0
    )
    at_risk = (history.value_fen * odds.astype(np.int64)) // 1000
    thin = np.sort(at_risk[history.margin_fen < missed])[::-1]
    most = history.parcels * permille // 1000
    return missed, int(thin[most]) if most < len(thin) else 0
