"""Inputs of adjudication: the layers of annotators, and what was decided so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from goldwire.annotate.adjudicate.decisions import Disagreement
from goldwire.annotate.exchange.store import FOLDER
from goldwire.corpora.codec import read_lines
from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.goldtasks import without_gold_tasks
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.comparison.annotators import layer_names


def decisions_path(corpus: Corpus, to: str) -> Path:
    """The list of decisions for a layer; `+` stands for a slash, for no name of a layer has one."""
    return corpus.path / FOLDER / f"decisions-{to.replace('/', '+')}.jsonl"


def decided(corpus: Corpus, to: str) -> list[Disagreement]:
    """What the list for a layer has."""
    path = decisions_path(corpus, to)
    return read_lines(path, Disagreement) if path.is_file() else []


def annotators(corpus: Corpus, layers: Sequence[str], to: str) -> dict[str, dict[str, Annotations]]:
    """The layers to be merged, as far as people have finished them; without gold tasks."""
    return {name: without_gold_tasks(layer) for name, layer in finished_layers(corpus, layers, to).items()}


def finished_layers(corpus: Corpus, layers: Sequence[str], to: str) -> dict[str, dict[str, Annotations]]:
    """The layers that are meant, as far as people have finished them; with gold tasks."""
    names = layer_names(corpus, layers)
    if layers and to in names:
        raise CorpusError(f"layer {to!r} is the one that is made: name another with --to, or leave it out")
    if not names:
        raise CorpusError(
            f"{corpus.where}: no layer of an annotator to merge; pull what people did (`annotate pull`), "
            "import it into annotator/NAME, or name layers with --layers"
        )
    return {name: finished(corpus.layer(name)) for name in names if name != to}
