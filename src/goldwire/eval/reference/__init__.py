"""Reference systems: rules and word lists, linear models, and events on top of a spaCy pipeline.

They are registered as those of any other package, by the entry points in pyproject.toml.
"""

from goldwire.eval.systems.extractor import SystemKind

LEXICON = SystemKind(
    module="goldwire.eval.reference.rules",
    form="lexicon[:NAME|FILE.toml]",
    about="rules and word lists: mentions, triggers, arguments by position, attributes by cue words",
    fixed=True,
)
SKLEARN = SystemKind(
    module="goldwire.eval.reference.learn",
    form="sklearn",
    about="linear models trained on a layer of the corpus by cross-fitting, or loaded from a file",
)
SPACY = SystemKind(
    module="goldwire.eval.reference.dependencies",
    form="spacy:MODEL",
    about="an installed spaCy pipeline: its entities by label map, events by dependency rules",
    needs=("spacy",),
    extra="spacy",
    labels={"conflict": "spacy"},
)
