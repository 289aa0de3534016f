"""What a worker of a campaign loads: it notes each piece that it begins and ends, and stays a while within.

A line is the process, `begin` or `end`, and the module that the piece is of: `run` or `score`. It is written
by one call, so that lines of several processes do not mix, and the last of a killed one says where it was.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldwire.eval.cluster import engine, run, score

LOG = "GOLDWIRE_CAMPAIGN_LOG"  # the variable that names the file
STAY = 0.6  # seconds, at most, after each step: a block is counted in a few hundredths


def note(path: Path, what: str, kind: str) -> None:
    """Add a line."""
    with path.open("ab", buffering=0) as log:
        log.write(f"{os.getpid()} {what} {kind}\n".encode())


def noting(path: Path, carry_out: Callable[..., bytes]) -> Callable[..., bytes]:
    """What carries a piece out, with a line before and after."""

    def noted(work: Any, *given: Any) -> bytes:
        kind = work.__module__.rpartition(".")[2]
        note(path, "begin", kind)
        answer = carry_out(work, *given)
        note(path, "end", kind)
        return answer

    return noted


def staying(step: Callable[..., Any]) -> Callable[..., Any]:
    """A step after which the process stays a while, with what it has."""

    def stayed(*given: Any, **how: Any) -> Any:
        found = step(*given, **how)
        time.sleep(random.uniform(0, STAY))
        return found

    return stayed


def dask_setup(_: Any) -> None:
    """Called by Dask in each worker that begins."""
    engine.carry_out = noting(Path(os.environ[LOG]), engine.carry_out)  # type: ignore[assignment]
    for module, step in ((score, "read_block"), (score, "score_block"), (run, "run_part")):
        setattr(module, step, staying(getattr(module, step)))
