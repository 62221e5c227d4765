"""念出来是: a type read out from its data alone, so that people check words and not a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.order_types import catalogue, decide, spans
from danshu.capabilities.order_types.model import TypeTexts

if TYPE_CHECKING:
    from danshu.capabilities.order_types.model import OrderType, TypePayment


def speak(kind: OrderType) -> TypeTexts:
    """Read a type out in Chinese and in English."""
    zh = [p for p in (_who(kind, "zh"), *_pays(kind, "zh"), *_rest(kind, "zh")) if p]
    en = [p for p in (_who(kind, "en"), *_pays(kind, "en"), *_rest(kind, "en")) if p]
    return TypeTexts(zh="。".join(zh) + "。", en=". ".join(p[0].upper() + p[1:] for p in en) + ".")


def _who(kind: OrderType, lang: str) -> str:
    scope = kind.scope
    name = kind.name.pick(lang)
    if lang == "en":
        which = "orders that name it" if scope.named else "every order that fits"
        some = f" of {', '.join(scope.skus)}" if scope.skus else ""
        by = f" on {', '.join(scope.channels)}" if scope.channels else ""
        when = f", placed from {scope.opens} on" if scope.opens else ""
        when += f", placed before {scope.closes}" if scope.closes else ""
        cap = f"; a buyer takes at most {kind.buyer_units} units" if kind.buyer_units else ""
        return f"“{name}” is for {which}{some}{by}{when}{cap}"
    which = "点名的订单" if scope.named else "符合条件的订单"
    some = f"、商品 {'、'.join(scope.skus)}" if scope.skus else ""
    by = f"、渠道 {'、'.join(scope.channels)}" if scope.channels else ""
    when = f"，{scope.opens} 起" if scope.opens else ""
    when += f"，{scope.closes} 前下单" if scope.closes else ""
    cap = f"，每位买家最多 {kind.buyer_units} 件" if kind.buyer_units else ""
    return f"「{name}」用于{which}{some}{by}{when}{cap}"


def _amount(payment: TypePayment, lang: str) -> str:
    if payment.rest:
        return "the rest" if lang == "en" else "余款"
    if payment.amount_fen:
        yuan = f"¥{payment.amount_fen / 100:.2f}"
        return f"{yuan} a unit" if lang == "en" else f"每件 {yuan}"
    share = f"{payment.permille / 10:g}%"
    return f"{share} of the goods" if lang == "en" else f"货款的 {share}"


def _pays(kind: OrderType, lang: str) -> list[str]:
    told = []
    for p in kind.payments:
        what, amount = catalogue.PAYMENTS[p.stage].pick(lang), _amount(p, lang)
        times = f"{p.counts_permille / 1000:g}"
        opens, closes = spans.say(p.opens, lang), spans.say(p.closes, lang)
        is_after, is_within = spans.is_span(p.opens), spans.is_span(p.closes)
        if lang == "en":
            said = f"the {what} is {amount}"
            said += f" and counts {times} times" if p.counts_permille > 1000 else ""
            if p.opens:
                said += f", payable {opens} later" if is_after else f", payable from {opens}"
            if p.closes:
                said += f", within {closes}" if is_within else f", until {closes}"
            missed = {
                "cancel": "missed, the order is cancelled",
                "forfeit": "missed, the order is cancelled and the deposit is kept",
                "refund": "missed, the order is cancelled and all is refunded",
            }[p.missed]
        else:
            said = f"{what}付{amount}"
            said += f"，1 元抵 {times} 元" if p.counts_permille > 1000 else ""
            if p.opens:
                said += f"，{opens}后开付" if is_after else f"，{opens} 开付"
            if p.closes:
                said += f"，{closes}内付清" if is_within else f"，{closes} 前付清"
            missed = {
                "cancel": "过期取消订单",
                "forfeit": "过期取消订单、定金不退",
                "refund": "过期取消订单、全额退还",
            }[p.missed]
        told.append(f"{said}; {missed}" if lang == "en" else f"{said}，{missed}")
    return told


def _rest(kind: OrderType, lang: str) -> list[str]:
    told = []
    group = kind.group
    if group:
        closes = spans.say(group.closes, lang)
        told.append(
            f"a group closes {closes} after it was opened and forms with {group.minimum} paid"
            " orders; else all is refunded"
            if lang == "en"
            else f"团开 {closes}后截单，满 {group.minimum} 单成团，不成团全额退还"
        )
    held = next((s for s in kind.stages if s.reserve), None)
    if held:
        event = catalogue.ENTRIES[held.enters].pick(lang)
        where = ", ".join(held.warehouses) if lang == "en" else "、".join(held.warehouses)
        told.append(
            f"stock is reserved when {event}" + (f" in {where}" if where else "")
            if lang == "en"
            else f"{event}时占库存" + (f"(只用 {where})" if where else "")
        )
    first = next((s for s in kind.stages if "release" in s.open), None)
    if first:
        told.append(
            f"dispatch is open from stage “{first.words.en}” on"
            if lang == "en"
            else f"到「{first.words.zh}」才可发货"
        )
    if kind.promises:
        codes = ", ".join(kind.promises)
        told.append(f"it promises {codes}" if lang == "en" else f"承诺 {codes}，付清后起算")
    if kind.ship_by:
        told.append(f"it ships by {kind.ship_by}" if lang == "en" else f"{kind.ship_by} 前发货")
    deposit = decide.payment_of(kind, "deposit")
    if deposit:
        told.append(
            "a cancelling buyer "
            + ("gets the deposit back" if deposit.refundable else "loses the deposit")
            + ", a cancelling merchant refunds it"
            if lang == "en"
            else f"买家取消{'退' if deposit.refundable else '不退'}定金，商家取消全退"
        )
    return told
