"""Resampling by conversation against closed forms."""

import numpy as np
import pytest

from rejoinder_recipes.comparison.statistics.bootstrap import percentile_interval, resample, student_quantile

from .made_up import wilson


def test_each_round_draws_as_many_conversations_as_there_are() -> None:
    drawn = resample(["a", "b", "a", "c"], rounds=50, seed=3)
    assert drawn.places == {"a": 0, "b": 1, "c": 2}
    assert (drawn.counts.sum(axis=1) == 3).all()
    assert (drawn.counts >= 0).all() and len(np.unique(drawn.counts, axis=0)) > 5


def test_the_same_seed_draws_the_same_and_another_seed_does_not() -> None:
    ids = [f"c{n}" for n in range(30)]
    first, again, other = resample(ids, seed=1), resample(ids, seed=1), resample(ids, seed=2)
    assert (first.counts == again.counts).all()
    assert (first.counts != other.counts).any()


def test_the_draws_of_a_seed_are_those_that_were_promised() -> None:
    assert resample("abcdef", rounds=2, seed=0).counts.tolist() == [[1, 2, 0, 2, 0, 1], [2, 1, 0, 1, 1, 1]]


def test_the_interval_of_a_mean_is_the_normal_interval_by_clusters() -> None:
    generator = np.random.default_rng(5)
    clusters, size = 150, 6
    values = (generator.normal(size=clusters)[:, None] + 0.3 * generator.normal(size=(clusters, size))).ravel()
    ids = [f"c{n // size}" for n in range(clusters * size)]
    drawn = resample(ids, rounds=4000, seed=1)
    low, high = percentile_interval(drawn.means(drawn.rows(ids), values), clusters)
    means = values.reshape(clusters, size).mean(axis=1)
    reach = 1.96 * means.std(ddof=1) / np.sqrt(clusters)
    assert low == pytest.approx(means.mean() - reach, abs=0.08 * reach)
    assert high == pytest.approx(means.mean() + reach, abs=0.08 * reach)
    # As if answers were independent, the interval would be less than half as wide.
    assert reach > 2 * 1.96 * values.std(ddof=1) / np.sqrt(values.size)


def test_the_interval_of_a_proportion_is_wilsons() -> None:
    values = np.array([1.0] * 60 + [0.0] * 140)
    ids = [f"c{n}" for n in range(200)]
    drawn = resample(ids, rounds=4000, seed=2)
    low, high = percentile_interval(drawn.means(drawn.rows(ids), values), 200)
    assert (low, high) == pytest.approx(wilson(60, 200), abs=0.01)


def test_a_round_without_rows_has_no_mean() -> None:
    drawn = resample(["a", "b"], rounds=64, seed=0)
    means = drawn.means(drawn.rows(["a"]), np.array([2.0]))
    assert np.isnan(means).sum() == (drawn.counts[:, 0] == 0).sum() > 0
    assert set(means[np.isfinite(means)]) == {2.0}


@pytest.mark.parametrize(("freedom", "quantile"), [(9, 2.26216), (12, 2.17881), (30, 2.04227), (120, 1.97993), (5000, 1.96044)])
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, abs=1e-3)
