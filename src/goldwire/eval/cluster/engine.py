"""Passage to Dask: a client of a scheduler, checks of what runs there, parts given out and taken back.

The only module that imports Dask, and late. Workers get functions of ours by name, and bytes; what they give
back is bytes (see `answers`). Nothing of this process's environment is sent: variables that a system needs,
such as keys, are the workers' own.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora import extras
from goldwire.corpora.errors import ClusterError, GoldwireError
from goldwire.eval.cluster import answers, versions
from goldwire.eval.cluster.address import check_listening, parse
from goldwire.eval.cluster.answers import Answer

CONNECT = 10.0  # seconds until what listens is taken for something else than a scheduler
FIRST_WORKER = 5.0  # seconds until a scheduler without workers is told
LOOK = 1.0  # seconds without an answer after which workers are counted anew
NO_WORKER = 60.0  # seconds without any worker until that is an error
AHEAD = 3  # parts a thread that are given out before the first of them is taken
LEAST = 8  # parts given out, however few threads there are
SHOWN = 3  # workers that are named
Work = Callable[
    [bytes, bytes], bytes
]  # what workers do: from what is common to all parts, and the part's own


class Call(NamedTuple):
    """A part that is given out: what it is called, and what it is, encoded."""

    name: str
    own: bytes


# ---------------------------------------------------------------- on a worker
def carry_out(work: Work, expected: Mapping[str, str], common: bytes, own: bytes) -> bytes:
    """The answer of the worker this runs on; one of other versions computes nothing."""
    return _answer(_this_worker().address, expected, lambda: work(common, own))


def _answer(where: str, expected: Mapping[str, str], work: Callable[[], bytes]) -> bytes:
    try:
        _check_versions(expected)
        return answers.encode(Answer(result=work()))
    except Exception as error:  # noqa: BLE001 - whatever it is, the client must hear of it
        return answers.encode(Answer(failure=answers.fail(error, where)))


def _check_versions(expected: Mapping[str, str]) -> None:
    if unlike := [*versions.unlike(expected, versions.here())]:
        raise ClusterError(_told(unlike))


def look_around(work: Work, own: bytes, dask_worker: Any = None) -> bytes:
    """What one of all workers gives; `dask_worker` is what Dask calls the worker that this runs on."""
    return _answer(dask_worker.address, {}, lambda: work(b"", own))


def _told(unlike: Iterable[str]) -> str:
    return f"has other versions: {'; '.join(unlike)}. Install the same on every machine, and start it anew"


def keep(common: bytes) -> bytes:
    """What is common to all parts, as a task of its own: sent once to each worker, and made anew if lost."""
    return common


def _this_worker() -> Any:
    import distributed

    return distributed.get_worker()


# ---------------------------------------------------------------- on this machine
@contextlib.contextmanager
def connected(on: str) -> Iterator[Cluster]:
    """The cluster at an address, all of whose machines have the same versions as this one.

    Raises `ClusterError` within seconds if nothing listens there, if it is no scheduler, if it has no worker,
    or if a version differs.
    """
    address = parse(on)
    distributed = extras.load("distributed", "cluster", "--on dask://… needs `distributed`", ClusterError)
    check_listening(address)
    with _silence():
        client = _client(distributed, address)
        try:
            _check(client, address)
            yield Cluster(client, address)
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=2)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Dask's own log is left out: what it says of a lost connection, a message of ours says in a line."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _client(distributed: Any, address: str) -> Any:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: ours are checked, and told
            return distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:
        raise ClusterError(
            f"{address}: what listens there is no scheduler of Dask that this one "
            f"({distributed.__version__}) understands ({_words(error)}); give the address that `dask "
            "scheduler` prints. With TLS, write tls://, and name the certificates in Dask's configuration "
            "(distributed.comm.tls)"
        ) from error


def _check(client: Any, address: str) -> None:
    """Raise `ClusterError` unless there are workers, and all machines have our versions."""
    deadline = time.monotonic() + FIRST_WORKER
    while not client.nthreads():
        if time.monotonic() > deadline:
            raise ClusterError(
                f"{address}: the scheduler has no worker; start some, each with `dask worker {address} "
                "--nthreads 1` on a machine that has Goldwire. A cluster that grows when it has work needs "
                "one to begin with"
            )
        time.sleep(0.1)
    try:
        scheduler = client.run_on_scheduler(versions.here)
    except Exception as error:
        raise ClusterError(f"{address}: {_without_us('the scheduler', error)}") from error
    found = {"the scheduler": scheduler, **client.run(versions.here, on_error="return")}
    wrong = [told for where, theirs in found.items() if (told := _unlike(where, theirs))]
    if wrong:
        more = f"; so are {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ClusterError("; ".join(wrong[:SHOWN]) + more)


def _unlike(where: str, theirs: Any) -> str:
    name = where if where.startswith("the ") else f"worker {where}"
    if isinstance(theirs, BaseException):
        return _without_us(name, theirs)
    unlike = [*versions.unlike(versions.here(), theirs)]
    return f"{name} {_told(unlike)}" if unlike else ""


def _without_us(name: str, error: BaseException) -> str:
    return (
        f"{name} cannot say its versions ({_words(error)}); install Goldwire there, as it is here, with its "
        f"extra `cluster`: {extras.hint('cluster')}"
    )


def _words(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


class Cluster:
    """A scheduler of Dask with its workers."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self.address = client, address

    def everywhere(self, work: Work, own: bytes) -> dict[str, bytes]:
        """What each worker gives at once, by its address; raises what went wrong on one of them.

        Workers hear nothing else meanwhile, so it takes no longer than a look at some files.
        """
        found = self._client.run(look_around, work, own, on_error="return")
        for where, answer in found.items():
            if isinstance(answer, BaseException):
                raise ClusterError(f"worker {where} failed ({_words(answer)}); start it anew")
        return {where: answers.open_answer(answer) for where, answer in found.items()}

    def check_resources(self, wanted: Mapping[str, float]) -> None:
        """Raise `ClusterError` if no worker has what a part needs.

        Where nothing is needed, that there is no worker at this moment does not matter: one may come.
        """
        if not wanted:
            return
        workers = self._client.scheduler_info()["workers"].values()
        if not any(_has(worker.get("resources", {}), wanted) for worker in workers):
            needs = " ".join(f"{name}={amount:g}" for name, amount in wanted.items())
            how = f'`dask worker {self.address} --nthreads 1 --resources "{needs}"`'
            raise ClusterError(f"{self.address}: no worker has {needs}; start one with {how}")

    def results(
        self,
        work: Work,
        common: bytes,
        calls: Iterable[Call],
        *,
        in_order: bool = False,
        resources: Mapping[str, float] | None = None,
    ) -> Iterator[tuple[Call, bytes]]:
        """What workers give for parts, as they are done or in order; a bounded number is given out at once.

        What a lost worker had is given out again. Raises what went wrong on a worker; `ClusterError` if the
        scheduler or all workers are lost, or if a part ends its workers time after time. Parts that are
        given out when this ends are cancelled.
        """
        flow = _Flow(self._client, work, common, resources)
        try:
            yield from _flowing(flow, iter(calls), in_order=in_order)
        finally:
            flow.cancel()


def _has(there: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    return all(there.get(name, 0) >= amount for name, amount in wanted.items())


def _flowing(flow: _Flow, calls: Iterator[Call], *, in_order: bool) -> Iterator[tuple[Call, bytes]]:
    order, done = deque[Call](), dict[Call, bytes]()
    while True:
        while len(order) < flow.width() and (call := next(calls, None)) is not None:
            flow.submit(call)
            order.append(call)
        if not order:
            return
        call, result = flow.take()
        done[call] = result
        while order and (order[0] in done if in_order else done):
            first = order.popleft() if in_order else call
            if not in_order:
                order.remove(call)
            yield first, done.pop(first)


class _Flow:
    """Parts that are given out, and what is taken back."""

    def __init__(self, client: Any, work: Work, common: bytes, resources: Mapping[str, float] | None) -> None:
        self._client, self._work, self._resources = client, work, resources
        self._common = client.submit(keep, common, pure=False)
        self._running: dict[Any, Call] = {}
        self._suspects = deque[Call]()  # given up by Dask once; each is tried again with nothing beside it
        self._tried: set[Call] = set()
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads, self._counted, self._alone_since = 1, 0.0, time.monotonic()

    def width(self) -> int:
        """How many parts may be given out, by the threads that there are now."""
        self._count()
        return max(LEAST, AHEAD * self._threads)

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._counted < LOOK:
            return
        try:
            self._threads, self._counted = sum(self._client.nthreads().values()), now
        except Exception as error:
            raise self._lost() from error
        if self._threads:
            self._alone_since = now
        elif now - self._alone_since > NO_WORKER:
            raise ClusterError(
                f"{self._client.scheduler.address}: no worker has been there for {NO_WORKER:g} s; see in "
                "their logs why they ended, start them anew, and give the same command again"
            )

    def submit(self, call: Call) -> None:
        """Give a part out."""
        try:
            future = self._client.submit(
                carry_out,
                self._work,
                versions.here(),
                self._common,
                call.own,
                pure=False,
                resources=self._resources,
            )
        except Exception as error:
            raise self._lost() from error
        self._running[future] = call
        future.add_done_callback(self._done.put)

    def take(self) -> tuple[Call, bytes]:
        """The next part that is done, with its result."""
        while True:
            if not self._running and self._suspects:
                self._tried.add(call := self._suspects.popleft())
                self.submit(call)
            try:
                future = self._done.get(timeout=LOOK)
            except queue.Empty:
                self._count()
                continue
            call = self._running.pop(future)
            if future.status == "error":
                self._again(call, future.exception())
                continue
            try:
                answer = future.result()
            except GoldwireError:
                raise
            except Exception as error:
                raise self._lost() from error
            return call, answers.open_answer(answer)

    def _again(self, call: Call, error: BaseException) -> None:
        """Keep a part that Dask has given up until it can be tried alone; raise if it was alone already.

        Dask counts parts that only waited where a worker died: not before it is alone is it known to be one's
        own fault.
        """
        if type(error).__name__ != "KilledWorker":
            raise ClusterError(f"{call.name}: no worker could begin it ({_words(error)})") from error
        if call in self._tried:
            raise ClusterError(
                f"{call.name}: each worker that worked on it ended ({_words(error)}); their logs say why: "
                "perhaps they need more memory (`dask worker --memory-limit`), or what runs there crashes"
            ) from error
        self._suspects.append(call)

    def _lost(self) -> ClusterError:
        return ClusterError(
            f"{self._client.scheduler.address}: the scheduler was lost; start it and its workers anew, and "
            "give the same command again: what is done and kept is not done again"
        )

    def cancel(self) -> None:
        """Let go of what is given out."""
        with contextlib.suppress(Exception):
            if self._running and self._client.status == "running":
                self._client.cancel([*self._running], force=True)
        self._running.clear()


def encode(value: Any) -> bytes:
    """What workers are given, as MessagePack; paths as text."""
    return msgspec.msgpack.encode(value, enc_hook=str)
