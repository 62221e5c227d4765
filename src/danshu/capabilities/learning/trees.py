"""The learned model: gradient-boosted trees (lightgbm, with the extra `forecast`), seeded, and its
file: what is told from a file is what was measured, or the file is refused.
"""

from __future__ import annotations

import hashlib
import importlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from danshu.capabilities.learning import rates as plain
from danshu.capabilities.learning.calibrate import Curve
from danshu.capabilities.learning.features import CHANCES, KNOWN, TARGETS
from danshu.capabilities.learning.frames import lay_out, vocabulary
from danshu.capabilities.learning.marks import QUANTILES
from danshu.capabilities.learning.model import Kind
from danshu.capabilities.learning.rates import Rates
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LEARNING_MODEL_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.learning.frames import Floats, Frame

MISSING: Final = (
    "learned models need lightgbm, which is not installed: pip install 'danshu[forecast]'"
)
DAMAGED: Final = InputError("model_damaged", "this model's file is not the one that was kept")
ROUNDS: Final = 120
_FORMAT: Final = 1
_PARAMS: Final = {
    "num_leaves": 31,
    "min_data_in_leaf": 40,
    "learning_rate": 0.06,
    "feature_fraction": 0.8,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "max_cat_to_onehot": 4,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "seed": 1,
    "verbosity": -1,
}


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a model is. `boosters` are lightgbm's own text, one of a chance, one a quantile of a
    time (of log(1 + minutes)); `rates` instead of them of a simple model.
    """

    format: int
    target: str
    kind: Kind
    features: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    boosters: tuple[str, ...] = ()
    rates: Rates | None = None
    curve: Curve = Curve()
    widen_min: tuple[float, float] = (0.0, 0.0)


class Fitted:
    """A model that answers: read from its file, once."""

    def __init__(self, file: File) -> None:
        self.file: Final = file
        self._boosters: tuple[Any, ...] = ()
        if file.kind == "trees":
            engine = load_engine()
            try:
                self._boosters = tuple(engine.Booster(model_str=text) for text in file.boosters)
            except engine.basic.LightGBMError as error:
                raise DAMAGED from error

    def raw(self, frame: Frame) -> Floats:
        """Give margins [n] of chances, uncalibrated minutes [n, 3] of times."""
        file = self.file
        if file.rates is not None:
            return plain.tell(file.rates, frame)
        table = lay_out(frame, file.features, file.words)
        if not frame.rows:
            return np.empty(0 if file.target in CHANCES else (0, len(QUANTILES)))
        if file.target in CHANCES:
            margin: Floats = self._boosters[0].predict(table, raw_score=True)
            return margin
        told = np.stack([b.predict(table) for b in self._boosters], axis=1)
        return np.sort(np.expm1(np.clip(told, 0.0, 20.0)), axis=1)

    def tell(self, frame: Frame) -> Floats:
        """Give calibrated chances [n], or minutes at QUANTILES [n, 3]."""
        raw = self.raw(frame)
        if self.file.target in CHANCES:
            return self.file.curve.tell(raw)
        low, high = self.file.widen_min
        raw = raw + np.array([-low, 0.0, high])
        return np.sort(np.maximum(raw, 0.0), axis=1)

    def explain(self, frame: Frame) -> tuple[tuple[str, ...], Floats]:
        """Give by how much each feature moves each chance: names, and [n, names] (shares of 1).

        Of trees by their Shapley values (Lundberg & Lee, NeurIPS 2017): what the chance would be
        with that one taken away.
        """
        file = self.file
        if file.rates is not None:
            return plain.pushes(file.rates, frame)
        if not frame.rows:
            return file.features, np.empty((0, len(file.features)))
        table = lay_out(frame, file.features, file.words)
        parts = self._boosters[0].predict(table, pred_contrib=True)
        margin = parts.sum(axis=1)
        chance = file.curve.tell(margin)
        without = [file.curve.tell(margin - parts[:, at]) for at in range(len(file.features))]
        return file.features, chance[:, None] - np.column_stack(without)

    def weights(self) -> dict[str, int]:
        """Give how much each feature counts in the whole model, thousandths of all gain."""
        if not self._boosters:
            return {}
        gains = sum(b.feature_importance("gain") for b in self._boosters)
        whole = max(float(np.sum(gains)), 1e-9)
        return {
            name: round(1_000 * float(gain) / whole)
            for name, gain in zip(self.file.features, gains, strict=True)
        }


def load_engine() -> Any:
    """Import lightgbm. Raises InputError `no_extra` with the command that installs it."""
    try:
        return importlib.import_module("lightgbm")
    except ImportError as error:
        raise InputError("no_extra", MISSING) from error


def grow(frame: Frame, tell: Callable[[float], None] | None = None) -> File:
    """Fit trees to rows, not calibrated yet; `tell` hears the share that is done.

    Raises InputError `no_extra` without the extra.
    """
    engine = load_engine()
    features = tuple(f.name for f in TARGETS[frame.target])
    words = vocabulary(frame)
    table = lay_out(frame, features, words)
    named = [at for at, name in enumerate(features) if KNOWN[name].kind == "value"]
    if frame.target in CHANCES:
        aims: list[dict[str, Any]] = [{"objective": "binary"}]
        label = frame.y
    else:
        aims = [{"objective": "quantile", "alpha": level} for level in QUANTILES]
        label = np.log1p(np.maximum(frame.y, 0.0))
    told = engine.Dataset(table, label=label, categorical_feature=named, free_raw_data=False)
    boosters = []
    for no, aim in enumerate(aims):

        def heard(env: Any, no: int = no) -> None:
            if tell is not None:
                tell((no + (env.iteration + 1) / ROUNDS) / len(aims))

        params = {**_PARAMS, **aim}
        grown = engine.train(params, told, num_boost_round=ROUNDS, callbacks=[heard])
        boosters.append(grown.model_to_string())
    return File(
        format=_FORMAT, target=frame.target, kind="trees", features=features, words=words,
        boosters=tuple(boosters),
    )  # fmt: skip


def keep_rates(rates: Rates) -> File:
    """Put rates into a file, not calibrated yet."""
    return File(format=_FORMAT, target=rates.target, kind="rates", rates=rates)


def dump(file: File) -> tuple[bytes, str]:
    """Give the bytes of a file, and their SHA-256 in hex. Raises InputError `too_large`."""
    body = msgspec.json.encode(file, order="deterministic")
    if len(body) > LEARNING_MODEL_BYTES:
        raise InputError("too_large", f"a model has at most {LEARNING_MODEL_BYTES} bytes")
    return body, hashlib.sha256(body).hexdigest()


def load(body: bytes, digest: str) -> Fitted:
    """Read a model, after its bytes were found to be those that the digest names.

    Raises InputError `model_damaged` for any other bytes, `no_extra` for trees without the extra.
    """
    if len(body) > LEARNING_MODEL_BYTES or hashlib.sha256(body).hexdigest() != digest:
        raise DAMAGED
    try:
        file = _decode(body)
    except msgspec.MsgspecError as error:
        raise DAMAGED from error
    wanted = tuple(f.name for f in TARGETS.get(file.target, ()))
    is_fit = (file.rates is not None) if file.kind == "rates" else file.features == wanted
    if file.format != _FORMAT or not wanted or not is_fit:
        raise DAMAGED
    return Fitted(file)


_decode: Final = msgspec.json.Decoder(File).decode
