"""What the command line says equals a plain count by the stated policies, whatever is missing or wrong.

Gold may lack documents, skip them or leave drafts; a system may lack or fail on documents and have units
that were rejected. The count below goes by the words of docs/measures.md, with sets and loops, and knows
nothing of tables.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Provenance, Rejected, Span
from goldwire.testing import annotate

TEXT = "one two three four five six seven"
DOCUMENTS = [make_document(f"d{number}", TEXT) for number in range(5)]
SPANS = [(0, 3), (4, 7), (8, 13), (14, 18)]
MEASURES = ("entity", "untyped", "TI", "TC", "AC+")


class Policies(NamedTuple):
    unjudged: str
    drafts: str
    rejected: str


policies = st.builds(
    Policies,
    st.sampled_from(["left-out", "empty"]),
    st.sampled_from(["left-out", "counted"]),
    st.sampled_from(["spurious", "left-out"]),
)
spans = st.sampled_from(SPANS)
typed = st.tuples(st.sampled_from(["A", "B"]), spans)
arguments = st.tuples(st.sampled_from(["r", "s"]), st.integers(0, 1))
events = st.tuples(st.sampled_from(["X", "Y"]), spans, st.lists(arguments, max_size=2))
# A rejected mention or event: in place but for its label, or of words that are not at its offsets.
turned_away = st.tuples(
    st.sampled_from(["mention", "event"]),
    st.sampled_from(["unknown-type", "words-differ"]),
    st.sampled_from(["A", "X", "ODD"]),
    spans,
)
Line = dict[str, Any]
lines = st.fixed_dictionaries(
    {
        "mentions": st.lists(typed, min_size=2, max_size=4, unique=True),
        "events": st.lists(events, max_size=2),
        "rejected": st.lists(turned_away, max_size=3),
    }
)
empty = st.just({"mentions": [], "events": [], "rejected": []})
statuses = st.sampled_from([None, None, None, "skipped", "draft", "missing"])
gold = st.lists(st.tuples(st.one_of(lines, empty), statuses), min_size=5, max_size=5)
outcomes = st.sampled_from([None, None, "missing", "failed"])
system = st.lists(st.tuples(lines, outcomes), min_size=5, max_size=5)


def annotations(document: Any, line: Line, status: str | None) -> Annotations:
    held = line if status != "failed" else {"mentions": [], "events": [], "rejected": []}
    details = {"failed": "it crashed"} if status == "failed" else {}
    return annotate(
        document,
        *((span, type) for type, span in held["mentions"]),
        events=[(span, type, given) for type, span, given in held["events"] if held["mentions"]],
        rejected=tuple(
            Rejected(unit=unit, kind=kind, message="", type=type, spans=(span,), words="?")
            for unit, kind, type, span in held["rejected"]
        ),
        provenance=Provenance(status=status if status in ("skipped", "draft") else None, details=details),
    )


# ---------------------------------------------------------------- the plain count
def units(item: Annotations | None, measure: str) -> set[Any]:
    """The units of a line under a measure; of equal ones there is one."""
    if item is None:
        return set()
    places = {mention.id: mention.spans for mention in item.mentions}
    return {
        "entity": {(m.spans, m.type) for m in item.mentions},
        "untyped": {m.spans for m in item.mentions},
        "TI": {e.trigger for e in item.events},
        "TC": {(e.trigger, e.type) for e in item.events},
        "AC+": {(e.trigger, e.type, a.role, places[a.mention]) for e in item.events for a in e.arguments},
    }[measure]


def wrong(item: Annotations | None, measure: str) -> set[Any]:
    """The rejected units of a line under a measure; one whose place is wrong stands nowhere in the text."""
    found: set[Any] = set()
    for one in item.rejected if item is not None else ():
        in_place = one.kind == "unknown-type"
        place: Any = tuple(Span(*span) for span in one.spans) if in_place else ("nowhere", one.spans)
        kinds = {"mention": ("entity", "untyped"), "event": ("TC", "TI")}[one.unit]
        if measure == kinds[0]:
            found.add((place, one.type))
        elif measure == kinds[1]:
            found.add(place)
    return found


def count(
    gold: dict[str, tuple[Annotations, str | None]],
    system: dict[str, Annotations],
    measure: str,
    chosen: Policies,
) -> list[float | None] | None:
    """Precision, recall and F1, each None where gold has no unit; None where nothing is scored."""
    hits = of_system = of_gold = scored = 0
    for document in DOCUMENTS:
        item, status = gold.get(document.id, (None, "missing"))
        if status in ("skipped", "missing") and chosen.unjudged == "left-out":
            continue
        if status == "draft" and chosen.drafts == "left-out":
            continue
        scored += 1
        right, given = units(item, measure), units(system.get(document.id), measure)
        if chosen.rejected == "spurious":
            given = given | wrong(system.get(document.id), measure)
        hits, of_system, of_gold = hits + len(right & given), of_system + len(given), of_gold + len(right)
    if not scored:
        return None
    if not of_gold:
        return [None, None, None]
    return [
        hits / of_system if of_system else None,
        hits / of_gold,
        2 * hits / (of_system + of_gold),
    ]


# ---------------------------------------------------------------- the property
@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gold=gold, system=system, chosen=policies)
def test_the_command_line_counts_by_the_stated_policies(
    tmp_path_factory: pytest.TempPathFactory, gold: list[Any], system: list[Any], chosen: Policies
) -> None:
    judged = {
        document.id: (annotations(document, line, status), status)
        for document, (line, status) in zip(DOCUMENTS, gold, strict=True)
        if status != "missing"
    }
    given = {
        document.id: annotations(document, line, status)
        for document, (line, status) in zip(DOCUMENTS, system, strict=True)
        if status != "missing"
    }
    corpus = create_corpus(tmp_path_factory.mktemp("c") / "c", Manifest(name="c"), DOCUMENTS)
    corpus.write_layer("gold", [item for item, _ in judged.values()])
    corpus.write_layer("system/s", given.values())
    found = score(corpus, chosen)
    expected = {measure: count(judged, given, measure, chosen) for measure in MEASURES}
    if expected["entity"] is None:
        assert found is None
        return
    assert found == {measure: pytest.approx(figures) for measure, figures in expected.items()}


def score(corpus: Corpus, chosen: Policies) -> dict[str, list[float | None]] | None:
    """What `goldwire eval score` says; None if it says that there is nothing to score."""
    options = [f"--{name}={value}" for name, value in chosen._asdict().items()]
    measures = [option for measure in MEASURES for option in ("--measure", measure)]
    command = ["eval", "score", str(corpus.path), *measures, *options, "--trials", "0", "--json"]
    result = CliRunner().invoke(app, command)
    if isinstance(result.exception, CorpusError):
        assert "judges no document" in str(result.exception)
        return None
    assert result.exit_code == 0, result.output
    results = json.loads(result.stdout)["results"]
    scores = (msgspec.convert(one["averages"]["micro"], dict[str, Any]) for one in results)
    figures = [[score.get(name) for name in ("precision", "recall", "f")] for score in scores]
    return dict(zip(MEASURES, figures, strict=True))
