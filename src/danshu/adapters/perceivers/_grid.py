"""Ruled tables: lines that are drawn, the cells between them, and which words stand in which.

Cells are what lines enclose, so that merged cells need nothing of their own. Neighbours give rows
and columns, not coordinates: a sheet that still lies a degree askew keeps its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from danshu.kernel.limits import DOCUMENT_CELLS

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Pixels

Mask = NDArray[np.uint8]
Rect = tuple[int, int, int, int]  # left, top, right, bottom

_LEAST: Final = 14  # px of a cell's height and width
_SPLIT: Final = 10  # px of a word's box in a second cell that make it stand in both
_INK: Final = 12  # px of height that make a mark a character


class Cell(Struct, frozen=True, kw_only=True):
    """A cell of table `table` in upright pixels; rows and columns count from 0."""

    box: Rect
    table: int
    row: int
    column: int


def find_cells(pixels: Pixels) -> tuple[list[Cell], Mask]:
    """Find the cells of ruled tables, and all ink that is no line (for what a detector misses)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 12
    )
    height, width = dark.shape
    long, tall = max(30, width // 28), max(24, height // 60)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((tall, 1), np.uint8))
    across = cv2.dilate(across, np.ones((3, 15), np.uint8))
    down = cv2.dilate(down, np.ones((11, 3), np.uint8))
    lines = cv2.bitwise_or(across, down).astype(np.uint8)
    wider = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    ink = cv2.bitwise_and(dark, cv2.bitwise_not(wider)).astype(np.uint8)
    cells: list[Cell] = []
    count, _, shapes, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    tables = [tuple(int(v) for v in shapes[i][:4]) for i in range(1, count)]
    tables = [t for t in tables if t[2] > width * 0.25 and t[3] > 3 * _LEAST]
    for left, top, wide, high in sorted(tables, key=lambda t: t[1])[:20]:
        inner = np.asarray(lines[top : top + high, left : left + wide] == 0, dtype=np.uint8)
        boxes = [(left + a, top + b, left + c, top + d) for a, b, c, d in _enclosed(inner)]
        if len(boxes) >= 4 and len(cells) + len(boxes) <= DOCUMENT_CELLS:
            number = cells[-1].table + 1 if cells else 0
            cells.extend(_arrange(boxes, number))
    return cells, ink


def _enclosed(inner: Mask) -> list[Rect]:
    height, width = inner.shape
    count, _, shapes, _ = cv2.connectedComponentsWithStats(inner, connectivity=4)
    found: list[Rect] = []
    for i in range(1, min(count, DOCUMENT_CELLS)):
        left, top, wide, high, area = (int(v) for v in shapes[i])
        open_side = left == 0 or top == 0 or left + wide == width or top + high == height
        if open_side or wide < _LEAST or high < _LEAST or area < 0.7 * wide * high:
            continue
        found.append((left, top, left + wide, top + high))
    return found


def _arrange(boxes: list[Rect], table: int) -> list[Cell]:
    """Number rows and columns: cells beside one another that are as tall share a row."""
    rows = _chain(boxes, 0)
    columns = _chain(boxes, 1)
    return [
        Cell(box=box, table=table, row=rows[i], column=columns[i]) for i, box in enumerate(boxes)
    ]


def _chain(boxes: list[Rect], axis: int) -> list[int]:
    """Number the chains of cells that touch along an axis and span the same of the other one."""
    other = 1 - axis
    parent = list(range(len(boxes)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    order = sorted(range(len(boxes)), key=lambda i: boxes[i][axis])
    for at, i in enumerate(order):
        for j in order[at + 1 :]:
            gap = boxes[j][axis] - boxes[i][axis + 2]
            if gap > _LEAST:
                break
            if gap > -_LEAST and _same_span(boxes[i], boxes[j], other):
                parent[root(j)] = root(i)
    groups: dict[int, list[int]] = {}
    for i in range(len(boxes)):
        groups.setdefault(root(i), []).append(boxes[i][other])
    places = sorted(groups, key=lambda g: sum(groups[g]) / len(groups[g]))
    numbers = {group: n for n, group in enumerate(places)}
    return [numbers[root(i)] for i in range(len(boxes))]


def _same_span(a: Rect, b: Rect, axis: int) -> bool:
    both = min(a[axis + 2], b[axis + 2]) - max(a[axis], b[axis])
    return both > 0.6 * max(a[axis + 2] - a[axis], b[axis + 2] - b[axis])


def place_words(words: list[Rect], cells: list[Cell]) -> tuple[dict[int, list[Rect]], list[int]]:
    """Share the boxes of words among cells: by cell its lines of words, and which boxes stand in
    none. A box across a ruled line is parted there; boxes on one line of a cell become one.
    """
    held: dict[int, list[Rect]] = {}
    free: list[int] = []
    for number, word in enumerate(words):
        parts = []
        for i, cell in enumerate(cells):
            left, right = max(word[0], cell.box[0]), min(word[2], cell.box[2])
            top, bottom = max(word[1], cell.box[1]), min(word[3], cell.box[3])
            if right - left < min(_SPLIT, 0.5 * (word[2] - word[0])) or bottom <= top:
                continue
            if bottom - top > 0.5 * min(word[3] - word[1], cell.box[3] - cell.box[1]):
                parts.append((i, (left, top, right, bottom)))
        covered = sum([p[1][2] - p[1][0] for p in parts])
        if not parts or covered < 0.5 * (word[2] - word[0]):
            free.append(number)
            continue
        for i, part in parts:
            held.setdefault(i, []).append(part)
    return {i: _join_lines(parts) for i, parts in held.items()}, free


def _join_lines(parts: list[Rect]) -> list[Rect]:
    lines: list[Rect] = []
    for part in sorted(parts, key=lambda p: p[1] + p[3]):
        for n, line in enumerate(lines):
            both = min(part[3], line[3]) - max(part[1], line[1])
            if both > 0.5 * min(part[3] - part[1], line[3] - line[1]):
                lines[n] = (
                    min(part[0], line[0]),
                    min(part[1], line[1]),
                    max(part[2], line[2]),
                    max(part[3], line[3]),
                )
                break
        else:
            lines.append(part)
    return lines


def find_ink(ink: Mask, cell: Rect) -> Rect | None:
    """Find what is written in a cell where a detector saw nothing: a lone digit, mostly."""
    left, top, right, bottom = cell[0] + 4, cell[1] + 4, cell[2] - 4, cell[3] - 4
    inside = ink[top:bottom, left:right]
    if inside.size == 0:
        return None
    count, _, shapes, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    marks = [shapes[i] for i in range(1, count) if shapes[i][3] >= _INK and shapes[i][4] >= 20]
    if not marks:
        return None
    x0 = min(int(m[0]) for m in marks)
    y0 = min(int(m[1]) for m in marks)
    x1 = max(int(m[0] + m[2]) for m in marks)
    y1 = max(int(m[1] + m[3]) for m in marks)
    pad = 5
    return (left + x0 - pad, top + y0 - pad, left + x1 + pad, top + y1 + pad)
