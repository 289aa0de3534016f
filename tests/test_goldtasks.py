"""Gold tasks: chosen once and remembered, among everybody's tasks unmarked, judged, and no gold again."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire import testing
from goldwire.annotate.exchange.importer import Imported, Reading
from goldwire.annotate.sync import goldtasks, remembered
from goldwire.annotate.sync.assignment import Held, assign
from goldwire.annotate.sync.remembered import Settings
from goldwire.cli import app
from goldwire.cli.team import gold_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.goldtasks import MARK, gold_tasks
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Provenance
from goldwire.eval.comparison.agreement import agree
from goldwire.eval.report.agreement import summarise
from goldwire.eval.statistics.sequential import below_at, stakes

WORDS = "aa bb cc dd ee ff gg hh ii jj"
DOCUMENTS = [make_document(f"d{k:03}", WORDS) for k in range(200)]
GOLD = [document.id for document in DOCUMENTS[:40]]
TEAM = Settings(corpus="c", group="round", title="round", assign=("anna", "ben"), gold_tasks=0.05)
RIGHT = dict.fromkeys(range(10), "PER")


def layer(words, status="submitted", **more):
    units = {id: [((3 * n, 3 * n + 2), type) for n, type in own.items()] for id, own in words.items()}
    made = testing.layer(DOCUMENTS, units, status=status)
    provenance = Provenance(status=status, **more)
    return [msgspec.structs.replace(line, provenance=provenance) for line in made]


@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS)
    made.write_layer("gold", layer(dict.fromkeys(GOLD, RIGHT)))
    return made


def chosen(corpus, settings):
    return goldtasks.ids((d.id for d in DOCUMENTS), settings.group, settings.gold_ids)


# ---------------------------------------------------------------- which
def test_each_person_has_the_share_that_was_asked_for_and_all_have_the_same(corpus):
    settings = goldtasks.settle(corpus, TEAM, TEAM, asked=True)
    gold = chosen(corpus, settings)
    assert len(gold) == 5  # 5 % of the 100 that each of two has
    assert gold <= {*GOLD}
    shares = assign(DOCUMENTS, TEAM.assign, everyone=gold)
    for name in TEAM.assign:
        assert gold <= {document.id for document in shares[name]}
    others = [document.id for name in TEAM.assign for document in shares[name] if document.id not in gold]
    assert sorted(others) == sorted({d.id for d in DOCUMENTS} - gold)


def test_they_stay_however_often_one_pushes_and_more_come_with_more_documents(corpus):
    first = goldtasks.settle(corpus, TEAM, TEAM, asked=True)
    assert goldtasks.settle(corpus, first, first) == first
    more = goldtasks.settle(corpus, first, msgspec.structs.replace(first, gold_tasks=0.1), asked=True)
    assert more.gold_ids[: len(first.gold_ids)] == first.gold_ids
    assert len(more.gold_ids) == 10
    assert more.revision > first.revision
    assert (
        goldtasks.settle(corpus, more, msgspec.structs.replace(more, gold_tasks=0.0)).gold_ids
        == more.gold_ids
    )


def test_they_are_remembered_in_the_project_without_the_ids_of_documents(corpus):
    settings = goldtasks.settle(corpus, TEAM, TEAM)
    config = remembered.write("<View>\n</View>\n", settings)
    assert remembered.read(config) == settings
    assert not any(id in config for id in GOLD)


def test_a_project_that_knows_nothing_of_them_is_written_as_before():
    plain = Settings(corpus="c", group="round", title="round", assign=("anna",))
    assert b"gold" not in msgspec.json.encode(plain)


def test_too_little_gold_is_said_where_it_was_asked_for_and_never_stops_a_later_push(corpus):
    many = msgspec.structs.replace(TEAM, gold_tasks=0.5)
    with pytest.raises(
        CorpusError, match="wants 50 more documents, and layer 'gold' has 40 that are done, have units"
    ):
        goldtasks.settle(corpus, TEAM, many, asked=True)
    assert len(goldtasks.settle(corpus, many, many).gold_ids) == 40


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"gold_from": "golb"}, "are of layer 'golb', and there is none; name one with --from: gold"),
        ({"assign": ()}, "name the people with --assign"),
        ({"pick": "round-1"}, "where they are recognised: use --gold-tasks without --pick"),
        ({"layout": "frames"}, "are for the layout graph"),
        ({"prefill": "gold"}, "people would be shown the answers"),
    ],
)
def test_what_would_give_them_away_is_refused(corpus, more, said):
    with pytest.raises(CorpusError, match=said):
        goldtasks.settle(corpus, TEAM, msgspec.structs.replace(TEAM, **more), asked=True)


def test_only_documents_that_the_prefill_has_too_are_taken(corpus):
    corpus.write_layer("system/s", layer({id: {0: "PER"} for id in GOLD[10:30]}))
    shown = msgspec.structs.replace(TEAM, prefill="system/s")
    assert chosen(corpus, goldtasks.settle(corpus, TEAM, shown, asked=True)) <= {*GOLD[10:30]}


def test_documents_with_more_units_are_taken_first_and_empty_ones_never(corpus):
    words = {id: dict.fromkeys(range(place % 4), "PER") for place, id in enumerate(GOLD)}
    corpus.write_layer("gold", layer(words))
    picked = chosen(corpus, goldtasks.settle(corpus, TEAM, TEAM, asked=True))
    # 30 documents have units, 10 each 1, 2 and 3: the half with more has 2 or 3.
    assert all(len(words[id]) >= 2 for id in picked)
    every = msgspec.structs.replace(TEAM, gold_tasks=0.3)
    assert all(words[id] for id in chosen(corpus, goldtasks.settle(corpus, TEAM, every, asked=True)))


def test_another_layer_than_that_of_the_tasks_there_is_refused(corpus):
    first = goldtasks.settle(corpus, TEAM, TEAM)
    corpus.write_layer("gold-2", layer({"d000": RIGHT}))
    with pytest.raises(CorpusError, match="are of layer 'gold', and people work on them"):
        goldtasks.settle(corpus, first, msgspec.structs.replace(first, gold_from="gold-2"))


# ---------------------------------------------------------------- unmarked
def test_they_stand_anywhere_among_the_others_elsewhere_for_each_person():
    gold = {*GOLD[:20]}
    orders = [[d.id for d in goldtasks.mixed(DOCUMENTS, gold, name)] for name in ("anna", "ben")]
    assert orders[0] != orders[1]
    for order in orders:
        places = [order.index(id) for id in gold]
        # Of 20 places among 200, evenly spread at random: the mean is 100 with a deviation of 13.
        assert 50 < np.mean(places) < 150
        assert max(places) - min(places) > 100
        assert [id for id in order if id not in gold] == [d.id for d in DOCUMENTS if d.id not in gold]


@given(st.sets(st.sampled_from(GOLD), max_size=8), st.floats(0, 1), st.sets(st.integers(0, 199), max_size=30))
def test_whoever_has_begun_what_everybody_has_the_gold_tasks(gold, overlap, begun):
    held = {"anna": Held(begun=frozenset(DOCUMENTS[n].id for n in begun))}
    shares = assign(DOCUMENTS, ["anna", "ben", "cleo"], overlap, held, everyone=gold)
    for documents in shares.values():
        assert gold <= {document.id for document in documents}
    assert held["anna"].begun <= {document.id for document in shares["anna"]}


# ---------------------------------------------------------------- what comes back
def reading(line, author="anna"):
    return Reading(layer=f"annotator/{author}", author=author, kind="submitted", annotations=line)


def test_lines_of_gold_tasks_are_marked_and_the_others_are_as_they_came():
    lines = layer({"d000": RIGHT, "d001": RIGHT})
    came = Imported(readings=tuple(map(reading, lines)), rejected=(), found={}, lost={}, repaired={})
    first, second = goldtasks.marked(came, {"d000"}, "gold").readings
    assert first.annotations.provenance.details == {MARK: "gold"}
    assert second.annotations == lines[1]


def test_adjudication_leaves_them_out_and_keeps_the_gold_that_is_there(corpus):
    mark = {"details": {MARK: "gold"}}
    for name, type in (("anna", "PER"), ("ben", "ORG")):
        corpus.write_layer(
            f"annotator/{name}", [*layer({"d100": RIGHT}), *layer({"d000": {0: type}}, **mark)]
        )
    made = [*layer({"d000": RIGHT}, status="adjudicated", tool="goldwire adjudicate")]
    corpus.write_layer("gold", made)
    run = CliRunner().invoke(app, ["annotate", "adjudicate", str(corpus.path)])
    assert run.exit_code == 0, run.output
    assert "left out, gold tasks whose gold is there already: 1 document(s)" in run.output
    gold = corpus.layer("gold")
    assert gold["d000"] == made[0]
    assert sorted(gold) == ["d000", "d100"]


def test_agreement_says_how_many_of_the_documents_were_gold_tasks():
    mark = {"details": {MARK: "gold"}}
    sides = {
        name: {line.document: line for line in [*layer({"d000": RIGHT}, **mark), *layer({"d100": RIGHT})]}
        for name in ("anna", "ben")
    }
    found = agree(sides, DOCUMENTS, ["entity"])
    assert gold_tasks(sides.values()) == {"d000"}
    assert found.gold_tasks == 1
    assert "1 document among these was a gold task, which everybody has" in summarise(found).notes


# ---------------------------------------------------------------- how people do
def work(words, author):
    for place, line in enumerate(layer(words)):
        made = Provenance(status="submitted", created=f"2026-01-{place + 1:02}T00:00:00Z")
        yield reading(msgspec.structs.replace(line, provenance=made), author)


def test_people_are_held_against_gold_in_the_order_in_which_they_worked(corpus):
    half = {n: "PER" if n < 5 else "ORG" for n in range(10)}
    readings = [
        *work(dict.fromkeys(GOLD[:10], half), "anna"),
        *work(dict.fromkeys(GOLD[:10], RIGHT), "ben"),
        *work({"d150": {}}, "cleo"),
    ]
    found = goldtasks.check(corpus, readings, {*GOLD[:12]}, "gold", ["anna", "ben", "cleo", "dan"], floor=0.9)
    anna, ben, cleo, dan = found
    assert (anna.done, anna.of, anna.value) == (10, 12, 0.5)
    assert anna.low < 0.5 < anna.high
    # Bets are .1, .25, .5, .75 and .9 of 1 / .1; at .5 stakes grow by 1.4, 2, 3, 4 and 4.6. Their mean is
    # 10.4 after two, and (2.7 + 8 + 27 + 64 + 97.3) / 5 = 39.8, so over 20, after three.
    assert anna.below == 3
    assert (ben.value, ben.below) == (1, None)
    assert (cleo.done, cleo.value, cleo.below) == (0, None, None)
    assert dan.done == 0
    said = list(gold_lines(found))
    assert said[1].startswith("  anna: 10 of 12 done, F 50.0 (")
    assert said[1].endswith("; below the floor for certain, after 3 of them")
    assert said[3] == "  cleo: 0 of 12 done, F –"


def test_a_document_of_which_gold_is_gone_says_nothing(corpus):
    readings = list(work({"d000": RIGHT, "d001": RIGHT}, "anna"))
    corpus.write_layer("gold", layer({"d001": RIGHT}))
    [anna] = goldtasks.check(corpus, readings, {"d000", "d001"}, "gold", ["anna"])
    assert anna.done == 1


# ---------------------------------------------------------------- the promise
def annotator(random, tasks, *, wrong, careless, units=20, types=8):
    """F of each task of somebody who has so many units wrong and gives a share of labels at random."""
    for _ in range(tasks):
        right = random.random(units) >= wrong
        chance = random.random(units) < careless
        yield float(np.where(chance, random.random(units) < 1 / types, right).mean())


def named(random, times, tasks, *, wrong, careless):
    """How many of so many annotators are named, looked at after each task."""
    each = ([*annotator(random, tasks, wrong=wrong, careless=careless)] for _ in range(times))
    return float(np.mean([below_at(values, 0.9) is not None for values in each]))


def test_a_careless_annotator_is_named_within_fifteen_gold_tasks():
    assert named(np.random.default_rng(2027), 400, 15, wrong=0.05, careless=0.2) >= 0.95


@pytest.mark.parametrize("wrong", [0.05, 0.1])
def test_an_innocent_one_is_named_in_at_most_one_of_twenty_over_all_looks(wrong):
    """Also one who is just at the floor, looked at after each of 200 tasks."""
    assert named(np.random.default_rng(2028), 400, 200, wrong=wrong, careless=0.0) <= 0.05


def test_an_innocent_one_whose_days_differ_is_safe_too():
    """Tasks all right or with a fifth wrong, .9 on average: units of a task are wrong together."""
    random = np.random.default_rng(2029)
    values = random.choice([1.0, 0.8], (400, 200))
    assert np.mean([below_at(row.tolist(), 0.9) is not None for row in values]) <= 0.05


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.05, 0.95))
def test_stakes_are_never_negative_and_what_was_said_stays_said(values, floor):
    assert (stakes(values, floor) >= 0).all()
    at = below_at(values, floor)
    assert at is None or below_at([*values, 1.0, 1.0], floor) == at
