"""Documents of invented customers: purchase orders, delivery notes, chats, labels, as pictures.

Drawn with the Noto fonts of pylopdf-fonts-zh-cn in layouts of two groups: `SEEN`, which the reader
was built with, and `UNSEEN`, which it was not. The same seed draws the same picture.
"""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

GOODS: Final = (
    ("FY-A470", "办公复印纸 A4 70g", "箱", 14900),
    ("ZB-05K", "中性笔 0.5 黑", "盒", 1850),
    ("CW-32", "长尾夹 32mm", "盒", 980),
    ("BYQ-25-45", "变压器油 25# 45℃", "桶", 88000),
    ("DG-4160", "断路器 4P 160A", "台", 36500),
    ("LM-6205", "深沟球轴承 6205-2RS", "套", 2350),
    ("WJ-M8X30", "外六角螺栓 M8×30", "包", 1280),
    ("KFD-1KG", "意式拼配咖啡豆 1kg", "袋", 9800),
    ("YMN-1L", "燕麦奶 1L×12", "箱", 16800),
    ("ZBD-90", "一次性纸杯 90mm", "箱", 7600),
    ("TS-110", "热敏标签纸 100×100", "卷", 1550),
    ("QJ-84-500", "84 消毒液 500ml", "瓶", 650),
    ("ST-NBR-M", "丁腈手套 M 码", "盒", 3900),
    ("HDMI-2M0", "HDMI 高清线 2 米", "根", 2890),
    ("TN-2312", "硒鼓 TN-2312", "支", 21900),
    ("DJ-5V2A", "电源适配器 5V 2A", "只", 1990),
)
CUSTOMERS: Final = (
    ("WC", "皖北文昌印务有限公司", "合肥市肥东县龙岗路 18 号 3 号仓"),
    ("SH", "上海临港设备制造有限公司", "上海市浦东新区云水路 600 号"),
    ("KL", "苏州克莱咖啡连锁有限公司", "苏州市工业园区星湖街 328 号"),
    ("HD", "华东电力检修公司", "南京市江宁区将军大道 1199 号"),
    ("YX", "宁波永兴五金商行", "宁波市鄞州区鄞县大道 88 号"),
    ("QD", "青岛海澜酒店用品公司", "青岛市崂山区香港东路 195 号"),
)


class Line(Struct, frozen=True, kw_only=True):
    """A line of a document; money in 分."""

    code: str
    name: str
    unit: str
    quantity: int
    price_fen: int


class Layout(Struct, frozen=True, kw_only=True):
    """How a customer's documents look: words of labels, order of columns, ruled or not."""

    name: str
    title: str
    customer: str = "需方"
    number: str = "单号"
    date: str = "日期"
    due: str = "交货日期"
    address: str = "送货地址"
    columns: tuple[tuple[str, str], ...] = (
        ("no", "序号"), ("name", "品名"), ("code", "编码"), ("quantity", "数量"), ("unit", "单位"),
        ("price", "单价"), ("amount", "金额"),
    )  # fmt: skip
    total: str = "合计"
    capitals: bool = False
    ruled: bool = True
    serif: bool = False
    inline_unit: bool = False  # 60 箱 in one column
    colon: str = "："
    date_form: str = "{y}年{m}月{d}日"
    currency: str = "¥"
    thousands: bool = True
    inner_total: bool = False  # the total stands in the table's last row
    size: tuple[int, int] = (1240, 1000)


class Paper(Struct, frozen=True, kw_only=True):
    """A document: what is right, and how it looks."""

    layout: Layout
    customer: tuple[str, str, str]
    number: str
    date: tuple[int, int, int]
    due: tuple[int, int, int]
    lines: tuple[Line, ...]

    @property
    def total_fen(self) -> int:
        """Sum of the lines."""
        return sum([line.quantity * line.price_fen for line in self.lines])

    def fields(self) -> dict[str, str]:
        """What must be read, by the path in the draft: money as 分, dates as YYYY-MM-DD."""
        named = {column for column, _ in self.layout.columns}
        right = {
            "/customer": self.customer[1],
            "/number": self.number,
            "/due": f"{self.due[0]}-{self.due[1]:02}-{self.due[2]:02}",
            "/address": self.customer[2],
        }
        if self.layout.total:
            right["/total_fen"] = str(self.total_fen)
        for i, line in enumerate(self.lines):
            right[f"/lines/{i}/quantity"] = str(line.quantity)
            for key in ("code", "name", "unit"):
                if key in named or (key == "unit" and self.layout.inline_unit):
                    right[f"/lines/{i}/{key}"] = getattr(line, key)
            if "price" in named:
                right[f"/lines/{i}/price_fen"] = str(line.price_fen)
        return right


_WIDE: Final = (("name", "货品名称"), ("code", "料号"), ("unit", "单位"), ("quantity", "订购数量"),
                ("price", "含税单价"), ("amount", "金额(元)"))  # fmt: skip
_TIGHT: Final = (("no", "#"), ("name", "品名"), ("code", "编码"), ("quantity", "数量"),
                 ("price", "单价"), ("amount", "金额"))  # fmt: skip
_NOTE: Final = (("no", "序"), ("code", "型号"), ("name", "名称及规格"), ("unit", "单位"),
                ("quantity", "数量"))  # fmt: skip
_CODE: Final = (("no", "行号"), ("code", "物料编码"), ("name", "物料名称"), ("quantity", "数量"),
                ("unit", "计量单位"), ("price", "不含税价"), ("amount", "小计"))  # fmt: skip
_PLAIN: Final = (("code", "商品编号"), ("name", "商品名称"), ("quantity", "数量"), ("unit", "单位"),
                 ("price", "单价(元)"), ("amount", "总价"))  # fmt: skip
_SHORT: Final = (("no", "No."), ("name", "货物名称"), ("code", "货号"), ("quantity", "件数"),
                 ("unit", "单位"), ("price", "价格"), ("amount", "合计金额"))  # fmt: skip

SEEN: Final = (
    Layout(name="plain", title="采 购 单", number="NO.", due="交货", columns=_TIGHT,
           inline_unit=True),
    Layout(name="wide", title="采购订单", customer="购货单位", number="订单编号", due="交期",
           columns=_WIDE, capitals=True, inner_total=True),
    Layout(name="open", title="订货单", customer="客户名称", number="编号", due="要求到货日期",
           address="收货地址", ruled=False, date_form="{y}-{m:02}-{d:02}", currency=""),
    Layout(name="serif", title="采购合同清单", customer="甲方", number="合同编号", due="交货时间",
           serif=True, capitals=True, columns=_PLAIN, date_form="{y}/{m}/{d}", thousands=False),
    Layout(name="note", title="送货单", customer="收货单位", number="单据号", due="送货日期",
           columns=_NOTE, total="", date_form="{y}.{m:02}.{d:02}"),
    Layout(name="half", title="PURCHASE ORDER 采购单", customer="Buyer 买方", number="P.O. No.",
           due="Delivery 交期", address="Ship to 送货地址", ruled=False, columns=_CODE,
           date_form="{y}-{m:02}-{d:02}", total="总计"),
)  # fmt: skip
UNSEEN: Final = (
    Layout(name="u-ledger", title="物资采购计划单", customer="采购单位", number="计划单号",
           due="需求日期", address="交货地点", columns=_CODE, inner_total=True, total="合 计",
           date_form="{y}-{m:02}-{d:02}", size=(1400, 990)),
    Layout(name="u-serif", title="订 购 单", customer="订货方", number="单据编号", due="希望交期",
           address="收货地址", serif=True, columns=_SHORT, capitals=True, currency="￥"),
    Layout(name="u-open", title="要货申请单", customer="申请门店", number="申请单号",
           due="到货日期", address="门店地址", ruled=False, columns=_PLAIN, total="总金额",
           currency="", date_form="{y}.{m}.{d}", size=(1100, 1100)),
    Layout(name="u-mixed", title="采购订单 Purchase Order", customer="买方", number="PO号",
           due="交货期", columns=_TIGHT, inline_unit=True, thousands=False, colon=":",
           total="合计金额"),
    Layout(name="u-flat", title="补货单", customer="客户", number="No", due="最晚到货",
           address="送货至", columns=_WIDE, ruled=False, colon=":", total="金额合计",
           date_form="{y}年{m:02}月{d:02}日", serif=True),
)  # fmt: skip


def invent(layout: Layout, seed: int) -> Paper:
    """Invent a document in a layout."""
    dice = random.Random(f"{layout.name}/{seed}")
    goods = dice.sample(GOODS, dice.randint(3, 8))
    customer = dice.choice(CUSTOMERS)
    day = dice.randint(1, 24)
    lines = [
        Line(code=c, name=n, unit=u, quantity=dice.choice((1, 2, 5, 12, 20, 36, 60, 120)),
             price_fen=p + 10 * dice.randint(0, 40))
        for c, n, u, p in goods
    ]  # fmt: skip
    return Paper(
        layout=layout,
        customer=customer,
        number=f"{customer[0]}-2611{day:02}-{dice.randint(1, 99):02}",
        date=(2026, 11, day),
        due=(2026, 12, dice.randint(1, 28)),
        lines=tuple(lines),
    )


def _money(fen: int, layout: Layout, mark: bool = False) -> str:
    said = f"{fen / 100:,.2f}" if layout.thousands else f"{fen / 100:.2f}"
    return (layout.currency if mark else "") + said


def load_fonts(serif: bool) -> Any:
    """Give a function from size in px to a font. Raises NotAvailable without the extra."""
    try:
        import pylopdf_fonts_zh_cn
        from PIL import ImageFont
    except ImportError:
        raise NotAvailable(
            "drawing documents needs the extra vision: pip install 'danshu[vision]'", 3_600
        ) from None
    name = "NotoSerifSC-Regular.otf" if serif else "NotoSansSC-Regular.otf"
    path = Path(pylopdf_fonts_zh_cn.__file__).parent / name
    return lambda size: ImageFont.truetype(str(path), size)


def draw(paper: Paper) -> Image:
    """Draw a document, clean and level."""
    from PIL import Image, ImageDraw

    layout = paper.layout
    font = load_fonts(layout.serif)
    picture = Image.new("RGB", layout.size, "white")
    pen = ImageDraw.Draw(picture)
    width = layout.size[0]
    pen.text((width / 2, 70), layout.title, font=font(44), fill="black", anchor="mm")
    left, middle, step, at = 90, width * 0.56, 46, 140
    due = layout.date_form.format(y=paper.due[0], m=paper.due[1], d=paper.due[2])
    date = layout.date_form.format(y=paper.date[0], m=paper.date[1], d=paper.date[2])
    small, c = font(25), layout.colon
    pen.text((left, at), f"{layout.customer}{c}{paper.customer[1]}", font=small, fill="black")
    pen.text((middle, at), f"{layout.number}{c}{paper.number}", font=small, fill="black")
    pen.text((left, at + step), f"{layout.date}{c}{date}", font=small, fill="black")
    pen.text((middle, at + step), f"{layout.due}{c}{due}", font=small, fill="black")
    pen.text((left, at + 2 * step), f"{layout.address}{c}{paper.customer[2]}", font=small,
             fill="black")  # fmt: skip
    bottom = _draw_table(pen, paper, at + 3 * step + 14, font)
    if layout.total and not layout.inner_total:
        said = f"{layout.total}{c}{_money(paper.total_fen, layout, True)}"
        pen.text((width - 100, bottom + 24), said, font=small, fill="black", anchor="ra")
    if layout.capitals:
        pen.text((left, bottom + 24), f"大写{c}{_capitals(paper.total_fen)}", font=small,
                 fill="black")  # fmt: skip
    pen.text((left, bottom + 84), f"备注{c}月底前开票", font=small, fill="black")
    pen.text((left, bottom + 130), f"经办人{c}陈工", font=small, fill="black")
    return picture


def _capitals(fen: int) -> str:
    import cn2an

    said: str = cn2an.an2cn(f"{fen / 100:.2f}", "rmb")
    return said


_WEIGHTS: Final = {"no": 1, "name": 4.2, "code": 2.4, "quantity": 1.5, "unit": 1.3, "price": 2,
                   "amount": 2.3}  # fmt: skip


def _draw_table(pen: Any, paper: Paper, top: int, font: Any) -> int:
    layout = paper.layout
    rows = [[word for _, word in layout.columns]]
    for i, line in enumerate(paper.lines):
        cells = {
            "no": str(i + 1),
            "name": line.name,
            "code": line.code,
            "quantity": f"{line.quantity} {line.unit}"
            if layout.inline_unit
            else f"{line.quantity}",
            "unit": line.unit,
            "price": _money(line.price_fen, layout),
            "amount": _money(line.quantity * line.price_fen, layout),
        }
        rows.append([cells[key] for key, _ in layout.columns])
    if layout.inner_total:
        last = [""] * len(layout.columns)
        last[0], last[-1] = layout.total, _money(paper.total_fen, layout, True)
        rows.append(last)
    left, right, tall = 80, layout.size[0] - 80, 50
    weights = [_WEIGHTS[key] for key, _ in layout.columns]
    edges = [left]
    for weight in weights:
        edges.append(edges[-1] + round((right - left) * weight / sum(weights)))
    for r, row in enumerate(rows):
        at = top + r * tall
        for k, word in enumerate(row):
            centre = (edges[k] + edges[k + 1]) / 2
            pen.text((centre, at + tall / 2), word, font=font(23), fill="black", anchor="mm")
    bottom = top + len(rows) * tall
    if layout.ruled:
        for r in range(len(rows) + 1):
            pen.line([(left, top + r * tall), (edges[-1], top + r * tall)], fill="black", width=2)
        for edge in edges:
            pen.line([(edge, top), (edge, bottom)], fill="black", width=2)
    else:
        for at in (top, top + tall, bottom):
            pen.line([(left, at), (edges[-1], at)], fill="black", width=2)
    return bottom


def stamp(picture: Image, at: tuple[int, int], words: str = "采购专用章") -> Image:
    """Set a red stamp over what is written there."""
    from PIL import Image, ImageDraw

    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    x, y = at
    pen.ellipse([x - 80, y - 80, x + 80, y + 80], outline=(205, 40, 40, 170), width=6)
    pen.text((x, y), words, font=load_fonts(False)(25), fill=(205, 40, 40, 170), anchor="mm")
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def photograph(picture: Image, seed: int, quality: int = 60) -> Image:
    """Make a photo of a sheet: on a dark table, askew, uneven light, noise, JPEG."""
    import numpy as np
    from PIL import Image

    dice = random.Random(f"photo/{seed}")
    width, height = picture.size
    pad = 90
    whole = Image.new("RGB", (width + 2 * pad, height + 2 * pad), (96, 104, 110))
    whole.paste(picture, (pad, pad))
    w, h = whole.size
    jog = [dice.randint(0, 46) for _ in range(8)]
    # For each corner of the photo, the point of the sheet's picture that is seen there
    quad = (-jog[0], -jog[1], -jog[2], h + jog[3], w + jog[4], h + jog[5], w + jog[6], -jog[7])
    seen = whole.transform((w, h), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC,
                           fillcolor=(96, 104, 110))  # fmt: skip
    seen = seen.rotate(dice.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, fillcolor=(96, 104, 110))
    pixels = np.asarray(seen).astype(np.float32)
    light = np.linspace(dice.uniform(0.78, 0.95), 1.0, w)[None, :, None]
    noise = np.random.default_rng(seed).normal(0, 7, pixels.shape)
    pixels = np.clip(pixels * light + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def encode(picture: Image, form: str = "JPEG", quality: int = 80) -> bytes:
    """Write a picture as bytes of a file."""
    out = io.BytesIO()
    picture.save(out, form, quality=quality)
    return out.getvalue()


def write_folder(folder: Path, layouts: Sequence[Layout], each: int, photos: bool) -> int:
    """Write documents and fields.json as `danshu bench vision` reads them; the count."""
    folder.mkdir(parents=True, exist_ok=True)
    right: dict[str, dict[str, str]] = {}
    for n, layout in enumerate(layouts):
        for i in range(each):
            paper = invent(layout, i)
            picture = draw(paper)
            if i % 3 == 2:
                picture = stamp(picture, (layout.size[0] - 330, layout.size[1] - 330))
            if photos:
                picture = photograph(picture, 31 * n + i)
            name = f"{layout.name}-{i}.jpg"
            (folder / name).write_bytes(encode(picture))
            right[name] = paper.fields()
    (folder / "fields.json").write_bytes(msgspec.json.format(msgspec.json.encode(right), indent=1))
    return len(right)
