"""Systems that read documents and give annotations, all behind one small protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from goldwire.corpora import extras
from goldwire.corpora.errors import ExtractorError, GoldwireError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.predictions import Prediction
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.systems.spec import Spec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "goldwire.extractors"
_PLUGIN = "goldwire.eval.systems.adapters.object"  # what opens the systems of other packages
Output = Annotations | Prediction | dict[str, Any]
O = TypeVar("O")
ABSENT, REFUSED = "absent", "refused"  # how the causes of a `DocumentError` begin


class Extractor(Protocol):
    """What every system is: documents in, annotations out.

    `provides` says what it can extract: mentions, triggers, arguments, attributes, relations, clusters.
    `extract` gives one output for each document, in order. An exception fails the document at hand;
    `ExtractorError` says that the system itself cannot go on. May be there besides: `batch` (documents per
    call, else 1), `notes` (lines for the user after opening), `processes` (numbers of programs whose memory
    is the system's) and `close()`.
    """

    name: str
    version: str
    provides: frozenset[str]

    def extract(self, documents: Sequence[Document]) -> Iterable[Output]:
        """One output for each document: annotations, or the simple form."""
        ...


class DocumentError(GoldwireError):
    """A system failed on one document; `details` holds what was spent all the same (tokens, cost).

    `cause` is set where the others may well fail of the same: `ABSENT` if nobody listens at the system's
    address, `refused …` with the same words for the same refusal.
    """

    def __init__(
        self, message: str, details: dict[str, Any] | None = None, *, cause: str | None = None
    ) -> None:
        self.details, self.cause = details or {}, cause
        super().__init__(message)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a system may need to know besides its spec: where the corpus is, its options, the seed.

    `labels` names the label map that its output will go through, `scratch` is a folder for what it wants
    to find again.
    """

    corpus: str | None = None
    ontology: Ontology | None = None
    options: dict[str, Any] = {}
    seed: int = 0
    labels: str | None = None
    scratch: str | None = None


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of system that ships with Goldwire.

    `module` opens it, `extra` brings `library`, without which it cannot be, `labels` is the label map by
    name of ontology.
    """

    module: str
    form: str
    about: str
    library: str = ""
    extra: str = ""
    labels: dict[str, str] = {}


KINDS: dict[str, Kind] = {
    "lexicon": Kind(
        module="goldwire.eval.reference.rules",
        form="lexicon[:NAME|FILE.toml]",
        about="rules and word lists: mentions, triggers, arguments by position, attributes by cue words",
    ),
    "sklearn": Kind(
        module="goldwire.eval.reference.learn",
        form="sklearn",
        about="linear models trained on a layer of the corpus by cross-fitting, or loaded from a file",
    ),
    "spacy": Kind(
        module="goldwire.eval.reference.pipeline",
        form="spacy:MODEL",
        about="an installed spaCy pipeline: its entities by label map, events by dependency rules",
        library="spacy",
        extra="spacy",
        labels={"conflict": "spacy"},
    ),
    "llm": Kind(
        module="goldwire.eval.systems.adapters.llm",
        form="llm:MODEL@URL",
        about="a language model behind an OpenAI-compatible address; the key comes from the environment",
        library="httpx",
        extra="http",
    ),
    "cmd": Kind(
        module="goldwire.eval.systems.adapters.command",
        form="cmd:COMMAND",
        about="a program in any language: a document a line in, its annotations a line out",
    ),
    "http": Kind(
        module="goldwire.eval.systems.adapters.web",
        form="http(s)://URL",
        about="a service: a document posted, its annotations back",
        library="httpx",
        extra="http",
    ),
    "python": Kind(
        module="goldwire.eval.systems.adapters.object",
        form="python:MODULE:OBJECT",
        about="a function of one document, or a class or object with `extract(documents)`",
    ),
    "file": Kind(
        module="goldwire.eval.systems.adapters.file",
        form="file:PATH",
        about="predictions made elsewhere, a line per document in the simple form",
    ),
}


def open_extractor(spec: Spec, context: Context) -> Extractor:
    """The system that a spec names, ready to extract; `ExtractorError` if it cannot be opened."""
    module = _module(spec.kind)
    extractor: Extractor = module.load(spec.target if spec.kind in KINDS else str(spec), context)
    return extractor


def identity(spec: Spec, context: Context) -> list[Any]:
    """What decides a system's output besides the document: versions and hashes of code and data.

    Worked out without loading the system; values that msgspec can encode.
    """
    module = _module(spec.kind)
    parts: list[Any] = module.identity(spec.target if spec.kind in KINDS else str(spec), context)
    return [spec.kind, *parts]


def _module(kind: str) -> ModuleType:
    if kind in KINDS:
        known = KINDS[kind]
        if known.library:
            extras.check(known.library, known.extra, f"`{kind}` needs {known.library}", ExtractorError)
        return import_module(known.module)
    if kind in plugins():
        return import_module(_PLUGIN)
    raise ExtractorError(
        f"no kind of system {kind!r}; there are: {', '.join([*KINDS, *plugins()])} (`goldwire eval systems`)"
    )


def plugins() -> dict[str, EntryPoint]:
    """The systems of installed packages, by name; a name that Goldwire uses itself is never theirs."""
    from importlib.metadata import entry_points  # slow to import, and most commands never come here

    found = entry_points(group=ENTRY_POINTS)
    return {point.name: point for point in sorted(found, key=lambda p: p.name) if point.name not in KINDS}


def kinds() -> list[dict[str, Any]]:
    """Every kind of system there is, for a list.

    `form` and `about` say what it is, `options` what can be set and its default, `ready` whether its
    libraries are there, `hint` how to get them.
    """
    shipped = [
        {
            "form": kind.form,
            "about": kind.about,
            "options": _defaults(kind),
            "ready": not kind.library or extras.is_there(kind.library),
            "hint": extras.hint(kind.extra) if kind.extra else "",
        }
        for kind in KINDS.values()
    ]
    foreign = [
        {
            "form": f"{name}[:ARGUMENT]",
            "about": f"{point.value}, from {point.dist.name if point.dist else 'an unknown package'}",
            "options": {},
            "ready": True,
            "hint": "",
        }
        for name, point in plugins().items()
    ]
    return shipped + foreign


def _defaults(kind: Kind) -> dict[str, Any]:
    module = import_module(kind.module)
    return {field.name: field.default for field in msgspec.structs.fields(module.Options)}


def options(context: Context, type: type[O]) -> O:
    """The options of a system as its own struct; `ExtractorError` names what is unknown or ill-typed."""
    try:
        return msgspec.convert(context.options, type)
    except msgspec.ValidationError as error:
        fields = msgspec.structs.fields(type)  # type: ignore[arg-type]  # a struct, in every caller
        known = ", ".join(field.name for field in fields) or "none"
        raise ExtractorError(f"options: {error}; known are {known}") from error
