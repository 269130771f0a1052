"""Conversations for checks, as Parquet files in a folder, and what the command makes of them."""

import functools
import json
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from wheel.command import Ran, command, new_folder, scratch, toml

FILES, ROW_GROUPS = 8, 40

# The built example `corpus`, and how many conversations it makes up.
generator: pathlib.Path | None = None
conversations = 200_000


@functools.cache
def generated(number: int) -> pathlib.Path:
    """A folder of generated conversations, in 40 row groups; columns `file` and `line` say where a conversation stands, in the numbers
    of the command."""
    lines = scratch() / f"generated-{number}.jsonl"
    with lines.open("wb") as out:
        subprocess.run([generator, str(number)], stdout=out, check=True)
    table = pyarrow.json.read_json(lines, pyarrow.json.ReadOptions(block_size=1 << 26))
    lines.unlink()
    folder = scratch() / f"generated-{number}"
    folder.mkdir()
    each = number // FILES
    for file in range(FILES):
        own = table.slice(file * each, each)
        places = {"file": [file] * each, "line": range(each)}
        for name, column in places.items():
            own = own.append_column(name, pa.array(column, pa.int64()))
        pq.write_table(own, folder / f"part-{file:02}.parquet", compression="zstd", row_group_size=number // ROW_GROUPS)
    return folder


@functools.cache
def ran(number: int) -> Ran:
    """A run of the command without a judge over generated conversations."""
    return Ran(generated(number))


@functools.cache
def feedback_of(ran: Ran) -> pa.Table:
    """The feedback table of a run."""
    return ran.feedback()


@functools.cache
def judged(number: int, address: str, **judge) -> pa.Table:
    """The feedback that the command finds in generated conversations with a judge."""
    folder = new_folder()
    (folder / "config.toml").write_text(toml({"judge": {"base-url": f"{address}/v1", "model": "test-model", **judge}}))
    command("run", generated(number), "--config", folder / "config.toml", "--quiet", "--out", folder / "run")
    command("export", "feedback", folder / "run", "--out", folder / "feedback.parquet", "--quiet")
    return pq.read_table(folder / "feedback.parquet")


def rows_of(ds) -> pa.Table:
    """All rows of a data set of rows about turns, in the order of the input."""
    batches = [batch for batch in ds.iter_batches(batch_size=None, batch_format="pyarrow") if batch.num_rows]
    return in_order(pa.concat_tables(batches))


def in_order(rows: pa.Table) -> pa.Table:
    """Rows in the order of the input."""
    keys = [(name, "ascending") for name in ("shard", "ordinal", "message_index")]
    return rows.sort_by(keys).combine_chunks()


def decisions(rows: pa.Table) -> pa.Table:
    """What was decided about each turn, whatever its place."""
    columns = ["conversation_id", "message_index", "decision", "category", "span"]
    return rows.select(columns).sort_by([(name, "ascending") for name in columns[:2]]).combine_chunks()


def with_decision(rows: pa.Table, decision: str) -> pa.Table:
    """The rows with a decision."""
    return rows.filter(pc.equal(rows["decision"], decision))


def differences(one: dict, other: dict) -> list:
    """The fields in which two rows differ."""
    return [(name, one.get(name), other.get(name)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)]


def first_difference(one: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple:
    """The first two values that differ."""
    return next(pair for pair in zip(one.to_pylist(), other.to_pylist()) if pair[0] != pair[1])


def same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Whether two columns hold the same."""
    if pa.types.is_nested(one.type):
        return one.to_pylist() == other.to_pylist()
    return one.combine_chunks().equals(other.combine_chunks())


def assert_same_as_command(rows: pa.Table, ran: Ran):
    """Rows in the order of the input are those that the command writes."""
    feedback = feedback_of(ran)
    accepted = with_decision(rows, "accepted").select(feedback.column_names)
    assert accepted.num_rows == feedback.num_rows > 0, (accepted.num_rows, feedback.num_rows)
    for name in feedback.column_names:
        assert same(accepted[name], feedback[name]), (name, first_difference(accepted[name], feedback[name]))
    waiting = list(map(json.loads, with_decision(rows, "waiting")["question"].to_pylist()))
    expected = ran.waiting()
    for row in (*waiting, *expected):
        # Which turns would share a request depends on the batches.
        row.pop("group", None)
    assert len(waiting) == len(expected) > 0, (len(waiting), len(expected))
    assert waiting == expected, next(differences(*pair) for pair in zip(waiting, expected) if pair[0] != pair[1])
    assert accepted.num_rows + len(waiting) == rows.num_rows
