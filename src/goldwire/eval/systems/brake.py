"""Reasons to stop a run before its end: to go on would cost time or money and give nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from goldwire.eval.systems.extractor import ABSENT, REFUSED
from goldwire.eval.systems.worker import Result

ENOUGH = 5  # documents that fail of the same


class Brake:
    """Is told of each result as it arrives, of whichever worker, and says when there is no use in more.

    `succeeded` says whether a document ever did, in this run or those it goes on from. `known` are the
    reasons, by document id, for which documents failed in the run that the layer is of: that they are
    refused once more is no news.
    """

    def __init__(self, *, succeeded: bool = False, known: Mapping[str, str] | None = None) -> None:
        self._succeeded, self._known = succeeded, known or {}
        self._alike: Counter[str] = Counter()
        self._cause, self._row = "", 0

    def feel(self, document: str, result: Result) -> str | None:
        """Why to stop after this result, with what to do; None to go on."""
        if result.error is None:
            self._succeeded, self._row = True, 0
            return None
        if result.cause == ABSENT:
            return f"nobody can be reached there: {result.error}. Start the service, or mend its address"
        if self._refused(document, result):
            return (
                f"{ENOUGH} documents in a row were refused alike: {result.error}. Mend the key (option `key` "
                "names its variable), the address, the model, or the option that is refused"
            )
        self._alike[result.error] += 1
        if self._alike[result.error] >= ENOUGH and not self._succeeded:
            return f"{ENOUGH} documents failed alike and none succeeded: {result.error}. Mend the system"
        return None

    def _refused(self, document: str, result: Result) -> bool:
        """Whether this is one refusal too many in a row; any other end of a document ends the row."""
        cause = result.cause or ""
        if cause and self._known.get(document) == result.error:
            return False
        self._row = self._row + 1 if cause == self._cause else 1
        self._cause = cause
        return cause.startswith(REFUSED) and self._row >= ENOUGH
