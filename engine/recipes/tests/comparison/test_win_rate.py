"""Win rates with judges that go by a rule."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rejoinder_recipes.comparison.answers import Answer
from rejoinder_recipes.comparison.judging.pair_requests import pair_requests
from rejoinder_recipes.comparison.judging.verdicts import Verdicts, read_verdicts
from rejoinder_recipes.comparison.judging.win_rate import WinRates, win_rates

from .made_up import answers, wilson

COUNT = 40
BASE = answers(["two words"] * COUNT)
Write = Callable[..., Path]


def lengths(*counts: int) -> list[Answer]:
    """Answers of so many words, again and again."""
    return answers(["word " * counts[n % len(counts)] for n in range(COUNT)])


def measured(judged: Write, rule: Callable[[str, str], str], **arms: list[Answer]) -> WinRates:
    requests = pair_requests(BASE, arms)
    return win_rates(BASE, arms, read_verdicts(judged(requests, rule), requests), rounds=500)


def longer(a: str, b: str) -> str:
    a_words, b_words = len(a.split()), len(b.split())
    return "A" if a_words > b_words else "B" if b_words > a_words else "C"


def test_a_judge_of_length_finds_the_longer_answers(judged: Write) -> None:
    found = measured(judged, longer, found=lengths(3, 3, 3, 1))
    (arm,) = found.arms
    assert (arm.pairs, arm.wins, arm.losses, arm.ties, arm.unjudged) == (40, 30, 10, 0, 0)
    assert arm.win_rate.value == 0.75 and arm.win_rate.finding == "higher"
    assert arm.first_shown.value == 0.5 and arm.decided == 80
    assert (arm.win_rate.low, arm.win_rate.high) == pytest.approx(wilson(30, 40), abs=0.05)
    assert (found.requests, found.replies, found.input_tokens, found.judge_models) == (80, 80, 8000, ("a-judge",))
    assert (arm.arm_tokens, arm.base_tokens) == (3, 2)


def test_a_judge_that_always_says_a_finds_nothing_but_its_own_bias(judged: Write) -> None:
    (arm,) = measured(judged, lambda a, b: "A", found=lengths(3)).arms
    assert (arm.wins, arm.losses, arm.ties, arm.ties_by_order, arm.ties_identical) == (0, 0, 40, 40, 0)
    assert arm.win_rate.value == 0.5 and arm.win_rate.finding == "no difference"
    assert arm.first_shown.value == 1.0 and arm.first_shown.finding == "higher"


def test_a_judge_that_always_says_tie_decides_nothing(judged: Write) -> None:
    (arm,) = measured(judged, lambda a, b: "C", found=lengths(3)).arms
    assert (arm.ties, arm.ties_by_order, arm.decided) == (40, 0, 0)
    assert arm.win_rate.value == 0.5 and arm.first_shown.finding == "too few"


def test_a_tie_in_one_order_is_a_tie(judged: Write) -> None:
    # The judge prefers the arm's answer where it stands first, and calls a tie where it stands second.
    (arm,) = measured(judged, lambda a, b: "A" if longer(a, b) == "A" else "C", found=lengths(3)).arms
    assert (arm.wins, arm.ties, arm.ties_by_order) == (0, 40, 0)


def test_identical_answers_are_ties_that_nobody_is_asked_about(judged: Write) -> None:
    found = measured(judged, longer, found=answers(["two words" if n % 2 else "now three words" for n in range(COUNT)]))
    (arm,) = found.arms
    assert found.requests == 40
    assert (arm.wins, arm.ties, arm.ties_identical, arm.pairs) == (20, 20, 20, 40)
    assert arm.win_rate.value == 0.75


def test_unanimous_wins_do_not_make_an_interval_without_width(judged: Write) -> None:
    (arm,) = measured(judged, longer, found=lengths(3)).arms
    assert arm.win_rate.value == arm.win_rate.high == 1.0
    assert arm.win_rate.low is not None and 0.9 < arm.win_rate.low < 0.95


def test_a_pair_that_lacks_a_verdict_is_told_and_not_counted() -> None:
    arms = {"found": lengths(3)}
    requests = pair_requests(BASE, arms)
    by_id = {request.custom_id: "A" if request.arm_first else "B" for request in requests[1:]}
    found = win_rates(BASE, arms, Verdicts(by_id, (), 79, None, None, ()), rounds=500).arms[0]
    assert (found.pairs, found.wins, found.unjudged) == (39, 39, 1)
    nobody = win_rates(BASE, arms, Verdicts({}, (), 0, None, None, ()), rounds=500).arms[0]
    assert (nobody.pairs, nobody.unjudged, nobody.win_rate.finding, nobody.arm_tokens) == (0, 40, "too few", None)


def test_arms_are_compared_on_the_same_prompts(judged: Write) -> None:
    found = measured(judged, longer, found=lengths(3), random=lengths(3, 1), again=lengths(3))
    by_arms = {(d.arm, d.other): d for d in found.differences}
    assert by_arms["found", "random"].difference.value == 0.5 and by_arms["found", "random"].difference.finding == "higher"
    same = by_arms["found", "again"].difference
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert by_arms["random", "again"].prompts == 40


def test_prompts_of_one_conversation_are_no_independent_evidence() -> None:
    generator = np.random.default_rng(0)
    wins = np.repeat(generator.random(20) < 0.5, 10)
    found = {}
    for name, conversation in (("one", "c{}".format), ("ten", lambda n: f"c{n // 10}")):
        base, arms = answers(["old"] * 200, conversation), {"found": answers(["new"] * 200, conversation)}
        by_id = {r.custom_id: "A" if r.arm_first == wins[n // 2] else "B" for n, r in enumerate(pair_requests(base, arms))}
        figure = win_rates(base, arms, Verdicts(by_id, (), 400, None, None, ()), rounds=500).arms[0].win_rate
        assert figure.low is not None and figure.high is not None
        found[name] = figure.high - figure.low
    assert found["ten"] > 2 * found["one"]
