"""Originals are reviewed by keyboard alone: words, a picture with boxes, a recording with spans."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from danshu.ports.modality import Candidate, Draft, DraftLine, Field, Intent, Parsed, Span
from danshu.ports.perceiver import Perception
from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures.reviews import Laid, lay

TO = "浙江省杭州市西湖区示例路 1 号"
WIDE, TALL = 400, 300
GOODS = ("EX-CUP-BLUE", "EX-BRUSH")


def read(text: str, *spans: Span, sure: int = 710, **more: Any) -> Parsed:
    """How three cups were read, of which the colour is not sure."""
    line = DraftLine(sku=GOODS[0], quantity=3, title="蓝杯")
    draft = Draft(lines=(line,), receiver="张示例", phone="13900000000", address=TO)
    candidates = tuple(
        [Candidate(value=g, title=t) for g, t in zip(GOODS, ("蓝杯", "杯刷"), strict=True)]
    )
    fields = (
        Field(
            path="/lines/0/sku", value=GOODS[0], confidence=sure, said="杯子", spans=spans[:1],
            candidates=candidates, reason="sounds_alike",
        ),
        Field(path="/lines/0/quantity", value="3", confidence=990, said="三个", spans=spans[1:]),
    )  # fmt: skip
    return Parsed(
        intent=Intent.ORDER, draft=draft, fields=fields, confidence=940, text=text, **more
    )


def picture() -> bytes:
    """A grey page, WIDE x TALL."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", WIDE, TALL, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xe8" * WIDE) * TALL
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def recording() -> bytes:
    """Half a second that swings."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as told:
        told.setnchannels(1)
        told.setsampwidth(2)
        told.setframerate(16_000)
        samples = [(n % 80 - 40) * 600 * (1 + n // 2000) // 5 for n in range(8_000)]
        told.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return kept.getvalue()


def three(site: Site) -> list[str]:
    """Lay words, a picture and a recording before a reviewer."""
    box = (20, 20, 180, 20, 180, 60, 20, 60)
    page = Perception(
        kind="document", engine="test", version="1", digest="ab" * 32, pages=((WIDE, TALL),)
    )
    sound = Perception(kind="speech", engine="test", version="1", digest="cd" * 32, duration_ms=500)
    return lay(
        site.url,
        site.tenant,
        Laid(
            parsed=read("杯子三个", Span(start=0, end=2), Span(start=2, end=4)),
            amount_fen=600_000, reasons=("first_orders", "over_amount"),
        ),
        Laid(
            parsed=read("", Span(box=box), perceptions=(page,)),
            modality="photo", body=picture(), media_type="image/png", name="IMG-8821.png",
        ),
        Laid(
            parsed=read(
                "要三个杯子", Span(start=3, end=5, from_ms=200, to_ms=400),
                Span(start=1, end=3, from_ms=50, to_ms=200), perceptions=(sound,),
            ),
            modality="voice", body=recording(), media_type="audio/wav",
        ),
    )  # fmt: skip


def test_a_reviewer_works_off_words_a_picture_and_a_recording_by_keyboard(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    words, photo, voice = three(site)
    page = visit(f"/review/{words}", "reviewer")
    fields = page.get_by_role("region", name="识别结果")
    doubtful = page.get_by_role("region", name="选定 行 1 商品")
    expect(doubtful).to_contain_text("记为「杯子」的别名")
    expect(fields).to_contain_text("超自动上限 ¥5,000.00，须人工放行")
    assert page.locator(".review-text mark").all_inner_texts() == ["杯子", "三个"]
    axe(page)
    page.keyboard.press("2")  # 杯刷
    expect(fields.locator("[data-path='/lines/0/sku'] input")).to_have_value("杯刷 · EX-BRUSH")
    expect(doubtful).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.address}/review/{photo}")  # the next opens by itself

    expect(page.locator(".page-boxes-sheet polygon")).to_have_count(1)
    page.keyboard.press("1")
    expect(doubtful).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.address}/review/{voice}")

    expect(page.locator(".review-wave rect.review-span")).to_have_count(2)
    expect(page.locator(".review-wave rect:not(.review-span)")).to_have_count(140)
    expect(page.get_by_role("button", name="播放")).to_be_visible()
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("不是订单")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_label("重复")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(f"{site.address}/review/{voice}")

    orders = [site.call("GET", f"/v1/originals/{one}")["row"] for one in (words, photo, voice)]
    assert [row["state"] for row in orders] == ["ordered", "ordered", "rejected"]
    sheet = site.call("GET", f"/v1/orders/{orders[0]['order']}")
    assert [(n["sku"], n["quantity"]) for n in sheet["lines"]] == [(GOODS[1], 3)]
    told = {c["modality"]: c for c in site.call("GET", "/v1/sandbox")["counters"]}
    assert told["text"]["why"] == "corrected"
    assert (told["photo"]["accepted"], told.get("voice")) == (1, None)


def test_an_original_that_another_reviews_and_the_sandbox_on_narrow_glass(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    (id_,) = lay(site.url, site.tenant, Laid(parsed=read("杯子三个", Span(start=0, end=2))))
    site.call("POST", f"/v1/reviews/{id_}/claim")
    page = visit(f"/review/{id_}", "service", size=PDA)
    expect(page.get_by_role("alert")).to_contain_text("正在复核")
    expect(page.get_by_role("button", name="确认建单")).to_have_count(0)
    axe(page)
    site.call("POST", f"/v1/reviews/{id_}/release")
    site.call("POST", f"/v1/reviews/{id_}/reject", json={"reason": "test"})
