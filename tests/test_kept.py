"""Tokens and raw tags of columns stay beside their layer: scored, exported, checked, never outdated."""

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import scheme as schemes
from seqeval.metrics import accuracy_score, f1_score

from goldwire.corpora import build, convert, store, tokens
from goldwire.corpora.errors import CorpusError, DataError, JudgementError
from goldwire.corpora.formats import conll, tags
from goldwire.corpora.formats.gather import Gathering
from goldwire.corpora.formats.layout import Columns
from goldwire.corpora.store import Corpus, Manifest, open_corpus
from goldwire.corpora.types import Annotations, Excluded, Mention, Span
from goldwire.corpora.validate import corpus_faults
from goldwire.corpora.views import Asked, Choice
from goldwire.eval.comparison.same import iter_differences
from goldwire.eval.counting import chunks
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.report.evidence import gather
from goldwire.eval.scoring.record import Record, encode_record
from goldwire.eval.scoring.score import Options, score_corpus

# Two documents; the tags of the first are IOB1, those of the second begin a mention with I behind another.
GOLD = "Ann\tI-PER\nLee\tI-PER\nsaw\tO\nU.S.\tB-LOC\nships\tO\n\nRome\tB-LOC\nCup\tI-MISC\nfell\tO\n"
# By token: the same, B for I, O for I, the same three times; I for B, B for I, the same.
SYSTEM = "Ann\tI-PER\nLee\tB-PER\nsaw\tO\nU.S.\tB-LOC\nships\tO\n\nRome\tI-LOC\nCup\tB-MISC\nfell\tO\n"
Tagged = list[list[str]]


def columns(words: Tagged, tagged: Tagged) -> str:
    pairs = zip(words, tagged, strict=True)
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in zip(*pair, strict=True)) for pair in pairs)


def made(folder: Path, gold: str = GOLD, **options: str) -> Corpus:
    file = folder / "gold.conll"
    file.write_text(gold)
    built, _ = build.new_from(
        folder / "work", Manifest(name="t"), [file], format="conll", options=options, layer="gold"
    )
    return built.corpus


def put(corpus: Corpus, text: str, layer: str = "system/s", *, replace: bool = False, **options: str) -> None:
    file = corpus.path.parent / "more.conll"
    file.write_text(text)
    reading = convert.read("conll", [file], options, corpus.documents(), corpus.ontology())
    convert.import_layer(corpus, layer, reading, replace=replace)


def both(folder: Path, gold: str = GOLD, system: str = SYSTEM, **options: str) -> Corpus:
    corpus = made(folder, gold, **options)
    put(corpus, system, **options)
    return corpus


def scored(corpus: Corpus, *measures: str, **options: str) -> Record:
    return score_corpus(corpus, "gold", ["s"], measures, options=Options(trials=0, **options))


def counts(record: Record, measure: int = 0) -> tuple[float, float, float]:
    found = record.results[measure].averages["micro"]
    return found.gold_hits, found.system, found.gold


def told(record: Record, measure: int = 0) -> str:
    """Which tokens the signature says were counted."""
    parts = dict(part.partition(":")[::2] for part in record.results[measure].signature.split("|"))
    return parts["tokens"]


def exported(corpus: Corpus, **options: str) -> str:
    path = corpus.path.parent / "out.conll"
    convert.export_layer(corpus, "gold", path, "conll", options)
    return path.read_text()


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line and not line.startswith("#")]


def bare(corpus: Corpus, layer: str) -> None:
    """Take the tokens away: the layer has its spans alone."""
    corpus.tokens_path(layer).unlink()


# ---------------------------------------------------------------- what is kept
def test_tokens_and_raw_tags_lie_beside_the_layer(tmp_path):
    first, second = tokens.read(made(tmp_path).tokens_path("gold"))
    # "Ann Lee saw U.S. ships"
    assert list(zip(first.starts, first.ends, strict=True)) == [(0, 3), (4, 7), (8, 11), (12, 16), (17, 22)]
    assert first.tags == ("I-PER\tI-PER\tO\tB-LOC\tO",)
    assert second.tags == ("B-LOC\tI-MISC\tO",)


def test_an_import_keeps_them_too_and_spans_from_elsewhere_have_none(tmp_path):
    corpus = both(tmp_path)
    assert [item.tags for item in tokens.read(corpus.tokens_path("system/s"))] == [
        ("I-PER\tB-PER\tO\tB-LOC\tO",),
        ("I-LOC\tB-MISC\tO",),
    ]
    corpus.write_layer("system/t", corpus.layer("gold").values())
    assert not corpus.tokens_path("system/t").exists()


def test_sentences_of_a_document_stay_apart(tmp_path):
    corpus = made(tmp_path, "# newdoc id = a\nAnn\tB-PER\n\nLee\tI-PER\nsang\tO\n")
    [kept] = tokens.read(corpus.tokens_path("gold"))
    assert kept.tags == ("B-PER", "I-PER\tO")
    assert kept.starts == (0, 4, 8)


# ---------------------------------------------------------------- scored
def test_accuracy_is_that_of_the_file_prefixes_and_invalid_tags_included(tmp_path):
    record = scored(both(tmp_path), "accuracy")
    # Same: Ann, saw, U.S., ships, fell, of 8.
    assert counts(record) == (5, 8, 8)
    assert told(record) == "file"


def test_tokens_by_type_do_not_see_prefixes(tmp_path):
    # In a mention on both sides and of the same type: Ann, Lee, U.S., Rome, Cup.
    assert counts(scored(both(tmp_path), "tokens")) == (5, 5, 5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), prefixes=st.sampled_from(["BI", "EI", "I", "BIES", "BILU"]))
def test_accuracy_is_seqeval_s_whatever_the_tags(tmp_path_factory, seed, prefixes):
    rng = random.Random(seed)
    words = [
        [rng.choice(["Ann", "U.S.", "well-to-do", ",", "😀"]) for _ in range(rng.randint(1, 9))]
        for _ in range(4)
    ]
    alphabet = ["O", *(f"{prefix}-{type}" for prefix in prefixes for type in ("A", "B"))]
    gold, system = ([[rng.choice(alphabet) for _ in sentence] for sentence in words] for _ in range(2))
    corpus = both(tmp_path_factory.mktemp("a"), columns(words, gold), columns(words, system), tag="2")
    right, found, there = counts(scored(corpus, "accuracy"))
    assert right / there == pytest.approx(accuracy_score(gold, system), abs=1e-12)
    assert found == there


@pytest.mark.parametrize("policy", ["conlleval", "strict", "discard"])
def test_a_suite_reads_the_tags_of_the_file_however_they_were_imported(tmp_path, policy):
    rng = random.Random(7)
    words = [["Ann"] * 12 for _ in range(30)]
    alphabet = ["O", "B-A", "I-A", "B-B", "I-B"]
    gold = [[rng.choice(alphabet) for _ in sentence] for sentence in words]
    system = [[tag if rng.random() < 0.8 else rng.choice(alphabet) for tag in one] for one in gold]
    corpus = both(tmp_path, columns(words, gold), columns(words, system), policy=policy, scheme="IOB2")
    expected = {
        "conll": f1_score(gold, system),
        "seqeval-strict": f1_score(gold, system, mode="strict", scheme=schemes.IOB2),
    }
    for name, f in expected.items():
        suite = read_suite(name)
        record = scored(corpus, *suite.measures, tags=suite.tags)
        assert record.results[0].value == pytest.approx(f, abs=1e-12)
    assert record.policies["tags"] == "strict-IOB2"


def test_a_measure_of_spans_by_itself_takes_the_layer_as_it_was_imported(tmp_path):
    corpus = both(tmp_path, policy="strict", scheme="IOB2")
    # Strict IOB2 has U.S. and Rome of gold alone, U.S. and Cup of the system (and Lee).
    assert counts(scored(corpus, "entity")) == (1, 3, 2)
    assert scored(corpus, "entity").policies["tags"] == "strict-IOB2"


def test_spans_of_a_system_are_tagged_on_gold_s_tokens_in_gold_s_scheme(tmp_path):
    corpus = both(
        tmp_path, system="Ann\tB-PER\nLee\tI-PER\nsaw\tO\nU.S.\tO\nships\tO\n\nRome\tO\nCup\tO\nfell\tO\n"
    )
    bare(corpus, "system/s")
    record = scored(corpus, "accuracy")
    # Gold's file is IOB2 with faults: the system's Ann Lee is B-PER I-PER, so Lee, saw, ships and fell agree.
    assert counts(record) == (4, 8, 8)
    assert told(record) == "file+file-retagged"  # the second document has nothing to be tagged


def test_gold_without_tokens_is_counted_on_goldwire_s_own(tmp_path):
    corpus = both(tmp_path)
    bare(corpus, "gold")
    record = scored(corpus, "accuracy")
    # U.S. is four tokens there: Ann Lee saw U . S . ships, Rome Cup fell; types are the same on all.
    assert counts(record) == (11, 11, 11)
    assert told(record) == "goldwire-1"


def test_other_tokens_of_the_system_are_not_gold_s(tmp_path):
    corpus = made(tmp_path)
    put(corpus, SYSTEM.replace("U.S.\tB-LOC", "U.\tB-LOC\nS.\tI-LOC"))
    record = scored(corpus, "accuracy")
    # Retagged, the system's Ann and Lee are two mentions: B-PER B-PER. Right: saw, U.S., ships; fell.
    assert counts(record) == (4, 8, 8)
    assert told(record) == "file+file-retagged"


def test_tokens_in_excluded_regions_are_left_out(tmp_path):
    corpus = both(tmp_path)
    first, *rest = corpus.documents()
    region = Excluded(start=8, end=14, reason="teaser")  # saw and a part of U.S.
    regions = store.make_document(first.id, first.text, excluded=(region,))
    store.write_documents(corpus, [regions, *rest])
    # Of Ann, Lee, ships; Rome, Cup, fell: the same are Ann, ships, fell.
    assert counts(scored(corpus, "accuracy")) == (3, 6, 6)


def test_blocks_of_documents_say_what_the_whole_says(tmp_path, monkeypatch):
    corpus = both(tmp_path, GOLD + "\n" + GOLD, SYSTEM + "\n" + SYSTEM)
    whole = scored(corpus, "accuracy", "tokens")
    monkeypatch.setattr(chunks, "SIZE", 150)
    assert len(chunks.find_places(corpus, ["gold"])) > 1
    assert scored(corpus, "accuracy", "tokens") == whole


def test_wnut_17_has_seqeval_s_accuracy(shared, tmp_path):
    folder = shared / "data/wnut17"
    corpus = made(tmp_path, (folder / "emerging.test.annotated").read_text())
    for team in ("flytxt", "arcada"):
        put(corpus, (folder / team).read_text(), f"system/{team}")
        sides = [
            [raw.split("\t") for item in tokens.read(corpus.tokens_path(layer)) for raw in item.tags]
            for layer in ("gold", f"system/{team}")
        ]
        [result] = score_corpus(corpus, "gold", [team], ["accuracy"], options=Options(trials=0)).results
        assert result.value == pytest.approx(accuracy_score(*sides), abs=1e-12)
        assert "tokens:file|" in result.signature


# ---------------------------------------------------------------- never outdated
def moved(corpus: Corpus) -> list[Annotations]:
    """Gold with another type in the second document."""
    first, second = corpus.layer("gold").values()
    mention = Mention(id="m1", type="ORG", spans=(Span(0, 8),))
    return [first, Annotations(document=second.document, sha256=second.sha256, mentions=(mention,))]


def test_lines_that_change_lose_their_tokens_and_the_others_keep_them(tmp_path):
    corpus = both(tmp_path)
    corpus.write_layer("gold", moved(corpus))
    assert [item.document for item in tokens.read(corpus.tokens_path("gold"))] == ["000001"]
    assert corpus_faults(corpus) == {}
    record = scored(corpus, "accuracy")
    # The first by its file: Ann, saw, U.S. and ships of 5. The second by types: gold has ORG ORG O, the
    # system LOC MISC O.
    assert counts(record) == (5, 8, 8)
    assert told(record) == "file+goldwire-1"


def test_a_layer_all_of_whose_lines_change_has_no_tokens_left(tmp_path):
    corpus = both(tmp_path)
    corpus.write_layer("gold", [moved(corpus)[1]])
    assert not corpus.tokens_path("gold").exists()


def test_a_layer_that_was_changed_by_hand_does_not_have_its_tokens_believed(tmp_path):
    corpus = both(tmp_path)
    path = corpus.layer_path("gold")
    path.write_text(path.read_text().replace('"LOC"', '"GPE"'))
    assert told(scored(corpus, "accuracy")) == "goldwire-1"
    [fault, _] = corpus_faults(corpus)["tokens/gold"]
    assert "changed since: they are not used" in fault.message
    assert "GPE" in exported(corpus)


@pytest.mark.parametrize(
    ("was", "now"), [("B-LOC", "B-PER"), ("[0,4,8,12,17]", "[0,4,8,13,17]"), ('"IOB2"', '"IOB1"')]
)
def test_tokens_that_were_changed_by_hand_are_not_believed(tmp_path, was, now):
    corpus = both(tmp_path)
    path = corpus.tokens_path("gold")
    first, second = path.read_text().splitlines()
    assert was in first
    path.write_text(f"{first.replace(was, now)}\n{second}\n")
    assert told(scored(corpus, "accuracy")) == "file+goldwire-1"
    assert [fault.where for fault in corpus_faults(corpus)["tokens/gold"]] == ["000001"]


def test_tokens_of_another_layer_or_corpus_are_not_believed(tmp_path):
    corpus = both(tmp_path)
    path = corpus.tokens_path("gold")
    put(corpus, SYSTEM.replace("MISC", "ORG"), replace=True)
    other = corpus.tokens_path("system/s").read_bytes()
    path.write_bytes(other)
    assert told(scored(corpus, "accuracy")) == "goldwire-1"
    path.write_bytes(other.replace(b"000001", b"000009"))
    assert "no line for these tokens" in corpus_faults(corpus)["tokens/gold"][0].message


def test_tokens_that_are_there_twice_are_not_believed(tmp_path):
    corpus = both(tmp_path)
    path = corpus.tokens_path("gold")
    path.write_bytes(path.read_bytes() * 2)
    assert told(scored(corpus, "accuracy")) == "goldwire-1"
    assert "occurs twice" in str(corpus_faults(corpus)["tokens/gold"][-1])


def test_a_damaged_file_stops_measures_of_tokens_alone_and_says_what_to_do(tmp_path):
    corpus = both(tmp_path)
    entity = scored(corpus, "entity")
    path = corpus.tokens_path("gold")
    path.write_bytes(path.read_bytes()[:-20])
    assert scored(corpus, "entity") == entity
    for measure in ("accuracy", "tokens"):
        with pytest.raises(DataError, match=r"as tokens; import the layer again, or take .* away"):
            scored(corpus, measure)
    with pytest.raises(DataError, match="cannot be read as tokens"):
        exported(corpus)
    assert [fault.where for fault in corpus_faults(corpus)["tokens/gold"]] == [f"{path}:2"]


def test_validate_names_tokens_without_a_layer(tmp_path):
    corpus = both(tmp_path)
    corpus.layer_path("system/s").unlink()
    assert [*corpus_faults(corpus)] == ["tokens/system/s"]


# ---------------------------------------------------------------- written in the right order
class KilledError(BaseException):
    """In place of kill -9."""


@pytest.mark.parametrize("moment", range(5))
def test_killed_at_any_write_the_corpus_is_sound_and_the_import_completes(tmp_path, monkeypatch, moment):
    corpus = both(tmp_path)
    other = SYSTEM.replace("B-LOC", "B-GPE")
    left = [moment]
    write, unlink = store.write_atomic, Path.unlink

    def counted(act):
        def once(path, *arguments, **options):
            left[0] -= 1
            if left[0] < 0:
                raise KilledError
            return act(path, *arguments, **options)

        return once

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_atomic", counted(write))
        patch.setattr(Path, "unlink", counted(unlink))
        with suppress(KilledError):
            put(corpus, other, replace=True)
    assert corpus_faults(corpus) == {}
    put(corpus, other, replace=True)
    assert tokens.read(corpus.tokens_path("system/s"))[0].tags == ("I-PER\tB-PER\tO\tB-GPE\tO",)
    assert told(scored(corpus, "accuracy")) == "file"


def test_the_same_import_again_changes_nothing_and_puts_back_what_is_missing(tmp_path):
    corpus = both(tmp_path)
    kept = corpus.tokens_path("system/s").read_bytes()
    put(corpus, SYSTEM)
    bare(corpus, "system/s")
    put(corpus, SYSTEM)
    assert corpus.tokens_path("system/s").read_bytes() == kept


def test_other_tags_for_the_same_spans_need_replace(tmp_path):
    corpus = both(tmp_path)
    other = SYSTEM.replace("Ann\tI-PER", "Ann\tB-PER")
    with pytest.raises(CorpusError, match="--replace"):
        put(corpus, other)
    put(corpus, other, replace=True)
    assert tokens.read(corpus.tokens_path("system/s"))[0].tags == ("B-PER\tB-PER\tO\tB-LOC\tO",)


def test_a_corpus_that_is_there_with_other_tags_is_not_taken_for_the_same(tmp_path):
    made(tmp_path)
    made(tmp_path)
    with pytest.raises(CorpusError, match="without these tokens and tags of layer gold"):
        made(tmp_path, GOLD.replace("Rome\tB-LOC", "Rome\tI-LOC"))


# ---------------------------------------------------------------- exported
@pytest.mark.parametrize("policy", ["conlleval", "discard", "strict"])
def test_columns_go_out_with_the_tokens_and_tags_they_came_in_with(tmp_path, policy):
    assert lines(exported(made(tmp_path, policy=policy))) == lines(GOLD)


def test_what_was_changed_is_tagged_anew_on_the_tokens_of_the_rest(tmp_path):
    corpus = made(tmp_path)
    path = corpus.layer_path("gold")
    corpus.write_layer("gold", moved(corpus))
    assert path.is_file()
    assert lines(exported(corpus))[:5] == lines(GOLD)[:5]
    assert lines(exported(corpus))[5:] == ["Rome\tB-ORG", "Cup\tI-ORG", "fell\tO"]


def test_a_scheme_that_is_asked_for_is_put_on_the_tokens_of_the_file(tmp_path):
    assert lines(exported(made(tmp_path), scheme="IOBES")) == [
        "Ann\tB-PER", "Lee\tE-PER", "saw\tO", "U.S.\tS-LOC", "ships\tO",
        "Rome\tS-LOC", "Cup\tS-MISC", "fell\tO",
    ]  # fmt: skip


def test_sentences_go_out_as_they_came_in(tmp_path):
    text = "# newdoc id = a\n# text = Ann sang.\nAnn\tB-PER\nsang\tO\n.\tO\n\n"
    text += "# text = Lee?!\nLee\tB-PER\n?!\tO\n\n"
    assert exported(made(tmp_path, text)) == text


def test_what_the_ontology_turned_away_goes_out_of_the_spans_and_stays_in_the_tags(tmp_path):
    ontology = tmp_path / "o.toml"
    types = (f'[entities.{type}]\ndefinition = "Some."\n' for type in ("PER", "LOC"))
    ontology.write_text('name = "o"\nversion = "1"\n' + "".join(types))
    file = tmp_path / "gold.conll"
    file.write_text(GOLD)
    manifest = Manifest(name="t", ontology=str(ontology))
    built, _ = build.new_from(tmp_path / "work", manifest, [file], format="conll", options={}, layer="gold")
    first, second = tokens.read(built.corpus.tokens_path("gold"))
    assert (first.whole, second.whole) == (True, False)
    assert second.tags == ("B-LOC\tI-MISC\tO",)
    assert lines(exported(built.corpus))[5:] == ["Rome\tB-LOC", "Cup\tO", "fell\tO"]


def test_where_all_is_turned_away_nothing_is_kept(tmp_path):
    ontology = tmp_path / "o.toml"
    ontology.write_text('name = "o"\nversion = "1"\n[entities.X]\ndefinition = "An x."\n')
    file = tmp_path / "gold.conll"
    file.write_text("Ann\tB-PER\n")
    built, _ = build.new_from(
        tmp_path / "work",
        Manifest(name="t", ontology=str(ontology)),
        [file],
        format="conll",
        options={},
        layer="gold",
    )
    assert not (built.corpus.path / "tokens").exists()
    assert open_corpus(built.corpus.path).layers() == []


# ---------------------------------------------------------------- read fast, and no other way
CELLS = st.text("ab \t#O", max_size=6)


@settings(max_examples=300)
@given(
    block=st.lists(CELLS, min_size=1, max_size=5),
    separator=st.sampled_from(["\t", None]),
    more=st.integers(0, 2),
)
def test_lines_are_cut_at_once_as_they_are_one_by_one(block, separator, more):
    cut = Columns(separator, 0, 1, more)
    found = cut.cells("\n".join(block))
    if found:
        assert [list(row) for row in zip(*found, strict=True)] == cut.split(block)


SOME = st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B"]), max_size=8)


@given(sequence=SOME)
def test_mentions_are_seqeval_s(sequence):
    from seqeval.metrics.sequence_labeling import get_entities

    expected = [(first, last + 1, type) for type, first, last in get_entities(sequence)]
    assert tags.decode(sequence) == expected


def test_tags_that_are_none_are_told_with_their_line_whatever_the_policy(tmp_path):
    file = tmp_path / "x.conll"
    file.write_text("Ann\tB-PER\n\nLee\tO\nsang\t_\n")
    with pytest.raises(DataError) as caught:
        conll.read([file], conll.Options(policy="strict", tag=2))
    assert [fault.where for fault in caught.value.faults] == [f"{file}:4"]


# ---------------------------------------------------------------- of other formats
def from_json(
    folder: Path, format: str, records: list[object], *, layer: str = "gold", **options: str
) -> Corpus:
    """A corpus made of JSON lines, or a layer more of the one that is there."""
    file = folder / f"{format}.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    if layer == "gold":
        return build.new_from(
            folder / "work", Manifest(name="t"), [file], format=format, options=options, layer=layer
        )[0].corpus
    corpus = open_corpus(folder / "work")
    reading = convert.read(format, [file], options, corpus.documents(), corpus.ontology())
    convert.import_layer(corpus, layer, reading)
    return corpus


ROW = ["Ann", "U.S.", "1 000", "well-to-do"]  # four tokens; Goldwire counts more


def test_tags_of_a_table_are_scored_on_its_own_tokens(tmp_path):
    from_json(tmp_path, "huggingface", [{"tokens": ROW, "ner_tags": ["B-PER", "B-LOC", "O", "O"]}])
    system = [{"tokens": ROW, "ner_tags": ["B-PER", "I-LOC", "O", "B-PER"]}]
    corpus = from_json(tmp_path, "huggingface", system, layer="system/s")
    record = scored(corpus, "accuracy", "tokens")
    assert counts(record) == (2, 4, 4)  # Ann and "1 000"; I is not B, PER not O
    assert counts(record, 1) == (2, 3, 2)  # by type: Ann and U.S., of three and two
    assert told(record) == "file"


def test_a_table_and_columns_have_the_same_tokens(tmp_path):
    corpus = from_json(tmp_path, "huggingface", [{"tokens": ["Ann", "U.S."], "ner_tags": ["PER", "O"]}])
    put(corpus, "Ann\tI-PER\nU.S.\tI-PER\n", tag="2")
    record = scored(corpus, "accuracy")
    assert (counts(record), told(record)) == ((1, 2, 2), "file")


def test_a_suite_s_policy_reads_the_tags_of_a_table(tmp_path):
    corpus = from_json(tmp_path, "huggingface", [{"tokens": ["Ann", "Lee"], "ner_tags": ["B-PER", "I-LOC"]}])
    from_json(
        tmp_path, "huggingface", [{"tokens": ["Ann", "Lee"], "ner_tags": ["B-PER", "O"]}], layer="system/s"
    )
    assert counts(scored(corpus, "entity")) == (1, 1, 2)  # the stray I-LOC is a mention to conlleval
    assert counts(scored(corpus, "entity", tags="strict")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("format", "record"),
    [
        ("gliner", {"tokenized_text": ROW, "ner": [[0, 0, "PER"], [1, 1, "LOC"], [0, 1, "ORG"]]}),
        (
            "dygie",
            {"doc_key": "a", "sentences": [ROW], "ner": [[[0, 0, "PER"], [1, 1, "LOC"], [0, 1, "ORG"]]]},
        ),
    ],
)
def test_tokens_without_tags_are_counted_by_the_types_on_them(format, record, tmp_path):
    corpus = from_json(tmp_path, format, [record])
    put(corpus, "Ann\tB-PER\nU.S.\tI-PER\n1 000\tO\nwell-to-do\tO\n", separator="tab", tag="2")
    found = scored(corpus, "accuracy")
    assert counts(found) == (2, 4, 4)  # ORG+PER and LOC+ORG are not PER; the others are outside of all
    assert told(found) == "file-types"
    assert counts(scored(corpus, "entity", tags="strict")) == (0, 1, 3)  # spans are no tags: they stay


def test_tokens_without_tags_are_written_and_found_by_columns(tmp_path):
    corpus = from_json(tmp_path, "gliner", [{"tokenized_text": ROW, "ner": [[0, 1, "PER"], [1, 1, "LOC"]]}])
    said = ["Ann\tB-PER", "U.S.\tI-PER", "1 000\tO", "well-to-do\tO"]
    assert lines(exported(corpus)) == said  # the shorter one overlaps


def test_tokens_that_cannot_be_seen_have_no_place_and_are_told(tmp_path):
    corpus = from_json(tmp_path, "gliner", [{"tokenized_text": ["Ann", " ", "left"], "ner": [[0, 0, "PER"]]}])
    assert not corpus.tokens_path("gold").exists()
    reading = convert.read("gliner", [tmp_path / "gliner.jsonl"], {})
    assert reading.loss == {"documents' tokens, some of which have no visible character": 1}


def test_a_view_keeps_tokens_that_have_no_tags(tmp_path):
    corpus = from_json(tmp_path, "gliner", [{"tokenized_text": ROW, "ner": [[0, 0, "PER"], [1, 1, "LOC"]]}])
    reading = convert.read(
        "gliner",
        [tmp_path / "gliner.jsonl"],
        {},
        corpus.documents(),
        view=Asked(choice=Choice(only=("PER",))),
    )
    assert "documents' tokens, whose tags have other labels than the view" not in reading.loss
    assert tokens.believed(reading.tokens, {line.document: line for line in reading.annotations})


# ---------------------------------------------------------------- in the record
SAME = "Ann\tB-PER\nwell-to-do\tO\n"
PARTED = "Ann\tB-PER\nwell-\tO\nto-do\tO\n"  # the same text and span, in three tokens


def of_tokens(folder: Path, text: str, *measures: str, **options: str) -> Record:
    folder.mkdir()
    corpus = made(folder, "# text = Ann well-to-do\n" + text, tag="2")
    corpus.write_layer("system/s", corpus.layer("gold").values())
    return scored(corpus, *measures, **options)


@pytest.mark.parametrize(("measures", "options"), [(["accuracy"], {}), (["entity"], {"tags": "strict"})])
def test_records_of_other_tokens_are_not_compared(measures, options, tmp_path):
    one, two = (
        of_tokens(tmp_path / name, text, *measures, **options) for name, text in (("a", SAME), ("b", PARTED))
    )
    assert one.gold.fingerprint == two.gold.fingerprint  # spans do not tell
    assert [found.what for found in iter_differences(one, two)] == ["tokens of gold"]
    assert not list(iter_differences(one, one))


def test_tokens_that_came_or_went_are_told(tmp_path):
    corpus = both(tmp_path)
    before = scored(corpus, "accuracy")
    bare(corpus, "gold")
    [found] = iter_differences(before, scored(corpus, "accuracy"))
    assert (found.what, found.second) == ("tokens of gold", "none")


def test_a_record_of_spans_says_nothing_of_tokens(tmp_path):
    corpus = both(tmp_path)
    before = encode_record(scored(corpus, "entity"))
    bare(corpus, "gold")
    bare(corpus, "system/s")
    assert encode_record(scored(corpus, "entity")) == before
    assert b'"tokens":' not in before


def test_records_agree_in_spans_whatever_else_one_of_them_has(tmp_path):
    one = of_tokens(tmp_path / "a", SAME, "entity")
    two = of_tokens(tmp_path / "b", PARTED, "entity", "accuracy")
    assert not list(iter_differences(one, two))


def test_the_hash_of_tokens_does_not_depend_on_how_they_were_read(tmp_path, monkeypatch):
    corpus = both(tmp_path)
    whole = scored(corpus, "accuracy").gold.tokens
    monkeypatch.setattr(chunks, "SIZE", 1)
    assert scored(corpus, "accuracy").gold.tokens == whole is not None


def test_a_sentence_without_tokens_is_none():
    gathering = Gathering()
    place = gathering.tokens("a", [["Ann"], [], ["left", "."]], "x.json")
    gathering.add(place)
    [kept] = gathering.reading().tokens
    assert [len(given) for _, given in tokens.sentences(kept)] == [1, 2]


def test_examples_are_refused_where_the_tokens_changed_whose_tags_were_scored(tmp_path):
    corpus = both(tmp_path)
    strict, plain = scored(corpus, "entity", tags="strict"), scored(corpus, "entity")
    gather(corpus, {"r": strict})
    bare(corpus, "system/s")
    with pytest.raises(JudgementError, match="changed since the record was made: system/s; score again"):
        gather(corpus, {"r": strict})
    gather(corpus, {"r": plain})  # whose spans are those of the layer: nobody looked at its tokens
