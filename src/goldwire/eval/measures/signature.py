"""Signatures: what somebody else needs to get the same number: measure, policies, data.

entity:span+type@exact|avg:micro|duplicates:set|…|corpus:mazar-2021@1.0#93ab…|goldwire:0.1.0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from goldwire import __version__
from goldwire.eval.measures import installed
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.vocabulary import BY_TYPE, WORDY

HEAD_RULE = "en-1"  # the rule of `counting.heads`; goes up when it changes
TOKENS = "goldwire-1"  # the tokens of `corpora.offsets`; goes up when they change
# What holds for every scoring. `Policies` of `score` adds what the caller chose.
POLICIES: dict[str, str] = {
    "missing": "empty",  # a document without a line in the system layer counts as one without units
    "excluded": "left-out",  # units that touch an excluded region are no units, on either side
    "empty": "undefined",  # no gold and no system unit: None, out of the mean over documents, in micro
    "unknown": "spurious",  # a label that only the system has is counted against it
}
# What held for records of format 1, which do not name these policies.
FORMAT_1: dict[str, str] = {"unjudged": "empty", "drafts": "counted", "rejected": "left-out"}
PACKAGE = "package"  # the key of the package and version of a measure that an installed package counts
TAGS = "tags-as"  # the policy by which all tags were read that layers came with, where a suite names one


def signature(
    measure: Measure, policies: Mapping[str, str], data: Mapping[str, str], tokens: str = TOKENS
) -> str:
    """The signature of a number: `key:value` pairs in a fixed order, joined by `|`.

    `tokens` says which were counted, by measures of tokens.

    >>> from goldwire.eval.measures.measure import parse
    >>> signature(parse("TC"), {"duplicates": "set"}, {"corpus": "news@1.0#0f3a"})
    'event:trigger+type@exact|avg:micro|beta:1|duplicates:set|corpus:news@1.0#0f3a|goldwire:...'
    """
    return "|".join(
        [
            str(measure.counted),
            *(f"{key}:{value}" for key, value in _settings(measure, tokens)),
            *(f"{key}:{value}" for key, value in sorted(policies.items())),
            *(f"{key}:{value}" for key, value in data.items()),
            f"goldwire:{__version__}",
        ]
    )


def _settings(measure: Measure, tokens: str) -> Iterable[tuple[str, str]]:
    """What else decides the number: the average, beta, and the rules of the match."""
    yield "avg", measure.average
    if measure.average in BY_TYPE:
        yield "labels", measure.labels
        if measure.minimum:
            yield "minimum", str(measure.minimum)
    yield "beta", f"{measure.beta:g}"
    if measure.match == "head":
        yield "head", HEAD_RULE
    if measure.match in WORDY or measure.units == "token":
        yield "tokens", tokens if measure.units == "token" else TOKENS
    if measure.is_extension:
        yield PACKAGE, installed.release(measure)


def release(signature: str) -> str | None:
    """The package and version that counted, as a signature has it; None where Goldwire did.

    >>> release("acme:tall|avg:micro|beta:1|package:acme@1.2|goldwire:0.1.0")
    'acme@1.2'
    """
    parts = (part.partition(":") for part in signature.split("|"))
    return next((value for key, _, value in parts if key == PACKAGE), None)
