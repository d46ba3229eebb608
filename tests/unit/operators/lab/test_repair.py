"""What may be repaired by itself: packages from the maps alone, one at a time, and fallbacks in copies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.operators.lab.repair import Clone, Fallback, Fetch, Install, RepairRules, repairs

CLONE = Clone(repository="https://example.org/odd.git", ref="main", folder="pkg")
RULES = RepairRules(
    packages={
        "smp": ("segmentation-models-pytorch", "timm"),
        "timm": ("timm",),
        "cv2": ("opencv-python",),
        "pil": ("pillow",),
    },
    clones={"odd": CLONE},
    model_packages={"unet_resnet34": ("segmentation-models-pytorch",)},
    fallbacks={"unet_resnet34": "simple_unet"},
)
CONFIG = "# unet_resnet34 is ours\nmodel:\n  name: unet_resnet34  # big\n  other_name: unet_resnet34_dual\nlr: 0.1\n"
FILES = {"conf/a.yaml": CONFIG, "b.json": '{\n  "name": "unet_resnet34"\n}\n'}


def missing(module: str) -> str:
    return f"epoch 1\nTraceback (most recent call last):\nModuleNotFoundError: No module named '{module}'\n"


@pytest.mark.parametrize(
    ("log", "steps"),
    [
        (missing("timm.models"), [Install(wanted="timm", package="timm")]),
        (missing("cv2"), [Install(wanted="cv2", package="opencv-python")]),
        (missing("PIL"), [Install(wanted="PIL", package="pillow")]),
        (missing("odd"), [Fetch(wanted="odd", clone=CLONE)]),
        (
            missing("smp"),
            [Install(wanted="smp", package="segmentation-models-pytorch"), Install(wanted="smp", package="timm")],
        ),
        (missing("unheard_of"), []),
        ("all is well", []),
    ],
)
def test_a_missing_module_is_mapped_and_each_package_is_a_step_of_its_own(log: str, steps: list[object]) -> None:
    assert list(repairs(log, "python train.py", RULES, FILES.get)) == steps


def test_a_guess_must_be_allowed_is_one_name_and_comes_only_where_nothing_is_known() -> None:
    guessing = RepairRules(guess=True, packages=RULES.packages, clones=RULES.clones)
    assert repairs(missing("unheard_of"), "", RULES, FILES.get) == ()
    assert repairs(missing("unheard_of"), "", guessing, FILES.get) == (
        Install(wanted="unheard_of", package="unheard-of", guessed=True),
    )
    assert not any(isinstance(s, Install) and s.guessed for s in repairs(missing("timm"), "", guessing, FILES.get))
    assert not any(isinstance(s, Install) for s in repairs(missing("odd"), "", guessing, FILES.get))
    assert repairs(missing("timm"), "", RepairRules(enabled=False, packages=RULES.packages), FILES.get) == ()


def test_a_fallback_goes_before_an_installation_and_into_a_copy_of_the_config() -> None:
    log = "ValueError: Unsupported model.name: unet_resnet34\n"
    first, second = repairs(log, "python train.py --config ./conf/a.yaml --seed 1", RULES, FILES.get)
    assert isinstance(first, Fallback)
    assert first.command == "python train.py --config conf/a.repaired.yaml --seed 1"
    assert first.edits == {
        "conf/a.repaired.yaml": CONFIG.replace("name: unet_resnet34  # big", "name: simple_unet  # big")
    }
    assert second == Install(wanted="unet_resnet34", package="segmentation-models-pytorch")
    (in_json, _) = repairs(log, "python train.py --config=b.json", RULES, FILES.get)
    assert isinstance(in_json, Fallback)
    assert in_json.command == "python train.py --config=b.repaired.json"
    assert '"name": "simple_unet"' in in_json.edits["b.repaired.json"]


def test_a_value_in_the_command_itself_is_replaced_there_as_a_whole_word() -> None:
    log = "RuntimeError: unsupported model.name = 'unet_resnet34'."
    command = "python train.py --model unet_resnet34 --out runs/unet_resnet34_dual model.name=unet_resnet34"
    step = repairs(log, command, RULES, FILES.get)[0]
    assert isinstance(step, Fallback)
    assert step.command == "python train.py --model simple_unet --out runs/unet_resnet34_dual model.name=simple_unet"
    assert step.edits == {}


def test_without_a_config_that_holds_it_there_is_no_fallback() -> None:
    steps = repairs("Unsupported model.name: unet_resnet34", "python train.py --config gone.yaml", RULES, FILES.get)
    assert [type(step) for step in steps] == [Install]


@given(st.text(max_size=200), st.text(max_size=80))
def test_only_what_the_maps_name_is_ever_installed(log: str, command: str) -> None:
    allowed = {package for table in (RULES.packages, RULES.model_packages) for p in table.values() for package in p}
    for name in (*RULES.packages, "x", "os;rm", "unet_resnet34"):
        for step in repairs(log + missing(name), command, RULES, FILES.get):
            assert not isinstance(step, Install) or step.package in allowed
