"""Screenshots of chats and labels with codes, invented: what else than papers is photographed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.testing.papers import load_fonts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

GREEN: Final = (149, 236, 105)
_WIDTH, _HEIGHT = 1080, 2160
_SIZE, _MARGIN, _AVATAR = 42, 28, 96
_WRAP: Final = 15  # characters of a line of a bubble


def draw_chat(title: str, talk: Sequence[tuple[str, str]]) -> Image:
    """Draw a WeChat chat: talk is (who, words); who is `they`, `we`, or `time` in the middle."""
    from PIL import Image, ImageDraw

    font = load_fonts(serif=False)
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), (237, 237, 237))
    pen = ImageDraw.Draw(picture)
    pen.text((60, 40), "14:06", font=font(34), fill="black", anchor="lm")
    pen.text((_WIDTH / 2, 130), title, font=font(44), fill="black", anchor="mm")
    at = 230
    for who, words in talk:
        if who == "time":
            pen.text((_WIDTH / 2, at + 20), words, font=font(30), fill=(150, 150, 150), anchor="mm")
            at += 70
            continue
        at = _draw_bubble(pen, words, at, mine=who == "we", font=font) + 44
    pen.rectangle([0, _HEIGHT - 140, _WIDTH, _HEIGHT], fill=(247, 247, 247))
    return picture


def _draw_bubble(pen: Any, words: str, top: int, *, mine: bool, font: Any) -> int:
    lines = [words[i : i + _WRAP] for i in range(0, len(words), _WRAP)]
    step = _SIZE + 18
    wide = max(pen.textlength(line, font=font(_SIZE)) for line in lines) + 60
    tall = step * len(lines) + 40
    left = _WIDTH - _MARGIN - _AVATAR - 24 - wide if mine else _MARGIN + _AVATAR + 24
    edge = _WIDTH - _MARGIN - _AVATAR if mine else _MARGIN
    pen.rectangle([edge, top, edge + _AVATAR, top + _AVATAR], fill=(110, 140, 170))
    fill = GREEN if mine else (255, 255, 255)
    pen.rounded_rectangle([left, top, left + wide, top + tall], 14, fill=fill)
    for n, line in enumerate(lines):
        pen.text((left + 30, top + 20 + n * step), line, font=font(_SIZE), fill="black")
    return int(max(top + tall, top + _AVATAR))


def draw_label(words: Sequence[str], code: str, form: str = "code128") -> Image:
    """Draw a label: lines of words above a code (`code128`, `ean13`, `qrcode`, `datamatrix`)."""
    import zxingcpp
    from PIL import Image, ImageDraw

    kinds = {
        "code128": zxingcpp.BarcodeFormat.Code128,
        "ean13": zxingcpp.BarcodeFormat.EAN13,
        "qrcode": zxingcpp.BarcodeFormat.QRCode,
        "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    }
    font = load_fonts(serif=False)
    picture = Image.new("RGB", (900, 640), "white")
    pen = ImageDraw.Draw(picture)
    for n, line in enumerate(words):
        pen.text((50, 40 + n * 64), line, font=font(40), fill="black")
    drawn = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(code, kinds[form]), scale=4)
    picture.paste(Image.fromarray(drawn), (60, 60 + 64 * len(words)))
    return picture
