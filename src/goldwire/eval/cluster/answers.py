"""Answers of workers: what a part gave, or what went wrong, as plain data.

Errors of ours come back as they were raised, faults and all. Of any other only the words come back, and which
worker it was.
"""

from __future__ import annotations

import traceback

import msgspec

from goldwire.corpora import errors, secrets
from goldwire.corpora.errors import ClusterError, DataError, Fault, GoldwireError
from goldwire.eval.counting.chunks import DisorderError

_OURS: dict[str, type[GoldwireError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, GoldwireError)
}
_DISORDER = DisorderError.__name__


class WorkerError(Exception):
    """A fault of ours, or of the machine, on a worker; the message has its address and the traceback."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: the class of an error of ours, "" for any other; `where` is the worker's address."""

    where: str
    kind: str
    message: str
    faults: tuple[Fault, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What a worker gave for a part, or its failure."""

    result: bytes = b""
    failure: Failure | None = None


def encode(answer: Answer) -> bytes:
    """An answer as MessagePack."""
    return msgspec.msgpack.encode(answer)


def open_answer(data: bytes) -> bytes:
    """The result in an encoded answer; raises what went wrong."""
    answer = msgspec.msgpack.decode(data, type=Answer)
    if answer.failure is not None:
        raise _error(answer.failure)
    return answer.result


def fail(error: Exception, where: str) -> Failure:
    """An error as data, without secrets."""
    if isinstance(error, DisorderError):
        return Failure(where=where, kind=_DISORDER, message="")
    ours = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _OURS), "")
    if isinstance(error, DataError):
        return Failure(where=where, kind=ours, message=error.what, faults=error.faults)
    if ours:
        return Failure(where=where, kind=ours, message=secrets.hide(str(error)))
    if isinstance(error, MemoryError):
        told = "is out of memory; give it more, or fewer threads"
        return Failure(where=where, kind=ClusterError.__name__, message=told)
    if isinstance(error, OSError):
        told = f"has a machine that refuses: {secrets.hide(str(error))}"
        return Failure(where=where, kind=ClusterError.__name__, message=told)
    told = secrets.hide("".join(traceback.format_exception(error)))
    return Failure(where=where, kind="", message=told)


def _error(failure: Failure) -> Exception:
    if failure.kind == _DISORDER:
        return DisorderError()
    kind = _OURS.get(failure.kind)
    if kind is None:
        *_, last = failure.message.strip().splitlines()
        return WorkerError(f"{last} (worker {failure.where})\n{failure.message}")
    if kind is ClusterError:
        return ClusterError(f"worker {failure.where} {failure.message}")
    if issubclass(kind, DataError):
        return kind(failure.message, failure.faults)
    return kind(failure.message)
