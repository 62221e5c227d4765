"""One page, looked at: laid flat and upright, its words found, cut at table lines, and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from danshu.adapters.perceivers import _grid, _ocr, _upright
from danshu.adapters.perceivers._codes import read_codes
from danshu.adapters.perceivers._grid import Cell, Rect
from danshu.ports.perceiver import Piece

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Page, Pixels

Floats = NDArray[np.float64]

_LEAST: Final = 300  # thousandths; below, what was read is noise
_COLOURED: Final = 70  # of 255: less is white paper in warm light
_LEAST_INK: Final = 600  # of marks that the detector did not take for words


class Sight(Struct, frozen=True, kw_only=True):
    """What is on a page: `page` is its own size, `width`, `height` that of the upright page, and
    `upright` the homography between them, row by row. `grounds` are hues in degrees of what lies
    behind a piece, by its number, where that is a colour.
    """

    pieces: tuple[Piece, ...]
    page: tuple[int, int]
    width: int
    height: int
    upright: tuple[float, ...]
    contrast: float
    grounds: Mapping[int, float] = {}


class _Found(Struct, kw_only=True):
    """A line of words on the upright page, not yet read."""

    corners: Floats
    cell: Cell | None = None
    least: int = _LEAST


def look(page: Page) -> Sight:
    """Look at a page."""
    height, width = page.pixels.shape[:2]
    codes = read_codes(page.pixels)
    if page.words:
        pixels, to = page.pixels, np.eye(3)
        boxes = np.array([_corners(w.box) for w in page.words])
        found, texts = _share_born(page, pixels, boxes)
    else:
        pixels, to, boxes = _lay_upright(page.pixels)
        found = _share(pixels, boxes)
        texts = _ocr.read_words([_ocr.cut(pixels, f.corners) for f in found])
    back = np.asarray(np.linalg.inv(to), dtype=np.float64)
    most = np.array([width, height], np.float64)
    pieces: list[Piece] = []
    grounds: dict[int, float] = {}
    for one, (text, sure) in zip(found, texts, strict=True):
        if text and sure >= one.least:
            corners = np.clip(_upright.move(one.corners, back), 0, most)
            pieces.append(_piece(one, text, sure, corners))
            ground = _ground(pixels, one.corners)
            if ground is not None:
                grounds[len(pieces) - 1] = ground
    return Sight(
        pieces=(*pieces, *codes),
        page=(width, height),
        width=pixels.shape[1],
        height=pixels.shape[0],
        upright=tuple([float(v) for v in (to / to[2, 2]).ravel()]),
        contrast=_contrast(pixels),
        grounds=grounds,
    )


def _piece(one: _Found, text: str, sure: int, corners: Floats) -> Piece:
    box = tuple([round(float(v)) for v in corners.ravel()])
    if one.cell is None:
        return Piece(text=text, confidence=sure, box=box)
    cell = one.cell
    return Piece(
        text=text, confidence=sure, box=box, table=cell.table, row=cell.row, column=cell.column
    )


def _lay_upright(pixels: Pixels) -> tuple[Pixels, Floats, Floats]:
    """Lay a photographed page flat, on its feet and level; finds boxes of words on the way."""
    to: Floats = np.eye(3)
    corners = _upright.find_sheet(pixels)
    if corners is not None:
        to, size = _upright.flatten_sheet(corners)
        flat = _upright.warp(pixels, to, size)
    else:
        flat = pixels
    small, by = _upright.shrink(flat)
    to = by @ to
    boxes = _ocr.find_words(small)
    if _upright.lies_sideways(boxes):
        small, to, boxes = _turn(small, to, 1)
        boxes = _ocr.find_words(small)
    if len(boxes) and _ocr.stand_upside_down([_ocr.cut(small, b) for b in _longest(boxes)]):
        small, to, boxes = _turn(small, to, 2, boxes)
    angle = _upright.measure_skew(boxes)
    if angle:
        height, width = small.shape[:2]
        by = _upright.level(angle, width, height)
        small, to, boxes = _upright.warp(small, by, (width, height)), by @ to, _move(boxes, by)
    return small, to, boxes


def _longest(boxes: Floats) -> Floats:
    length = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)
    return boxes[np.argsort(-length)[:12]]


def _turn(
    pixels: Pixels, to: Floats, steps: int, boxes: Floats | None = None
) -> tuple[Pixels, Floats, Floats]:
    by, _ = _upright.turn(pixels.shape[1], pixels.shape[0], steps)
    turned = np.ascontiguousarray(np.rot90(pixels, -steps))
    moved = np.zeros((0, 4, 2)) if boxes is None else np.roll(_move(boxes, by), -steps, axis=1)
    return turned, by @ to, moved


def _move(boxes: Floats, by: Floats) -> Floats:
    return _upright.move(boxes, by) if len(boxes) else boxes


def _share(pixels: Pixels, boxes: Floats) -> list[_Found]:
    """Share boxes among the cells of ruled tables, with what the detector missed in them."""
    cells, ink = _grid.find_cells(pixels)
    held, free = _grid.place_words([_rect(b) for b in boxes], cells)
    found = [_Found(corners=boxes[i]) for i in free]
    for i, cell in enumerate(cells):
        parts = held.get(i)
        if parts:
            found.extend([_Found(corners=_corners(_inside(p, cell)), cell=cell) for p in parts])
            continue
        mark = _grid.find_ink(ink, cell.box)
        if mark:
            found.append(_Found(corners=_corners(mark), cell=cell, least=_LEAST_INK))
    return _in_order(found)


def _share_born(
    page: Page, pixels: Pixels, boxes: Floats
) -> tuple[list[_Found], list[tuple[str, int]]]:
    """Find the cells in which a PDF's own words stand; words need no reading."""
    cells, _ = _grid.find_cells(pixels)
    found = []
    for box in boxes:
        middle = box.mean(0)
        inside = [c for c in cells if _holds(c.box, middle)]
        found.append(_Found(corners=box, cell=inside[0] if inside else None))
    order = {id(f): (w.text, 1000) for f, w in zip(found, page.words, strict=True)}
    found = _in_order(found)
    return found, [order[id(f)] for f in found]


def _holds(box: Rect, point: Floats) -> bool:
    x, y = float(point[0]), float(point[1])
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _inside(part: Rect, cell: Cell) -> Rect:
    """Keep a line of words clear of its cell's ruled lines."""
    left, top, right, bottom = cell.box
    return (
        max(part[0], left + 1), max(part[1], top), min(part[2], right - 1), min(part[3], bottom)
    )  # fmt: skip


def _rect(box: Floats) -> Rect:
    low, high = box.min(0), box.max(0)
    return (int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def _corners(rect: Rect | tuple[float, float, float, float]) -> Floats:
    left, top, right, bottom = rect
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def _in_order(found: list[_Found]) -> list[_Found]:
    """Reading order: by lines that stand level, from the left."""
    lines: list[tuple[float, float, list[_Found]]] = []
    for one in sorted(found, key=lambda f: float(f.corners[:, 1].mean())):
        middle = float(one.corners[:, 1].mean())
        tall = float(np.linalg.norm(one.corners[3] - one.corners[0]))
        if lines and abs(middle - lines[-1][0]) < 0.5 * min(tall, lines[-1][1]):
            lines[-1][2].append(one)
        else:
            lines.append((middle, tall, [one]))
    return [f for _, _, line in lines for f in sorted(line, key=lambda f: float(f.corners[0, 0]))]


def _contrast(pixels: Pixels) -> float:
    """Levels between the darkest hundredth of the page and its usual ground."""
    grey = cv2.cvtColor(pixels[::4, ::4], cv2.COLOR_BGR2GRAY)
    dark, ground = np.percentile(grey, (1, 50))
    light = np.percentile(grey, 99)
    return float(max(ground - dark, light - ground))


def _ground(pixels: Pixels, corners: Floats) -> float | None:
    """Hue in degrees behind words that stand on a colour (a bubble of a chat), else None."""
    left, top, right, bottom = _rect(corners)
    patch = pixels[max(0, top) : max(1, bottom), max(0, left) : max(1, right)]
    if patch.size == 0:
        return None
    hsv = cv2.cvtColor(patch[::2, ::2], cv2.COLOR_BGR2HSV).reshape(-1, 3)
    hue, strength, light = np.median(hsv, axis=0)
    return float(hue) * 2 if strength > _COLOURED and light > _COLOURED else None
