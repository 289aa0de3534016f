"""One contestant in a process of its own: python benchmarks/peers.py NAME FOLDER

Prints JSON: the seconds of the work itself, after the input is read, and the micro F1 that came of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

Result = dict[str, float | None]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def read_tags(path: Path) -> list[list[str]]:
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return [[line.split("\t")[1] for line in block.splitlines()] for block in blocks if block]


def read_spans(folder: Path) -> tuple[list[Any], list[Any]]:
    rows = [json.loads(line) for line in (folder / "spans.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["gold"] for row in rows], [row["pred"] for row in rows]


def seqeval_report(folder: Path, **mode: Any) -> Result:
    from seqeval.metrics import classification_report

    gold, pred = (read_tags(folder / f"{side}.conll") for side in ("gold", "pred"))
    seconds, report = timed(lambda: classification_report(gold, pred, output_dict=True, **mode))
    return {"seconds": seconds, "f": float(report["micro avg"]["f1-score"])}


def seqeval_strict(folder: Path) -> Result:
    from seqeval.scheme import IOB2

    return seqeval_report(folder, mode="strict", scheme=IOB2)


def seqeval_f1(folder: Path) -> Result:
    from seqeval.metrics import f1_score

    gold, pred = (read_tags(folder / f"{side}.conll") for side in ("gold", "pred"))
    seconds, f = timed(lambda: f1_score(gold, pred))
    return {"seconds": seconds, "f": float(f)}


def nervaluate(folder: Path) -> Result:
    from nervaluate import Evaluator

    logging.disable(logging.CRITICAL)
    sides = [
        [[{"label": t, "start": s, "end": e - 1} for s, e, t in spans] for spans in side]
        for side in read_spans(folder)
    ]
    tags = ["PER", "ORG", "LOC", "MISC"]
    seconds, found = timed(lambda: Evaluator(*sides, tags=tags, loader="dict").evaluate())
    return {"seconds": seconds, "f": found["overall"]["strict"].f1}


def seqscore(folder: Path) -> Result:
    from seqscore.scripts.seqscore import cli

    command = ["score", "--labels", "BIO", "--repair-method", "conlleval", "--quiet", "--full-precision"]
    command += [
        "--score-format",
        "delim",
        "--reference",
        str(folder / "gold.conll"),
        str(folder / "pred.conll"),
    ]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        seconds, _ = timed(lambda: cli(command, standalone_mode=False))
    header, *rows = [line.split("\t") for line in output.getvalue().splitlines() if line]
    everything = next(row for row in rows if row[header.index("Type")] == "ALL")
    return {"seconds": seconds, "f": float(everything[header.index("F1")])}


def spacy(folder: Path) -> Result:
    from spacy.scorer import Scorer
    from spacy.tokens import Doc, Span
    from spacy.training import Example
    from spacy.vocab import Vocab

    rows = [json.loads(line) for line in (folder / "spans.jsonl").read_text(encoding="utf-8").splitlines()]
    vocab = Vocab()

    def document(words: list[str], spans: list[Any]) -> Any:
        doc = Doc(vocab, words=words)
        doc.set_ents([Span(doc, *span) for span in spans])
        return doc

    def work() -> Any:
        examples = [
            Example(document(row["tokens"], row["pred"]), document(row["tokens"], row["gold"]))
            for row in rows
        ]
        return Scorer.score_spans(examples, "ents")

    seconds, found = timed(work)
    return {"seconds": seconds, "f": found["ents_f"]}


def python_sets(folder: Path) -> Result:
    gold, pred = ([[tuple(span) for span in spans] for spans in side] for side in read_spans(folder))

    def work() -> float:
        hits = sum(len({*one} & {*other}) for one, other in zip(gold, pred, strict=True))
        return 2 * hits / (sum(map(len, gold)) + sum(map(len, pred)))

    seconds, f = timed(work)
    return {"seconds": seconds, "f": f}


def goldwire_library(folder: Path) -> Result:
    """Exact F1 from tables that are loaded."""
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.counting import counters, reading
    from goldwire.eval.counting.columns import Codes
    from goldwire.eval.counting.texts import read_texts
    from goldwire.eval.measures.measure import parse
    from goldwire.eval.statistics.figures import score_row

    corpus, codes = open_corpus(folder / "corpus"), Codes()
    texts = read_texts(corpus)
    layers = [reading.read_layer(corpus, name, texts, codes) for name in ("gold", "system/pred")]
    measure = parse("entity")
    seconds, score = timed(
        lambda: score_row(
            counters.count(measure, counters.GoldAndSystem(*layers, texts, codes)).counts.total()
        )
    )
    return {"seconds": seconds, "f": score.f}


def goldwire_ceaf(folder: Path) -> Result:
    """CEAF-e of one document of 20,000 mentions."""
    from goldwire.eval.counting import coref
    from goldwire.eval.statistics.figures import score_row

    (document,) = json.loads((folder / "coref_big.json").read_text(encoding="utf-8"))
    seconds, found = timed(lambda: coref.count(document["key"], document["sys"], ["ceaf-e"]))
    return {"seconds": seconds, "f": score_row(found["ceaf-e"]).f}


PEERS: dict[str, Callable[[Path], Result]] = {
    "seqeval": seqeval_report,
    "seqeval-strict": seqeval_strict,
    "seqeval-f1": seqeval_f1,
    "nervaluate": nervaluate,
    "seqscore": seqscore,
    "spacy": spacy,
    "sets": python_sets,
    "library": goldwire_library,
    "ceaf-e": goldwire_ceaf,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(PEERS[sys.argv[1]](Path(sys.argv[2]))))
