"""Scoring as a whole: what an empty, missing, double or foreign thing does, and what a record holds."""

import msgspec
import pytest

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError, DataError, MeasureError
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Event, Excluded, Mention, Provenance, Span
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate

DOCUMENTS = [make_document(f"d{i}", "Rebels took the town of Kunduz.") for i in range(4)]
QUICK = Options(trials=0)


REBELS, TOWN = (0, 6, "MIL"), (12, 20, "GPE")
GOLD = [annotate(DOCUMENTS[0], REBELS, TOWN), annotate(DOCUMENTS[1], REBELS)]


def micro(gold, system, measure="entity", documents=DOCUMENTS, **how):
    record = score(gold, {"s": system}, documents, [measure], options=QUICK, **how)
    return record.results[0].averages["micro"]


# ---------------------------------------------------------------- nothing, and not enough
def test_no_document_at_all_is_refused():
    with pytest.raises(CorpusError, match="no documents"):
        score([], {"s": []}, [], ["entity"], options=QUICK)


def test_gold_that_judges_nothing_is_refused_with_the_reason():
    with pytest.raises(CorpusError, match=r"judges no document: 4 documents without a line; .*corpus cover"):
        score([], {"s": GOLD}, DOCUMENTS, ["entity"], options=QUICK)


def test_a_measure_of_whose_units_gold_has_none_is_undefined_and_keeps_what_the_system_gave():
    found = micro([annotate(DOCUMENTS[0])], GOLD[:1])
    assert (found.precision, found.recall, found.f) == (None, None, None)
    assert (found.system, found.gold) == (2, 0)


def test_an_empty_system_makes_precision_undefined_and_f_zero():
    found = micro(GOLD, [])
    assert (found.precision, found.recall, found.f) == (None, 0, 0)


def test_neither_side_having_any_unit_is_undefined_and_not_zero():
    found = micro([annotate(DOCUMENTS[0])], [annotate(DOCUMENTS[0])])
    assert (found.precision, found.recall, found.f) == (None, None, None)


def test_a_document_without_units_is_left_out_of_the_mean_over_documents():
    # d0 half right (F 2/3), d1 right (F 1); d2 and d3 have nothing on either side
    record = score(
        [*GOLD, *map(annotate, DOCUMENTS[2:])],
        {"s": [annotate(DOCUMENTS[0], REBELS), GOLD[1]]},
        DOCUMENTS,
        ["entity"],
        options=QUICK,
    )
    assert record.results[0].averages["documents"].f == pytest.approx((2 / 3 + 1) / 2)
    assert record.documents == ("d0", "d1", "d2", "d3")


def test_a_missing_document_counts_as_empty_and_is_told():
    record = score(GOLD, {"s": [GOLD[0]]}, DOCUMENTS, ["entity"], options=QUICK)
    assert (record.gold.missing, record.systems[0].missing) == (0, 1)  # two documents are not judged
    assert record.results[0].averages["micro"].recall == pytest.approx(2 / 3)


# ---------------------------------------------------------------- things that are wrong
def test_a_layer_for_another_text_is_refused():
    other = make_document("d0", "Another text altogether, and longer.")
    with pytest.raises(DataError, match="made for another text"):
        micro(GOLD, [annotate(other, REBELS)])


def test_a_document_twice_is_refused():
    with pytest.raises(DataError, match="occurs twice"):
        micro(GOLD, [GOLD[0], GOLD[0]])


def test_a_document_that_is_not_in_the_corpus_is_refused():
    with pytest.raises(DataError, match="not a document of the corpus"):
        micro(GOLD, [annotate(make_document("zz", "text"))])


def test_no_measure_and_no_system_are_refused():
    with pytest.raises(MeasureError, match="no measure"):
        score(GOLD, {"s": GOLD}, DOCUMENTS, [])
    with pytest.raises(MeasureError, match="no system"):
        score(GOLD, {}, DOCUMENTS, ["entity"])


# ---------------------------------------------------------------- policies
def test_a_label_that_gold_does_not_know_is_spurious():
    found = score(
        GOLD, {"s": [annotate(DOCUMENTS[0], (0, 6, "ALIEN"))]}, DOCUMENTS, ["entity"], options=QUICK
    )
    result = found.results[0]
    assert (result.labels["ALIEN"].precision, result.labels["ALIEN"].recall) == (0, None)
    assert sorted(result.labels) == ["ALIEN", "GPE", "MIL"]
    # macro over the types of gold: ALIEN has no part in it
    assert result.averages["macro"].f == 0


def test_equal_units_collapse_and_are_told():
    twice = [annotate(DOCUMENTS[0], REBELS, REBELS, TOWN)]
    record = score(GOLD, {"s": twice}, DOCUMENTS, ["entity"], options=QUICK)
    assert record.results[0].averages["micro"].system == 2
    assert (record.results[0].gold_collapsed, record.results[0].system_collapsed) == (0, 1)


def test_equal_units_are_refused_if_the_policy_says_so():
    twice = [annotate(DOCUMENTS[0], REBELS, REBELS)]
    with pytest.raises(DataError, match=r"s: 1 unit\(s\) repeat another one"):
        score(GOLD, {"s": twice}, DOCUMENTS, ["entity"], options=Options(duplicates="refuse"))


def test_a_span_with_two_types_is_two_units_typed_and_one_untyped():
    both = [annotate(DOCUMENTS[0], REBELS, (0, 6, "ORG"))]
    assert micro(both, both).gold == 2
    assert micro(both, both, "untyped").gold == 1


def test_what_touches_an_excluded_region_is_no_unit_on_either_side():
    document = make_document("d0", DOCUMENTS[0].text, excluded=(Excluded(start=0, end=3, reason="byline"),))
    record = score([GOLD[0]], {"s": [annotate(document, REBELS)]}, [document], ["entity"], options=QUICK)
    found = record.results[0].averages["micro"]
    assert (found.system, found.gold) == (0, 1)
    assert (record.gold.excluded, record.systems[0].excluded) == (1, 1)


def test_discontinuous_and_nested_mentions_are_units_of_their_own():
    def found(*spans):
        return [
            Annotations(
                document="d0",
                sha256=DOCUMENTS[0].sha256,
                mentions=tuple(
                    Mention(id=str(i), type="GPE", spans=tuple(Span(*span) for span in one))
                    for i, one in enumerate(spans)
                ),
            )
        ]

    gold = found([(12, 20)], [(16, 20)], [(0, 6), (12, 20)])
    assert micro(gold, gold).gold_hits == 3
    assert micro(gold, found([(0, 20)])).gold_hits == 0
    assert micro(gold, found([(0, 6), (12, 16), (16, 20)])).gold_hits == 1  # touching parts are one
    assert micro(gold, found([(0, 6)], [(12, 20)]), "overlap").gold_hits == 2


# ---------------------------------------------------------------- signatures and facts
def test_a_changed_policy_or_measure_changes_the_signature():
    def signatures(measure="entity", **options):
        record = score(GOLD, {"s": GOLD}, DOCUMENTS, [measure], options=Options(**options))
        return record.results[0].signature

    found = [
        signatures(),
        signatures(duplicates="refuse"),
        signatures(seed=1),
        signatures(trials=10),
        signatures(trials=0),
        signatures("untyped"),
        signatures("entity,average=macro"),
        signatures("entity,average=macro,labels=all"),
        signatures("entity,beta=2"),
        signatures("entity:span+type@head"),
    ]
    assert len(set(found)) == len(found)
    assert signatures() == found[0]


def test_the_signature_names_how_tags_were_read():
    def read(layer, tags):
        provenance = Provenance(tool="conll", details={"tags": tags})
        return [msgspec.structs.replace(item, provenance=provenance) for item in layer]

    def signature(gold, system):
        return score(gold, {"s": system}, DOCUMENTS, ["entity"], options=QUICK).results[0].signature

    assert "tags:" not in signature(GOLD, GOLD)
    assert "|tags:conlleval|" in signature(read(GOLD, "conlleval"), read(GOLD, "conlleval"))
    assert "|tags:conlleval+strict-IOB2|" in signature(read(GOLD, "conlleval"), read(GOLD, "strict-IOB2"))


def test_the_signature_names_the_data():
    conflict = ontologies.read("conflict")
    record = score(GOLD, {"s": GOLD}, DOCUMENTS, ["entity"], ontology=conflict, corpus="news", options=QUICK)
    signature = record.results[0].signature
    assert f"corpus:news@#{record.corpus.fingerprint}" in signature
    assert f"ontology:conflict@{conflict.version}#{conflict.fingerprint()}" in signature
    assert f"gold:gold#{record.gold.fingerprint}" in signature
    other = score(GOLD[:1], {"s": GOLD}, DOCUMENTS, ["entity"], options=QUICK)
    assert other.gold.fingerprint != record.gold.fingerprint


def test_the_same_seed_gives_the_same_interval_and_the_order_of_systems_does_not_matter():
    systems = {"one": [GOLD[0]], "two": [annotate(DOCUMENTS[0], REBELS), GOLD[1]]}
    record = score(GOLD, systems, DOCUMENTS, ["entity", "untyped"])
    again = score(GOLD[::-1], dict(reversed(systems.items())), DOCUMENTS[::-1], ["entity", "untyped"])
    for name in systems:
        assert record.result(name, "entity:span+type@exact") == again.result(name, "entity:span+type@exact")
    low, high = (getattr(record.results[0].intervals["f"], end) for end in ("low", "high"))
    assert 0 <= low <= record.results[0].value <= high <= 1


def test_distinct_surface_forms_have_no_interval():
    record = score(GOLD, {"s": GOLD}, DOCUMENTS, ["surface", "entity"])
    assert record.results[0].intervals == {}
    assert record.results[1].intervals.keys() == {"precision", "recall", "f"}


def test_near_duplicates_are_grouped():
    grouped = [msgspec.structs.replace(d, group="d0" if d.id in ("d0", "d2") else None) for d in DOCUMENTS]
    gold = [*GOLD, *map(annotate, DOCUMENTS[2:])]
    assert score(gold, {"s": GOLD}, grouped, ["entity"]).groups == (0, 1, 0, 2)
    assert score(GOLD, {"s": GOLD}, DOCUMENTS, ["entity"]).groups is None


def test_measures_that_count_alike_share_their_counts():
    names = ["entity", "entity,average=macro", "entity,beta=2"]
    record = score(GOLD, {"s": GOLD}, DOCUMENTS, names, options=QUICK)
    assert len(record.results) == 3
    assert [table.measure for table in record.counts] == ["entity:span+type@exact"]


def test_confusions_tell_what_became_of_every_unit():
    system = [annotate(DOCUMENTS[0], (0, 6, "ORG"), (12, 20, "GPE"), (24, 30, "GPE"))]
    record = score(GOLD, {"s": system}, DOCUMENTS, ["entity"], options=QUICK)
    (found,) = record.confusions
    assert set(found.cells) == {("GPE", "GPE", 1), ("MIL", "ORG", 1), ("MIL", None, 1), (None, "GPE", 1)}
    assert sum(found.classes.values()) == 4


# ---------------------------------------------------------------- corpora
@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), DOCUMENTS)
    made.write_layer("gold", [*GOLD, *map(annotate, DOCUMENTS[2:])])
    made.write_layer("system/one", GOLD)
    made.write_layer("annotator/anna", GOLD[:1])
    return made


def test_a_corpus_on_disk_scores_like_its_annotations_in_memory(corpus):
    names = ["entity", "untyped", "overlap", "TC"]
    on_disk = score_corpus(corpus, "gold", ["one", "annotator/anna"], names)
    in_memory = score(
        corpus.layer("gold"),
        {"one": corpus.layer("system/one"), "annotator/anna": corpus.layer("annotator/anna")},
        corpus.documents(),
        names,
        ontology=corpus.ontology(),
    )
    assert on_disk.counts == in_memory.counts
    assert [r.averages for r in on_disk.results] == [r.averages for r in in_memory.results]
    assert on_disk.gold.fingerprint == in_memory.gold.fingerprint
    assert on_disk.corpus.fingerprint == corpus.fingerprint() == in_memory.corpus.fingerprint


def test_a_system_is_called_by_its_name_or_by_its_layer(corpus):
    record = score_corpus(corpus, "gold", ["system/one", "annotator/anna"], ["entity"], options=QUICK)
    assert [(s.name, s.layer) for s in record.systems] == [
        ("one", "system/one"),
        ("annotator/anna", "annotator/anna"),
    ]
    with pytest.raises(MeasureError, match="named twice"):
        score_corpus(corpus, "gold", ["one", "system/one"], ["entity"], options=QUICK)
    with pytest.raises(CorpusError, match="no layer 'two'"):
        score_corpus(corpus, "gold", ["two"], ["entity"], options=QUICK)


def test_realis_falls_back_on_the_ontology_s_default(corpus):
    def event(realis=None):
        attributes = {"realis": realis} if realis else {}
        return (Event(id="e", type="Attack", trigger=(Span(7, 11),), attributes=attributes),)

    corpus.write_layer("gold", [annotate(DOCUMENTS[0], events=event())])
    corpus.write_layer("system/one", [annotate(DOCUMENTS[0], events=event("actual"))])
    corpus.write_layer("system/two", [annotate(DOCUMENTS[0], events=event("planned"))])
    record = score_corpus(corpus, "gold", ["one", "two"], ["realis"], options=QUICK)
    assert [result.value for result in record.results] == [1, 0]
