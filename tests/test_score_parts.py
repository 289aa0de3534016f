"""Scores of parts: the record of one machine, whatever was asked for; what is no whole is refused."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora import samples, tokens
from goldwire.corpora.errors import CorpusError, DataError, MeasureError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.parts import Part
from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.store import Corpus, Splits
from goldwire.corpora.types import Meta, Provenance
from goldwire.corpora.views import Asked, Choice
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.slices import parse_slices
from goldwire.eval.measures.suites import read_suite, suite_names
from goldwire.eval.parts import file
from goldwire.eval.parts.file import Header
from goldwire.eval.parts.merge import check_parts, find_files, merge_scores, ranges
from goldwire.eval.parts.score import keep_part, score_part
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.plan import Best, Options
from goldwire.eval.scoring.score import make_plan, score_corpus
from goldwire.testing import annotate, document
from goldwire.testing import corpus as make_corpus

WORDS = ["Anna", "Bern", "Carl", "met", "in", "Delhi"]
MEASURES = ("entity", "entity:span@partial", "MUC", "entity,average=documents")


def units(chance: random.Random, text: str, *, scored: bool) -> list:
    """Some words of a text as mentions."""
    found, start = [], 0
    for word in text.split(" "):
        if chance.random() < 0.5:
            found.append(((start, start + len(word)), chance.choice(["PER", "LOC", "ORG"])))
        start += len(word) + 1
    return found


def lines(documents, seed, *, scored=False, share=0.9, **fields):
    chance = random.Random(seed)
    made = []
    for one in documents:
        if chance.random() > share:
            continue
        line = annotate(one, *units(chance, one.text, scored=scored), **fields)
        if scored:
            mentions = tuple(
                msgspec.structs.replace(m, score=round(chance.random(), 2)) for m in line.mentions
            )
            line = msgspec.structs.replace(line, mentions=mentions)
        made.append(line)
    return made


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Forty documents with near-duplicates, gold with gaps, drafts and skipped ones, systems and runs."""
    chance = random.Random(7)
    documents = [
        document(
            " ".join(chance.choices(WORDS, k=chance.randint(2, 9))),
            f"d{number:02}",
            group=f"d{number // 3 * 3:02}" if number % 3 < 2 else None,
            meta=Meta(source=chance.choice("ab"), published=f"2024-0{chance.randint(1, 9)}-01"),
        )
        for number in range(40)
    ]
    gold = lines(documents, 1)
    gold[3] = msgspec.structs.replace(gold[3], provenance=Provenance(status="skipped"))
    gold[5] = msgspec.structs.replace(gold[5], provenance=Provenance(status="draft"))
    layers = {
        "gold": gold,
        "gold-2": lines(documents, 2),
        "other": lines(documents, 3),
        "seen": lines(documents[33:], 8),
        "system/one": lines(documents, 4, scored=True),
        "system/r/1": lines(documents, 5, scored=True),
        "system/r/2": lines(documents, 6, scored=True),
    }
    return make_corpus(tmp_path / "c", documents, layers, splits=Splits({"train": 0.5, "test": 0.5}))


IDS = frozenset(f"d{number:02}" for number in range(3, 33))
OTHERS = frozenset(f"d{number:02}" for number in range(33, 40))
RENAMED = Asked(maps={"": ("map", LabelMap(mentions={"ORG": "LOC"}))}, choice=Choice(only=("PER", "LOC")))
OPTIONS = {
    "plain": Options(),
    "kinds": Options(classes=True, suite="x"),
    "streamed": Options(stream=True),
    "no intervals": Options(trials=0),
    "as it stands": Options(scope=Scope(unjudged="empty", drafts="counted"), rejected="left-out"),
    "some documents": Options(scope=Scope(documents=IDS), asked="thirty"),
    "a view": Options(views=RENAMED),
    "inside": Options(inside="other"),
    "a threshold": Options(at={"": 0.5}),
    "the best threshold": Options(at={"": Best()}),
    "the best on others": Options(at={"one": Best("rest", OTHERS)}, scope=Scope(documents=IDS)),
    "slices": Options(slices=parse_slices(["source", "published:month", "length:3", "split", "nested"])),
    "words elsewhere": Options(
        slices=parse_slices(["seen:layer=seen", "frequency:layer=seen", "unit-length"]),
        scope=Scope(documents=IDS),
        asked="thirty",
    ),
}


def in_parts(corpus, options, folder, *, of=7, gold="gold", measures=MEASURES, systems=("one", "r/1", "r/2")):
    """The record of parts that were made by processes of their own, in any order."""
    numbers = list(range(1, of + 1))
    random.Random(0).shuffle(numbers)
    for number in numbers:
        keep_part(corpus, make_plan(corpus, gold, systems, measures, options), Part(number, of), folder)
    return merge_scores(check_parts(find_files([folder]))).record


@pytest.mark.parametrize("name", OPTIONS)
def test_whatever_is_asked_for_the_record_is_that_of_one_machine(corpus, tmp_path, name):
    options = msgspec.structs.replace(OPTIONS[name], trials=min(OPTIONS[name].trials, 20))
    whole = score_corpus(corpus, "gold", ["one", "r/1", "r/2"], MEASURES, options=options)
    assert encode_record(in_parts(corpus, options, tmp_path / "p")) == encode_record(whole)


@pytest.mark.parametrize("policy", ["mean", "best", "any", "union", "intersection"])
def test_so_it_is_of_several_references(corpus, tmp_path, policy):
    options, golds = Options(references=policy, trials=10), ["gold", "gold-2"]
    whole = score_corpus(corpus, golds, ["one"], ("entity",), options=options)
    made = in_parts(corpus, options, tmp_path / "p", gold=golds, measures=("entity",), systems=["one"])
    assert encode_record(made) == encode_record(whole)


@pytest.mark.parametrize("suite", suite_names())
def test_so_it_is_by_every_suite_whose_counts_add_up(corpus, tmp_path, suite):
    found = read_suite(suite)
    options = Options(suite=suite, classes=found.classes, tags=found.tags, trials=5)
    measures = [one for one in found.measures if is_additive(parse(one))]
    whole = score_corpus(corpus, "gold", ["one"], measures, options=options)
    made = in_parts(corpus, options, tmp_path / "p", of=3, measures=measures, systems=["one"])
    assert encode_record(made) == encode_record(whole)


def test_so_it_is_of_drawn_gold(corpus, tmp_path):
    done = {line.document for line in corpus.layer("gold").values()}
    rank = {id: number for number, id in enumerate(sorted(done), 1)}
    candidates = tuple(
        Candidate(document=id, probability=0.25 if n % 2 else 0.5, rank=rank.get(id))
        for n, id in enumerate(corpus.hashes())
    )
    samples.write(corpus, Sample(Draw(draw="a", purpose="scoring", how="", made="2026"), candidates))
    whole = score_corpus(corpus, "gold", ["one"], ("entity",), options=Options(trials=20))
    assert whole.weights is not None
    made = in_parts(corpus, Options(trials=20), tmp_path / "p", measures=("entity",), systems=["one"])
    assert encode_record(made) == encode_record(whole)


def test_so_it_is_with_tokens_beside_layers_and_documents_in_any_order(corpus, tmp_path):
    layer = [*corpus.layer("gold").values()]
    kept = [tokens.untagged(line, (0, 5), (4, 9), [2]) for line in layer]
    corpus.write_layer("gold", layer, kept)
    path = corpus.path / "documents.jsonl"
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    measures = ("token:span+type@exact", "entity")
    whole = score_corpus(corpus, "gold", ["one"], measures, options=Options(trials=5))
    made = in_parts(corpus, Options(trials=5), tmp_path / "p", measures=measures, systems=["one"])
    assert encode_record(made) == encode_record(whole)
    assert whole.gold.tokens is not None


def test_what_does_not_add_up_is_refused(corpus, tmp_path):
    plan = make_plan(corpus, "gold", ["one"], ("surface",))
    with pytest.raises(MeasureError, match="a form that stands in several documents counts once"):
        score_part(corpus, plan, Part(1, 2))


def test_a_fault_is_told_of_the_corpus_and_by_one_part(corpus, tmp_path):
    path = corpus.layer_path("system/one")
    rows = path.read_bytes().splitlines(keepends=True)
    rows[4] = rows[4].replace(b'"type":', b'"typo":', 1)
    path.write_bytes(b"".join(rows))
    plan, told = make_plan(corpus, "gold", ["one"], ("entity",)), []
    for number in range(1, 6):
        try:
            score_part(corpus, plan, Part(number, 5))
        except DataError as error:
            told.append(error)
    assert len(told) == 1
    assert {fault.where for fault in told[0].faults} == {f"{path}:5"}
    assert "goldwire-part-" not in str(told[0])


# ---------------------------------------------------------------- made once
def test_a_part_that_is_there_and_sound_is_not_computed_again(corpus, tmp_path, monkeypatch):
    plan = make_plan(corpus, "gold", ["one"], ("entity",))
    first = keep_part(corpus, plan, Part(2, 3), tmp_path)
    data = first.path.read_bytes()
    monkeypatch.setattr("goldwire.eval.parts.score._score", None)  # would raise
    again = keep_part(corpus, plan, Part(2, 3), tmp_path)
    assert (first.made, again.made, again.path) == (True, False, first.path)
    assert first.path.read_bytes() == data


def test_a_damaged_part_is_made_anew(corpus, tmp_path):
    plan = make_plan(corpus, "gold", ["one"], ("entity",))
    first = keep_part(corpus, plan, Part(2, 3), tmp_path)
    data = first.path.read_bytes()
    first.path.write_bytes(data[:-5])
    again = keep_part(corpus, plan, Part(2, 3), tmp_path)
    assert (again.made, again.replaced) == (True, True)
    assert first.path.read_bytes() == data


def test_the_same_part_has_the_same_bytes_in_whichever_process(corpus, tmp_path, program):
    made = set()
    for seed in ("1", "2"):
        folder = tmp_path / seed
        words = ("eval", "score", corpus.path, "--part", "1/2", "--parts", folder, "--slice", "nested")
        assert program(*words, PYTHONHASHSEED=seed).code == 0
        made |= {(path.name, path.read_bytes()) for path in folder.iterdir()}
    assert len(made) == 1


@pytest.mark.parametrize("change", ["layer", "documents", "allowance"])
def test_a_part_of_another_state_has_another_name(corpus, tmp_path, change):
    def make():
        return keep_part(corpus, make_plan(corpus, "gold", ["one"], ("entity",)), Part(1, 2), tmp_path)

    before = make()
    alter(corpus, change)
    after = make()
    assert after.made
    assert before.path.name != after.path.name


def alter(corpus: Corpus, change: str) -> None:
    if change == "layer":
        corpus.write_layer("gold", [*corpus.layer("gold").values()][1:])
    elif change == "documents":
        path = corpus.path / "documents.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"source":"a"', b'"source":"c"', 1))
    else:
        facts_of(corpus, allowed=3)


def facts_of(corpus: Corpus, **fields) -> None:
    """Facts of a run, as if the layer had been made by one."""
    import hashlib

    from goldwire.eval.systems import facts, journal

    layer = hashlib.sha256(corpus.layer_path("system/one").read_bytes()).hexdigest()
    made = facts.Facts(
        **dict.fromkeys(("system", "spec", "name", "version", "fingerprint", "goldwire", "created"), "x"),
        provides=[],
        documents=40,
        characters=1,
        layer=layer,
        **fields,
    )
    path = journal.folder(corpus, "one") / facts.FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(msgspec.json.encode(made))


# ---------------------------------------------------------------- what is no whole
@pytest.fixture
def parts(corpus, tmp_path) -> list[Path]:
    plan = make_plan(corpus, "gold", ["one"], ("entity",), Options(trials=0))
    return [keep_part(corpus, plan, Part(number, 6), tmp_path / "parts").path for number in range(1, 7)]


def refusal(*given: Path) -> str:
    with pytest.raises(DataError) as caught:
        check_parts(find_files(given))
    return str(caught.value)


def test_missing_parts_are_told_as_ranges(parts):
    assert "missing: 1, 3-5 of 6" in refusal(parts[1], parts[5])


def test_a_part_that_is_there_twice_is_told_with_both_files(parts, tmp_path):
    copy = Path(shutil.copy(parts[2], tmp_path / "copy.part"))
    told = refusal(*parts, copy)
    assert "doubled: part 3 of 6" in told
    assert "are the same; take one of them away" in told
    assert str(copy) in told
    assert str(parts[2]) in told


def test_two_files_of_one_part_that_differ_are_told(parts, tmp_path):
    found = file.check(parts[2])
    other = tmp_path / "other.part"
    other.write_bytes(file.encode(found.header, found.payload() + b"x"))
    assert "differ; take away all but the right one" in refusal(*parts, other)


def test_a_file_that_is_named_twice_counts_once(parts):
    assert len(check_parts(find_files([*parts, parts[0], parts[0].parent]))) == 6


def test_damaged_and_foreign_files_are_told_with_what_else_is_wrong(parts, tmp_path):
    parts[0].write_bytes(parts[0].read_bytes()[:-1])
    strange = tmp_path / "record.json"
    strange.write_text("{}")
    late = tmp_path / "late.part"
    late.write_bytes(parts[1].read_bytes().replace(b'"format":1', b'"format":9'))
    told = refusal(*parts[:4], strange, late, tmp_path / "nothing.part")
    assert "missing: 1, 5-6 of 6" in told
    for each in (
        f"{parts[0]}: cut off",
        f"{strange}: not a part file",
        "format 9 is newer",
        "nothing.part: cannot be read",
    ):
        assert each in told


@pytest.mark.parametrize(
    ("options", "measures", "trait"),
    [
        (Options(trials=0, duplicates="refuse"), ("entity",), "duplicates (refuse / set)"),
        (Options(trials=0, scope=Scope(unjudged="empty")), ("entity",), "scope (unjudged empty"),
        (Options(trials=0), ("overlap",), "measures ("),
        (Options(trials=0, seed=4), ("entity",), "seed (4 / 0)"),
        (Options(trials=0, slices=parse_slices(["nested"])), ("entity",), "slices (nested / none)"),
    ],
)
def test_parts_of_another_plan_are_told_with_what_differs(corpus, parts, options, measures, trait):
    folder = parts[0].parent
    plan = make_plan(corpus, "gold", ["one"], measures, options)
    other = keep_part(corpus, plan, Part(6, 6), folder)
    told = refusal(folder)
    assert "foreign: part 6 of 6, unlike most in" in told
    assert trait in told
    assert str(other.path.parent / file.read_header(other.path).pattern) in told
    assert str(parts[0].parent / file.read_header(parts[0]).pattern) in told
    assert "missing" not in told


@pytest.mark.parametrize(
    ("change", "trait"),
    [("layer", "layers/gold"), ("documents", "documents"), ("allowance", "facts of one (3 failures allowed")],
)
def test_parts_of_another_state_are_told_with_what_differs(corpus, parts, tmp_path, change, trait):
    alter(corpus, change)
    plan = make_plan(corpus, "gold", ["one"], ("entity",), Options(trials=0))
    keep_part(corpus, plan, Part(2, 6), tmp_path / "parts")
    told = refusal(tmp_path / "parts")
    assert "part 2 of 6, unlike most" in told
    assert trait in told


@pytest.mark.parametrize("systems", [["one", "r/1"], ["r/1", "r/2"]])
def test_parts_with_other_systems_or_runs_are_foreign(corpus, parts, tmp_path, systems):
    plan = make_plan(corpus, "gold", systems, ("entity",), Options(trials=0))
    keep_part(corpus, plan, Part(2, 6), tmp_path / "parts")
    assert "systems (system/" in refusal(tmp_path / "parts")


def test_parts_of_another_number_are_foreign(corpus, parts, tmp_path):
    plan = make_plan(corpus, "gold", ["one"], ("entity",), Options(trials=0))
    keep_part(corpus, plan, Part(2, 9), tmp_path / "parts")
    assert "part 2 of 9, unlike most in parts (9 / 6)" in refusal(tmp_path / "parts")


def test_parts_of_another_version_or_corpus_are_foreign(parts, tmp_path):
    found = file.check(parts[3])
    old = msgspec.structs.replace(found.header, goldwire="0.0.9")
    file.write(tmp_path / "parts", old, file.encode(old, found.payload()))
    assert "Goldwire (0.0.9 / " in refusal(tmp_path / "parts")
    renamed = {**found.header.alike, "corpus": "news 2 (de)"}
    strange = msgspec.structs.replace(found.header, alike=renamed)
    file.write(tmp_path / "parts", strange, file.encode(strange, found.payload()))
    assert "corpus (news 2 (de) / c 1.0 (en))" in refusal(tmp_path / "parts")


def test_parts_that_all_are_of_another_version_are_refused(tmp_path):
    header = Header(kind="score", name="n", part="1/1", alike={}, goldwire="0.0.9")
    path = file.write(tmp_path, header, file.encode(header, b""))
    assert "made by Goldwire 0.0.9" in refusal(path)


def test_a_folder_without_parts_is_told(tmp_path):
    with pytest.raises(CorpusError, match="no part files"):
        find_files([tmp_path])


def test_ranges_say_which_numbers_there_are():
    assert ranges([17, 20, 21, 22, 25]) == "17, 20-22, 25"
    assert ranges([1, 2]) == "1-2"
    assert ranges([]) == ""


def test_four_hundred_parts_are_merged_in_any_order_and_refused_with_duplicates_and_gaps(corpus, tmp_path):
    """Forty documents in 400 parts: most are empty."""
    options = Options(trials=5)
    plan = make_plan(corpus, "gold", ["one"], ("entity",), options)
    files = [keep_part(corpus, plan, Part(number, 400), tmp_path / "p").path for number in range(1, 401)]
    random.Random(3).shuffle(files)
    whole = encode_record(score_corpus(corpus, "gold", ["one"], ("entity",), options=options))
    assert encode_record(merge_scores(check_parts(find_files(files))).record) == whole
    gone = {17, *range(20, 26)}
    left = [path for path in files if file.read_header(path).number.number not in gone]
    copy = shutil.copy(left[0], tmp_path / "again.part")
    told = refusal(*left, Path(copy))
    assert "missing: 17, 20-25 of 400" in told
    assert f"doubled: part {file.read_header(left[0]).number.number} of 400" in told


# ---------------------------------------------------------------- on the command line
@pytest.fixture
def scored(corpus, said_by):
    """What one machine says of the corpus, and its record."""
    said = said_by("eval", "score", corpus.path, "--measure", "entity", "--trials", 20, "--json")
    assert said.code == 0, said.err
    return said, (corpus.path / "records" / "measures.json").read_bytes()


def untimed(data: bytes) -> bytes:
    return re.sub(rb'"created":\s*"[^"]*"', b"", data)


def make_parts(said_by, corpus, folder, of=3, *words):
    for number in range(1, of + 1):
        part = ("--part", f"{number}/{of}", "--parts", folder)
        said = said_by("eval", "score", corpus.path, "--measure", "entity", "--trials", 20, *part, *words)
        assert said.code == 0, said.err
    return said


def test_the_commands_make_the_record_of_one_machine_and_say_the_same(corpus, scored, tmp_path, said_by):
    one, record = scored
    shown = said_by("eval", "score", corpus.path, "--measure", "entity", "--trials", 20)
    (corpus.path / "records" / "measures.json").unlink()
    assert "part 3/3 scored" in make_parts(said_by, corpus, tmp_path / "p").out
    merged = said_by("eval", "merge", tmp_path / "p", "--into", corpus.path)
    assert (merged.code, merged.out) == (0, shown.out)
    assert untimed((corpus.path / "records" / "measures.json").read_bytes()) == untimed(record)
    again = said_by("eval", "merge", tmp_path / "p", "--into", corpus.path, "--json")
    assert untimed(again.out.encode()) == untimed(one.out.encode())


def test_where_the_corpus_is_not_at_hand_the_record_goes_into_a_file(corpus, scored, tmp_path, said_by):
    make_parts(said_by, corpus, tmp_path / "p")
    shutil.rmtree(corpus.path)
    place = tmp_path / "out" / "record.json"
    merged = said_by("eval", "merge", tmp_path / "p", "--record", place)
    assert merged.code == 0, merged.err
    assert untimed(place.read_bytes()) == untimed(scored[1])
    assert said_by("eval", "report", place).code == 0


def test_a_record_is_not_put_into_a_corpus_that_changed_meanwhile(corpus, tmp_path, said_by):
    make_parts(said_by, corpus, tmp_path / "p")
    alter(corpus, "layer")
    merged = said_by("eval", "merge", tmp_path / "p", "--into", corpus.path)
    assert merged.code == 2
    assert "layers/gold is not as in the parts" in merged.err
    assert not [*(corpus.path / "records").glob("*")]


def test_what_cannot_be_merged_ends_with_2_and_writes_nothing(corpus, tmp_path, said_by):
    make_parts(said_by, corpus, tmp_path / "p")
    next((tmp_path / "p").glob("*-00002-of-*")).unlink()
    merged = said_by("eval", "merge", tmp_path / "p", "--record", tmp_path / "r.json")
    assert merged.code == 2
    assert "missing: 2 of 3" in merged.err
    assert not (tmp_path / "r.json").exists()


def test_a_part_that_lies_there_is_told_as_such(corpus, tmp_path, said_by):
    make_parts(said_by, corpus, tmp_path / "p")
    assert (
        "is there already, and sound: nothing was computed" in make_parts(said_by, corpus, tmp_path / "p").out
    )
    told = make_parts(said_by, corpus, tmp_path / "p", 3, "--json").json
    assert set(told) == {"path", "part", "documents", "made", "replaced"}
    assert (told["part"], told["made"]) == ("3/3", False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--part", "1/3", "--name", "x"), "--name has no effect with --part"),
        (("--part", "1/3", "--replace"), "--replace has no effect with --part"),
        (("--part", "1/3", "--was", "gold-2"), "looks at all documents under two gold layers"),
        (("--parts", "x"), "--parts has no effect without --part"),
        (("--part", "4/3"), "'4/3' is no part"),
        (("--part", "1/3", "--measure", "surface"), "parts do not add up"),
    ],
)
def test_what_a_part_cannot_have_is_refused_with_the_reason(corpus, tmp_path, said_by, words, told):
    said = said_by("eval", "score", corpus.path, *words)
    assert said.code == 2
    assert told in said.err
    assert not [*tmp_path.glob("**/*.part")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say where the whole goes"),
        (("--into", "c", "--record", "r.json"), "say where the whole goes"),
        (("--record", "r.json", "--name", "x"), "--name has no effect with --record"),
    ],
)
def test_merge_says_what_it_needs(parts, said_by, words, told):
    said = said_by("eval", "merge", parts[0], *words)
    assert said.code == 2
    assert told in said.err


def test_parts_of_a_kind_that_is_not_known_are_refused(tmp_path, said_by):
    header = Header(kind="dream", name="n", part="1/1", alike={})
    path = file.write(tmp_path, header, file.encode(header, b""))
    said = said_by("eval", "merge", path, "--record", tmp_path / "r.json")
    assert said.code == 2
    assert "parts of kind 'dream'" in said.err


def test_two_processes_that_make_the_same_part_at_once_end_with_one_sound_file(corpus, tmp_path):
    words = ["eval", "score", corpus.path, "--part", "1/2", "--parts", tmp_path / "p"]
    command = [sys.executable, "-m", "goldwire", *map(str, words)]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    told = [one.communicate()[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    [path] = (tmp_path / "p").iterdir()
    assert file.check(path)
