"""News comes in whole, with its metadata, or is refused with every fault at once."""

import hashlib
import json
from pathlib import Path

import pytest

from goldwire.corpora import ingest
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Document, Excluded, Meta


def write(folder: Path, **contents: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def documents(*paths: Path) -> dict[str, Document]:
    return {document.id: document for document in ingest.read(paths).documents}


def faults(*paths: Path, **options: bool) -> list[str]:
    with pytest.raises(DataError) as caught:
        ingest.read(paths, **options)  # type: ignore[arg-type]
    base = str(paths[0] if paths[0].is_dir() else paths[0].parent) + "/"
    return [str(fault).replace(base, "") for fault in caught.value.faults]


def test_articles_come_in_to_the_byte_with_their_hashes(articles: Path) -> None:
    intake = ingest.read([articles])
    for document in intake.documents:
        data = (articles / f"{document.id}.txt").read_bytes()
        assert document.text.encode("utf-8") == data
        assert document.sha256 == hashlib.sha256(data).hexdigest()
    # sha256sum of the files
    assert [document.sha256[:8] for document in intake.documents] == ["bf519c6a", "32191422"]
    assert [len(document.excluded) for document in intake.documents] == [2, 0]
    assert [document.meta.title is not None for document in intake.documents] == [True, False]
    assert any("draft_annotations.json" in note for note in intake.notes)


def test_folders_are_searched_to_the_bottom_in_order_and_hidden_files_left(tmp_path: Path) -> None:
    write(tmp_path / "b", two__txt="Two.", __DS_Store="x", notes__doc="x")
    write(tmp_path / "a", one__txt="One.")
    write(tmp_path / ".git", three__txt="Three.")
    intake = ingest.read([tmp_path])
    assert [document.id for document in intake.documents] == ["one", "two"]
    assert intake.notes == [
        f"passed over: {tmp_path}/b/notes.doc (not one of .txt, .jsonl, .csv, .html, .htm, .parquet)"
    ]


def test_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    write(tmp_path, one__txt="One.")
    assert len(ingest.read([tmp_path, tmp_path / "one.txt"]).documents) == 1


def test_jsonl_brings_metadata_and_regions(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "Rain.\r\nWind.", "title": "Storm", "published": "2024-05-04T10:00:00Z"},
        {"id": 7, "text": "Sun.", "url": "https://example.org/7", "source": "", "language": None},
        {
            "id": "c",
            "text": "By me.",
            "meta": {"title": "T"},
            "excluded": [{"start": 0, "end": 2, "reason": "r"}],
        },
    ]
    write(tmp_path, news__jsonl="\n\n".join(json.dumps(row) for row in rows))
    found = documents(tmp_path)
    assert found["a"].text == "Rain.\nWind."
    assert found["a"].meta == Meta(title="Storm", published="2024-05-04T10:00:00Z")
    assert found["7"].meta == Meta(url="https://example.org/7")
    assert found["c"].meta == Meta(title="T")
    assert found["c"].excluded == (Excluded(start=0, end=2, reason="r"),)


def test_documents_of_another_corpus_come_in_as_they_are(tmp_path: Path) -> None:
    from goldwire.corpora.codec import encode_lines

    regions = (Excluded(start=0, end=4, reason="r"),)
    items = [make_document("a", "Rain.", meta=Meta(title="T"), excluded=regions), make_document("b", "Sun.")]
    write(tmp_path, documents__jsonl=encode_lines(items))
    assert ingest.read([tmp_path]).documents == items
    tampered = encode_lines(items).replace(b"Sun.", b"Fun.")
    write(tmp_path, documents__jsonl=tampered)
    assert faults(tmp_path) == [
        "documents.jsonl:2 $.sha256: is not the hash of the text: one of the two was changed"
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_brings_quoted_lines_and_metadata(tmp_path: Path, delimiter: str) -> None:
    header = ["ID", "Title", "Text", "Section"]
    cells = ["a", "Storm", '"Rain.\r\n""Wind"", he said."', "world"]
    write(
        tmp_path,
        news__csv="\ufeff" + "\r\n".join(delimiter.join(row) for row in (header, cells)) + "\r\n\r\n",
    )
    intake = ingest.read([tmp_path])
    meta = Meta(title="Storm", more={"Section": "world"})
    assert intake.documents == [make_document("a", 'Rain.\n"Wind", he said.', meta=meta)]
    assert intake.notes == []


def test_csv_field_longer_than_the_default_limit_is_read(tmp_path: Path) -> None:
    text = "Rain. " * 50_000
    write(tmp_path, news__csv=f"id,text\na,{text}\n")
    assert documents(tmp_path)["a"].text == text


def test_parquet_brings_dates_and_numbers(tmp_path: Path) -> None:
    import datetime

    import polars

    day = datetime.date(2024, 5, 4)
    frame = polars.DataFrame(
        {"id": [1], "text": ["Rain."], "published": [day], "words": [1], "seen": [day], "tags": [["a", "b"]]}
    )
    frame.write_parquet(tmp_path / "news.parquet")
    intake = ingest.read([tmp_path])
    meta = Meta(published="2024-05-04", more={"words": 1, "seen": "2024-05-04"})
    assert intake.documents == [make_document("1", "Rain.", meta=meta)]
    assert intake.notes == ["not kept: field 'tags' of 1 row(s): it holds a list or an object"]
    (tmp_path / "news.parquet").write_bytes(b"PAR1 not")
    assert "news.parquet" in faults(tmp_path)[0]


def test_web_page_brings_the_article_and_what_it_says_of_itself(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura", reason="the extra html is not installed")
    page = """<html lang="en"><head><meta charset="windows-1252"><title>Flood in Herat</title>
    <meta property="og:site_name" content="Valley Courier">
    <meta property="article:published_time" content="2024-05-04T10:00:00Z">
    <link rel="canonical" href="https://example.org/flood"></head><body><nav>Home | News</nav><article>
    <h1>Flood in Herat</h1>
    <p>The river rose on Sunday and the bridge’s two pillars broke under the load of the water.</p>
    <p>Traders left the market at noon, and nobody came back before the evening of the next day.</p>
    </article></body></html>"""
    write(tmp_path, flood__html=page.encode("cp1252"))
    document = documents(tmp_path)["flood"]
    assert "the bridge’s two pillars" in document.text
    assert "Home" not in document.text
    assert document.meta.source == "Valley Courier"
    assert document.meta.published == "2024-05-04"
    assert document.meta.url == "https://example.org/flood"


def test_page_without_an_article_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura", reason="the extra html is not installed")
    write(tmp_path, x__html="<html></html>")
    assert faults(tmp_path) == ["x.html: trafilatura finds no article in the page"]


def test_every_fault_of_every_file_is_told_and_nothing_taken(tmp_path: Path) -> None:
    rows = ['{"id":"../x","text":"Up."}', '{"id":"n/a","text":"Side."}', '{"id":"z","text":"Same."}']
    write(
        tmp_path,
        a__txt="Same.",
        b__txt=b"caf\xe9 closed",
        c__txt="  \n",
        d__txt=b"\x00\x01\x02",
        e__csv="id,text\nx,One\ny\nx,Two\n",
        f__csv="name,body\nx,y\n",
        g__jsonl="\n".join([*rows, "{", "[1]", '{"id":true,"text":null,"title":5}']),
        h__jsonl='{"id":"h","text":"Half \\ud83d."}\n{"id":"i","text":"I.","published":"4 May"}',
    )
    told = "\n".join(faults(tmp_path))
    for wanted in [
        "b.txt: byte 0xe9 at offset 3 (line 1) is not UTF-8",
        "c.txt $.text: is empty",
        "d.txt: holds NUL characters: a binary file cannot be annotated",
        "e.csv:3 $: 1 column(s), where the header has 2",
        "f.csv:1 $: needs one column text, and one column id at most; the header has name, body",
        "g.jsonl:4 $: not valid JSON",
        "g.jsonl:5 $: not a JSON object",
        "g.jsonl:6 $.id: an id is text or a whole number, got True",
        "g.jsonl:6 $.text: a text is needed, got nothing",
        "g.jsonl:6 $.title: text is needed, got 5",
        "h.jsonl:2 $.published: '4 May' is not an ISO 8601 date or time",
    ]:
        assert wanted in told


def test_unsafe_ids_repeated_ids_and_equal_texts_are_told(tmp_path: Path) -> None:
    rows = [
        {"id": "../x", "text": "Up."},
        {"id": "n/a", "text": "Side."},
        {"id": "a", "text": "One."},
        {"id": "a", "text": "Two."},
        {"id": "b", "text": "One."},
        {"id": "c", "text": "Half \ud83d."},
        {"id": "d", "text": "Nul \0."},
        {"id": "e", "text": "E.", "excluded": [{"start": 1, "end": 9, "reason": "r"}]},
    ]
    write(tmp_path, x__jsonl="\n".join(json.dumps(row) for row in rows))
    told = faults(tmp_path)
    assert [fault.split(": ")[0] for fault in told] == [
        "x.jsonl:1 $.id", "x.jsonl:2 $.id", "x.jsonl:4 $.id", "x.jsonl:5 $.text", "x.jsonl:6 $.text",
        "x.jsonl:7 $.text", "x.jsonl:8 $.excluded[0]",
    ]  # fmt: skip
    assert "--skip-duplicates" in told[3]
    assert "lone surrogate" in told[4]


def test_equal_texts_are_left_out_and_noted_on_request(tmp_path: Path) -> None:
    write(tmp_path, a__txt="One.", b__txt="One.\r\n", c__txt="One.\n")
    intake = ingest.read([tmp_path], equal="skip")
    assert [document.id for document in intake.documents] == ["a", "b"]
    assert intake.notes == [f"left out: {tmp_path}/c.txt (the text of {tmp_path}/b.txt again)"]


def test_damage_done_before_is_noted_and_the_text_taken(tmp_path: Path) -> None:
    write(tmp_path, a__txt="Mazarâ€™s fall.")
    intake = ingest.read([tmp_path])
    assert intake.documents[0].text == "Mazarâ€™s fall."
    assert "read as cp1252" in intake.notes[0]


def test_marking_boilerplate_can_be_declined(tmp_path: Path) -> None:
    write(tmp_path, a__txt="Rain.\nAdvertisement\nWind.")
    assert len(documents(tmp_path)["a"].excluded) == 1
    assert ingest.read([tmp_path], mark=False).documents[0].excluded == ()


def test_path_that_holds_no_articles_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "empty", x__doc="x")
    for path, told in [
        (tmp_path / "nothing", "is not there"),
        (tmp_path / "empty", "no file of .txt"),
        (tmp_path / "empty" / "x.doc", "no file of .txt"),
    ]:
        with pytest.raises(CorpusError, match=told):
            ingest.read([path])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("River rises in Herat\n\nThe river rose.", "River rises in Herat"),
        ("  Is the river rising? \n\nThe river rose.", None),
        ("River rises in Herat\nThe river rose.\n\nIt fell.", None),
        ("The river rose.\n\nIt fell.", None),
        ("He said: “The river rose.”\n\nIt fell.", None),
        ("River rises in Herat\n\n", None),
        ("Flood\n\nThe river rose.", None),
        ("By Nadia Karimi\n\nThe river rose.", None),
        ("Advertisement\n\nThe river rose.", None),
        ("word " * 50 + "word\n\nThe river rose.", None),
    ],
)
def test_headline_is_a_first_line_that_can_be_nothing_else(text: str, title: str | None) -> None:
    # A question may be a headline as well as a sentence: what is not certain is not claimed.
    assert ingest.headline(text) == title


def test_merging_passes_over_what_is_there_and_tells_what_clashes() -> None:
    a, b, c = (make_document(id, f"Text {id}.") for id in "abc")
    intake = ingest.merge([a, b], [a, c])
    assert ([*intake.documents], intake.notes) == ([c], ["there already: a"])
    twin = make_document("d", a.text)
    with pytest.raises(DataError) as caught:
        ingest.merge([a], [make_document("a", "Other."), twin])
    assert [str(fault) for fault in caught.value.faults] == [
        "a $.id: is the id of another text in the corpus",
        f"d $.text: is the text of 'a' in the corpus; leave it out, or give {ingest.CHOICES}",
    ]
    assert len(ingest.merge([a], [twin], equal="skip").documents) == 0


def test_rows_without_an_id_are_called_by_the_hash_of_their_text_wherever_they_stand(tmp_path: Path) -> None:
    # printf 'Osprey Bank bought Brightwell.' | sha256sum
    osprey = "ec30ba369813"
    rows = [{"text": "Rain fell."}, {"text": "Osprey Bank bought Brightwell.", "id": None}]
    write(tmp_path, x__jsonl="\n".join(map(json.dumps, rows)))
    intake = ingest.read([tmp_path])
    assert intake.documents[1].id == osprey
    assert "without an id: 2 row(s), each called by the hash of its text" in intake.notes
    write(tmp_path, x__jsonl=json.dumps(rows[1]), y__csv="text\nRain fell.\n")
    assert ingest.read([tmp_path]).documents[0].id == osprey


def test_a_text_that_comes_twice_without_an_id_is_told_as_such(tmp_path: Path) -> None:
    write(tmp_path, x__jsonl="\n".join([json.dumps({"text": "Rain fell."})] * 2))
    assert faults(tmp_path) == [
        f"x.jsonl:2 $.text: is the text of x.jsonl:1 too; leave one out, or give {ingest.CHOICES}"
    ]
    assert len(ingest.read([tmp_path], equal="skip").documents) == 1


def test_half_a_character_in_a_text_without_an_id_is_a_fault_of_the_text(tmp_path: Path) -> None:
    write(tmp_path, x__jsonl='{"text":"Half \\ud83d."}')
    assert ["$.text" in fault for fault in faults(tmp_path)] == [True]


def test_an_encoding_that_no_file_needs_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a__html="<html><body><p>Rain fell.</p></body></html>")
    with pytest.raises(CorpusError, match="--encoding cp1252 has no effect"):
        ingest.read([tmp_path], encoding="cp1252")


@pytest.mark.parametrize("given", ["", None])
def test_an_empty_id_is_none(given, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": given, "text": "Kunduz fell."}) + "\n")
    (document,) = ingest.read([path], encoding=None).documents
    assert document.id == document.sha256[:12]


def test_equal_texts_may_both_come_in_and_are_one_group(tmp_path: Path) -> None:
    from goldwire.corpora import build, splits
    from goldwire.corpora.duplicates import independent
    from goldwire.corpora.store import Manifest, Splits, open_corpus

    rows = [{"id": "a", "text": "⚡"}, {"id": "b", "text": "⚡"}, {"text": "Fog."}, {"text": "Fog."}]
    write(tmp_path / "in", x__jsonl="\n".join(map(json.dumps, rows)))
    given = ingest.read([tmp_path / "in"], equal="keep").documents
    fog = hashlib.sha256(b"Fog.").hexdigest()[:12]
    assert [document.id for document in given] == ["a", "b", fog, f"{fog}-2"]
    manifest = Manifest(name="c", splits=Splits({"train": 0.5, "test": 0.5}))
    corpus = build.new(tmp_path / "c", manifest, given).corpus
    assert [document.group for document in corpus.documents()] == ["a", "a", fog, fog]
    assert independent(corpus.documents()) == 2
    sides = splits.assign(corpus.documents(), Splits({"train": 0.5, "test": 0.5}))
    assert (sides["a"], sides[fog]) == (sides["b"], sides[f"{fog}-2"])
    again = build.add(corpus, ingest.read([tmp_path / "in"], equal="keep").documents, "keep")
    assert (again.added, again.notes[0]) == (0, "there already: a")
    write(tmp_path / "more", y__jsonl='{"id": "c", "text": "Fog."}')
    build.add(corpus, ingest.read([tmp_path / "more"]).documents, "keep")
    assert open_corpus(corpus.path).documents()[-1].group == fog


def test_equal_texts_are_one_group_whatever_is_excluded_of_each() -> None:
    from goldwire.corpora.duplicates import group

    whole = (Excluded(start=0, end=4, reason="r"),)
    documents = [make_document("a", "Fog."), make_document("b", "Fog.", excluded=whole)]
    assert [document.group for document in group(documents)] == ["a", "a"]
