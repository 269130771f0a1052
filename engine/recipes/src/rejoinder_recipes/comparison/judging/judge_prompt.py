"""The prompt for a judge of pairs: the published one of MT-Bench.

Zheng et al., Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena, 2023 (arXiv 2306.05685), figure 5, "the default prompt for pairwise
comparison". A question of one message stands in it as published. A dialogue of several stands under the same mark, with the heads
of that paper's figure 9 (`### User:`) and one line that says which message is answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .disarm import disarm

SYSTEM = (
    "Please act as an impartial judge and evaluate the quality of the responses provided by two AI assistants to the user question "
    "displayed below. You should choose the assistant that follows the user's instructions and answers the user's question better. "
    "Your evaluation should consider factors such as the helpfulness, relevance, accuracy, depth, creativity, and level of detail of "
    "their responses. Begin your evaluation by comparing the two responses and provide a short explanation. Avoid any position biases "
    "and ensure that the order in which the responses were presented does not influence your decision. Do not allow the length of the "
    "responses to influence your evaluation. Do not favor certain names of the assistants. Be as objective as possible. After "
    'providing your explanation, output your final verdict by strictly following this format: "[[A]]" if assistant A is better, '
    '"[[B]]" if assistant B is better, and "[[C]]" for a tie.'
)
USER = (
    "[User Question]\n{question}\n\n"
    "[The Start of Assistant A's Answer]\n{answer_a}\n[The End of Assistant A's Answer]\n\n"
    "[The Start of Assistant B's Answer]\n{answer_b}\n[The End of Assistant B's Answer]"
)
DIALOGUE = "(A conversation. The answers below reply to its last message.)"
_HEADS = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}


def judge_messages(prompt: Sequence[Mapping[str, str]], answer_a: str, answer_b: str) -> list[dict[str, str]]:
    """The messages that ask which answer to `prompt` (messages with `role` and `content`) is better."""
    user = USER.format(question=_question(prompt), answer_a=disarm(answer_a), answer_b=disarm(answer_b))
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]


def _question(prompt: Sequence[Mapping[str, str]]) -> str:
    if len(prompt) == 1 and prompt[0]["role"] == "user":
        return disarm(prompt[0]["content"])
    messages = (f"### {_HEADS.get(message['role'], 'Other')}:\n{disarm(message['content'])}" for message in prompt)
    return "\n\n".join([DIALOGUE, *messages])
