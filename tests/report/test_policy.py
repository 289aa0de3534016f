"""Policies: data that is checked, and a fingerprint that moves when a judgement could."""

from __future__ import annotations

import pytest

from goldwire import configs
from goldwire.corpora.errors import DataError, JudgementError
from goldwire.eval.gate import policy as policies
from goldwire.eval.gate.policy import decode

RULE = '[[rules]]\nmeasure = "TC"\n'


@pytest.mark.parametrize("name", configs.names("gates"))
def test_every_policy_that_ships_can_be_read(name):
    policy = policies.read(name)
    assert policy.rules
    assert policy.title


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "rules"),
        ("rules = []", "nothing to judge"),
        (RULE, "has no limit"),
        (RULE + "floor = 1.5", "rules"),
        (RULE + "flor = 0.5", "flor"),
        (RULE + "margin = 0.0", "margin"),
        (RULE + "floor = 0.5\nminimum = 3", "labels"),
        (RULE + "floor = 0.5\nlabels = []", "names no type"),
        (RULE + 'floor = 0.5\nlabels = ["each"]', 'write labels = "each"'),
        ('[[rules]]\nmeasure = "TX"\nfloor = 0.5', "TX"),
        ("alpha = 0.7\n" + RULE + "floor = 0.5", "alpha"),
        ("not toml", "policy"),
    ],
)
def test_a_policy_that_cannot_be_judged_is_refused_with_the_place(toml, said):
    with pytest.raises(DataError, match=said):
        decode(toml)


def test_all_faults_are_told_at_once():
    with pytest.raises(DataError) as caught:
        decode(RULE + '[[rules]]\nmeasure = "nothing"\n')
    assert len(caught.value.faults) == 3


def test_a_policy_may_be_a_file_or_a_name(tmp_path):
    own = tmp_path / "gate.toml"
    own.write_text(RULE + "floor = 0.5")
    assert policies.read(own).rules[0].floor == 0.5
    with pytest.raises(JudgementError, match=r"neither.*default"):
        policies.read("nothing")


def test_the_fingerprint_is_of_what_decides():
    plain = decode(RULE + "floor = 0.5")
    assert plain.fingerprint() == decode('title = "t"\n' + RULE + "floor = 0.50").fingerprint()
    assert (
        plain.fingerprint()
        == decode(RULE.replace("TC", "event:type+trigger@exact") + "floor = 0.5").fingerprint()
    )
    assert plain.fingerprint() != decode(RULE + "floor = 0.51").fingerprint()
    assert plain.fingerprint() != decode("alpha = 0.01\n" + RULE + "floor = 0.5").fingerprint()
