"""Gauges of the project's own, drawn: sight glasses and dials as a fixed camera sees them, by any
light, with noise, and as it can't read them (fog, glare, a camera that was moved).
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 480, 360
LEVEL_BOX: Final = (200, 60, 60, 240)
DIAL_BOX: Final = (130, 60, 220, 220)
Spoilt = Literal["", "fog", "glare", "moved", "full"]
_OILS: Final = ((196, 138, 42), (160, 96, 30), (120, 60, 24), (210, 170, 60), (60, 90, 150))


class Scene(Struct, frozen=True, kw_only=True):
    """A picture to be drawn: `share` of the scale, light from 0.5 to 1.3, noise in levels."""

    kind: Literal["level", "dial"]
    share: float
    light: float = 1.0
    noise: float = 4.0
    oil: int = 0
    spoilt: Spoilt = ""
    seed: int = 0


def region(kind: str) -> dict[str, Any]:
    """Give the region that somebody drew in these pictures."""
    box = LEVEL_BOX if kind == "level" else DIAL_BOX
    return {
        "kind": kind, "width": WIDTH, "height": HEIGHT, "box": list(box),
        "start_deg": 225.0, "sweep_deg": 270.0, "low": 0, "high": 100, "unit": "%",
    }  # fmt: skip


def draw(scene: Scene) -> bytes:
    """Draw a scene as JPEG."""
    rng = np.random.default_rng(scene.seed)
    picture = Image.new("RGB", (WIDTH, HEIGHT), (118, 124, 128))
    pen = ImageDraw.Draw(picture)
    _draw_wall(pen)
    if scene.kind == "level":
        _draw_glass(pen, scene)
    else:
        _draw_dial(pen, scene)
    if scene.spoilt == "moved":
        picture = picture.transform(
            picture.size, Image.Transform.AFFINE, (1, 0, 95, 0, 1, -60), fillcolor=(60, 62, 70)
        )
    if scene.spoilt == "fog":
        fog = Image.new("RGB", picture.size, (176, 178, 180))
        picture = Image.blend(picture, fog, 0.93)
    if scene.spoilt == "glare":
        _draw_glare(picture, scene)
    picture = picture.filter(ImageFilter.GaussianBlur(0.8))
    return _finish(np.asarray(picture, dtype=np.float64), scene, rng)


def _draw_wall(pen: ImageDraw.ImageDraw) -> None:
    """What surrounds a gauge: pipes, a plate, bolts. A camera that moves sees them elsewhere."""
    pen.rectangle((0, 300, WIDTH, HEIGHT), fill=(70, 74, 80))
    pen.rectangle((20, 0, 60, HEIGHT), fill=(150, 60, 50))
    pen.rectangle((400, 0, 430, HEIGHT), fill=(52, 96, 120))
    pen.rectangle((96, 24, 384, 330), fill=(142, 146, 150), outline=(40, 40, 44), width=3)
    for x, y in ((112, 40), (366, 40), (112, 314), (366, 314)):
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), fill=(48, 50, 54))


def _draw_glass(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    x, y, w, h = LEVEL_BOX
    pen.rectangle((x - 8, y - 8, x + w + 8, y + h + 8), fill=(66, 68, 72))
    pen.rectangle((x, y, x + w, y + h), fill=(206, 208, 204))
    share = 1.0 if scene.spoilt == "full" else scene.share
    top = y + h * (1 - share)
    pen.rectangle((x, top, x + w, y + h), fill=_OILS[scene.oil % len(_OILS)])


def _draw_dial(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    x, y, w, h = DIAL_BOX
    cx, cy, r = x + w / 2, y + h / 2, w / 2
    pen.ellipse((x, y, x + w, y + h), fill=(232, 232, 226), outline=(30, 30, 30), width=5)
    for tick in range(11):
        a = math.radians(225 + 270 * tick / 10)
        near, far = 0.86 * r, 0.95 * r
        pen.line(
            [_on(cx, cy, a, near), _on(cx, cy, a, far)],
            fill=(20, 20, 20), width=3,
        )  # fmt: skip
    a = math.radians(225 + 270 * scene.share)
    if scene.spoilt != "full":  # a dial that lost its needle
        tip, tail = 0.8 * r, -0.22 * r
        pen.line(
            [_on(cx, cy, a, tail), _on(cx, cy, a, tip)],
            fill=(24, 24, 28), width=6,
        )  # fmt: skip
    pen.ellipse((cx - 10, cy - 10, cx + 10, cy + 10), fill=(60, 60, 64))


def _on(cx: float, cy: float, angle: float, radius: float) -> tuple[float, float]:
    return cx + math.sin(angle) * radius, cy - math.cos(angle) * radius


def _draw_glare(picture: Image.Image, scene: Scene) -> None:
    x, y, w, h = LEVEL_BOX if scene.kind == "level" else DIAL_BOX
    pen = ImageDraw.Draw(picture)
    cx, cy = x + w * 0.5, y + h * (0.3 + 0.4 * scene.share)
    pen.ellipse((cx - w * 0.5, cy - h * 0.2, cx + w * 0.5, cy + h * 0.2), fill=(255, 255, 255))


def _finish(pixels: NDArray[np.float64], scene: Scene, rng: np.random.Generator) -> bytes:
    """Light, a gradient of it, noise, and JPEG."""
    fall = np.linspace(1.08, 0.9, WIDTH)[None, :, None]
    light = 1.0 if scene.spoilt == "glare" else scene.light
    pixels = pixels * light * (1.0 if scene.spoilt == "glare" else fall)
    pixels = pixels + rng.normal(0, scene.noise, pixels.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=82)
    return file.getvalue()
