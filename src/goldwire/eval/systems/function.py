"""Functions of this process run as systems: what a notebook holds cannot be sent to a worker.

Its exceptions cost the document at hand, as those of any system do; nothing limits its time or memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from goldwire.corpora.errors import ExtractorError, GoldwireError, InputTypeError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems import journal
from goldwire.eval.systems.adapters.object import Plugin
from goldwire.eval.systems.config import System
from goldwire.eval.systems.extractor import Extractor, Output
from goldwire.eval.systems.plan import make_plan
from goldwire.eval.systems.pool import Finished, Happening, Started
from goldwire.eval.systems.run import Outcome, Progress, carry_out
from goldwire.eval.systems.spec import Spec
from goldwire.eval.systems.worker import ready, run_batch

KIND = "function"  # of the spec that facts and layers name: nothing can be run by it


class Converted(Plugin):
    """A foreign object whose outputs are put into the simple form."""

    def __init__(self, name: str, version: str, target: Any, convert: Callable[[Any], Output]) -> None:
        super().__init__(name, version, target)
        self._convert = convert

    def extract(self, documents: Sequence[Document]) -> Iterable[Output]:
        """What the object gives, converted one by one."""
        return map(self._convert, super().extract(documents))


class InProcess:
    """Runs documents through an extractor of this process."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    def run(self, documents: Sequence[Document]) -> Iterator[Happening]:
        """What happens, document by document; `ExtractorError` if the system says that it cannot go on."""
        yield Started(ready(self._extractor, time.perf_counter()), 0.0)
        size = max(1, getattr(self._extractor, "batch", 1))
        for first in range(0, len(documents), size):
            try:
                results = list(run_batch(self._extractor, documents[first : first + size], None))
            except ExtractorError:
                raise
            except GoldwireError as error:
                raise ExtractorError(f"{self._extractor.name}: {error}") from error
            yield from (Finished(first + number, result) for number, result in enumerate(results))


def run_function(
    corpus: Corpus,
    name: str,
    function: Any,
    *,
    version: str | None = None,
    convert: Callable[[Any], Output] = lambda output: output,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    allow_failures: int | str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Run a function of one document, or an object with `extract(documents)`; its layer is `system/NAME`.

    `convert` makes the simple form, or Annotations, of whatever it gives for a document.
    Its output is kept in a journal only where a `version` says when it is the same: then documents that
    succeeded are not run again. Raises `ExtractorError` if it cannot go on or no document succeeded.
    """
    if isinstance(function, type) or not (callable(function) or hasattr(function, "extract")):
        raise InputTypeError(
            f"{name}: got {function!r}; expected a spec, a function of a document or an object with `extract`"
        )
    called = getattr(function, "__qualname__", type(function).__qualname__)
    system = System(name=name, spec=Spec(KIND, called), allow_failures=allow_failures)
    plan = make_plan(corpus, system, seed=seed, what=[KIND, called, version])
    how: dict[str, Any] = {"fresh": fresh, "keep_going": keep_going, "progress": progress}
    runner = InProcess(Converted(called, version or "", function, convert))
    if version is None:
        return carry_out(corpus, plan, runner, journal.Unkept(), **how)
    with journal.open_journal(journal.path_of(corpus, name, plan.state)) as kept:
        return carry_out(corpus, plan, runner, kept, **how)
