"""The projects of a server that belong to a corpus under one name, and what they remember.

One project, or one for each person that documents are shared out to. A clone of the corpus that has no
journal of them finds them by what stands in their configuration.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from goldwire.annotate.sync import api, journal, remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import Linked, Remembered
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a group, and its projects that say they are, by the title under which they are pushed.

    `known` is false where nothing is remembered yet: then the settings are those of a new project.
    """

    settings: Settings
    projects: dict[str, Project]
    known: bool


def find(client: Client, corpus: Corpus, title: str) -> Group:
    """The group of this title or, if it is a number that no journal has, of the project with this id."""
    linked = journal.links(corpus, title)
    asked = api.find_project(client, int(title)) if title.isdecimal() and not linked else None
    said = None if asked is None else _said(asked, corpus)
    group = _group_in_journals(client, corpus, title, asked) if said is None else said.group
    listed = [*api.projects_like(client, group), *([] if asked is None else [asked])]
    if group != title:
        linked = journal.links(corpus, group)
    listed += [project for _, link in linked if (project := _linked(client, link)) is not None]
    theirs = {project.id: (project, _said(project, corpus)) for project in listed}
    ours = {
        said.title: (project, said)
        for project, said in theirs.values()
        if said is not None and said.group == group
    }
    known = [*(said for _, said in ours.values()), *_in_journals(corpus, group)]
    fresh = Settings(corpus=corpus.manifest.name, group=group, title=group)
    newest = max(known, key=lambda settings: settings.revision, default=fresh)
    return Group(
        settings=msgspec.structs.replace(newest, title=group, run=""),
        projects={title: project for title, (project, _) in ours.items()},
        known=bool(known),
    )


def check_annotation(group: Group) -> None:
    """Raise `ServerError` if a group is for adjudication: what is done there is no annotator's layer."""
    if group.settings.adjudicating is not None:
        raise ServerError(
            f"project {group.settings.group!r} is for adjudication, not for annotation: use "
            "`goldwire annotate adjudicate DIR --push` and `--pull`"
        )


def remember(client: Client, corpus: Corpus, group: Group, settings: Settings) -> None:
    """Have the projects of a group and their journals remember settings, if they are others than before."""
    if settings == group.settings:
        return
    for path, _ in journal.links(corpus, settings.group):
        with journal.open_journal(path) as notes:
            notes.add(Remembered(settings=settings))
    for title, project in group.projects.items():
        there = remembered.read(project.label_config)
        named = msgspec.structs.replace(settings, title=title, run=there.run if there else "")
        api.update_project(client, project.id, label_config=remembered.write(project.label_config, named))


def _group_in_journals(client: Client, corpus: Corpus, title: str, asked: Project | None) -> str:
    """The name of the group under which the project of a title or id is known here; the title if it is not.

    So that a project which is asked for by its title once and by its id the next time is kept once.
    """
    known = {(link.project, link.created_at): link.group for _, link in journal.all_links(corpus)}
    if not known or title in known.values():
        return title
    found = [asked] if asked is not None else api.projects(client, title)
    groups = (known.get((project.id, project.created_at)) for project in found)
    return next((group for group in groups if group is not None), title)


def _linked(client: Client, link: Linked) -> Project | None:
    """The project of a link, if it is still there and the one that it was."""
    project = api.find_project(client, link.project)
    return project if project is not None and project.created_at == link.created_at else None


def _said(project: Project, corpus: Corpus) -> Settings | None:
    """What a project remembers, if it is one of this corpus."""
    said = remembered.read(project.label_config)
    return said if said is not None and said.corpus == corpus.manifest.name else None


def _in_journals(corpus: Corpus, group: str) -> Iterable[Settings]:
    """What the journals of a group remember, the last note of each."""
    for path, _ in journal.links(corpus, group):
        notes = (note for note in reversed(journal.read(path)) if isinstance(note, Remembered))
        note = next(notes, None)
        if note is not None:
            yield note.settings
