"""Systems and files as people have them, by the commands they would type: partial, foreign, wrong, cut off.

The right values are counted by hand.
"""

import re
import shutil

import pytest

# Gold is ten documents of two persons and a place; one system has all, the other the persons.
PARTIAL = "partial_gold_turns_the_ranking"
WHOLE = {"perfect": (100.0, 100.0, 100.0), "peronly": (100.0, 66.7, 80.0)}


# ---------------------------------------------------------------- systems
def test_partial_output_counts_as_empty_and_can_be_looked_at_alone(goldwire, made, figures, files, tmp_path):
    folder = made(PARTIAL)
    lines = (files / f"{PARTIAL}_system_perfect.jsonl").read_text().splitlines(keepends=True)[:5]
    (tmp_path / "half.jsonl").write_text("".join(lines))
    goldwire("corpus", "import", folder, tmp_path / "half.jsonl", "--layer", "system/half")
    # 15 right of 15, gold 30: R 50, F 30/45
    assert figures(folder, "--measure", "entity") == WHOLE | {"half": (100.0, 50.0, 66.7)}
    said = goldwire("eval", "score", folder, "--measure", "entity")
    assert "half has no line for 5 documents, which count as empty." in said
    only = figures(folder, "--measure", "entity", "--documents", "layer:system/half")
    assert only == WHOLE | {"half": (100.0, 100.0, 100.0)}


GOLD_TYPES = [
    "PER",
    "MIL",
    "ORG",
    "GPE",
    "LOC",
    "FAC",
    "WEA",
    "VEH",
    "TIME",
    "NUM",
]  # all that `conflict` has
OTHERS = ["DATE", "MONEY", "LAW", "LANGUAGE", "NORP", "PRODUCT", "EVENT", "CARDINAL"]


@pytest.fixture
def eighteen(goldwire, written, tmp_path):
    """A text of eighteen words of two letters; gold has the first ten, a system all, each of its own type."""
    words = " ".join(chr(97 + n) * 2 for n in range(18))
    path = written("t.jsonl", {"id": "t", "text": words})
    goldwire("corpus", "new", tmp_path / "c", "--from", path, "--no-boilerplate")
    units = [
        {"id": f"m{n}", "type": type, "spans": [[3 * n, 3 * n + 2]]}
        for n, type in enumerate([*GOLD_TYPES, *OTHERS])
    ]
    gold = written("gold", {"document": "t", "mentions": units[:10]})
    goldwire("corpus", "import", tmp_path / "c", gold, "--layer", "gold")
    written("predictions.jsonl", {"document": "t", "mentions": units})
    return tmp_path / "c"


# ten right of eighteen: P 55.6, R 100, F 20/28
EIGHTEEN = (55.6, 100.0, 71.4)


def test_types_that_gold_does_not_know_count_against_a_system_whichever_way_it_comes(
    goldwire, record, figures, tmp_path, eighteen
):
    path = tmp_path / "predictions.jsonl"
    goldwire("corpus", "import", eighteen, path, "--layer", "system/imported")
    said = goldwire("eval", "run", eighteen, "--system", f"ran=file:{path}")
    for label in OTHERS:
        assert f'{label} = ""' in said
    for measure in ("entity", "untyped", "overlap"):
        found = figures(eighteen, "--measure", measure)
        assert found == {"imported": EIGHTEEN, "ran": EIGHTEEN}, measure
    assert "ran: 8 of 18 units rejected (44.4" in goldwire("eval", "score", eighteen, "--measure", "entity")
    # averaged over the ten types of gold, in each of which the system is right
    macro = record(eighteen, "--measure", "entity,average=macro")["results"]
    assert [item["value"] for item in macro] == [1, 1]


def test_the_lines_that_are_told_leave_them_out(goldwire, figures, tmp_path, eighteen):
    labels = tmp_path / "labels.toml"
    labels.write_text("[mentions]\n" + "".join(f'{label} = ""\n' for label in OTHERS))
    path = tmp_path / "predictions.jsonl"
    goldwire("eval", "run", eighteen, "--system", f"ran=file:{path}", "--labels", f"ran={labels}")
    assert figures(eighteen, "--measure", "entity") == {"ran": (100.0, 100.0, 100.0)}


def test_the_same_without_an_ontology_has_every_type_in_the_table(goldwire, figures, tmp_path, eighteen):
    goldwire("corpus", "set", eighteen, "--ontology", "none")
    goldwire("corpus", "import", eighteen, tmp_path / "predictions.jsonl", "--layer", "system/s")
    assert figures(eighteen, "--measure", "entity") == {"s": EIGHTEEN}
    said = goldwire("eval", "score", eighteen, "--measure", "entity")
    for label in OTHERS:
        assert f"{label} 0 0.0 – 0 of 1 1" in said


def test_predictions_wrong_enough_to_be_rejected_stay_in_precision(goldwire, figures, files, tmp_path):
    shutil.copy(files / "quarantine-text.txt", tmp_path / "a.txt")
    folder, path = tmp_path / "c", files / "quarantined-predictions-leave-precision.jsonl"
    goldwire("corpus", "new", folder, "--from", tmp_path / "a.txt", "--no-boilerplate")
    goldwire("corpus", "import", folder, files / "quarantine-gold.jsonl", "--layer", "gold")
    goldwire("corpus", "import", folder, path, "--layer", "system/imported")
    goldwire("eval", "run", folder, "--system", f"ran=file:{path}")
    for measure in ("entity", "untyped"):
        found = figures(folder, "--measure", measure)
        assert found == {"imported": (25.0, 100.0, 40.0), "ran": (25.0, 100.0, 40.0)}
    left_out = figures(folder, "--measure", "entity", "--rejected", "left-out")
    assert left_out == {"imported": (100.0, 100.0, 100.0), "ran": (100.0, 100.0, 100.0)}
    said = goldwire("eval", "score", folder, "--measure", "entity", "--replace")
    for name in ("imported", "ran"):
        assert re.search(
            rf"{name}: 3 of 4 units rejected \(75\.0, [\d.–]+\): 2 words-differ, 1 unknown-type", said
        )


# ---------------------------------------------------------------- columns
def test_a_column_file_that_ends_too_early_is_told(goldwire, figures, files, tmp_path):
    folder = tmp_path / "c"
    goldwire(
        "corpus", "new", folder, "--from", files / "tok_gold.conll", "--format", "conll", "--layer", "gold"
    )
    said = goldwire("corpus", "import", folder, files / "tok_pred_truncated.conll", "--format", "conll",
                    "--layer", "system/x")  # fmt: skip
    assert "ends before the text does, what follows has no mentions: 000001 at 5 of 9 tokens" in said
    assert figures(folder, "--measure", "entity") == {"x": (100.0, 33.3, 50.0)}


def test_an_end_and_a_beginning_are_two_mentions_and_the_docs_say_who_differs(
    goldwire, record, files, tmp_path, root
):
    folder = tmp_path / "c"
    gold, system = (files / f"iobes_e_then_b_{side}.conll" for side in ("gold", "pred"))
    goldwire("corpus", "new", folder, "--from", gold, "--format", "conll", "--layer", "gold")
    goldwire("corpus", "import", folder, system, "--format", "conll", "--layer", "system/x")
    found = record(folder, "--measure", "entity")["results"][0]["averages"]["micro"]
    assert (found["gold_hits"], found["system"], found["gold"]) == (0, 1, 2)
    page = " ".join((root / "docs" / "formats.md").read_text("utf-8").split())
    assert "to the script in Perl `B-X E-X B-X E-X` is one mention" in page


# ---------------------------------------------------------------- wrong use
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--gold", "gold", "--gold", "system/gold2"], "nothing says what is right where they differ"),
        (["--name", "a", "--name", "b"], "--name was given twice: a, b"),
        (["--suite", "conll", "--suite", "wnut17"], "--suite was given twice: conll, wnut17"),
        (["--measure", "entity:span+typ@exact"], "'typ' is neither a key of entity nor an attribute"),
    ],
)  # fmt: skip
def test_what_would_be_passed_over_is_refused(goldwire, made, words, told):
    folder = made("labels_differ_between_gold_and_system")
    assert told in goldwire("eval", "score", folder, *words, code=2)
    assert not (folder / "records").exists()


def test_an_ontology_given_to_a_corpus_that_has_another_is_refused(goldwire, files, tmp_path):
    folder, articles = tmp_path / "c", files / "jsonl-without-id.jsonl"
    assert "each called by the hash of its text" in goldwire("corpus", "new", folder, "--from", articles)
    company = files / "company.toml"
    said = goldwire("corpus", "new", folder, "--from", articles, "--ontology", company, code=2)
    assert "with ontology conflict" in said
    assert f"goldwire corpus set {folder}" in said
    goldwire("corpus", "set", folder, "--ontology", company)
    assert "company" in goldwire("corpus", "ontology", "show", folder / "ontology.toml")


# ---------------------------------------------------------------- figures that can be read
@pytest.mark.parametrize("width", ["60", "80", "120"])
@pytest.mark.parametrize(
    "asked", [["--suite", "hipe"], ["--measure", "entity:span+type@token-dice,average=documents"]]
)
def test_figures_are_whole_at_every_width(made, said_by, monkeypatch, width, asked):
    folder = made(PARTIAL)
    layers = folder / "layers" / "system"
    name = "a-system-with-a-name-of-sixty-characters-and-no-space-in-it"
    (layers / "peronly.jsonl").rename(layers / f"{name}.jsonl")
    monkeypatch.setenv("COLUMNS", width)
    said = said_by("eval", "score", folder, *asked)
    assert said.code == 0, said.err
    tables = said.out.partition("\nSignatures")[0]
    assert max(map(len, tables.splitlines())) <= int(width)
    assert "…" not in tables
    # P, R, F1 of both systems by every measure: persons are two of the three units of each document
    assert {"100.0", "66.7", "80.0"} <= set(tables.split())
