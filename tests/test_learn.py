"""The trained extractor: no document is met by who saw it, a seed decides all, a model holds no code."""

import io
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire import configs
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError, ExtractorError, GoldwireError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Span
from goldwire.eval.reference import crossfit, learn, linear, model
from goldwire.eval.reference.features import Unit
from goldwire.eval.reference.predict import Predictor
from goldwire.eval.reference.train import layers, train
from goldwire.eval.statistics.folds import folds
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.extractor import Context, identity
from goldwire.eval.systems.run import run_system

CONFLICT = ontologies.read("conflict")
PLACES = [
    "Gao",
    "Kidal",
    "Mopti",
    "Goma",
    "Beni",
    "Bunia",
    "Sirte",
    "Derna",
    "Sabha",
    "Taiz",
    "Aden",
    "Marib",
]
FORCES = ["Rebels", "Soldiers", "Gunmen", "Militants"]


def report(i: int) -> tuple[Document, Annotations]:
    """A small report of an attack and its gold; each of its sentences is said in each report."""
    place, force = PLACES[i % len(PLACES)], FORCES[i % len(FORCES)]
    text = f"{force} attacked {place} on Monday. Rain fell on the market in the {i + 3} hours before noon."
    document = make_document(f"d{i:02}", text)
    at = len(force) + 1
    mentions = (
        Mention(id="a", type="MIL", spans=(Span(0, len(force)),)),
        Mention(id="b", type="GPE", spans=(Span(at + 9, at + 9 + len(place)),)),
        Mention(id="c", type="TIME", spans=(Span(text.index("Monday"), text.index("Monday") + 6),)),
    )
    arguments = tuple(
        Argument(role=r, mention=m) for r, m in (("attacker", "a"), ("target", "b"), ("time", "c"))
    )
    event = Event(id="e", type="Attack", trigger=(Span(at, at + 8),), arguments=arguments)
    return document, Annotations(
        document=document.id, sha256=document.sha256, mentions=mentions, events=(event,)
    )


def saved(corpus: Corpus, path: Path, **options: str) -> model.Model:
    """What is learnt from all of a corpus, kept in a file and read again."""
    learn.save(Context(corpus=str(corpus.path), options=options), path)
    return model.read(path)


def corpus_of(folder: Path, pairs: Sequence[tuple[Document, Annotations]]) -> Corpus:
    made = create_corpus(folder, Manifest(name="t", ontology="conflict"), [document for document, _ in pairs])
    made.write_layer("gold", [gold for _, gold in pairs])
    return open_corpus(folder)


def learner(**options: object) -> System:
    return msgspec.structs.replace(parse_system("s=sklearn"), options={"lexicon": "", **options})


def plain(annotations: Annotations) -> tuple[set, set]:
    """Mentions and events without ids, scores and attributes."""
    spans = {m.id: m.spans for m in annotations.mentions}
    mentions = {(m.type, m.spans) for m in annotations.mentions}
    events = {
        (e.type, e.trigger, frozenset((a.role, spans[a.mention]) for a in e.arguments))
        for e in annotations.events
    }
    return mentions, events


@pytest.mark.slow
def test_it_learns_mentions_triggers_arguments_and_attributes(tmp_path: Path) -> None:
    pairs = [report(i) for i in range(24)]
    corpus = corpus_of(tmp_path / "c", pairs)
    facts = run_system(corpus, learner())
    assert (facts.failed, facts.rejected) == ({}, {})
    layer = corpus.layer("system/s")
    right = sum(plain(layer[document.id]) == plain(gold) for document, gold in pairs)
    assert right >= 20
    event = layer["d00"].events[0]
    assert event.attributes["realis"] == "actual"
    assert event.score is not None
    assert 0 < event.score <= 1


@pytest.mark.slow
def test_no_document_is_scored_by_a_model_that_saw_it(tmp_path: Path) -> None:
    # Each document has a name of its own, marked as nothing else could be known: a nonsense word, without
    # capital, in a place where every other document has an unmarked one. Only who saw it can mark it.
    pairs = []
    for i in range(10):
        word = "abcdefghij"[i] * 3 + "zu"
        text = f"we saw {word} today and then " + " ".join(f"{word}{j}" for j in range(12))
        document = make_document(f"d{i}", text)
        type = list(CONFLICT.entities)[i]
        mention = Mention(id="m", type=type, spans=(Span(7, 7 + len(word)),))
        pairs.append((document, Annotations(document=f"d{i}", sha256=document.sha256, mentions=(mention,))))
    corpus = corpus_of(tmp_path / "c", pairs)
    run_system(corpus, learner())
    crossfitted = sum(plain(corpus.layer("system/s")[d.id]) == plain(gold) for d, gold in pairs)
    whole = Predictor(saved(corpus, tmp_path / "m.npz", lexicon=""))
    seen = sum(plain(whole.annotate(d)) == plain(gold) for d, gold in pairs)
    assert (crossfitted, seen) == (0, 10)


def test_near_duplicates_stay_in_one_fold() -> None:
    words = [f"word{i}" for i in range(300)]
    texts = [
        " ".join(words[:150]),
        " ".join(words[150:]),
        " ".join([*words[:140], "but", "then", *words[140:150]]),  # the first, with two words put in
        " ".join(words[150:295]).upper(),  # the second in capitals, without its end
        "Nothing to do with any of them.",
    ]
    groups = crossfit.groups([make_document(f"d{i}", text) for i, text in enumerate(texts)])
    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert len(set(groups)) == 3


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 3))
def test_folds_never_part_a_group_and_are_all_used(groups: list[str], number: int, seed: int) -> None:
    number = min(number, len(set(groups)))
    found = folds(groups, number, seed)
    assert all(len({f for f, g in zip(found, groups, strict=True) if g == group}) == 1 for group in groups)
    assert set(found) == set(range(number))


def test_likeness_is_near_the_jaccard_similarity() -> None:
    # 1,000 shared runs of 3 words out of 1,500 in all: 2/3. With 128 of them kept, the standard error is
    # sqrt(2/3 * 1/3 / 128) = 0.042; four of those are allowed.
    words = [f"w{i}" for i in range(2000)]
    one, other = " ".join(words[:1252]), " ".join(words[250:1502])
    assert crossfit.likeness(crossfit.sketch(one), crossfit.sketch(other)) == pytest.approx(2 / 3, abs=0.17)
    assert crossfit.likeness(crossfit.sketch(one), crossfit.sketch(one)) == 1.0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_layer(tmp_path: Path) -> None:
    pairs = [report(i) for i in range(8)]
    written = []
    for name in ("one", "two"):
        corpus = corpus_of(tmp_path / name, pairs)
        run_system(corpus, learner(), seed=3)
        written.append(corpus.layer_path("system/s").read_bytes())
    assert written[0] == written[1]
    corpus = open_corpus(tmp_path / "one")
    assert (
        run_system(corpus, learner(), seed=4).fingerprint != run_system(corpus, learner(), seed=3).fingerprint
    )


@pytest.mark.slow
def test_changed_gold_is_another_system(tmp_path: Path) -> None:
    pairs = [report(i) for i in range(6)]
    corpus = corpus_of(tmp_path / "c", pairs)
    first = run_system(corpus, learner())
    corpus.write_layer("gold", [gold for _, gold in pairs[:-1]])
    assert run_system(corpus, learner()).fingerprint != first.fingerprint


def test_changed_word_lists_are_another_system_trained_or_loaded(tmp_path: Path) -> None:
    """Also a model from a file looks words up in the lists that it names."""
    shipped = configs.read("lexicons", "conflict")
    lexicon = tmp_path / "words.toml"
    lexicon.write_text(shipped)
    corpus = corpus_of(tmp_path / "c", [report(i) for i in range(6)])
    saved(corpus, tmp_path / "m.npz", lexicon=str(lexicon))

    def parts() -> list[object]:
        context = Context(corpus=str(corpus.path), options={"lexicon": str(lexicon)})
        loading = Context(options={"load": str(tmp_path / "m.npz")})
        return [identity(parse_system("s=sklearn").spec, one) for one in (context, loading)]

    before = parts()
    lexicon.write_text(shipped.replace('"raid"', '"rayd"'))
    assert lexicon.read_text() != shipped
    assert all(one != other for one, other in zip(before, parts(), strict=True))


@pytest.mark.parametrize(
    ("options", "number", "message"),
    [
        ({}, 1, "cross-fitting needs two documents"),
        ({"layer": "absent"}, 3, "absent"),
        ({"folds": "five"}, 3, "Expected `int`"),
        ({"depth": 3}, 3, "unknown field `depth`; known are layer, folds, lexicon, load"),
        ({"load": "absent.npz"}, 3, "cannot be read"),
    ],
)
def test_what_cannot_be_trained_is_said(tmp_path: Path, options: dict, number: int, message: str) -> None:
    corpus = corpus_of(tmp_path / "c", [report(i) for i in range(number)])
    with pytest.raises(GoldwireError, match=message):
        run_system(corpus, learner(**options))


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    pairs = [(d, Annotations(document=d.id, sha256=d.sha256)) for d, _ in (report(i) for i in range(4))]
    corpus = corpus_of(tmp_path / "c", pairs)
    with pytest.raises(ExtractorError, match=r"nothing to learn from: 4|nothing to learn from: 3"):
        run_system(corpus, learner())


def test_a_saved_model_annotates_as_before(tmp_path: Path) -> None:
    pairs = [report(i) for i in range(8)]
    trained = train(pairs, CONFLICT, lexicon="conflict", seed=0)
    model.write(tmp_path / "m.npz", trained)
    again = model.read(tmp_path / "m.npz")
    document = make_document("x", "Soldiers attacked Herat on Friday. Rain fell on the market.")
    assert Predictor(again).annotate(document) == Predictor(trained).annotate(document)
    assert model.encode(again) == model.encode(trained)


def test_a_loaded_model_is_used_on_other_texts_and_refused_on_those_it_saw(tmp_path: Path) -> None:
    trained = corpus_of(tmp_path / "trained", [report(i) for i in range(8)])
    saved(trained, tmp_path / "m.npz", lexicon="")
    other = create_corpus(
        tmp_path / "other",
        Manifest(name="o", ontology="conflict"),
        [make_document("x", "Gunmen attacked Tyre on Monday. Snow lay upon every single hill that week.")],
    )
    facts = run_system(other, learner(load=str(tmp_path / "m.npz")))
    assert facts.failed == {}
    assert [event.type for event in other.layer("system/s")["x"].events] == ["Attack"]
    with pytest.raises(ExtractorError, match="trained on 8 of these documents"):
        run_system(trained, learner(load=str(tmp_path / "m.npz")))


class Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def tampered(good: bytes, name: str, array: np.ndarray) -> bytes:
    with np.load(io.BytesIO(good)) as found:
        return npz(**{**dict(found.items()), name: array})


def test_a_file_that_is_no_model_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = model.encode(train([report(i) for i in range(4)], CONFLICT, lexicon="", seed=0))
    with np.load(io.BytesIO(good)) as found:
        shape = found["mentions.weights"].shape
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("head.npy", b"not an array")
    bad = [
        b"",
        b"PK",
        good[: len(good) // 2],
        pickle.dumps(Bomb()),
        npz(head=np.array([Bomb()], dtype=object)),
        npz(other=np.zeros(3)),
        npz(head=np.frombuffer(b"{}", np.uint8)),
        archive.getvalue(),
        tampered(good, "mentions.weights", np.zeros((3, 3), np.float32)),
        tampered(good, "mentions.weights", np.full(shape, np.nan, np.float32)),
        tampered(good, "mentions.weights", np.zeros(shape, np.float64)),
    ]
    for data in bad:
        with pytest.raises(DataError, match="not a trained model"):
            model.decode(data, "m.npz")
    assert not Path("exploded").exists()


def test_a_model_of_a_later_format_is_refused() -> None:
    good = model.encode(train([report(i) for i in range(4)], CONFLICT, lexicon="", seed=0))
    with np.load(io.BytesIO(good)) as found:
        head = msgspec.json.decode(found["head"].tobytes())
    head["format"] = 99
    later = tampered(good, "head", np.frombuffer(msgspec.json.encode(head), np.uint8))
    with pytest.raises(ExtractorError, match="format 99"):
        model.decode(later, "m.npz")


def test_probabilities_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import SGDClassifier

    chance = np.random.default_rng(1)
    rows = [[f"f{j}" for j in chance.integers(0, 12, 5)] for _ in range(60)]
    rows = [sorted(set(row)) for row in rows]
    for labels in (list("abc") * 20, list("ab") * 30):
        ours = linear.fit(rows, labels, seed=7).probabilities(rows)
        matrix = DictVectorizer(dtype=np.float32).fit_transform([dict.fromkeys(row, 1) for row in rows])
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
        theirs = SGDClassifier(
            loss="log_loss",
            alpha=linear.PENALTY,
            average=True,
            max_iter=linear.EPOCHS,
            tol=None,
            random_state=7,
        ).fit(matrix, labels)
        assert np.allclose(ours, theirs.predict_proba(matrix), atol=1e-4)


TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=5, max_size=5), max_size=5))
def test_the_best_sequence_is_legal_and_none_is_better(rows: list[list[float]]) -> None:
    from itertools import pairwise, product

    probabilities = np.array(rows, np.float32).reshape(-1, 5)
    path = linear.best_sequence(probabilities, TAGS)

    def legal(numbers: Sequence[int]) -> bool:
        tags = ["O", *(TAGS[n] for n in numbers)]
        return all(linear.is_legal(before, tag) for before, tag in pairwise(tags))

    def score(numbers: Sequence[int]) -> float:
        return float(sum(np.log(probabilities[i, n]) for i, n in enumerate(numbers)))

    assert legal(path)
    every = [numbers for numbers in product(range(5), repeat=len(rows)) if legal(numbers)]
    assert score(path) == pytest.approx(max(map(score, every)), abs=1e-4)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from("XY")), max_size=4))
def test_tags_and_units_say_the_same(drawn: list[tuple[int, int, str]]) -> None:
    units: list[tuple[int, int, str]] = []
    for first, length, type in sorted(drawn):
        if not units or first > units[-1][1]:
            units.append((first, first + length, type))
    assert linear.decode_tags(linear.encode_tags(14, units)) == units


def test_nested_mentions_are_parted_into_outer_and_inner() -> None:
    whole, part, deep, crossing = (
        Unit(0, 0, 5, "A"),
        Unit(0, 1, 3, "B"),
        Unit(0, 2, 2, "C"),
        Unit(0, 5, 7, "D"),
    )
    assert layers([deep, crossing, part, whole]) == ([whole], [part])


def test_nested_mentions_are_learnt() -> None:
    pairs = []
    for i in range(12):
        people = ["Malian", "Iraqi", "Syrian", "Libyan"][i % 4]
        text = f"The {people} army slept near hill {i}."
        document = make_document(f"d{i}", text)
        mentions = (
            Mention(id="a", type="MIL", spans=(Span(4, 4 + len(people) + 5),)),
            Mention(id="b", type="GPE", spans=(Span(4, 4 + len(people)),)),
        )
        pairs.append((document, Annotations(document=document.id, sha256=document.sha256, mentions=mentions)))
    found = Predictor(train(pairs, CONFLICT, lexicon="", seed=0)).annotate(
        make_document("x", "The Syrian army ran.")
    )
    assert {(m.type, tuple(m.spans[0])) for m in found.mentions} == {("MIL", (4, 15)), ("GPE", (4, 10))}
