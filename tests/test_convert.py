"""Layers go in and out of files: checked against text and ontology, with loss and quarantine told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Rejected, Span

TEXT = "Rebels attacked Balkh on Monday."
DOCUMENT = make_document("a", TEXT)
REBELS = Mention(id="m1", type="MIL", spans=(Span(0, 6),))
BALKH = Mention(id="m2", type="GPE", spans=(Span(16, 21),))


def layer(**fields: object) -> Annotations:
    return Annotations(document="a", sha256=DOCUMENT.sha256, **fields)  # type: ignore[arg-type]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [DOCUMENT])


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "p.jsonl"
    attack = Event(
        id="e1",
        type="Attack",
        trigger=(Span(7, 15),),
        arguments=(Argument(role="attacker", mention="m1"), Argument(role="instrument", mention="m2")),
    )
    ghost = Mention(id="m3", type="GHOST", spans=(Span(22, 24),))
    path.write_bytes(encode_lines([layer(mentions=(REBELS, BALKH, ghost), events=(attack,))]))
    return path


def put(corpus: Corpus, path: Path, name: str = "system/x", *, replace: bool = False) -> convert.Imported:
    reading = convert.read("goldwire", [path], {}, corpus.documents(), corpus.ontology())
    return convert.import_layer(corpus, name, reading, replace=replace)


def test_what_breaks_text_or_ontology_goes_to_quarantine_and_the_rest_in(
    corpus: Corpus, predictions: Path
) -> None:
    done = put(corpus, predictions)
    written = corpus.layer("system/x")["a"]
    assert written.mentions == (REBELS, BALKH)
    assert written.events[0].arguments == (Argument(role="attacker", mention="m1"),)
    assert done.rejected == {"filler-not-allowed": 1, "unknown-type": 1}
    assert [(item.unit, item.kind) for item in written.rejected] == [
        ("mention", "unknown-type"), ("argument", "filler-not-allowed"),
    ]  # fmt: skip
    assert done.quarantine is not None
    reasons = {item.message.split(";")[0] for item in read_lines(done.quarantine, Rejected)}
    assert reasons == {"GPE cannot be instrument of Attack", "'GHOST' is no entity type"}


def test_import_again_is_the_same_and_other_content_needs_a_word(corpus: Corpus, predictions: Path) -> None:
    assert put(corpus, predictions) == put(corpus, predictions)
    predictions.write_bytes(encode_lines([layer(mentions=(REBELS,))]))
    with pytest.raises(CorpusError, match="--replace"):
        put(corpus, predictions)
    assert len(corpus.layer("system/x")["a"].mentions) == 2
    done = put(corpus, predictions, replace=True)
    assert corpus.layer("system/x")["a"].mentions == (REBELS,)
    assert done.quarantine is None
    assert not corpus.quarantine_path("system/x").exists()


def test_layer_name_that_leaves_the_corpus_writes_nothing(corpus: Corpus, predictions: Path) -> None:
    before = sorted(corpus.path.rglob("*"))
    with pytest.raises(CorpusError, match="no layer name"):
        put(corpus, predictions, "../x")
    assert sorted(corpus.path.rglob("*")) == before


@pytest.mark.parametrize("format", ["conll", "brat", "tbf", "goldwire"])
def test_layer_goes_out_and_comes_back_by_every_format_that_writes(
    corpus: Corpus, tmp_path: Path, format: str
) -> None:
    attack = Event(id="e1", type="Attack", trigger=(Span(7, 15),), attributes={"realis": "actual"})
    corpus.write_layer("gold", [layer(mentions=(REBELS, BALKH), events=(attack,))])
    out = tmp_path / "out"
    loss = convert.export_layer(corpus, "gold", out, format, {}).loss
    reading = convert.read(format, [out], {}, corpus.documents(), corpus.ontology())
    (back,) = reading.annotations
    held = {"conll": (2, 0), "brat": (2, 1), "tbf": (0, 1), "goldwire": (2, 1)}[format]
    assert (len(back.mentions), len(back.events)) == held
    assert loss == {"conll": {"attributes": 1, "events": 1}, "tbf": {"mentions": 2}}.get(format, {})


def test_gold_that_ships_is_imported_where_the_texts_are(
    articles: Path, tmp_path: Path, corpus: Corpus
) -> None:
    from goldwire.corpora import ingest

    mine = create_corpus(
        tmp_path / "m", Manifest(name="m", ontology="conflict"), ingest.read([articles]).documents
    )
    done = convert.import_layer(mine, "gold", convert.read_library("mazar-articles", mine))
    assert done.documents == len(library.read_standoff("mazar-articles")) == 2
    assert done.notes == []
    more = create_corpus(tmp_path / "more", mine.manifest, [*mine.documents(), DOCUMENT])
    done = convert.import_layer(more, "gold", convert.read_library("mazar-articles", more))
    said = "1 of 3 documents is not in mazar-articles: not judged; `--covers all` if they were looked at"
    assert done.notes == [said]
    assert "a" not in more.layer("gold")
    with pytest.raises(CorpusError, match="none of the texts"):
        convert.read_library("mazar-articles", corpus)


def test_unknown_formats_and_options_are_refused_with_what_there_is() -> None:
    with pytest.raises(CorpusError, match="goldwire, conll, brat"):
        formats.load("no-such")
    with pytest.raises(DataError) as caught:
        formats.options("conll", {"colour": "red", "scheme": "IOB9", "join": "two"})
    assert [fault.path for fault in caught.value.faults] == ["colour", "join", "scheme"]
    assert formats.options("conll", {"tag": "-2", "scheme": "IOE1"}).scheme == "IOE1"


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_explains_itself(name: str) -> None:
    told = formats.about(name)
    assert len(told["explanation"].splitlines()) > 2
    assert told["settings"]
    assert all(told[field] for field in ("about", "loss", "coverage"))
    assert "\n" not in told["about"]
    assert told["about"][-1] != "."
    assert f"--format {name}" in told["example"] or name == "goldwire"


THEIRS = '''
"""Lines of text: a mention for each word LINE."""
import msgspec
from goldwire.corpora.formats import Reading
class Options(msgspec.Struct):
    """Nothing."""
def read(paths, options, documents=None):
    return Reading(annotations=[], notes=["read by theirs"])
def write(path, documents, layer, options):
    return {"everything": 1}
'''


def test_format_of_another_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(THEIRS)
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[goldwire.formats]\ntheirs = theirs\n")
    program = (
        "from goldwire.corpora import formats as f; print(f.names()[-1], f.load('theirs').write(0, 0, 0, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "theirs {'everything': 1}\n"


def test_format_of_another_package_that_is_broken_stands_in_the_way_of_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text("import nothing_of_this_name\n")
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[goldwire.formats]\ntheirs = theirs\n")
    (tmp_path / "a.jsonl").write_text('{"text": "a b", "label": [[0, 1, "X"]]}\n')
    program = (
        "from goldwire.corpora.formats.recognise import recognise; from pathlib import Path\n"
        "from goldwire.corpora import formats\n"
        f"print(recognise([Path({str(tmp_path / 'a.jsonl')!r})]).format)\n"
        "formats.load('theirs')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "doccano\n"
    assert (
        "CorpusError: theirs: cannot be loaded (theirs of the package theirs 1 raised ModuleNotFoundError"
        in done.stderr
    )
