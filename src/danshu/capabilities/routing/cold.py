"""Two proofs of cold: a warehouse whose cold is told by sources is believed only by two of them.

Proofs of a class, each independent of the others: the zone's probes agree within its band; the
cold unit is healthy, door included; the certificate was told and holds. A warehouse that no source
of cold was ever connected to is judged by its papers: what is declared closes nothing, and proves
nothing either.

The canary 金丝雀: of a zone whose temperature is told, CANARY_ORDERS cold orders may be decided
until a reading that was taken after them has confirmed its band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.routing.score import CHILLED, CLASSES, FROZEN, Coefficients
from danshu.capabilities.routing.signals import Status
from danshu.capabilities.routing.variables import (
    ZONE_TEMP_BAND_C,
    ZONES,
    Compliance,
    Per,
    Zone,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals

PROOFS: Final = 2
_COLD: Final = {Zone.CHILLED: CHILLED, Zone.FROZEN: FROZEN}


def find_unproven(network: Network, signals: Signals, figures: Coefficients) -> NDArray[np.bool_]:
    """Give [classes, W]: cold classes whose cold is told, but not by PROOFS of its proofs."""
    out = np.zeros((len(CLASSES), len(network.codes)), np.bool_)
    temperature = signals.field("zone_temp", Per.ZONE, network)
    unit = signals.field("cold_unit_health", Per.WAREHOUSE, network)
    papers = signals.field("policy_compliance", Per.WAREHOUSE, network)
    forbidden: NDArray[Any] = papers.value.astype(np.int64) & int(Compliance.COLD_CERTIFICATE)
    is_certified = (papers.status == Status.FRESH) & (forbidden == 0)
    is_cooled = (unit.status == Status.FRESH) & (unit.value >= figures.cold_unit_closed)
    for row, zone in enumerate(ZONES):
        if zone not in _COLD:
            continue
        low, high = ZONE_TEMP_BAND_C[zone]
        value, status = temperature.value[row], temperature.status[row]
        is_cold = (status == Status.FRESH) & (value >= low) & (value <= high)
        told = (status != Status.DECLARED) | (unit.status != Status.DECLARED)
        proofs = is_cold.astype(np.int64) + is_cooled + is_certified
        out[_COLD[zone]] = told & (proofs < PROOFS)
    return out


def find_watched(network: Network, signals: Signals) -> frozenset[tuple[int, int]]:
    """Give (class, warehouse row) of the cold zones whose temperature a source tells: those that
    the canary counts. Where no probe was ever connected no reading can confirm anything.
    """
    temperature = signals.fields.get(("zone_temp", Per.ZONE))
    if temperature is None:
        return frozenset()
    return frozenset(
        (_COLD[zone], int(w))
        for row, zone in enumerate(ZONES)
        if zone in _COLD
        for w in np.flatnonzero(temperature.status[row] != Status.DECLARED)
        if int(w) < len(network.codes)
    )


def find_confirmed(network: Network, signals: Signals) -> dict[tuple[int, int], int]:
    """Give, of each cold zone whose probes agree within its band now, when the oldest of them was
    read (epoch ms): what was decided before is confirmed.
    """
    temperature = signals.field("zone_temp", Per.ZONE, network)
    found = {}
    for row, zone in enumerate(ZONES):
        if zone not in _COLD:
            continue
        low, high = ZONE_TEMP_BAND_C[zone]
        value, status = temperature.value[row], temperature.status[row]
        for w in np.flatnonzero((status == Status.FRESH) & (value >= low) & (value <= high)):
            # a clock that runs ahead confirms nothing that is still to come
            seen_ms = min(int(temperature.observed_ms[row, w]), signals.taken_ms)
            found[_COLD[zone], int(w)] = seen_ms
    return found
