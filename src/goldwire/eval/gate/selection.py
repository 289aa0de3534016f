"""Selection of the documents to be scored, by a word on the command line."""

from __future__ import annotations

from pathlib import Path

from goldwire.corpora import coverage
from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import Corpus
from goldwire.eval.gate.baseline import read_baseline

BASELINE = "baseline:"


def select(corpus: Corpus, text: str) -> frozenset[str]:
    """The ids that `FILE`, `split:NAME`, `layer:NAME` or `baseline:FILE` names (see `coverage.select`).

    Raises `JudgementError` if a baseline does not name its documents, or has some that the corpus does not.
    """
    if not text.startswith(BASELINE):
        return coverage.select(corpus, text)
    path = text.removeprefix(BASELINE)
    documents = read_baseline(Path(path)).record.documents
    missing = sorted({*documents} - {*corpus.hashes()})
    if not documents or missing:
        what = f"has documents that the corpus does not have: {', '.join(missing[:10])}"
        raise JudgementError(f"{path}: the baseline {what if missing else 'does not name its documents'}")
    return frozenset(documents)
