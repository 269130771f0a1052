"""Later user turns of labelled conversations, and the texts that a model reads of them: those that the plugin makes of
`text = "{turn}"` and `pair = "{answer}"`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

LABELS = ("none", "UR1", "UR2", "UR3", "UR4", "UR5")
MAX_TOKENS = 128
BYTES_PER_TOKEN = 32


@dataclass(frozen=True)
class Turn:
    """A later user turn."""

    conversation: str
    index: int
    text: str
    answer: str
    label: int


def later_turns(file: Path, split: str | None = None) -> Iterator[Turn]:
    """The turns of a file of conversations with labels; with `split`, of that part of it."""
    for line in file.open(encoding="utf-8"):
        row = json.loads(line)
        if split is not None and row.get("split") != split:
            continue
        labels = {label["turn"]: LABELS.index(label["category"]) for label in row["labels"]}
        answer, has_answer = "", False
        for index, message in enumerate(row["conversation"]):
            if message["role"] == "user" and has_answer:
                yield Turn(row["conversation_id"], index, message["content"], answer, labels.get(index, 0))
            if message["role"] == "assistant":
                has_answer = True
                if message["content"].strip():
                    answer = message["content"]


def beginning(text: str) -> str:
    """What the plugin puts in of a text."""
    return text.encode()[: MAX_TOKENS * BYTES_PER_TOKEN].decode(errors="ignore")


class Model:
    """An ONNX model in onnxruntime, with its tokenizer."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options)

    def values(self, turn: Turn) -> np.ndarray:
        """The values of the model's output."""
        tokens = self.tokenizer.encode(beginning(turn.text), beginning(turn.answer))
        inputs = {
            "input_ids": tokens.ids,
            "attention_mask": tokens.attention_mask,
            "token_type_ids": tokens.type_ids,
        }
        wanted = {each.name for each in self.session.get_inputs()}
        given = {name: np.array([row], np.int64) for name, row in inputs.items() if name in wanted}
        return self.session.run(None, given)[0][0]
