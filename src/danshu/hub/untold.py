"""Facts that no event is told of, and why: what is not here has an adapter of port `event`.

A name that ends in a dot or an underscore is a family.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Untold(Struct, frozen=True, kw_only=True):
    """A reason, in Chinese and English, and the facts that it holds for."""

    zh: str
    en: str
    facts: tuple[str, ...]


UNTOLD: Final = (
    Untold(
        zh="原件里有人说的话和写的字;由它成的单,由订单的事件告知",
        en="originals hold what people said and wrote; an order that came of one is told as such",
        facts=("original.", "telephone."),
    ),
    Untold(
        zh="商户自己的设定:付款后问谁",
        en="the merchant's own setting of whom to ask about payments",
        facts=("paid_review.set",),
    ),
    Untold(
        zh="关于在商户工作的人及其凭据",
        en="about the people who work for the merchant, and what they sign in with",
        facts=(
            "certificate.",
            "delegation.",
            "difference.assigned",
            "order.assigned",
            "passkey.",
            "password.",
            "person.",
            "policy.published",
            "session.",
            "signin.",
            "totp.",
            "voice.",
        ),
    ),
    Untold(
        zh="密钥与链接:知道它们存在就有用",
        en="keys and links: that they exist is of use to whoever should not have them",
        facts=("key.issued", "key.revoked", "link.", "party.link_issued"),
    ),
    Untold(
        zh="枢纽如何接到别的系统、如何自己运行",
        en="how the hub is joined to other systems and run; its own pages and figures tell it",
        facts=(
            "account.changed",
            "alert.configured",
            "asset.described",
            "authority.",
            "carrier_desk.set",
            "classification.",
            "conflict.",
            "connector.",
            "connector_",
            "dead_letters.",
            "document_template.",
            "facts.",
            "health_",
            "intent.",
            "log.configured",
            "metric.",
            "network.",
            "notice.configured",
            "party.changed",
            "perceiver.",
            "perceiver_",
            "provider.changed",
            "pull.changed",
            "remedy.configured",
            "return_reason.",
            "return_reasons.",
            "request.configured",
            "review.done",
            "sandbox.",
            "signal_feed.",
            "subscription.",
            "woven.",
        ),
    ),
    Untold(
        zh="商户自己的设备及其维修",
        en="the merchant's own devices and what is done to them",
        facts=("device.", "repair."),
    ),
    Untold(
        zh="商户自己的账户",
        en="the merchant's own account with the hub",
        facts=("merchant.", "tenant."),
    ),
    Untold(
        zh="谁看过、打印或导出了什么",
        en="who saw, printed or exported what",
        facts=(
            "asset.granted",
            "document.",
            "export.",
            "grant.revoked",
            "impact.assessed",
            "privacy.spent",
            "watermark.",
        ),
    ),
    Untold(
        zh="商户自己的数据权属、授权与估值;被授权方从交付与月结单得知",
        en="the merchant's own rights in data, licences, values; licensees learn of what is theirs",
        facts=(
            "asset_cost.",
            "asset_listing.",
            "asset_treatment.",
            "licence.",
            "right.registered",
            "valuation.",
        ),
    ),
    Untold(
        zh="商户自己的营销试验;被告知的人由商户的通知服务得知",
        en="the merchant's own trials; whoever is told hears of it through its notice service",
        facts=("association.",),
    ),
    Untold(
        zh="商户自己的需求预测、促销计划与带入的历史销量",
        en="the merchant's own forecasts, planned promotions and past sales that it brought",
        facts=("forecast.",),
    ),
    Untold(
        zh="商户自己的预测模型:训练、启用、退回与停用",
        en="the merchant's own models: trained, promoted, fallen back, retired",
        facts=("learning.",),
    ),
    Untold(
        zh="商户自己人用话说的策略,与催承运商;由它成的策略由策略的事件告知",
        en="policies that the merchant's people told in words, and chases of carriers; a policy"
        " that came of it is told as such",
        facts=("lane.", "policy.wished"),
    ),
    Untold(
        zh="商户自己的设定:问单助手",
        en="the merchant's own setting of its assistant",
        facts=("assistant.",),
    ),
    Untold(
        zh="商户自己的目标、周会、待办与实验",
        en="the merchant's own goals, reviews, backlog and experiments",
        facts=("backlog.", "experiment.", "goal.", "weekly_review."),
    ),
    Untold(
        zh="商户自己的提案与自主等级;执行了什么,由动作自己的事件讲",
        en="the merchant's own proposals and autonomy; what was done, the act's own events tell",
        facts=("agent.", "autonomy.", "proposal."),
    ),
    Untold(
        zh="背后是一位消费者:黑名单与个人信息的删除",
        en="a customer stands behind it: blocklists, and the erasing of personal data",
        facts=("intercept.listed", "intercept.unlisted", "vault."),
    ),
    Untold(
        zh="未改变任何事的消息",
        en="messages that changed nothing, and what people did about them in the inbox",
        facts=("message.", "negotiation.disregarded"),
    ),
)


def reason_of(fact: str) -> Untold | None:
    """Give why a type of fact is not told; None where that is not said here."""
    for each in UNTOLD:
        if any(fact == f or (f[-1] in "._" and fact.startswith(f)) for f in each.facts):
            return each
    return None
