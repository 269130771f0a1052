"""What the verdicts about both orders of a pair come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..answers import Answer
from .pair_requests import AnswerPair, PairRequest
from .verdicts import Verdicts


@dataclass(frozen=True)
class JudgedPair:
    """A pair with its score: 1 for a win of the arm, 0 for a loss, 1/2 for a tie; `by_order` says that the orders disagree."""

    pair: AnswerPair
    score: float
    by_order: bool

    @property
    def prompt(self) -> Answer:
        """The pre-trained model's answer, which names the prompt and its conversation."""
        return self.pair.of_base


def judged_pairs(pairs: Sequence[AnswerPair], requests: Sequence[PairRequest], verdicts: Verdicts) -> dict[str, list[JudgedPair]]:
    """By arm, the pairs that can be counted: identical answers, and those with a verdict about both orders."""
    by_pair: dict[tuple[str, str], list[PairRequest]] = {}
    for request in requests:
        by_pair.setdefault(_key(request.pair), []).append(request)
    judged: dict[str, list[JudgedPair]] = {pair.arm: [] for pair in pairs}
    for pair in pairs:
        found = _judge(pair, by_pair.get(_key(pair), []), verdicts)
        if found is not None:
            judged[pair.arm].append(found)
    return judged


def _key(pair: AnswerPair) -> tuple[str, str]:
    return pair.arm, pair.of_base.prompt_id


def _judge(pair: AnswerPair, requests: list[PairRequest], verdicts: Verdicts) -> JudgedPair | None:
    if pair.is_identical:
        return JudgedPair(pair, 0.5, by_order=False)
    said = [_score_for_arm(request, verdicts) for request in requests]
    if any(score is None for score in said):
        return None
    first, second = said
    agreed = first if first is not None and first == second else 0.5
    return JudgedPair(pair, agreed, by_order={first, second} == {0.0, 1.0})


def _score_for_arm(request: PairRequest, verdicts: Verdicts) -> float | None:
    verdict = verdicts.by_id.get(request.custom_id)
    if verdict is None:
        return None
    return 0.5 if verdict == "C" else float((verdict == "A") == request.arm_first)
