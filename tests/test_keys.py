"""Keys in Label Studio: given ones kept, none twice, none that the program needs itself."""

import pytest

from goldwire.annotate.interface import keys
from goldwire.corpora.errors import OntologyError


def test_given_keys_are_kept_and_others_take_a_free_letter_of_their_name() -> None:
    assert keys.deal({"Meet": "m", "Move": None, "Die": "D"}) == {"Meet": "m", "Move": "o", "Die": "d"}


def test_no_two_names_share_a_key_however_many_there_are() -> None:
    dealt = keys.deal(dict.fromkeys((f"type {n}" for n in range(60)), None))
    assert len({*dealt.values()}) == len(dealt) == 60


def test_names_beyond_all_keys_have_none() -> None:
    # 33 single keys and the same with shift
    assert len(keys.deal(dict.fromkeys((str(n) for n in range(80)), None))) == 66


def test_keys_of_other_controls_are_left_alone() -> None:
    assert keys.deal({"actual": None}, taken=["shift+a"], shifted=True) == {"actual": "shift+c"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Meet": "u"}, "key 'u' of Meet cannot be used"),  # unselects the region
        ({"Meet": "alt+r"}, "cannot be used"),  # draws an arrow
        ({"Meet": "12"}, "cannot be used"),
        ({"Meet": "M", "Move": "m"}, "key 'm' of Move is already that of Meet"),
    ],
)
def test_keys_that_would_collide_are_refused(given: dict[str, str | None], message: str) -> None:
    with pytest.raises(OntologyError, match=message):
        keys.deal(given)


def test_given_key_that_another_control_has_is_refused() -> None:
    with pytest.raises(OntologyError, match="key '0' of place is already that of another control"):
        keys.deal({"place": "0"}, taken=["0"])
