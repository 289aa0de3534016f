"""Builders and hypothesis strategies of documents, annotations and corpora, for tests of yours and ours.

>>> met = document("Anna met Tom in Bern.")
>>> gold = annotate(met, ("Anna", "PER"), ("Tom", "PER"), events=[("met", "Meet", {"person": 0})])
>>> [(mention.id, *mention.spans[0]) for mention in gold.mentions], gold.events[0].arguments[0].mention
([('m0', 0, 4), ('m1', 9, 12)], 'm0')

The strategies are in `goldwire.testing.strategies`, which needs hypothesis.
"""

from goldwire.testing.builders import annotate, corpus, document, layer, mention, spans

__all__ = ["annotate", "corpus", "document", "layer", "mention", "spans"]
