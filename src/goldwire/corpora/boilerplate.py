"""Finds what a web page put around an article, by named rules, so that it is marked and never annotated.

Nothing is deleted: a rule yields regions with a reason, each a whole line without the space around it.
The rules are for English pages and would rather miss a notice than take a sentence of the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from goldwire.corpora.types import Excluded

BYLINE_LINES = 5  # a byline stands among the first lines with text, after the headline


@dataclass(frozen=True)
class Rule:
    """`pattern` matches a whole line; `reason` is what is recorded with the region."""

    reason: str
    expression: str
    definition: str
    flags: int = 0

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled: that takes long, and many commands look at no text."""
        return re.compile(self.expression, self.flags)


def _rule(reason: str, definition: str, *patterns: str) -> Rule:
    return Rule(reason, "|".join(patterns), definition, re.IGNORECASE)


_SITE = r"(?:this|our) (?:web ?)?(?:site|page)"
_NAME = (
    r"[^\W\d_a-z][\w.'’\-]*"
    r"(?: (?:[^\W\d_a-z][\w.'’\-]*|al|bin|da|de|del|den|der|di|la|le|van|von)){1,3}"
)
_CALENDAR = (
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    r"|January|February|March|April|May|June|July|August|September|October|November|December"
)

RULES = (
    _rule(
        "teaser",
        "a pointer to another article: a line that opens with >>, » or ►, or with a label and a colon",
        r"(?:>>+|»(?!.*«)|►|▶|➤|⟫).*\w.*",
        r"(?:read (?:more|also|next)|also read|see also|related(?: (?:stor(?:y|ies)|articles?|news))?"
        r"|more on this(?: story)?|(?:editor['’]s )?recommended|don['’]t miss|you may also like"
        r"|watch|listen|in pictures)\s*[:|].*\w.*",
        r"(?:read more|also read|see also|related (?:stories|articles|news|topics)|more on this story"
        r"|recommended stories|you may also like|most read|trending now)",
    ),
    _rule(
        "cookie notice",
        "the site speaks of its cookies and of the reader's consent",
        rf"(?:{_SITE}|we(?: and our partners)?) (?:also )?uses? (?:\w+ )?cookies\b.*",
        r"by (?:continuing|using|browsing|clicking|closing)\b.*"
        rf"\b(?:{_SITE}|accept|agree|ok)\b.*\bcookies\b.*",
        r"cookies help us\b.*",
        r"(?:accept|reject|decline|allow|manage)(?: all| necessary)? cookies",
        r"(?:cookie|privacy) (?:settings|preferences|policy|notice)",
    ),
    _rule(
        "newsletter",
        "an invitation to subscribe, sign up or install an app",
        r"(?:please )?(?:sign up|subscribe|register)(?: (?:now|here|today|free))? (?:for|to|and)\b.*"
        r"\b(?:newsletters?|alerts|inbox|updates|channel|podcast|e-?mails?)\b.*",
        r"(?:get|receive) .*\b(?:newsletters?|(?:in|to) your inbox|by e-?mail)\b.*",
        r"(?:sign up|subscribe)(?: (?:now|here|today|to (?:our|the) newsletter))?[.!]?",
        r"download (?:our|the) (?:\w+ )?app\b.*",
    ),
    _rule(
        "social media",
        "an invitation to follow or share",
        r"(?:follow|like|join) us on\b.*",
        r"share (?:this|the) (?:article|story|post|page)\b.{0,60}",
        r"(?:share|tweet|email|print)(?: (?:on|via) \w+)?",
    ),
    _rule(
        "advertisement",
        "the label of an advertisement",
        r"advertisements?",
        r"sponsored(?: content| by .*)?",
        r"(?:story|article) continues (?:below|after) (?:this )?(?:advertisement|ad)",
        r"scroll (?:down )?to continue(?: reading)?(?: with content)?",
    ),
    _rule(
        "copyright",
        "a notice of rights",
        r"(?:copyright )?(?:©|\(c\)) ?(?:\d{4}|\w).*",
        r"copyright (?:\d{4}\b|by\b).*",
        r"(?:.{0,80}\. )?all rights reserved\b.{0,80}",
    ),
    _rule(
        "credit",
        "who wrote, reported, edited or photographed, in a line of its own",
        r"\(?(?:(?:additional )?reporting|editing|writing|compiled|edited|written) by (?-i:[^\W\d_a-z]).*",
        r"(?:photo(?:graph)?s?|image|picture|file photo)(?: credit)?(?: by)? ?[:/] ?(?-i:[^\W\d_a-z]).{0,80}",
    ),
)  # fmt: skip

BYLINE = Rule(
    "byline",
    rf"By (?!(?:{_CALENDAR})\b){_NAME}(?:(?:, | and |, and ){_NAME})*"
    r"(?:(?:,| \||  ?[–—-]) ?[\w .,:|/–—-]{1,60})?",
    f"By and a name, a line of its own among the first {BYLINE_LINES} with text, never the first",
)

# A button stands alone under the notice it belongs to.
BUTTON = re.compile(
    r"(?:accept|agree|reject|decline|ok|okay|got it|close|allow)(?: all)?|read more|learn more", re.IGNORECASE
)


def find(text: str) -> tuple[Excluded, ...]:
    """The regions of a text that a rule excludes, in text order, one a line.

    >>> text = "Balkh fell.\\n>> Why Balkh matters\\nIts people fled."
    >>> [(text[r.start : r.end], r.reason) for r in find(text)]
    [('>> Why Balkh matters', 'teaser')]
    """
    found: list[Excluded] = []
    last = None  # the reason of the line with text before this one
    for number, (start, line) in enumerate(iter_lines(text)):
        last = _reason(line, number, last)
        if last is not None:
            found.append(Excluded(start=start, end=start + len(line), reason=last))
    return tuple(found)


def _reason(line: str, number: int, last: str | None) -> str | None:
    if last == "cookie notice" and BUTTON.fullmatch(line):
        return last
    if 0 < number < BYLINE_LINES and BYLINE.pattern.fullmatch(line):
        return BYLINE.reason
    return next((rule.reason for rule in RULES if rule.pattern.fullmatch(line)), None)


def iter_lines(text: str) -> Iterator[tuple[int, str]]:
    """Every line that has text, without the space around it, with the offset where it begins."""
    for match in re.finditer(r"[^\n]*\S", text):
        line = match.group()
        inner = line.lstrip()
        yield match.start() + len(line) - len(inner), inner
