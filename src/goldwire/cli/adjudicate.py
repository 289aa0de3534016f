"""`goldwire annotate adjudicate`: several annotators' layers into one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from goldwire.cli import union
from goldwire.cli.arguments import OwnDir
from goldwire.cli.files import source, target
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.cli.push import Adopt, Overwrite
from goldwire.cli.sync import DataDir, Naming, TokenFile, Url
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.annotate.adjudicate import Adjudicated
    from goldwire.annotate.adjudicate.returned import Conflict
    from goldwire.corpora.store import Corpus
    from goldwire.corpora.types import Annotations

SHOWN = 10  # disagreements shown on the terminal; the file has all


def adjudicate(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    layers: Annotated[
        list[str],
        typer.Option(
            metavar="LAYER", help="A layer to merge; may be repeated. All annotators' if not given."
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    to: Annotated[str, typer.Option(metavar="LAYER", help="The layer to write.")] = "gold",
    decisions: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE|-",
            parser=source,
            help="Decisions to take besides those in the corpus's own list; may be repeated.",
        ),
    ] = [],  # noqa: B006
    majority: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Take what N or more say, in documents that three or more annotated, unless it was decided.",
        ),
    ] = None,
    accept_single: Annotated[
        bool, typer.Option("--accept-single", help="Take documents that one person annotated as they are.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|-", parser=target, help="Write a page on which to decide what they differ in."
        ),
    ] = None,
    push: union.Push = False,
    pull: union.Pull = False,
    blind: Annotated[
        bool, typer.Option("--blind", help="Page and project do not tell who said what.")
    ] = False,
    project: Annotated[
        str | None,
        typer.Option(metavar="P", help="Title or id of the project; NAME adjudication if not given."),
    ] = None,
    naming: Naming = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what --push would do.")] = False,
    adopt: Adopt = False,
    overwrite: Overwrite = False,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Merge annotators' layers: what all agree on is taken, the rest listed for somebody to decide.

    The list is a file with a line for each disagreement: put true, false or the value of an attribute in
    place of null in "decision", and run the command again. It is done when nothing is open.

    \b
    Examples:
      goldwire annotate adjudicate work --layers anna --layers ben --to gold
      goldwire annotate adjudicate work --html review.html
      goldwire annotate adjudicate work --decisions decisions-gold-eva.jsonl
      goldwire annotate adjudicate work --majority 2 --accept-single
      goldwire annotate adjudicate work --push
      goldwire annotate adjudicate work --pull --names address
    """
    from goldwire.annotate.adjudicate.inputs import decisions_path
    from goldwire.corpora.atomic import write_output
    from goldwire.corpora.store import open_corpus, writing

    _refuse(ctx, push=push, pull=pull, is_shown=html is not None)
    server = union.Server(project, url, token_file, data_dir)
    if push:
        from goldwire.annotate.sync.remembered import Adjudicating

        wanted = Adjudicating(to=to, layers=tuple(layers), blind=blind)
        union.push(
            folder,
            server,
            wanted,
            dry_run=dry_run,
            adopt=adopt,
            overwrite=overwrite,
            as_json=as_json,
        )
        return
    with union.pull(folder, server, naming) if pull else nullcontext() as back:
        if back is not None:
            to, layers = back.adjudicating.to, [*back.adjudicating.layers]
        with writing(open_corpus(folder), "annotate adjudicate") as corpus:
            done = _merge(
                corpus, layers, to, decisions, majority=majority, accept_single=accept_single, back=back
            )
            page = None if html is None else _page(corpus, done, to, majority=majority, blind=blind)
    if html is not None and page is not None:
        write_output(html, page.encode())
        note(f"wrote {html}")
    _tell(done, to, decisions_path(corpus, to), as_json)
    if done.merged.open and html is None:
        note(_next(folder, to, layers, server.project, is_on_server=pull))


def _next(folder: Path, to: str, layers: Sequence[str], project: str | None, *, is_on_server: bool) -> str:
    """How what is open can be decided."""
    command = f"goldwire annotate adjudicate {word(folder)}"
    if is_on_server:
        named = "" if project is None else f" --project {word(project)}"
        return f"bring what is open to the project: {command}{named} --push; then --pull again"
    layer = "" if to == "gold" else f" --to {word(to)}"
    merged = "".join(f" --layers {word(name)}" for name in layers)
    return f"decide what is open in that file, or on a page: {command}{merged}{layer} --html review.html"


def _refuse(ctx: typer.Context, *, push: bool, pull: bool, is_shown: bool) -> None:
    """Refuse what would be passed over."""
    if push and pull:
        ctx.fail("--push and --pull exclude each other: push, have it decided, then pull")
    if push:
        refuse(ctx, ("decisions", "majority", "accept_single", "naming", "html"), "with --push")
    else:
        refuse(ctx, ("dry_run", "adopt", "overwrite"), "without --push")
        if not is_shown:
            refuse(ctx, ("blind",), "without --html or --push")
    if pull:
        refuse(ctx, ("layers", "to"), "with --pull, for the project remembers what it was pushed with")
    elif not push:
        server = ("project", "url", "token_file", "data_dir")
        refuse(ctx, (*server, "naming"), "without --push or --pull")


class Done(NamedTuple):
    """What was merged out of what, and decisions that contradict each other.

    `contradicted` are those of the list that the server does not share, `dropped` documents that the layer
    had before, and `foreign` how many decisions are on documents that are not in the corpus.
    """

    views: Mapping[str, Mapping[str, Annotations]]
    merged: Adjudicated
    conflicts: tuple[Conflict, ...]
    amended: int
    back: union.Back | None = None
    contradicted: tuple[Conflict, ...] = ()
    reopened: int = 0
    dropped: tuple[str, ...] = ()
    foreign: int = 0


def _page(corpus: Corpus, done: Done, to: str, *, majority: int | None, blind: bool) -> str:
    """All that is open or could come up, with what was decided so far."""
    from goldwire.annotate.adjudicate.page import render
    from goldwire.annotate.adjudicate.screen import make_screen

    decisions = [*done.merged.disagreements, *done.merged.stale]
    screen = make_screen(
        done.views,
        corpus.documents(),
        decisions,
        corpus.ontology(),
        to=to,
        majority=majority,
        blind=blind,
    )
    return render(screen, corpus.manifest.name)


def _merge(
    corpus: Corpus,
    layers: Sequence[str],
    to: str,
    decisions: list[Path],
    *,
    majority: int | None,
    accept_single: bool,
    back: union.Back | None,
) -> Done:
    """Read layers and decisions, and write what is open and what is agreed."""
    from goldwire.annotate import adjudicate as merging
    from goldwire.annotate.adjudicate import inputs, returned, votes
    from goldwire.annotate.union import amend
    from goldwire.annotate.union import pull as server
    from goldwire.corpora.atomic import write_atomic
    from goldwire.corpora.codec import encode_lines
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.goldtasks import gold_tasks
    from goldwire.eval.comparison.annotators import check_of_many
    from goldwire.eval.measures.references import majority as more_than_half

    check_of_many(to)
    corpus.check_new_layer(to)
    own = inputs.decided(corpus, to)
    there = corpus.layer(to) if to in corpus.layers() else {}
    gold = gold_tasks(inputs.finished_layers(corpus, layers, to).values())
    kept = _kept(there, to, merging.TOOL, gold)
    views = inputs.annotators(corpus, layers, to)
    if majority is not None:
        votes.check(majority, views)
        if majority < more_than_half(len(views)):
            note(f"{majority} of {len(views)} is not more than half: two readings may both be taken")
    ontology = corpus.ontology()
    before = [] if back is None else server.brought(back.returned.folder)
    mixed = server.join(own, before, back.lines if back is not None else ())
    given = [returned.read_decisions(file, views, to, ontology) for file in decisions]
    joined = returned.join([mixed.decisions, *given])
    documents = corpus.documents()
    merged = merging.adjudicate(
        views,
        documents,
        joined.decisions,
        ontology,
        majority=majority,
        accept_single=accept_single,
    )
    done = amend.amended(merged, documents, ontology)
    merged = done.adjudicated
    made = {**kept, **{item.document: item for item in merged.annotations}}
    if not made:
        raise CorpusError(_nothing(merged))
    path = inputs.decisions_path(corpus, to)
    write_atomic(path, encode_lines([*merged.disagreements, *done.followed, *merged.stale]))
    corpus.write_layer(to, made.values())
    if back is not None:
        server.note(back.returned)
    on_server = union.conflicts(back.returned, merged.disagreements) if back is not None else ()
    known = {document.id for document in documents}
    return Done(
        views,
        merged,
        (*joined.conflicts, *on_server),
        len(done.followed),
        back,
        mixed.contradicted,
        mixed.reopened,
        dropped=tuple(sorted(there.keys() - made.keys())),
        foreign=sum(item.document not in known for item in merged.stale),
    )


def _nothing(merged: Adjudicated) -> str:
    """Why there is nothing to write."""
    if not merged.alone:
        return "nobody has finished a document: nothing was merged, and nothing is written"
    return (
        f"no document was done by two people: {_listed(merged.alone)}; nothing is written. --accept-single "
        "takes what one did as it is; --layers names others to merge"
    )


def _listed(documents: Sequence[str]) -> str:
    more = f" and {len(documents) - SHOWN} more" if len(documents) > SHOWN else ""
    return ", ".join(documents[:SHOWN]) + more


def _kept(
    there: Mapping[str, Annotations], layer: str, tool: str, gold: Collection[str]
) -> dict[str, Annotations]:
    """The lines that stay: of documents said to be empty, and of gold tasks, whose gold is there already.

    A layer made by anything else is not replaced.
    """
    from goldwire.corpora import coverage
    from goldwire.corpora.errors import CorpusError

    if gold:
        note(f"left out, gold tasks whose gold is there already: {len(gold)} document(s)")
    covered = {d: item for d, item in there.items() if d in gold or item.provenance.tool == coverage.TOOL}
    others = [d for d, item in there.items() if d not in covered and item.provenance.tool != tool]
    if others:
        raise CorpusError(
            f"layer {layer!r} was not made by adjudication ({others[0]} …) and would be replaced: "
            "name another with --to"
        )
    return covered


def _tell(done: Done, layer: str, path: Path, as_json: bool) -> None:
    merged = done.merged
    if as_json:
        print_json(
            {
                "layer": layer,
                "documents": len(merged.annotations),
                "agreed": merged.agreed,
                "differed": len(merged.disagreements),
                "open": merged.open,
                "decisions": str(path),
                "alone": merged.alone,
                "single": merged.single,
                "voted": merged.voted,
                "unvoted": merged.unvoted,
                "conflicts": len(done.conflicts),
                "stale": len(merged.stale),
                "foreign": done.foreign,
                "dropped": done.dropped,
                "amended": done.amended,
                **_server_facts(done),
            }
        )
        return
    agreed = ", ".join(f"{times} {unit}" for unit, times in merged.agreed.items()) or "nothing"
    say(f"layer {layer}: {len(merged.annotations)} document(s); agreed: {agreed}")
    say(f"differed: {len(merged.disagreements)}, of which open: {merged.open} -> {path}")
    for item in [item for item in merged.disagreements if item.decision is None][:SHOWN]:
        says = ", ".join(f"{name}: {_say(view)}" for name, view in item.says.items())
        say(f"  {item.document}  {item.unit}  {item.words}  ({says})")
    for line in _others(done):
        say(line)


def _server_facts(done: Done) -> dict[str, object]:
    if done.back is None:
        return {}
    told = {**union.facts(done.back.returned, done.reopened), "contradicted": len(done.contradicted)}
    return {"server": told}


def _others(done: Done) -> Iterator[str]:
    """What was taken, left open or left out otherwise than by agreement and decisions."""
    merged = done.merged
    if done.back is not None:
        yield from union.told(done.back.returned, done.reopened)
    if done.amended:
        yield f"decided beyond what annotators differ in (added, taken out, changed): {done.amended}"
    if merged.voted:
        yield f"decided by vote: {merged.voted}"
    if merged.unvoted:
        yield f"not voted on, as fewer than three people did them: {merged.unvoted} document(s) that differ"
    if merged.single:
        yield f"taken as one person did them: {len(merged.single)} document(s)"
    yield from _left_out(done)
    if done.conflicts:
        yield f"decided differently by several people, and so left open: {len(done.conflicts)}"
    yield from _contradictions(done.conflicts)
    if done.contradicted:
        yield f"the list says otherwise than the server, and stays: {len(done.contradicted)}"
        yield from _contradictions(done.contradicted)
    yield from _unused(done)


def _left_out(done: Done) -> Iterator[str]:
    """Documents that are not in the layer, though somebody did them or they were in it before."""
    if done.merged.alone:
        alone = _listed(done.merged.alone)
        yield f"left out, done by one person only: {alone} (--accept-single takes them as they are)"
    if done.dropped:
        yield (
            "no longer in the layer, for the layers that were merged do not give them: "
            f"{_listed(done.dropped)}; merge those of all who worked on it (--layers) to have them back"
        )


def _unused(done: Done) -> Iterator[str]:
    """Decisions that decide nothing."""
    if done.foreign:
        yield f"decisions on documents that are not in this corpus: {done.foreign}"
    if stale := len(done.merged.stale) - done.foreign:
        yield f"decisions on what nobody differs on any more, or never did: {stale}"


def _contradictions(conflicts: Sequence[Conflict]) -> Iterator[str]:
    for conflict in conflicts[:SHOWN]:
        said = ", ".join(f"{who}: {_say(what)}" for who, what in conflict.said)
        yield f"  {conflict.item.document}  {conflict.item.unit}  {conflict.item.words}  ({said})"


def _say(view: bool | str | None) -> str:
    from goldwire.annotate.adjudicate.returned import spoken

    return spoken(view)
