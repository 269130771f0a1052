"""Scanning on a cluster."""

import threading
import time

import pyarrow as pa
import ray

import rejoinder.ray
from cluster import chats
from cluster.machines import Machines, wait_until
from wheel.refused import raised

PLACES = {"shard": "file", "ordinal": "line"}


def read(number: int):
    """Generated conversations as a data set of 40 blocks."""
    return ray.data.read_parquet(str(chats.generated(number)), override_num_blocks=chats.ROW_GROUPS)


def check_rows_are_the_commands():
    """With the places of the source, row by row; without them, by conversation and message."""
    with Machines():
        begun = time.perf_counter()
        placed = chats.rows_of(rejoinder.ray.scan(read(chats.conversations), **PLACES))
        print(f"        {chats.conversations} conversations, {placed.num_rows} rows in {time.perf_counter() - begun:.1f} s")
        chats.assert_same_as_command(placed, chats.ran(chats.conversations))
        number = chats.conversations // 10
        alone = chats.rows_of(rejoinder.ray.scan(read(number), batch_size=777))
        by_places = chats.rows_of(rejoinder.ray.scan(read(number), **PLACES))
        assert chats.decisions(alone).equals(chats.decisions(by_places))


def check_a_killed_worker_changes_no_row():
    # Fewer are done before a worker can be killed in the middle, whatever a quick run wants.
    conversations = max(chats.conversations, 200_000)
    with Machines() as machines:
        ds = rejoinder.ray.scan(read(conversations), **PLACES, concurrency=4, batch_size=conversations // 200)
        batches = []

        def consume():
            batches.extend(ds.iter_batches(batch_size=None, batch_format="pyarrow"))

        reader = threading.Thread(target=consume)
        reader.start()
        wait_until(lambda: batches)
        busy = next(number for number in range(2) if machines.is_worker_busy(number, "ScanActor"))
        machines.kill_worker(busy)
        had = len(batches)
        reader.join()
        print(f"        a worker killed after {had} of {len(batches)} blocks")
        assert had < len(batches) * 3 // 4, "the kill came too late to be in the middle"
        rows = chats.in_order(pa.concat_tables([batch for batch in batches if batch.num_rows]))
        chats.assert_same_as_command(rows, chats.ran(conversations))


def check_bad_rows_are_rows():
    """Rows that cannot be read have `error`, the others are decided about; a data set of no rows gives one of no rows."""
    good = [
        {"role": "user", "content": "Write a loop that prints 1 to 10."},
        {"role": "assistant", "content": "for (int i = 1; i <= 10; i++) printf();"},
        {"role": "user", "content": "No, I wanted Python."},
    ]
    table = pa.table({"conversation_id": ["a", "b", "c"], "conversation": [good, None, good]})
    with Machines():
        rows = chats.rows_of(rejoinder.ray.scan(ray.data.from_arrow(table)))
        assert rows["decision"].to_pylist().count("accepted") == 2, rows
        (error,) = chats.with_decision(rows, "set-aside")["error"].to_pylist()
        assert error, rows
        empty = rejoinder.ray.scan(ray.data.from_arrow(table.slice(0, 0)))
        assert empty.count() == 0 and "decision" in empty.schema().names
        shown = rejoinder.ray.scan(ray.data.from_arrow([table.slice(0, 0), table.slice(0, 1)]), batch_size=1)
        assert shown.count() == 1


def check_what_no_batch_can_know_is_refused():
    """Conversations of several rows, and duplicates."""
    messages = [("a", 0, "user", "Hi"), ("a", 1, "assistant", "Hello!"), ("a", 2, "user", "Thanks!")] * 2
    columns = dict(zip(("conversation_id", "index", "role", "content"), map(list, zip(*messages))))
    chats_of_rows = pa.table({"conversation": [[{"role": "user", "content": "Hi"}]]})
    with Machines():
        several = lambda: rejoinder.ray.scan(ray.data.from_arrow(pa.table(columns)))  # noqa: E731
        error = raised(rejoinder.UsageError, several, code=2)
        assert "several rows" in error and "map_groups" in error, error
        config = {"input": {"duplicates": "exact"}}
        error = raised(rejoinder.UsageError, lambda: rejoinder.ray.scan(ray.data.from_arrow(chats_of_rows), config), code=2)
        assert "duplicates" in error, error
