"""Regions and warehouses of a snapshot as policies see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.routing.policy.fields import OF_WAREHOUSE, WAREHOUSE
from danshu.capabilities.routing.score import CHILLED, DANGEROUS, FROZEN, LICENSED
from danshu.capabilities.routing.signals import Status, alert_level, alert_type
from danshu.capabilities.routing.variables import ZONES, Compliance, Per, Zone

if TYPE_CHECKING:
    from danshu.capabilities.routing.snapshot import Snapshot


_OF_REGION: Final = {
    "wx_alert": 0.0,
    "station_saturation": 0.8,
    "rider_heat": 0.5,
    "policy_compliance": 0.0,
}
Columns = tuple[list[float], ...]


def read_regions(snapshot: Snapshot) -> Columns:
    """Read what is known of the regions, a list a variable: read once, asked for each region."""
    network, signals = snapshot.network, snapshot.signals
    return tuple(signals.field(key, Per.REGION, network).value.tolist() for key in _OF_REGION)


def view_region(
    snapshot: Snapshot, region: str, columns: Columns | None = None
) -> dict[str, object]:
    """Give a region as policies see it; an unknown one has the declared defaults."""
    row = snapshot.network.region_index.get(region)
    if row is None:
        alert, saturation, heat, compliance = _OF_REGION.values()
    else:
        told = columns or read_regions(snapshot)
        alert, saturation, heat, compliance = [column[row] for column in told]
    bits = int(compliance)
    return {
        "weather_type": alert_type(alert),
        "weather_level": alert_level(alert),
        "saturation": saturation,
        "rider_heat": heat,
        "lockdown": bool(bits & Compliance.LOCKDOWN),
        "hours": bool(bits & Compliance.HOURS),
    }


def view_warehouses(snapshot: Snapshot) -> list[dict[str, object]]:
    """Give every warehouse as selectors see it, in the order of the network."""
    network, signals = snapshot.network, snapshot.signals

    def values(key: str) -> list[float]:
        read: list[float] = signals.field(key, Per.WAREHOUSE, network).value.tolist()
        return read

    alerts, bits = values("wx_alert"), values("policy_compliance")
    equipment, labour, agv = (
        values("equipment_health"), values("labour_redundancy"), values("agv_availability"),
    )  # fmt: skip
    cold, backlog, dock = values("cold_unit_health"), values("pick_backlog"), values("dock_queue")
    evidence = count_cold_evidence(snapshot)
    out: list[dict[str, object]] = []
    for w, site in enumerate(network.sites):
        view: dict[str, object] = {
            "code": site.code,
            "kind": site.kind,
            "region": site.region,
            "province": site.region[:2] + "0000" if site.region.isdigit() else site.region,
            "weather_type": alert_type(alerts[w]),
            "weather_level": alert_level(alerts[w]),
            "equipment": equipment[w],
            "labour": labour[w],
            "agv": agv[w],
            "cold_unit": cold[w],
            "backlog_min": backlog[w],
            "dock_min": dock[w],
            "lockdown": bool(int(bits[w]) & Compliance.LOCKDOWN),
            "cold_evidence": evidence[w],
        }
        for name, position in (
            ("chilled", CHILLED), ("frozen", FROZEN),
            ("licensed", LICENSED), ("dangerous", DANGEROUS),
        ):  # fmt: skip
            view[name] = bool(site.storage_bits >> position & 1)
        out.append(view)
    assert not out or out[0].keys() == OF_WAREHOUSE.keys() == {f.path for f in WAREHOUSE}
    return out


def count_cold_evidence(snapshot: Snapshot) -> list[int]:
    """Count what speaks for the cold of each warehouse by readings, not by defaults: a zone whose
    sensors agree (one proof, all zones of a kind together) and a cold unit that reports.
    """
    network, signals = snapshot.network, snapshot.signals
    unit = signals.field("cold_unit_health", Per.WAREHOUSE, network).status
    zones = signals.field("zone_temp", Per.ZONE, network).status
    rows = [ZONES.index(zone) for zone in (Zone.CHILLED, Zone.FROZEN)]
    return [
        int(unit[w] == Status.FRESH) + int(any(zones[row, w] == Status.FRESH for row in rows))
        for w in range(len(network.codes))
    ]
