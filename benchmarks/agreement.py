"""Write docs/evidence/agreement.md: how far our numbers are from those of other scorers and of papers.

python benchmarks/agreement.py     needs the development dependencies, spaCy and the folder `shared`

A test works the table out again and compares.
"""

from __future__ import annotations

import logging
import os
import random
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from goldwire.corpora.formats.tags import decode
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Document, Mention, Span
from goldwire.eval.counting import coref
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.record import Result
from goldwire.eval.scoring.score import Options, score
from goldwire.eval.statistics.figures import score_row

ROOT = Path(__file__).resolve().parents[1]
CORPORA, DOCUMENTS, TOKENS = 100, 10, 12  # of the random cases: corpora, documents each, tokens a document
TYPES = ("PER", "ORG", "LOC")
EXACT = 1e-12  # differences below are the last digits of a double
Spans = list[tuple[int, int, str]]


class Row(NamedTuple):
    """One line of the table; `difference` is the largest, None where there is nothing to subtract."""

    suite: str
    other: str
    data: str
    difference: float | None


# ---------------------------------------------------------------- random cases
def random_tags(dice: random.Random, prefixes: str) -> list[list[str]]:
    """Tags of documents, valid or not."""
    alphabet = ["O"] * 3 + [f"{prefix}-{type}" for prefix in prefixes for type in TYPES]
    return [dice.choices(alphabet, k=TOKENS) for _ in range(DOCUMENTS)]


def random_spans(dice: random.Random) -> list[Spans]:
    """Mentions of documents that do not overlap."""
    return [list(flat_spans(dice)) for _ in range(DOCUMENTS)]


def flat_spans(dice: random.Random) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at < TOKENS:
        end = at + dice.randint(1, 3)
        if end <= TOKENS and dice.random() < 0.5:
            yield at, end, dice.choice(TYPES)
        at = end


def clear_spans(dice: random.Random) -> tuple[list[Spans], list[Spans]]:
    """Mentions of two sides, each overlapping at most one of the other: there is one way to pair them."""
    sides: tuple[list[Spans], list[Spans]] = ([], [])
    for _ in range(DOCUMENTS):
        gold, system, at = [], [], 0
        while at < TOKENS - 3:
            start, end = at + dice.randint(0, 1), at + dice.randint(2, 3)
            if dice.random() < 0.8:
                gold.append((start, end, dice.choice(TYPES)))
            if dice.random() < 0.8:
                system.append((at, end + dice.randint(0, 1), dice.choice(TYPES)))
            at = end + 1
        sides[0].append(gold)
        sides[1].append(system)
    return sides


def results(suite: str | tuple[str, ...], gold: list[Spans], system: list[Spans]) -> list[Result]:
    """Ours, by a suite or by measures; a token is two letters and a space."""
    documents = [make_document(f"d{i:03}", "ab " * TOKENS) for i in range(len(gold))]
    sides = [
        [line(document, spans) for document, spans in zip(documents, side, strict=True)]
        for side in (gold, system)
    ]
    measures = read_suite(suite).measures if isinstance(suite, str) else suite
    options = Options(trials=0, classes=suite == "semeval2013")
    return list(score(sides[0], {"s": sides[1]}, documents, measures, options=options).results)


def line(document: Document, spans: Spans) -> Annotations:
    mentions = tuple(
        Mention(id=str(i), type=type, spans=(Span(3 * start, 3 * end - 1),))
        for i, (start, end, type) in enumerate(spans)
    )
    return Annotations(document=document.id, sha256=document.sha256, mentions=mentions)


def apart(pairs: Iterator[tuple[float | None, float]]) -> float:
    """The largest difference; what is undefined here is 0 elsewhere."""
    return max((abs((ours or 0.0) - theirs) for ours, theirs in pairs), default=0.0)


# ---------------------------------------------------------------- other scorers
def seqeval(suite: str, scheme: str | None, prefixes: str, policy: str) -> float:
    from seqeval import scheme as schemes
    from seqeval.metrics import classification_report

    dice, mode = random.Random(suite), {}
    if scheme is not None:
        mode = {"mode": "strict", "scheme": getattr(schemes, scheme)}

    def pairs() -> Iterator[tuple[float | None, float]]:
        for _ in range(CORPORA):
            gold, system = random_tags(dice, prefixes), random_tags(dice, prefixes)
            theirs = classification_report(gold, system, output_dict=True, zero_division=0, **mode)
            spans = ([decode(tags, scheme or "IOB2", policy) for tags in side] for side in (gold, system))
            (ours,) = results(suite, *spans)
            for name in ("micro", "macro", "weighted"):
                yield from figures(ours.averages[name], theirs[f"{name} avg"])
            for label, found in ours.labels.items():
                yield from figures(found, theirs[label])

    return apart(pairs())


def figures(ours: Any, theirs: dict[str, float]) -> Iterator[tuple[float | None, float]]:
    yield ours.precision, theirs["precision"]
    yield ours.recall, theirs["recall"]
    yield ours.f, theirs["f1-score"]


def nervaluate() -> float:
    from nervaluate import Evaluator

    dice, schemes = random.Random("nervaluate"), ("strict", "exact", "partial", "ent_type")

    def pairs() -> Iterator[tuple[float | None, float]]:
        for _ in range(CORPORA):
            gold, system = clear_spans(dice)
            sides = (
                [[{"label": t, "start": s, "end": e - 1} for s, e, t in spans] for spans in side]
                for side in (gold, system)
            )
            theirs = Evaluator(*sides, tags=list(TYPES), loader="dict").evaluate()["overall"]
            for scheme, ours in zip(schemes, results("semeval2013", gold, system), strict=True):
                other = theirs[scheme]
                yield ours.averages["micro"].precision, other.precision
                yield ours.averages["micro"].recall, other.recall
                yield ours.value, other.f1
                counted = (other.correct, other.incorrect, other.partial, other.missed, other.spurious)
                yield from zip(map(float, ours.classes.values()), counted, strict=True)

    return apart(pairs())


def minimum_overlap() -> float:
    from nervaluate import Evaluator

    dice, share = random.Random("minimum overlap"), 0.5

    def pairs() -> Iterator[tuple[float | None, float]]:
        for _ in range(CORPORA):
            gold, system = clear_spans(dice)
            # In characters, as ours are: a token is two letters and a space, and ends are inclusive.
            sides = (
                [[{"label": t, "start": 3 * s, "end": 3 * e - 2} for s, e, t in spans] for spans in side]
                for side in (gold, system)
            )
            theirs = Evaluator(
                *sides, tags=list(TYPES), loader="dict", min_overlap_percentage=100 * share
            ).evaluate()["overall"]["ent_type"]
            (ours,) = results((f"entity:span+type@gold-overlap>={share}",), gold, system)
            yield ours.averages["micro"].precision, theirs.precision
            yield ours.averages["micro"].recall, theirs.recall
            yield ours.value, theirs.f1

    return apart(pairs())


def spacy() -> float:
    from spacy.scorer import Scorer
    from spacy.tokens import Doc
    from spacy.tokens import Span as Ent
    from spacy.training import Example
    from spacy.vocab import Vocab

    dice, vocab = random.Random("spacy"), Vocab()

    def document(spans: Spans) -> Any:
        doc = Doc(vocab, words=["ab"] * TOKENS)
        doc.set_ents([Ent(doc, *span) for span in spans])
        return doc

    def pairs() -> Iterator[tuple[float | None, float]]:
        for _ in range(CORPORA):
            gold, system = random_spans(dice), random_spans(dice)
            examples = [
                Example(document(theirs), document(ours)) for ours, theirs in zip(gold, system, strict=True)
            ]
            theirs = Scorer.score_spans(examples, "ents")
            ours = results("default", gold, system)[0]
            yield ours.averages["micro"].precision, theirs["ents_p"]
            yield ours.averages["micro"].recall, theirs["ents_r"]
            yield ours.value, theirs["ents_f"]

    return apart(pairs())


def sklearn() -> float:
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    dice = random.Random("scikit-learn")

    def pairs() -> Iterator[tuple[float | None, float]]:
        for _ in range(CORPORA):
            sides = [[dice.choices(["O", *TYPES], k=TOKENS) for _ in range(DOCUMENTS)] for _ in range(2)]
            spans = [[[(i, i + 1, t) for i, t in enumerate(tags) if t != "O"] for tags in s] for s in sides]
            tokens, accuracy = results(("tokens", "accuracy"), *spans)
            ours, theirs = ([tag for tags in side for tag in tags] for side in sides)
            yield accuracy.value, float(accuracy_score(ours, theirs))
            other = precision_recall_fscore_support(ours, theirs, labels=TYPES, average="micro")
            micro = tokens.averages["micro"]
            yield from zip((micro.precision, micro.recall, micro.f), map(float, other[:3]), strict=True)

    return apart(pairs())


# ---------------------------------------------------------------- print
WNUT = {"flytxt": (38.35, 36.31), "arcada": (39.98, 37.77)}


def wnut(folder: Path) -> float:
    """The largest difference from the printed per cents, both to two decimals."""
    gold = list(read_columns(folder / "emerging.test.annotated"))
    documents = [
        make_document(f"s{i:04}", " ".join(token for token, *_ in sentence))
        for i, sentence in enumerate(gold)
    ]

    def layer(sentences: list[list[list[str]]]) -> list[Annotations]:
        return [tagged(*pair) for pair in zip(documents, sentences, strict=True)]

    systems = {name: layer(list(read_columns(folder / name))) for name in WNUT}
    suite = read_suite("wnut17")
    record = score(layer(gold), systems, documents, suite.measures, options=Options(trials=0))
    return max(
        abs(round(100 * (found.value or 0.0), 2) - WNUT[found.system][i // len(WNUT)])
        for i, found in enumerate(record.results)
    )


def read_columns(path: Path) -> Iterator[list[list[str]]]:
    """Sentences of columns, parted by white space."""
    sentence: list[list[str]] = []
    for row in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if row.strip():
            sentence.append(row.split())
        elif sentence:
            yield sentence
            sentence = []


def tagged(document: Document, sentence: list[list[str]]) -> Annotations:
    starts = [0]
    for token, *_ in sentence:
        starts.append(starts[-1] + len(token) + 1)
    mentions = tuple(
        Mention(id=str(i), type=type, spans=(Span(starts[first], starts[end] - 1),))
        for i, (first, end, type) in enumerate(decode([row[-1] for row in sentence], "IOB2", "conlleval"))
    )
    return Annotations(document=document.id, sha256=document.sha256, mentions=mentions)


# Luo 2005, table 1: the key, four responses, and F1 as printed.
KEY = ["12345", "67", "89ABC"]
LUO = (
    (["12345", "6789ABC"], {"muc": 0.947, "b3": 0.865, "ceaf-m": 0.833, "ceaf-e": 0.733}),
    (["1234589ABC", "67"], {"muc": 0.947, "b3": 0.737, "ceaf-m": 0.583, "ceaf-e": 0.667}),
    (["123456789ABC"], {"muc": 0.900, "b3": 0.545, "ceaf-m": 0.417, "ceaf-e": 0.294}),
)
# Pradhan et al. 2014, the figure: key, response, precision and recall as printed.
PRADHAN = (["abc", "defg"], ["ab", "cd", "fghi"])
PRINTED = {"muc": (0.40, 0.40), "b3": (0.50, 0.42), "ceaf-e": (0.43, 0.65)}


def luo() -> float:
    def pairs() -> Iterator[tuple[float | None, float]]:
        for response, printed in LUO:
            found = coref.count(KEY, response, printed)
            for part, f in printed.items():
                yield round(score_row(found[part]).f or 0.0, 3), f

    return apart(pairs())


def pradhan() -> float:
    found = coref.count(*PRADHAN, PRINTED)

    def pairs() -> Iterator[tuple[float | None, float]]:
        for part, (precision, recall) in PRINTED.items():
            ours = score_row(found[part])
            yield round(ours.precision or 0.0, 2), precision
            yield round(ours.recall or 0.0, 2), recall

    return apart(pairs())


# ---------------------------------------------------------------- the page
HAND = "counts by hand"
BY_HAND = {
    "default": "TI, TC, AI+, AC+, realis: `tests/oracle/test_events_by_hand.py`",
    "ace": "TI to AC+, one text in which all six differ: `tests/oracle/test_events_by_hand.py`",
    "arguments": "every definition on one text: `tests/oracle/test_events_by_hand.py`",
    "nugget": "Dice of tokens, type, realis: `tests/oracle/test_events_by_hand.py`",
    "wikievents": "head and coref, a gold argument used once: `tests/oracle/test_events_by_hand.py`",
    "bionlp": "triggers a token beyond gold's: `tests/oracle/test_events_by_hand.py`",
    "muc4": "the cases printed with CEAF-REE, and brute force: `tests/test_templates.py`",
}
# Scorers that cannot be installed here: a test counts by their rule, read in their source, on random cases.
BY_RULE = (
    ("textee", "TextEE's scorer, end to end", "TI, TC, AI, AC, AI+, AC+: `tests/oracle/test_textee.py`"),
    ("hipe", "HIPE-scorer", "flat mentions, strict and fuzzy, micro and macro: `tests/oracle/test_hipe.py`"),
    (
        "nugget",
        "EvmEval",
        "triggers of one word, one way to pair: `tests/oracle/test_evmeval.py`",
    ),
    ("coref", "the official scorer", "BLANC, and what a response repeats: `tests/test_coref.py`"),
    ("edit-similarity", "brateval", "approximate spans, one pair: `tests/oracle/test_brateval.py`"),
    ("conll", "conlleval.pl", "mentions of tags with B and I: `tests/test_tags.py`"),
)


def rows(shared: Path) -> list[Row]:
    """The table."""
    size = f"{CORPORA} random corpora of {DOCUMENTS} documents"
    warnings.simplefilter("ignore")  # seqeval warns of undefined figures and says 0
    logging.disable(logging.CRITICAL)  # nervaluate tells on the log that it evaluates
    found = [
        Row("default", "spaCy 3.8 Scorer", f"entity, {size}", spacy()),
        Row("conll", "seqeval 1.2.2, default", size, seqeval("conll", None, "BI", "conlleval")),
        *(
            Row(
                "seqeval-strict",
                f"seqeval 1.2.2, strict {scheme}",
                size,
                seqeval("seqeval-strict", scheme, prefixes, "strict"),
            )
            for scheme, prefixes in (("IOB2", "BI"), ("IOE2", "IE"), ("IOBES", "BIES"))
        ),
        Row("tokens, accuracy", "scikit-learn", size, sklearn()),
        Row("semeval2013", "nervaluate 1.2.1", f"{size} with one way to pair", nervaluate()),
        Row(
            "gold-overlap",
            "nervaluate 1.2.1, minimum overlap 50 %",
            f"{size} with one way to pair",
            minimum_overlap(),
        ),
        Row(
            "wnut17",
            "the published figures",
            "flytxt and arcada, two decimals",
            wnut(shared / "data" / "wnut17"),
        ),
        Row("coref", "Luo 2005", "table 1, F1 to three decimals", luo()),
        Row("coref", "Pradhan et al. 2014", "the example, precision and recall to two decimals", pradhan()),
        *(Row(suite, f"the rule of {other}", what, None) for suite, other, what in BY_RULE),
        *(Row(suite, HAND, what, None) for suite, what in BY_HAND.items()),
    ]
    logging.disable(logging.NOTSET)
    return found


INTRODUCTION = """# With whom our numbers agree

Written by `python benchmarks/agreement.py`, worked out again by a test. The difference is the largest of
all figures compared: precision, recall and F1; micro, macro, weighted and by type where the other scorer has
them.
"""
# Scorer, case, what it says, what we say.
DIFFERENT = (
    (
        "nervaluate 1.2.1",
        "gold A at 0–6; system A at 2–4 and at 0–6",
        "strict: none is correct, or one if the system's are named in the other order",
        "one: the best pairs, in any order",
    ),
    (
        "nervaluate 1.2.1",
        "gold A at 0–4 and 4–9; system A at 3–8 and 7–9",
        "by type: one is correct, since pairs are taken as they come",
        "two",
    ),
    (
        "nervaluate 1.2.1",
        "a type error",
        "incorrect overall; missed under one type and spurious under the other, so that tables do not add up",
        "counted once on either side",
    ),
    (
        "seqeval 1.2.2",
        "gold I-A I-A, system B-A I-A",
        "1.0 by default, 0.0 in strict mode",
        "the same, by the policy for invalid tags: `conlleval` or `strict`",
    ),
    (
        "CoNLL scorers",
        "the same singletons on both sides, nothing else",
        "MUC is 0, so that a perfect system has less than 100 on average",
        "MUC is undefined and left out: 100",
    ),
    (
        "the script of WikiEvents",
        "a spurious argument; two mentions of one gold argument",
        "not in precision; both right",
        "in precision; one right, one spurious",
    ),
    (
        "HIPE-scorer",
        "gold A at 0, B at 1–2; system B at 0–1",
        "fuzzy: none is right, since the first overlapping mention is taken, whatever its type",
        "the same by `first-overlap`; one by `overlap`, which stands beside it",
    ),
    (
        "HIPE-scorer",
        "a type that gold never has",
        "ignored where no tag set is named",
        "spurious",
    ),
    (
        "EvmEval",
        "nuggets of several tokens",
        "pairs are taken greedily, the best first; equal lines are counted again",
        "the best pairs of all; equal events are one",
    ),
    (
        "the official coreference scorer",
        "gold of one mention, so without a pair",
        "BLANC is 0",
        "undefined",
    ),
    (
        "the official coreference scorer",
        "more than ten mentions that a response repeats",
        "refused",
        "dropped, as fewer are there, and counted as collapsed",
    ),
    (
        "brateval",
        "approximate at 0.8, five characters, one of them different",
        "no match: floor((1 - 0.8) * 5) is 0 in doubles",
        "a match: shares are compared in whole numbers",
    ),
    (
        "conlleval.pl",
        "tags B-X E-X B-X E-X; S-X",
        "one mention; S is unknown",
        "two, as in seqeval; S is a mention",
    ),
    ("MUC-4", "any", "F1 from precision and recall in whole per cents", "F1 from counts"),
)
CLOSING = """
The first four are in `tests/oracle/test_nervaluate.py` and `test_seqeval_scores.py`, the others beside the
measures that they are about. A rule is what a scorer's source says, put into the words of the test.
"""


def render(shared: Path) -> str:
    """The whole page."""
    found = [(row.suite, row.other, row.data, shown(row.difference)) for row in rows(shared)]
    return "\n".join(
        [
            INTRODUCTION,
            table(("suite", "agrees with", "on", "largest difference"), found),
            "\n## Where they differ, and why\n",
            table(("scorer", "case", "there", "here"), DIFFERENT),
            CLOSING,
        ]
    )


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *lines))


def shown(difference: float | None) -> str:
    if difference is None:
        return "none"
    return "below 1e-12" if difference < EXACT else f"{difference:.1e}"


if __name__ == "__main__":
    place = Path(os.environ.get("GOLDWIRE_SHARED", ROOT.parent / "shared"))
    (ROOT / "docs" / "evidence" / "agreement.md").write_text(render(place), encoding="utf-8")
