"""The parts of the page: texts cut into blocks, data packed, its policy."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Excluded
from goldwire.corpora.visible import visible
from goldwire.eval.report.build import make_report
from goldwire.eval.report.evidence import gather
from goldwire.eval.report.html import pack, render
from goldwire.eval.report.matrices import LABELS, make_matrix
from goldwire.eval.report.segments import cut
from goldwire.eval.scoring.files import read_record

# ---------------------------------------------------------------- blocks of text
texts = st.text(alphabet=st.sampled_from('abc .!?\n"”  '), max_size=80)


@given(texts, st.lists(st.tuples(st.integers(0, 79), st.integers(1, 20)), max_size=6))
def test_blocks_hold_every_character_once_and_cut_no_mark(text, places):
    marks = [(start, min(len(text), start + size)) for start, size in places if start < len(text)]
    found = cut(text, marks)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    held = {place for start, end in found for place in range(start, end)}
    assert all(text[place].isspace() for place in set(range(len(text))) - held)
    for start, end in marks:
        if text[start:end].strip():
            assert sum(block[0] < end and start < block[1] for block in found) == 1


def test_excluded_regions_are_blocks_of_their_own():
    text = "One fell. Accept cookies? Two rose."
    assert cut(text, [], [Excluded(10, 25, "cookies")]) == [(0, 9), (10, 25), (26, 35)]


# ---------------------------------------------------------------- packing
@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_data_come_out_as_they_went_in_and_cannot_end_their_element(value):
    packed = pack(value)
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", packed)
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == value


@given(st.text())
def test_visible_text_has_no_control_left(text):
    shown = visible(text)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    assert visible(shown) == shown


# ---------------------------------------------------------------- the page
@pytest.fixture(scope="module")
def page(scored):
    return render(make_report({"r": read_record(scored / "records" / "default.json")}), {})


def test_the_policy_names_the_style_and_the_script_of_the_page(page):
    for element in ("style", "script"):
        [content] = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in page.replace("&#39;", "'")


def test_the_policy_comes_before_anything_it_governs(page):
    assert page.index("Content-Security-Policy") < min(page.index(x) for x in ("<style", "<script", "<link"))
    assert "unsafe" not in page


def test_nothing_in_the_page_points_outside(page):
    outside = re.findall(r"""(?:src|href|action|data|poster)=["']?(?!#|data:,)[^"'\s>]+""", page)
    assert [found for found in outside if "Security-Policy" not in found and "default-src" not in found] == []
    assert not re.search(r"""\sstyle=|\son[a-z]+=["']""", page)


def test_the_same_record_gives_the_same_page(scored, page):
    assert render(make_report({"r": read_record(scored / "records" / "default.json")}), {}) == page


@pytest.mark.slow
def test_the_page_has_the_date_of_the_record_and_of_nothing_else(scored):
    record = read_record(scored / "records" / "default.json")
    dated = msgspec.structs.replace(record, created="2021-08-14T05:06:07Z")
    assert "2021-08-14 05:06 UTC" in render(make_report({"r": dated}), {})
    older = msgspec.structs.replace(record, created="2021-08-12T00:00:00Z")
    both = render(make_report({"new": dated, "old": older}), {})
    assert "2021-08-12 00:00 UTC to 2021-08-14 05:06 UTC" in both
    assert "2021-08-14 05:06" not in render(make_report({"new": dated, "old": record}), {})  # one has none


def test_one_verdict_stands_at_the_top_of_the_page(scored, page):
    report = make_report({"r": read_record(scored / "records" / "default.json")})
    assert report.overview.verdict
    assert page.count('class="verdict"') == 1
    assert page.index('class="verdict"') < page.index('id="ranking"')


# ---------------------------------------------------------------- matrices
def test_rare_labels_share_a_row_and_no_unit_is_lost():
    confused = ((f"t{k}", f"t{(k * 7) % 60}", 60 - k) for k in range(60))
    cells = (*confused, ("t1", None, 3), (None, "t59", 2))
    matrix = make_matrix("x0", "s", "entities", cells)
    assert len(matrix.rows) == LABELS + 1
    assert sum(cell.count for row in matrix.cells for cell in row) == sum(count for _, _, count in cells)
    assert not matrix.cells[LABELS - 1][LABELS - 1].right  # others among themselves may be confused


def test_labels_called_like_the_edges_are_not_taken_for_them():
    matrix = make_matrix("x0", "s", "entities", (("missed", "missed", 5), ("spurious", None, 2)))
    assert matrix.rows == ("missed", "spurious", "spurious")
    assert matrix.columns == ("missed", "spurious", "missed")
    assert [[cell.count for cell in row] for row in matrix.cells] == [[5, 0, 0], [0, 0, 2], [0, 0, 0]]


# ---------------------------------------------------------------- what changed since
def test_a_layer_that_changed_since_is_not_shown_as_if_it_were_scored(corpus):
    record = read_record(corpus.path / "records" / "default.json")
    layer = list(corpus.layer("system/noisy").values())
    corpus.write_layer("system/noisy", layer[1:])
    with pytest.raises(JudgementError, match=r"system/noisy; score again"):
        gather(open_corpus(corpus.path), {"r": record})
