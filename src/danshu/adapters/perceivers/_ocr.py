"""PP-OCRv6 as rapidocr bundles it: where words are, which way they stand, what they say.

Its stages are called one by one, since between finding and reading a box of words is cut at the
lines of a table. Models come with the distribution; nothing is fetched.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Pixels

THREADS: Final = 2
_SIDE: Final = 736
_MODELS: Final = (
    "PP-OCRv6_det_small.onnx",
    "PP-OCRv6_rec_small.onnx",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
)
_UPSIDE_DOWN: Final = "180"

Floats = NDArray[np.float64]


@lru_cache(maxsize=1)
def find_digest() -> str:
    """Give the SHA-256 (hex) over the models' files. Raises NotAvailable where they are not."""
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    whole = hashlib.sha256()
    for name in _MODELS:
        path = folder / name
        if not path.is_file():
            raise NotAvailable(f"the model {name} is not in the installed package", 3_600)
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    find_digest()
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Det.limit_side_len": _SIDE,
            "Det.limit_type": "max",
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def warm() -> None:
    """Load the models."""
    _engine()


def find_words(pixels: Pixels) -> Floats:
    """Find lines of words: n x 4 x 2, corners clockwise from the upper left."""
    engine = _engine()
    found = engine(pixels, use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    return np.zeros((0, 4, 2)) if boxes is None else np.asarray(boxes, dtype=np.float64)


def cut(pixels: Pixels, box: Floats) -> Pixels:
    """Cut one line of words out, level; one that stands upright is laid down."""
    top, right, bottom, left = (float(np.linalg.norm(box[n] - box[n - 3])) for n in range(4))
    wide, tall = max(top, bottom, 2.0), max(left, right, 2.0)
    there = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    by = cv2.getPerspectiveTransform(box.astype(np.float32), there)
    piece = cv2.warpPerspective(
        pixels, by, (int(wide), int(tall)), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.rot90(piece) if tall > 1.5 * wide else piece, dtype=np.uint8)


def stand_upside_down(pieces: list[Pixels]) -> bool:
    """Say whether most lines of words stand on their heads."""
    if not pieces:
        return False
    longest = sorted(pieces, key=lambda p: -p.shape[1])[:12]
    found = _engine()._load_cls_model()(list(longest))
    turned = [label == _UPSIDE_DOWN and float(score) > 0.8 for label, score in found.cls_res]
    return bool(sum(turned) > 0.6 * len(turned))


def read_words(pieces: list[Pixels]) -> list[tuple[str, int]]:
    """Read lines of words: what each says, and how surely in thousandths."""
    from rapidocr.ch_ppocr_rec import TextRecInput

    if not pieces:
        return []
    found = _engine()._load_rec_model()(TextRecInput(img=pieces, return_word_box=False))
    return [
        (str(text).strip(), round(1000 * min(1.0, max(0.0, float(score)))))
        for text, score in zip(found.txts, found.scores, strict=True)
    ]
