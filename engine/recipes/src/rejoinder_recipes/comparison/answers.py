"""What models made of held-out conversations: the input of all figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class HeldOutAnswer:
    """An answer that a user praised or blamed, and how likely two models find it.

    `tokens` counts the answer's tokens. `before` and `after` are sums of the log-probabilities (natural logarithm) of these
    tokens under the pre-trained model and under the arm. `kl` is the mean over the answer's tokens of KL(arm ‖ pre-trained), in nats.
    """

    conversation_id: str
    praised: bool
    category: str
    tokens: int
    before: float
    after: float
    kl: float


@dataclass(frozen=True)
class Answer:
    """What a model says to a held-out prompt. `prompt` is a list of messages with `role` and `content`; `tokens` counts `text`."""

    prompt_id: str
    conversation_id: str
    prompt: Sequence[Mapping[str, str]]
    text: str
    tokens: int


class MismatchError(ValueError):
    """The arms were not measured on the same held-out answers or prompts."""


def check_same_answers(arms: Mapping[str, Sequence[HeldOutAnswer]]) -> None:
    """Raise unless every arm has the same answers in the same order, with finite numbers.

    Raises:
        MismatchError: names the arm and the row (from 1).
    """
    names = list(arms)
    if not names:
        raise MismatchError("no arm was measured: give at least one")
    first = arms[names[0]]
    for name in names:
        rows = arms[name]
        if len(rows) != len(first):
            raise MismatchError(
                f"arm `{name}` has {len(rows)} held-out answers, arm `{names[0]}` has {len(first)}: measure both on the same file"
            )
        for number, (row, other) in enumerate(zip(rows, first), start=1):
            if _identity(row) != _identity(other):
                raise MismatchError(f"arm `{name}`, held-out answer {number}: not the answer that arm `{names[0]}` was measured on")
            if row.tokens < 1:
                raise MismatchError(f"arm `{name}`, held-out answer {number}: {row.tokens} tokens; an answer has at least one")
            if not all(map(isfinite, (row.before, row.after, row.kl))):
                raise MismatchError(
                    f"arm `{name}`, held-out answer {number}: a log-probability or divergence that is no finite number; "
                    "did the training diverge?"
                )


def check_same_prompts(base: Sequence[Answer], arms: Mapping[str, Sequence[Answer]]) -> None:
    """Raise unless the pre-trained model and every arm answered the same prompts in the same order.

    Raises:
        MismatchError: names the arm and the prompt.
    """
    seen: set[str] = set()
    for answer in base:
        if answer.prompt_id in seen:
            raise MismatchError(f"prompt {answer.prompt_id!r} stands twice among the answers of the pre-trained model")
        seen.add(answer.prompt_id)
    for name, answers in arms.items():
        if len(answers) != len(base):
            raise MismatchError(f"arm `{name}` answered {len(answers)} prompts, the pre-trained model {len(base)}")
        for answer, other in zip(answers, base):
            same = (answer.prompt_id, answer.conversation_id, list(answer.prompt)) == (
                other.prompt_id,
                other.conversation_id,
                list(other.prompt),
            )
            if not same:
                raise MismatchError(
                    f"arm `{name}`: prompt {answer.prompt_id!r} stands where the pre-trained model answered {other.prompt_id!r}, "
                    "or is another prompt"
                )


def _identity(row: HeldOutAnswer) -> tuple[str, bool, str, int]:
    return (row.conversation_id, row.praised, row.category, row.tokens)
