"""The requests to a judge: each pair of answers twice, once with each answer first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answer, check_same_prompts
from .judge_prompt import judge_messages

MAX_TOKENS = 2048
URL = "/v1/chat/completions"
# A custom_id has at most 64 letters, digits, `_` and `-`: the narrowest that batch services take.
_ARM_CHARS, _PROMPT_CHARS, _DIGEST_CHARS = 16, 24, 12


@dataclass(frozen=True)
class AnswerPair:
    """What an arm and the pre-trained model say to the same prompt."""

    arm: str
    of_arm: Answer
    of_base: Answer

    @property
    def is_identical(self) -> bool:
        """Whether both say the same, so that nobody need be asked."""
        return self.of_arm.text.strip() == self.of_base.text.strip()


@dataclass(frozen=True)
class PairRequest:
    """A question to the judge: which of the pair's answers is better, with the arm's answer as A (`arm_first`) or as B."""

    pair: AnswerPair
    arm_first: bool
    body: Mapping[str, Any]
    custom_id: str

    def line(self) -> str:
        """The request as a line of OpenAI's Batch format, without a line feed. No model is named: whoever asks says which."""
        return json.dumps({"custom_id": self.custom_id, "method": "POST", "url": URL, "body": self.body}, ensure_ascii=True)


def answer_pairs(base: Sequence[Answer], arms: Mapping[str, Sequence[Answer]]) -> list[AnswerPair]:
    """The pairs of every arm, in the order of the prompts.

    Raises:
        MismatchError: the arms and the pre-trained model did not answer the same prompts.
    """
    check_same_prompts(base, arms)
    return [AnswerPair(arm, of_arm, of_base) for arm, answers in arms.items() for of_arm, of_base in zip(answers, base)]


def pair_requests(base: Sequence[Answer], arms: Mapping[str, Sequence[Answer]], *, max_tokens: int = MAX_TOKENS) -> list[PairRequest]:
    """The requests about all pairs whose answers differ, both orders of a pair one after the other.

    Raises:
        MismatchError: the arms and the pre-trained model did not answer the same prompts.
    """
    pairs = answer_pairs(base, arms)
    return [request for pair in pairs if not pair.is_identical for request in _both_orders(pair, max_tokens)]


def _both_orders(pair: AnswerPair, max_tokens: int) -> Iterator[PairRequest]:
    for arm_first in (True, False):
        first, second = (pair.of_arm, pair.of_base) if arm_first else (pair.of_base, pair.of_arm)
        messages = judge_messages(pair.of_base.prompt, first.text, second.text)
        yield PairRequest(pair, arm_first, {"messages": messages, "max_tokens": max_tokens}, _custom_id(pair, arm_first, messages))


def _custom_id(pair: AnswerPair, arm_first: bool, messages: list[dict[str, str]]) -> str:
    """Arm, prompt and order for people, then a hash of arm, prompt and messages: a verdict about other answers has another id."""
    hashed = json.dumps([pair.arm, pair.of_base.prompt_id, arm_first, messages], ensure_ascii=True)
    digest = hashlib.sha256(hashed.encode("ascii")).hexdigest()[:_DIGEST_CHARS]
    order = "A" if arm_first else "B"
    return f"{_plain(pair.arm, _ARM_CHARS)}-{_plain(pair.of_base.prompt_id, _PROMPT_CHARS)}-{order}-{digest}"


def _plain(name: str, longest: int) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", name)[:longest] or "_"
