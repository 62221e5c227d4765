"""The life of an after-sales case and of a claim on a carrier, as tables."""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import Refusal
from danshu.kernel.machine import Edge, Machine, Words


def _edge(event: str, source: str, target: str, zh: str, en: str) -> Edge:
    return Edge(event=event, source=source, target=target, legal_zh=zh, legal_en=en)


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause="")


_AGREE = (
    "同意退回:买方可寄回货物,应退款项已为其锁定",
    "Return agreed: the buyer may send the goods back; what is owed for them is set aside",
)
_GRANT = (
    "退款义务确定,金额已锁定,待支付",
    "The duty to pay back is fixed and the amount set aside",
)
_REFUSE = ("拒绝并说明理由,锁定的款项解除", "Refused with a reason; what was set aside is free")
_WITHDRAW = ("申请人撤回,不影响再次申请", "Taken back by who asked; it may be asked again")
_RECEIVE = (
    "经营者收到退回商品,七日内返还价款的期限起算",
    "The goods are back: the seven days to pay back begin (消费者权益保护法 25)",
)

AFTER_SALE: Final = Machine(
    name="after_sale",
    initial="asked",
    states={
        "asked": Words(zh="待处理", en="asked"),
        "proposed": Words(zh="待复核", en="proposed"),
        "agreed": Words(zh="待寄回", en="agreed"),
        "returning": Words(zh="退回中", en="returning"),
        "received": Words(zh="待质检", en="received"),
        "inspected": Words(zh="已质检", en="inspected"),
        "paying": Words(zh="退款中", en="paying"),
        "closed": Words(zh="已完结", en="closed"),
        "refused": Words(zh="已拒绝", en="refused"),
        "withdrawn": Words(zh="已撤回", en="withdrawn"),
    },
    events={
        "propose": Words(zh="提请复核", en="propose"),
        "agree": Words(zh="同意退回", en="agree to the return"),
        "grant": Words(zh="同意退款", en="grant the money"),
        "refuse": Words(zh="拒绝", en="refuse"),
        "withdraw": Words(zh="撤回申请", en="withdraw"),
        "send_back": Words(zh="登记退回运单", en="record the return waybill"),
        "receive": Words(zh="收货", en="receive"),
        "inspect": Words(zh="质检", en="inspect"),
        "replace": Words(zh="换货发出", en="send in exchange"),
        "pay": Words(zh="支付", en="pay"),
    },
    final=frozenset({"closed", "refused", "withdrawn"}),
    edges=(
        _edge(
            "propose",
            "asked",
            "proposed",
            "一人拟同意,金额须第二人复核",
            "One person would agree; the amount asks for a second",
        ),
        _edge("agree", "asked", "agreed", *_AGREE),
        _edge("agree", "proposed", "agreed", *_AGREE),
        _edge("grant", "asked", "paying", *_GRANT),
        _edge("grant", "proposed", "paying", *_GRANT),
        _edge("grant", "inspected", "paying", *_GRANT),
        *(_edge("refuse", source, "refused", *_REFUSE) for source in ("asked", "proposed")),
        _edge("refuse", "inspected", "refused", *_REFUSE),
        *(
            _edge("withdraw", source, "withdrawn", *_WITHDRAW)
            for source in ("asked", "proposed", "agreed", "returning")
        ),
        _edge(
            "send_back",
            "agreed",
            "returning",
            "买方已交付承运人,退货在途",
            "The buyer handed the goods to a carrier",
        ),
        _edge("receive", "agreed", "received", *_RECEIVE),
        _edge("receive", "returning", "received", *_RECEIVE),
        _edge(
            "inspect",
            "received",
            "inspected",
            "查验结果与处置确定,退款以实收完好件为准",
            "What came back and in which state is established; it bounds the refund",
        ),
        _edge(
            "replace",
            "inspected",
            "closed",
            "以换货代退款,新的履约义务成立",
            "Other goods are owed instead of money; their performance begins",
        ),
        _edge(
            "pay",
            "paying",
            "closed",
            "款项已返还,退款义务履行完毕",
            "The money went back: the duty is performed",
        ),
    ),
    refusals={
        ("*", "propose"): _no("not_open", "已不在待处理", "It is not waiting to be decided"),
        ("*", "agree"): _no("not_open", "已不在待处理", "It is not waiting to be decided"),
        ("*", "grant"): _no(
            "not_at_grant", "现在不能同意退款", "The money can't be granted in this state"
        ),
        ("*", "refuse"): _no("not_at_refuse", "现在不能拒绝", "It can't be refused in this state"),
        ("*", "withdraw"): _no(
            "not_at_withdraw",
            "货物已收到或已完结,不能撤回",
            "The goods are back or it has ended: it can't be withdrawn",
        ),
        ("*", "send_back"): _no(
            "not_at_send_back", "同意退回后才登记运单", "Only an agreed return has a waybill"
        ),
        ("*", "receive"): _no(
            "not_at_receive", "没有待收的退货", "There are no goods to be received"
        ),
        ("*", "inspect"): _no("not_at_inspect", "收货后才能质检", "Goods are inspected once here"),
        ("*", "replace"): _no(
            "not_at_replace", "质检后才能换货发出", "Goods are replaced after the inspection"
        ),
        ("*", "pay"): _no("not_at_pay", "没有待支付的款项", "There is nothing to be paid"),
    },
)

CARRIER_CLAIM: Final = Machine(
    name="carrier_claim",
    initial="asked",
    states={
        "asked": Words(zh="待提交", en="to be filed"),
        "filed": Words(zh="承运商处理中", en="filed"),
        "closed": Words(zh="已理赔", en="settled"),
        "refused": Words(zh="被拒赔", en="rejected"),
        "withdrawn": Words(zh="已撤回", en="withdrawn"),
    },
    events={
        "file": Words(zh="提交理赔", en="file"),
        "settle": Words(zh="登记赔款", en="settle"),
        "reject": Words(zh="登记拒赔", en="reject"),
        "withdraw": Words(zh="放弃理赔", en="withdraw"),
    },
    final=frozenset({"closed", "refused", "withdrawn"}),
    edges=(
        _edge(
            "file",
            "asked",
            "filed",
            "向承运人主张赔偿,附证据包",
            "Compensation is claimed from the carrier, with the evidence",
        ),
        _edge(
            "settle",
            "filed",
            "closed",
            "承运人已赔付,索赔权消灭",
            "The carrier has paid: the claim is satisfied",
        ),
        _edge("reject", "filed", "refused", "承运人拒赔并说明理由", "The carrier rejects it"),
        _edge("withdraw", "asked", "withdrawn", "商家放弃索赔", "The merchant waives the claim"),
        _edge("withdraw", "filed", "withdrawn", "商家放弃索赔", "The merchant waives the claim"),
    ),
    refusals={
        ("*", "file"): _no("filed_already", "已提交或已结束", "Filed already, or ended"),
        ("*", "settle"): _no("not_filed", "提交后才能登记赔款", "Only a filed claim is settled"),
        ("*", "reject"): _no("not_filed", "提交后才能登记拒赔", "Only a filed claim is rejected"),
        ("*", "withdraw"): _no("ended_already", "已结束", "It has ended"),
    },
)


def machine_of(kind: str) -> Machine:
    """Give the machine of a kind of case."""
    return CARRIER_CLAIM if kind == "claim" else AFTER_SALE
