"""The rows of a data set as a stage trains on them, and what was left out or shortened."""

from dataclasses import dataclass
from typing import Any

import datasets

from ..chat import fit, tools_of
from ..dataset import Split
from ..errors import RecipeError

MAX_LENGTH_HINT = "raise --max-length, or export with --max-chars"


@dataclass(frozen=True)
class StageRows:
    """What one stage trains on."""

    split: Split
    rows: list[dict]
    prompt_tokens: int
    completion_tokens: int
    longest: int
    """Tokens of the longest sequence."""
    left_out: int
    """Rows whose last request alone is too long."""
    shortened: int
    """Rows that lost the oldest exchanges of their prompt."""
    cut: int
    """Rows whose answer lost its end."""

    def table(self) -> datasets.Dataset:
        """The rows as TRL's trainers read them."""
        columns = ("prompt", "completion", "label") if self.split.task == "kto" else ("prompt", "completion")
        return datasets.Dataset.from_list([{name: row[name] for name in columns} for row in self.rows])

    @property
    def counts(self) -> dict[str, int]:
        """What a record keeps."""
        names = ("prompt_tokens", "completion_tokens", "longest", "left_out", "shortened", "cut")
        return {"rows": len(self.rows), **{name: getattr(self, name) for name in names}}


def stage_rows(split: Split, tokenizer: Any, max_length: int) -> StageRows:
    """Fits the rows into `max_length` tokens.

    Raises RecipeError if no row is left, or the chat template has no form for the tools of some.
    """
    fitted = [fit(tokenizer, row, max_length) for row in split.rows]
    kept = [one for one in fitted if one is not None]
    if not kept:
        reason = "it has no rows" if not split.rows else f"no row fits into {max_length} tokens: {MAX_LENGTH_HINT}"
        raise RecipeError(f"nothing to train on in {split.folder} ({split.name}): {reason}")
    with_tools = tools_of([one.row for one in kept])
    if with_tools and "tool_calls" not in tokenizer.chat_template:
        raise RecipeError(
            f"{with_tools} rows hold calls of tools, and the model's chat template does not write them: export with --tools drop-rows"
        )
    return StageRows(
        split,
        [one.row for one in kept],
        sum(one.prompt_tokens for one in kept),
        sum(one.completion_tokens for one in kept),
        max(one.prompt_tokens + one.completion_tokens for one in kept),
        len(fitted) - len(kept),
        sum(one.is_shortened for one in kept),
        sum(one.is_cut for one in kept),
    )
