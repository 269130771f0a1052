"""Conversations to scan."""

import functools
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from checks import Absent
from wheel.command import DIALOGUES, scratch

# The built example `corpus`.
generator: pathlib.Path | None = None


@functools.cache
def dialogues() -> pa.Table:
    """The repository's dialogues."""
    return pyarrow.json.read_json(DIALOGUES)


@functools.cache
def generated(conversations: int) -> pa.Table:
    """Conversations that the example `corpus` makes up."""
    if not generator:
        raise Absent("no --generator is named")
    file = scratch() / f"generated-{conversations}.jsonl"
    with file.open("wb") as out:
        subprocess.run([generator, str(conversations)], stdout=out, check=True)
    return pyarrow.json.read_json(file, pyarrow.json.ReadOptions(block_size=1 << 26))


def as_parquet(table: pa.Table, name: str, **options) -> pathlib.Path:
    """The table as a Parquet file."""
    file = scratch() / f"{name}.parquet"
    pq.write_table(table, file, **options)
    return file


def chats(*conversations) -> pa.Table:
    """Conversations of messages, each given as texts of the user and of the assistant in turn."""
    roles = ("user", "assistant")
    of = lambda texts: [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]  # noqa: E731
    ids = [f"c{number}" for number in range(len(conversations))]
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    messages = pa.array([None if texts is None else of(texts) for texts in conversations], pa.list_(message))
    return pa.table({"conversation_id": ids, "conversation": messages})


# The end of a dialogue that is feedback by a rule.
COMPLAINT = ("Write a loop that prints 1 to 10.", "for (int i = 1; i <= 10; i++) printf();", "No, I wanted Python.")
