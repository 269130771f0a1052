"""One engine serves several threads, lets Python go on, holds one batch at a time, and survives what it did not foresee."""

import concurrent.futures
import subprocess
import sys
import threading
import time

import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import ALL_WAIT
from wheel.corpora import COMPLAINT


def check_several_threads_on_one_engine():
    table = corpora.dialogues()
    engine = rejoinder.Engine()
    expected = pa.table(engine.scan(table))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for rows in pool.map(lambda _: pa.table(engine.scan(table)), range(24)):
            assert rows.equals(expected)


def check_several_threads_on_one_stream():
    table = corpora.dialogues()
    engine = rejoinder.Engine()
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))
    scan = engine.scan_batches(reader)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: [pa.table(rows) for rows in scan], range(4)))
    rows = pa.concat_tables([rows for part in found for rows in part])
    expected = pa.table(engine.scan(table))
    assert rows.sort_by([("ordinal", "ascending"), ("message_index", "ascending")]).equals(
        expected.sort_by([("ordinal", "ascending"), ("message_index", "ascending")])
    )


def check_any_number_of_threads_gives_the_same_rows():
    table = pa.concat_tables([corpora.dialogues()] * 20)
    expected = pa.table(rejoinder.Engine(ALL_WAIT, threads=1).scan(table))
    for threads in (2, 5):
        assert pa.table(rejoinder.Engine(ALL_WAIT, threads=threads).scan(table)).equals(expected)


def check_python_goes_on_during_a_scan():
    table = pa.concat_tables([corpora.dialogues()] * 200)
    engine = rejoinder.Engine(threads=1)
    counted, stop = 0, threading.Event()

    def count():
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before, begun = counted, time.perf_counter()
    engine.scan(table)
    during, took = counted - before, time.perf_counter() - begun
    stop.set()
    thread.join()
    # A thread that waits for Python would have counted once or twice.
    assert took > 0.05 and during > took * 100, (during, took)


def check_a_panic_becomes_an_exception():
    # A word whose place is not among the words: no library makes such a table by itself.
    keys, words = pa.array([0, 1, 99], pa.int32()), pa.array(["user", "assistant"])
    roles = pa.DictionaryArray.from_arrays(keys, words, safe=False)
    messages = pa.StructArray.from_arrays([roles, pa.array(list(COMPLAINT))], ["role", "content"])
    table = pa.table({"conversation": pa.ListArray.from_arrays(pa.array([0, 3], pa.int32()), messages)})
    engine = rejoinder.Engine()
    for _ in range(2):
        try:
            engine.scan(table)
        except rejoinder.InternalError as error:
            assert error.code == 1 and "please report it" in str(error), error
        else:
            raise AssertionError("a table that lies")
    assert len(engine.scan(corpora.chats(COMPLAINT))) == 1


# The greatest memory of a process so far, in MB. (What `getrusage` tells holds the parent's memory, too.)
PEAK = """
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))
"""

STREAM = PEAK + """
import sys
import pyarrow as pa
import rejoinder

batches, rows = int(sys.argv[1]), int(sys.argv[2])
text = "Some words of an answer that is as long as answers are. " * 20
message = pa.struct([("role", pa.string()), ("content", pa.string())])
schema = pa.schema([("conversation_id", pa.string()), ("conversation", pa.list_(message))])

def made():
    for number in range(batches):
        talks = [
            [{"role": "user", "content": "q"}, {"role": "assistant", "content": f"{number} {row} {text}"},
             {"role": "user", "content": "No, I wanted Python."}]
            for row in range(rows)
        ]
        yield pa.record_batch([[f"{number}-{row}" for row in range(rows)], talks], schema=schema)

found = 0
for batch in rejoinder.Engine().scan_batches(pa.RecordBatchReader.from_batches(schema, made())):
    found += len(batch)
assert found == batches * rows, found
print(peak())
"""

LONG_TEXTS = PEAK + """
import pyarrow as pa
import rejoinder

message = pa.struct([("role", pa.string()), ("content", pa.string())])
talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x y z " * 50_000},
        {"role": "user", "content": "No, I wanted Python."}]
row = pa.array([talk], pa.list_(message))
table = pa.table({"conversation_id": ["c"] * 400, "conversation": pa.concat_arrays([row] * 400)})
engine = rejoinder.Engine(threads=1)
engine.scan(table.slice(0, 2))
before = peak()
assert len(engine.scan(table)) == 400
print(table.nbytes // 10**6, peak() - before)
"""


def figures(program: str, *words) -> list:
    """The numbers that a program in Python prints."""
    said = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return list(map(int, said.stdout.split()))


def check_memory_is_bounded_by_the_batch():
    """The same peak for twelve times the stream."""
    short, long = (figures(STREAM, batches, "4000")[0] for batches in ("5", "60"))
    print(f"        peak of 5 batches {short} MB, of 60 batches (300 MB of text) {long} MB")
    assert long < short + 40, (short, long)


def check_texts_are_not_copied():
    """A table with long texts in it takes little more memory while it is scanned."""
    size, more = figures(LONG_TEXTS)
    print(f"        a table of {size} MB took {more} MB more")
    assert size > 100 and more < size // 4, (size, more)
