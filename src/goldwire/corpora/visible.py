"""Shows characters that control a terminal or reorder text, in place of obeying them.

Documents, names, what programs and servers say: whatever others wrote goes through here on its way to people.
"""

from __future__ import annotations

import shlex
from functools import cache

# Characters that no one sees but that reorder, hide or control what stands around them: C0 and C1 controls
# (escape sequences of terminals among them), lone surrogates, and the bidirectional controls of Unicode.
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_KEPT = "\n\t"


@cache
def _shown() -> dict[int, str]:
    return {
        **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEPT},
        **{code: f"⟨U+{code:04X}⟩" for code in (0x7F, *range(0x80, 0xA0), *_BIDI, 0x2028, 0x2029, 0xFEFF)},
        **{code: f"⟨U+{code:04X}⟩" for code in range(0xD800, 0xE000)},
    }


def visible(text: str) -> str:
    """The text with control characters written out, so that it can be shown anywhere and changes nothing.

    >>> visible("a\\x00b\\u202ec\\x1b[31m")
    'a␀b⟨U+202E⟩c␛[31m'
    """
    return text.translate(_shown())


def line(text: str) -> str:
    """`visible` text on one line.

    >>> line("a\\n\\n  b")
    'a b'
    """
    return " ".join(visible(text).split())


def word(value: object) -> str:
    """`visible` text as one word of a command that people may copy into a shell.

    >>> print("goldwire corpus show", word("my news"))
    goldwire corpus show 'my news'
    """
    return shlex.quote(visible(str(value)))


def escaped(text: str) -> str:
    """JSON with such characters in its strings written as numbers, which mean the same.

    >>> print(escaped('"a\x9bb"'))
    "a\\u009bb"
    """
    return text.translate(_numbers())


@cache
def _numbers() -> dict[int, str]:
    return {code: f"\\u{code:04x}" for code in _shown() if code >= 0x20}  # noqa: PLR2004 - JSON has none below
