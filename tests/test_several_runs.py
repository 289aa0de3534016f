"""Several runs of one system, from running them to the gate: one system in every view, its runs beneath."""

import json
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

import goldwire as gw
from goldwire import testing
from goldwire.corpora.codec import from_plain
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError, JudgementError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.comparison.compare import compare
from goldwire.eval.gate.baseline import decode_baseline, encode_baseline, make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.report import frames
from goldwire.eval.report.build import make_report
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.score import score_corpus
from goldwire.eval.systems import config, runs
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.facts import read as read_facts

WORDS = 10
DOCUMENTS = [make_document(f"d{k:02}", "abc " * WORDS) for k in range(30)]
# Which words are found follows from the seed of the run alone.
SYSTEM = """
import os, random
chosen = random.Random(int(os.environ["GOLDWIRE_RUN_SEED"]))

def extract(document):
    found = [n for n in range(10) if chosen.random() < 0.7]
    return {"mentions": [{"type": "PER", "spans": [[4 * n, 4 * n + 3]]} for n in found]}
"""


def layer(words):
    """One mention for each word numbered, in each document."""
    return testing.layer(DOCUMENTS, [[((4 * n, 4 * n + 3), "PER") for n in chosen] for chosen in words])


def found(share, seed):
    random = np.random.default_rng(seed)
    return [np.flatnonzero(random.random(WORDS) < share).tolist() for _ in DOCUMENTS]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.chdir(tmp_path)
    made = create_corpus(tmp_path / "work", Manifest(name="work"), DOCUMENTS)
    made.write_layer("gold", layer([range(WORDS)] * len(DOCUMENTS)))
    (tmp_path / "mine.py").write_text(SYSTEM)
    (tmp_path / "systems.toml").write_text(
        '[systems.mine]\nspec = "python:mine:extract"\nseed = 7\n'
        '[systems.same]\nspec = "python:mine:extract"\ndeterministic = true\n'
    )
    return made


def with_runs(corpus, shares, name="mine", seed=0):
    for number, share in enumerate(shares, start=1):
        corpus.write_layer(f"system/{name}/{number}", layer(found(share, seed + number)))
    return corpus


def scored(corpus, *systems, measures=("entity",)):
    return score_corpus(corpus, "gold", runs.written_out(corpus, systems)[0], measures)


# ---------------------------------------------------------------- running
def test_each_run_has_a_seed_of_its_own_and_is_a_layer_beneath_the_name(said_by, corpus):
    said = said_by("eval", "run", "work", "--systems", "systems.toml", "--only", "mine", "--runs", 2)
    assert said.code == 0, said.err
    assert [name for name in corpus.layers() if name != "gold"] == ["system/mine/1", "system/mine/2"]
    facts = [read_facts(corpus, f"mine/{number}") for number in (1, 2)]
    assert [(one.run, one.seed) for one in facts] == [(1, 7), (2, 8)]  # the declared seed, and one more
    assert facts[0].same == facts[1].same
    first, second = (list(corpus.layer(f"system/mine/{number}").values()) for number in (1, 2))
    assert [a.mentions for a in first] != [a.mentions for a in second]


def test_a_larger_number_adds_runs_and_does_not_repeat_those_there_are(said_by, corpus):
    said_by("eval", "run", "work", "--systems", "systems.toml", "--only", "mine", "--runs", 1)
    before = corpus.layer_path("system/mine/1").read_bytes()
    said = said_by("eval", "run", "work", "--systems", "systems.toml", "--only", "mine", "--runs", 2)
    assert "reused 30 of 30 documents" in said.out
    assert corpus.layer_path("system/mine/1").read_bytes() == before
    assert corpus.layer_path("system/mine/2").is_file()


def test_what_gives_the_same_each_time_is_run_once_or_refused(said_by, corpus):
    said = said_by("eval", "run", "work", "--systems", "systems.toml", "--only", "same", "--runs", 3)
    assert said.code == 2
    assert "same (python:mine:extract) gives the same each time, so all runs would be equal" in said.err
    said = said_by("eval", "run", "work", "--systems", "systems.toml", "--runs", 2)
    assert "gives the same each time: run once" in said.err
    assert [n for n in corpus.layers() if n != "gold"] == ["system/mine/1", "system/mine/2", "system/same"]
    assert read_facts(corpus, "same").fixed


def test_what_else_is_there_under_the_name_is_told(said_by, corpus):
    words = ("eval", "run", "work", "--systems", "systems.toml", "--only", "mine")
    with_runs(corpus, (0.7, 0.7, 0.7))
    said = said_by(*words)
    assert "mine has its runs mine/1 to mine/3 beside system/mine; `eval score` takes the runs" in said.err
    said = said_by(*words, "--runs", 1)
    assert "mine/2 and mine/3, run before, stay and count as runs too" in said.err
    assert "system/mine, of one run without a number, stays" in said.err


def test_kinds_that_read_rules_or_a_file_are_fixed():
    assert runs.is_fixed(config.parse_system("a=lexicon"))
    assert runs.is_fixed(config.parse_system("a=file:x.jsonl"))
    assert not runs.is_fixed(config.parse_system("a=cmd:./x"))
    with pytest.raises(ExtractorError, match="leave it out"):
        runs.expand([config.parse_system("a=lexicon")], 3)


def test_a_seed_among_the_options_counts_up_too_and_a_temperature_stays():
    system = msgspec.structs.replace(
        config.parse_system("gpt=llm:m@https://host.example/v1"), options={"seed": 40, "temperature": 1.0}
    )
    made = runs.expand([system], 3).systems
    assert [one.name for one in made] == ["gpt/1", "gpt/2", "gpt/3"]
    assert [one.options for one in made] == [{"seed": s, "temperature": 1.0} for s in (40, 41, 42)]


def test_a_run_that_fails_says_which(said_by, corpus, tmp_path):
    (tmp_path / "mine.py").write_text(
        SYSTEM.replace(
            "def extract(document):", "def extract(document):\n    if chosen.seeded: raise ValueError"
        ).replace(
            "import os, random\n",
            "import os, random\nrandom.Random.seeded = os.environ['GOLDWIRE_RUN_SEED'] == '8'\n",
        )
    )
    said = said_by("eval", "run", "work", "--systems", "systems.toml", "--only", "mine", "--runs", 2)
    assert said.code == 2
    assert "mine/2: no layer written" in said.out
    assert corpus.layer_path("system/mine/1").is_file()


# ---------------------------------------------------------------- which layers are runs
def test_layers_that_came_from_elsewhere_are_runs_by_their_names():
    assert runs.grouped({"a/1": {}, "a/2": {}, "b": {}}) == {"a": ("a/1", "a/2")}
    forty = {f"a/{number}": {} for number in range(1, 41)}
    assert runs.grouped(forty)["a"][-1] == "a/40"  # by number, not by letter
    assert runs.grouped(forty)["a"][1] == "a/2"


def test_a_name_of_somebodys_own_is_no_run():
    assert runs.grouped({"gpt": {}, "gpt/2": {}, "gpt/mini": {}}) == {}
    assert runs.grouped({"annotator/1": {}, "annotator/2": {}}) == {}  # people
    assert runs.grouped({"gpt/2": {"run": 2}}) == {"gpt": ("gpt/2",)}  # the runner says so


def test_one_layer_and_runs_of_one_name_are_never_mixed(said_by, corpus):
    with_runs(corpus, (0.7, 0.8)).write_layer("system/mine", layer(found(0.2, 9)))
    said = said_by("eval", "score", "work", "--measure", "entity", "--json")
    assert "mine is its runs mine/1 to mine/2 here; the layer system/mine, of one run" in said.err
    assert [system["name"] for system in json.loads(said.out)["systems"]] == ["mine/1", "mine/2"]
    one = scored(corpus, "system/mine")
    assert [system.name for system in one.systems] == ["mine"]
    with pytest.raises(CorpusError, match="is one layer and the name of its runs mine/1 and mine/2 too"):
        score_corpus(corpus, "gold", ["system/mine", "mine/1", "mine/2"], ["entity"])


def test_runs_of_a_system_that_was_changed_between_them_are_refused():
    with pytest.raises(CorpusError, match="it was changed between them"):
        runs.check({"a/1": {"run": 1, "same": "x"}, "a/2": {"run": 2, "same": "y"}})


# ---------------------------------------------------------------- scored
def test_runs_are_one_system_with_their_mean_and_spread(corpus):
    record = scored(with_runs(corpus, (0.6, 0.7, 0.8)), "mine")
    values = [record.result(f"mine/{number}", "entity").value for number in (1, 2, 3)]
    [several] = record.runs
    figure = several.results[0].figures["f"]
    assert figure.mean == pytest.approx(sum(values) / 3)
    assert figure.deviation == pytest.approx(float(np.std(values, ddof=1)))
    assert figure.low < min(values) < max(values) < figure.high  # 3 runs, 10 points apart
    assert record.result("mine", "entity").value == figure.mean
    assert "|runs:3|" in record.result("mine", "entity").signature
    assert decode_record(encode_record(record)) == record


def test_a_record_without_runs_has_no_field_for_them(corpus):
    corpus.write_layer("system/one", layer(found(0.7, 1)))
    assert b'"runs"' not in encode_record(scored(corpus, "one"))


def test_equal_runs_have_no_spread_and_the_interval_of_one(corpus):
    for number in (1, 2, 3):
        corpus.write_layer(f"system/mine/{number}", layer(found(0.7, 5)))
    record = scored(corpus, "mine")
    figure, alone = record.runs[0].results[0].figures["f"], record.result("mine/1", "entity")
    assert figure.deviation == pytest.approx(0, abs=1e-12)
    assert (figure.low, figure.high) == pytest.approx((alone.intervals["f"].low, alone.intervals["f"].high))


def test_a_run_in_which_nothing_was_found_leaves_precision_undefined(corpus):
    with_runs(corpus, (0.7, 0.7)).write_layer("system/mine/2", layer([[]] * len(DOCUMENTS)))
    figures = scored(corpus, "mine").runs[0].results[0].figures
    assert figures["precision"].mean is None
    assert figures["f"].mean == pytest.approx(scored(corpus, "mine").result("mine/1", "entity").value / 2)


def test_a_missing_run_and_one_of_fewer_documents_are_told(said_by, corpus):
    with_runs(corpus, (0.7, 0.7, 0.7))
    corpus.layer_path("system/mine/2").unlink()
    corpus.write_layer("system/mine/3", layer(found(0.7, 3))[:20])
    said = said_by("eval", "score", "work", "--measure", "entity")
    assert "mine has runs 1 and 3, and none of 2" in said.out
    assert "mine/3 has no line for 10 documents, which count as empty." in said.out


def test_forty_runs_stand_in_one_row(said_by, corpus):
    with_runs(corpus, [0.7] * 40)
    said = said_by("eval", "score", "work", "--measure", "entity")
    assert "mine (40 runs)" in said.out
    assert said.out.index("mine/2 ") < said.out.index("mine/10 ")


def test_without_documents_there_is_a_mean_and_no_interval(said_by, corpus):
    with_runs(corpus, (0.6, 0.8))
    said = said_by("eval", "score", "work", "--measure", "entity", "--stream", "--json")
    figure = json.loads(said.out)["runs"][0]["results"][0]["figures"]["f"]
    assert figure["deviation"] > 0
    assert "low" not in figure
    shown = said_by("eval", "report", "work/records/measures.json").out
    assert "Means, without intervals, and the standard deviation" in shown


def test_runs_that_are_scored_later_join_those_in_the_record(said_by, corpus):
    with_runs(corpus, (0.6, 0.8))
    said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    with_runs(corpus, (0.6, 0.8, 0.7))
    said = said_by(
        "eval", "score", "work", "--measure", "entity", "--name", "r", "--system", "mine/3", "--json"
    )
    assert json.loads(said.out)["runs"][0]["runs"] == ["mine/1", "mine/2", "mine/3"]


def test_runs_and_an_older_one_layer_of_the_name_do_not_share_a_record(said_by, corpus):
    corpus.write_layer("system/mine", layer(found(0.7, 4)))
    said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    with_runs(corpus, (0.6, 0.8))
    before = Path("work/records/r.json").read_bytes()
    said = said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    assert said.code == 2
    assert "--replace puts this record in its place" in said.err
    assert Path("work/records/r.json").read_bytes() == before


def test_a_label_map_of_the_system_is_for_all_its_runs(said_by, corpus, tmp_path):
    with_runs(corpus, (0.6, 0.8))
    (tmp_path / "map.toml").write_text('[mentions]\nPER = "ORG"\n')
    said = said_by("eval", "score", "work", "--measure", "entity", "--labels", "mine=map.toml", "--json")
    assert said.code == 0, said.err
    assert [bool(system.get("view")) for system in json.loads(said.out)["systems"]] == [True, True]


def test_a_threshold_of_the_system_is_for_all_its_runs(said_by, corpus):
    for number, least in ((1, 0.4), (2, 0.6)):
        lines = [
            msgspec.structs.replace(
                line, mentions=tuple(msgspec.structs.replace(m, score=least) for m in line.mentions)
            )
            for line in layer(found(0.7, number))
        ]
        corpus.write_layer(f"system/mine/{number}", lines)
    said = said_by("eval", "score", "work", "--measure", "entity", "--at", "mine=0.5", "--json")
    assert said.code == 0, said.err
    first, second = json.loads(said.out)["results"]
    assert first["value"] == 0  # nothing of it is sure enough
    assert second["value"] > 0.7


def test_runs_are_scored_against_several_gold_layers(said_by, corpus):
    with_runs(corpus, (0.6, 0.8)).write_layer("gold2", layer([range(WORDS - 1)] * len(DOCUMENTS)))
    said = said_by(
        "eval", "score", "work", "--measure", "entity", "--gold", "gold", "--gold", "gold2",
        "--references", "mean", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    record = json.loads(said.out)
    mean = sum(result["value"] for result in record["results"]) / 2
    figure = record["runs"][0]["results"][0]["figures"]["f"]
    assert figure["mean"] == pytest.approx(mean)
    assert figure["low"] < mean < figure["high"]


# ---------------------------------------------------------------- in every view
@pytest.mark.parametrize("form", ["--markdown", "--latex", "--html"])
def test_every_form_of_the_report_has_one_row_for_the_system(said_by, corpus, form, tmp_path):
    with_runs(corpus, (0.6, 0.7, 0.8)).write_layer("system/other", layer(found(0.5, 8)))
    said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    said = said_by("eval", "report", "work/records/r.json", form, "out")
    assert said.code == 0, said.err
    text = Path("out").read_text(encoding="utf-8")
    assert "mine (3 runs)" in text
    assert ("mine/2" in text) == (form != "--latex")  # a paper's table has the mean


def test_a_page_gives_a_system_its_colour_whatever_stands_behind_its_name(said_by, corpus):
    with_runs(corpus, (0.6, 0.7)).write_layer("system/other", layer(found(0.5, 8)))
    said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    page = said_by("eval", "report", "work/records/r.json", "--html", "-").out
    for name in ("mine (2 runs)", "other"):
        assert re.search(rf'<span class="swatch system\d+"[^>]*></span><bdi>{re.escape(name)}</bdi>', page)


def test_the_front_door_gives_the_mean_and_each_run():
    gold = {d.id: [(4 * n, 4 * n + 3, "PER") for n in range(WORDS)] for d in DOCUMENTS}
    systems = {
        f"mine/{number}": {
            d.id: [(4 * n, 4 * n + 3, "PER") for n in words]
            for d, words in zip(DOCUMENTS, found(0.7, number), strict=True)
        }
        for number in (1, 2, 3)
    }
    record = gw.score(gold, systems, "entity")
    values = [record[f"mine/{number}", "entity"].f for number in (1, 2, 3)]
    assert record["mine", "entity"].f == pytest.approx(sum(values) / 3)
    assert record["entity"].f == record["mine", "entity"].f  # the only system
    assert record["mine"].runs == record.runs
    assert record["mine/2"].runs == ()
    assert "mine (3 runs)" in repr(record)
    with pytest.raises(JudgementError, match="mine has 3 runs, each with counts of its own"):
        record.get_counts("mine", "entity")


def test_from_python_a_function_and_a_spec_are_run_several_times(corpus):
    home = gw.open(corpus.path)
    seen = []

    def mine(document):
        seen.append(document.id)
        return [(0, 3, "PER")] if len(seen) % 3 else []

    home.run({"fn": mine, "spec": "python:mine:extract"}, runs=2)
    made = [name.removeprefix("system/") for name in corpus.layers() if name != "gold"]
    assert made == ["fn/1", "fn/2", "spec/1", "spec/2"]
    record = home.score(measures="entity")
    assert [several.system for several in record.runs] == ["fn", "spec"]
    assert record["spec", "entity"].f > record["fn", "entity"].f
    with pytest.raises(ValueError, match="runs: got 0"):
        home.run({"fn": mine}, runs=0)


def test_tables_for_programs_have_the_mean_and_each_run(corpus):
    record = gw.Record.of(scored(with_runs(corpus, (0.6, 0.8)), "mine"))
    [row] = record.frame("scores").iter_rows(named=True)
    assert row["system"] == "mine"
    assert row["f"] == pytest.approx(record["mine", "entity"].f)
    runs_of = frames.frames(make_report({"r": record}))["runs"]
    assert runs_of["run"].to_list() == ["mine/1", "mine/2"]
    assert runs_of["f"].mean() == pytest.approx(row["f"])
    assert set(record.frame("documents")["system"]) == {"mine/1", "mine/2"}


# ---------------------------------------------------------------- compared
def test_equal_systems_whose_runs_differ_are_not_told_apart(corpus):
    """One with a lucky run would be: three points between single runs, none between means."""
    with_runs(corpus, (0.60, 0.70, 0.80), "a")
    with_runs(corpus, (0.80, 0.70, 0.60), "b", seed=10)
    [comparison] = compare({"r": scored(corpus, "a", "b")})
    assert [standing.system for standing in comparison.standings] in (["a", "b"], ["b", "a"])
    assert [standing.runs for standing in comparison.standings] == [3, 3]
    [pair] = comparison.pairs
    assert not pair.decided
    assert pair.freedom < 10  # what is between three runs decides, not 30 documents
    assert pair.needed_runs is None or pair.needed_runs > 3
    assert comparison.test == "t-over-documents-and-runs-holm"
    alone = scored(corpus, "a/3", "b/3")  # as single systems they are apart by far
    [pair] = compare({"r": alone})[0].pairs
    assert pair.decided
    assert pair.freedom is None


def test_a_system_that_is_better_by_more_than_its_runs_differ_is_told_apart(corpus):
    with_runs(corpus, (0.50, 0.51, 0.52), "a")
    with_runs(corpus, (0.80, 0.81, 0.82), "b", seed=10)
    [comparison] = compare({"r": scored(corpus, "a", "b")})
    assert comparison.decided
    assert comparison.sentence == "b is better than a, by more than chance."


def test_one_run_is_compared_by_the_spread_of_the_other_system(corpus):
    with_runs(corpus, (0.6, 0.7, 0.8), "a").write_layer("system/b", layer(found(0.74, 5)))
    [pair] = compare({"r": scored(corpus, "a", "b")})[0].pairs
    assert pair.freedom is not None
    assert not pair.decided


def test_one_run_each_is_said_and_not_of_fixed_systems(said_by, corpus):
    corpus.write_layer("system/a", layer(found(0.7, 1)))
    corpus.write_layer("system/b", layer(found(0.5, 2)))
    said_by("eval", "score", "work", "--measure", "entity", "--name", "r")
    said = said_by("eval", "compare", "work/records/r.json")
    assert "one run each. Whether another run would do the same is not known" in said.out
    path = Path("work/records/r.json")
    record = json.loads(path.read_bytes())
    for system in record["systems"]:
        system["facts"] = {"fixed": True}
    path.write_text(json.dumps(record))
    assert "one run each" not in said_by("eval", "compare", "work/records/r.json").out


def test_one_system_under_three_names_with_other_seeds_is_compared_as_runs(corpus):
    for number, share in enumerate((0.66, 0.70, 0.74)):
        corpus.write_layer(f"system/s{number}", layer(found(share, number)))
    record = scored(corpus, "s0", "s1", "s2")
    [before] = compare({"r": record})
    assert any(pair.decided for pair in before.pairs)  # over documents alone
    systems = tuple(
        msgspec.structs.replace(system, facts={"same": "x", "seed": number})
        for number, system in enumerate(record.systems)
    )
    [after] = compare({"r": msgspec.structs.replace(record, systems=systems)})
    assert not any(pair.decided for pair in after.pairs)


# ---------------------------------------------------------------- the gate
POLICY = Policy(rules=(Rule(measure="entity", margin=0.02),), trials=500)


def baseline_of(record):
    return decode_baseline(encode_baseline(make_baseline(record, POLICY)))


def test_a_build_of_one_run_is_judged_by_the_spread_of_the_baselines_runs(corpus):
    base = baseline_of(scored(with_runs(corpus, (0.66, 0.70, 0.74)), "mine"))
    corpus.write_layer("system/mine", layer(found(0.67, 77)))
    now = scored(corpus, "system/mine")
    [check] = judge(now, base, POLICY).checks
    assert check.runs == (3, 1)
    assert check.spread == pytest.approx(base.record.runs[0].results[0].figures["f"].deviation)
    assert check.verdict != "fail"
    # Against the best run alone the same build is shut out, and no word of runs was known.
    alone = baseline_of(scored(corpus, "mine/3"))
    renamed = msgspec.convert(
        json.loads(json.dumps(msgspec.to_builtins(alone, enc_hook=tuple)).replace("mine/3", "mine")),
        type(alone),
        dec_hook=from_plain,
    )
    judgement = judge(now, renamed, POLICY)
    assert judgement.verdict == "fail"
    assert any("one run on either side" in note for note in judgement.notes)


def test_a_real_loss_of_all_runs_shuts_the_gate(corpus):
    base = baseline_of(scored(with_runs(corpus, (0.79, 0.80, 0.81)), "mine"))
    now = scored(with_runs(corpus, (0.59, 0.60, 0.61), seed=50), "mine")
    [check] = judge(now, base, POLICY).checks
    assert check.verdict == "fail"
    assert check.runs == (3, 3)
    assert not judge(now, base, POLICY).notes


def test_a_run_that_failed_too_often_is_no_baseline(corpus):
    record = scored(with_runs(corpus, (0.7, 0.7)), "mine")
    systems = (record.systems[0], msgspec.structs.replace(record.systems[1], failed=3))
    with pytest.raises(JudgementError, match="mine/2 failed on 3 of 30 documents"):
        make_baseline(msgspec.structs.replace(record, systems=systems), POLICY)


def test_damaged_runs_in_a_record_are_found(corpus):
    record = scored(with_runs(corpus, (0.7, 0.7)), "mine")
    for broken in (("mine/1", "mine/9"), ("mine/1", "mine/1"), ()):
        several = msgspec.structs.replace(record.runs[0], runs=broken)
        with pytest.raises(DataError, match="damaged"):
            decode_record(encode_record(msgspec.structs.replace(record, runs=(several,))))
    with pytest.raises(DataError, match="has no figures of entity"):
        decode_record(encode_record(msgspec.structs.replace(record, results=record.results[:1])))


def test_facts_without_runs_are_read_as_before():
    old = dict.fromkeys(
        ("system", "spec", "name", "version", "fingerprint", "goldwire", "created", "layer"), ""
    )
    facts = msgspec.convert({**old, "provides": [], "documents": 0, "characters": 0}, Facts)
    assert (facts.run, facts.seed, facts.same, facts.fixed) == (None, None, "", False)
