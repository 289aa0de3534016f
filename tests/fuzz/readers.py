"""Everything that reads what others wrote, each with the use that commands make of what was read."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from fuzz import parted
from goldwire.annotate.exchange import controls, exports, importer, store
from goldwire.annotate.interface import guidelines
from goldwire.annotate.migration import mapping
from goldwire.annotate.sync import api, mirror
from goldwire.annotate.sync import journal as synced
from goldwire.annotate.sync.client import Client
from goldwire.corpora import convert, encodings, ingest, labels, ontology, statistics, toml
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Document
from goldwire.corpora.validate import corpus_faults
from goldwire.eval.comparison.compare import compare
from goldwire.eval.comparison.located import decode_hits
from goldwire.eval.gate import baseline as baselines
from goldwire.eval.gate import judgement, policy
from goldwire.eval.measures import suites
from goldwire.eval.measures.measure import parse
from goldwire.eval.reference import lexicon, rules
from goldwire.eval.report import markdown, terminal
from goldwire.eval.report.build import make_report
from goldwire.eval.report.summary import of_report, summarise
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.record import failed_runs, iter_warnings
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.systems import config, exact, facts
from goldwire.eval.systems import journal as runs
from goldwire.eval.systems.adapters import llm, web
from goldwire.eval.systems.adapters.asking import Asker
from goldwire.eval.systems.adapters.file import load as load_file
from goldwire.eval.systems.check import check
from goldwire.eval.systems.extractor import Context
from goldwire.eval.systems.journal import Entry
from goldwire.eval.systems.worker import Result, run_batch

SEEDS = Path(__file__).parent / "seeds"
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Reader:
    """How files are read: `kind` says how those that are given are made wrong, by pattern of name.

    `run` gets a folder with the files of a seed, one of which is wrong, and the name of that one. `made` are
    samples that are not kept, since only this version can make them.
    """

    kinds: Mapping[str, str]
    run: Callable[[Path, str], object]
    speed: int = 1000  # inputs a second, roughly: what a fair share of the time is worked out from
    made: Callable[[], list[dict[str, bytes]]] | None = None

    def files(self, sample: Files) -> list[str]:
        """The names of those that are made wrong."""
        return [file for file in sample if any(fnmatch(file, pattern) for pattern in self.kinds)]

    def seeds(self, name: str) -> list[Files]:
        """Sound samples: each a set of files."""
        if self.made is not None:
            return [*self.made()]
        folder = SEEDS / name
        return [
            {
                str(file.relative_to(one)): file.read_bytes()
                for file in sorted(one.rglob("*"))
                if file.is_file()
            }
            for one in sorted(folder.iterdir())
        ]


@cache
def conflict() -> Ontology:
    return ontology.read("conflict")


@cache
def documents() -> dict[str, Document]:
    return {document.id: document for document in open_corpus(SEEDS / "corpus/small").documents()}


# ---------------------------------------------------------------- texts and annotations
def articles(folder: Path, name: str) -> None:
    """As `corpus new` takes them in."""
    intake = ingest.read([folder / name], encoding=None)
    encode_lines(intake.documents)


def text(folder: Path, name: str) -> None:
    """In an encoding that the first line names."""
    first, _, rest = (folder / name).read_bytes().partition(b"\n")
    found = encodings.decode(rest, name, first.decode("ascii", "replace") or None)
    encodings.text_warnings(found)


def annotated(format: str, *, made: bool = True) -> Callable[[Path, str], None]:
    """As `corpus import` and `corpus new --format` read files of a format."""

    def run(folder: Path, name: str) -> None:
        path = folder if format in ("brat", "re3d", "ace") else folder / name
        known = list(documents().values())
        try:
            reading = convert.read(format, [path], {}, None if made else known, None if made else conflict())
        except CorpusError:
            return
        encode_lines([*reading.documents, *reading.annotations, *reading.quarantined])

    return run


def recognised(folder: Path, name: str) -> None:
    """As `corpus new` finds out what a file is."""
    recognise([folder / name])


def corpus(folder: Path, name: str) -> None:
    """As `corpus validate`, `stats` and `eval score` read a corpus."""
    found = open_corpus(folder)
    corpus_faults(found)
    statistics.describe(found)
    encode_record(score_corpus(found, "gold", ["rules"], ["entity:span+type@exact", "CoNLL", "AC"]))


def columns(folder: Path, name: str) -> None:
    """As `corpus validate`, measures of tokens, suites of tags and exports read what was kept of columns."""
    found = open_corpus(folder)
    corpus_faults(found)
    measures, options = ["accuracy", "tokens", "entity,labels=all"], Options(trials=0, tags="strict")
    encode_record(score_corpus(found, "gold", ["s"], measures, options=options))
    convert.export_layer(found, "gold", folder / "out.conll", "conll", {})


def predictions(folder: Path, name: str) -> None:
    """As `eval run` takes what a system gave, by any way, and puts it into a layer."""
    verdicts = []
    for line in (folder / name).read_bytes().split(b"\n"):
        for document in documents().values():
            entry = Entry(key="k", characters=1, seconds=0.1, at=0.1, output=msgspec.Raw(line or b"null"))
            verdict = check(document, entry, ontology=conflict(), labels=label_map())
            encode_lines([verdict.annotations, *verdict.rejected])
            verdicts.append(verdict)
    used = exact.total(verdict.usage for verdict in verdicts)
    msgspec.json.encode({name: exact.plain(value) for name, value in used.items()})
    load_file(str(folder / name), Context())


@cache
def label_map() -> labels.LabelMap:
    return labels.read("spacy", conflict())


# ---------------------------------------------------------------- what people write
def ontologies(folder: Path, name: str) -> None:
    found = ontology.read(folder / name)
    controls.of(found)
    guidelines.page(found)


def configs(read: Callable[[Path], Any]) -> Callable[[Path, str], None]:
    return lambda folder, name: msgspec.to_builtins(read(folder / name))


def lexicons(folder: Path, name: str) -> None:
    found = lexicon.read(folder / name)
    lexicon.check(found, conflict())
    list(rules.RuleExtractor(found, conflict()).extract(list(documents().values())))


def suite(folder: Path, name: str) -> None:
    for measure in suites.read_suite(folder / name).measures:
        suites.explain(parse(measure))


def plans(folder: Path, name: str) -> None:
    found = mapping.decode(toml.read(folder / name, CorpusError))
    mapping.check(found, conflict(), conflict())


def matrix(folder: Path, name: str) -> None:
    for system in config.read(folder / name):
        config.timeout_of(system), config.memory_of(system, 2), config.allowed(system.allow_failures, 10)
        system.spec.shown()


# ---------------------------------------------------------------- records and journals
def record(folder: Path, name: str) -> None:
    """As `eval report` and `eval compare` read one."""
    found = decode_record((folder / name).read_bytes(), name)
    encode_record(found)
    list(iter_warnings(found)), failed_runs(found)
    report = make_report({name: found})
    markdown.render(report)
    terminal.render(summarise(report, of_report(report)), Console(file=io.StringIO(), width=100))
    if len(found.systems) > 1:
        compare({name: found}, found.measures[:2], seed=0)


def baseline(folder: Path, name: str) -> None:
    """As `eval gate` holds a record against one; what is damaged is never a loss."""
    held = baselines.decode_baseline((folder / "baseline.json").read_bytes(), "baseline.json")
    now = decode_record((folder / "record.json").read_bytes(), "record.json")
    for measures in held.hits.values():
        for digits in [d for found in measures.values() for d in found.values()]:
            decode_hits(digits)
    judgement.judge(now, held, policy.read("strict"))
    list(baselines.iter_changes(held, held))


def journal(folder: Path, name: str) -> None:
    """As `eval run` goes on from one."""
    with runs.open_journal(folder / name) as found:
        entries = runs.entries(found.lines)
        runs.reused(found.lines, set(entries), 2)
        facts.speed(facts.timing(found.lines, entries.values()), facts.latency([]))
        for entry in entries.values():
            for document in documents().values():
                verdict = check(document, entry, ontology=conflict())
                encode_lines([verdict.annotations, *verdict.rejected])
        encode_lines(found.lines)


def run_facts(folder: Path, name: str) -> None:
    facts.read(Corpus(folder, open_corpus(SEEDS / "corpus/small").manifest), "rules")


def sync(folder: Path, name: str) -> None:
    """As `annotate status` reads what was done with a server."""
    notes = synced.read(folder)
    found = mirror.load(folder / "raw", notes)
    list(found.tasks()), found.totals(), found.newest(), found.with_drafts()
    import_tasks(list(found.values()), controls.of(conflict()))


# ---------------------------------------------------------------- Label Studio
def tasks(folder: Path, name: str) -> None:
    """As `annotate import` reads an export of a project of ours."""
    import_tasks(exports.read(folder / name), controls.of(conflict()))


def import_tasks(found: list[Any], declared: controls.Controls) -> None:
    layers = {"gold": open_corpus(SEEDS / "corpus/small").layer("gold")}
    context = importer.Context(
        documents=documents(),
        controls=declared,
        ontology=conflict(),
        layer=lambda layer: layers.get(layer, {}),
    )
    store.new_documents(found, [], "text")
    imported = importer.decode(found, context)
    store.changes(imported)
    encode_lines([*[reading.annotations for reading in imported.readings], *imported.rejected])


def configuration(folder: Path, name: str) -> None:
    """As `annotate import --config` reads a project made elsewhere."""
    xml = encodings.decode((folder / name).read_bytes(), name)
    controls.field(xml)
    declared = controls.parse(xml, ontology=conflict() if b"graph" in name.encode() else None)
    controls.ontology_of(declared)
    import_tasks(exports.read(SEEDS / "tasks/graph/tasks.json"), declared)


@cache
def asked() -> Client:
    return Client("http://127.0.0.1:1", "0" * 40)


def server(folder: Path, name: str) -> None:
    """Answers of Label Studio, as they are taken in by path."""
    client = asked()
    body = (folder / name).read_bytes()
    forms = {
        "project": api.Project, "page": api._Page, "projects": api._Projects, "snapshots": list[api.Snapshot],
        "tasks": list[msgspec.Raw],
    }  # fmt: skip
    found = client._decode(body, forms[name.removesuffix(".json")], "api/x")
    if name == "tasks.json":
        mirror.Mirror().take(found, whole=True)


class Canned:
    """In place of a service: always this answer."""

    url = shown = "http://127.0.0.1:1"

    def __init__(self, body: bytes) -> None:
        self.body = body

    def post(self, _: bytes) -> bytes:
        return self.body

    def close(self) -> None:
        pass


def service(folder: Path, name: str) -> None:
    """An answer of a service in the simple form, or of a model; whatever it is, it is one result."""
    body = (folder / name).read_bytes()
    caller: Any = Canned(body)
    some = list(documents().values())[:1]
    extractor: Any = web.WebExtractor(caller)
    if name == "completion.json":
        extractor = llm.ModelExtractor("m", Asker(caller), conflict(), llm.Options())
    for result in run_batch(extractor, some, None):
        message = msgspec.json.encode(result)
        again = msgspec.json.decode(message, type=Result)
        if again.error is not None and not again.error.startswith(EXPECTED):
            raise AssertionError(again.error)
        check(
            some[0], Entry(key="k", characters=1, seconds=0, at=0, output=again.output), ontology=conflict()
        )


EXPECTED = (
    "garbled", "the system answered for", "the answer is", "the server's reply", "refused", "no reason",
    "the answer has", "the answer was",
)  # fmt: skip


READERS: dict[str, Reader] = {
    "articles": Reader({"*.jsonl": "jsonl", "*.csv": "lines", "*.txt": "bytes"}, articles),
    "parquet": Reader({"*.parquet": "bytes"}, articles, speed=4),  # another process reads them first
    "encoding": Reader({"*": "bytes"}, text),
    "goldwire": Reader({"*": "jsonl"}, annotated("goldwire", made=False)),
    "conll": Reader({"*": "lines"}, annotated("conll")),
    "brat": Reader({"*": "lines"}, annotated("brat")),
    "tbf": Reader({"*": "lines"}, annotated("tbf", made=False)),
    "re3d": Reader({"*": "jsonl"}, annotated("re3d")),
    "plover": Reader({"*": "json"}, annotated("plover")),
    "muc": Reader({"*.jsonl": "jsonl", "*.json": "json"}, annotated("muc")),
    "spacy": Reader({"*": "bytes"}, annotated("spacy"), speed=200),
    "huggingface": Reader({"*.parquet": "bytes", "*.jsonl": "jsonl"}, annotated("huggingface"), speed=200),
    "doccano": Reader({"*": "jsonl"}, annotated("doccano")),
    "prodigy": Reader({"*": "jsonl"}, annotated("prodigy")),
    "langextract": Reader({"*": "jsonl"}, annotated("langextract")),
    "gliner": Reader({"*": "json"}, annotated("gliner")),
    "dygie": Reader({"*": "jsonl"}, annotated("dygie")),
    "spacy-train": Reader({"*": "json"}, annotated("spacy-train")),
    "cas": Reader({"*": "json"}, annotated("cas"), speed=200),
    "webanno": Reader({"*": "lines"}, annotated("webanno")),
    "ace": Reader({"*.apf.xml": "xml", "*.rich_ere.xml": "xml", "*": "bytes"}, annotated("ace")),
    "textee": Reader({"*": "jsonl"}, annotated("textee")),
    "maven": Reader({"*": "jsonl"}, annotated("maven")),
    "maven-arg": Reader({"*": "jsonl"}, annotated("maven-arg")),
    "rams": Reader({"*": "jsonl"}, annotated("rams")),
    "casie": Reader({"*": "json"}, annotated("casie")),
    "docee": Reader({"*": "json"}, annotated("docee")),
    "bioc": Reader({"*.xml": "bytes", "*.json": "json"}, annotated("bioc")),
    "pubannotation": Reader({"*": "json"}, annotated("pubannotation")),
    "recognised": Reader({"*": "bytes"}, recognised, speed=300),
    "corpus": Reader({"*.jsonl": "jsonl", "*.toml": "toml"}, corpus, speed=60),
    "tokens": Reader({"tokens/*.jsonl": "jsonl"}, columns, speed=60),
    "predictions": Reader({"*": "jsonl"}, predictions),
    "ontology": Reader({"*": "toml"}, ontologies, speed=100),
    "labels": Reader({"*": "toml"}, configs(labels.read)),
    "suite": Reader({"*": "toml"}, suite),
    "gate": Reader({"*": "toml"}, configs(policy.read)),
    "systems": Reader({"*": "toml"}, matrix),
    "lexicon": Reader({"*": "toml"}, lexicons, speed=60),
    "plan": Reader({"*": "toml"}, plans),
    "record": Reader({"*": "json"}, record, speed=60),
    "baseline": Reader({"baseline.json": "json", "record.json": "json"}, baseline, speed=100),
    "journal": Reader({"*": "jsonl"}, journal),
    "facts": Reader({"*.json": "json"}, run_facts),
    "sync": Reader({"journal.jsonl": "jsonl", "raw/*.json": "json"}, sync),
    "tasks": Reader({"*": "json"}, tasks),
    "configuration": Reader({"*": "xml"}, configuration),
    "server": Reader({"*": "json"}, server),
    "service": Reader({"*": "json"}, service),
    "parts": Reader({"*.part": "bytes"}, parted.read_parts, speed=100, made=parted.whole_parts),
    "parts-inside": Reader(
        {"*.json": "json", "*.jsonl": "jsonl", "*.floats": "bytes", "*.msgpack": "msgpack"},
        parted.read_parts, speed=60, made=parted.parts_in_pieces,
    ),
    "packed": Reader(
        {"goldwire.json": "json", "*.parquet": "bytes", "files/*": "bytes"},
        parted.read_packed, speed=30, made=parted.packed,
    ),
    "packed-rows": Reader({"rows.jsonl": "jsonl"}, parted.read_packed, speed=30, made=parted.packed_in_rows),
}  # fmt: skip
