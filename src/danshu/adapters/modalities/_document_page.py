"""What was perceived of a document, laid upright: tokens of words and the lines that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.ports.perceiver import Perception

_LEVEL: Final = 0.55  # of a height that two tokens of one line overlap


class Token(Struct, frozen=True, kw_only=True):
    """Words where they stand: `x0` … `y1` on the upright page in thousandths of its width (so that
    both axes have one scale), `box` on the page as it came in. `ground` is the hue of a coloured
    ground in degrees, -1 = white or grey.
    """

    text: str
    sure: int
    x0: float
    y0: float
    x1: float
    y1: float
    page: int
    box: tuple[int, ...]
    table: int = -1
    row: int = -1
    column: int = -1
    kind: str = "text"
    path: str = ""
    ground: float = -1.0

    @property
    def tall(self) -> float:
        """Height of the words."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """The height at which they stand."""
        return (self.y0 + self.y1) / 2


class Sheet(Struct, frozen=True, kw_only=True):
    """A page: its tokens in reading order, `tall` its height in thousandths of its width."""

    tokens: tuple[Token, ...]
    tall: float


def lay(perception: Perception) -> tuple[Sheet, ...]:
    """Lay every page upright."""
    figures = perception.figures
    count = max([p.page for p in perception.pieces], default=-1) + 1
    sheets = []
    for page in range(max(count, len(perception.pages))):
        size = perception.pages[page] if page < len(perception.pages) else (1000, 1000)
        to = [figures.get(f"page{page}_upright{i}", float(i in (0, 4, 8))) for i in range(9)]
        width = figures.get(f"page{page}_width", float(size[0])) or 1.0
        height = figures.get(f"page{page}_height", float(size[1])) or 1.0
        tokens = []
        for n, piece in enumerate(perception.pieces):
            if piece.page != page or not piece.text.strip():
                continue
            xs, ys = _move(piece.box, to)
            scale = 1000 / width
            tokens.append(
                Token(
                    text=piece.text.strip(),
                    sure=piece.confidence,
                    page=page,
                    box=piece.box,
                    x0=min(xs) * scale,
                    x1=max(xs) * scale,
                    y0=min(ys) * scale,
                    y1=max(ys) * scale,
                    table=piece.table,
                    row=piece.row,
                    column=piece.column,
                    kind=piece.kind,
                    path=piece.path,
                    ground=figures.get(f"piece{n}_ground", -1.0),
                )
            )
        sheets.append(Sheet(tokens=tuple(tokens), tall=1000 * height / width))
    return tuple(sheets)


def _move(box: Sequence[int], to: Sequence[float]) -> tuple[list[float], list[float]]:
    xs, ys = [], []
    for i in range(0, len(box) - 1, 2):
        x, y = box[i], box[i + 1]
        w = to[6] * x + to[7] * y + to[8] or 1.0
        xs.append((to[0] * x + to[1] * y + to[2]) / w)
        ys.append((to[3] * x + to[4] * y + to[5]) / w)
    return xs or [0.0], ys or [0.0]


def make_lines(tokens: Sequence[Token]) -> list[list[Token]]:
    """Group tokens that stand level, from the top; each line from the left."""
    lines: list[list[Token]] = []
    for token in sorted(tokens, key=lambda t: t.middle):
        for line in reversed(lines[-3:]):
            held = line[-1]
            both = min(held.y1, token.y1) - max(held.y0, token.y0)
            if both > _LEVEL * min(held.tall, token.tall):
                line.append(token)
                break
        else:
            lines.append([token])
    return [sorted(line, key=lambda t: t.x0) for line in lines]
