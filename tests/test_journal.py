"""The journal of a project survives kills and lets one process write."""

from pathlib import Path

import pytest

from goldwire.annotate.sync import journal
from goldwire.annotate.sync.journal import Landed, Linked, Sending, open_journal
from goldwire.corpora.errors import DataError, ServerError
from goldwire.corpora.store import Corpus, Manifest

LINK = Linked(project=3, created_at="2026-01-01", url="http://h", title="round 1", group="round 1")


def test_notes_come_back_in_order(tmp_path: Path) -> None:
    with open_journal(tmp_path) as notes:
        notes.add(LINK)
        notes.add(Sending(keys=("a", "b")))
    with open_journal(tmp_path) as notes:
        assert notes.notes == [LINK, Sending(keys=("a", "b"))]
        assert notes.link == LINK


def test_line_cut_off_by_a_kill_is_taken_away(tmp_path: Path) -> None:
    with open_journal(tmp_path) as notes:
        notes.add(LINK)
        notes.add(Sending(keys=("a",)))
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    for cut in range(last, len(whole)):
        path.write_bytes(whole[:cut])
        assert journal.read(tmp_path) == [LINK]
        with open_journal(tmp_path) as notes:
            assert notes.notes == [LINK]
            notes.add(Landed(ids=(1,)))
        assert journal.read(tmp_path) == [LINK, Landed(ids=(1,))]


def test_damage_in_the_middle_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    with open_journal(tmp_path) as notes:
        notes.add(LINK)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"note":"lin\n' + path.read_bytes())
    with pytest.raises(DataError, match=r"journal.jsonl:1"):
        journal.read(tmp_path)


def test_second_writer_is_turned_away_until_the_first_is_done(tmp_path: Path) -> None:
    with open_journal(tmp_path), pytest.raises(ServerError, match="another goldwire"), open_journal(tmp_path):
        pytest.fail("two at once")
    with open_journal(tmp_path) as notes:
        assert notes.notes == []


def test_projects_of_a_group_are_found_by_its_name(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, Manifest(name="x"))
    for title, group in (("r (ben)", "r"), ("r (anna)", "r"), ("other", "other")):
        with open_journal(journal.folder(corpus, title)) as notes:
            notes.add(Linked(project=1, created_at="", url="", title=title, group=group))
    assert [link.title for _, link in journal.links(corpus, "r")] == ["r (anna)", "r (ben)"]
    assert journal.links(corpus, "none") == []


def test_a_project_that_is_asked_for_by_another_name_is_kept_where_it_was(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, Manifest(name="x"))
    made = {"7": (7, "monday"), "round 1": (8, "tuesday")}
    for title, (project, created_at) in made.items():
        with open_journal(journal.folder(corpus, title)) as notes:
            notes.add(Linked(project=project, created_at=created_at, url="", title="t", group=title))
    first, second = (journal.folder(corpus, title) for title in made)
    assert journal.home(corpus, "by its title", 7, "monday") == first
    assert journal.home(corpus, "8", 8, "tuesday") == second
    assert (
        journal.home(corpus, "round 1", 7, "monday") == second
    )  # what has begun under this name goes on there
    assert journal.home(corpus, "new", 7, "another day") == journal.folder(corpus, "new")  # an id used again
    assert journal.home(corpus, "new", 9, "monday") == journal.folder(corpus, "new")


@pytest.mark.parametrize("titles", [("a b", "a-b"), ("é", "è"), ("../x", "x"), ("Ab", "ab ")])
def test_folders_of_different_titles_differ_and_stay_inside_the_corpus(
    tmp_path: Path, titles: tuple[str, str]
) -> None:
    folders = [journal.folder(Corpus(tmp_path, Manifest(name="x")), title) for title in titles]
    assert folders[0] != folders[1]
    assert all(folder.parent == tmp_path / "labelstudio" for folder in folders)
