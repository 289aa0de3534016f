"""Scoring of one part of a corpus by the plan of all of it, into a part file."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError, MeasureError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus
from goldwire.corpora.taking import Taken, take
from goldwire.eval.counting import chunks, requirements
from goldwire.eval.measures.phrases import listed
from goldwire.eval.parts import file
from goldwire.eval.parts.file import DIGITS, Header
from goldwire.eval.scoring import blockwise
from goldwire.eval.scoring.blockwise import ScoredBlock
from goldwire.eval.scoring.compose import total
from goldwire.eval.scoring.find import iter_scored, score_block
from goldwire.eval.scoring.plan import Plan, encode_plan
from goldwire.eval.systems.facts import reported

KIND = "score"
_SHOWN = 60  # characters of an option that messages have; of a longer one they have a digest


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What a part file of a scoring has: the plan of the whole, and the documents of the part, scored."""

    plan: bytes
    block: bytes


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is there now. It was `made` now, or lay there and is sound; it `replaced` a damaged one."""

    path: Path
    part: str
    documents: int
    made: bool
    replaced: bool = False


# ---------------------------------------------------------------- a part
def score_part(corpus: Corpus, plan: Plan, part: Part, *, workers: int = 1) -> bytes:
    """The part file of a part, scored by the plan of the whole corpus (see `score.make_plan`).

    Raises `MeasureError` if counts of documents do not add up under a measure, else as `score_corpus`.
    """
    check(plan)
    with _taken(corpus, plan, part) as taken:
        return _file(taken, plan, make_header(plan, taken), workers)


def score_taken(corpus: Corpus, plan: Plan, part: Part) -> ScoredBlock:
    """The documents of a part, scored in this process; raises as `score_part`."""
    with _taken(corpus, plan, part) as taken:
        return _score(taken.corpus, plan, 1)


def keep_part(corpus: Corpus, plan: Plan, part: Part, folder: Path, *, workers: int = 1) -> Made:
    """Put the part file of a part into a folder, unless one of this very content lies there and is sound."""
    check(plan)
    with _taken(corpus, plan, part) as taken:
        header = make_header(plan, taken)
        path, documents = folder / header.file, len(taken.documents)
        if file.is_sound(path, header):
            return Made(path=path, part=str(part), documents=documents, made=False)
        replaced = path.is_file()
        file.write(folder, header, _file(taken, plan, header, workers))
    return Made(path=path, part=str(part), documents=documents, made=True, replaced=replaced)


def check(plan: Plan) -> None:
    """Raise `MeasureError` if a plan cannot be scored in parts."""
    fixed = [str(measure) for measure in plan.measures if not requirements.is_additive(measure)]
    if fixed:
        raise MeasureError(
            f"{listed(fixed)}: a form that stands in several documents counts once, so that parts do not add "
            "up; score all documents at once, or leave it out"
        )


@contextmanager
def _taken(corpus: Corpus, plan: Plan, part: Part) -> Iterator[Taken]:
    """A part as a small corpus, for as long as it is scored; errors are told of the whole one."""
    with tempfile.TemporaryDirectory(prefix="goldwire-part-") as folder:
        tokens = plan.wanted.keeps_tokens
        taken = take(corpus, part, plan.sources, Path(folder) / "corpus", tokens=tokens)
        try:
            yield taken
        except DataError as error:
            raise taken.told(error) from error


def _file(taken: Taken, plan: Plan, header: Header, workers: int) -> bytes:
    payload = Payload(encode_plan(plan), blockwise.encode(_score(taken.corpus, plan, workers)))
    return file.encode(header, msgspec.msgpack.encode(payload))


def _score(corpus: Corpus, plan: Plan, workers: int) -> ScoredBlock:
    """All documents of a small corpus as one block; `DataError` with all faults."""
    with no_collection():
        try:
            places = chunks.find_places(corpus, plan.sources, plan.wanted)
            return total(iter_scored(places, plan, workers), plan)
        except (chunks.DisorderError, DataError):
            block = chunks.read_whole(corpus, plan.sources, plan.wanted, plan.options.scope)
            return score_block(block, plan)


# ---------------------------------------------------------------- what it says of itself
def make_header(plan: Plan, taken: Taken) -> Header:
    """What a part file says of itself."""
    return Header(
        kind=KIND, name=plan.digest, part=str(taken.part), alike=_alike(plan), sources=taken.sources
    )


def _alike(plan: Plan) -> dict[str, str]:
    """What all parts of a scoring have in common, by what it is called, what people chose first."""
    ontology = plan.ontology
    named = {
        "corpus": f"{plan.corpus} {plan.version} ({plan.language})",
        "ontology": "none" if ontology is None else f"{ontology.name} {ontology.version}#{_digest(ontology)}",
        "gold": ", ".join(layer.source for layer in plan.layers[: plan.golds]),
        "systems": ", ".join(layer.source for layer in plan.layers[plan.golds :]),
        "measures": _shown(", ".join(map(str, plan.measures))),
    }
    scope = plan.options.scope
    options = {
        **{name: _told(getattr(plan.options, name)) for name in plan.options.__struct_fields__},
        "scope": f"unjudged {scope.unjudged}, drafts {scope.drafts}, {_asked(plan)}",
    }
    facts = {
        f"facts of {layer.name}": f"{reported(layer.facts).allowed} failures allowed #{_digest(layer.facts)}"
        for layer in plan.layers
        if layer.facts
    }
    whole = hashlib.sha256(encode_plan(plan)).hexdigest()[:DIGITS]
    return {**named, **options, **facts, "plan": whole}


def _asked(plan: Plan) -> str:
    documents = plan.options.scope.documents
    return "all documents" if documents is None else f"{len(documents)} documents #{_digest(documents)}"


def _told(value: Any) -> str:
    """An option in words, or by a digest."""
    if value is None or value is False or value in ((), {}):
        return "none"
    if isinstance(value, tuple):
        return _shown(", ".join(map(str, value)))
    return _shown(value if isinstance(value, str) else _encode(value).decode())


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… #{_digest(text)}"


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic", enc_hook=str)


def _digest(value: Any) -> str:
    return hashlib.sha256(_encode(value)).hexdigest()[:DIGITS]


# ---------------------------------------------------------------- read again
def decode(payload: bytes, where: str) -> Payload:
    """What a part file has, both still encoded; `DataError` if it is something else."""
    try:
        return msgspec.msgpack.decode(payload, type=Payload)
    except BROKEN as error:
        raise DataError(f"{where}: not a part of a scoring ({error})") from error
