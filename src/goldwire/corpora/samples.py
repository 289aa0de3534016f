"""Draws of documents to be annotated, and with which probability each document came.

    CORPUS/samples/NAME.jsonl      the draw, then a line for each document that it could have drawn

Gold that was drawn with unequal probability is no picture of the corpus: scores of it need the probabilities.
A draw that was made is never changed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Literal

import msgspec
from msgspec.structs import replace

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import decode_lines, decode_versioned, encode_lines, read_bytes
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.names import check_new
from goldwire.corpora.store import Corpus

FOLDER = "samples"
FORMAT = 1


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """How documents were drawn: `how` in words, for `training` or for `scoring`, with which `seed`.

    `made` is when (ISO 8601, UTC), `layer` the gold layer that said which documents were annotated before,
    and `before` those: they could not be drawn, and are a stratum of their own. `documents` is how many could
    be, each with a line; None where that was not noted. `digest` is of these lines, so that weights are never
    of a file that was changed since: it stands in the file alone, and not in those of before.
    """

    draw: str
    purpose: Literal["training", "scoring"]
    how: str
    made: str
    seed: int = 0
    layer: str = "gold"
    before: tuple[str, ...] = ()
    documents: int | None = None
    format: int = FORMAT
    digest: str | msgspec.UnsetType = msgspec.UNSET


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that could be drawn.

    `probability` is that with which the draw took it, above 0 and at most 1, `stratum` the part of the corpus
    that it was drawn from. `rank` counts those that were drawn from 1, in the order in which to work on them;
    None for one that was not drawn. `reason` says in words why it was.
    """

    document: str
    probability: float
    stratum: str = ""
    rank: int | None = None
    reason: str = ""


class Sample(msgspec.Struct, frozen=True):
    """A draw with all that it could have drawn, in the order of the corpus."""

    draw: Draw
    candidates: tuple[Candidate, ...]

    @property
    def drawn(self) -> list[Candidate]:
        """What was drawn, in the order in which to work on it."""
        return sorted((one for one in self.candidates if one.rank is not None), key=lambda one: one.rank or 0)


def path_of(corpus: Corpus, name: str) -> Path:
    """The file of a draw; `CorpusError` for a name that cannot be one."""
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        raise CorpusError(f"{name!r} cannot name a sample: use letters, digits, dot, dash and underscore")
    return corpus.path / FOLDER / f"{name}.jsonl"


def names(corpus: Corpus) -> list[str]:
    """The draws of a corpus, in the order in which they were made."""
    found = sorted(path.stem for path in (corpus.path / FOLDER).glob("*.jsonl"))
    return sorted(found, key=lambda name: read(corpus, name).draw.made)


def read(corpus: Corpus, name: str) -> Sample:
    """A draw; `CorpusError` if there is none of that name, `DataError` if its file is not sound."""
    path = path_of(corpus, name)
    if not path.is_file():
        there = ", ".join(sorted(found.stem for found in path.parent.glob("*.jsonl"))) or "none"
        raise CorpusError(f"no sample {name!r} in {corpus.where}; there are: {there}")
    first, _, rest = read_bytes(path).partition(b"\n")
    draw = decode_versioned(first, Draw, "the draw of a sample", f"{path}:1", FORMAT)
    sample = Sample(draw, tuple(decode_lines(rest, Candidate, str(path), first=2)))
    if faults := list(_faults(sample, name, str(path))):
        raise DataError(f"{path}: not a sound sample", faults)
    return replace(sample, draw=replace(draw, digest=msgspec.UNSET))


def write(corpus: Corpus, sample: Sample) -> None:
    """Keep a draw, under the lock of the corpus; `CorpusError` if there is another of that name.

    The same draw is left as it is, however much later it was made again: a command that was cut short is run
    again.
    """
    if not is_there(corpus, sample):
        path = check_free(corpus, sample.draw.draw)
        path.parent.mkdir(exist_ok=True)
        draw = replace(sample.draw, digest=_digest(sample.candidates))
        write_atomic(path, encode_lines([draw, *sample.candidates]))


def is_there(corpus: Corpus, sample: Sample) -> bool:
    """Whether a draw is kept already, but for when it was made."""
    if not path_of(corpus, sample.draw.draw).is_file():
        return False
    kept = read(corpus, sample.draw.draw)
    return kept == replace(sample, draw=replace(sample.draw, made=kept.draw.made))


def check_free(corpus: Corpus, name: str) -> Path:
    """The file of a draw that is to be; `CorpusError` if there is one of that name, or none could be."""
    path = path_of(corpus, name)
    if path.exists():
        raise CorpusError(
            f"{path}: there is a sample of that name, and a draw is never changed: name another"
        )
    check_new(corpus.path, PurePath(FOLDER, path.name))
    return path


def _digest(candidates: Iterable[Candidate]) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over the lines of documents, as they are written."""
    return hashlib.sha256(encode_lines(candidates)).hexdigest()[:16]


def _faults(sample: Sample, name: str, where: str) -> Iterator[Fault]:
    if sample.draw.draw != name:
        yield Fault(
            where,
            "$.draw",
            f"this is the draw {sample.draw.draw!r}; a copy would count twice: delete it, or call the file "
            f"{sample.draw.draw}.jsonl again",
        )
    if sample.draw.digest not in (msgspec.UNSET, _digest(sample.candidates)):
        yield Fault(
            where,
            "$.digest",
            "documents, probabilities or ranks are not those that were drawn; put the file back as it was. A "
            "document that is not to be annotated is skipped where people work, and a draw is made anew "
            "under another name",
        )
    said, there = sample.draw.documents, len(sample.candidates)
    if said is not None and said != there:
        yield Fault(where, "$.documents", f"{there} documents have a line; expected are {said}")
    for one in sample.candidates:
        if not 0 < one.probability <= 1:
            message = f"the probability is {one.probability}; expected is more than 0, at most 1"
            yield Fault(where, one.document, message)
    twice = Counter(one.document for one in sample.candidates) + Counter(sample.draw.before)
    for document, times in twice.items():
        if times > 1:
            yield Fault(where, document, f"the document is there {times} times")
    ranks = [one.rank for one in sample.drawn]
    if ranks != list(range(1, len(ranks) + 1)):
        yield Fault(where, "$.rank", "what was drawn is not numbered from 1 without a gap")
