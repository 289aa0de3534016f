"""Prediction: a trained model annotates a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goldwire.corpora.sentences import Sentence, sentences, span
from goldwire.corpora.types import Annotations, Argument, Document, Event, Held, Mention
from goldwire.corpora.values import held
from goldwire.corpora.values import parts as values_in
from goldwire.eval.reference.features import Lookup, Unit, attribute_features, pair_features, word_features
from goldwire.eval.reference.linear import Array, Linear, best_sequence, decode_tags
from goldwire.eval.reference.model import Model
from goldwire.eval.reference.train import NO_ROLE, candidates, lexicon_of, tags_of

_DIGITS = 4  # of a score; more would be noise
Scored = list[tuple[Unit, float]]


class Predictor:
    """Applies a model. A score is the probability of the least certain word of a unit, or of a role."""

    def __init__(self, model: Model) -> None:
        self._parts, self._scope = model.parts, model.scope
        self._lookup = Lookup(lexicon_of(model.lexicon))
        self._allowed = {e: {t: list(r) for t, r in types.items()} for e, types in model.allowed.items()}

    def annotate(self, document: Document) -> Annotations:
        """The annotations of one document; the same every time."""
        parts = list(sentences(document.text, document.excluded))
        mentions: Scored = []
        triggers: Scored = []
        for number, sentence in enumerate(parts):
            rows = word_features(sentence, self._lookup)
            found = self._tagged("mentions", rows, number)
            triggers += self._tagged("triggers", rows, number)
            mentions += [*found, *self._inner(sentence, number, found)]
        return self._assemble(document, parts, list(dict.fromkeys(mentions)), triggers)

    def _tagged(self, name: str, rows: list[list[str]], sentence: int) -> Scored:
        model = self._parts.get(name)
        if model is None or not model.labels:
            return []
        probabilities = model.probabilities(rows)
        path = best_sequence(probabilities, model.labels)
        certain = [float(row[label]) for row, label in zip(probabilities, path, strict=True)]
        return [
            (Unit(sentence, first, last, type), min(certain[first : last + 1]))
            for first, last, type in decode_tags([model.labels[label] for label in path])
        ]

    def _inner(self, sentence: Sentence, number: int, outer: Scored) -> Scored:
        """Mentions inside those found; what is no stretch of one, or all of it, is dropped."""
        if not outer:
            return []
        units = [unit for unit, _ in outer]
        rows = word_features(sentence, self._lookup, tags_of(sentence, units))
        return [
            (unit, score)
            for unit, score in self._tagged("inner", rows, number)
            if any(_inside(unit, holder) for holder in units)
        ]

    def _assemble(
        self, document: Document, parts: Sequence[Sentence], mentions: Scored, triggers: Scored
    ) -> Annotations:
        ids = {unit: f"m{i}" for i, (unit, _) in enumerate(mentions, start=1)}
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(
                Mention(
                    id=ids[unit],
                    type=unit.type,
                    spans=(span(parts[unit.sentence], unit.first, unit.last),),
                    attributes=self._attributes("mention", parts, unit),
                    score=round(score, _DIGITS),
                )
                for unit, score in mentions
            ),
            events=tuple(
                Event(
                    id=f"e{i}",
                    type=unit.type,
                    trigger=(span(parts[unit.sentence], unit.first, unit.last),),
                    arguments=tuple(self._arguments(parts, unit, ids, [t for t, _ in triggers])),
                    attributes=self._attributes("event", parts, unit),
                    score=round(score, _DIGITS),
                )
                for i, (unit, score) in enumerate(triggers, start=1)
            ),
        )

    def _arguments(
        self, parts: Sequence[Sentence], trigger: Unit, ids: dict[Unit, str], triggers: Sequence[Unit]
    ) -> Iterator[Argument]:
        model = self._parts.get("arguments")
        near = list(candidates(trigger, list(ids), self._allowed))
        if model is None or not near:
            return
        rows = [pair_features(parts, trigger, mention, list(ids), triggers) for mention, _ in near]
        for (mention, roles), row in zip(near, model.probabilities(rows), strict=True):
            role, score = _likeliest(model, row, roles)
            if role != NO_ROLE:
                yield Argument(role=role, mention=ids[mention], score=round(score, _DIGITS))

    def _attributes(self, on: str, parts: Sequence[Sentence], unit: Unit) -> dict[str, Held]:
        row = attribute_features(parts[unit.sentence], unit)
        found: dict[str, Held] = {}
        for name, types in self._scope.items():
            model = self._parts[name]
            if name.startswith(f"{on}:") and unit.type in types:
                likeliest = int(model.probabilities([row])[0].argmax())
                values = model.labels[likeliest]
                found[name.removeprefix(f"{on}:")] = held(values_in(values)) or values
        return found


def _likeliest(model: Linear, row: Array, roles: Sequence[str]) -> tuple[str, float]:
    """The likeliest of the roles that are allowed, none among them, and its probability."""
    choices = [(float(row[i]), label) for i, label in enumerate(model.labels) if label in (NO_ROLE, *roles)]
    score, role = max(choices, default=(0.0, NO_ROLE))
    return role, score


def _inside(unit: Unit, holder: Unit) -> bool:
    return holder.first <= unit.first and unit.last <= holder.last and unit != holder
