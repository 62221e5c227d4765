"""A gauge in the picture of a fixed camera: the level in a sight glass, the needle of a dial.

Only what stands in the region that a person drew is measured. Where the glass shows no edge, the
needle does not stand out, light blinds the camera or the camera has moved, nothing is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Pixels

Floats = NDArray[np.float64]

EDGE_LEAST: Final = 25.0  # levels of 255 between the two means; below, there is nothing to read
BORDER: Final = 24  # px: side of the patch that tells whether the camera has moved
_AROUND: Final = 0.4  # of the region's size: how much around it belongs to the patch
_ALIKE: Final = 0.6  # correlation of the patches; below, the camera looks elsewhere
_GLARE_LEVEL: Final = 250
_GLARE_GREY: Final = 40  # saturation: glare has no colour
_GLARE_SHARE: Final = 0.08
_BLUR: Final = 0.18  # of the height: a level that fades over more of it is no level
_STEP_DEG: Final = 0.5
_NEAR: Final = 0.35  # of the radius: the hub and the tail of a needle lie within
_FAR: Final = 0.78
_APART_DEG: Final = 20.0
_RIVAL: Final = 0.75
_SLACK_DEG: Final = 8.0


class Region(Struct, frozen=True, kw_only=True):
    """What a person drew: a rectangle in pixels of a picture of `width` x `height`; of a dial the
    angles of its scale's ends, degrees clockwise from 12 o'clock, `sweep` from the lower end.
    """

    kind: str
    width: int
    height: int
    box: tuple[int, int, int, int]
    start_deg: float = 225.0
    sweep_deg: float = 270.0


class Reading(Struct, frozen=True, kw_only=True, eq=False):
    """A share of the scale from 0 to 1, how sure (thousandths), and what speaks against it."""

    share: float
    confidence: int
    contrast: float
    troubles: tuple[str, ...]
    border: tuple[float, ...]
    profile: tuple[float, ...] = ()


def measure(pixels: Pixels, region: Region, template: bytes) -> Reading:
    """Read a gauge; `template` is the patch of the day that the region was drawn, b"" = none."""
    height, width = pixels.shape[:2]
    troubles = []
    x, y, w, h = region.box
    if (width, height) != (region.width, region.height):
        troubles.append("moved_camera")
        pixels = np.asarray(cv2.resize(pixels, (region.width, region.height)), dtype=np.uint8)
        height, width = region.height, region.width
    if x < 0 or y < 0 or w < 8 or h < 8 or x + w > width or y + h > height:
        return Reading(share=0, confidence=0, contrast=0, troubles=("out_of_roi",), border=())
    patch = _border(pixels, region.box)
    if template and not _looks_alike(patch, template):
        troubles.append("moved_camera")
    inside = pixels[y : y + h, x : x + w]
    if _glares(inside):
        troubles.append("glare")
    read = _read_level if region.kind == "level" else _read_dial
    share, contrast, sure, profile, why = read(inside, region)
    troubles += why
    confidence = 0 if troubles else round(1000 * max(0.0, min(0.99, sure)))
    return Reading(
        share=share,
        confidence=confidence,
        contrast=contrast,
        troubles=tuple(dict.fromkeys(troubles)),
        border=tuple(float(v) for v in patch.ravel()),
        profile=tuple(float(v) for v in profile),
    )


def _border(pixels: Pixels, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Cut what lies around the region, with the region itself blank: the gauge may change."""
    x, y, w, h = box
    dx, dy = round(w * _AROUND), round(h * _AROUND)
    left, top = max(0, x - dx), max(0, y - dy)
    part = cv2.cvtColor(pixels[top : y + h + dy, left : x + w + dx], cv2.COLOR_BGR2GRAY)
    part[y - top : y - top + h, x - left : x - left + w] = 0
    small = cv2.resize(part, (BORDER, BORDER), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _looks_alike(patch: NDArray[np.uint8], template: bytes) -> bool:
    """Compare two patches whatever the light: correlation where neither is blank."""
    if len(template) != BORDER * BORDER:
        return False
    then = np.frombuffer(template, np.uint8).astype(np.float64)
    now = patch.ravel().astype(np.float64)
    seen = (then > 0) & (now > 0)
    if seen.sum() < BORDER:
        return False
    a, b = now[seen] - now[seen].mean(), then[seen] - then[seen].mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if size < 1.0:
        return True  # both are even walls: nothing to compare
    return float((a * b).sum() / size) >= _ALIKE


def _glares(inside: Pixels) -> bool:
    hsv = cv2.cvtColor(inside, cv2.COLOR_BGR2HSV)
    blind = (hsv[..., 2] >= _GLARE_LEVEL) & (hsv[..., 1] <= _GLARE_GREY)
    return float(blind.mean()) > _GLARE_SHARE


Found = tuple[float, float, float, Floats, list[str]]


def _read_level(inside: Pixels, _region: Region) -> Found:
    """Find the row that parts the glass best into two means, by saturation or by brightness."""
    height, width = inside.shape[:2]
    middle = inside[:, round(width * 0.2) : max(round(width * 0.8), round(width * 0.2) + 1)]
    hsv = cv2.cvtColor(np.ascontiguousarray(middle), cv2.COLOR_BGR2HSV)
    best: Found = (0.0, 0.0, 0.0, np.zeros(0), ["low_contrast"])
    for channel in (1, 2):
        profile = np.median(hsv[..., channel].astype(np.float64), axis=1)
        at, contrast, rest = _split(profile)
        if contrast > best[1]:
            why = [] if contrast >= EDGE_LEAST else ["low_contrast"]
            if not why and _fades(profile, at) > _BLUR * height:
                why = ["no_edge"]
            sure = 1.0 - 2.0 * rest / max(contrast, 1.0)
            best = (1.0 - at / height, contrast, sure, profile, why)
    return best


def _split(profile: Floats) -> tuple[float, float, float]:
    """Give the best two-mean split of a profile: where, how far the means are apart, the spread."""
    size = len(profile)
    total = np.cumsum(profile)
    above = np.arange(1, size)
    first = total[:-1] / above
    second = (total[-1] - total[:-1]) / (size - above)
    between = above * (size - above) * (first - second) ** 2
    between[: max(1, size // 40)] = 0
    between[size - 1 - max(1, size // 40) :] = 0
    at = int(np.argmax(between))
    rest = np.concatenate([profile[: at + 1] - first[at], profile[at + 1 :] - second[at]])
    return at + 1.0, float(abs(first[at] - second[at])), float(np.sqrt((rest**2).mean()))


def _fades(profile: Floats, at: float) -> float:
    """Give over how many rows a profile goes from near one mean to near the other."""
    upper, lower = float(profile[: int(at)].mean()), float(profile[int(at) :].mean())
    share = (profile - upper) / (lower - upper)
    return float(((share > 0.25) & (share < 0.75)).sum())


def _read_dial(inside: Pixels, region: Region) -> Found:
    """Find the angle at which a ray from the centre differs most from all others."""
    grey = cv2.cvtColor(np.ascontiguousarray(inside), cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = grey.shape
    angles = np.arange(0.0, 360.0, _STEP_DEG)
    radii = np.linspace(_NEAR, _FAR, 32) * min(height, width) / 2
    turn = np.radians(angles)[:, None]
    xs = (width / 2 + np.sin(turn) * radii).astype(np.float32)
    ys = (height / 2 - np.cos(turn) * radii).astype(np.float32)
    rays = cv2.remap(grey, xs, ys, cv2.INTER_LINEAR).astype(np.float64).mean(axis=1)
    apart = rays - np.median(rays)
    strength = np.abs(apart)
    at = int(np.argmax(strength))
    away = np.abs((angles - angles[at] + 180) % 360 - 180)
    rival = float(strength[away > _APART_DEG].max())
    contrast = float(strength[at])
    why = []
    if contrast < EDGE_LEAST:
        why.append("low_contrast")
    elif rival > _RIVAL * contrast:
        why.append("two_needles")
    near = away <= 6.0
    weight = np.clip(strength[near] - contrast / 2, 0, None)
    offset = (angles[near] - angles[at] + 180) % 360 - 180
    angle = float(angles[at] + (offset * weight).sum() / max(float(weight.sum()), 1e-9))
    turned = (angle - region.start_deg + _SLACK_DEG) % 360 - _SLACK_DEG
    if turned > region.sweep_deg + _SLACK_DEG:
        why.append("out_of_roi")
    share = min(1.0, max(0.0, turned / region.sweep_deg))
    return share, contrast, 1.0 - rival / max(contrast, 1.0), rays, why
