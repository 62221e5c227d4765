"""QWeather 和风天气 weather alerts: the present alerts of a place, whole.

Two forms: `alerts` (weatheralert/v1/current, messageType alert | update | cancel with
`supersedes`), and the older `warning` (v7/warning/now, `typeCode` or `type`, `status`).
https://dev.qweather.com/docs/api/warning/ ; the event codes say themselves that they change:
an unknown one counts by its level alone. A cancel stands in the list for an hour.

The answer does not say which place was asked about: the message's `place` does (ad:440300).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import moment_of, read_document, text_of
from danshu.kernel.errors import InputError
from danshu.ports.signal import Alert, AlertState, Fault, Message, Query, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

# Event code -> type of the China Meteorological Administration: 01 台风 02 暴雨 03 暴雪 04 寒潮
# 05 大风 06 沙尘暴 07 高温 08 干旱 09 雷电 10 冰雹 11 霜冻 12 大雾 13 霾 14 道路结冰
_TYPES: Final = {
    "1001": 1,
    "1003": 2,
    "1004": 3,
    "1005": 4,
    "1006": 5,
    "1007": 6,
    "1009": 7,
    "1022": 8,
    "1014": 9,
    "1015": 10,
    "1016": 11,
    "1017": 12,
    "1019": 13,
    "1021": 14,
    "1020": 9,  # 雷雨大风
}
_LEVELS: Final = {
    **{"blue": 1, "yellow": 2, "orange": 3, "red": 4, "white": 1, "green": 0, "black": 4},
    **{"蓝色": 1, "黄色": 2, "橙色": 3, "红色": 4, "白色": 1},
    **{"minor": 1, "moderate": 2, "severe": 3, "extreme": 4},
    **{"standard": 1, "major": 3, "unknown": 1, "cancel": 0, "none": 0},
}
_EVENT: Final = ("eventType", "code")


class Qweather:
    """Alerts as QWeather lists them."""

    name = "qweather"
    title = "和风天气预警"
    keys: tuple[str, ...] = ("wx_alert",)

    def parse(self, message: Message) -> Told:
        """Read the present alerts of a place; those that are not there any more are over."""
        document = read_document(message.body)
        if not isinstance(document, dict):
            raise InputError("signal_form", "an object is expected")
        place = message.place or text_of(document, "place", otherwise="")
        if not place:
            raise InputError("signal_place", "which place was asked about is not told")
        items = document.get("alerts", document.get("warning"))
        if not isinstance(items, list):
            raise InputError("signal_form", "neither alerts nor warning is a list", "/alerts")
        alerts: list[Alert] = []
        faults: list[Fault] = []
        for number, item in enumerate(items):
            try:
                if not isinstance(item, dict):
                    raise InputError("signal_form", "an object is expected")
                alerts.append(_read(item, place, message.received_ms))
            except InputError as error:
                at = f"/alerts/{number}{error.pointer}"
                faults.append(Fault(at=at, code=error.code, detail=error.detail))
        # with a fault the list is not known whole: what it does not name may be the faulty one
        return Told(alerts=tuple(alerts), whole=() if faults else (place,), faults=tuple(faults))

    def ask(self, base: str, place: str, key: str, point: tuple[float, float]) -> Query:
        """Give the request about a point (weatheralert/v1/current by latitude and longitude)."""
        if not place.startswith("ad:"):
            raise InputError("place", "QWeather's alerts are of a place ad:CODE", "/place")
        lng, lat = point
        url = f"{base}/weatheralert/v1/current/{lat:.2f}/{lng:.2f}"
        return Query(url=url, headers={"x-qw-api-key": key})


def _read(item: Mapping[str, Any], place: str, received_ms: int) -> Alert:
    message_type = item.get("messageType")
    kind = ""
    supersedes: tuple[str, ...] = ()
    if isinstance(message_type, dict):
        kind = text_of(message_type, "code", otherwise="alert")
        named = message_type.get("supersedes") or ()
        supersedes = tuple(str(each) for each in named) if isinstance(named, list) else ()
    if kind == "" and text_of(item, "status", otherwise="active") == "cancel":
        kind = "cancel"
    return Alert(
        id=text_of(item, "id"),
        place=place,
        type=_type_of(item),
        level=_level_of(item),
        issued_ms=moment_of(item, "issuedTime", "pubTime", otherwise_ms=received_ms),
        expires_ms=moment_of(item, "expireTime", "endTime", otherwise_ms=0),
        state=AlertState.CLOSED if kind == "cancel" else AlertState.OPEN,
        supersedes=supersedes,
    )


def _type_of(item: Mapping[str, Any]) -> int:
    event = item.get(_EVENT[0])
    code = event.get(_EVENT[1]) if isinstance(event, dict) else item.get("type")
    return _TYPES.get(str(code), 0)


def _level_of(item: Mapping[str, Any]) -> int:
    colour = item.get("color")
    told = colour.get("code") if isinstance(colour, dict) else None
    for word in (told, item.get("severityColor"), item.get("level"), item.get("severity")):
        if isinstance(word, str) and word.lower() in _LEVELS:
            return _LEVELS[word.lower()]
    return 1  # a warning whose level nobody knows is still one
