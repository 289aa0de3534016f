"""Comparison of prompts and models from all their combinations: main effects, interactions, and the best.

A level's figure is the mean over the levels of the other factor of which all combinations are there. Levels
are tested two by two, over documents and runs (see `statistics.factorial`), with Holm's correction over all
pairs of a factor; an interaction is how far the difference of two prompts is another with one model than with
another one, corrected over all such fours. Combinations are told apart as any systems (see `compare`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from statistics import fmean
from typing import Literal

import msgspec

from goldwire.eval.comparison.compare import Comparison, compare_systems
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.phrases import listed, signed
from goldwire.eval.scoring.record import Interval, Record
from goldwire.eval.scoring.several import look
from goldwire.eval.statistics import factorial
from goldwire.eval.statistics.contrast import holm
from goldwire.eval.statistics.factorial import Effect, Part
from goldwire.eval.statistics.figures import FIGURES
from goldwire.eval.statistics.power import ALPHA
from goldwire.eval.statistics.runs import Runs, Spread

F = FIGURES.index("f")
Factor = Literal["prompt", "model"]
Cells = Mapping[tuple[str, str], str]  # the name of a combination, by model and prompt


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Level(_Struct, frozen=True):
    """A prompt, or a model: its F in the mean over levels of the other factor.

    Its interval is the mean of those of its combinations: no wider would do if they erred alike.
    """

    factor: Factor
    name: str
    value: float | None
    low: float | None
    high: float | None


class Step(_Struct, frozen=True):
    """From one level to another, which ranks lower: the difference of their means, `p` corrected by Holm."""

    factor: Factor
    first: str
    second: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None

    @property
    def decided(self) -> bool:
        """Whether it is more than chance."""
        return self.p_holm is not None and self.p_holm <= ALPHA


class Interaction(_Struct, frozen=True):
    """How much more the second prompt gains on the first with the second model than with the first one.

    `gains` are the two differences that this is the difference of: with the first model, with the second.
    """

    prompts: tuple[str, str]
    models: tuple[str, str]
    difference: float | None
    gains: tuple[float | None, float | None]
    p: float | None
    p_holm: float | None

    @property
    def decided(self) -> bool:
        """Whether it is more than chance."""
        return self.p_holm is not None and self.p_holm <= ALPHA


class MatrixResult(_Struct, frozen=True):
    """What a matrix says: `levels` best first, `steps` between them, and the combinations side by side.

    `prompts` and `models` are those that main effects are of; `left_out` of them are those of which a
    combination is missing.
    """

    levels: tuple[Level, ...]
    steps: tuple[Step, ...]
    interactions: tuple[Interaction, ...]
    comparison: Comparison
    prompts: tuple[str, ...]
    models: tuple[str, ...]
    left_out: tuple[str, ...]


class _Table:
    """The combinations that main effects are of."""

    def __init__(self, cells: Cells, found: Mapping[str, Runs], spreads: Mapping[str, Spread]) -> None:
        self._cells, self._found, self._spreads = cells, found, spreads
        self.models, self.prompts = complete(cells, found)

    def mean(self, factor: Factor, name: str, weight: float = 1.0) -> list[Part]:
        """The parts of a level's mean."""
        where = self._where(factor, name)
        return [self.part(model, prompt, weight / len(where)) for model, prompt in where]

    def names(self, factor: Factor, name: str) -> list[str]:
        """The combinations of a level."""
        return [self._cells[place] for place in self._where(factor, name)]

    def _where(self, factor: Factor, name: str) -> list[tuple[str, str]]:
        others = self.models if factor == "prompt" else self.prompts
        return [(other, name) if factor == "prompt" else (name, other) for other in others]

    def part(self, model: str, prompt: str, weight: float) -> Part:
        """A combination in an effect."""
        name = self._cells[model, prompt]
        return Part(self._found[name], self._spreads[name], weight)


def analyse(record: Record, cells: Cells, *, seed: int = 0) -> MatrixResult:
    """What a record of combinations says under its first measure; it may lack some of the `cells`."""
    measure = parse(record.measures[0])
    systems = [one for one in contenders({"": record}) if one.name in set(cells.values())]
    runs = _runs(systems, record)
    spreads = dict(zip(runs, factorial.known_spreads(list(runs.values()), F), strict=True))
    table = _Table(cells, runs, spreads)
    comparison = compare_systems(systems, measure, seed=seed)
    gone = [f"model {model}" for model in dict.fromkeys(m for m, _ in cells) if model not in table.models]
    gone += [f"prompt {one}" for one in dict.fromkeys(p for _, p in cells) if one not in table.prompts]
    ends = {standing.system: standing.interval for standing in comparison.standings}
    levels = [*_levels(table, "prompt", ends), *_levels(table, "model", ends)]
    return MatrixResult(
        levels=tuple(levels),
        steps=(*_steps(table, levels, "prompt"), *_steps(table, levels, "model")),
        interactions=tuple(_interactions(table)),
        comparison=comparison,
        prompts=table.prompts,
        models=table.models,
        left_out=tuple(gone),
    )


def _runs(systems: Sequence[Contender], record: Record) -> dict[str, Runs]:
    measure = parse(record.measures[0])
    counts = {system.name: system.each(measure) for system in systems}
    labels = sorted({label for each in counts.values() for one in each for label in one.labels})
    found = {name: look(each, measure, record.groups, labels) for name, each in counts.items()}
    return {name: one for name, one in found.items() if one is not None}


def complete(cells: Cells, found: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The most models and prompts of which all combinations are there: levels with gaps go, worst first.

    >>> cells = {(model, prompt): model + prompt for model in "mno" for prompt in "ab"}
    >>> complete(cells, dict.fromkeys(["ma", "mb", "na", "nb", "oa"]))
    (('m', 'n'), ('a', 'b'))
    """
    models = list(dict.fromkeys(model for model, _ in cells))
    prompts = list(dict.fromkeys(prompt for _, prompt in cells))
    while gaps := [(m, p) for m, p in product(models, prompts) if cells.get((m, p)) not in found]:
        of_models = {m: sum(one == m for one, _ in gaps) / len(prompts) for m in models}
        of_prompts = {p: sum(one == p for _, one in gaps) / len(models) for p in prompts}
        model, prompt = max(models, key=of_models.__getitem__), max(prompts, key=of_prompts.__getitem__)
        if of_models[model] >= of_prompts[prompt]:
            models.remove(model)
        else:
            prompts.remove(prompt)
    return (tuple(models), tuple(prompts)) if models and prompts else ((), ())


def _levels(table: _Table, factor: Factor, ends: Mapping[str, Interval | None]) -> list[Level]:
    names = table.prompts if factor == "prompt" else table.models
    made = [_level(table, factor, name, ends) for name in names]
    return sorted(made, key=lambda level: (-(level.value if level.value is not None else -1.0), level.name))


def _level(table: _Table, factor: Factor, name: str, ends: Mapping[str, Interval | None]) -> Level:
    known = [ends.get(cell) for cell in table.names(factor, name)]
    lows = [one.low for one in known if one is not None and one.low is not None]
    highs = [one.high for one in known if one is not None and one.high is not None]
    whole = len(lows) == len(highs) == len(known)
    return Level(
        factor=factor,
        name=name,
        value=factorial.effect(table.mean(factor, name), F).value,
        low=fmean(lows) if whole else None,
        high=fmean(highs) if whole else None,
    )


def _steps(table: _Table, levels: Sequence[Level], factor: Factor) -> Iterator[Step]:
    """Each pair of levels, the lower one less the higher."""
    names = [level.name for level in levels if level.factor == factor]
    pairs = list(combinations(names, 2))
    found = [
        factorial.effect([*table.mean(factor, two), *table.mean(factor, one, -1.0)], F) for one, two in pairs
    ]
    corrected = holm([one.p for one in found])
    for (one, two), effect, p in zip(pairs, found, corrected, strict=True):
        yield Step(
            factor=factor,
            first=one,
            second=two,
            difference=effect.value,
            low=effect.low,
            high=effect.high,
            p=effect.p,
            p_holm=p,
        )


def _interactions(table: _Table) -> Iterator[Interaction]:
    fours = list(product(combinations(table.prompts, 2), combinations(table.models, 2)))
    found = [_interaction(table, prompts, models) for prompts, models in fours]
    corrected = holm([effect.p for effect, _ in found])
    for (prompts, models), (effect, gains), p in zip(fours, found, corrected, strict=True):
        yield Interaction(
            prompts=prompts, models=models, difference=effect.value, gains=gains, p=effect.p, p_holm=p
        )


def _interaction(
    table: _Table, prompts: tuple[str, str], models: tuple[str, str]
) -> tuple[Effect, tuple[float | None, float | None]]:
    """The difference of two gains, and the gains."""

    def gain(model: str, weight: float) -> list[Part]:
        return [table.part(model, prompts[1], weight), table.part(model, prompts[0], -weight)]

    first, second = (factorial.effect(gain(model, 1.0), F).value for model in models)
    return factorial.effect([*gain(models[1], 1.0), *gain(models[0], -1.0)], F), (first, second)


# ---------------------------------------------------------------- what it says
def sentences(found: MatrixResult) -> Iterator[str]:
    """What follows for people: the effects, whether they mislead, and the best."""
    for factor, names in (("prompt", found.prompts), ("model", found.models)):
        if len(names) > 1:
            yield _ahead(found, "prompt" if factor == "prompt" else "model")
    misleading = sorted((one for one in found.interactions if one.decided), key=lambda one: one.p_holm or 0.0)
    if misleading:
        yield _misleads(misleading[0], len(misleading))
    yield found.comparison.sentence
    if found.left_out:
        yield (
            f"Main effects leave out the {listed(found.left_out)}, of which combinations are missing: a mean "
            "over other levels than those of the rest would compare unlike with unlike."
        )


def _ahead(found: MatrixResult, factor: Factor) -> str:
    steps = [step for step in found.steps if step.factor == factor]
    first = next(level.name for level in found.levels if level.factor == factor)
    behind = [step for step in steps if step.first == first]
    others = found.models if factor == "prompt" else found.prompts
    over = f"in the mean over {listed(others)}" if len(others) > 1 else f"with {others[0]}"
    if all(step.decided for step in behind):
        return f"The {factor} {first} is ahead of {listed([s.second for s in behind])} {over}, beyond chance."
    near = listed([step.second for step in behind if not step.decided])
    return f"The {factor} {first} is not told apart from {near} {over}."


def _misleads(one: Interaction, number: int) -> str:
    gains = zip(one.gains, one.models, strict=True)
    told = " and ".join(f"{signed(gain)} with {model}" for gain, model in gains)
    more = f", and {number - 1} more of that kind" if number > 1 else ""
    return (
        f"Main effects mislead: from {one.prompts[0]} to {one.prompts[1]} it is {told}, which differ beyond "
        f"chance{more}. Judge by the combinations."
    )
