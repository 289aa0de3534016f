"""Several annotators' layers into one: what all agree on is taken, the rest listed for somebody to decide."""

from goldwire.annotate.adjudicate.decisions import Disagreement
from goldwire.annotate.adjudicate.judge import TOOL
from goldwire.annotate.adjudicate.merge import Adjudicated, adjudicate
from goldwire.annotate.adjudicate.views import name

__all__ = ["TOOL", "Adjudicated", "Disagreement", "adjudicate", "name"]
