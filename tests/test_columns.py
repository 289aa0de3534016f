"""Layers as columns: canonical places, joined chunks, rows taken out with what hangs on them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Relation, Span
from goldwire.eval.counting.columns import NONE, Codes, Table, columns_of, concatenate, make_extents
from goldwire.eval.counting.cut import keep
from goldwire.eval.counting.tabulate import make_table

spans = st.tuples(st.integers(0, 9), st.integers(1, 4)).map(lambda pair: Span(pair[0], sum(pair)))


def extents(*units):
    return make_extents(np.zeros(len(units), np.int64), units)


@given(st.lists(spans, min_size=1, max_size=4), st.lists(spans, min_size=1, max_size=4))
def test_places_are_equal_if_the_characters_are(one, other):
    made = extents(tuple(one), tuple(other))
    sets = [{place for span in unit for place in range(*span)} for unit in (one, other)]
    places = [(made.start[i], made.end[i], made.shape[i], made.lengths()[i]) for i in range(2)]
    assert (places[0] == places[1]) == (sets[0] == sets[1])
    assert made.lengths().tolist() == [len(found) for found in sets]
    assert made.owner.tolist() == sorted(made.owner.tolist())


def test_touching_parts_are_one():
    made = extents((Span(3, 5), Span(0, 3)), (Span(0, 2), Span(3, 5)))
    assert made.offset.tolist() == [0, 1, 3]
    assert made.shape[0] == 0 != made.shape[1]


@given(st.lists(st.lists(spans, min_size=1, max_size=3), min_size=1, max_size=5), st.randoms())
def test_units_are_taken_with_their_parts(units, dice):
    made = extents(*map(tuple, units))
    index = np.array([dice.randrange(len(units)) for _ in range(6)])
    taken = made.take(index)
    assert taken.lengths().tolist() == made.lengths()[index].tolist()
    assert taken.start.tolist() == made.start[index].tolist()
    assert taken.end.tolist() == made.end[index].tolist()


def mention(id, start, **fields):
    return Mention(id=id, type="PER", spans=(Span(start, start + 2),), **fields)


def item(document):
    return Annotations(
        document=document,
        sha256="",
        mentions=(
            mention("b", 0, cluster="k"),
            mention("a", 4, head=Span(5, 6), attributes={"form": "name"}),
        ),
        events=(
            Event(
                id="e",
                type="Attack",
                trigger=(Span(8, 9),),
                arguments=(Argument(role="target", mention="a"), Argument(role="attacker", mention="b")),
            ),
            Event(id="f", type="Die", trigger=(Span(10, 11),)),
        ),
        relations=(Relation(id="r", type="near", source="a", target="b"),),
    )


def test_references_become_rows_also_over_several_chunks():
    codes, numbers = Codes(), np.array([1, 0])
    whole = make_table([item("x"), item("y")], numbers, codes)
    parts = concatenate([make_table([item(name)], numbers[[i]], codes) for i, name in enumerate("xy")])
    for table in (whole, parts):
        assert table.mentions.document.tolist() == [1, 1, 0, 0]
        assert table.argument_event.tolist() == [0, 0, 2, 2]
        assert table.argument_mention.tolist() == [1, 0, 3, 2]
        assert (table.relation_source.tolist(), table.relation_target.tolist()) == ([1, 3], [0, 2])
        assert table.mention_head.tolist() == [[NONE, NONE], [5, 6]] * 2
        assert [codes.names()[code] for code in table.mention_cluster[[0, 2]]] == ["k", "k"]
        assert table.mention_cluster[1] == NONE


def test_an_absent_attribute_has_the_ontology_s_default_where_it_applies():
    codes, conflict = Codes(), ontologies.read("conflict")
    wanted = ("form", "mode", "realis")
    table = make_table([item("x")], np.array([0]), codes, wanted, conflict)

    def values(column):
        return [None if code == NONE else codes.names()[code] for code in column]

    assert values(table.event_attributes["realis"]) == ["actual", "actual"]
    assert values(table.event_attributes["mode"]) == ["unspecified", None]  # of attacks only
    assert values(table.mention_attributes["form"])[1] == "name"
    without = make_table([item("x")], np.array([0]), codes, wanted)
    assert values(without.event_attributes["realis"]) == [None, None]


def test_what_hangs_on_a_row_goes_with_it():
    table = make_table([item("x"), item("y")], np.array([0, 1]), Codes())
    mentions = np.array([False, True, True, True])
    kept, gone = keep(table, mentions, np.array([True, True, False, True]))
    # one mention, one event, the argument of the mention, both arguments of the event, the relation of x
    assert gone == 6
    assert kept.mentions.document.tolist() == [0, 1, 1]
    assert kept.argument_event.tolist() == [0]
    assert kept.argument_mention.tolist() == [0]
    assert kept.relation_source.tolist() == [2]
    assert keep(table, np.ones(4, bool), np.ones(4, bool)) == (table, 0)


def test_every_column_has_a_row_for_each_unit_of_one_kind():
    found = [name for unit in ("mention", "event", "argument", "relation") for name in columns_of(unit)]
    assert sorted(found) == sorted(Table.__struct_fields__)
