"""The embedded corpus with three systems scored: rules, predictions of spaCy, and gold made worse."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora import library
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations, Document, Mention, Span
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.files import write_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.run import run_system

SYSTEMS = ("lexicon", "spacy-sm", "noisy")


def worsen(item: Annotations, document: Document, rate: float, seed: str) -> Annotations:
    """Gold with mentions and events lost, moved, renamed and made up, at about this rate; with scores."""
    chance = random.Random(f"{seed} {item.document}")
    mentions = []
    for mention in item.mentions:
        fate = chance.random() / rate
        changed = msgspec.structs.replace(mention, score=round(chance.uniform(0.5, 1.0), 3), head=None)
        if fate < 0.4:
            continue
        if fate < 0.6:
            changed = msgspec.structs.replace(changed, type=chance.choice(("PER", "ORG", "GPE")))
        elif fate < 0.8:
            end = min(len(document.text), mention.spans[-1].end + 4)
            changed = msgspec.structs.replace(changed, spans=(Span(mention.spans[0].start, end),))
        mentions.append(changed)
        if fate < 1:
            at = chance.randrange(len(document.text) - 10)
            made_up = Mention(id=f"x{len(mentions)}", type="LOC", spans=(Span(at, at + 7),), score=0.2)
            mentions.append(made_up)
    known = {mention.id for mention in mentions}
    events = tuple(
        msgspec.structs.replace(
            event,
            type=chance.choice(("Attack", "Move")) if chance.random() < rate / 4 else event.type,
            arguments=tuple(a for a in event.arguments if a.mention in known and chance.random() > rate / 4),
        )
        for event in item.events
        if chance.random() > rate / 2
    )
    return msgspec.structs.replace(item, mentions=tuple(mentions), events=events, relations=())


def add_noise(corpus: Corpus, rate: float, seed: str = "noise", name: str = "noisy") -> None:
    """Write a layer `system/NAME` that is gold made worse."""
    documents = {document.id: document for document in corpus.documents()}
    gold = corpus.layer("gold")
    corpus.write_layer(
        f"system/{name}", [worsen(item, documents[id], rate, seed) for id, item in gold.items()]
    )


def score_all(corpus: Corpus, *systems: str, suite: str = "default") -> Record:
    """The systems of a corpus scored, as `eval score` does."""
    measures = read_suite(suite).measures
    return score_corpus(corpus, "gold", systems or SYSTEMS, measures, options=Options(suite=suite))


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus directory with systems and a record; not to be written to: see `corpus`."""
    folder = tmp_path_factory.mktemp("scored") / "mazar"
    library.copy("mazar-2021", folder)
    corpus = open_corpus(folder)
    run_system(corpus, parse_system("lexicon=lexicon"))
    run_system(corpus, parse_system(f"spacy-sm=file:{folder / 'predictions' / 'spacy-sm.jsonl'}"))
    add_noise(corpus, 0.5)
    write_record(score_all(corpus), folder / "records" / "default.json")
    return folder


@pytest.fixture
def corpus(scored: Path, tmp_path: Path) -> Corpus:
    """A copy of it that a test may change."""
    return open_corpus(Path(shutil.copytree(scored, tmp_path / "corpus")))


@pytest.fixture
def build(tmp_path: Path) -> object:
    """A function that makes a build: a corpus with `noisy` made worse at a rate, and its record's path."""

    def make(scored: Path, rate: float, seed: str = "noise") -> Path:
        folder = Path(shutil.copytree(scored, tmp_path / f"build-{rate}-{seed}"))
        corpus = open_corpus(folder)
        add_noise(corpus, rate, seed)
        return write_record(score_all(corpus), folder / "records" / "default.json")

    return make
