"""Interest by our own counting: units that systems found, and units on which they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import Corpus
from goldwire.eval.counting.counts import GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures.measure import Measure, name
from goldwire.eval.measures.phrases import amount, number
from goldwire.eval.sampling.frame import Floats, Frame
from goldwire.eval.sampling.interest import Interest
from goldwire.eval.sampling.systems import Systems
from goldwire.eval.scoring.plan import Options, parse_measures
from goldwire.eval.scoring.score import Counting, score_corpus

MEASURES = ("entity", "TC", "AC+")  # that count if none is named: mentions, triggers and arguments
Progress = Callable[[str], None]


class Counted(NamedTuple):
    """What is counted: systems on the documents of a frame, by some measures; `counter` counts them."""

    corpus: Corpus
    frame: Frame
    systems: Systems
    measures: tuple[Measure, ...]
    counter: Counting | None

    def against(self, gold: int, others: Sequence[int]) -> dict[int, Floats]:
        """The four sums of `Counts` of systems against one that plays gold: measures x documents x 4."""
        record = score_corpus(
            self.corpus,
            self.systems.layers[gold],
            [self.systems.names[i] for i in others],
            self.measures,
            options=Options(
                trials=0,
                rejected="left-out",
                unweighted=True,
                scope=Scope(documents=frozenset(self.frame.ids), unjudged="empty", drafts="counted"),
            ),
            count=self.counter,
        )
        place = {id: i for i, id in enumerate(record.documents)}
        order = np.array([place[id] for id in self.frame.ids])
        return {
            i: np.array(
                [record.get_counts(self.systems.names[i], one).by_document()[order] for one in self.measures]
            )
            for i in others
        }


def in_found(counting: Counted) -> Interest:
    """By how many units systems found, of all measures: the mean over those that cover a document."""
    systems = counting.systems
    counted = counting.against(0, range(len(systems.names)))
    found = np.array([own[:, :, SYSTEM] for own in counted.values()])
    there = systems.covered[:, None, :]
    values = np.where(there, found, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return _interest(counting, values, ("unit", _found(systems)), systems.notes(1))


def in_disagreement(counting: Counted, progress: Progress) -> Interest:
    """By how many units of all measures two systems differ on, summed over pairs of systems.

    One of two plays gold: what it alone has, and what the other alone has, differs. Of documents that not all
    systems cover it is the mean over the pairs that do, times the number of all pairs.
    """
    systems, documents = counting.systems, len(counting.frame.ids)
    values, pairs, last = np.zeros((len(counting.measures), documents)), np.zeros(documents), 0
    for i in range(len(systems.names) - 1):
        others = range(i + 1, len(systems.names))
        for j, counts in counting.against(i, others).items():
            both = systems.covered[i] & systems.covered[j]
            values += both * (counts[..., SYSTEM] - counts[..., SYSTEM_HITS])
            values += both * (counts[..., GOLD] - counts[..., GOLD_HITS])
            pairs += both
            last += 1
        progress(f"{systems.names[i]} compared with {amount(len(others), 'system')}")
    values *= last / np.maximum(pairs, 1)
    between = f"between {amount(len(systems.names), 'system')}"
    return _interest(counting, values, ("difference", between), systems.notes(2))


def counting_of(
    corpus: Corpus, frame: Frame, systems: Systems, measures: Sequence[str], counter: Counting | None = None
) -> Counted:
    """What is counted; `MeasureError` for measures of which no document has a part."""
    wanted = tuple(parse_measures(measures or MEASURES, corpus.ontology()))
    if others := [name(one) for one in wanted if not is_additive(one)]:
        raise MeasureError(f"{others[0]}: its documents do not add up, so that none has a part; name another")
    return Counted(corpus, frame, systems, wanted, counter)


def _found(systems: Systems) -> str:
    if len(systems.names) == 1:
        return f"found by {systems.names[0]}"
    return f"found, the mean of {amount(len(systems.names), 'system')}"


def _interest(counting: Counted, values: Floats, of: tuple[str, str], notes: Iterable[str]) -> Interest:
    """The sums over measures, with the measure that has most of them; `of` what, and whose."""
    sums, most = values.sum(axis=0), values.argmax(axis=0)
    one, whose = of

    def reason(i: int) -> str:
        if not sums[i]:
            return f"no {one} {whose}"
        where = f", most in {name(counting.measures[most[i]])}" if len(counting.measures) > 1 else ""
        return f"{number(float(sums[i]))} {one if sums[i] == 1 else one + 's'} {whose}{where}"

    return Interest(sums, reason, tuple(notes))
