"""Templates: events of a document as roles filled by entities, scored by CEAF-REE and CEAF-RME.

A template is an event, or all events of one cluster; an entity is the set of mentions of one cluster, with
the alternatives of an argument, so that any of them may stand for it. Mentions are places in the text or, as
in MUC, normalised strings.

- CEAF-REE (Du, Rush and Cardie 2021, "GRIT"): the entities of a role over the whole document, aligned one
  to one; an aligned pair counts if the system's is a subset of gold's. Which event they belong to is not
  counted.
- CEAF-RME (Chen et al. 2023, "Iterative Document-level Information Extraction via Imitation Learning"):
  templates are aligned one to one first. With `subset`, system entities that are a subset of an entity
  of the same role in the aligned template count for precision, gold entities that have such a subset for
  recall: several mentions of one gold entity, given as several system entities, are no error. With
  `phi3`, mentions shared by entities aligned one to one count, of all mentions.

The alignment is an assignment, never a search through all permutations (as in the scorer of GTT). Chen et
al.'s released scorer takes a system entity for a subset when one of its mentions agrees; the two differ
only for system entities of several mentions.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from goldwire.corpora.types import Annotations, Event, Mention
from goldwire.eval.counting.align import Pairs, assign
from goldwire.eval.counting.coref import Numbers
from goldwire.eval.counting.rejected import words_at

Entity = frozenset[Any]  # of mentions: anything hashable that sorts
Template = Mapping[str, frozenset[Entity]]
Tallies = dict[str, Numbers]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


# ---------------------------------------------------------------- templates of a layer
def fill(annotations: Annotations, text: str | None = None, *, typed: bool = True) -> list[Template]:
    """The templates of a document; roles are named `Type:role`, or `role` unless `typed`.

    Mentions are known by their spans, or by `normalise` of their surface if the text is given. Roles that
    nothing fills are absent.
    """
    entities = _entities(annotations.mentions, text)
    templates: dict[Hashable, dict[str, set[Entity]]] = {}
    for event in annotations.events:
        template = templates.setdefault(_home(event), {})
        for argument in event.arguments:
            role = f"{event.type}:{argument.role}" if typed else argument.role
            fillers = (entities[id] for id in (argument.mention, *argument.alternatives))
            template.setdefault(role, set()).add(frozenset().union(*fillers))
    return [{role: frozenset(found) for role, found in template.items()} for template in templates.values()]


def _home(item: Event | Mention) -> Hashable:
    return (True, item.id) if item.cluster is None else (False, item.cluster)


def _entities(mentions: Iterable[Mention], text: str | None) -> dict[str, Entity]:
    """The entity that each mention id stands for."""
    clusters: dict[Hashable, set[Hashable]] = {}
    for mention in mentions:
        key = mention.spans if text is None else normalise(words_at(text, mention.spans))
        clusters.setdefault(_home(mention), set()).add(key)
    return {mention.id: frozenset(clusters[_home(mention)]) for mention in mentions}


def normalise(mention: str) -> str:
    """A mention as MUC scorers compare it: lower case, no punctuation, no articles, single spaces.

    >>> normalise("The  U.S. Embassy")
    'us embassy'
    """
    return " ".join(_ARTICLES.sub(" ", mention.lower().translate(_NO_PUNCTUATION)).split())


# ---------------------------------------------------------------- the measures
def ree(gold: Sequence[Template], system: Sequence[Template]) -> Tallies:
    """CEAF-REE of one document, by role."""
    ours, theirs = _pool(gold), _pool(system)
    tallies = {}
    for role in sorted({*ours, *theirs}):
        wanted, given = _in_order(ours.get(role, ())), _in_order(theirs.get(role, ()))
        hits = _best([(i, j, 1) for i, j, shared in _meeting(wanted, given) if shared == len(given[j])])
        tallies[role] = Numbers(hits, len(given), hits, len(wanted))
    return tallies


def rme_subset(gold: Sequence[Template], system: Sequence[Template]) -> Tallies:
    """CEAF-RME with the subset relation, of one document, by role: entities are counted."""
    return _rme(gold, system, _subset_hits, len)


def rme_phi3(gold: Sequence[Template], system: Sequence[Template]) -> Tallies:
    """CEAF-RME with phi3, of one document, by role: mentions are counted."""
    return _rme(gold, system, _phi3_hits, lambda entities: sum(map(len, entities)))


MATCHES: Mapping[str, Callable[[Sequence[Template], Sequence[Template]], Tallies]] = {
    "ceaf-ree": ree,
    "ceaf-rme-subset": rme_subset,
    "ceaf-rme-phi3": rme_phi3,
}

Hits = tuple[int, int]  # on the system's side, on gold's
Hitter = Callable[[frozenset[Entity], frozenset[Entity]], Hits]


def _rme(
    gold: Sequence[Template],
    system: Sequence[Template],
    hitter: Hitter,
    size: Callable[[frozenset[Entity]], int],
) -> Tallies:
    ours, theirs = (sorted(side, key=_sort_key) for side in (gold, system))
    sizes = [_sizes(side, size) for side in (theirs, ours)]
    system_hits: Counter[str] = Counter()
    gold_hits: Counter[str] = Counter()
    for hits in _aligned(ours, theirs, hitter):
        for role, (on_system, on_gold) in hits.items():
            system_hits[role] += on_system
            gold_hits[role] += on_gold
    return {
        role: Numbers(system_hits[role], sizes[0][role], gold_hits[role], sizes[1][role])
        for role in sorted({*sizes[0], *sizes[1]})
    }


def _aligned(gold: Sequence[Template], system: Sequence[Template], hitter: Hitter) -> list[dict[str, Hits]]:
    """The hits by role of templates aligned one to one: most on the system's side, then on gold's."""
    found = {
        (i, j): {role: hitter(gold[i][role], system[j][role]) for role in gold[i].keys() & system[j].keys()}
        for i, j in _touching(gold, system)
    }
    cells = [(i, j, *_total(hits)) for (i, j), hits in found.items()]
    columns = np.array([cell for cell in cells if cell[2]], dtype=np.int64).reshape(-1, 4).T
    chosen = assign(Pairs(columns[0], columns[1], columns[2].astype(np.float64), columns[3]))
    return [found[pair] for pair in zip(chosen.gold.tolist(), chosen.system.tolist(), strict=True)]


def _touching(gold: Sequence[Template], system: Sequence[Template]) -> list[tuple[int, int]]:
    """The pairs of templates that have a mention in the same role."""
    places: dict[tuple[str, Hashable], set[int]] = {}
    for j, template in enumerate(system):
        for role, mention in _mentions(template):
            places.setdefault((role, mention), set()).add(j)
    return sorted(
        {
            (i, j)
            for i, template in enumerate(gold)
            for key in _mentions(template)
            for j in places.get(key, ())
        }
    )


def _mentions(template: Template) -> list[tuple[str, Hashable]]:
    return [(role, m) for role, entities in template.items() for entity in entities for m in entity]


def _total(hits: Mapping[str, Hits]) -> Hits:
    return sum(one for one, _ in hits.values()), sum(other for _, other in hits.values())


def _subset_hits(gold: frozenset[Entity], system: frozenset[Entity]) -> Hits:
    given = list(system)
    subsets = [(i, j) for i, j, shared in _meeting(list(gold), given) if shared == len(given[j])]
    return len({j for _, j in subsets}), len({i for i, _ in subsets})


def _phi3_hits(gold: frozenset[Entity], system: frozenset[Entity]) -> Hits:
    hits = _best(list(_meeting(_in_order(gold), _in_order(system))))
    return hits, hits


def _meeting(gold: Sequence[Entity], system: Sequence[Entity]) -> Iterator[tuple[int, int, int]]:
    """The pairs of entities that have mentions in common, and how many."""
    homes: dict[Any, list[int]] = {}
    for j, entity in enumerate(system):
        for mention in entity:
            homes.setdefault(mention, []).append(j)
    for i, entity in enumerate(gold):
        shared = Counter(j for mention in entity for j in homes.get(mention, ()))
        yield from ((i, j, shared[j]) for j in sorted(shared))


def _best(pairs: Sequence[tuple[int, int, int]]) -> int:
    """The greatest total of a one-to-one choice among (row, column, weight)."""
    rows, columns, weights = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    return int(assign(Pairs(rows, columns, weights.astype(np.float64), weights)).credit.sum())


# ---------------------------------------------------------------- pooling and order
def _pool(templates: Iterable[Template]) -> dict[str, set[Entity]]:
    """The entities of each role over all templates, as sets."""
    pooled: dict[str, set[Entity]] = {}
    for template in templates:
        for role, entities in template.items():
            pooled.setdefault(role, set()).update(entities)
    return pooled


def _sizes(templates: Iterable[Template], size: Callable[[frozenset[Entity]], int]) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for template in templates:
        for role, entities in template.items():
            sizes[role] += size(entities)
    return sizes


def _in_order(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=sorted)


def _sort_key(template: Template) -> Any:
    return [(role, [sorted(e) for e in _in_order(found)]) for role, found in sorted(template.items())]
