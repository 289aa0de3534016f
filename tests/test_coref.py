"""Coreference measures against brute-force definitions, and the properties all of them share."""

import itertools
import json
import math
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Event, Mention, Span
from goldwire.eval.counting import coref
from goldwire.eval.counting.coref import PARTS, count, entity_clusters, event_clusters
from goldwire.eval.counting.counts import make_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.score import Options, score
from goldwire.eval.statistics.figures import headline


@st.composite
def partitions(draw, universe="abcdefgh"):
    """Clusters over some of the mentions of `universe`."""
    homes = draw(st.dictionaries(st.sampled_from(universe), st.integers(0, 4)))
    clusters = {}
    for mention, home in homes.items():
        clusters.setdefault(home, []).append(mention)
    return draw(st.permutations(list(clusters.values())))


def links(clusters):
    return {frozenset(pair) for cluster in clusters for pair in itertools.combinations(cluster, 2)}


def nonlinks(clusters):
    mentions = [mention for cluster in clusters for mention in cluster]
    return {frozenset(pair) for pair in itertools.combinations(mentions, 2)} - links(clusters)


def best(gold, system, similarity):
    """The best one-to-one alignment, by trying all of them."""
    small, large = sorted((gold, system), key=len)
    trials = itertools.permutations(range(len(large)), len(small))
    return max(
        sum(similarity(set(a), set(large[i])) for a, i in zip(small, trial, strict=True)) for trial in trials
    )


def muc_recall(gold, system):
    """Vilain et al. 1995: |S| - |p(S)| over |S| - 1, with mentions that the system lacks as parts of one."""
    home = {mention: index for index, cluster in enumerate(system) for mention in cluster}
    parts = [len({home.get(mention, mention) for mention in cluster}) for cluster in gold]
    return sum(len(c) - p for c, p in zip(gold, parts, strict=True)), sum(len(c) - 1 for c in gold)


def b3_recall(gold, system):
    """Bagga and Baldwin 1998, mention by mention."""
    home = {mention: set(cluster) for cluster in system for mention in cluster}
    shares = [len(set(c) & home.get(mention, set())) / len(c) for c in gold for mention in c]
    return math.fsum(shares), len(shares)


def lea_recall(gold, system):
    """Moosavi and Strube 2016, with the self-link of singletons."""
    theirs = links(system) | {frozenset(c) for c in system if len(c) == 1}
    ours = [links([c]) or {frozenset(c)} for c in gold]
    total = sum(len(c) * len(own & theirs) / len(own) for c, own in zip(gold, ours, strict=True))
    return total, sum(map(len, gold))


@given(partitions(), partitions())
def test_each_measure_is_its_definition(gold, system):
    numbers = count(gold, system)
    for part, recall in (("muc", muc_recall), ("b3", b3_recall), ("lea", lea_recall)):
        assert numbers[part][2:] == pytest.approx(recall(gold, system)), part
        assert numbers[part][:2] == pytest.approx(recall(system, gold)), part
    for part, pairs in (("blanc-links", links), ("blanc-nonlinks", nonlinks)):
        both = len(pairs(gold) & pairs(system))
        assert numbers[part] == (both, len(pairs(system)), both, len(pairs(gold))), part


@given(partitions(), partitions())
def test_ceaf_is_the_best_of_all_alignments(gold, system):
    numbers = count(gold, system)
    dice = best(gold, system, lambda a, b: 2 * len(a & b) / (len(a) + len(b)))
    common = best(gold, system, lambda a, b: len(a & b))
    assert numbers["ceaf-e"] == pytest.approx((dice, len(system), dice, len(gold)))
    assert numbers["ceaf-m"] == (common, sum(map(len, system)), common, sum(map(len, gold)))


@given(partitions())
def test_a_perfect_system_hits_all_that_there_is(gold):
    for part, (system_hits, system, gold_hits, total) in count(gold, gold[::-1]).items():
        assert system_hits == pytest.approx(system), part
        assert gold_hits == pytest.approx(total), part


@given(partitions(), partitions())
def test_swapping_the_sides_swaps_precision_and_recall(gold, system):
    there, back = count(gold, system), count(system, gold)
    for part in PARTS:
        assert there[part] == pytest.approx((*back[part][2:], *back[part][:2])), part


@given(partitions(), partitions(), st.randoms())
def test_order_changes_nothing(gold, system, random):
    shuffled = [random.sample(cluster, len(cluster)) for cluster in random.sample(gold, len(gold))]
    there, back = count(gold, system), count(shuffled, system)
    for part in PARTS:
        assert there[part] == pytest.approx(back[part], abs=1e-12), part


@given(partitions("abcd"), partitions("abcd"), partitions("wxyz"), partitions("wxyz"))
def test_documents_without_a_common_mention_add_up_but_for_pairs_across_them(gold, system, gold2, system2):
    both = count(gold + gold2, system + system2)
    one, two = count(gold, system), count(gold2, system2)
    for part in set(PARTS) - {"blanc-nonlinks"}:  # two documents in one have pairs that neither has
        total = [a + b for a, b in zip(one[part], two[part], strict=True)]
        assert both[part] == pytest.approx(total), part


def test_nothing_at_all_is_all_zeros():
    assert set(count([], []).values()) == {(0, 0, 0, 0)}


def test_only_singletons_leave_muc_without_links():
    assert count(["a", "b"], ["a", "b"])["muc"] == (0, 0, 0, 0)
    assert count(["a", "b"], ["a", "b"])["b3"] == (2, 2, 2, 2)


def test_a_mention_of_gold_in_two_clusters_is_refused():
    with pytest.raises(MeasureError, match="gold: mention 'a' is in two clusters"):
        count(["ab", "ac"], ["a"])


def test_a_mention_repeated_in_a_response_is_dropped():
    # As the official scorer does (CorScorer.pm removes repeated mentions of a response): "a" stays in the
    # first chain, the second keeps "c" alone, and the third, left empty, is gone.
    assert count(["ab", "c"], ["ab", "ac", "a"]) == count(["ab", "c"], ["ab", "c"])


def test_a_mention_twice_in_a_cluster_counts_once():
    assert count(["ab"], ["aab"]) == count(["ab"], ["ab"])


# ---------------------------------------------------------------- BLANC
def blanc(gold, system):
    """F1 of BLANC as ours, from links counted here."""
    rows = []
    for pairs in (links, nonlinks):
        both = len(pairs(gold) & pairs(system))
        rows.append([both, len(pairs(system)), both, len(pairs(gold))])
    counts = make_counts(("d",), ("blanc-links", "blanc-nonlinks"), [0, 0], [0, 1], rows)
    return headline(counts, parse("BLANC")).f


def official(gold, system):
    """CorScorer.pm's: the mean, or the kind of link that gold has; here None if gold has none, there 0."""
    scores = []
    for pairs in (links, nonlinks):
        both, ours, theirs = len(pairs(gold) & pairs(system)), len(pairs(gold)), len(pairs(system))
        if ours:
            scores.append(2 * both / (ours + theirs))
    return sum(scores) / len(scores) if scores else None


@given(partitions("abcde"), partitions("abcde"))
def test_blanc_is_the_mean_over_the_kinds_of_link_that_gold_has(gold, system):
    assert blanc(gold, system) == pytest.approx(official(gold, system))


def test_blanc_of_gold_with_one_kind_of_link_is_that_kind_s():
    # Gold has the link ab and no pair apart; the system's ac and bc are pairs apart, and do not count.
    assert blanc(["ab"], ["ab", "c"]) == 1
    # Gold has ab apart and no link; the system's link is no pair apart.
    assert blanc(["a", "b"], ["ab"]) == 0
    assert blanc(["a"], ["ab"]) is None


# ---------------------------------------------------------------- clusters of a layer
def mention(id, start, cluster=None, type="PER"):
    return Mention(id=id, type=type, spans=(Span(start, start + 1),), cluster=cluster)


def layer(**parts):
    return Annotations(document="d", sha256="", **parts)


def test_mentions_of_one_cluster_are_one_entity_and_the_rest_are_alone():
    clusters = entity_clusters(layer(mentions=(mention("1", 0, "x"), mention("2", 5), mention("3", 9, "x"))))
    assert sorted(map(len, clusters)) == [1, 2]


def test_a_cluster_named_like_a_mention_does_not_take_it_in():
    assert len(entity_clusters(layer(mentions=(mention("1", 0, "2"), mention("2", 5))))) == 2


def test_one_span_in_two_clusters_stays_two_mentions_in_any_order():
    mentions = (mention("1", 0, "x", "GPE"), mention("2", 0, "y", "ORG"), mention("3", 7, "x", "GPE"))
    one, two = (entity_clusters(layer(mentions=order)) for order in (mentions, mentions[::-1]))
    assert sum(map(len, one)) == 3
    assert sorted(map(sorted, one)) == sorted(map(sorted, two))
    assert count(one, two)["b3"] == (3, 3, 3, 3)


def clustered(gold, system):
    """The result of B3 for two layers of one document."""
    document = make_document("d", "abcdefghij")
    sides = (
        [Annotations(document="d", sha256=document.sha256, mentions=mentions)] for mentions in (gold, system)
    )
    first, second = sides
    record = score(first, {"s": second}, [document], ["B3"], options=Options(trials=0))
    return record.results[0]


def test_a_repetition_in_a_layer_is_dropped_and_counted_as_collapsed():
    # Gold: {0, 1}, {7}. The system gives 0 a second time, with 7: that is dropped, and all is right.
    gold = (mention("1", 0, "x"), mention("2", 1, "x"), mention("3", 7))
    system = (mention("1", 0, "p"), mention("2", 1, "p"), mention("3", 0, "q"), mention("4", 7, "q"))
    for order in (system, system[::-1]):
        found = clustered(gold, order)
        assert (found.value, found.gold_collapsed, found.system_collapsed) == (1, 0, 1)


def test_a_mean_over_parts_has_no_micro_average_in_a_record():
    document = make_document("d", "abcdefghij")
    layer = [
        Annotations(
            document="d", sha256=document.sha256, mentions=(mention("1", 0, "x"), mention("2", 1, "x"))
        )
    ]
    record = score(layer, {"s": layer}, [document], ["CoNLL", "BLANC", "B3"], options=Options(trials=0))
    assert [set(result.averages) for result in record.results] == [
        {"macro"},
        {"macro"},
        {"micro", "macro", "weighted", "documents"},
    ]
    assert [result.value for result in record.results] == [1, 1, 1]


def test_what_gold_has_twice_the_system_may_give_twice_and_no_more():
    # A city and its government: one span, two clusters. A third is a repetition.
    gold = (mention("1", 0, "x", "GPE"), mention("2", 0, "y", "ORG"), mention("3", 7, "x", "GPE"))
    assert clustered(gold, gold).value == 1
    found = clustered(gold, (*gold, mention("4", 0, "z", "PER")))
    assert (found.value, found.system_collapsed) == (1, 1)


def test_one_span_annotated_twice_in_one_cluster_is_one_mention():
    both = (mention("1", 0, "x", "GPE"), mention("2", 0, "x", "ORG"))
    assert list(map(len, entity_clusters(layer(mentions=both)))) == [1]


def test_events_of_two_types_with_one_trigger_are_two_mentions():
    events = tuple(Event(id=t, type=t, trigger=(Span(0, 4),), cluster="x") for t in ("Attack", "Die"))
    assert list(map(len, event_clusters(layer(events=events)))) == [2]


# ---------------------------------------------------------------- size
def test_a_document_of_20_000_mentions_takes_half_a_second(shared, tmp_path):
    command = [sys.executable, str(shared / "bench" / "gen.py"), "--n", "1", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    [document] = json.loads((tmp_path / "coref_big.json").read_text())
    begun = time.process_time()
    numbers = count(document["key"], document["sys"])
    assert time.process_time() - begun < 0.5
    assert numbers["ceaf-e"].gold == len(document["key"])
    assert 0 < numbers["ceaf-e"].gold_hits < numbers["ceaf-e"].gold


def test_parts_of_means_exist():
    assert {part for parts in coref.MEANS.values() for part in parts} <= set(PARTS)
