"""Forms of the report that installed packages give, found by name."""

from __future__ import annotations

from typing import Protocol

from goldwire import extensions
from goldwire.corpora.errors import GoldwireError, among
from goldwire.eval.report.values import Report


class FormError(GoldwireError):
    """A form of the report is not there, or did not give what can be written."""


class Render(Protocol):
    """A form of a package: a function of the report's values that gives the content of one file."""

    def __call__(self, report: Report) -> str | bytes:
        """The content; text is written as UTF-8."""
        ...


def load(name: str) -> Render:
    """The form of a name; `FormError` if there is none, or it cannot be loaded."""
    entry = extensions.named(extensions.REPORTS, name, FormError)
    if entry is None:
        known = dict.fromkeys(entry.name for entry in extensions.installed(extensions.REPORTS))
        raise FormError(
            f"no form {name!r} of the report: no installed package registers it under the entry point "
            f"{extensions.REPORTS.group}{among(name, known)}"
        )
    found: Render = extensions.load(entry, FormError)
    if not callable(found):
        raise FormError(f"form {name}: {entry.value} is not a function of the report")
    return found


def render(name: str, form: Render, report: Report) -> bytes:
    """What a form makes of a report; `FormError` if it raises, or gives neither text nor bytes."""
    try:
        found = extensions.call(form, report)
        content = found.encode() if isinstance(found, str) else found
    except (extensions.RaisedError, UnicodeEncodeError) as error:  # half of a surrogate pair
        raise FormError(f"form {name}: {error}; nothing was written") from error
    if not isinstance(content, bytes):
        gave = type(found).__name__
        raise FormError(f"form {name} gave {gave}; expected str or bytes; nothing was written")
    return content
