"""What users of the field bring, through the command line, with the value that is right, counted by hand."""

import json

import pytest

# Ten documents that gold judges, each with two persons and a place; twenty that nobody looked at.
TEXT = "Anna met Tom in Bern. Note {} ends here."
PERSONS, PLACE = [("PER", 0, 4), ("PER", 9, 12)], ("LOC", 16, 20)
JUDGED, REST = [f"d{n}" for n in range(10)], [f"u{n}" for n in range(20)]
BOTH = [*PERSONS, PLACE]


def lines(documents, units):
    mentions = [{"type": type, "spans": [[start, end]]} for type, start, end in units]
    return "".join(json.dumps({"document": id, "mentions": mentions}) + "\n" for id in documents)


@pytest.fixture
def corpus(said_by, tmp_path):
    texts = tmp_path / "texts.jsonl"
    rows = [{"id": id, "text": TEXT.format(id)} for id in (*JUDGED, *REST)]
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert said_by("corpus", "new", tmp_path / "c", "--from", texts, "--ontology", "none").code == 0
    return tmp_path / "c"


@pytest.fixture
def put(said_by, corpus, tmp_path):
    """Import lines as a layer."""

    def call(layer, text):
        (tmp_path / "lines.jsonl").write_text(text)
        return said_by("corpus", "import", corpus, tmp_path / "lines.jsonl", "--layer", layer, "--replace")

    return call


@pytest.fixture
def half_done(put):
    """Gold for ten of the thirty; one system has all of it, the other the persons only."""
    said = put("gold", lines(JUDGED, BOTH))
    assert "20 of 30 documents are not in" in said.err
    assert "not judged; `--covers all` if they were looked at" in said.err
    put("system/perfect", lines([*JUDGED, *REST], BOTH))
    put("system/peronly", lines([*JUDGED, *REST], PERSONS))


def figures(record, measure="entity:span+type@exact"):
    """P, R and F1 by system."""
    return {
        result["system"]: tuple(
            result["averages"]["micro"].get(name) for name in ("precision", "recall", "f")
        )
        for result in record["results"]
        if result["measure"] == measure
    }


# ---------------------------------------------------------------- gold that is half done
def test_the_perfect_system_leads_on_half_done_gold(said_by, corpus, half_done):
    record = said_by("eval", "score", corpus, "--measure", "entity", "--json").json
    # 30 of 30 right; 20 of 20 given, 20 of 30 wanted: F 40/50
    assert figures(record) == {"perfect": (1, 1, 1), "peronly": (1, pytest.approx(2 / 3), pytest.approx(0.8))}
    said = said_by("eval", "score", corpus, "--measure", "entity", "--replace")
    told = " ".join(said.out.split())
    assert "Scored on the 10 of 30 documents that gold covers (20 not judged)" in told
    assert "not counted: 60 units of perfect, 40 of peronly" in told
    assert "run `goldwire corpus cover`" in told
    said = said_by("eval", "compare", corpus / "records" / "measures.json")
    assert "perfect is better than peronly, by more than chance." in " ".join(said.out.split())


def test_the_gate_stays_open_when_a_system_gets_better_on_half_done_gold(
    said_by, corpus, put, half_done, tmp_path
):
    policy, baseline = tmp_path / "p.toml", tmp_path / "b.json"
    policy.write_text('[[rules]]\nmeasure = "entity"\ndrop = 0.0\n')
    gate = ("eval", "gate", corpus / "records" / "ci.json", "--baseline", baseline, "--policy", policy)

    def score(units):
        put("system/mine", lines([*JUDGED, *REST], units))
        options = ("--system", "mine", "--measure", "entity", "--name", "ci", "--replace")
        assert said_by("eval", "score", corpus, *options).code == 0

    score(PERSONS)
    assert said_by(*gate, "--update").code == 0
    score(BOTH)
    better = said_by(*gate)
    assert (better.code, "lost most" in better.out) == (0, False)
    score(PERSONS[:1])
    worse = said_by(*gate)
    # LOC had nothing and has nothing: it lost nothing. PER had 20 of 20 and has 10: F 20/30.
    assert (worse.code, "lost most in PER (100.0 -> 66.7)" in worse.out) == (1, True)


def test_half_done_gold_comes_back_half_done_from_brat(said_by, corpus, half_done, tmp_path):
    said = said_by("corpus", "export", corpus, tmp_path / "b", "--layer", "gold", "--format", "brat")
    assert "20 document(s) that the layer does not cover were not written" in said.out
    assert len(list((tmp_path / "b").glob("*.ann"))) == 10
    back = said_by(
        "corpus", "import", corpus, tmp_path / "b", "--layer", "back", "--format", "brat", "--json"
    )
    assert back.json["covered"]["judged"] == 10


def test_documents_that_were_looked_at_can_be_said_to_be_empty_afterwards(said_by, corpus, half_done):
    assert said_by("corpus", "cover", corpus, "--layer", "gold", "--documents", "all").code == 0
    record = said_by("eval", "score", corpus, "--measure", "entity", "--json").json
    # 30 right of 90 given and 30 wanted: F 60/120; 20 right of 60 given and 30 wanted: F 40/90
    assert {name: f for name, (_, _, f) in figures(record).items()} == {
        "perfect": pytest.approx(1 / 2),
        "peronly": pytest.approx(4 / 9),
    }


def test_a_system_of_eighteen_types_is_scored_on_gold_of_ten(said_by, corpus, put):
    types = [f"T{n:02}" for n in range(18)]
    spans = [(start, start + 1) for start in range(18)]
    wide = [(type, *span) for type, span in zip(types, spans, strict=True)]
    put("gold", lines(JUDGED, wide[:10]))
    put("system/wide", lines(JUDGED, wide))
    record = said_by("eval", "score", corpus, "--measure", "entity", "--json").json
    # ten of eighteen right in each document, and all ten of gold found
    assert figures(record)["wide"] == (pytest.approx(10 / 18), 1, pytest.approx(20 / 28))
    [result] = record["results"]
    assert result["averages"]["macro"]["f"] == 1  # over the types of gold
    assert result["labels"]["T17"]["f"] == 0


# ---------------------------------------------------------------- what was rejected
def test_rejected_predictions_do_not_leave_precision(said_by, tmp_path):
    (tmp_path / "a.txt").write_text("Rebels hit Northville on Monday.")
    units = [
        ("GPE", 11, 21, "Northville"),
        ("GPE", 0, 6, "Rebel"),
        ("GPE", 25, 31, "monday"),
        ("CITY", 25, 31, "Monday"),
    ]
    mentions = [{"type": t, "spans": [[start, end]], "text": words} for t, start, end, words in units]
    gold, system = tmp_path / "gold.jsonl", tmp_path / "system.jsonl"
    gold.write_text(json.dumps({"document": "a", "mentions": mentions[:1]}))
    system.write_text(json.dumps({"document": "a", "mentions": mentions}))
    corpus = tmp_path / "c"
    said_by("corpus", "new", corpus, "--from", tmp_path / "a.txt")
    said_by("corpus", "import", corpus, gold, "--layer", "gold")
    said = said_by("corpus", "import", corpus, system, "--layer", "system/imported")
    assert "rejected: 2 words-differ, 1 unknown-type" in said.out
    said = said_by("eval", "run", corpus, "--system", f"run=file:{system}")
    assert 'CITY = ""' in said.out
    record = said_by("eval", "score", corpus, "--measure", "entity", "--measure", "untyped", "--json").json
    # one right of four, and the one of gold found
    wanted = (pytest.approx(1 / 4), 1, pytest.approx(2 / 5))
    for measure in record["measures"]:
        assert figures(record, measure) == {"imported": wanted, "run": wanted}
    said = said_by("eval", "score", corpus, "--measure", "entity", "--replace")
    told = " ".join(said.out.split())
    assert "run: 3 of 4 units rejected (75.0): 2 words-differ, 1 unknown-type; they count as spurious" in told


# ---------------------------------------------------------------- what is typed wrong, and what is seen
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--gold", "gold", "--gold", "system/perfect"), "--gold was given twice: gold, system/perfect"),
        (("--suite", "conll", "--suite", "wnut17"), "--suite was given twice: conll, wnut17"),
        (("--measure", "entity:span+typ@exact"), "nearest: type"),
        (("--measure", "entitty"), "nearest: entity"),
    ],
)
def test_a_slip_of_the_hand_scores_nothing_else(said_by, corpus, half_done, options, message):
    said = said_by("eval", "score", corpus, *options)
    assert (said.code, message in said.err.replace("'", "")) == (2, True), said.err


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.usefixtures("half_done")
def test_no_figure_is_cut_whatever_the_width_and_the_names(program, corpus, put, width):
    long = "a" * 60
    put(f"system/{long}", lines(JUDGED, BOTH))
    measures = ("AC+,triggers=matched", "argument:trigger+type+role+span@token-dice", "entity")
    options = [option for measure in measures for option in ("--measure", measure)]
    said = program("eval", "score", corpus, *options, COLUMNS=str(width))
    assert said.code == 0, said.err
    tables = said.out.partition("\nSignatures")[0]
    assert "…" not in tables
    assert max(map(len, tables.splitlines())) <= width
    # perfect and the one of the long name have P, R and F1 of 100.0; peronly has P 100.0
    assert tables.count("100.0") >= 7
    assert tables.count("66.7") >= 1
    assert tables.count("80.0") >= 1


def test_a_column_file_cut_short_inside_a_document_is_told(said_by, tmp_path):
    gold = "University B-ORG\nof I-ORG\nBern I-ORG\nis O\nin O\nBern B-LOC\n, O\nRome B-LOC\n. O\n"
    (tmp_path / "gold.conll").write_text(gold)
    (tmp_path / "cut.conll").write_text("".join(gold.splitlines(keepends=True)[:5]))
    corpus = tmp_path / "c"
    said_by(
        "corpus", "new", corpus, "--from", tmp_path / "gold.conll", "--format", "conll", "--layer", "gold"
    )
    options = ("--format", "conll", "--layer", "system/cut")
    said = said_by("corpus", "import", corpus, tmp_path / "cut.conll", *options)
    assert "at 5 of 9 tokens" in said.err
    record = said_by("eval", "score", corpus, "--measure", "entity", "--json").json
    assert figures(record)["cut"] == (1, pytest.approx(1 / 3), pytest.approx(1 / 2))
