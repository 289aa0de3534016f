"""Ids are safe as names of files; what else the integrity of a corpus is stands in tests of `store`."""

import pytest

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.integrity import check_id


@pytest.mark.parametrize(
    "id", ["", "..", "../x", "a/b", "a\\b", ".hidden", " a", "a ", "a\nb", "a\0", "ä" * 101]
)
def test_document_id_that_is_no_file_name_is_refused(id: str) -> None:
    with pytest.raises(CorpusError, match="no document id"):
        check_id(id)


@pytest.mark.parametrize(
    "id", ["a", "000_6c8beff2", "Kabul falls, 15 Aug (2)", "مزار", "a..b", "-", "ä" * 100]
)
def test_document_id_may_be_any_plain_file_name(id: str) -> None:
    check_id(id)
