"""Scored are the documents that gold judges, for all systems alike; the others are told. Counted by hand."""

import pytest

from goldwire.corpora.digest import of_documents
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Event, Provenance, Span
from goldwire.eval.comparison.compare import compare
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate

# A person and a place in each of thirty documents; gold has done ten of them. One system has both everywhere,
# the other the persons only: on what was judged P 1, R 1 and P 1, R 1/2 (F 2/3).
DOCUMENTS = [make_document(f"d{number:02}", "Anna met Bern there.") for number in range(30)]
PERSON, PLACE = ("PER", (0, 4)), ("LOC", (9, 13))


def line(document, *units, events=(), **provenance):
    placed = ((span, type) for type, span in units)
    return annotate(document, *placed, events=events, provenance=Provenance(**provenance))


BOTH = [line(document, PERSON, PLACE) for document in DOCUMENTS]
PERSONS = [line(document, PERSON) for document in DOCUMENTS]
SYSTEMS = {"perfect": BOTH, "peronly": PERSONS}
GOLD = BOTH[:10]
QUICK = Options(trials=0)


def values(record):
    return {result.system: result.value for result in record.results}


def options(**scope):
    return Options(trials=0, scope=Scope(**scope))


# ---------------------------------------------------------------- documents that nobody judged
def test_half_done_gold_does_not_turn_the_ranking_round():
    record = score(GOLD, SYSTEMS, DOCUMENTS, ["entity"])
    assert values(record) == {"perfect": 1.0, "peronly": pytest.approx(2 / 3)}
    assert record.documents == tuple(document.id for document in DOCUMENTS[:10])
    [comparison] = compare({"r": record})
    assert [standing.system for standing in comparison.standings] == ["perfect", "peronly"]
    assert comparison.documents == 10


def test_what_is_not_counted_is_told():
    record = score(GOLD, SYSTEMS, DOCUMENTS, ["entity"], options=QUICK)
    assert (record.coverage.corpus, record.coverage.unjudged, record.coverage.empty) == (30, 20, 0)
    # twenty documents of two mentions, and of one
    assert [layer.uncounted for layer in record.systems] == [40, 20]
    assert [layer.missing for layer in (record.gold, *record.systems)] == [0, 0, 0]


def test_an_empty_line_is_a_judgement():
    gold = [*GOLD, *map(line, DOCUMENTS[10:])]
    record = score(gold, SYSTEMS, DOCUMENTS, ["entity"], options=QUICK)
    # 20 right of 60 given by the one: P 1/3, F 1/2; 10 right of 30 by the other, gold 20: F 20/50
    assert values(record) == {"perfect": pytest.approx(1 / 2), "peronly": pytest.approx(2 / 5)}
    assert (record.coverage.unjudged, record.coverage.empty) == (0, 20)


def test_unjudged_documents_can_be_taken_for_empty_ones_and_the_signature_says_so():
    record = score(GOLD, SYSTEMS, DOCUMENTS, ["entity"], options=options(unjudged="empty"))
    assert values(record) == {"perfect": pytest.approx(1 / 2), "peronly": pytest.approx(2 / 5)}
    assert record.gold.missing == 20
    assert "unjudged:empty" in record.results[0].signature


def test_the_fingerprint_is_of_what_was_scored():
    record = score(GOLD, SYSTEMS, DOCUMENTS, ["entity"], options=QUICK)
    assert record.corpus.fingerprint == of_documents(DOCUMENTS[:10]).name
    more = score(GOLD, SYSTEMS, [*DOCUMENTS, make_document("e", "More.")], ["entity"], options=QUICK)
    assert [r.signature for r in more.results] == [r.signature for r in record.results]
    assert [s.fingerprint for s in more.systems] == [s.fingerprint for s in record.systems]


def test_documents_that_were_skipped_are_not_judged_and_drafts_are_not_finished():
    gold = [*GOLD, line(DOCUMENTS[10], status="skipped"), line(DOCUMENTS[11], PERSON, status="draft")]
    left_out = score(gold, SYSTEMS, DOCUMENTS, ["entity"], options=QUICK)
    assert values(left_out) == {"perfect": 1.0, "peronly": pytest.approx(2 / 3)}
    assert (left_out.coverage.skipped, left_out.coverage.drafts, left_out.coverage.unjudged) == (1, 1, 18)
    counted = score(gold, SYSTEMS, DOCUMENTS, ["entity"], options=options(drafts="counted"))
    # the draft has one of the perfect system's two: 21 right of 22
    assert values(counted)["perfect"] == pytest.approx(42 / 43)
    assert "drafts:counted" in counted.results[0].signature


def test_gold_of_drafts_alone_is_refused_with_the_number_of_open_decisions():
    gold = [line(document, status="draft", details={"open": 3}) for document in DOCUMENTS[:2]]
    with pytest.raises(CorpusError, match="28 documents without a line, 2 drafts with 6 open decisions"):
        score(gold, SYSTEMS, DOCUMENTS, ["entity"], options=QUICK)


def test_a_system_may_give_some_documents_only_and_is_scored_on_all_that_are_judged():
    record = score(GOLD, {"s": BOTH[:5]}, DOCUMENTS, ["entity"], options=QUICK)
    assert record.systems[0].missing == 5
    assert record.results[0].averages["micro"].recall == pytest.approx(1 / 2)


def test_averages_over_documents_intervals_and_sizes_are_of_judged_documents():
    record = score(GOLD, SYSTEMS, DOCUMENTS, ["entity,average=documents"])
    assert values(record) == {"perfect": 1.0, "peronly": pytest.approx(2 / 3)}
    # Ten documents judged, all right, whatever the other twenty hold: Clopper and Pearson end at .025 ** .1.
    ends = record.results[0].intervals["f"]
    assert (ends.low, ends.high) == (pytest.approx(0.6915, abs=0.01), 1)


def test_a_line_of_an_unscored_document_is_checked_all_the_same():
    foreign = make_document("d20", "Another text than the corpus has.")
    with pytest.raises(DataError, match="made for another text"):
        score(GOLD, {"s": [line(foreign)]}, DOCUMENTS, ["entity"], options=QUICK)
    with pytest.raises(DataError, match="twice"):
        score(GOLD, {"s": [BOTH[20], BOTH[20]]}, DOCUMENTS, ["entity"], options=QUICK)


# ---------------------------------------------------------------- kinds of unit that gold never has
def test_a_measure_of_whose_units_gold_has_none_is_undefined():
    attack = Event(id="e", type="Attack", trigger=(Span(5, 8),))
    system = [line(document, PERSON, events=(attack,)) for document in DOCUMENTS]
    record = score(GOLD, {"s": system}, DOCUMENTS, ["entity", "TC"])
    events = record.result("s", "event:trigger+type@exact")
    assert (events.value, events.intervals, events.averages["micro"].system) == (None, {}, 10)
    assert {score.f for score in events.averages.values()} == {None}
    assert {score.f for score in events.labels.values()} == {None}


def test_a_type_that_gold_never_has_is_wrong_and_not_undefined():
    odd = [line(document, PERSON, ("ODD", (5, 8))) for document in DOCUMENTS]
    record = score(GOLD, {"s": odd}, DOCUMENTS, ["entity"], options=QUICK)
    assert record.results[0].labels["ODD"].f == 0
    assert record.results[0].averages["micro"].precision == pytest.approx(1 / 2)


# ---------------------------------------------------------------- some documents only
@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS)
    made.write_layer("gold", GOLD)
    for name, system in SYSTEMS.items():
        made.write_layer(f"system/{name}", system)
    made.write_layer("system/some", BOTH[:4])
    return made


@pytest.fixture
def scored(said_by, corpus):
    """Score the corpus by `entity`; the record."""

    def score(*arguments):
        said = said_by("eval", "score", corpus.path, "--measure", "entity", "--json", "--replace", *arguments)
        assert said.code == 0, said.err
        return said.json

    return score


def test_documents_are_chosen_by_file_or_layer_for_all_systems_alike(scored, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("d00\nd01\nd29\n")
    by_file = scored("--documents", ids)
    assert by_file["documents"] == ["d00", "d01"]
    assert (by_file["coverage"]["outside"], by_file["coverage"]["unjudged"]) == (27, 1)
    by_layer = scored("--documents", "layer:system/some", "--system", "perfect", "--system", "peronly")
    assert by_layer["documents"] == ["d00", "d01", "d02", "d03"]
    assert by_layer["coverage"]["asked"] == "layer:system/some"


def test_what_is_not_in_the_corpus_or_not_judged_cannot_be_chosen(said_by, corpus, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("d00\nnowhere\n")
    said = said_by("eval", "score", corpus.path, "--documents", ids)
    assert (said.code, "nowhere" in said.err) == (2, True)
    ids.write_text("d29\n")
    said = said_by("eval", "score", corpus.path, "--documents", ids)
    assert said.code == 2
    assert "judges no document: 1 document without a line, 29 documents not asked for" in said.err


def test_blocks_and_one_pass_agree_on_partial_gold(corpus, monkeypatch):
    from goldwire.eval.counting import chunks

    names = ["perfect", "peronly", "some"]
    whole = score_corpus(corpus, "gold", names, ["entity"])
    monkeypatch.setattr(chunks, "SIZE", 300)
    assert len(chunks.find_places(corpus, ["gold"])) > 5
    for workers in (1, 2):
        assert score_corpus(corpus, "gold", names, ["entity"], workers=workers) == whole


# ---------------------------------------------------------------- baselines
POLICY = '[[rules]]\nmeasure = "entity"\ndrop = 0.01\n'


@pytest.fixture
def gate(said_by, corpus, tmp_path):
    """Hold the record of `scored` against a baseline."""
    policy, baseline = tmp_path / "policy.toml", tmp_path / "b.json"
    policy.write_text(POLICY)
    record = corpus.path / "records" / "measures.json"

    def call(*arguments):
        return said_by("eval", "gate", record, "--baseline", baseline, "--policy", policy, *arguments)

    return call


def test_articles_that_are_not_judged_yet_leave_a_baseline_valid(said_by, scored, gate, corpus, tmp_path):
    scored()
    assert gate("--update").code == 0
    said_by("corpus", "add", corpus.path, "--from", article(tmp_path))
    scored()
    assert gate().code == 0


def article(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("Another article came in on Tuesday and nobody has read it.")
    return path


def test_a_baseline_that_covers_others_is_told_by_id_with_the_way_out(scored, gate, corpus, tmp_path):
    scored()
    gate("--update")
    corpus.write_layer("gold", BOTH[:12])
    scored()
    said = gate()
    assert said.code == 2
    assert "documents: the baseline has 10, the record has 12 (d10, d11 only there)" in said.err
    assert "--documents baseline:" in said.err
    again = scored("--documents", f"baseline:{tmp_path / 'b.json'}")
    assert again["documents"] == [document.id for document in DOCUMENTS[:10]]
    assert gate().code == 0


def test_policies_may_differ_where_they_decided_nothing(corpus):
    corpus.write_layer("gold", BOTH)
    one, two = (
        score_corpus(corpus, "gold", ["peronly"], ["entity"], options=options(unjudged=policy))
        for policy in ("left-out", "empty")
    )
    assert compare({"one": one, "two": two})
