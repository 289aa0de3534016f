"""Models of `sklearn`: taggers for mentions and triggers, classifiers for arguments and attributes.

Kept in one .npz file: arrays of numbers and a JSON text. Nothing in it is code, nothing is unpickled.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora.atomic import write_output
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import DataError, ExtractorError, Fault
from goldwire.eval.reference.linear import Linear

FORMAT = 1
_HEAD = "head"
# What reading an .npz file that is none raises: zipfile, numpy and msgspec each in its own way.
BROKEN = (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, msgspec.DecodeError)


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model file says besides its numbers.

    `seen` are the SHA-256 of the texts it was trained on, `sketches` a sketch of each (see `crossfit`).
    `allowed` are the roles by event and entity type that it may give, `scope` the types by attribute.
    `parts` are the labels and features of each classifier.
    """

    format: int
    version: str
    lexicon: str
    seed: int
    seen: tuple[str, ...]
    sketches: tuple[tuple[int, ...], ...]
    allowed: dict[str, dict[str, tuple[str, ...]]]
    scope: dict[str, tuple[str, ...]]
    parts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


class Model(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A trained model: classifiers by name (mentions, inner, triggers, arguments, event:realis, …)."""

    version: str
    lexicon: str
    seed: int
    seen: tuple[str, ...]
    sketches: tuple[tuple[int, ...], ...]
    allowed: Mapping[str, Mapping[str, Sequence[str]]]
    scope: Mapping[str, Sequence[str]]
    parts: Mapping[str, Linear]


def encode(model: Model) -> bytes:
    """A model as the bytes of an .npz file."""
    head = Head(
        format=FORMAT,
        version=model.version,
        lexicon=model.lexicon,
        seed=model.seed,
        seen=model.seen,
        sketches=model.sketches,
        allowed={event: {t: tuple(r) for t, r in types.items()} for event, types in model.allowed.items()},
        scope={name: tuple(types) for name, types in model.scope.items()},
        parts={name: (part.labels, tuple(part.rows)) for name, part in model.parts.items()},
    )
    arrays: dict[str, Any] = {_HEAD: np.frombuffer(msgspec.json.encode(head), np.uint8)}
    for name, part in model.parts.items():
        arrays[f"{name}.weights"], arrays[f"{name}.intercepts"] = part.weights, part.intercepts
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def decode(data: bytes, where: str) -> Model:
    """A model from the bytes of an .npz file; `DataError` if it is none. No byte of it is run."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            head = msgspec.json.decode(arrays[_HEAD].tobytes(), type=Head)
            parts = {name: _part(name, head, arrays) for name in head.parts}
    except BROKEN as error:
        raise DataError(f"{where}: not a trained model", [Fault(where, "", str(error))]) from error
    if head.format != FORMAT:
        raise ExtractorError(
            f"{where}: a model of format {head.format}, this Goldwire reads {FORMAT}; train anew"
        )
    return Model(
        version=head.version,
        lexicon=head.lexicon,
        seed=head.seed,
        seen=head.seen,
        sketches=head.sketches,
        allowed=head.allowed,
        scope=head.scope,
        parts=parts,
    )


def _part(name: str, head: Head, arrays: Any) -> Linear:
    labels, features = head.parts[name]
    weights, intercepts = arrays[f"{name}.weights"], arrays[f"{name}.intercepts"]
    if weights.shape != (len(features), len(labels)) or intercepts.shape != (len(labels),):
        raise ValueError(
            f"{name}: {weights.shape} weights for {len(features)} features, {len(labels)} labels"
        )
    if weights.dtype != np.float32 or intercepts.dtype != np.float32 or not np.isfinite(weights).all():
        raise ValueError(f"{name}: weights are finite 32-bit numbers")
    return Linear(labels, {feature: i for i, feature in enumerate(features)}, weights, intercepts)


def write(path: Path, model: Model) -> None:
    """Put a model at `path`, whole or not at all."""
    write_output(path, encode(model))


def read(path: Path) -> Model:
    """The model in a file."""
    return decode(read_bytes(path, ExtractorError), str(path))
