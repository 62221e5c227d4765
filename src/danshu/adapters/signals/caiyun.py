"""Caiyun 彩云天气 weather alerts: a place's present alerts, or one alert by webhook.

- v2: `result.alert.content[]` with `code` "AABB" (type and level), `adcode`, `alertId`;
- v3: the same list with `area_code`, `alert_type`, `level` as a word;
- webhook: `event` ALERT_ON | ALERT_OFF, signature = sha1(secret + alert_id + nonce).

https://docs.caiyunapp.com/weather-api/v2/v2.6/5-alert.html, …/v1/9-alert-webhook.html. Unknown
types count by their level alone.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import moment_of, read_document, text_of
from danshu.kernel.errors import InputError
from danshu.ports.signal import Alert, AlertState, Fault, Message, Query, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN_TYPES: Final = range(1, 15)  # 01 台风 … 14 道路结冰; 91 to 96 are local
_LEVELS: Final = {"blue": 1, "yellow": 2, "orange": 3, "red": 4, "white": 1, "blank": 0}
_OFF: Final = frozenset({"解除", "已解除", "cancel", "ALERT_OFF"})


class Caiyun:
    """Alerts as Caiyun tells them."""

    name = "caiyun"
    title = "彩云天气预警"
    keys: tuple[str, ...] = ("wx_alert",)

    def verify(self, message: Message, secret: str) -> bool:
        """Check the webhook's signature; an answer that was asked for has none."""
        try:
            document = read_document(message.body)
        except InputError:
            return False
        if not isinstance(document, dict):
            return False
        alert = document.get("alert") if isinstance(document.get("alert"), dict) else document
        made = f"{secret}{_id_of(alert)}{document.get('nonce', '')}"
        signature = str(document.get("signature") or message.headers.get("x-signature", ""))
        expected = hashlib.sha1(made.encode(), usedforsecurity=False).hexdigest()
        return bool(secret) and hmac.compare_digest(expected, signature.lower())

    def parse(self, message: Message) -> Told:
        """Read a list (whole for its place) or one event."""
        document = read_document(message.body)
        if not isinstance(document, dict):
            raise InputError("signal_form", "an object is expected")
        if "event" in document:
            event = text_of(document, "event")
            if event not in ("ALERT_ON", "ALERT_OFF"):
                raise InputError("signal_event", f"the event {event!r} is not known", "/event")
            inner = document.get("alert")
            item = inner if isinstance(inner, dict) else document
            closed = event == "ALERT_OFF"
            return Told(alerts=(_read(item, message, closed=closed),))
        items = _list_of(document)
        alerts: list[Alert] = []
        faults: list[Fault] = []
        for number, item in enumerate(items):
            try:
                if not isinstance(item, dict):
                    raise InputError("signal_form", "an object is expected")
                alerts.append(_read(item, message))
            except InputError as error:
                at = f"/content/{number}{error.pointer}"
                faults.append(Fault(at=at, code=error.code, detail=error.detail))
        places = {alert.place for alert in alerts} | ({message.place} - {""})
        whole = () if faults else tuple(sorted(places))
        return Told(alerts=tuple(alerts), whole=whole, faults=tuple(faults))

    def ask(self, base: str, place: str, key: str, point: tuple[float, float]) -> Query:
        """Give the request about a place `ad:CODE` (v2.6 by adcode)."""
        del point
        kind, _, code = place.partition(":")
        if kind != "ad" or not code.isdigit():
            raise InputError("place", "Caiyun is asked by ad:CODE", "/place")
        return Query(url=f"{base}/v2.6/{key}/weather?alert=true&adcode={code}")


def _list_of(document: Mapping[str, Any]) -> list[Any]:
    found: Any = document
    for name in ("result", "alert", "content"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    if isinstance(found, dict):
        found = found.get("alerts", found.get("data"))
    if not isinstance(found, list):
        raise InputError("signal_form", "result.alert.content is no list", "/result/alert/content")
    return found


def _id_of(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    return str(item.get("alertId") or item.get("alert_id") or item.get("id") or "")


def _read(item: Mapping[str, Any], message: Message, *, closed: bool = False) -> Alert:
    code = text_of(item, "adcode", "area_code", otherwise="")
    place = f"ad:{code[:6]}" if code else message.place
    if not place:
        raise InputError("signal_place", "neither adcode nor area_code", "/adcode")
    kind, level = _kind_of(item)
    is_over = closed or text_of(item, "status", otherwise="") in _OFF
    return Alert(
        id=text_of(item, "alertId", "alert_id", "id"),
        place=place,
        type=kind,
        level=level,
        issued_ms=moment_of(
            item, "pubtimestamp", "pub_time", "issued", otherwise_ms=message.received_ms
        ),
        expires_ms=moment_of(item, "expires", "expire_time", otherwise_ms=0),
        state=AlertState.CLOSED if is_over else AlertState.OPEN,
    )


def _kind_of(item: Mapping[str, Any]) -> tuple[int, int]:
    """Read (type, level) of `code` AABB, else of the level's word alone."""
    code = str(item.get("code") or "")
    if len(code) == 4 and code.isdigit():
        kind, level = int(code[:2]), int(code[2:])
        # white (91) is a notice; what is neither has a level that nobody knows
        level = level if 0 <= level <= 4 else 1
        return (kind if kind in _KNOWN_TYPES else 0), level
    word = str(item.get("level") or item.get("alert_level") or "").lower()
    return 0, _LEVELS.get(word, 1)
