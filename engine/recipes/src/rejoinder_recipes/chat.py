"""Conversations as tokens: one way for training, measuring and answering.

The prompt is rendered by the tokenizer's chat template with the opening of the answer behind it, as at inference; the completion is
what the template writes for the answer after that. TRL's trainers do the same from the messages, so that rows which fit here are the
sequences that training sees.
"""

from dataclasses import dataclass
from typing import Any

from .errors import RecipeError

Tokenizer = Any


@dataclass(frozen=True)
class Encoded:
    """A prompt and its answer as token ids."""

    prompt: list[int]
    completion: list[int]


def _ids(tokenizer: Tokenizer, messages: list[dict], is_open: bool) -> list[int]:
    try:
        return tokenizer.apply_chat_template(messages, add_generation_prompt=is_open, tokenize=True, return_dict=True)["input_ids"]
    except Exception as why:  # Templates are programs of the model's authors.
        raise RecipeError(f"the chat template of the model refuses a conversation: {why}") from why


def prompt_ids(tokenizer: Tokenizer, prompt: list[dict]) -> list[int]:
    """The tokens of a prompt, with the opening of the answer behind it."""
    return _ids(tokenizer, prompt, is_open=True)


def encode(tokenizer: Tokenizer, prompt: list[dict], completion: list[dict]) -> Encoded:
    """The tokens of a prompt and of its answer.

    Raises RecipeError if the template writes a prompt otherwise once an answer follows: a model would be trained on what it never sees.
    """
    asked = prompt_ids(tokenizer, prompt)
    whole = _ids(tokenizer, prompt + completion, is_open=False)
    if whole[: len(asked)] != asked:
        raise RecipeError(
            "the chat template of the model writes the prompt otherwise once an answer follows, so that training would see another prompt "
            "than inference does. Templates of models that think do so: choose the template without thinking"
        )
    return Encoded(asked, whole[len(asked) :])


def check_template(tokenizer: Tokenizer) -> None:
    """Raises RecipeError if the tokenizer has no chat template: training and inference need the same one."""
    if not getattr(tokenizer, "chat_template", None):
        raise RecipeError(
            "the model has no chat template, so it is no chat model: nobody knows how it should read a conversation. Choose the model's "
            "`Instruct` or `Chat` version"
        )


@dataclass(frozen=True)
class Fitted:
    """A row whose prompt leaves room for the answer."""

    row: dict
    prompt_tokens: int
    completion_tokens: int
    is_shortened: bool
    is_cut: bool


def fit(tokenizer: Tokenizer, row: dict, max_length: int) -> Fitted | None:
    """The row with as much of its prompt as leaves room for the answer: half of `max_length` tokens, or all that the answer needs.

    The oldest exchanges go first, the system message stays; the last request alone may leave as little as a quarter. An answer that is
    still too long loses its end. `None` if the last request alone is too long.
    """
    encoded = encode(tokenizer, row["prompt"], row["completion"])
    needed = len(encoded.completion)
    prompt = row["prompt"]
    while len(encoded.prompt) > max_length - min(needed, max_length // 2):
        shorter = _without_first_exchange(prompt)
        if shorter is None:
            break
        prompt = shorter
        encoded = encode(tokenizer, prompt, row["completion"])
    if len(encoded.prompt) > max_length - min(needed, max_length // 4):
        return None
    room = max_length - len(encoded.prompt)
    return Fitted({**row, "prompt": prompt}, len(encoded.prompt), min(needed, room), len(prompt) < len(row["prompt"]), needed > room)


def _without_first_exchange(prompt: list[dict]) -> list[dict] | None:
    """The prompt from its second request on; `None` if there is only one."""
    opening = 1 if prompt[0]["role"] == "system" else 0
    requests = [place for place in range(opening, len(prompt)) if prompt[place]["role"] == "user"]
    return prompt[:opening] + prompt[requests[1] :] if len(requests) > 1 else None


def tools_of(rows: list[dict]) -> int:
    """How many rows hold calls of tools."""
    return sum(any(message.get("tool_calls") for message in row["prompt"]) for row in rows)
