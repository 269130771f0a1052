"""Shares of pairs against hand-counted pairs and against a loop over all pairs."""

import numpy as np
import pytest

from rejoinder_recipes.comparison.statistics.pairs import like_pairs, share_of_like_pairs, share_of_pairs

ONE = np.ones((1, 3))


def test_a_share_that_was_counted_by_hand_with_ties() -> None:
    # Pairs: 3>1, 3>2, 3=3, 2>1, 2=2, 2<3, 1=1, 1<2, 1<3: 3 won, 3 tied of 9.
    share = share_of_pairs(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0]), ONE, ONE)
    assert share.tolist() == [0.5]
    # 5 beats all three, 2 beats 1, ties with 2, loses to 3: 4 won, 1 tied of 6.
    share = share_of_pairs(np.array([5.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.ones((1, 2)), ONE)
    assert share == pytest.approx([4.5 / 6])


def test_an_answer_drawn_twice_counts_twice() -> None:
    share = share_of_pairs(np.array([1.0, 0.0]), np.array([0.5]), np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([[1.0], [2.0]]))
    assert share == pytest.approx([2 / 3, 0])


def test_a_round_without_pairs_has_no_share() -> None:
    none = np.zeros((1, 1))
    assert np.isnan(share_of_pairs(np.array([1.0]), np.array([0.0]), none, np.ones((1, 1)))).all()
    assert np.isnan(share_of_pairs(np.array([1.0]), np.array([]), np.ones((1, 1)), np.ones((1, 0)))).all()
    assert np.isnan(share_of_pairs(np.array([]), np.array([1.0]), np.ones((1, 0)), np.ones((1, 1)))).all()
    lengths = np.array([10]), np.array([20])
    assert np.isnan(share_of_like_pairs(np.array([1.0]), np.array([0.0]), *lengths, np.ones((1, 1)), np.ones((1, 1)))).all()


def test_like_length_is_three_quarters_or_more() -> None:
    count, praised, blamed = like_pairs(np.array([75, 74, 300]), np.array([100, 400, 1000]))
    assert (count, praised.tolist(), blamed.tolist()) == (2, [True, False, True], [True, True, False])


@pytest.mark.parametrize("seed", range(20))
def test_both_shares_are_those_of_a_loop_over_all_pairs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    praised, blamed = (generator.integers(0, 8, size=n).astype(float) for n in generator.integers(1, 30, size=2))
    lengths, others = (generator.integers(1, 40, size=len(scores)) for scores in (praised, blamed))
    weights, other_weights = (generator.integers(0, 3, size=(5, len(scores))).astype(float) for scores in (praised, blamed))

    def by_loop(round_: int, like: bool) -> float:
        won = pairs = 0.0
        for i in range(len(praised)):
            for j in range(len(blamed)):
                if like and abs(lengths[i] - others[j]) > max(lengths[i], others[j]) / 4:
                    continue
                weight = weights[round_, i] * other_weights[round_, j]
                pairs += weight
                won += weight * (1.0 if praised[i] > blamed[j] else 0.5 if praised[i] == blamed[j] else 0.0)
        return won / pairs if pairs else float("nan")

    over_all = share_of_pairs(praised, blamed, weights, other_weights)
    over_like = share_of_like_pairs(praised, blamed, lengths, others, weights, other_weights)
    assert over_all == pytest.approx([by_loop(r, like=False) for r in range(5)], nan_ok=True)
    assert over_like == pytest.approx([by_loop(r, like=True) for r in range(5)], nan_ok=True)
