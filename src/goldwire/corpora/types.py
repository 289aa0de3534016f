"""The types everything else speaks: documents, and layers of annotations on them.

All are frozen msgspec structs and map one to one to the JSON on disk. Offsets are half-open and count
Unicode code points of `Document.text`: `text[start:end]` is the surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

Offset = Annotated[int, msgspec.Meta(ge=0)]


class Span(msgspec.Struct, frozen=True, array_like=True, order=True, forbid_unknown_fields=True, gc=False):
    """A half-open range of code points; `[start, end]` on disk.

    >>> "Taliban".__getitem__(slice(*Span(0, 3)))
    'Tal'
    """

    start: Offset
    end: Offset

    def __iter__(self) -> Any:
        return iter((self.start, self.end))


Spans = tuple[Span, ...]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of the types below: immutable, by keyword, defaults left out on disk, typos refused."""


class Excluded(_Struct, frozen=True):
    """A region of a text that nobody annotates, samples or scores, and why."""

    start: Offset
    end: Offset
    reason: str


Scalar = str | int | float | bool


class Meta(_Struct, frozen=True):
    """What is known of an article besides its text; `published` is an ISO 8601 date or time.

    `more` is what else its row said, by the name of the column; a column without a value is not there.
    """

    title: str | None = None
    source: str | None = None
    published: str | None = None
    url: str | None = None
    language: str | None = None
    more: dict[str, Scalar] = {}


class Document(_Struct, frozen=True):
    """A frozen text. `sha256` is of `text` encoded as UTF-8, in lower-case hexadecimal.

    `group` is shared by near-duplicates: the id of the first of them; None for a text that stands alone.
    """

    id: str
    text: str
    sha256: str
    meta: Meta = Meta()
    excluded: tuple[Excluded, ...] = ()
    group: str | None = None


Held = str | tuple[str, ...]  # by an attribute: a value, or several distinct ones in order (`corpora.values`)


class Mention(_Struct, frozen=True):
    """A stretch of text that names or describes an entity; several spans make it discontinuous.

    `cluster` joins the mentions of one entity within the document; `score` is a system's confidence.
    """

    id: str
    type: str
    spans: Spans
    head: Span | None = None
    attributes: Mapping[str, Held] = {}
    cluster: str | None = None
    score: float | None = None


class Argument(_Struct, frozen=True):
    """A mention's part in an event; `mention` is the id of a mention of the same document.

    Of `alternatives`, ids of other mentions, any would be as right.
    """

    role: str
    mention: str
    alternatives: tuple[str, ...] = ()
    score: float | None = None


class Event(_Struct, frozen=True):
    """A trigger with its type, arguments and attributes (realis, polarity, …).

    An event of a document, such as a template of MUC, has no trigger: `trigger` is empty, and absent on disk.
    Of `alternatives`, other types, any would be as right.
    """

    id: str
    type: str
    alternatives: tuple[str, ...] = ()
    trigger: Spans = ()
    arguments: tuple[Argument, ...] = ()
    attributes: Mapping[str, Held] = {}
    cluster: str | None = None
    score: float | None = None


class Relation(_Struct, frozen=True):
    """A typed, directed link between two mentions, by their ids."""

    id: str
    type: str
    source: str
    target: str
    score: float | None = None


SKIPPED, DRAFT = "skipped", "draft"
NOT_DONE = (SKIPPED, DRAFT)  # a status that says: these are nobody's last words on the document


# In the details of a provenance: the layer that the annotator was shown, or that nothing was.
PREFILL, NOTHING_SHOWN = "prefill", "none"


class Provenance(_Struct, frozen=True):
    """Who made the annotations of one document, with what, when and in how long.

    `seconds` is time on the task as the tool measured it (idle time included); `status` is one of
    submitted, skipped, draft, adjudicated or None; `details` holds what else the tool reported.
    """

    author: str | None = None
    tool: str | None = None
    created: str | None = None
    seconds: float | None = None
    status: str | None = None
    details: dict[str, Any] = {}


RawSpans = tuple[tuple[int, int], ...]


class Rejected(_Struct, frozen=True):
    """One thing that was turned away: a unit of a document, or a document as a whole.

    `unit` is what it is (an event stands for its trigger, its arguments are rejected beside it; a cluster
    for whatever joins units or their parts), `kind` why (see `corpora.rejected.KINDS`), `message` why in
    words. `where` is `file:line`, a task or a document; `path` the place within, as a JSON path. `id` is
    that of the unit, as given. `type` is the label that was given (of an argument: of its event), `role` an
    argument's role. `spans` (of an argument: of what fills it; of a relation: of its source) and `trigger`
    (of an argument's event) are as they were given, which may be no spans of the text; empty where there
    were none to read, or the event has no trigger. `words` is the surface that came with it, `value` the
    thing itself.
    """

    unit: Literal["mention", "event", "argument", "attribute", "relation", "head", "cluster", "document"]
    kind: str
    message: str
    where: str = ""
    document: str | None = None
    id: str | None = None
    type: str | None = None
    role: str | None = None
    spans: RawSpans = ()
    trigger: RawSpans = ()
    words: str | None = None
    path: str = ""
    value: Any = None


class Annotations(_Struct, frozen=True):
    """One party's annotations of one document; bound to its text by `sha256`.

    `rejected` are units that this party gave and that could not be taken: they are not annotations, and of
    a system they count against it. On disk they come without `where`, `document` and `value`.
    """

    document: str
    sha256: str
    mentions: tuple[Mention, ...] = ()
    events: tuple[Event, ...] = ()
    relations: tuple[Relation, ...] = ()
    provenance: Provenance = Provenance()
    rejected: tuple[Rejected, ...] = ()


class Tokens(_Struct, frozen=True, gc=False):
    """The tokens of one document and their tags, as a file gave them, beside a layer's line for it.

    Token i is `text[starts[i]:ends[i]]`. `tags` has the raw tags of each sentence, prefixes and all, parted
    by tabs: as one string they take a tenth of the memory. `scheme` is that of the file (see
    `corpora.formats.tags`), or none where the file had no tags: then each is empty. `whole` is false where
    the line does not say what the tags say, because a mention was turned away or there are no tags. `bound`
    is a hash over all this and the mentions of the line (see `corpora.tokens`): if one is changed, the
    tokens are believed no longer.
    """

    document: str
    sha256: str
    starts: tuple[Offset, ...]
    ends: tuple[Offset, ...]
    tags: tuple[str, ...]
    scheme: str
    bound: str
    whole: bool = True
