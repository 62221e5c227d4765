"""The JSON Schemas of published events, as the repository keeps them.

`python -m tests.kernel.event_schemas` writes them, and refuses what would break a reader: a schema
may only grow. Fields are added, and are optional; what is there keeps its type, what it means when
it is left out, and whether it is always there; an enumeration may get longer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from danshu.hub import event_forms, event_schemas
from danshu.hub.event_catalogue import OUT, catalogue
from tests.tidy.tree import ROOT

FOLDER = ROOT / "src" / "danshu" / "data" / "events"
GOLDEN = ROOT / "tests" / "kernel" / "golden"
HEARD: dict[str, Any] = {
    "danshu.carrier.parcel.collected": {"carrier": "SF", "waybill": "SF1390000000001"},
    "danshu.carrier.parcel.delivered": {"carrier": "SF", "waybill": "SF1390000000001"},
    "danshu.order.cancel_requested": {
        "channel": "taobao",
        "number": "999000317001214687",
        "reason": "buyer_regret",
    },
    "danshu.payment.received": {
        "amount": 15_300,
        "channel": "taobao",
        "number": "999000317001214687",
    },
    "danshu.stock.counted": {
        "levels": [{"on_hand": 120, "sku": "SKU-00017"}],
        "warehouse": "WH-HGH",
    },
    "danshu.wms.fulfilment.packed": {
        "fulfilment": 1,
        "order": "019aa9d3-6b80-7000-8000-000000000002",
    },
    "danshu.wms.fulfilment.picked": {
        "fulfilment": 1,
        "order": "019aa9d3-6b80-7000-8000-000000000002",
    },
    "danshu.wms.fulfilment.shipped": {
        "carrier": "SF",
        "fulfilment": 1,
        "order": "019aa9d3-6b80-7000-8000-000000000002",
        "waybill": "SF1390000000001",
    },
}
WORDS = {"examples", "title", "description", "$id", "$schema", "$defs"}


def made() -> dict[str, bytes]:
    """The schemas that the code makes now, by the name of their file."""
    files = {}
    for each in catalogue().values():
        example = example_of(each.fact) if each.direction == OUT else HEARD[each.name]
        files[f"{each.name}.json"] = event_schemas.write(event_schemas.make(each, example))
    return files


def example_of(kind: str) -> Any:
    """The data of the event of a type's newest golden fact."""
    body = max(GOLDEN.glob(f"{kind}.v*.json")).read_bytes()
    event = event_forms.write(body, "2026h2", 1_741)
    assert event is not None
    return json.loads(event.body)["data"]


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say what a reader of the old schema would stumble over in the new one."""
    return list(_compare(old, new, old, new, "data", set()))


def _compare(
    old: Any, new: Any, was: dict[str, Any], now: dict[str, Any], at: str, seen: set[str]
) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if "$ref" in old and "$ref" in new:
            pair = f"{old['$ref']} {new['$ref']}"
            if pair in seen:
                return []
            old, new = _follow(old, was), _follow(new, now)
            return _compare(old, new, was, now, at, seen | {pair})
        troubles = _fields(old, new, was, now, at, seen)
        if not set(old.get("enum", ())) <= set(new.get("enum", ())) or ("enum" in new) > (
            "enum" in old
        ):
            troubles.append(f"{at}: an enumeration became narrower")
        rest = {*old, *new} - WORDS - {"properties", "required", "enum"}
        for key in sorted(rest):
            if key not in old or key not in new:
                troubles.append(f"{at}: {key} is in one of them only")
            else:
                troubles += _compare(old[key], new[key], was, now, f"{at}.{key}", seen)
        return troubles
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = zip(old, new, strict=True)
        return [t for a, b in pairs for t in _compare(a, b, was, now, at, seen)]
    return [] if old == new else [f"{at}: {old!r} became {new!r}"]


def _fields(
    old: dict[str, Any],
    new: dict[str, Any],
    was: dict[str, Any],
    now: dict[str, Any],
    at: str,
    seen: set[str],
) -> list[str]:
    fields, later = old.get("properties", {}), new.get("properties", {})
    troubles = [f"{at}.{name} went away" for name in fields if name not in later]
    always, still = set(old.get("required", ())), set(new.get("required", ()))
    troubles += [f"{at}.{name} may be missing now" for name in sorted(always - still)]
    troubles += [f"{at}.{name} is asked for now" for name in sorted(still - always)]
    for name in fields.keys() & later.keys():
        troubles += _compare(fields[name], later[name], was, now, f"{at}.{name}", seen)
    return troubles


def _follow(part: dict[str, Any], schema: dict[str, Any]) -> Any:
    return schema["$defs"][str(part["$ref"]).rpartition("/")[2]]


def troubles_of(kept: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """Say what of what is kept would break, by file."""
    found = [f"{name} went away" for name in sorted(kept.keys() - wanted.keys())]
    for name in sorted(kept.keys() & wanted.keys()):
        told = breaks(json.loads(kept[name]), json.loads(wanted[name]))
        found += [f"{name}: {trouble}" for trouble in told]
    return found


def kept() -> dict[str, bytes]:
    """The schemas that the repository holds."""
    return {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}


if __name__ == "__main__":
    wanted = made()
    if troubles := troubles_of(kept(), wanted):
        sys.exit("\n".join([*troubles, "a published type only grows"]))
    FOLDER.mkdir(exist_ok=True)
    for name, body in wanted.items():
        Path(FOLDER, name).write_bytes(body)
