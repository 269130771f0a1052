"""Flags are checked before anything heavy is imported."""

import sys

import pytest

from rejoinder_recipes.__main__ import main, parser

TRAIN = ["train", "--model", "m", "--out", "o"]


@pytest.mark.parametrize(
    "flag", ["--epochs=0", "--batch-size=0", "--max-length=-1", "--learning-rate=nan", "--seed=-1", "--accumulate=1.5"]
)
def test_a_number_that_means_nothing_is_refused(flag, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*TRAIN, flag])
    assert ended.value.code == 2 and flag.split("=")[0] in capsys.readouterr().err


def test_help_needs_no_heavy_library(capsys):
    before = set(sys.modules)
    for verb in ([], ["train"], ["compare"]):
        with pytest.raises(SystemExit):
            main([*verb, "--help"])
    assert "rejoinder export sft" in capsys.readouterr().out
    assert not {"torch", "transformers", "trl"} & (set(sys.modules) - before)


def test_the_defaults_of_the_flags_are_those_of_the_settings():
    from rejoinder_recipes.training.settings import TrainingSettings

    args = parser().parse_args([*TRAIN, "--sft", "s"])
    assert all(getattr(args, name) == value for name, value in vars(TrainingSettings()).items())
