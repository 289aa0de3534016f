"""Documents are named by a word, a file, a split or a layer, and a layer says which of them it covers."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goldwire import testing
from goldwire.corpora import build, convert, formats
from goldwire.corpora.coverage import Covered, cover, describe, finished, named, select
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.splits import parts
from goldwire.corpora.store import Corpus, Manifest, Splits, create_corpus, make_document
from goldwire.corpora.types import Annotations, Event, Mention, Provenance, Rejected, Span
from goldwire.testing import annotate

Call = Callable[..., Any]
THIRTY = [make_document(f"d{number:02}", f"Text {number}.") for number in range(30)]


def line(number: int, status: str | None = None, *, units: bool = False) -> Annotations:
    document, word = THIRTY[number], (Span(0, 4),)  # the word "Text" of each document
    event = Event(id="e1", type="E", trigger=word, attributes={"realis": "actual"})
    mentions = [testing.mention("Text", "W", on=document, id="m1")]
    return annotate(document, *mentions[: int(units)], events=[event][: int(units)], status=status)


# Ten judged documents, four of them empty; two skipped and three drafts, which have units too.
PARTIAL = [
    *(line(number, units=number >= 4) for number in range(10)),
    *(line(number, "skipped", units=True) for number in (20, 21)),
    *(line(number, "draft", units=True) for number in (22, 23, 24)),
]
JUDGED = {f"d{number:02}" for number in range(10)}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    manifest = Manifest(name="c", splits=Splits({"train": 0.5, "test": 0.5}))
    layers = {"system/x": [line(3), line(5)], "gold": []}
    return create_corpus(tmp_path / "c", manifest, THIRTY, layers=layers)


def test_a_word_names_all_documents(corpus: Corpus) -> None:
    assert select(corpus, "all") == {document.id for document in THIRTY}


def test_splits_and_layers_name_theirs(corpus: Corpus) -> None:
    assert select(corpus, "split:test") == set(parts(corpus)["test"])
    assert select(corpus, "layer:system/x") == {"d03", "d05"}


def test_a_file_names_an_id_a_line_however_it_was_saved(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"\xef\xbb\xbfd03\r\n\r\n d05 \r\nd03")
    assert select(corpus, str(tmp_path / "ids")) == {"d03", "d05"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("split:dev", "no split 'dev'; there are: train, test"),
        ("layer:gol", "no layer 'gol'; there are: gold, system/x"),
        ("layer:gold", "names none of the 30"),
        ("spilt:test", "no file of ids, and not `all`, `split:NAME` or `layer:NAME`"),
    ],
)
def test_what_names_nothing_is_refused_with_what_there_is(corpus: Corpus, text: str, said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        select(corpus, text)


def test_ids_that_the_corpus_does_not_have_are_named(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("d03\nd99\nd98\n")
    with pytest.raises(CorpusError, match=r"2 of 3 ids are not in .*: d98, d99;"):
        select(corpus, str(tmp_path / "ids"))
    (tmp_path / "ids").write_text("\n")
    with pytest.raises(CorpusError, match="names none of the 30"):
        select(corpus, str(tmp_path / "ids"))


def test_of_many_ids_the_first_ten_are_named() -> None:
    assert named([f"d{number:02}" for number in range(12)]).endswith("d08, d09 and 2 more")


# ---------------------------------------------------------------- what a layer covers


def test_skipped_documents_and_drafts_are_not_covered_and_empty_lines_are() -> None:
    found = describe(PARTIAL, 30)
    assert found == Covered(corpus=30, judged=10, empty=4, skipped=2, drafts=3)
    assert str(found) == "covers 10 of 30 documents (4 empty; not judged: 2 skipped, 3 drafts)"
    assert str(describe(PARTIAL[4:10], 30)) == "covers 6 of 30 documents"
    assert finished({item.document: item for item in PARTIAL}).keys() == JUDGED


def test_covering_writes_empty_lines_and_changes_none_that_is_there(corpus: Corpus) -> None:
    corpus.write_layer("gold", PARTIAL)
    before = corpus.layer("gold")
    done = cover(corpus, "gold", "all")
    after = corpus.layer("gold")
    assert done.written == 15  # of 30 documents 10 are judged, 2 skipped, 3 drafts
    assert done.skipped == ("d20", "d21")
    assert done.drafts == ("d22", "d23", "d24")
    assert {id: after[id] for id in before} == before
    assert all(not after[id].mentions for id in after.keys() - before.keys())
    assert after["d29"].provenance == Provenance(tool="goldwire corpus cover")
    assert str(done.covered) == "covers 25 of 30 documents (19 empty; not judged: 2 skipped, 3 drafts)"


def test_covering_again_changes_nothing(corpus: Corpus) -> None:
    corpus.write_layer("gold", PARTIAL)
    cover(corpus, "gold", "all")
    data = corpus.layer_path("gold").read_bytes()
    assert cover(corpus, "gold", "layer:system/x").written == 0
    assert cover(corpus, "gold", "all").written == 0
    assert corpus.layer_path("gold").read_bytes() == data


def test_only_a_layer_that_is_there_can_be_covered(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="no layer 'glod'"):
        cover(corpus, "glod", "all")
    assert corpus.layers() == ["gold", "system/x"]


def test_command_covers_and_names_what_it_leaves(corpus: Corpus, said_by: Call) -> None:
    corpus.write_layer("gold", PARTIAL)
    said = said_by("corpus", "cover", corpus.path, "--layer", "gold", "--documents", "all")
    assert said.code == 0
    assert said.out == (
        f"{corpus.path}: layer gold: 15 empty line(s) written; "
        "it covers 25 of 30 documents (19 empty; not judged: 2 skipped, 3 drafts)\n"
    )
    assert said.err.splitlines() == [
        "left as it is, not judged (skipped): d20, d21",
        "left as it is, not judged (a draft): d22, d23, d24",
    ]
    assert "gold      covers 25 of 30" in said_by("corpus", "show", corpus.path).out
    assert "layer gold covers 25 of 30" in said_by("corpus", "stats", corpus.path).out
    refused = said_by("corpus", "cover", corpus.path, "--layer", "gold", "--documents", "nobody")
    assert refused.code == 2


# ---------------------------------------------------------------- what an import covers


def put(corpus: Corpus, path: Path, format: str, covers: str | None = None) -> convert.Imported:
    reading = convert.read(format, [path], {}, corpus.documents())
    return convert.import_layer(corpus, "new", reading, covers=covers, replace=True)


def write_18(corpus: Corpus, path: Path, format: str) -> None:
    """A file of 18 of the 30 documents, 4 of them empty."""
    lines = [line(number, units=number >= 4) for number in range(18)]
    documents = corpus.documents()[:18]
    formats.load(format).write(
        path, documents, {item.document: item for item in lines}, formats.options(format, {})
    )


WRITTEN = ["goldwire", "conll", "brat", "tbf"]


@pytest.mark.parametrize("format", WRITTEN)
def test_documents_that_a_file_does_not_name_are_not_judged_and_counted(
    corpus: Corpus, tmp_path: Path, format: str
) -> None:
    write_18(corpus, path := tmp_path / "x", format)
    done = put(corpus, path, format)
    assert corpus.layer("new").keys() == {f"d{number:02}" for number in range(18)}
    assert done.covered == Covered(corpus=30, judged=18, empty=4)
    said = f"12 of 30 documents are not in {path}: not judged; `--covers all` if they were looked at"
    assert done.notes[-1] == said


@pytest.mark.parametrize("format", WRITTEN)
def test_documents_that_were_looked_at_get_empty_lines(corpus: Corpus, tmp_path: Path, format: str) -> None:
    write_18(corpus, path := tmp_path / "x", format)
    done = put(corpus, path, format, "all")
    assert done.covered == Covered(corpus=30, judged=30, empty=16)
    assert done.notes[-1] == f"12 of 30 documents are not in {path}: taken as judged and empty"
    (tmp_path / "ids").write_text("d00\nd18\nd29\n")
    done = put(corpus, path, format, str(tmp_path / "ids"))
    assert done.covered == Covered(corpus=30, judged=20, empty=6)
    assert done.notes[-1].endswith("are not in " + str(path) + ": 2 taken as judged and empty, 10 not judged")
    test = set(parts(corpus)["test"])
    put(corpus, path, format, "split:test")
    assert corpus.layer("new").keys() == {f"d{number:02}" for number in range(18)} | test


def test_file_that_names_every_document_has_nothing_said_of_it(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(msgspec.json.Encoder().encode_lines(line(number) for number in range(30)))
    assert put(corpus, path, "goldwire").notes == []


def test_missing_documents_of_a_system_count_as_empty_and_nobody_is_asked(
    corpus: Corpus, tmp_path: Path
) -> None:
    write_18(corpus, path := tmp_path / "x", "goldwire")
    reading = convert.read("goldwire", [path], {}, corpus.documents())
    done = convert.import_layer(corpus, "system/y", reading)
    assert done.notes == [f"12 of 30 documents are not in {path}: count as empty when scored"]


def test_unfinished_lines_of_a_file_are_told(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(msgspec.json.Encoder().encode_lines(PARTIAL))
    done = put(corpus, path, "goldwire")
    assert done.notes[0] == f"2 skipped, 3 drafts in {path}: not judged"
    assert done.covered == Covered(corpus=30, judged=10, empty=4, skipped=2, drafts=3)


def test_document_of_which_nothing_could_be_taken_is_never_said_to_be_empty(
    corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "x.jsonl"
    other_text = {"document": "d07", "sha256": "0" * 64, "mentions": []}
    path.write_text(json.dumps({"document": "d06"}) + "\n" + json.dumps(other_text) + "\n")
    done = put(corpus, path, "goldwire", "all")
    assert "d07" not in corpus.layer("new")
    assert done.notes[0] == f"nothing could be taken of what {path} has for d07: not judged"
    assert done.covered.judged == 29
    assert cover(corpus, "new", "all").all_rejected == ("d07",)
    assert "d07" not in corpus.layer("new")


def re3d(folder: Path, documents: Iterable[int], entities: Iterable[int]) -> Path:
    folder.mkdir()
    rows = [{"_id": THIRTY[number].id, "text": THIRTY[number].text} for number in documents]
    units = [
        {"_id": f"u{n}", "documentId": THIRTY[n].id, "type": "W", "begin": 0, "end": 4, "value": "Text"}
        for n in entities
    ]
    for name, items in (("documents", rows), ("entities", units), ("relations", [])):
        (folder / f"{name}.json").write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


def test_re3d_judges_the_documents_of_its_folder_also_those_without_entities(
    corpus: Corpus, tmp_path: Path
) -> None:
    path = re3d(tmp_path / "part", range(18), range(4, 18))
    done = put(corpus, path, "re3d")
    assert done.covered == Covered(corpus=30, judged=18, empty=4)
    assert done.notes == [
        f"12 of 30 documents are not in {path}: not judged; `--covers all` if they were looked at"
    ]


# ---------------------------------------------------------------- lists of units


def of_another_package(covers: str | None) -> ModuleType:
    """A format of tuples: document, begin, end, type. Documents without units cannot be in it."""
    module = ModuleType("tuples", "Tuples.\n\nA unit\na line.")

    class Options(msgspec.Struct):
        """Nothing."""

    def read(paths: Any, options: Any, documents: Any = None) -> formats.Reading:
        rows = [row.split() for row in paths[0].read_text().splitlines()]
        known = {document.id: document for document in (documents or THIRTY)}
        lines = [
            Annotations(
                document=id,
                sha256=known[id].sha256,
                mentions=(Mention(id="m", type=type, spans=(Span(int(begin), int(end)),)),),
            )
            for id, begin, end, type in rows
        ]
        return formats.Reading(annotations=lines, documents=[] if documents else THIRTY)

    fields = {"Options": Options, "read": read, **({"COVERS": covers} if covers else {})}
    for name, value in fields.items():
        setattr(module, name, value)
    return module


@pytest.fixture
def tuples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str | None], Path]:
    """A file with a unit in each of two documents, in a format that declares what it covers."""

    def install(covers: str | None) -> Path:
        monkeypatch.setitem(sys.modules, "tuples", of_another_package(covers))
        monkeypatch.setitem(formats.FORMATS, "tuples", "tuples")
        (tmp_path / "tuples").write_text("d03 0 4 W\nd05 0 4 W\n")
        return tmp_path / "tuples"

    return install


def test_list_of_units_judges_all_documents_and_says_so(
    corpus: Corpus, tuples: Callable[[str | None], Path]
) -> None:
    path = tuples("all")
    done = put(corpus, path, "tuples")
    assert done.covered == Covered(corpus=30, judged=30, empty=28)
    said = f"28 of 30 documents are not in {path}: taken as judged and empty"
    assert done.notes == [f"{said}; `--covers listed` if they were not looked at"]
    assert put(corpus, path, "tuples", "listed").covered == Covered(corpus=30, judged=2)


def test_format_of_another_package_that_declares_nothing_judges_what_it_names(
    corpus: Corpus, tuples: Callable[[str | None], Path]
) -> None:
    assert put(corpus, tuples(None), "tuples").covered == Covered(corpus=30, judged=2)
    path = tuples("some")
    with pytest.raises(CorpusError, match="COVERS is 'some'; it is one of listed, all"):
        put(corpus, path, "tuples")


@pytest.mark.parametrize(("covers", "judged"), [("all", 30), (None, 2)])
def test_corpus_made_of_files_judges_what_the_format_says(
    tmp_path: Path, tuples: Callable[[str | None], Path], covers: str | None, judged: int
) -> None:
    path, manifest = tuples(covers), Manifest(name="n")
    built, _ = build.new_from(tmp_path / "n", manifest, [path], format="tuples", options={}, layer="gold")
    assert len(built.corpus.layer("gold")) == judged
    left = [] if covers else ["28 of 30 documents have no line in layer gold: not judged"]
    assert built.notes == left


# ---------------------------------------------------------------- exports


@pytest.mark.parametrize("format", WRITTEN)
def test_partial_gold_goes_out_and_comes_back_as_partial(
    corpus: Corpus, tmp_path: Path, said_by: Call, format: str
) -> None:
    corpus.write_layer("gold", PARTIAL)
    out = tmp_path / "out"
    said = said_by("corpus", "export", corpus.path, out, "--layer", "gold", "--format", format)
    assert said.out.splitlines()[:2] == [
        f"{out}: layer gold of {corpus.path} as {format}, 10 document(s)",
        "20 document(s) that the layer does not cover (2 skipped, 3 drafts) were not written",
    ]
    put(corpus, out, format)
    back = corpus.layer("new")
    assert back.keys() == JUDGED
    assert {id for id, item in back.items() if not (item.mentions or item.events)} == {
        "d00", "d01", "d02", "d03",
    }  # fmt: skip


KINDS = st.sampled_from([None, "empty", "units", "skipped", "draft", "adjudicated", "submitted"])


@pytest.mark.parametrize("format", WRITTEN)
@settings(max_examples=15)  # every example writes files
@given(kinds=st.lists(KINDS, min_size=8, max_size=8))
def test_whatever_a_layer_covers_comes_back(format: str, kinds: list[str | None]) -> None:
    lines = [
        line(n, None if kind in ("empty", "units") else kind, units=kind != "empty")
        for n, kind in enumerate(kinds)
        if kind is not None
    ]
    judged = {f"d{n:02}" for n, kind in enumerate(kinds) if kind not in (None, "skipped", "draft")}
    assume(judged)
    with tempfile.TemporaryDirectory() as folder:
        corpus = create_corpus(Path(folder) / "c", Manifest(name="c"), THIRTY, layers={"gold": lines})
        convert.export_layer(corpus, "gold", Path(folder) / "out", format, {})
        put(corpus, Path(folder) / "out", format)
        back = corpus.layer("new")
    assert back.keys() == judged
    empty = {id for id, item in back.items() if not (item.mentions or item.events)}
    assert empty == {f"d{n:02}" for n, kind in enumerate(kinds) if kind == "empty"}


@pytest.mark.parametrize("format", WRITTEN)
def test_layer_without_a_judged_document_is_not_written(
    corpus: Corpus, tmp_path: Path, said_by: Call, format: str
) -> None:
    corpus.write_layer("draft/anna", [line(1, "draft", units=True)])
    out = tmp_path / "o"
    said = said_by("corpus", "export", corpus.path, out, "--layer", "draft/anna", "--format", format)
    assert said.code == 2
    assert "covers 0 of 30 documents (not judged: 1 draft)" in said.err
    assert not out.exists()


def test_brat_folder_with_files_of_other_documents_is_not_written_into(
    corpus: Corpus, tmp_path: Path
) -> None:
    corpus.write_layer("gold", PARTIAL)
    convert.export_layer(corpus, "gold", tmp_path / "o", "brat", {})
    convert.export_layer(corpus, "gold", tmp_path / "o", "brat", {})  # the same again is fine
    corpus.write_layer("gold", PARTIAL[1:])
    with pytest.raises(CorpusError, match=r"1 \.ann file\(s\) that this layer does not cover \(d00\.ann\)"):
        convert.export_layer(corpus, "gold", tmp_path / "o", "brat", {})


# ---------------------------------------------------------------- documents on which a system failed


def failed(number: int) -> Annotations:
    details = {"failed": "timeout"}
    made = line(number, units=False)
    return msgspec.structs.replace(made, provenance=Provenance(details=details))


# Of ten documents: six with units, one empty, one of which all was rejected, two on which the system failed.
SYSTEM = [
    *(line(number, units=True) for number in range(6)),
    line(6, units=False),
    msgspec.structs.replace(
        line(7, units=False), rejected=(Rejected(unit="mention", kind="outside-text", message="m"),)
    ),
    failed(8),
    failed(9),
]


def test_document_on_which_a_system_failed_or_all_was_rejected_is_not_called_empty() -> None:
    found = describe(SYSTEM, 30)
    assert found == Covered(corpus=30, judged=8, empty=1, failed=2)
    assert str(found) == "covers 8 of 30 documents (1 empty; not judged: 2 failed)"
    assert {*finished({item.document: item for item in SYSTEM})} == {f"d{number:02}" for number in range(8)}


@pytest.mark.parametrize("format", ["brat", "conll"])
def test_export_never_says_that_a_system_that_failed_found_nothing(
    corpus: Corpus, tmp_path: Path, said_by: Call, format: str
) -> None:
    corpus.write_layer("system/y", SYSTEM)
    out = tmp_path / "out"
    said = said_by("corpus", "export", corpus.path, out, "--layer", "system/y", "--format", format)
    assert (
        "8 document(s)\n22 document(s) that the layer does not cover (2 failed) were not written" in said.out
    )
    put(corpus, out, format)
    assert {*corpus.layer("new")} == {f"d{number:02}" for number in range(8)}


def test_export_in_our_own_form_keeps_that_a_system_failed(
    corpus: Corpus, tmp_path: Path, said_by: Call
) -> None:
    corpus.write_layer("system/y", SYSTEM)
    out = tmp_path / "out.jsonl"
    said = said_by("corpus", "export", corpus.path, out, "--layer", "system/y")
    assert "10 document(s)\n20 document(s) that the layer does not cover were not written" in said.out
    reading = convert.read("goldwire", [out], {}, corpus.documents())
    assert convert.import_layer(corpus, "system/again", reading).failed == 2


# ---------------------------------------------------------------- everything rejected


@pytest.mark.parametrize(
    "row",
    [
        '{"document": "elsewhere", "mentions": []}',
        '{"document": "d00", "mentions": [{"type": "W", "spans": [[90, 91]]}]}',
    ],
)
def test_import_of_which_all_was_rejected_writes_nothing_whatever_it_is_said_to_cover(
    corpus: Corpus, tmp_path: Path, said_by: Call, row: str
) -> None:
    corpus.write_layer("gold", PARTIAL)
    before = corpus.layer_path("gold").read_bytes()
    path = tmp_path / "in.jsonl"
    path.write_text(row + "\n")
    said = said_by("corpus", "import", corpus.path, path, "--layer", "gold", "--covers", "all", "--replace")
    assert said.code == 1
    assert "everything was rejected; layer gold was not written" in said.out
    assert "taken as judged" not in said.err
    assert corpus.layer_path("gold").read_bytes() == before
