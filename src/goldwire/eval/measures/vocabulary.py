"""Vocabulary of measures: the units, keys, matches and options that there are, and which go together."""

from __future__ import annotations

from typing import Literal, get_args

Units = Literal[
    "entity",
    "event",
    "argument",
    "attribute",
    "relation",
    "cluster",
    "template",
    "token",
    "document",
    "extension",
]
Triggers = Literal["all", "gold", "matched"]
Labels = Literal["gold", "all"]
Average = Literal["micro", "macro", "weighted", "documents", "both-sided-documents"]
Each = Literal["", "type"]
Bearer = Literal["mention", "event"]
Words = Literal["folded", "exact"]

# The keys of each kind of unit, in the order of the string form.
KEYS: dict[Units, tuple[str, ...]] = {
    "entity": ("span", "surface", "type"),
    "event": ("trigger", "type"),
    "argument": ("trigger", "type", "role", "span"),
    "attribute": ("span", "trigger", "type"),
    "relation": ("type", "source", "target", "entity"),
    "cluster": ("span", "trigger"),
    "template": ("surface", "type", "role"),
    "token": ("span", "type"),
    "document": ("type",),
}
ATTRIBUTED = ("entity", "event", "attribute")  # units whose key may name attributes besides
CLUSTERINGS = ("muc", "b3", "ceaf-e", "ceaf-m", "blanc", "lea", "conll")
MEANS = ("blanc", "conll")  # counted in parts, of whose F the mean is taken
BY_TYPE = ("macro", "weighted")  # the averages over types
BOTH_SIDED: Average = "both-sided-documents"  # the mean over documents in which both sides have a unit
TEMPLATES = ("ceaf-ree", "ceaf-rme-subset", "ceaf-rme-phi3")
_SPANS = (
    "exact",
    "overlap",
    "iou",
    "token-iou",
    "gold-overlap",
    "edit-similarity",
    "dice",
    "token-dice",
    "partial",
    "extended",
    "head",
)
FORMS = ("bag", "any-place")  # the matches of units by what they say alone, as a multiset and as a set
# Their keys, of mentions and of events; `form` is no attribute in them: an ontology may have one of the name.
FORM_KEYS: dict[str, tuple[str, ...]] = {"entity": ("form", "type"), "event": ("type",)}
MATCHES: dict[Units, tuple[str, ...]] = {
    "entity": (*_SPANS, "first-overlap", *FORMS),
    "event": (*_SPANS, "bag"),
    "argument": (*_SPANS, "coref"),
    "attribute": ("exact",),
    "relation": ("exact", "coref"),
    "cluster": CLUSTERINGS,
    "template": TEMPLATES,
    "token": ("exact",),
    "document": ("exact",),
}
DICES = ("dice", "token-dice")  # the matches with the Dice coefficient as credit
WORDY = ("token-iou", "token-dice", "extended", "head")  # the matches that look at tokens
THRESHOLDS = ("iou", "token-iou", "gold-overlap", "edit-similarity")  # the matches that need a threshold

# What the key of each kind of unit must hold: at least one of each group.
NEEDED: dict[Units, tuple[tuple[str, ...], ...]] = {
    "entity": (("span", "surface"),),
    "event": (("trigger",),),
    "argument": (("span",),),
    "attribute": (("span", "trigger"),),
    "relation": (("type",), ("source",), ("target",)),
    "cluster": (("span", "trigger"),),
    "template": (("role",),),
    "token": (("type",),),
    "document": (("type",),),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "each": ("type",),
    "words": get_args(Words),
    "triggers": get_args(Triggers),
    "labels": get_args(Labels),
    "average": get_args(Average),
}
