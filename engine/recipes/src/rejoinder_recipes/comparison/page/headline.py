"""The answer, in one plain sentence for each arm, and one for each two arms.

Which figure answers is fixed beforehand, so that nobody picks the best one: the win rate where a judge was asked, else the share of
pairs of like length.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..judging.win_rate import ArmWinRate, WinRateDifference
from ..results import Results
from ..statistics.figure import FEWEST_CONVERSATIONS, Figure
from ..statistics.likelihood_figures import ArmDifference, ArmLikelihood
from . import words

_NO_WORDS = {
    "no difference": "no difference can be seen with so few",
    "too few": "no claim can be made with so few",
    "described": "",
}
# What a judge prefers is better in its eyes. Likelihoods say less: an arm may favour what was praised and write no better.
_JUDGED = _NO_WORDS | {"higher": "better", "lower": "worse"}
_OF_ARM = _NO_WORDS | {
    "higher": "favours what users praised over what they blamed",
    "lower": "favours what users blamed over what they praised",
}
_OF_TWO = _NO_WORDS | {"higher": "favours what users praised more", "lower": "favours what users praised less"}


@dataclass(frozen=True)
class Headline:
    """`subject` is an arm or `one arm against another`; `verdict` is the answer in some words, `reason` the figures behind it."""

    subject: str
    verdict: str
    reason: str


def is_judged(results: Results) -> bool:
    """Whether a judge settled any pair; pairs of equal answers need no judge."""
    return results.win_rates is not None and any(arm.pairs > arm.ties_identical for arm in results.win_rates.arms)


def headlines(results: Results) -> list[Headline]:
    """The answers about all arms, then those about all pairs of arms."""
    if results.win_rates is not None and is_judged(results):
        return [_of_win_rate(arm) for arm in results.win_rates.arms] + [
            _of_win_rates(difference) for difference in results.win_rates.differences
        ]
    return [_of_shares(arm) for arm in results.likelihood.arms] + [
        _of_difference(difference) for difference in results.likelihood.differences
    ]


def _of_win_rate(arm: ArmWinRate) -> Headline:
    reason = (
        f"its win rate against the pre-trained model is {words.share(arm.win_rate)} over {words.number(arm.pairs)} pairs, "
        f"where 50{words.PERCENT} means no difference"
    )
    return Headline(arm.arm, _JUDGED[arm.win_rate.finding], _with_detectable(arm.win_rate, reason, words.detectable_share(arm.win_rate)))


def _of_shares(arm: ArmLikelihood) -> Headline:
    found = arm.auc_like_length
    reason = (
        "a praised answer gained more probability than a blamed one of like length in "
        f"{words.share(found)} of the pairs, where 50{words.PERCENT} is chance"
    )
    return Headline(arm.arm, _OF_ARM[found.finding], _with_detectable(found, reason, words.detectable_share(found)))


def _of_win_rates(difference: WinRateDifference) -> Headline:
    reason = f"the win rates differ by {words.points(difference.difference)} over {words.number(difference.prompts)} prompts"
    return _between(difference.arm, difference.other, difference.difference, reason, _JUDGED)


def _of_difference(difference: ArmDifference) -> Headline:
    reason = f"the shares of pairs of like length differ by {words.points(difference.auc_like_length)}"
    return _between(difference.arm, difference.other, difference.auc_like_length, reason, _OF_TWO)


def _between(arm: str, other: str, found: Figure, reason: str, verdicts: dict[str, str]) -> Headline:
    return Headline(f"{arm} against {other}", verdicts[found.finding], _with_detectable(found, reason, words.detectable_points(found)))


def _with_detectable(found: Figure, reason: str, detectable: str) -> str:
    if found.finding == "too few":
        if found.conversations < FEWEST_CONVERSATIONS:
            return (
                f"a figure would rest on {words.conversations(found.conversations)}; {FEWEST_CONVERSATIONS} are the fewest from which "
                "an interval means anything"
            )
        return "the answers at hand do not differ enough for an interval"
    if found.finding == "no difference" and detectable:
        return f"{reason}; had it truly been {detectable}, four of five samples of this size would have shown it"
    return reason
