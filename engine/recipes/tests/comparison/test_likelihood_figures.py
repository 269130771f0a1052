"""The figures that need no judge."""

import time
from dataclasses import replace

import numpy as np
import pytest

from rejoinder_recipes.comparison.answers import HeldOutAnswer, MismatchError
from rejoinder_recipes.comparison.statistics.likelihood_figures import ArmLikelihood, likelihood_figures

from .made_up import held_out


def made_up(praised: int, blamed: int, shift: float = 0.0, seed: int = 0) -> list[HeldOutAnswer]:
    """Answers with random rewards, `shift` higher for praised ones; two answers a conversation."""
    generator = np.random.default_rng(seed)
    kinds = [True] * praised + [False] * blamed
    return [
        HeldOutAnswer(
            f"c{n // 2}",
            kind,
            "UR5" if kind else "UR2",
            (tokens := int(generator.integers(20, 60))),
            -2.0 * tokens,
            -2.0 * tokens + float(generator.normal()) + shift * kind,
            0.02,
        )
        for n, kind in enumerate(kinds)
    ]


def only_arm(rows: list[HeldOutAnswer]) -> ArmLikelihood:
    return likelihood_figures({"found": rows}, rounds=500).arms[0]


def test_means_and_gains_are_those_computed_by_hand() -> None:
    odd_and_even = [(n, 1 if n % 2 else -1) for n in range(10)]
    rows = [held_out(f"p{n}", True, reward=2.0 + sign, tokens=10, before=-20 + sign) for n, sign in odd_and_even]
    rows += [held_out(f"q{n}", True, reward=4.0 + sign, tokens=40, before=-40 + sign) for n, sign in odd_and_even]
    rows += [held_out(f"b{n}", False, reward=-1.0, tokens=20, before=-20) for n in range(12)]
    arm = only_arm(rows)
    # A token: -2 and -1 before, -1.8 and -0.9 after on average; every answer counts once, whatever its length.
    assert (arm.praised_before.value, arm.praised_after.value) == pytest.approx((-1.5, -1.35))
    assert arm.gain_praised.value == pytest.approx(0.15) and arm.gain_praised.finding == "higher"
    # 0.15 - (-1 / 20)
    assert arm.gain_difference.value == pytest.approx(0.2)
    # All blamed answers are alike, so that resampling knows nothing about others.
    assert arm.gain_blamed.finding == "too few" and arm.gain_blamed.value is None


def test_a_real_difference_is_found_and_none_is_not() -> None:
    arm = only_arm(made_up(100, 200, shift=1.0))
    assert arm.auc.value is not None and arm.auc.finding == "higher" and 0.68 < arm.auc.value < 0.84
    assert arm.auc_like_length.finding == arm.gain_difference.finding == arm.gain_praised.finding == "higher"
    arm = only_arm(made_up(100, 200))
    assert arm.auc.finding == arm.auc_like_length.finding == arm.gain_difference.finding == "no difference"
    assert arm.kl.neutral is None and [c.category for c in arm.by_category] == ["UR2", "UR5"]


def test_what_is_an_artefact_of_length_alone_is_gone_among_pairs_of_like_length() -> None:
    # The arm gives every token 0.01 more, whoever praised it; praised answers are mostly long.
    rows = [held_out(f"c{n}", n < 50, 0.01 * tokens, tokens) for n in range(150) if (tokens := 100 if (n < 50) == (n % 5 > 0) else 10)]
    arm = only_arm(rows)
    assert arm.auc.finding == "higher" and arm.auc.value == pytest.approx(0.8)
    assert arm.auc_like_length.value == 0.5 and arm.auc_like_length.finding == "no difference"


def test_an_arm_does_not_differ_from_itself_at_all() -> None:
    rows = made_up(30, 60, shift=0.5)
    other = made_up(30, 60, shift=0.5)
    (difference,) = likelihood_figures({"found": rows, "again": other}, rounds=300).differences
    for found in (difference.gain_difference, difference.auc, difference.auc_like_length):
        assert (found.value, found.low, found.high, found.finding) == (0.0, 0.0, 0.0, "no difference")


def test_a_paired_difference_is_surer_than_either_arm() -> None:
    rows = made_up(40, 80)
    better = [replace(row, after=row.after + 0.3) if row.praised else row for row in rows]
    found = likelihood_figures({"a": better, "b": rows}, rounds=500)
    (difference,) = found.differences
    assert difference.auc.finding == "higher" and found.arms[0].auc.finding == "no difference"


def test_a_model_that_did_not_move_shows_no_difference() -> None:
    rows = [replace(row, after=row.before, kl=0.0) for row in made_up(30, 60)]
    arm = only_arm(rows)
    assert (arm.gain_praised.value, arm.gain_praised.low, arm.gain_praised.high) == (0.0, 0.0, 0.0)
    assert arm.auc.value == 0.5 and arm.auc.finding == arm.gain_difference.finding == "no difference"


@pytest.mark.parametrize(("praised", "blamed"), [(0, 40), (40, 0), (4, 40), (0, 0)])
def test_too_few_of_a_kind_give_no_number(praised: int, blamed: int) -> None:
    arm = only_arm(made_up(praised, blamed))
    for found in (arm.auc, arm.auc_like_length, arm.gain_difference):
        assert (found.value, found.low, found.finding) == (None, None, "too few")


def test_arms_that_were_measured_on_other_answers_are_refused() -> None:
    rows = made_up(20, 20)
    for wrong in (rows[:-1], rows[::-1], [replace(rows[0], after=float("nan")), *rows[1:]]):
        with pytest.raises(MismatchError, match="arm `b`"):
            likelihood_figures({"a": rows, "b": wrong})
    with pytest.raises(MismatchError):
        likelihood_figures({})


def test_thousands_of_answers_take_seconds() -> None:
    rows = made_up(1500, 3000, shift=0.1)
    start = time.process_time()
    arm = likelihood_figures({"found": rows}).arms[0]
    assert arm.auc.finding == "higher"
    assert time.process_time() - start < 60
