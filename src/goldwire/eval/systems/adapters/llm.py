"""`llm:MODEL@URL`: a language model behind an OpenAI-compatible address (`URL/chat/completions`).

The instruction comes from the ontology, the answer is asked for in a form that the server takes (see `chat`).
Quotes are looked up in the text; what cannot be found is rejected, and counted as unresolved. An answer that
was cut off is continued once, one that cannot be read is asked for once more; where that does not help, the
items that came whole are kept and the document is flagged. Tokens are counted; what they cost is worked out
where the run is published. Answers stand in a ledger as they come, and are paid for once (see `asking`).
The key is read from an environment variable and is in no message, file or address.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import ExtractorError, among
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.quotes import Finder
from goldwire.corpora.store import make_document, open_corpus
from goldwire.corpora.types import Annotations, Document, Provenance
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems.adapters import answer, chat, prompt, wording
from goldwire.eval.systems.adapters.answer import Answer
from goldwire.eval.systems.adapters.asking import Asker, WaitingError
from goldwire.eval.systems.adapters.chat import Chat, Form, Messages, TooLongError, Wanted
from goldwire.eval.systems.adapters.completion import Reply
from goldwire.eval.systems.adapters.pace import Pace
from goldwire.eval.systems.adapters.passages import LEAST, pieces
from goldwire.eval.systems.adapters.resolve import Resolver
from goldwire.eval.systems.adapters.web import FIRST_WAIT, TRIES, Caller, RefusalError, checked
from goldwire.eval.systems.adapters.wording import Worded
from goldwire.eval.systems.extractor import REFUSED, UNPAID, Context, DocumentError, options
from goldwire.eval.systems.prices import UNTOLD, Price

TRUNCATED, BROKEN, CONTINUED = "truncated", "broken", "continued"  # how often, in the usage of a document
BESIDES = ("key", "price", "tries", "wait")  # options that do not decide what is answered
ONCE_SENT = 0.0  # the temperature that was sent once where none was asked for


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`key` names an environment variable; `form` says how the answer's shape is asked for.

    What is None is not sent. `prompt` is a file in place of Goldwire's own (see `wording`), `body` a JSON
    object that is put into each request. Texts longer than `chunk` code points are read in pieces. `draft`
    is a layer whose annotations the model is shown, to correct them.
    """

    key: str | None = None
    form: Form = "json_schema"
    price: Price | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    body: dict[str, Any] | str | None = None
    prompt: str | None = None
    draft: str | None = None
    chunk: Annotated[int, msgspec.Meta(ge=LEAST)] | None = None
    tries: int = TRIES
    wait: float = FIRST_WAIT


class _Said(msgspec.Struct, frozen=True):
    """An answer; where it may not be all, what flags it (`TRUNCATED`, `BROKEN`) and why."""

    answer: Answer = Answer()
    flag: str = ""
    why: str = ""


class ModelExtractor:
    """Asks a model."""

    provides = frozenset({"mentions", "triggers", "arguments", "attributes"})

    def __init__(
        self,
        model: str,
        asker: Asker,
        ontology: Ontology,
        chosen: Options,
        worded: Worded | None = None,
        *,
        drafts: Mapping[str, Annotations] | None = None,
    ) -> None:
        self.name, self.version = f"llm {model}", ""
        self._asker, self._ontology, self._chosen = asker, ontology, chosen
        worded = worded or wording.make(ontology)
        self._examples = Finder(make_document("examples", prompt.examples(worded.ontology, worded.shown)))
        self._begin, self._prompt, self._drafts = worded.messages, worded.name, drafts
        self._chat = Chat(asker, _wanted(model, ontology, chosen))

    @property
    def notes(self) -> list[str]:
        """What the server has refused, and what was asked for instead."""
        return self._chat.notes

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """What the model says of each document, with tokens and unresolved quotes in `usage`."""
        return map(self._annotate, documents)

    def close(self) -> None:
        """Close the connections and the ledger."""
        self._asker.close()

    def _annotate(self, document: Document) -> Annotations:
        spent: Counter[str] = Counter()
        resolver = Resolver(document, self._ontology, self._examples)
        self._asker.begin()
        try:
            self._read(document, resolver, spent)
        except WaitingError:
            raise
        except DocumentError as error:
            if error.cause != UNPAID:
                self._asker.drop()
            raise DocumentError(str(error), {"usage": _bill(spent)}, cause=error.cause) from error
        spent.update(resolver.counts)
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(resolver.mentions),
            events=tuple(resolver.events),
            provenance=Provenance(details={"usage": _bill(spent), "sent": self._sent()}),
            rejected=tuple(resolver.rejected),
        )

    def _read(self, document: Document, resolver: Resolver, spent: Counter[str]) -> None:
        """Put what the model says of each piece together; where answers are to come, ask for all of them."""
        requests: list[dict[str, Any]] = []
        for piece in pieces(document, self._chosen.chunk):
            resolver.begin(*piece)
            try:
                for said in self._answers(piece.document, spent):
                    resolver.add(said)
            except WaitingError as error:
                requests += error.requests
        if requests:
            raise WaitingError(requests)

    def _sent(self) -> str:
        """What was asked besides the text."""
        prompts = [f"prompt={self._prompt}"] if self._prompt else []
        drafts = [f"draft={self._chosen.draft}"] if self._chosen.draft else []
        return ", ".join([self._chat.sent, *prompts, *drafts])

    def _answers(self, document: Document, spent: Counter[str]) -> list[Answer]:
        """The answers that say what there is in a text: one, or one and what continues it."""
        asked = [*self._begin, {"role": "user", "content": self._question(document)}]
        first = self._ask(document.id, asked, spent)
        if not first.flag:
            return [first.answer]
        if first.flag == TRUNCATED:
            return self._continued(document.id, first, asked, spent)
        second = self._ask(document.id, asked, spent)
        best = max((second, first), key=lambda said: (not said.flag, len(said.answer)))
        if best.flag and not len(best.answer):
            raise DocumentError(f"{second.why} (2 answers)")
        spent[best.flag] += 1
        return [best.answer]

    def _question(self, document: Document) -> str:
        """The text, and below it the draft that is to be corrected."""
        if self._drafts is None:
            return prompt.article(document)
        nothing = Annotations(document=document.id, sha256=document.sha256)
        return prompt.corrected(document, self._drafts.get(document.id, nothing), self._ontology)

    def _continued(self, document: str, first: _Said, asked: Messages, spent: Counter[str]) -> list[Answer]:
        """An answer that was cut off, and what continues it; flagged if that was not all either."""
        if not len(first.answer):
            raise DocumentError(first.why)
        try:
            second = self._ask(document, [*asked, *prompt.continuation(first.answer)], spent)
        except (TooLongError, RefusalError) as error:
            if error.cause and not error.cause.startswith(f"{REFUSED} 400"):
                raise  # not of what was asked, but of who asks
            second = _Said(flag=TRUNCATED)
        spent[CONTINUED] += 1
        spent[TRUNCATED] += bool(second.flag)
        return [first.answer, second.answer]

    def _ask(self, document: str, messages: Messages, spent: Counter[str]) -> _Said:
        """One answer; `DocumentError` if there is none, or the model refuses."""
        reply = self._chat.ask(messages, document)
        if isinstance(reply, str):
            spent[UNTOLD] += 1
            return _Said(flag=BROKEN, why=reply)
        spent.update(reply.tokens)
        if reply.refusal or reply.end == "filtered":
            raise DocumentError(f"refused: {reply.refusal or 'content filter'}")
        found = answer.read(reply.texts)
        if not found.fault:
            return _Said(found)
        if reply.end == "cut":
            return _Said(found, TRUNCATED, _cut_off(reply))
        return _Said(found, BROKEN, f"the answer is not in the form asked for: {found.fault}")


def _bill(spent: Counter[str]) -> dict[str, float]:
    """What was counted."""
    return {name: float(number) for name, number in spent.items() if name}


def _cut_off(reply: Reply) -> str:
    """What to do about an answer that ended before its first item did."""
    thoughts = reply.tokens.get("tokens_reasoning", 0)
    of = f", after {amount(thoughts, 'token')} of thoughts" if thoughts else ""
    return (
        f"the answer was cut off (length) before its first item was whole{of}: raise the option "
        "`max_tokens`, or have the text read in pieces by the option `chunk`"
    )


def _wanted(model: str, ontology: Ontology, chosen: Options) -> Wanted:
    return Wanted(
        model=model,
        schema=prompt.schema(ontology),
        form=chosen.form,
        temperature=chosen.temperature,
        max_tokens=chosen.max_tokens,
        seed=chosen.seed,
        more=chat.more(chosen.body or {}),
    )


def load(target: str, context: Context) -> ModelExtractor:
    """The extractor of a model; nothing is asked yet."""
    model, url = _parts(target)
    chosen = options(context, Options)
    ontology = _ontology(context)
    worded = wording.make(ontology, chosen.prompt)
    if context.corpus is not None:
        wording.check_apart(worded, Path(context.corpus))
    pace = Pace(context.scratch)
    caller = Caller(url, chosen.key, tries=chosen.tries, wait=chosen.wait, pace=pace)
    asker = Asker(caller, context.account, chosen.price)
    return ModelExtractor(model, asker, ontology, chosen, worded, drafts=_drafts(chosen, context))


def identity(target: str, context: Context) -> list[Any]:
    """The model, the address, and the whole of every request but the text, as it was asked for."""
    model, url = _parts(target)
    ontology, chosen = _ontology(context), options(context, Options)
    body = chat.body(_wanted(model, ontology, chosen), wording.make(ontology, chosen.prompt).messages)
    shown = [hashlib.sha256(read_bytes(_draft_path(chosen, context))).hexdigest()] if chosen.draft else []
    return [url, hashlib.sha256(msgspec.json.encode(body)).hexdigest(), *shown]


def _drafts(chosen: Options, context: Context) -> dict[str, Annotations] | None:
    """The lines of the layer that is to be corrected, of the texts as they are; None if there is none."""
    if chosen.draft is None:
        return None
    if chosen.chunk is not None:
        raise ExtractorError("a draft is corrected as a whole: leave out the option `chunk`, or `draft`")
    _draft_path(chosen, context)
    return open_corpus(Path(context.corpus or "")).fitting(chosen.draft)[0]


def _draft_path(chosen: Options, context: Context) -> Path:
    """The file of the layer that is to be corrected; `ExtractorError` if it is not there."""
    corpus, name = open_corpus(Path(context.corpus or "")), str(chosen.draft)
    path = corpus.layer_path(name)
    if not path.is_file():
        raise ExtractorError(f"draft={name}: no layer of that name{among(name, corpus.layers())}")
    return path


def deciding(chosen: dict[str, Any]) -> dict[str, Any]:
    """The options that decide what is answered: not who pays for it, nor how often it is asked for."""
    return {name: value for name, value in chosen.items() if name not in BESIDES}


def earlier(chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """Options under which the same was asked once: a temperature of 0 was sent where none was given."""
    if chosen.get("temperature") != ONCE_SENT:
        return []
    return [{name: value for name, value in chosen.items() if name != "temperature"}]


def _parts(target: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+)@(https?://\S+)", target)
    if match is None:
        raise ExtractorError(
            f"llm:{target.partition('?')[0]}: write llm:MODEL@URL, for example llm:NAME@https://HOST/v1"
        )
    base, query, rest = checked(match[2]).partition("?")
    return match[1], f"{base.rstrip('/')}/chat/completions{query}{rest}"


def _ontology(context: Context) -> Ontology:
    if context.ontology is None:
        raise ExtractorError("`llm` is instructed from the corpus's ontology, and the corpus names none")
    return context.ontology
