"""Settings of a project that differ are set, but for those of others; labels that would be lost are named."""

from typing import Any

import msgspec

from goldwire.annotate.interface import labelconfig
from goldwire.annotate.sync import remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.put import Put
from goldwire.annotate.sync.remembered import Settings
from goldwire.annotate.sync.settings import differences, lost_labels, setting_digest
from goldwire.corpora import ontology as ontologies

CONFLICT = ontologies.read("conflict")


def test_settings_that_differ_are_set_and_what_the_server_strips_is_no_difference() -> None:
    project = Project(
        id=1,
        title="p",
        created_at="2026",
        label_config="<View/>",
        expert_instruction="<h1><span>Mark &amp; go</span></h1>",
        maximum_annotations=1,
    )
    same = {
        "label_config": "<View/>\n",
        "expert_instruction": '<h1><span style="x">Mark &amp;  go</span></h1>',
    }
    assert differences(project, same).to_set == {}
    others = {"maximum_annotations": 2, "expert_instruction": "<h1>Go</h1>"}
    assert differences(project, others).to_set == others


def test_labels_that_a_configuration_loses_are_named_with_their_control() -> None:
    old = labelconfig.graph(CONFLICT)
    new = old.replace('value="PER"', 'value="PERSON"').replace('value="attacker"', 'value="aggressor"')
    assert lost_labels(old, new) == ("arrow: attacker", "entity: PER")
    assert lost_labels(old, old) == ()
    assert lost_labels("<View></View>", old) == ()


def project_with(config: str, **fields: Any) -> Project:
    return Project(id=1, title="p", created_at="2026", label_config=config, **fields)


def test_a_field_that_somebody_else_has_set_stays_and_is_named() -> None:
    project = project_with("<View>theirs</View>", expert_instruction="before")
    noted = Put(
        settings={
            "label_config": (setting_digest("label_config", "<View>before</View>"),),
            "expert_instruction": (setting_digest("expert_instruction", "<p>before</p>"),),
        }
    )
    wanted = {"label_config": "<View>mine</View>", "expert_instruction": "now"}
    found = differences(project, wanted, noted)
    assert (found.to_set, found.newer) == ({"expert_instruction": "now"}, ("label_config",))


def test_what_is_remembered_is_set_and_is_no_conflict() -> None:
    settings = Settings(corpus="c", group="g", title="t")
    there = remembered.write("<View></View>", settings)
    wanted = remembered.write("<View></View>", msgspec.structs.replace(settings, prefill="gold", revision=2))
    assert differences(project_with(there), {"label_config": wanted}, Put()).to_set == {
        "label_config": wanted
    }
    assert differences(project_with(there), {"label_config": there}, Put()).to_set == {}


def test_an_order_that_the_server_gives_by_itself_is_nobody_elses() -> None:
    project = project_with("<View/>")
    found = differences(project, {"sampling": "Uncertainty sampling"}, Put())
    assert (found.to_set, found.newer) == ({"sampling": "Uncertainty sampling"}, ())
    project = project_with("<View/>", sampling="Uniform sampling")
    assert differences(project, {"sampling": "Uncertainty sampling"}, Put()).newer == ("sampling",)
