"""Layers seen through label maps and choices of labels: what is counted then, told, and refused."""

import re
import shlex

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora import labels as maps
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError, DataError, JudgementError, MeasureError, OntologyError
from goldwire.corpora.labels import Hierarchy, LabelMap
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import (
    Argument,
    Event,
    Rejected,
    Span,
)
from goldwire.corpora.views import Asked, Choice
from goldwire.eval.comparison.compare import compare
from goldwire.eval.comparison.located import read as read_traced
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.files import decode_record, encode_record, read_record
from goldwire.eval.scoring.notes import iter_notes
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate

MET = make_document("d1", "Anna met Tom in Bern.")
WED = make_document("d1", "Ann married Ben. Cid works at Acme. Dan met Eve.")
LIVES = make_document("d1", "Ann Lee runs Acme. Lee lives in Bern.")


def mention(id, start, end, type, cluster=None, **attributes):
    return testing.mention((start, end), type, id=id, cluster=cluster, attributes=attributes)


def met(*types):
    """Anna, Tom and Bern, by their types; None for one that is not there."""
    places = ((0, 4), (9, 12), (16, 20))
    return annotate(
        MET, *(mention(f"m{i}", *places[i], type) for i, type in enumerate(types) if type is not None)
    )


def wed(*relations):
    people = (("m0", 0, 3), ("m1", 12, 15), ("m2", 17, 20), ("m4", 36, 39), ("m5", 44, 47))
    found = [mention(*person, "PER") for person in people]
    return annotate(WED, *found, mention("m3", 30, 34, "ORG"), relations=relations)


GOLD = wed(("spouse", "m0", "m1"), ("works", "m2", "m3"), ("no_relation", "m4", "m5"))
SYSTEM = wed(
    ("spouse", "m1", "m0"),
    ("works", "m2", "m3"),
    ("works", "m2", "m3"),
    ("no_relation", "m4", "m5"),
    ("no_relation", "m0", "m4"),
)
FAMILY = """
name = "family"
version = "1"
[entities.PER]
[entities.ORG]
[relations.spouse]
symmetric = true
[relations.parent]
[relations.works]
[relations.no_relation]
"""


def asked(toml="", name="", only=(), ignore=(), ontology=None):
    found = maps.decode(toml, "view", ontology, within=False)
    return Asked(maps={name: ("view", found)} if toml else {}, choice=Choice(only=only, ignore=ignore))


def scored(gold, system, document, *measures, ontology=None, view=None):
    how = Options(trials=0, views=view or Asked())
    return score([gold], {"s": [system]}, [document], measures, ontology=ontology, options=how)


def counts(record, number=0):
    """Right, found and in gold."""
    micro = record.results[number].averages["micro"]
    return (micro.gold_hits, micro.system, micro.gold)


# ---------------------------------------------------------------- what is left out
def test_a_label_that_is_ignored_is_no_unit_on_either_side():
    # gold: spouse, works; system: spouse the wrong way round, works (twice, counted once). 1 of 2 and 2.
    record = scored(GOLD, SYSTEM, WED, "boundaries", view=asked(ignore=("no_relation",)))
    assert counts(record) == (1, 2, 2)
    assert (record.gold.dropped, record.systems[0].dropped) == (1, 2)
    assert record.results[0].system_collapsed == 1
    assert sorted(record.results[0].labels) == ["spouse", "works"]


def test_only_some_labels_leave_other_kinds_of_units_alone():
    # Of the relations only `works`; the mentions, of which none is called so, are all there.
    record = scored(GOLD, SYSTEM, WED, "boundaries", "entity", view=asked(only=("works",)))
    assert counts(record) == (1, 1, 1)
    assert counts(record, 1) == (6, 6, 6)


def test_what_hangs_on_a_mention_goes_with_it():
    # Without ORG there is no works(Cid, Acme): spouse the wrong way round is all that the system has.
    record = scored(GOLD, SYSTEM, WED, "boundaries", view=asked(ignore=("ORG", "no_relation")))
    assert counts(record) == (0, 1, 1)


def test_a_rejected_unit_whose_label_is_left_out_is_not_rejected():
    turned_away = (
        Rejected(unit="mention", kind="words-differ", message="", type="LOC", spans=((16, 19),)),
        Rejected(unit="mention", kind="words-differ", message="", type="PER", spans=((9, 11),)),
        Rejected(unit="relation", kind="no-mention", message="", type="lives"),
    )
    system = msgspec.structs.replace(met("PER", None, None), rejected=turned_away)
    assert counts(scored(met("PER", "PER", "LOC"), system, MET, "entity")) == (1, 3, 3)
    record = scored(met("PER", "PER", "LOC"), system, MET, "entity", view=asked(ignore=("LOC", "lives")))
    assert counts(record) == (1, 2, 2)  # Anna is right, the rejected PER is spurious
    assert record.systems[0].rejected == {"words-differ": 1}


def attack(*roles, type="Attack", realis=None):
    places = ((0, 4), (9, 12), (16, 20))
    mentions = [mention(f"m{i}", *place, "X") for i, place in enumerate(places)]
    arguments = tuple(Argument(role=role, mention=f"m{i}") for i, role in enumerate(roles))
    attributes = {} if realis is None else {"realis": realis}
    event = Event(id="e", type=type, trigger=(Span(5, 8),), arguments=arguments, attributes=attributes)
    return annotate(MET, *mentions, events=(event,))


def test_roles_are_renamed_and_left_out_by_event_and_for_all():
    toml = '[events]\nFight = "Attack"\n[roles]\n"Fight.who" = "attacker"\nwhere = ""'
    system = attack("who", "target", "where", type="Fight")
    gold = attack("attacker", "target", "place")
    # attacker and target are right; the system's `where` is gone, gold's `place` is missed
    record = scored(gold, system, MET, "AC+", "TC", view=asked(toml, "s"))
    assert counts(record) == (2, 2, 3)
    assert counts(record, 1) == (1, 1, 1)


def test_a_value_that_is_left_out_is_no_value_and_not_the_default():
    realis = ontologies.decode(
        'name = "x"\nversion = "1"\n[entities.X]\n[events.Attack]\n'
        '[attributes.realis]\non = "event"\ndefault = "actual"\nvalues = { actual = {}, generic = {} }'
    )
    gold, system = attack(), attack(realis="generic")
    assert counts(scored(gold, system, MET, "realis", ontology=realis)) == (0, 1, 1)
    left = asked('[attributes.realis]\ngeneric = ""', ontology=realis)
    assert counts(scored(gold, system, MET, "realis", ontology=realis, view=left)) == (0, 0, 1)
    # The default that gold leaves unsaid is renamed as if it were said.
    merged = asked('[attributes.realis]\nactual = "any"\ngeneric = "any"', ontology=realis)
    assert counts(scored(gold, system, MET, "realis", ontology=realis, view=merged)) == (1, 1, 1)


def test_a_default_that_is_for_some_types_stays_when_they_are_renamed():
    scoped = ontologies.decode(
        'name = "x"\nversion = "1"\n[entities.X]\n[events.Attack]\n[events.Meet]\n'
        '[attributes.realis]\non = "event"\nevents = ["Attack"]\ndefault = "actual"\nvalues = { actual = {} }'
    )
    # Gold leaves `actual` unsaid, the system says it; called Violence they are the same still.
    view = asked('[events]\nAttack = "Violence"', ontology=scoped)
    found = scored(attack(), attack(realis="actual"), MET, "realis", ontology=scoped, view=view)
    assert counts(found) == (1, 1, 1)


# ---------------------------------------------------------------- maps and hierarchies
def test_a_map_of_one_layer_makes_labels_agree():
    gold, system = met("PER", "PER", "LOC"), met("PERSON", "PERSON", "CITY")
    assert counts(scored(gold, system, MET, "entity")) == (0, 3, 3)
    record = scored(gold, system, MET, "entity", view=asked('[mentions]\nPERSON = "PER"\nCITY = "LOC"', "s"))
    assert counts(record) == (3, 3, 3)
    assert record.gold.view is None
    assert record.systems[0].view.labels == LabelMap(mentions={"CITY": "LOC", "PERSON": "PER"})


def test_a_hierarchy_in_names_gives_the_coarse_figure():
    gold = met("person-artist", "person-politician", "location-city")
    system = met("person-politician", "person", "location-city")
    assert counts(scored(gold, system, MET, "entity")) == (1, 3, 3)
    record = scored(gold, system, MET, "entity", view=asked('[hierarchy]\nseparator = "-"'))
    assert counts(record) == (3, 3, 3)
    assert sorted(record.results[0].labels) == ["location", "person"]


FINE = """
name = "fine"
version = "1"
[entities.person]
[entities.artist]
parent = "person"
[entities.painter]
parent = "artist"
[entities.city]
"""


@pytest.mark.parametrize(
    ("level", "types", "right"),
    [
        # gold painter, artist, city against artist, person, city
        (1, ["city", "person"], 3),  # all three are persons or cities
        (2, ["artist", "city", "person"], 2),  # painter is artist; artist against person is wrong
        (3, ["artist", "city", "painter", "person"], 1),  # as they stand
    ],
)
def test_a_hierarchy_of_the_ontology_goes_up_to_a_level(level, types, right):
    fine = ontologies.decode(FINE)
    gold, system = met("painter", "artist", "city"), met("artist", "person", "city")
    view = asked(f"[hierarchy]\nlevel = {level}", ontology=fine)
    record = scored(gold, system, MET, "entity", ontology=fine, view=view)
    assert counts(record) == (right, 3, 3)
    assert sorted(record.results[0].labels) == types


def test_a_hierarchy_that_nobody_declares_is_refused():
    with pytest.raises(DataError, match="without an ontology"):
        asked("[hierarchy]\nlevel = 1")
    flat = ontologies.decode('name = "flat"\nversion = "1"\n[entities.X]')
    with pytest.raises(DataError, match="no type of the ontology flat has a `parent`"):
        asked("[hierarchy]", ontology=flat)


def test_the_longest_pattern_that_fits_decides_and_a_name_goes_before_it():
    found = LabelMap(mentions={"*": "MISC", "per*": "PER", "person-god": "", "person-*": "P"})
    kinds = {
        label: found.target("mentions", label, None) for label in ("person-x", "period", "z", "person-god")
    }
    assert kinds == {"person-x": "P", "period": "PER", "z": "MISC", "person-god": ""}


def test_own_map_comes_before_that_of_all_and_the_choice_last():
    # CITY is location-city for the system alone, then all types are cut at the hyphen, then only `location`.
    both = Asked(
        maps={
            "": ("coarse", LabelMap(hierarchy=Hierarchy(separator="-"))),
            "s": ("own", LabelMap(mentions={"CITY": "location-city"})),
        },
        choice=Choice(only=("location",)),
    )
    gold, system = met("person-artist", None, "location-town"), met("person-x", None, "CITY")
    record = scored(gold, system, MET, "entity", view=both)
    assert counts(record) == (1, 1, 1)
    assert record.gold.view.name.startswith("coarse+only=location#")
    assert record.systems[0].view.name.startswith("own+coarse+only=location#")


def test_units_that_a_map_makes_equal_count_once_and_are_told():
    gold = annotate(MET, mention("a", 16, 20, "GPE"), mention("b", 16, 20, "LOC"))
    record = scored(gold, met(None, None, "LOC"), MET, "entity", view=asked('[mentions]\nGPE = "LOC"'))
    assert counts(record) == (1, 1, 1)
    assert record.results[0].gold_collapsed == 1
    told = [note.text for note in iter_notes(record) if note.kind == "repeated"]
    assert told == ["gold: 1 unit repeats another one under entity, counted once."]


def test_measures_of_clusters_tokens_and_documents_see_the_view():
    events = attack(type="Strike").events
    gold = msgspec.structs.replace(met("PER", "PER", "LOC"), events=attack().events)
    system = msgspec.structs.replace(met("PERSON", "PER", None), events=events)
    view = asked('[mentions]\nPERSON = "PER"\nLOC = ""\n[events]\nStrike = "Attack"')
    record = scored(gold, system, MET, "tokens", "document", "CEAF-m", view=view)
    # Anna and Tom are tagged on both sides, Bern on none; one label; two mentions, each a cluster.
    assert [counts(record, number) for number in range(3)] == [(2, 2, 2), (1, 1, 1), (2, 2, 2)]


# ---------------------------------------------------------------- what is refused, and what is told
def test_a_label_that_is_nowhere_is_an_error_that_names_the_nearest():
    gold = met("person", "person", "LOC")
    with pytest.raises(OntologyError, match=r"--only persn: there is no such label; nearest: person"):
        scored(gold, gold, MET, "entity", view=asked(only=("persn",)))
    with pytest.raises(DataError, match=r"mentions\.LOCA: there is no such label; nearest: LOC"):
        scored(gold, gold, MET, "entity", view=asked('[mentions]\nLOCA = ""'))
    with pytest.raises(DataError, match=r"mentions\.pers-\*: there is no such label"):
        scored(gold, gold, MET, "entity", view=asked('[mentions]\n"pers-*" = "PER"\n"*" = ""'))


def test_a_map_that_names_every_label_may_name_more():
    gold = met("PER", None, "LOC")
    view = asked('[mentions]\nPER = "P"\nLOC = "L"\nMISC = ""')
    assert counts(scored(gold, gold, MET, "entity", view=view)) == (2, 2, 2)


def test_a_view_that_leaves_nothing_of_gold_is_refused():
    gold = met("PER", "PER", "LOC")
    with pytest.raises(CorpusError, match=r"nothing is left of layer 'gold'.* drops 3 units"):
        scored(gold, gold, MET, "entity", view=asked('[mentions]\n"*" = ""'))


def test_gold_that_was_empty_before_is_not_refused():
    record = scored(annotate(MET), met("PER", "PER", "LOC"), MET, "entity", view=asked(ignore=("LOC",)))
    assert record.results[0].value is None


def test_a_map_for_a_layer_that_is_not_scored_is_refused():
    gold = met("PER", "PER", "LOC")
    with pytest.raises(CorpusError, match="no layer of that name is scored; scored are gold, s"):
        scored(gold, gold, MET, "entity", view=asked('[mentions]\nPER = "P"', "other"))


def test_targets_outside_the_ontology_are_refused_only_where_something_is_kept_under_them():
    fine = ontologies.decode(FINE)
    toml = '[mentions]\ncity = "place"'
    with pytest.raises(DataError, match="does not have"):
        maps.decode(toml, "view", fine)
    gold = met("artist", None, "city")
    found = scored(gold, gold, MET, "entity", ontology=fine, view=asked(toml, ontology=fine))
    assert sorted(found.results[0].labels) == ["artist", "place"]


def test_the_view_stands_in_signature_record_and_notes():
    gold = met("PER", "PER", "LOC")
    record = scored(gold, gold, MET, "entity", view=asked(only=("PER",)))
    name = record.gold.view.name
    assert name.startswith("only=PER#")
    assert f"|labels:{name}|" in record.results[0].signature
    assert [note.text for note in iter_notes(record) if note.kind == "labels"] == [
        f"gold is seen through {name}, which leaves out 1 unit.",
        f"s is seen through {name}, which leaves out 1 unit.",
    ]
    assert decode_record(encode_record(record)) == record


def test_a_digest_goes_by_what_a_map_says_and_not_by_its_name_alone():
    gold = met("PER", "PER", "LOC")
    one, other, again = (
        scored(gold, gold, MET, "entity", view=asked(toml)).gold.view.name
        for toml in ('[mentions]\nPER = "P"', '[mentions]\nPER = "Q"', '[mentions]\n"PER" = "P"')
    )
    assert one != other
    assert one == again


def test_without_a_view_nothing_of_it_stands_in_a_record():
    gold = met("PER", "PER", "LOC")
    record = scored(gold, gold, MET, "entity")
    assert b'"view"' not in encode_record(record)
    assert "labels" not in record.policies


# ---------------------------------------------------------------- compare and gate
def test_records_of_different_views_of_gold_are_not_compared():
    gold = met("PER", "PER", "LOC")
    one = scored(gold, gold, MET, "entity")
    other = scored(gold, gold, MET, "entity", view=asked(only=("PER",)))
    with pytest.raises(JudgementError, match=r"policy labels: a has none, b has only=PER#"):
        compare({"a": one, "b": other})


def test_a_gate_refuses_a_baseline_of_another_view():
    gold, system = met("PER", "PER", "LOC"), met("PERSON", "PERSON", "CITY")
    rules = Policy(rules=(Rule(measure="entity", floor=0.0),), alpha=0.05, trials=100)
    plain = scored(gold, system, MET, "entity")
    own = scored(gold, system, MET, "entity", view=asked('[mentions]\nPERSON = "PER"\nCITY = "LOC"', "s"))
    every = scored(gold, system, MET, "entity", view=asked(ignore=("LOC",)))
    with pytest.raises(
        JudgementError, match=r"policy labels: the baseline has none, the record has ignore=LOC#"
    ):
        judge(every, make_baseline(plain, rules), rules)
    with pytest.raises(JudgementError, match=r"labels of s: the baseline has view#\w+, the record has none"):
        judge(plain, make_baseline(own, rules), rules)
    assert judge(own, make_baseline(own, rules), rules).verdict == "pass"


# ---------------------------------------------------------------- inside another layer
@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "work", Manifest(name="work", ontology=None), [MET])
    made.write_layer("gold", [met("PER", "PER", "LOC")])
    made.write_layer("system/s", [met("PER", "LOC", "LOC")])
    # candidates: Anna as a mention, Tom as a trigger; nothing says that Bern was looked at
    candidates = msgspec.structs.replace(
        met("C", None, None), events=(Event(id="e", type="C", trigger=(Span(9, 12),)),)
    )
    made.write_layer("candidates", [candidates])
    return made


def test_units_count_inside_another_layer_alone(corpus):
    record = score_corpus(corpus, "gold", ["s"], ["entity"], options=Options(trials=0, inside="candidates"))
    assert counts(record) == (1, 2, 2)  # Anna is right, Tom has the wrong type, Bern is no unit
    assert (record.gold.outside, record.systems[0].outside) == (1, 1)
    assert "|inside:candidates#" in record.results[0].signature
    told = [note.text for note in iter_notes(record) if note.kind == "labels"]
    assert told[0] == "gold: 1 unit outside of layer candidates left out."


def test_what_was_rejected_for_its_place_counts_wherever_units_count(corpus):
    # In place: an unknown type at Bern is outside; words that are elsewhere have no place to be outside of.
    units = (
        Rejected(unit="mention", kind="unknown-type", message="", type="X", spans=((16, 20),)),
        Rejected(unit="mention", kind="words-differ", message="", type="PER", spans=((1, 3),)),
    )
    corpus.write_layer("system/s", [msgspec.structs.replace(met("PER", None, None), rejected=units)])
    record = score_corpus(corpus, "gold", ["s"], ["entity"], options=Options(trials=0, inside="candidates"))
    assert counts(record) == (1, 2, 2)


def test_a_record_shows_its_units_again_as_they_were_seen(corpus):
    options = Options(trials=0, inside="candidates", views=asked(ignore=("LOC",)))
    record = score_corpus(corpus, "gold", ["s"], ["entity"], options=options)
    assert counts(record) == (1, 1, 2)
    traced = read_traced(corpus, record)
    assert (len(traced.golds[0].table.mentions), len(traced.sides["s"].system.table.mentions)) == (2, 1)
    corpus.write_layer("candidates", [met("C", "C", "C")])
    with pytest.raises(JudgementError, match="changed since the record was made: candidates"):
        read_traced(corpus, record)


def test_several_blocks_and_processes_see_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("goldwire.eval.counting.chunks.SIZE", 300)
    documents = [make_document(f"d{i}", MET.text) for i in range(9)]
    made = create_corpus(tmp_path / "work", Manifest(name="work", ontology=None), documents)
    for layer, types in (("gold", ("PER", "PER", "LOC")), ("system/s", ("PER", "LOC", "LOC"))):
        lines = [msgspec.structs.replace(met(*types), document=d.id, sha256=d.sha256) for d in documents]
        made.write_layer(layer, lines)
    # `PER` is in the first documents alone: what --only means is the same in all.
    odd = [
        msgspec.structs.replace(met("LOC", "LOC", "LOC"), document=d.id, sha256=d.sha256)
        for d in documents[3:]
    ]
    made.write_layer("gold", [*(made.layer("gold")[d.id] for d in documents[:3]), *odd])
    options = Options(trials=0, views=asked(only=("PER",)))
    one, two = (score_corpus(made, "gold", ["s"], ["entity"], options=options, workers=n) for n in (1, 2))
    assert counts(one) == counts(two) == (3, 9, 6)


# ---------------------------------------------------------------- symmetric relations
def test_a_symmetric_relation_is_the_same_either_way_and_repeats_itself():
    family = ontologies.decode(FAMILY)
    record = scored(GOLD, SYSTEM, WED, "boundaries", "relation", ontology=family)
    assert record.results[0].labels["spouse"].gold_hits == 1
    both = wed(("spouse", "m0", "m1"), ("spouse", "m1", "m0"), ("works", "m2", "m3"), ("parent", "m4", "m5"))
    turned = wed(("spouse", "m0", "m1"), ("works", "m3", "m2"), ("parent", "m5", "m4"))
    record = scored(turned, both, WED, "boundaries", "relation", ontology=family)
    # spouse both ways is one unit; works and parent go one way only
    assert counts(record) == counts(record, 1) == (1, 3, 3)
    assert record.results[0].system_collapsed == 1


def test_symmetric_types_are_symmetric_under_the_name_of_the_view():
    family = ontologies.decode(FAMILY)
    gold, system = wed(("spouse", "m0", "m1")), wed(("spouse", "m1", "m0"))
    renamed = asked('[relations]\nspouse = "married"')
    assert counts(scored(gold, system, WED, "boundaries", ontology=family, view=renamed)) == (1, 1, 1)
    # Merged with one that has a direction, it has one.
    merged = asked('[relations]\nspouse = "kin"\nparent = "kin"')
    assert counts(scored(gold, system, WED, "boundaries", ontology=family, view=merged)) == (0, 1, 1)


def test_whether_a_relation_is_symmetric_is_part_of_what_an_ontology_is():
    one, other = FAMILY, FAMILY.replace("symmetric = true", "")
    assert ontologies.decode(one).fingerprint() != ontologies.decode(other).fingerprint()


# ---------------------------------------------------------------- relations by entity
def people(source, target, *, clusters=True, extra=()):
    cluster = "c1" if clusters else None
    mentions = (
        mention("m0", 0, 7, "PER", cluster),
        mention("m1", 13, 17, "ORG"),
        mention("m2", 19, 22, "PER", cluster),
        mention("m3", 32, 36, "LOC"),
    )
    return annotate(LIVES, *mentions, relations=(("lives", source, target), *extra))


def test_a_relation_between_other_mentions_of_the_same_entities_is_right_by_entity():
    record = scored(people("m0", "m3"), people("m2", "m3"), LIVES, "relation+coref", "boundaries")
    assert counts(record) == (1, 1, 1)
    assert counts(record, 1) == (0, 1, 1)


def test_clusters_of_a_system_do_not_decide_and_direction_does():
    # The system joins nothing: gold's clusters say that Lee is Ann Lee.
    assert counts(
        scored(people("m0", "m3"), people("m2", "m3", clusters=False), LIVES, "relation+coref")
    ) == (1, 1, 1)
    assert counts(scored(people("m0", "m3"), people("m3", "m2"), LIVES, "relation+coref")) == (0, 1, 1)


def test_a_pair_of_entities_counts_once_whichever_mentions_name_it():
    system = people("m2", "m3", extra=(("lives", "m0", "m3"), ("lives", "m1", "m3")))
    record = scored(people("m0", "m3"), system, LIVES, "relation+coref")
    assert counts(record) == (1, 2, 1)  # Ann Lee - Bern, and Acme - Bern, which is wrong
    assert record.results[0].system_collapsed == 1


def test_mentions_that_gold_does_not_have_are_of_other_entities():
    # [19, 21] is nobody's mention in gold, though the system puts it into its cluster c1.
    system = annotate(
        LIVES, mention("a", 0, 7, "PER", "c1"), mention("b", 19, 21, "PER", "c1"),
        mention("m3", 32, 36, "LOC"), relations=(("lives", "b", "m3"),),
    )  # fmt: skip
    assert counts(scored(people("m0", "m3"), system, LIVES, "relation+coref")) == (0, 1, 1)


def test_a_symmetric_relation_by_entity_is_the_same_either_way():
    symmetric = ontologies.decode(f"{FAMILY}[entities.LOC]\n[relations.lives]\nsymmetric = true")
    # Gold names Bern first by Ann Lee (before it), the system from Bern to Lee.
    system = people("m3", "m2", extra=(("lives", "m0", "m3"),))
    record = scored(people("m0", "m3"), system, LIVES, "relation+coref", ontology=symmetric)
    assert counts(record) == (1, 1, 1)
    assert record.results[0].system_collapsed == 1


def test_of_two_entities_in_one_place_the_one_of_the_systems_type_is_meant():
    # Bern the town (t) and Bern the government (g) are both at [32, 36]; `It` at [13, 17] is the government.
    gold = annotate(
        LIVES, mention("p", 0, 7, "PER"), mention("t", 32, 36, "LOC", "a-town"),
        mention("g", 32, 36, "ORG", "b-government"), mention("it", 13, 17, "ORG", "b-government"),
        relations=(("leads", "p", "it"),),
    )  # fmt: skip
    system = annotate(
        LIVES, mention("p", 0, 7, "PER"), mention("g", 32, 36, "ORG"), relations=(("leads", "p", "g"),)
    )
    assert counts(scored(gold, system, LIVES, "relation+coref")) == (1, 1, 1)


def test_by_entity_is_undefined_where_gold_has_no_clusters_and_that_is_told():
    gold = people("m0", "m3", clusters=False)
    record = scored(gold, people("m0", "m3"), LIVES, "relation+coref", "boundaries")
    assert [result.value for result in record.results] == [None, 1.0]
    [told] = [note.text for note in iter_notes(record) if note.kind == "undefined"]
    assert told == (
        "Undefined, since gold has no relation or puts no mention into a cluster: relation+coref."
    )


# ---------------------------------------------------------------- rare types
def test_averages_over_types_leave_out_rare_ones():
    # PER: 2 of 2 found, 2 in gold: F 1. LOC: 0 of 0 found, 1 in gold: F 0.
    gold, system = met("PER", "PER", "LOC"), met("PER", "PER", None)
    record = scored(gold, system, MET, "entity,average=macro", "entity,average=macro,minimum=2")
    assert [result.value for result in record.results] == [0.5, 1.0]
    assert "|minimum:2|" in record.results[1].signature
    assert counts(record, 1) == (2, 2, 3)  # micro is of all


def test_rare_is_said_of_all_documents_together_and_intervals_leave_out_the_same():
    # 30 documents with one LOC each: 30 of them, though every document has but one.
    documents = [make_document(f"d{i:02}", MET.text) for i in range(30)]
    lines = [
        msgspec.structs.replace(met("PER", None, "LOC"), document=d.id, sha256=d.sha256) for d in documents
    ]
    found = [
        msgspec.structs.replace(met("PER", None, None), document=d.id, sha256=d.sha256) for d in documents
    ]
    measures = ["entity,average=macro,minimum=30", "entity,average=macro,minimum=31"]
    record = score(lines, {"s": found}, documents, measures, options=Options(trials=100))
    assert [result.value for result in record.results] == [0.5, None]
    # All documents are alike: what width there is allows for others.
    assert record.results[0].intervals["f"].remark == "unlike"
    assert record.results[1].intervals["f"].low is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entity,minimum=5", "an option of averages over types"),
        ("CoNLL,minimum=5", "an option of averages over types"),
        ("entity,average=macro,minimum=0", "not a whole number above 0"),
        ("entity,average=macro,minimum=2.5", "not a whole number above 0"),
        ("entity,average=macro,labels=all,minimum=5", "labels=all has no effect"),
    ],
)
def test_a_minimum_that_decides_nothing_is_refused(text, message):
    with pytest.raises(MeasureError, match=message):
        parse(text)


# ---------------------------------------------------------------- the command line
def run(*arguments):
    found = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return " ".join(found.output.split())


@pytest.fixture
def view(tmp_path):
    path = tmp_path / "types.toml"
    path.write_text('[mentions]\nPERSON = "PER"\nCITY = "LOC"\n')
    return path


def test_a_file_of_other_labels_is_imported_through_a_map(corpus, view, tmp_path):
    columns = tmp_path / "pred.conll"
    columns.write_text("Anna B-PERSON\nmet O\nTom B-PERSON\nin O\nBern B-CITY\n. O\n")
    run(
        "corpus", "import", corpus.path, columns, "--format", "conll", "--layer", "system/c", "--labels", view
    )
    assert [m.type for m in corpus.layer("system/c")["d1"].mentions] == ["PER", "PER", "LOC"]
    told = run(
        "corpus", "import", corpus.path, columns, "--format", "conll", "--layer", "system/d",
        "--labels", view, "--ignore", "LOC",
    )  # fmt: skip
    assert "1 units left out by the label view" in told
    assert [m.type for m in corpus.layer("system/d")["d1"].mentions] == ["PER", "PER"]


def test_tokens_kept_beside_a_layer_do_not_bring_its_own_labels_back(tmp_path):
    # As they stand Anna and Tom are tagged PER and PERSON, so 4 of 6 tokens agree; seen alike, all 6 do.
    for name, type in (("gold", "PER"), ("pred", "PERSON")):
        columns = f"Anna B-{type}\nmet O\nTom B-{type}\nin O\nBern B-LOC\n. O\n"
        (tmp_path / f"{name}.conll").write_text(columns)
    work, view = tmp_path / "work", tmp_path / "types.toml"
    view.write_text('[mentions]\nPERSON = "PER"\n')
    run("corpus", "new", work, "--from", tmp_path / "gold.conll", "--format", "conll")
    run("corpus", "import", work, tmp_path / "pred.conll", "--format", "conll", "--layer", "system/s")
    how = ("eval", "score", work, "--measure", "accuracy", "--trials", 0)
    run(*how, "--name", "plain")
    run(*how, "--name", "seen", "--labels", f"s={view}")
    found = [counts(read_record(work / "records" / f"{name}.json")) for name in ("plain", "seen")]
    assert found == [(4, 6, 6), (6, 6, 6)]


def test_a_corpus_is_made_of_files_of_other_labels(view, tmp_path):
    columns = tmp_path / "gold.conll"
    columns.write_text("Anna B-PERSON\nmet O\nTom B-PERSON\nin O\nBern B-CITY\n. O\n")
    made = tmp_path / "made"
    how = ("--format", "conll", "--labels", view, "--only", "PER")
    assert "1 units left out by the label view" in run("corpus", "new", made, "--from", columns, *how)
    [found] = open_corpus(made).layer("gold").values()
    assert [m.type for m in found.mentions] == ["PER", "PER"]


def test_lines_of_the_simple_form_are_imported_through_a_map(corpus, view, tmp_path):
    simple = tmp_path / "pred.jsonl"
    simple.write_text(
        '{"document": "d1", "mentions": [{"type": "PERSON", "spans": [[0, 4]]}, '
        '{"type": "CITY", "spans": [[16, 20]]}]}'
    )
    told = run(
        "corpus", "import", corpus.path, simple, "--layer", "system/c", "--labels", view, "--only", "PER"
    )
    assert "1 units left out by the label view" in told
    assert [m.type for m in corpus.layer("system/c")["d1"].mentions] == ["PER"]
    view.write_text('[mentions]\nPERSN = "PER"\n')
    with pytest.raises(DataError, match=r"mentions\.PERSN: there is no such label; nearest: PERSON"):
        run("corpus", "import", corpus.path, simple, "--layer", "system/d", "--labels", view)


def test_a_layer_is_exported_through_a_map(corpus, tmp_path):
    out = tmp_path / "out.jsonl"
    told = run("corpus", "export", corpus.path, out, "--layer", "gold", "--only", "PER")
    assert "1 units left out by the label view" in told
    assert [m["type"] for m in msgspec.json.decode(out.read_bytes())["mentions"]] == ["PER", "PER"]


def test_labels_are_given_for_all_or_by_name(corpus, view):
    corpus.write_layer("system/s", [met("PERSON", "PERSON", "CITY")])
    told = run("eval", "score", corpus.path, "--labels", f"s={view}", "--measure", "entity", "--trials", 0)
    assert "s is seen through types#" in told
    assert "gold is seen through" not in told
    with pytest.raises(CorpusError, match="--labels for all layers was given twice"):
        run("eval", "score", corpus.path, "--labels", view, "--labels", view)
    with pytest.raises(CorpusError, match="no layer of that name is scored; scored are gold, s"):
        run("eval", "score", corpus.path, "--labels", f"t={view}")


def test_a_report_shows_what_was_scored(corpus, tmp_path):
    run("eval", "score", corpus.path, "--ignore", "LOC", "--measure", "entity", "--trials", 0)
    page = tmp_path / "r.html"
    run("eval", "report", corpus.path / "records" / "measures.json", "--html", page)
    assert "ignore=LOC#" in page.read_text(encoding="utf-8")


# ---------------------------------------------------------------- any layers, any maps
TYPES = ("A", "B", "C")
PLACES = ((0, 4), (5, 8), (9, 12), (16, 20))


@st.composite
def layers(draw):
    """Mentions in a few places, and relations among them."""
    given = draw(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(TYPES)), max_size=6))
    found = [mention(f"m{i}", *place, type) for i, (place, type) in enumerate(given)]
    ends = st.sampled_from([one.id for one in found] or ["none"])
    links = draw(st.lists(st.tuples(st.sampled_from(("r", "q")), ends, ends), max_size=4 if found else 0))
    return annotate(MET, *found, relations=links)


def counted(side, mentions, relations):
    """What is there to be found under maps, as plain sets: mentions, and relations by their ends."""
    kept = {m.id: (tuple(m.spans[0]), to) for m in side.mentions if (to := mentions.get(m.type, m.type))}
    links = {
        (to, kept[r.source], kept[r.target])
        for r in side.relations
        if (to := relations.get(r.type, r.type)) and {r.source, r.target} <= kept.keys()
    }
    return set(kept.values()), links


@given(
    layers(),
    layers(),
    st.dictionaries(st.sampled_from(TYPES), st.sampled_from(["", "A", "Z"])),
    st.dictionaries(st.sampled_from(("r", "q")), st.sampled_from(["", "r"])),
)
def test_a_view_counts_what_plain_sets_count(gold, system, mentions, relations):
    everything = annotate(
        MET, *(mention(f"x{i}", 0, 4, type) for i, type in enumerate(TYPES)),
        relations=[("r", "x0", "x1"), ("q", "x0", "x1")],
    )  # fmt: skip
    # A layer that has every label stands by, so that none of the maps' is nowhere.
    view = Asked(maps={"": ("view", LabelMap(mentions=mentions, relations=relations))})
    ours, theirs = counted(gold, mentions, relations), counted(system, mentions, relations)
    if gold.mentions and not ours[0]:
        return  # refused
    record = score(
        [gold],
        {"s": [system], "all": [everything]},
        [MET],
        ["entity", "relation"],
        options=Options(trials=0, views=view),
    )
    for measure, one, other in zip(("entity", "relation"), ours, theirs, strict=True):
        found = record.result("s", str(parse(measure))).averages["micro"]
        assert (found.gold_hits, found.system, found.gold) == (len(one & other), len(other), len(one))


# ---------------------------------------------------------------- the page
def test_the_example_of_the_page_gives_what_it_says(tmp_path, monkeypatch, root):
    page = (root / "docs" / "views.md").read_text(encoding="utf-8").partition("## An example")[2]
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    [commands] = re.findall(r"^```sh\n(goldwire corpus new .*?)^```", page, re.MULTILINE | re.DOTALL)
    for command in commands.splitlines():
        run(*shlex.split(command)[1:])
    [told] = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for name, *rest in map(str.split, told.splitlines()):
        found = counts(read_record(tmp_path / "work" / "records" / f"{name}.json"))
        assert found == tuple(map(float, rest[1::2]))
