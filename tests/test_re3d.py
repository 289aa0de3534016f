"""re3d: entities and relations at their offsets; what does not fit the text is refused and kept."""

from pathlib import Path

import pytest

from goldwire.corpora import formats
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import re3d
from goldwire.corpora.formats.re3d import Options
from goldwire.corpora.store import make_document

FOLDERS = ("centcom", "uk_government", "us_state_department")


@pytest.fixture
def folders(shared: Path) -> list[Path]:
    return [shared / "data/re3d" / name for name in FOLDERS]


def test_real_mismatches_are_refused_and_the_rest_is_read(folders: list[Path]) -> None:
    reading = re3d.read(folders, Options())
    # wc -l of the three files: 71 documents, 3,104 entities, 951 relations
    assert len(reading.documents) == 71
    rejected = [found for item in reading.annotations for found in item.rejected]
    entities = [q for q in rejected if q.where.endswith("entities.json")]
    assert sorted(q.value["value"] for q in entities) == [
        "Boris Johnson A Foreign Office spokesman",
        "Col. John 'J.D.' Dorrian",
        "Johnson A",
        "Richard 'Tex' Coe",
        "Targeted Operations Against ISIL Terrorists Navy",
    ]
    assert sum(len(item.mentions) for item in reading.annotations) == 3104 - 5
    relations = [q for q in rejected if q.where.endswith("relations.json")]
    assert sum(len(item.relations) for item in reading.annotations) == 951 - len(relations)
    assert reading.loss == {"confidences": 3104 + 951, "words of relations": 951}


def test_titles_and_sources_are_kept(folders: list[Path]) -> None:
    documents = re3d.read(folders, Options()).documents
    assert {document.meta.source for document in documents} >= {"CENTCOM", "US State Department"}
    assert all(document.meta.title and document.meta.url for document in documents)


def test_relation_refused_names_its_reason(folders: list[Path]) -> None:
    layer = re3d.read(folders, Options()).annotations
    reasons = [q.message for item in layer for q in item.rejected if "relations" in q.where]
    assert reasons
    assert all(r.startswith(("the offsets give", "two mentions with the offsets")) for r in reasons)


def test_layer_binds_to_the_same_texts_only(folders: list[Path]) -> None:
    made = re3d.read(folders[:1], Options()).documents
    assert re3d.read(folders[:1], Options(), made).documents == []
    with pytest.raises(DataError, match="not those of the corpus"):
        re3d.read(folders[:1], Options(), [make_document(made[0].id, "Other."), *made[1:]])


def test_folder_of_something_else_is_refused_and_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not a re3d folder"):
        re3d.read([tmp_path], Options())
    with pytest.raises(CorpusError, match="read only"):
        formats.writer("re3d")
