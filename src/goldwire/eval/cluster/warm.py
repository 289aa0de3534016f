"""Processes of systems that a worker keeps open from one part to the next.

One set for each system and state, for one part at a time. They end when no part has come for some time, when
another system comes, when one failed, or with the worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from goldwire.eval.systems.plan import Plan
from goldwire.eval.systems.pool import Pool
from goldwire.eval.systems.run import open_pool

IDLE = 30.0  # seconds without a part after which processes end
_LOCK = threading.Lock()
_FREE: dict[bytes, tuple[Pool, threading.Timer]] = {}


@contextmanager
def warm(plan: Plan) -> Iterator[Pool]:
    """The processes of a plan: those that an earlier part has left open, or new ones."""
    key = msgspec.msgpack.encode((plan.job, plan.workers, plan.system.timeout))
    _end_others(key)
    pool = _take(key) or open_pool(plan)
    try:
        yield pool
    except BaseException:
        pool.__exit__()
        raise
    _leave(key, pool)


def _take(key: bytes) -> Pool | None:
    with _LOCK:
        found = _FREE.pop(key, None)
    if found is None:
        return None
    pool, timer = found
    timer.cancel()
    return pool


def _leave(key: bytes, pool: Pool) -> None:
    timer = threading.Timer(IDLE, end, [key, pool])
    timer.daemon = True
    with _LOCK:
        before = _FREE.get(key)
        _FREE[key] = pool, timer
    timer.start()
    if before is not None:  # of another thread
        before[1].cancel()
        before[0].__exit__()


def end(key: bytes, pool: Pool) -> None:
    """End the processes of a pool, if it is not at work again."""
    with _LOCK:
        found = _FREE.get(key)
        if found is None or found[0] is not pool:
            return
        del _FREE[key]
    found[1].cancel()
    pool.__exit__()


def _end_others(key: bytes) -> None:
    """End what other systems have left: their memory is needed."""
    with _LOCK:
        others = [(other, pool) for other, (pool, _) in _FREE.items() if other != key]
    for other, pool in others:
        end(other, pool)
