"""Answers about what is to come, and about what proposals brought: chances as the models gave them.

A chance is said as a chance, with the run that gave it; where no model ran, that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.assistant.sheet import Sheet, quote, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.assistant.model import Asked, CitedAnswer, Seen

    Kinds = Mapping[str, tuple[str, str]]
_SHOWN: Final = 8
_REVIEWED: Final = 5
_LIKELY: Final = 200
"""Thousandths from which on a chance is worth naming."""


def short(asked: Asked, seen: Mapping[str, Seen], _: Kinds) -> CitedAnswer:
    """What may run out within some days, where, and which open proposals are about it."""
    sheet = Sheet(asked.kind, seen)
    if not sheet.has("risks"):
        return sheet.close(
            "还没有缺货预测，或你不能看它。",
            "There is no forecast of shortages, or you may not see it.",
        )
    rows = [r for r in seen["risks"].data["items"] if r["chance"] >= _LIKELY][:_SHOWN]
    if not rows:
        return sheet.close(
            f"按最近一次预测，未来 {asked.days} 天没有缺货可能达到 {_LIKELY // 10}% 的货。",
            f"By the newest forecast nothing reaches a chance of {_LIKELY // 10}% of running short"
            f" within {asked.days} days.",
        )
    for row in rows:
        out_zh = f"，中位估计 {row['out_day']} 断货" if row["out_day"] else ""
        out_en = f", in the middle case on {row['out_day']}" if row["out_day"] else ""
        sheet.say(
            f"{row['warehouse']} 的 {row['sku']}：{asked.days} 天内缺货可能"
            f" {_percent(row['chance'])}，现有 {row['on_hand']} 件{out_zh}。",
            f"{row['sku']} at {row['warehouse']}: {_percent(row['chance'])} to run short within"
            f" {asked.days} days, {row['on_hand']} on hand{out_en}.",
            [c for c in sheet.cites("risks") if c.label == f"{row['warehouse']}/{row['sku']}"],
        )
    _helping(sheet, {r["sku"] for r in rows})
    return sheet.close()


def _helping(sheet: Sheet, skus: set[str]) -> None:
    if not sheet.has("proposals"):
        return
    for one in sheet.seen["proposals"].data[:50]:
        if any(sku in one["title"]["zh"] or sku in one["key"] for sku in skus):
            sheet.say(
                f"有一条待批提案与此有关：{quote(one['title']['zh'])}。",
                f"An open proposal is about it: {one['title']['en'][:80]}.",
                [c for c in sheet.cites("proposals") if c.ref == one["id"]],
            )


def due(asked: Asked, seen: Mapping[str, Seen], _: Kinds) -> CitedAnswer:
    """Which promises fall due today, and which orders are likely to break theirs."""
    sheet = Sheet(asked.kind, seen)
    if sheet.has("due"):
        rows = seen["due"].data
        if rows:
            more = "以上" if len(rows) == 50 else ""
            sheet.say(
                f"到今天结束前有 {len(rows)} 条{more}承诺到期，最早的是订单 {rows[0]['number']}"
                f"（{rows[0]['due'][11:16]} UTC）。",
                f"{len(rows)}{' or more' if more else ''} promises fall due before today ends, the"
                f" first that of order {rows[0]['number']} ({rows[0]['due'][11:16]} UTC).",
                sheet.cites("due"),
            )
    if sheet.has("risks"):
        for row in [r for r in seen["risks"].data["items"] if r["chance"] >= _LIKELY][:_SHOWN]:
            sheet.say(
                f"订单 {row['number']} 违约可能 {_percent(row['chance'])}。",
                f"Order {row['number']}: {_percent(row['chance'])} to break its promise.",
                [c for c in sheet.cites("risks") if c.ref == row["order"]],
            )
    return sheet.close("今天没有承诺到期。", "No promise falls due today.")


def saved(asked: Asked, seen: Mapping[str, Seen], _: Kinds) -> CitedAnswer:
    """What a proposal brought, or what the measured ones did; what waits for a person."""
    sheet = Sheet(asked.kind, seen)
    if sheet.has("one"):
        _brought(sheet, seen["one"].data, sheet.cites("one"))
        return sheet.close()
    if sheet.has("outcomes"):
        _outcomes(sheet, seen["outcomes"].data)
    if sheet.has("review"):
        _reviewed(sheet, seen["review"].data)
    waiting = seen["proposals"].data if sheet.has("proposals") else []
    if waiting:
        worth = sum(int(r["mid_fen"]) for r in waiting)
        more_zh, more_en = ("以上", " or more") if len(waiting) == 50 else ("", "")
        sheet.say(
            f"有 {len(waiting)} 条{more_zh}提案待批，预计合计 {yuan(worth)}。",
            f"{len(waiting)}{more_en} proposals wait, expected to be worth {yuan(worth)} together.",
            sheet.cites("proposals"),
        )
    return sheet.close("没有查到提案，或你不能看它。", "There is no such proposal, or not for you.")


def _outcomes(sheet: Sheet, told: dict[str, Any]) -> None:
    if not told["decided"]:
        return
    sheet.say(
        f"近 30 天裁决了 {told['decided']} 条提案，采纳 {told['accepted']} 条。",
        f"In 30 days {told['decided']} proposals were decided, {told['accepted']} accepted.",
        sheet.cites("outcomes"),
    )
    if told["measured"]:
        sheet.say(
            f"其中 {told['measured']} 条已实测，合计 {yuan(told['real_fen'])}"
            f"（预计 {yuan(told['expected_fen'])}，80% 区间 {yuan(told['low_fen'])} 至"
            f" {yuan(told['high_fen'])}）。",
            f"{told['measured']} of them are measured: {yuan(told['real_fen'])} in all (expected"
            f" {yuan(told['expected_fen'])}, 80% between {yuan(told['low_fen'])} and"
            f" {yuan(told['high_fen'])}).",
            sheet.cites("outcomes"),
        )


def _reviewed(sheet: Sheet, review: dict[str, Any]) -> None:
    """What the newest weekly review says of decisions, in its own words, which cite facts."""
    told = [s for one in review["sections"] if one["code"] == "paid" for s in one["sentences"]]
    for sentence in told[:_REVIEWED]:
        sheet.say(
            f"{review['week']} 周报：{sentence['zh']}",
            f"Review of {review['week']}: {sentence['en']}",
            sheet.cites("review"),
        )


def _brought(sheet: Sheet, one: dict[str, Any], cites: Any) -> None:
    title_zh, title_en = quote(one["title"]["zh"]), one["title"]["en"][:80]
    if one["measured_fen"] is None:
        sheet.say(
            f"提案{title_zh}还没有可以测量的结果，预计 {yuan(one['mid_fen'])}。",
            f"Proposal {title_en}: nothing to measure yet, expected {yuan(one['mid_fen'])}.",
            cites,
        )
        return
    sheet.say(
        f"提案{title_zh}实测 {yuan(one['measured_fen'])}（预计 {yuan(one['mid_fen'])}）。",
        f"Proposal {title_en}: measured {yuan(one['measured_fen'])}"
        f" (expected {yuan(one['mid_fen'])}).",
        cites,
    )


def _percent(thousandths: int) -> str:
    return f"{thousandths / 10:.0f}%"
