"""Systems that read documents and give annotations, all behind one small protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import msgspec

from goldwire import extensions
from goldwire.corpora import extras
from goldwire.corpora.errors import ExtractorError, GoldwireError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.systems.ledger import Account
from goldwire.eval.systems.spec import Spec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from goldwire.corpora.predictions import Prediction

Output: TypeAlias = "Annotations | Prediction | dict[str, Any]"  # whose reading a worker does without
O = TypeVar("O")
ABSENT, REFUSED = "absent", "refused"  # how the causes of a `DocumentError` begin
UNPAID, WAITING = "unpaid", "waiting"  # causes of one that says nothing of the document: it was not asked


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
    address, `refused …` with the same words for the same refusal. `UNPAID` and `WAITING` are those of
    documents that were not asked about: the budget does not reach for them, or their answers are still to
    come, and `details` holds the requests.
    """

    def __init__(
        self, message: str, details: dict[str, Any] | None = None, *, cause: str | None = None
    ) -> None:
        self.details, self.cause = details or {}, cause
        super().__init__(message)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a system may need to know besides its spec: where the corpus is, its options, the seed.

    `labels` names the label map that its output will go through, `scratch` is a folder for what it wants
    to find again, `account` says where it writes down what it is to pay for.
    """

    corpus: str | None = None
    ontology: Ontology | None = None
    options: dict[str, Any] = {}
    seed: int = 0
    labels: str | None = None
    scratch: str | None = None
    account: Account | None = None


class SystemKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of system that is made by a module, with a target and options of its own.

    `module` has `load(target, context)`, which gives an `Extractor`, `identity(target, context)`, which gives
    what decides its output besides the document, and a struct `Options` with their defaults; if what it
    learns can be kept in a file, also `save(context, path)`; if a default has changed, `earlier(options)`,
    which gives the options that asked for the same before; if not all options decide its output,
    `deciding(options)`, which gives those that do. `form` is how it is named, `about` what it is,
    `needs` what must be importable, `extra` that of Goldwire which brings it, `labels` the label map by name
    of ontology. What is `fixed` gives the same each time.
    """

    module: str
    form: str
    about: str
    needs: tuple[str, ...] = ()
    extra: str = ""
    labels: dict[str, str] = {}
    fixed: bool = False

    @property
    def missing(self) -> str | None:
        """The first of its libraries that is not there."""
        return next((name for name in self.needs if not extras.is_there(name)), None)


ADAPTERS: dict[str, SystemKind] = {
    "llm": SystemKind(
        module="goldwire.eval.systems.adapters.llm",
        form="llm:MODEL@URL",
        about="a language model behind an OpenAI-compatible address; the key comes from the environment",
        needs=("httpx",),
        extra="http",
    ),
    "gliner": SystemKind(
        module="goldwire.eval.systems.adapters.gliner",
        form="gliner:MODEL",
        about="a zero-shot extractor: mentions, and triggers if asked, by the titles of their types",
        needs=("gliner",),
        extra="gliner",
        fixed=True,
    ),
    "cmd": SystemKind(
        module="goldwire.eval.systems.adapters.command",
        form="cmd:COMMAND",
        about="a program in any language: a document a line in, its annotations a line out",
    ),
    "http": SystemKind(
        module="goldwire.eval.systems.adapters.web",
        form="http(s)://URL",
        about="a service: a document posted, its annotations back",
        needs=("httpx",),
        extra="http",
    ),
    "python": SystemKind(
        module="goldwire.eval.systems.adapters.object",
        form="python:MODULE:OBJECT",
        about="a function of one document, or a class or object with `extract(documents)`",
    ),
    "file": SystemKind(
        module="goldwire.eval.systems.adapters.file",
        form="file:PATH",
        about="predictions made elsewhere, a line per document in the simple form",
        fixed=True,
    ),
}


def open_extractor(spec: Spec, context: Context) -> Extractor:
    """The system that a spec names, ready to extract; `ExtractorError` if it cannot be opened."""
    kind = find_kind(spec.kind)
    extractor: Extractor = _module(spec.kind).load(_target(spec, kind), context)
    return extractor


def identity(spec: Spec, context: Context) -> list[Any]:
    """What decides a system's output besides the document: versions and hashes of code and data.

    Worked out without loading the system; values that msgspec can encode.
    """
    kind = find_kind(spec.kind)
    parts: list[Any] = _module(spec.kind).identity(_target(spec, kind), context)
    return [spec.kind, *parts]


def earlier_options(spec: Spec, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Other options by which the same was asked once, before a default changed."""
    module = _module(spec.kind)
    found: list[dict[str, Any]] = module.earlier(given) if hasattr(module, "earlier") else []
    return found


def deciding_options(spec: Spec, given: dict[str, Any]) -> dict[str, Any]:
    """The options that decide a system's output: all, unless its kind says otherwise."""
    module = _module(spec.kind)
    found: dict[str, Any] = module.deciding(given) if hasattr(module, "deciding") else given
    return found


def can_save(spec: Spec) -> bool:
    """Whether what systems of this kind learn can be kept in a file."""
    return hasattr(_module(spec.kind), "save")


def save(spec: Spec, context: Context, path: Path) -> str:
    """Train a system on all of a corpus and keep what it learnt; a line that says on what.

    Only where `can_save`. `ExtractorError` if it cannot be trained.
    """
    said: str = _module(spec.kind).save(context, path)
    return said


def _target(spec: Spec, kind: SystemKind | None) -> str:
    """What the module of a kind is given: an object behind an entry point is named by the whole spec."""
    return str(spec) if kind is None else spec.target


def _module(kind: str) -> ModuleType:
    found = find_kind(kind)
    if found is None:
        return import_module(ADAPTERS["python"].module)
    if found.missing is not None:
        raise ExtractorError(extras.missing(f"`{kind}` needs {found.missing}", found.extra))
    return import_module(found.module)


def find_kind(name: str) -> SystemKind | None:
    """The kind of that name; None for a plain object behind an entry point, which is not loaded to be told.

    Raises `ExtractorError` if there is none.
    """
    if name in ADAPTERS:
        return ADAPTERS[name]
    point = find_point(extensions.SYSTEMS, name)
    if point is not None:
        return _kind(point)
    if find_point(extensions.EXTRACTORS, name) is not None:
        return None
    raise ExtractorError(
        f"no kind of system {name!r}; there are: {', '.join([*ADAPTERS, *_names()])} "
        "(`goldwire eval systems`)"
    )


def find_point(group: extensions.Point, name: str) -> EntryPoint | None:
    """What is registered under a name; one of ours goes before those of other packages."""
    found = [point for point in extensions.installed(group) if point.name == name]
    ours = [point for point in found if _is_ours(point)]
    return ours[0] if ours else extensions.only(group, name, found, ExtractorError)


def _is_ours(point: EntryPoint) -> bool:
    return point.module.startswith("goldwire.")


def _names() -> list[str]:
    """The names that packages register, ourselves among them, but for those of adapters."""
    points = [*extensions.installed(extensions.SYSTEMS), *extensions.installed(extensions.EXTRACTORS)]
    return sorted({point.name for point in points} - {*ADAPTERS})


def _kind(point: EntryPoint) -> SystemKind:
    found = extensions.load(point, ExtractorError)
    if not isinstance(found, SystemKind):
        raise ExtractorError(
            f"{point.name}: {point.value} is no `goldwire.eval.systems.extractor.SystemKind`"
        )
    return found


def kinds() -> list[dict[str, Any]]:
    """Every kind of system there is, for a list.

    `form` and `about` say what it is, `options` what can be set and its default, `ready` whether its
    libraries are there, `hint` how to get them; `about` says it of what cannot be used for another reason.
    """
    return [*map(_told, ADAPTERS.values()), *map(_told_name, _names())]


def _told_name(name: str) -> dict[str, Any]:
    """A registered name; a faulty one stops no other."""
    told = {"form": f"{name}[:ARGUMENT]", "about": "", "options": {}, "ready": True, "hint": ""}
    try:
        kind = find_kind(name)
        point = find_point(extensions.EXTRACTORS, name)
    except ExtractorError as error:
        return {**told, "about": str(error), "ready": False}
    if kind is not None:
        return _told(kind)
    return {**told, "about": f"{point.value}, from {extensions.package(point)}" if point else ""}


def _told(kind: SystemKind) -> dict[str, Any]:
    return {
        "form": kind.form,
        "about": kind.about,
        "options": _defaults(kind) if kind.missing is None else {},
        "ready": kind.missing is None,
        "hint": extras.hint(kind.extra) if kind.missing is not None and kind.extra else "",
    }


def _defaults(kind: SystemKind) -> dict[str, Any]:
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
