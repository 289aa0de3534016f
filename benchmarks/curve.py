"""Learning curves: how much a system learns from documents that are drawn by chance, or by something else.

    python benchmarks/curve.py [--seeds 5] [--rounds 4] [--write docs/evidence/curve.md]

The system is `sklearn`, the pool two thirds of WNUT-17's training data with their gold hidden, the figure F1
of mentions on the other third. Each round draws documents of the pool as `corpus sample --for training` does,
trains on all that were drawn until then, and reads the pool again. Systems that differ are trained on a half.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goldwire.corpora import samples
from goldwire.corpora.formats import conll
from goldwire.corpora.formats.conll import Options
from goldwire.corpora.store import Corpus, Manifest, create_corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.reference import train
from goldwire.eval.reference.model import Model
from goldwire.eval.reference.predict import Predictor
from goldwire.eval.sampling.draw import make
from goldwire.eval.sampling.wanted import Wanted
from goldwire.eval.scoring import score as scoring

SHARED = Path(os.environ.get("GOLDWIRE_SHARED", Path(__file__).parents[2] / "shared"))
FIRST, MORE = 400, 200  # documents drawn by chance to begin with, and in each round
MARK, END = "<!-- written by benchmarks/curve.py -->", "<!-- until here -->"
WAYS: dict[str, dict[str, Any]] = {
    "chance": {"by": "chance"},
    "uncertainty": {"by": "uncertainty", "systems": ("whole",)},
    "disagreement": {"by": "disagreement", "systems": ("one", "other"), "measures": ("entity",)},
    "uncertainty, spread": {"by": "uncertainty", "systems": ("whole",), "spread": True},
}
Gold = dict[str, Annotations]


class Pool:
    """Documents whose gold is hidden until they are drawn, and others to be scored on."""

    def __init__(self, corpus: Corpus, gold: Gold, test: tuple[Sequence[Document], Gold]) -> None:
        self.corpus, self.gold, self.test = corpus, gold, test
        self.documents = {document.id: document for document in corpus.documents()}
        self.drawn: list[str] = []

    def draw(self, name: str, number: int, seed: int, how: dict[str, Any]) -> None:
        """Draw documents, and have them annotated."""
        wanted = Wanted(name=name, number=number, purpose="training", seed=seed, **how)
        found = make(self.corpus, wanted).sample
        samples.write(self.corpus, found)
        self.drawn += [one.document for one in found.drawn]
        self.corpus.write_layer("gold", [self.gold[id] for id in self.drawn])

    def train(self, ids: Sequence[str], seed: int) -> Model:
        """A model of some of what was drawn."""
        pairs = [(self.documents[id], self.gold[id]) for id in ids]
        return train.train(pairs, None, lexicon="", seed=seed)

    def predict(self, layer: str, model: Model) -> None:
        """Read all of the pool that is not drawn yet."""
        predictor = Predictor(model)
        left = self.documents.keys() - {*self.drawn}
        self.corpus.write_layer(f"system/{layer}", [predictor.annotate(self.documents[id]) for id in left])

    def f1(self, model: Model) -> float:
        """F1 of mentions on the test."""
        predictor, (documents, gold) = Predictor(model), self.test
        found = [predictor.annotate(document) for document in documents]
        options = scoring.Options(trials=0)
        record = scoring.score(gold, {"s": found}, documents, ["entity"], options=options)
        return record.result("s", "entity").value or 0.0


def curve(pool: Pool, how: dict[str, Any], seed: int, rounds: int) -> Iterator[float]:
    """F1 after the first documents, and after each round."""
    pool.draw("first", FIRST, seed, {"by": "chance"})
    for number in range(rounds + 1):
        if number:
            pool.draw(f"round-{number}", MORE, seed, how)
        model = pool.train(pool.drawn, seed)
        yield pool.f1(model)
        if number < rounds:
            for layer in how.get("systems", ()):
                part = {"whole": slice(None), "one": slice(0, None, 2), "other": slice(1, None, 2)}[layer]
                pool.predict(layer, model if layer == "whole" else pool.train(pool.drawn[part], seed))


# ---------------------------------------------------------------- all of them
def read_pool(folder: Path, shared: Path, size: int | None) -> Pool:
    """The pool as a corpus without gold, and every third document to be scored on."""
    read = conll.read([shared / "data" / "wnut17" / "wnut17train.conll"], Options())
    gold = {line.document: line for line in read.annotations}
    documents = list(read.documents)[:size]
    test = documents[::3]
    pool = [document for number, document in enumerate(documents) if number % 3]
    corpus = create_corpus(folder / "pool", Manifest(name="pool"), pool)
    return Pool(corpus, gold, (test, {document.id: gold[document.id] for document in test}))


def run(shared: Path, seeds: int, rounds: int, size: int | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """F1 by way: seeds x rounds."""
    found = {}
    for way, how in WAYS.items():
        rows = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                rows.append([*curve(read_pool(Path(folder), shared, size), how, seed, rounds)])
        found[way] = np.array(rows)
        print(way, *(f"{100 * f:.1f}" for f in found[way].mean(axis=0)), flush=True)
    return found


def table(found: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    """F1 by way and number of documents, and the gain over chance at the end."""
    rounds = found["chance"].shape[1]
    numbers = [FIRST + MORE * number for number in range(rounds)]
    yield "| drawn by | " + " | ".join(f"{number}" for number in numbers) + " | over chance at the end |"
    yield "|---" * (rounds + 2) + "|"
    for way, values in found.items():
        gain = 100 * (values[:, -1] - found["chance"][:, -1])
        error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
        told = "–" if way == "chance" else f"{gain.mean():+.1f} ± {error:.1f}"
        yield f"| {way} | " + " | ".join(f"{100 * f:.1f}" for f in values.mean(axis=0)) + f" | {told} |"


def main() -> None:
    """Run, print the table, and put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, help="documents of the pool; all if not given")
    parser.add_argument("--shared", type=Path, default=SHARED, help="where data/wnut17 is")
    parser.add_argument("--write", type=Path, help="a page whose table is replaced")
    asked = parser.parse_args()
    lines = "\n".join(table(run(asked.shared, asked.seeds, asked.rounds, asked.size)))
    print(lines)
    if asked.write:
        before, mark, _ = asked.write.read_text("utf-8").partition(
            "<!-- written by benchmarks/curve.py -->\n"
        )
        after = asked.write.read_text("utf-8").partition("<!-- until here -->")[2]
        asked.write.write_text(f"{before}{mark}\n{lines}\n\n<!-- until here -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
