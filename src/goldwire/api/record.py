"""Records that answer by the names that were asked for, show themselves and give data frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

import msgspec

from goldwire.corpora.errors import InputTypeError, InputValueError, JudgementError, among
from goldwire.corpora.store import Corpus
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.comparison.keeping import home_of
from goldwire.eval.measures.measure import Measure, name, parse
from goldwire.eval.measures.phrases import interval, points
from goldwire.eval.scoring import files
from goldwire.eval.scoring import record as stored
from goldwire.eval.scoring.record import Result
from goldwire.eval.statistics.figures import Score

if TYPE_CHECKING:
    import polars as pl

    from goldwire.api.show import Page, Plot


class Interval(NamedTuple):
    """The ends of a 95 % interval; None where too few documents say anything."""

    low: float | None
    high: float | None


class Figures(msgspec.Struct, frozen=True):
    """What a measure says of a system, by the measure's own average; None is undefined."""

    result: Result

    @property
    def measure(self) -> Measure:
        """The measure."""
        return parse(self.result.measure)

    @property
    def f(self) -> float | None:
        """F, by the measure's own beta."""
        return self.result.value

    @property
    def f1(self) -> float | None:
        """F1; `InputValueError` if the measure has another beta."""
        if self.measure.beta != 1:
            raise InputValueError(f"{self.result.measure} has F with beta {self.measure.beta:g}: ask for .f")
        return self.f

    @property
    def score(self) -> Score:
        """Precision, recall and F with the sums behind them."""
        return self.result.averages.get(self.measure.average, Score(f=self.f))

    @property
    def precision(self) -> float | None:
        """How much of what the system has is right."""
        return self.score.precision

    @property
    def recall(self) -> float | None:
        """How much of what gold has was found."""
        return self.score.recall

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of F; None if it was not worked out."""
        return self.intervals.get("f")

    @property
    def intervals(self) -> dict[str, Interval]:
        """The 95 % intervals by figure: precision, recall, f."""
        return {figure: Interval(ends.low, ends.high) for figure, ends in self.result.intervals.items()}

    @property
    def types(self) -> dict[str, Score]:
        """The figures by type."""
        return {label: score for label, score in self.result.labels.items() if label}

    @property
    def signature(self) -> str:
        """What must be the same for the number to be the same."""
        return self.result.signature

    def __repr__(self) -> str:
        ends = f" ({interval(*self.interval)})" if self.interval and self.interval.low is not None else ""
        figures = f"P {points(self.precision)} R {points(self.recall)} F {points(self.f)}{ends}"
        return f"{self.result.system}, {name(self.measure)}: {figures}\n{self.signature}"


class Record(stored.Record, frozen=True, kw_only=True, dict=True):
    """One scoring of one or more systems, as `goldwire eval score` writes it.

    `record[system, measure]` are the figures of a system by a measure, asked for by any of its names;
    `record[system]` is the record of that system alone; where there is one, `record[measure]` will do.
    """

    @classmethod
    def of(cls, record: stored.Record, corpus: Corpus | None = None) -> Self:
        """A record as the front door has it; `corpus` is where texts for its report are."""
        whole = files.plain(record)
        made = cls(**{field: getattr(whole, field) for field in whole.__struct_fields__})
        if corpus is not None:
            made.__dict__["_corpus"] = corpus  # beside the fields, as what is worked out of them
        return made

    @property
    def home(self) -> Corpus | None:
        """The corpus that it was scored on, if that is at hand."""
        found: Corpus | None = self.__dict__.get("_corpus")
        return found

    @overload
    def __getitem__(self, asked: tuple[str, str | Measure] | Measure) -> Figures: ...
    @overload
    def __getitem__(self, asked: str) -> Any: ...
    def __getitem__(self, asked: Any) -> Any:
        if isinstance(asked, tuple):
            if len(asked) != 2:  # noqa: PLR2004 - a system and a measure
                raise InputTypeError(f"got {asked!r}; expected record[system, measure]")
            return Figures(self.result(*asked))
        if isinstance(asked, Measure):
            return Figures(self.result(self._only(), asked))
        if not isinstance(asked, str):
            raise InputTypeError(f"got {asked!r}; expected record[system, measure] or record[system]")
        try:
            system = self.called(asked)
        except JudgementError:
            if not _is_measure(asked):
                raise
            return Figures(self.result(self._only(), asked))
        return self.only(system)

    def _only(self) -> str:
        """The name of the only system."""
        names = [contender.name for contender in contenders({"": self})]
        if len(names) > 1:
            raise InputValueError(
                f"there are {len(names)} systems: ask for record[system, measure]{among('', names)}"
            )
        return names[0]

    def only(self, system: str) -> Record:
        """The record of one of its systems alone, with its runs where it has some."""
        name = self.called(system)
        layers = self.runs_of(name) or (name,)
        kept = {
            field: tuple(item for item in getattr(self, field) if item.system in layers)
            for field in ("counts", "rejections", "results", "confusions", "findings")
        }
        slices = tuple(
            msgspec.structs.replace(part, counts=tuple(one for one in part.counts if one.system in layers))
            for part in self.slices
        )
        return Record.of(
            msgspec.structs.replace(
                self,
                systems=tuple(item for item in self.systems if item.name in layers),
                runs=tuple(several for several in self.runs if several.system == name),
                slices=slices,
                **kept,
            ),
            self.home,
        )

    # ------------------------------------------------------------ what it gives

    def frame(self, table: str = "scores") -> pl.DataFrame:
        """A table as a polars frame: scores, types, slices, documents, confusion or errors.

        Shares are of one, undefined is null.
        """
        from goldwire.api.tables import frame

        return frame(self, table)

    def report(self, corpus: Corpus | str | Path | None = None, *, seed: int = 0) -> Page:
        """The report as a page: shown by a notebook, kept by `.save("report.html")`.

        With its corpus at hand, which may be named, it has texts and examples.
        """
        from goldwire.api.show import make_page

        return make_page(self, self.home if corpus is None else corpus, seed=seed)

    def plot(self, what: str = "scores", measure: str | Measure | None = None) -> Plot:
        """A drawing: `scores` by a measure (the first if none is named), `errors` or their `causes`."""
        from goldwire.api.show import draw

        return draw(self, what, measure)

    def write(self, path: str | Path) -> Path:
        """Put the record at `path`, whole or not at all."""
        return files.write_record(self, Path(path))

    def __repr__(self) -> str:
        from goldwire.api.show import text

        return text(self)

    def _repr_html_(self) -> str:
        from goldwire.api.show import html

        return html(self)


def _is_measure(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def read_record(path: str | Path) -> Record:
    """The record in a file, as `goldwire eval score` or `record.write` wrote it."""
    from goldwire.corpora.store import open_corpus

    found = files.read_record(Path(path))
    home = home_of(Path(path))
    return Record.of(found, None if home is None else open_corpus(home))
