"""Training on what people have finished: in the background, and the new state takes over when it is open.

What is learnt from is a layer of its own, `training/NAME`: of each document the line of gold or, where there
is none, that of the person who has finished the most. A training that fails leaves what was there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

import msgspec

from goldwire.annotate.backend.predictions import Suggester, Tell
from goldwire.corpora.errors import CorpusError, ExtractorError, GoldwireError
from goldwire.corpora.store import Corpus, open_corpus, writing
from goldwire.corpora.types import Annotations
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems.config import System
from goldwire.eval.systems.extractor import can_save
from goldwire.eval.systems.run import make_plan
from goldwire.eval.systems.service import Service

GOLD, PEOPLE = "gold", "annotator/"
PATIENCE = 60.0  # seconds that what the old state is asked for may take until it is closed
GRACE = 5.0  # seconds for a training on its way when all is to end; what it leaves undone harms nothing
_LOOK = 0.2  # seconds between two looks whether all is to end


def check(system: System) -> None:
    """Raise `ExtractorError` unless a system learns from a layer of the corpus."""
    if not can_save(system.spec):
        raise ExtractorError(f"--train {system.name}={system.spec}: it learns nothing; `sklearn` does")
    if "load" in system.options or "layer" in system.options:
        raise ExtractorError(
            f"--train {system.name}: leave out `load` and `layer`: it learns from what is finished"
        )


class Trainer:
    """Trains a system whenever it is told to, once at a time, and has it take over.

    `pull` brings what people have finished into the corpus first. Use it in a `with` statement.
    """

    def __init__(
        self,
        corpus: Corpus,
        suggester: Suggester,
        system: System,
        *,
        pull: Callable[[], None],
        tell: Tell,
    ) -> None:
        self._corpus, self._suggester, self._system = corpus, suggester, system
        self._pull, self._tell = pull, tell
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._trains = self._again = self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._ended, self._again = True, False
        if self._thread is not None:
            self._thread.join(GRACE)

    def start(self) -> str:
        """Begin a training, or another one after that which goes on; what is said of it."""
        with self._lock:
            if self._trains:
                self._again = True
                return "training goes on; another one follows"
            self._trains = True
            self._thread = threading.Thread(target=self._train_all, name="training", daemon=True)
            self._thread.start()
        return "training begins"

    def _train_all(self) -> None:
        while True:
            try:
                self._tell(f"training: {self._train()}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the old system goes on and it is told
                why = str(error) if isinstance(error, GoldwireError) else repr(error)
                if not self._ended:
                    self._tell(f"training failed, {self._suggester.service.version} goes on: {why}")
            with self._lock:
                self._trains, self._again = self._again, False
                if not self._trains:
                    return

    def _train(self) -> str:
        """Train, and swap when the new state is open; what is said of it."""
        old = self._suggester.service
        self._pull()
        layer, documents = write_layer(self._corpus, self._system.name)
        system = msgspec.structs.replace(self._system, options={**self._system.options, "layer": layer})
        plan = make_plan(open_corpus(self._corpus.path), system)
        learnt = f"{self._system.name} on {amount(documents, 'document')}"
        if plan.state == old.plan.state and plan.system.name == old.plan.system.name:
            return f"{learnt}: nothing new to learn, {old.version} goes on"
        new = Service(self._corpus, plan, self._tell).open()
        try:
            new.wait_open(lambda: self._ended)
        except BaseException:
            new.close()
            raise
        self._suggester.service = new
        self._retire(old)
        return f"{learnt}: {new.version} takes over from {old.version}"

    def _retire(self, old: Service) -> None:
        """Close the old state when it has done what it is asked for, or that takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not (old.wait_idle(_LOOK) or self._ended or time.monotonic() > deadline):
            pass
        old.close()


def write_layer(corpus: Corpus, name: str) -> tuple[str, int]:
    """Write what is finished as a layer; its name, and how many documents it has.

    Raises `CorpusError` if nothing is.
    """
    layer = f"training/{name}"
    with writing(open_corpus(corpus.path), "annotate backend: training") as now:
        found = finished(now)
        if not found:
            raise CorpusError(
                f"{corpus.path}: nothing to learn from: nobody has finished a document, and there is no gold"
            )
        now.write_layer(layer, [found[document.id] for document in now.documents() if document.id in found])
    return layer, len(found)


def finished(corpus: Corpus) -> dict[str, Annotations]:
    """What is finished of each document: gold, else the line of whoever has finished the most of all."""
    people = [corpus.fitting(name)[0] for name in corpus.layers() if name.startswith(PEOPLE)]
    found: dict[str, Annotations] = {}
    for lines in sorted(people, key=len):
        found |= lines
    return found | (corpus.fitting(GOLD)[0] if GOLD in corpus.layers() else {})
