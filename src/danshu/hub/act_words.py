"""The words of acts on an order, as data: what each needs, whether it can be undone, and the way
out of each refusal. What is allowed is never decided here: the machines and `decide` say it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from danshu.kernel.machine import Words

Reversible = Literal["yes", "half", "no"]  # 可逆 半可逆 不可逆


class Need(Struct, frozen=True, kw_only=True):
    """What an act must or may be told: a member of the body of `actOnOrder`."""

    name: Literal["reason", "amount_fen", "carrier", "waybill", "region", "occurred_at", "exclude"]
    required: bool = False


class Act(Struct, frozen=True, kw_only=True):
    """An act: its name, its needs, the act that undoes it; `legal` where no machine tells it."""

    icon: str
    title: Words
    reversible: Reversible
    undo: str = ""
    needs: tuple[Need, ...] = ()
    legal: Words | None = None


class Way(Struct, frozen=True, kw_only=True):
    """The way out of a refusal: what to do first, and the act that does it, "" where none does."""

    text: Words
    event: str = ""


_WHEN: Final = Need(name="occurred_at")
_REASON: Final = Need(name="reason", required=True)


def _act(
    icon: str,
    zh: str,
    en: str,
    reversible: Reversible,
    *needs: Need,
    undo: str = "",
    legal: Words | None = None,
) -> Act:
    return Act(
        icon=icon,
        title=Words(zh=zh, en=en),
        reversible=reversible,
        undo=undo,
        needs=needs,
        legal=legal,
    )


ACTS: Final[dict[str, Act]] = {
    "confirm": _act("check", "确认接单", "Accept", "half", undo="cancel"),
    "pay": _act(
        "wallet", "登记收款", "Record payment", "no", Need(name="amount_fen", required=True), _WHEN
    ),
    "hold": _act("pause", "挂起", "Hold", "yes", _REASON, undo="unhold"),
    "unhold": _act("play", "放行", "Lift the hold", "yes", Need(name="reason"), undo="hold"),
    "align": _act(
        "link",
        "补对齐",
        "Align",
        "half",
        Need(name="region"),
        legal=Words(
            zh="按补全的主数据认定标的与收货地", en="Goods and place are read by master data"
        ),
    ),
    "allocate": _act("branches", "分仓", "Route", "half", undo="cancel"),
    "reroute": _act(
        "branches",
        "改派",
        "Re-route",
        "half",
        Need(name="exclude"),
        Need(name="reason"),
    ),
    "release": _act("download", "下发仓库", "Release", "half", _WHEN, undo="cancel"),
    "pick": _act("shopping", "登记拣货", "Record picking", "half", _WHEN, undo="recall"),
    "pack": _act("gift", "登记打包", "Record packing", "half", _WHEN, undo="recall"),
    "recall": _act("rollback", "撤回拣货", "Recall", "yes", _WHEN, undo="pick"),
    "waybill": _act(
        "barcode",
        "登记运单",
        "Record waybill",
        "half",
        Need(name="carrier", required=True),
        Need(name="waybill", required=True),
        legal=Words(zh="单号进入系统,不是揽收", en="A number in a system, not a pickup"),
    ),
    "ship": _act(
        "truck",
        "登记交接",
        "Record hand-over",
        "no",
        Need(name="carrier"),
        Need(name="waybill"),
        _WHEN,
    ),
    "deliver": _act("home", "登记签收", "Record delivery", "no", _WHEN),
    "complete": _act("check-circle", "完成", "Complete", "no"),
    "cancel": _act("close-circle", "取消", "Cancel", "no", _REASON),
    "intercept": _act("pause", "截单", "Intercept", "half", _REASON),
    "lose": _act("warning", "登记丢件", "Record loss", "no", Need(name="reason"), _WHEN),
    "refuse": _act("close-circle", "登记拒收", "Record refusal", "no", Need(name="reason"), _WHEN),
    "send_back": _act("rollback", "登记退回", "Record return", "no", Need(name="reason"), _WHEN),
    "report_damage": _act(
        "warning",
        "登记报损",
        "Report damage",
        "no",
        _REASON,
        legal=Words(
            zh="买家主张到货破损,是主张不是认定", en="The buyer's claim of damage, not a finding"
        ),
    ),
    "compensate": _act(
        "wallet",
        "登记赔付",
        "Record compensation",
        "no",
        Need(name="amount_fen", required=True),
        legal=Words(
            zh="已向买家支付违约赔偿", en="Compensation for a breach was paid to the buyer"
        ),
    ),
}


def _way(zh: str, en: str, event: str = "") -> Way:
    return Way(text=Words(zh=zh, en=en), event=event)


_NEXT: Final = _way("按顺序先做前一步", "Do the step before it first")
_PAST: Final = _way("无需再做", "Nothing is left to do")
WAYS: Final[dict[str, Way]] = {
    "held": _way("先放行", "Lift the hold first", "unhold"),
    "not_paid": _way("先登记收款", "Record the payment first", "pay"),
    "not_allocated": _way("先分仓", "Route it first", "allocate"),
    "not_aligned": _way("补主数据后补对齐", "Complete master data, then align", "align"),
    "no_stock": _way("补货后再分仓", "Route again once stock has come"),
    "picked_already": _way("先撤回拣货", "Recall the picking first", "recall"),
    "left_already": _way("请承运商截回", "Ask the carrier to bring it back", "intercept"),
    "intercept_asked": _way("先答复截单", "Answer the intercept first"),
    "merged_parcel": _way("先撤销合单", "Unmerge it first"),
    "no_carrier": _way("先登记运单", "Record the waybill first", "waybill"),
    "not_at_intercept": _NEXT,
    "not_at_lose": _NEXT,
    "not_at_refuse": _NEXT,
    "not_at_send_back": _NEXT,
    "not_at_split": _way("先撤回拣货再拆", "Recall the picking, then split", "recall"),
    "not_at_merge": _way("先撤回拣货再合", "Recall the picking, then merge", "recall"),
    "not_at_unmerge": _way("先撤回拣货", "Recall the picking first", "recall"),
    "not_at_reship": _NEXT,
    "ended_already": _way("订单已终止,新开订单", "It has ended: place a new order"),
    "is_return": _way("在售后处理", "Handle it as after-sales"),
    "not_at_pick": _way("先下发仓库", "Release it first", "release"),
    "not_at_pack": _way("先登记拣货", "Record the picking first", "pick"),
    "not_at_ship": _way("先登记打包", "Record the packing first", "pack"),
    "not_at_deliver": _way("先登记交接", "Record the hand-over first", "ship"),
    "not_at_complete": _way("先登记签收", "Record the delivery first", "deliver"),
    "not_at_release": _NEXT,
    "not_at_recall": _NEXT,
    "begun_already": _way("先登记拣货再撤回,或取消", "Pick and recall it, or cancel"),
    "not_at_reroute": _PAST,
    "nowhere_else": _way("补货后再改派", "Re-route once stock has come"),
    "same_plan": _way("排除原仓再改派", "Leave the warehouse out and re-route"),
    "supplement_due": _way("先登记补款", "Record the supplement first", "pay"),
    "held_unreserved": _way("先放行", "Lift the hold first", "unhold"),
    "more_than_due": _way("按应补登记", "Record what is due", "pay"),
    "underpaid": _way("按应付全额登记", "Record the whole amount due", "pay"),
    "held_for_it": _PAST,
    "not_held": _PAST,
    "nothing_to_align": _PAST,
    "confirmed_already": _PAST,
    "paid_already": _PAST,
    "allocated_already": _PAST,
}
