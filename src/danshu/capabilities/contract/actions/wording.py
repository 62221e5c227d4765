"""The parts of an action in words: evidence, rules, remedies, roles, events, in zh and en."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.contract.actions import catalogue, rules
from danshu.capabilities.contract.actions.spans import say, say_fen, say_permille
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.contract.actions.catalogue import Kind, Named
    from danshu.capabilities.contract.actions.model import Excuse, Remedy, Wanted
    from danshu.capabilities.contract.catalogue import EventName
    from danshu.capabilities.contract.model import Applies, PauseRule, Texts

_BY: Final = {
    "zh": {"person": "", "device": "由设备采集的", "system": "由系统取得的"},
    "en": {"person": "", "device": ", taken by a device", "system": ", obtained by a system"},
}
QUANTITIES: Final = {
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


def say_wanted(wanted: Wanted, lang: str) -> str:
    """Say one kind of evidence with all that is asked of it."""
    kinds = join_any(
        [say_word(catalogue.KINDS.get(k), k, lang) for k in wanted.kind.split("|")], lang
    )
    per = {"action": "", "line": "每个商品行", "lot": "每批"} if lang == "zh" else {
        "action": "", "line": " for each line", "lot": " for each lot"}  # fmt: skip
    notes = []
    age = wanted.max_age or wanted.within
    if age:
        length = say(age, lang)
        notes.append(f"{length}内采集" if lang == "zh" else f"at most {length} old")
    if wanted.rule:
        notes.append(say_rule(wanted.rule, lang))
    if wanted.source:
        source = say_word(catalogue.SOURCES.get(wanted.source), wanted.source, lang)
        notes.append(f"来自{source}" if lang == "zh" else f"from {source}")
    kept = say(wanted.retain, lang)
    notes.append(f"保存 {kept}" if lang == "zh" else f"kept for {kept}")
    by = _BY[lang].get(wanted.by, "")
    if lang == "zh":
        return f"{by}{per[wanted.per]}至少 {wanted.min} 份**{kinds}**({','.join(notes)})"
    return f"at least {wanted.min} **{kinds}**{per[wanted.per]}{by} ({', '.join(notes)})"


def say_rule(text: str, lang: str) -> str:
    """Say a rule; what is none comes back as it is."""
    try:
        rule = rules.parse(text)
    except InputError:
        return text
    quantity = QUANTITIES[lang][rule.quantity]
    if rule.op == "in":
        ends = f"{_value(rule.quantity, rule.low)}–{_value(rule.quantity, rule.high)}"
        return f"{quantity} {ends}{unit_of(rule.quantity)}"
    bound = text.rpartition(" ")[2]
    value = say(bound, lang) if rule.quantity in rules.DURATIONS else _value(
        rule.quantity, rule.low if rule.low is not None else rule.high
    )  # fmt: skip
    return f"{quantity} {_OPS[rule.op]} {value}{unit_of(rule.quantity)}"


def _value(quantity: str, number: int | None) -> str:
    number = number or 0
    if quantity == "temp":
        return f"{number / 1000:g}"
    return say_fen(number) if quantity == "amount" else str(number)


def unit_of(quantity: str) -> str:
    """Give the unit behind a quantity's number."""
    return {"temp": " ℃", "score": "‰"}.get(quantity, "")


def say_step(step: Remedy, lang: str, names: Mapping[str, Texts]) -> str:
    """Say one step of the breach chain."""
    zh = lang == "zh"
    after = (f"再过 {say(step.after, lang)}," if zh else f"{say(step.after, lang)} later ") * bool(
        step.after
    )
    due = (f"{say(step.due, lang)}内" if zh else f" within {say(step.due, lang)}") * bool(step.due)
    if step.do == "compensate":
        amount = say_amount(step, lang)
        auto = ("(按策略自动)" if zh else " (by policy, unasked)") * step.auto
        if zh:
            return f"{after}{due}赔付**{amount}**{auto}"
        return f"{after}**{amount}** is paid{due}{auto}"
    if step.do == "notify":
        to = say_party(step.to, lang)
        return f"{after}{due}告知{to}" if zh else f"{after}{to} is told{due}"
    holder = say_party(step.holder, lang)
    power = catalogue.POWERS.get(step.action)
    act = power.zh if power and zh else power.en if power else say_name(step.action, lang, names)
    return f"{after}{holder}可{act}" if zh else f"{after}{holder} may {act}"


def say_amount(step: Remedy, lang: str) -> str:
    """Say what a step pays."""
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


def say_excuse(excuse: Excuse, lang: str) -> str:
    """Say a ground, the papers that it needs and who decides."""
    role = say_role(excuse.approve, lang)
    word = say_word(catalogue.GROUNDS.get(excuse.ground), excuse.ground, lang)
    papers = join_all([say_word(catalogue.PAPERS.get(p), p, lang) for p in excuse.needs], lang)
    if lang == "zh":
        on = f"凭{papers}" if papers else ""
        return f"{word}的,{on}由{role}认定后免责"
    on = f" on {papers}" if papers else ""
    return f"{word} excuses{on}, when {role} says so"


def say_applies(applies: Applies, lang: str) -> str:
    """Say which orders it is for."""
    zh = lang == "zh"
    words = []
    if applies.channels:
        names = join_all(list(applies.channels), lang)
        words.append(f"渠道 {names}" if zh else f"channel {names}")
    if applies.channels_not:
        names = join_all(list(applies.channels_not), lang)
        words.append(f"渠道 {names} 以外" if zh else f"channels other than {names}")
    if applies.regions:
        names = join_all(list(applies.regions), lang)
        words.append(f"区划 {names}" if zh else f"region {names}")
    if applies.presale is not None:
        said = ("预售", "presale") if applies.presale else ("非预售", "non-presale")
        words.append(said[0 if zh else 1])
    if applies.announced:
        words.append("公示了发货日" if zh else "sold ahead for an announced day")
    if applies.requested:
        words.append("买家选用" if zh else "asked for by the buyer")
    if applies.all or not words:
        return "所有订单" if zh else "all orders"
    return f"{'、'.join(words)}的订单" if zh else f"orders ({', '.join(words)})"


def say_pause(pause: PauseRule, lang: str) -> str:
    """Say from what to what the clock stands, and how long at most."""
    on, until = say_event(pause.on, lang), say_event(pause.until, lang)
    most = say(pause.max, lang)
    if lang == "zh":
        return f"{on}到{until}之间停走,合计至多 {most}"
    return f"it stands from “{on}” to “{until}”, {most} at most altogether"


def say_warning(level: int | str, lang: str) -> str:
    """Say when a clock warns: at a share of its time (permille), or so long before the end."""
    if isinstance(level, int):
        share = say_permille(level)
        return f"用去 {share} 时" if lang == "zh" else f"{share} of the time"
    before = say(level, lang)
    return f"到期前 {before}" if lang == "zh" else f"{before} before the end"


def say_quantity(code: str, lang: str) -> str:
    """Name a quantity."""
    return QUANTITIES[lang].get(code, code)


def say_role(code: str, lang: str) -> str:
    """Name a role, of the merchant's people or of others."""
    return say_word(catalogue.ROLES.get(code) or catalogue.OUTSIDERS.get(code), code, lang)


def say_party(code: str, lang: str) -> str:
    """Name a party, or a role that is told."""
    return say_word(catalogue.PARTIES.get(code) or catalogue.ROLES.get(code), code, lang)


def say_event(code: str, lang: str) -> str:
    """Name an event."""
    return say_word(EVENTS.get(code), code, lang)


def say_name(code: str, lang: str, names: Mapping[str, Texts]) -> str:
    """Name an action, in quotation marks."""
    known = names.get(code)
    word = known.pick(lang) if known else code
    return f"「{word}」" if lang == "zh" else f"“{word}”"


def say_word(named: Named | Kind | EventName | None, code: str, lang: str) -> str:
    """Give a word, or the code that has none."""
    if named is None:
        return code
    return named.zh if lang == "zh" else named.en


def join_all(words: list[str], lang: str) -> str:
    """Join words by and."""
    if lang == "zh":
        return "、".join(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def join_any(words: list[str], lang: str) -> str:
    """Join words by or."""
    return ("或" if lang == "zh" else " or ").join(words)
