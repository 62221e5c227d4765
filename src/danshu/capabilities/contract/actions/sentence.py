"""念出来是: an action read out, so that a lawyer checks words and not a form.

Made from the data alone, in Chinese and in English; what is said here is all that the type says.
`names` gives the names of other actions by code; an unknown code stands for itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract.actions import catalogue, rules
from danshu.capabilities.contract.actions.spans import say, say_fen, say_ms, say_permille
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.contract.actions.catalogue import Kind, Named
    from danshu.capabilities.contract.actions.model import Action, Remedy, Wanted
    from danshu.capabilities.contract.catalogue import EventName
    from danshu.capabilities.contract.model import Clock, Texts

_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
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
_BY: Final = {
    "zh": {"person": "", "device": "由设备采集的", "system": "由系统取得的"},
    "en": {"person": "", "device": ", taken by a device", "system": ", obtained by a system"},
}
_QUANTITIES: Final = {
    "zh": {
        "expiry": "剩余效期", "temp": "温度", "count": "份数", "duration": "时长",
        "score": "相似度", "gap": "采样间隔", "amount": "金额",
    },
    "en": {
        "expiry": "shelf life left", "temp": "temperature", "count": "pieces",
        "duration": "length", "score": "score", "gap": "sampling gap", "amount": "amount",
    },
}  # fmt: skip
_OPS: Final = {">=": "≥", "<=": "≤"}


class Piece(Struct, frozen=True, kw_only=True):
    """Words of the sentence; `strong` are those that a lawyer looks at first."""

    text: str
    strong: bool = False


def speak(action: Action, lang: str, names: Mapping[str, Texts] = _NO_NAMES) -> tuple[Piece, ...]:
    """Read an action out in `lang` (zh or en)."""
    parts = [p for p in _clauses(action, lang, names) if p]
    text = ";".join(parts) + "。" if lang == "zh" else _sentences(parts)
    pieces: list[Piece] = []
    for at, words in enumerate(_STRONG.split(text)):
        if words:
            pieces.append(Piece(text=words, strong=at % 2 == 1))
    return tuple(pieces)


def plain(pieces: Iterable[Piece]) -> str:
    """Give the words alone."""
    return "".join([piece.text for piece in pieces])


def read_chain(action: Action, lang: str, names: Mapping[str, Texts] = _NO_NAMES) -> str:
    """Say what a breach brings, step by step, as the words that a customer is shown."""
    steps = [_remedy(step, lang, names).replace("**", "") for step in action.breach]
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


def _sentences(parts: list[str]) -> str:
    return " ".join([_FIRST.sub(lambda m: m[0].upper(), part, count=1) + "." for part in parts])


def _duty(action: Action, lang: str, names: Mapping[str, Texts]) -> str:
    who = _either([f"**{_role(r, lang)}**" for r in action.who.roles], lang)
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
    start = _event(clock.start, lang)
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
    done = _list([_name(code, lang, names) for code in action.requires], lang)
    return f"此前须已完成{done}" if lang == "zh" else f"before it, {done} must be done"


def _collected(action: Action, lang: str) -> str:
    if not action.evidence:
        return ""
    wanted = _list([_wanted(each, lang) for each in action.evidence], lang)
    if len(action.evidence) == 1:
        return f"须留下{wanted}" if lang == "zh" else f"there must be {wanted}"
    return f"须留下{wanted},缺一不可" if lang == "zh" else f"there must be {wanted}, all of it"


def _wanted(wanted: Wanted, lang: str) -> str:
    kinds = _either([_word(catalogue.KINDS.get(k), k, lang) for k in wanted.kind.split("|")], lang)
    per = {"action": "", "line": "每个商品行", "lot": "每批"} if lang == "zh" else {
        "action": "", "line": " for each line", "lot": " for each lot"}  # fmt: skip
    notes = []
    age = wanted.max_age or wanted.within
    if age:
        length = say(age, lang)
        notes.append(f"{length}内采集" if lang == "zh" else f"at most {length} old")
    if wanted.rule:
        notes.append(_rule(wanted.rule, lang))
    if wanted.source:
        source = _word(catalogue.SOURCES.get(wanted.source), wanted.source, lang)
        notes.append(f"来自{source}" if lang == "zh" else f"from {source}")
    kept = say(wanted.retain, lang)
    notes.append(f"保存 {kept}" if lang == "zh" else f"kept for {kept}")
    by = _BY[lang].get(wanted.by, "")
    if lang == "zh":
        return f"{by}{per[wanted.per]}至少 {wanted.min} 份**{kinds}**({','.join(notes)})"
    return f"at least {wanted.min} **{kinds}**{per[wanted.per]}{by} ({', '.join(notes)})"


def _rule(text: str, lang: str) -> str:
    try:
        rule = rules.parse(text)
    except InputError:
        return text
    quantity = _QUANTITIES[lang][rule.quantity]
    if rule.op == "in":
        ends = f"{_value(rule.quantity, rule.low)}–{_value(rule.quantity, rule.high)}"
        return f"{quantity} {ends}{_unit(rule.quantity)}"
    bound = text.rpartition(" ")[2]
    value = say(bound, lang) if rule.quantity in rules.DURATIONS else _value(
        rule.quantity, rule.low if rule.low is not None else rule.high
    )  # fmt: skip
    return f"{quantity} {_OPS[rule.op]} {value}{_unit(rule.quantity)}"


def _value(quantity: str, number: int | None) -> str:
    number = number or 0
    if quantity == "temp":
        return f"{number / 1000:g}"
    return say_fen(number) if quantity == "amount" else str(number)


def _unit(quantity: str) -> str:
    return {"temp": " ℃", "score": "‰"}.get(quantity, "")


def _kept(action: Action, lang: str) -> str:
    holds = action.holds
    if holds is None:
        return ""
    low, high = f"{holds.low / 1000:g}", f"{holds.high / 1000:g}"
    tolerance, gap = say(holds.tolerance, lang), say(holds.gap, lang)
    quantity = _QUANTITIES[lang].get(holds.quantity, holds.quantity)
    unit = _unit(holds.quantity)
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
    others = _list([_name(code, lang, names) for code in codes], lang)
    if lang == "zh":
        return f"做过{others}的人**不得**再做本动作"
    return f"whoever did {others} on the order **must not** do it"


def _measured(action: Action, lang: str) -> str:
    m = action.measure
    if m is None:
        return ""
    start = _word(catalogue.MOMENTS.get(m.start), m.start, lang)
    end = _word(catalogue.MOMENTS.get(m.end), m.end, lang)
    least = say_ms(m.min_ms, lang)
    if lang == "zh":
        return f"从{start}到{end}不足 **{least}**的须重做"
    return f"if it takes less than **{least}** from {start} to {end}, it must be done again"


def _timed(clock: Clock, lang: str) -> str:
    """Say what stops the clock, what pauses and ends it."""
    stop = _event(clock.stop, lang)
    if lang == "zh":
        parts = [f"以**{stop}**停表"]
        parts += [
            f"{_event(p.on, lang)}到{_event(p.until, lang)}之间停走,合计至多 {say(p.max, lang)}"
            for p in clock.pause
        ]
        if clock.platform:
            parts.append("平台要求更早的从其要求")
        if clock.void:
            parts.append(f"遇{_list([_event(e, lang) for e in clock.void], lang)}则终止")
        return ",".join(parts)
    parts = [f"“**{stop}**” stops the clock"]
    parts += [
        f"it stands from “{_event(p.on, lang)}” to “{_event(p.until, lang)}”, {say(p.max, lang)} "
        "at most altogether"
        for p in clock.pause
    ]
    if clock.platform:
        parts.append("an earlier deadline of the platform binds")
    if clock.void:
        parts.append(f"“{_either([_event(e, lang) for e in clock.void], lang)}” ends it")
    return ", ".join(parts)


def _after(action: Action, lang: str) -> str:
    if not action.moves:
        return ""
    move = _word(catalogue.MOVES.get(action.moves), action.moves, lang)
    return f"完成即**{move}**" if lang == "zh" else f"doing it is “**{move}**” of the order"


def _remedy(step: Remedy, lang: str, names: Mapping[str, Texts]) -> str:
    zh = lang == "zh"
    after = (f"再过 {say(step.after, lang)}," if zh else f"{say(step.after, lang)} later ") * bool(
        step.after
    )
    due = (f"{say(step.due, lang)}内" if zh else f" within {say(step.due, lang)}") * bool(step.due)
    if step.do == "compensate":
        amount = _amount(step, lang)
        auto = ("(按策略自动)" if zh else " (by policy, unasked)") * step.auto
        if zh:
            return f"{after}{due}赔付**{amount}**{auto}"
        return f"{after}**{amount}** is paid{due}{auto}"
    if step.do == "notify":
        to = _party(step.to, lang)
        return f"{after}{due}告知{to}" if zh else f"{after}{to} is told{due}"
    holder = _party(step.holder, lang)
    power = catalogue.POWERS.get(step.action)
    act = power.zh if power and zh else power.en if power else _name(step.action, lang, names)
    return f"{after}{holder}可{act}" if zh else f"{after}{holder} may {act}"


def _amount(step: Remedy, lang: str) -> str:
    amount = step.amount
    if amount is None:
        return "—"
    of = {"paid": ("实付款", "what was paid"), "line": ("该行金额", "the line's amount")}
    words = []
    if amount.permille:
        share = say_permille(amount.permille)
        zh, en = of[amount.of]
        words.append(f"{zh}的 {share}" if lang == "zh" else f"{share} of {en}")
    if amount.fixed_fen:
        words.append(say_fen(amount.fixed_fen))
    bounds = []
    if amount.floor_fen:
        low = say_fen(amount.floor_fen)
        bounds.append(f"不低于 {low}" if lang == "zh" else f"at least {low}")
    if amount.cap_fen:
        high = say_fen(amount.cap_fen)
        bounds.append(f"不超过 {high}" if lang == "zh" else f"at most {high}")
    text = (" 加 " if lang == "zh" else " and ").join(words) or "—"
    if not bounds:
        return text
    return f"{text}({','.join(bounds)})" if lang == "zh" else f"{text} ({', '.join(bounds)})"


def _excused(action: Action, lang: str) -> str:
    said = []
    for excuse in action.excuse:
        role = _role(excuse.approve, lang)
        ground = catalogue.GROUNDS.get(excuse.ground)
        word = _word(ground, excuse.ground, lang)
        papers = _list([_word(catalogue.PAPERS.get(p), p, lang) for p in excuse.needs], lang)
        if lang == "zh":
            on = f"凭{papers}" if papers else ""
            said.append(f"{word}的,{on}由{role}认定后免责")
        else:
            on = f" on {papers}" if papers else ""
            said.append(f"{word} excuses{on}, when {role} says so")
    return ";".join(said) if lang == "zh" else "; ".join(said)


def _role(code: str, lang: str) -> str:
    return _word(catalogue.ROLES.get(code) or catalogue.OUTSIDERS.get(code), code, lang)


def _party(code: str, lang: str) -> str:
    return _word(catalogue.PARTIES.get(code) or catalogue.ROLES.get(code), code, lang)


def _event(code: str, lang: str) -> str:
    return _word(EVENTS.get(code), code, lang)


def _name(code: str, lang: str, names: Mapping[str, Texts]) -> str:
    known = names.get(code)
    word = known.pick(lang) if known else code
    return f"「{word}」" if lang == "zh" else f"“{word}”"


def _word(named: Named | Kind | EventName | None, code: str, lang: str) -> str:
    if named is None:
        return code
    return named.zh if lang == "zh" else named.en


def _list(words: list[str], lang: str) -> str:
    if lang == "zh":
        return "、".join(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _either(words: list[str], lang: str) -> str:
    return ("或" if lang == "zh" else " or ").join(words)
