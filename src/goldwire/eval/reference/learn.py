"""`sklearn`: linear models for mentions, triggers, arguments and attributes, trained on a layer of a corpus.

By cross-fitting: the documents are parted into folds, near-duplicates together, and each fold is annotated
by a model trained on the others. Or by a model from a file, if that saw none of the corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.reference import crossfit, model
from goldwire.eval.reference.code import sources
from goldwire.eval.reference.model import Model
from goldwire.eval.reference.predict import Predictor
from goldwire.eval.reference.train import VERSION, lexicon_of, train
from goldwire.eval.statistics.folds import folds
from goldwire.eval.systems.extractor import Context, options

FOLDS = 5
Pair = tuple[Document, Annotations]


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`layer` to learn from; number of `folds`; a `lexicon` for features ("" for none); a model to `load`."""

    layer: str = "gold"
    folds: int = FOLDS
    lexicon: str = "conflict"
    load: str | None = None


class LearnedExtractor:
    """Annotates each document with the model that did not see it."""

    name = "sklearn"
    version = VERSION
    provides = frozenset({"mentions", "triggers", "arguments", "attributes"})

    def __init__(self, models: Sequence[Model], fold: Mapping[str, int], notes: tuple[str, ...]) -> None:
        self._predictors = [Predictor(item) for item in models]
        self._fold, self.notes = fold, notes

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """The annotations of each document."""
        for document in documents:
            yield self._predictors[self._fold.get(document.id, 0)].annotate(document)


def load(target: str, context: Context) -> LearnedExtractor:
    """Train the models of all folds, or find them trained, or read the one model of a file."""
    if target:
        raise ExtractorError("`sklearn` takes no target; its options are layer, folds, lexicon and load")
    chosen = options(context, Options)
    if context.corpus is None:
        raise ExtractorError("`sklearn` learns from a corpus and was given none")
    corpus = open_corpus(Path(context.corpus))
    if chosen.load is not None:
        found = model.read(Path(chosen.load))
        refuse_seen(found, corpus.documents())
        return LearnedExtractor(
            [found], {}, (f"model {chosen.load}, trained on {len(found.seen)} documents",)
        )
    return _crossfitted(corpus, chosen, context)


def _crossfitted(corpus: Corpus, chosen: Options, context: Context) -> LearnedExtractor:
    documents, gold = corpus.documents(), corpus.layer(chosen.layer)
    groups = crossfit.groups(documents)
    number = min(chosen.folds, len(set(groups)))
    if number < 2:  # noqa: PLR2004 - one fold to learn from, one to annotate
        raise ExtractorError("cross-fitting needs two documents that are no near-duplicates; or load a model")
    fold = dict(zip((d.id for d in documents), folds(groups, number, context.seed), strict=True))
    learnt = [document for document in documents if document.id in gold]
    models = []
    for k in range(number):
        pairs = [(document, gold[document.id]) for document in learnt if fold[document.id] != k]
        models.append(_kept(pairs, corpus.ontology(), chosen, context))
    alike = len(documents) - len(set(groups))
    note = (
        f"cross-fitted on layer {chosen.layer!r} in {number} folds, {alike} near-duplicate(s) kept together"
    )
    return LearnedExtractor(models, fold, (note,))


def _kept(pairs: Sequence[Pair], ontology: Ontology | None, chosen: Options, context: Context) -> Model:
    """The model of some documents, kept beside the journal, where other workers find it."""
    if context.scratch is None:
        return train(pairs, ontology, lexicon=chosen.lexicon, seed=context.seed)
    code = sources("features", "lexicon", "linear", "train")
    key = [code, pairs, ontology, chosen.lexicon, lexicon_of(chosen.lexicon), context.seed]
    digest = hashlib.sha256(msgspec.json.encode(key, order="sorted")).hexdigest()[:12]
    path = Path(context.scratch) / f"fold-{digest}.npz"
    if not path.is_file():
        model.write(path, train(pairs, ontology, lexicon=chosen.lexicon, seed=context.seed))
    return model.read(path)


def refuse_seen(found: Model, documents: Sequence[Document]) -> None:
    """Raise `ExtractorError` if a model was trained on one of the documents or a near-duplicate."""
    seen = set(found.seen)
    known = [
        document.id
        for document in documents
        if document.sha256 in seen
        or any(crossfit.are_alike(sketch, crossfit.sketch(document.text)) for sketch in found.sketches)
    ]
    if known:
        raise ExtractorError(
            f"the model was trained on {len(known)} of these documents or near-duplicates of them "
            f"({', '.join(known[:5])}{', …' if len(known) > 5 else ''}): scores would be too good; "  # noqa: PLR2004
            "leave `load` out to cross-fit"
        )


def save(context: Context, path: Path) -> str:
    """Train on a whole layer of a corpus and keep the model, for other texts; the line says on what."""
    chosen = options(context, Options)
    if context.corpus is None:
        raise ExtractorError("`sklearn` learns from a corpus and was given none")
    corpus = open_corpus(Path(context.corpus))
    gold = corpus.layer(chosen.layer)
    pairs = [(document, gold[document.id]) for document in corpus.documents() if document.id in gold]
    model.write(path, train(pairs, corpus.ontology(), lexicon=chosen.lexicon, seed=context.seed))
    return f"trained on {len(pairs)} documents of layer {chosen.layer!r}"


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - see `load`
    """What the models are made of: the texts and the layer, or the file; the word lists; the libraries."""
    from importlib.metadata import version

    chosen = options(context, Options)
    code = sources("crossfit", "features", "learn", "lexicon", "linear", "predict", "train")
    releases = [code, version("scikit-learn"), version("numpy")]
    if chosen.load is not None:
        words = lexicon_of(model.read(Path(chosen.load)).lexicon)
        return [*releases, hashlib.sha256(read_bytes(Path(chosen.load), ExtractorError)).hexdigest(), words]
    if context.corpus is None:
        return releases
    corpus = open_corpus(Path(context.corpus))
    return [
        *releases,
        lexicon_of(chosen.lexicon),
        corpus.fingerprint(),
        hashlib.sha256(read_bytes(corpus.layer_path(chosen.layer), ExtractorError)).hexdigest(),
    ]
