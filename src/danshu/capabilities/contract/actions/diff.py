"""What changed between two versions of an action, field by field, in business words.

Nothing is compared by its words: two fields are equal when their values are. The words only say
what the difference is; the diff is empty exactly when the actions are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.actions import catalogue, wording
from danshu.capabilities.contract.actions.model import Excuse, Remedy, Wanted
from danshu.capabilities.contract.actions.spans import say, say_ms
from danshu.capabilities.contract.model import Applies, PauseRule, Until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.model import Texts

# Kept whole: a reader compares a step with a step, not its parts.
_WHOLE: Final = ("/applies", "/clock/until", "/measure", "/holds", "/promise/params", "/states")
_LISTS: Final = {
    "/evidence": "kind",
    "/breach": "",
    "/excuse": "ground",
    "/clock/pause": "on",
}
_ORDER: Final = "/~order"  # no name of an item: there a tilde is written ~0
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "/action": ("编码", "code"),
    "/version": ("版本", "version"),
    "/name/zh": ("名称(中文)", "name (Chinese)"),
    "/name/en": ("名称(英文)", "name (English)"),
    "/deontic/type": ("义务类型", "kind of duty"),
    "/deontic/bearer": ("义务人", "who owes it"),
    "/deontic/counterparty": ("对谁负责", "to whom"),
    "/deontic/preemptive": ("可提前履行", "may be done early"),
    "/deontic/perdurant": ("违约后仍须履行", "owed after a breach"),
    "/applies": ("适用订单", "orders that it is for"),
    "/who/roles": ("谁来做", "who does it"),
    "/who/grade": ("签署强度", "grade of proof"),
    "/who/device_bound": ("密钥不得离开设备", "key bound to a device"),
    "/who/separation_from": ("不得同人", "somebody else than for"),
    "/who/certificates": ("须持资质", "certificates"),
    "/statement/zh": ("签署文字(中文)", "statement (Chinese)"),
    "/statement/en": ("签署文字(英文)", "statement (English)"),
    "/evidence": ("证据", "evidence"),
    "/promise/text/zh": ("客户看到的文字(中文)", "the customer's text (Chinese)"),
    "/promise/text/en": ("客户看到的文字(英文)", "the customer's text (English)"),
    "/promise/breach/zh": ("违约文字(中文)", "words of a breach (Chinese)"),
    "/promise/breach/en": ("违约文字(英文)", "words of a breach (English)"),
    "/promise/params": ("文字里的数", "figures in the text"),
    "/promise/shown_at": ("展示位置", "where it is shown"),
    "/clock/start": ("起表", "start"),
    "/clock/limit": ("时限", "limit"),
    "/clock/until": ("最晚时刻", "latest time"),
    "/clock/calendar": ("日历", "calendar"),
    "/clock/tz": ("时区", "time zone"),
    "/clock/early_stop": ("起表前停表也算", "a stop before the start counts"),
    "/clock/stop": ("停表", "stop"),
    "/clock/stop_alt": ("只作对照", "compared only"),
    "/clock/precedence": ("来源先后", "order of sources"),
    "/clock/void": ("终止", "ended by"),
    "/clock/platform": ("平台时限", "the platform's deadline"),
    "/clock/pause": ("暂停", "pause"),
    "/clock/warn": ("提醒", "warnings"),
    "/measure": ("最短用时", "shortest time"),
    "/holds": ("守住的范围", "range that is held"),
    "/requires": ("前置动作", "done before"),
    "/moves": ("订单转换", "transition of the order"),
    "/says": ("说出的事件", "event that it says"),
    "/breach": ("补救", "remedy"),
    "/excuse": ("免责", "excuse"),
    "/states": ("平台状态对应", "states of platforms"),
    "/legal": ("法律依据", "legal basis"),
}
_ABSENT: Final = ("—", "—")
_YES: Final = {True: ("是", "yes"), False: ("否", "no")}
_DUTIES: Final = {
    "achievement": ("交付:做到才算", "achievement: once, by a time"),
    "maintenance": ("维持:全程守住", "maintenance: all the while"),
    "prohibition": ("禁止:不得做", "prohibition: never"),
}
_GRADES: Final = {
    "A": ("A 本人签署", "A, signed by the person"),
    "B": ("B 登录后登记", "B, in a session"),
    "C": ("C 系统记下", "C, by a system"),
    "D": ("D 第三方告知", "D, as a third party says"),
}


class Change(Struct, frozen=True, kw_only=True):
    """A field that differs. `kind` is added, removed or changed; — stands for what is not there."""

    pointer: str
    kind: str
    field_zh: str
    field_en: str
    before_zh: str
    before_en: str
    after_zh: str
    after_en: str


def compare(before: Action, after: Action, names: Mapping[str, Texts]) -> tuple[Change, ...]:
    """Give what `after` changes; `names` gives the names of actions by code."""
    old, new = _rows(before), _rows(after)
    changes = []
    for pointer in dict.fromkeys((*old, *new)):
        was, now = old.get(pointer), new.get(pointer)
        if was == now or (pointer.endswith(_ORDER) and _is_other_list(was, now)):
            continue
        field = _field(pointer)
        field_zh, field_en = FIELDS[field]
        before_words = _say(field, was, names) if pointer in old else _ABSENT
        after_words = _say(field, now, names) if pointer in new else _ABSENT
        kind = "changed" if pointer in old and pointer in new else "removed"
        changes.append(
            Change(
                pointer=pointer,
                kind="added" if pointer not in old else kind,
                field_zh=field_zh,
                field_en=field_en,
                before_zh=before_words[0],
                before_en=before_words[1],
                after_zh=after_words[0],
                after_en=after_words[1],
            )
        )
    order = list(FIELDS)
    changes.sort(key=lambda change: order.index(_field(change.pointer)))
    return tuple(changes)


def _is_other_list(was: Any, now: Any) -> bool:
    """Tell whether lists hold other items, which have rows of their own; else the order differs."""
    return sorted(was or ()) != sorted(now or ())


def _rows(action: Action) -> dict[str, Any]:
    """Take an action apart into fields; items of lists are named by what they are."""
    rows: dict[str, Any] = {}

    def walk(value: Any, pointer: str) -> None:
        if pointer in _LISTS:
            key, seen = _LISTS[pointer], dict[str, int]()
            for at, item in enumerate(value):
                name = str(item[key]) if key else str(at + 1)
                seen[name] = seen.get(name, 0) + 1
                again = "" if seen[name] == 1 else f"/{seen[name]}"
                place = name.replace("~", "~0").replace("/", "~1")
                rows[f"{pointer}/{place}{again}"] = (at, item) if pointer == "/breach" else item
            if key:  # the order of the list, where items are not named by it
                rows[f"{pointer}{_ORDER}"] = [item[key] for item in value] if len(value) > 1 else []
        elif isinstance(value, dict) and pointer not in _WHOLE:
            for name, inside in value.items():
                walk(inside, f"{pointer}/{name}")
        else:
            rows[pointer] = value

    walk(_whole(action), "")
    return rows


def _whole(action: Action) -> Any:
    """Give every field, also those at their default, so that absence is never a difference."""
    tree: dict[str, Any] = {}
    for name in action.__struct_fields__:
        value = getattr(action, name)
        if value is None:
            continue
        tree[name] = _open(value)
    return tree


def _open(value: Any) -> Any:
    if isinstance(value, Struct):
        return {
            n: _open(v) for n in value.__struct_fields__ if (v := getattr(value, n)) is not None
        }
    if isinstance(value, tuple):
        return [_open(each) for each in value]
    return value


def _field(pointer: str) -> str:
    """Give the field of FIELDS that a row belongs to."""
    for name in _LISTS:
        if pointer.startswith(f"{name}/") and not pointer.startswith("/promise"):
            return name
    return pointer


def _say(field: str, value: Any, names: Mapping[str, Texts]) -> tuple[str, str]:
    zh, en = (_words(field, value, lang, names) for lang in ("zh", "en"))
    return zh, en


def _words(field: str, value: Any, lang: str, names: Mapping[str, Texts]) -> str:
    at = 0 if lang == "zh" else 1
    if isinstance(value, bool):
        return _YES[value][at]
    if field in _LISTS:
        return _item(field, value, lang, names).replace("**", "")
    if field == "/deontic/type":
        return _DUTIES[value][at]
    if field == "/who/grade":
        return _GRADES[value][at]
    if field in ("/applies", "/clock/until", "/measure", "/holds"):
        return _part(field, value, lang)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {each}" for name, each in value.items()) or "—"
    if isinstance(value, list):
        return wording.join_all([_word(field, each, lang, names) for each in value], lang) or "—"
    return _word(field, value, lang, names) or "—"


def _item(field: str, value: Any, lang: str, names: Mapping[str, Texts]) -> str:
    if isinstance(value, list):  # the order of the list
        return " → ".join(value) or "—"
    if field == "/breach":
        return wording.say_step(msgspec.convert(value[1], Remedy), lang, names)
    if field == "/evidence":
        return wording.say_wanted(msgspec.convert(value, Wanted), lang)
    if field == "/excuse":
        return wording.say_excuse(msgspec.convert(value, Excuse), lang)
    return wording.say_pause(msgspec.convert(value, PauseRule), lang)


def _part(field: str, value: Any, lang: str) -> str:
    zh = lang == "zh"
    if field == "/applies":
        return wording.say_applies(msgspec.convert(value, Applies), lang)
    if field == "/clock/until":
        until = msgspec.convert(value, Until)
        return f"第 {until.days} 天 {until.time}" if zh else f"day {until.days}, {until.time}"
    if field == "/measure":
        start, end = (
            wording.say_word(catalogue.MOMENTS.get(value[k]), value[k], lang)
            for k in ("start", "end")
        )
        least = say_ms(value["min_ms"], lang)
        return f"{start}到{end} {least}" if zh else f"{least} from {start} to {end}"
    unit = wording.unit_of(value["quantity"])
    ends = f"{value['low'] / 1000:g}–{value['high'] / 1000:g}{unit}"
    tolerance, gap = say(value["tolerance"], lang), say(value["gap"], lang)
    if zh:
        return f"{ends},容许超出 {tolerance},采样间断 {gap}"
    return f"{ends}, tolerance {tolerance}, sampling gap {gap}"


def _word(field: str, value: Any, lang: str, names: Mapping[str, Texts]) -> str:
    """Say one value: by what kind of name the field holds."""
    text = str(value)
    if field in ("/who/separation_from", "/requires"):
        return wording.say_name(text, lang, names)
    if field == "/clock/warn":
        return wording.say_warning(value, lang)
    if field == "/clock/limit":
        return say(text, lang)
    if field == "/clock/calendar":
        return text.partition("#")[0]
    if field in ("/clock/start", "/clock/stop", "/clock/stop_alt", "/clock/void", "/says"):
        return wording.say_event(text, lang)
    if field == "/who/roles":
        return wording.say_role(text, lang)
    if field in ("/deontic/bearer", "/deontic/counterparty"):
        return wording.say_party(text, lang)
    if field == "/moves":
        return wording.say_word(catalogue.MOVES.get(text), text, lang)
    if field == "/promise/shown_at":
        return wording.say_word(catalogue.SHOWN_AT.get(text), text, lang)
    return text
