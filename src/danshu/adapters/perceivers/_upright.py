"""How a photographed sheet lies: its corners, the side that is up, and the small angle.

Everything is a 3x3 homography from the page's own pixels to upright pixels, so that what is found
on the upright page can be shown on the picture as it came in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Pixels


Floats = NDArray[np.float64]

LONG_SIDE: Final = 1_800  # of the upright page: characters of a usual sheet are 20 to 40 px then
_SMALL: Final = 900  # px of the long side; characters would be too small
_ENLARGED: Final = 1.6
_SHEET_LEAST: Final = 0.25  # of the picture
_SHEET_MOST: Final = 0.96
_SKEW_LEAST: Final = 0.15  # degrees
_TALL: Final = 1.6


def shrink(pixels: Pixels) -> tuple[Pixels, Floats]:
    """Bring a page to a size that is read well, and the homography that does so."""
    height, width = pixels.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale > 1:
        scale = min(scale, _ENLARGED) if max(height, width) < _SMALL else 1.0
    to = np.diag([scale, scale, 1.0])
    if scale == 1.0:
        return pixels, to
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), dtype=np.uint8), to


def find_sheet(pixels: Pixels) -> Floats | None:
    """Find the corners of a light sheet on a darker ground, clockwise from the upper left."""
    height, width = pixels.shape[:2]
    scale = 500 / max(height, width)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    _, light = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    largest = max(outlines, key=cv2.contourArea)
    area, whole = cv2.contourArea(largest), small.shape[0] * small.shape[1]
    if not _SHEET_LEAST < area / whole < _SHEET_MOST:
        return None
    hull = cv2.convexHull(largest)
    corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
    if len(corners) != 4 or area < 0.9 * cv2.contourArea(corners):
        return None
    points = corners.reshape(4, 2).astype(np.float64)
    order = np.argsort(np.arctan2(*(points - points.mean(0)).T[::-1]))
    points = points[order]
    points = np.roll(points, -int(np.argmin(points.sum(1))), axis=0)
    edge = 2.0
    low, high = points.min(0), points.max(0)
    inside = low.min() > edge or high[0] < small.shape[1] - edge or high[1] < small.shape[0] - edge
    return points / scale if inside else None


def flatten_sheet(corners: Floats) -> tuple[Floats, tuple[int, int]]:
    """Give the homography that makes four corners a rectangle, and its width and height."""
    top, right, bottom, left = [
        float(np.linalg.norm(corners[i] - corners[(i + 1) % 4])) for i in range(4)
    ]
    width, height = round(max(top, bottom)), round(max(left, right))
    there = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    found = cv2.getPerspectiveTransform(corners.astype(np.float32), there)
    return np.asarray(found, dtype=np.float64), (width, height)


def turn(width: int, height: int, steps: int) -> tuple[Floats, tuple[int, int]]:
    """Give the homography that turns a page clockwise by 90-degree steps, and its new size."""
    ways = {
        0: ([[1, 0, 0], [0, 1, 0]], (width, height)),
        1: ([[0, -1, height], [1, 0, 0]], (height, width)),
        2: ([[-1, 0, width], [0, -1, height]], (width, height)),
        3: ([[0, 1, 0], [-1, 0, width]], (height, width)),
    }
    rows, size = ways[steps % 4]
    return np.array([*rows, [0, 0, 1]], np.float64), size


def measure_skew(boxes: Floats) -> float:
    """Measure the angle of lines of words in degrees: the median by length (n x 4 x 2)."""
    if len(boxes) == 0:
        return 0.0
    along = boxes[:, 1] - boxes[:, 0]
    length = np.linalg.norm(along, axis=1)
    tall = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    wide = length > 3 * tall
    if wide.sum() < 3:
        return 0.0
    angles = np.degrees(np.arctan2(along[wide, 1], along[wide, 0]))
    order = np.argsort(angles)
    half = np.cumsum(length[wide][order]) >= length[wide].sum() / 2
    angle = float(angles[order][int(np.argmax(half))])
    return angle if _SKEW_LEAST < abs(angle) < 30 else 0.0


def level(angle: float, width: int, height: int) -> Floats:
    """Give the homography that turns a page by `-angle` degrees about its middle."""
    found = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.vstack([np.asarray(found, dtype=np.float64), [0, 0, 1]])


def lies_sideways(boxes: Floats) -> bool:
    """Say whether most lines of words run from top to bottom."""
    if len(boxes) < 3:
        return False
    wide = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)
    tall = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    long = np.maximum(wide, tall) > _TALL * np.minimum(wide, tall)
    return bool((tall > wide)[long].sum() > 0.6 * max(1, long.sum())) and long.sum() >= 3


def move(points: Floats, by: Floats) -> Floats:
    """Apply a homography to points (any shape that ends in 2)."""
    flat = points.reshape(-1, 2)
    full = np.hstack([flat, np.ones((len(flat), 1))]) @ by.T
    return np.asarray((full[:, :2] / full[:, 2:]).reshape(points.shape), dtype=np.float64)


def warp(pixels: Pixels, by: Floats, size: tuple[int, int]) -> Pixels:
    """Apply a homography to a picture; what lies outside is white."""
    white = (255, 255, 255)
    moved = cv2.warpPerspective(
        pixels, by, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=white
    )
    return np.asarray(moved, dtype=np.uint8)
