"""念出来是: an action read out, so that a lawyer checks words and not a form.

Made from the data alone, in Chinese and in English; what is said here is all that the type says.
`names` gives the names of other actions by code; an unknown code stands for itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract.actions import catalogue
from danshu.capabilities.contract.actions.spans import say, say_ms
from danshu.capabilities.contract.actions.wording import (
    join_all,
    join_any,
    say_applies,
    say_event,
    say_excuse,
    say_name,
    say_pause,
    say_quantity,
    say_role,
    say_step,
    say_wanted,
    say_warning,
    say_word,
    unit_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.model import Clock, Texts

_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_NARROW = re.compile(r"[;()]|,(?!\d{3}\b)|(?<!\d):")
_WIDE: Final = {",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "(": "\uff08", ")": "\uff09"}
_FIRST = re.compile(r"[a-z]")
_NO_NAMES: Final[dict[str, Texts]] = {}
_GRADES: Final = {
    "zh": {
        "A": "由**本人用通行密钥签署**",
        "B": "**登录后**由本人登记",
        "C": "由**系统**记下",
        "D": "以**第三方告知**为准",
    },
    "en": {
        "A": "**signs with their own passkey**",
        "B": "registers it **when signed in**",
        "C": "**a system** records it",
        "D": "**a third party's word** is taken",
    },
}


class Spoken(Struct, frozen=True, kw_only=True):
    """Words of the sentence; `strong` are those that a lawyer looks at first."""

    text: str
    strong: bool = False


def speak(action: Action, lang: str, names: Mapping[str, Texts] = _NO_NAMES) -> tuple[Spoken, ...]:
    """Read an action out in `lang` (zh or en)."""
    parts = [p for p in _clauses(action, lang, names) if p]
    text = _widen(";".join(parts) + "。") if lang == "zh" else _sentences(parts)
    pieces: list[Spoken] = []
    for at, words in enumerate(_STRONG.split(text)):
        if words:
            pieces.append(Spoken(text=words, strong=at % 2 == 1))
    return tuple(pieces)


def plain(pieces: Iterable[Spoken]) -> str:
    """Give the words alone."""
    return "".join([piece.text for piece in pieces])


def read_chain(action: Action, lang: str, names: Mapping[str, Texts] = _NO_NAMES) -> str:
    """Say what a breach brings, step by step, as the words that a customer is shown."""
    steps = [say_step(step, lang, names).replace("**", "") for step in action.breach]
    if action.deontic.perdurant and action.deontic.type == "achievement":
        steps.append("并继续履行" if lang == "zh" else "the duty is still owed")
    if not steps:
        return "逾期没有约定后果。" if lang == "zh" else "No consequence of a breach is agreed."
    if lang == "zh":
        return "逾期:" + ";".join(steps) + "。"
    return "If late: " + "; ".join(steps) + "."


def _clauses(action: Action, lang: str, names: Mapping[str, Texts]) -> list[str]:
    """Give the clauses of the sentence in their order."""
    return [
        _applied(action, lang),
        _duty(action, lang, names),
        _required(action, lang, names),
        _collected(action, lang),
        _kept(action, lang),
        _separated(action, lang, names),
        _measured(action, lang),
        _timed(action.clock, lang) if action.clock else "",
        _after(action, lang),
        read_chain(action, lang, names).rstrip("。.") if action.breach else "",
        _excused(action, lang),
    ]


def _widen(text: str) -> str:
    """Write commas and brackets as Chinese print has them; those within numbers stay."""
    return _NARROW.sub(lambda found: _WIDE[found[0]], text)


def _sentences(parts: list[str]) -> str:
    return " ".join([_FIRST.sub(lambda m: m[0].upper(), part, count=1) + "." for part in parts])


def _applied(action: Action, lang: str) -> str:
    if action.applies.all:
        return ""
    which = say_applies(action.applies, lang)
    return f"只用于{which}" if lang == "zh" else f"it is for {which} only"


def _duty(action: Action, lang: str, names: Mapping[str, Texts]) -> str:
    who = join_any([f"**{say_role(r, lang)}**" for r in action.who.roles], lang)
    name = action.name.pick(lang)
    grade = _GRADES[lang][action.who.grade]
    bound = action.who.device_bound
    if lang == "zh":
        grade += "(密钥不得离开设备)" if bound else ""
        if action.deontic.type == "prohibition":
            return f"{who}**不得**「{name}」"
        when = _limit(action.clock, lang) if action.clock else ""
        if action.deontic.type == "maintenance":
            return f"{who}{when}**全程维持**「{name}」,{grade}"
        return f"{who}{when}完成「{name}」,{grade}"
    grade += " (on a key that can't leave its device)" if bound else ""
    if action.deontic.type == "prohibition":
        return f"{who} **must not** do “{name}”"
    when = _limit(action.clock, lang) if action.clock else ""
    verb = "**keeps up**" if action.deontic.type == "maintenance" else "completes"
    return f"{who} {verb} “{name}”{when} and {grade}"


def _limit(clock: Clock, lang: str) -> str:
    start = say_event(clock.start, lang)
    if clock.until:
        days, time = clock.until.days, clock.until.time
        if lang == "zh":
            day = {0: "当天", 1: "次日"}.get(days, f"后第 {days} 天")
            return f"在{start}{day} **{time}** 前"
        return f" by **{time}**, {days} day{'' if days == 1 else 's'} after “{start}”,"
    length = say(clock.limit, lang)
    if clock.calendar != "elapsed":
        reference = clock.calendar.partition("#")[0]
        work = f"(按日历 {reference} 的工作时间)" if lang == "zh" else f" (working {reference})"
    else:
        work = ""
    if lang == "zh":
        return f"在{start}后 **{length}**{work}内"
    return f" within **{length}**{work} of “{start}”"


def _required(action: Action, lang: str, names: Mapping[str, Texts]) -> str:
    if not action.requires:
        return ""
    done = join_all([say_name(code, lang, names) for code in action.requires], lang)
    return f"此前须已完成{done}" if lang == "zh" else f"before it, {done} must be done"


def _collected(action: Action, lang: str) -> str:
    if not action.evidence:
        return ""
    wanted = join_all([say_wanted(each, lang) for each in action.evidence], lang)
    if len(action.evidence) == 1:
        return f"须留下{wanted}" if lang == "zh" else f"there must be {wanted}"
    return f"须留下{wanted},缺一不可" if lang == "zh" else f"there must be {wanted}, all of it"


def _kept(action: Action, lang: str) -> str:
    holds = action.holds
    if holds is None:
        return ""
    low, high = f"{holds.low / 1000:g}", f"{holds.high / 1000:g}"
    tolerance, gap = say(holds.tolerance, lang), say(holds.gap, lang)
    quantity = say_quantity(holds.quantity, lang)
    unit = unit_of(holds.quantity)
    if lang == "zh":
        return (
            f"{quantity}始终在 **{low}–{high}{unit}**,超出连续超过 {tolerance}即违约,"
            f"采样中断超过 {gap}为未证明,不算守住"
        )
    return (
        f"the {quantity} stays within **{low}–{high}{unit}**: outside for more than {tolerance} is "
        f"a breach, no sample for more than {gap} is not proven, which is not kept"
    )


def _separated(action: Action, lang: str, names: Mapping[str, Texts]) -> str:
    codes = action.who.separation_from
    if not codes:
        return ""
    others = join_all([say_name(code, lang, names) for code in codes], lang)
    if lang == "zh":
        return f"做过{others}的人**不得**再做本动作"
    return f"whoever did {others} on the order **must not** do it"


def _measured(action: Action, lang: str) -> str:
    m = action.measure
    if m is None:
        return ""
    start = say_word(catalogue.MOMENTS.get(m.start), m.start, lang)
    end = say_word(catalogue.MOMENTS.get(m.end), m.end, lang)
    least = say_ms(m.min_ms, lang)
    if lang == "zh":
        return f"从{start}到{end}不足 **{least}**的须重做"
    return f"if it takes less than **{least}** from {start} to {end}, it must be done again"


def _timed(clock: Clock, lang: str) -> str:
    """Say what stops the clock, what pauses, compares and ends it, and when it warns."""
    zh = lang == "zh"
    stop = say_event(clock.stop, lang)
    parts = [f"以**{stop}**停表" if zh else f"“**{stop}**” stops the clock"]
    if clock.stop_alt:
        others = join_all([say_event(e, lang) for e in clock.stop_alt], lang)
        parts.append(f"{others}只作对照" if zh else f"{others} is compared only")
    parts += [say_pause(pause, lang) for pause in clock.pause]
    if clock.platform:
        earlier = "an earlier deadline of the platform binds"
        parts.append("平台要求更早的从其要求" if zh else earlier)
    if clock.void:
        ends = join_any([say_event(e, lang) for e in clock.void], lang)
        parts.append(f"遇{ends}则终止" if zh else f"“{ends}” ends it")
    if clock.warn:
        marks = join_all([say_warning(level, lang) for level in clock.warn], lang)
        parts.append(f"{marks}提醒" if zh else f"it warns at {marks}")
    return (",").join(parts) if zh else ", ".join(parts)


def _after(action: Action, lang: str) -> str:
    if not action.moves:
        return ""
    move = say_word(catalogue.MOVES.get(action.moves), action.moves, lang)
    return f"完成即**{move}**" if lang == "zh" else f"doing it is “**{move}**” of the order"


def _excused(action: Action, lang: str) -> str:
    said = [say_excuse(excuse, lang) for excuse in action.excuse]
    return (";" if lang == "zh" else "; ").join(said)
