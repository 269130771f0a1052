"""Rows about a table are the rows that the command writes about the same table in a file."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

import rejoinder
from wheel import corpora
from wheel.command import ALL_WAIT, DATA, DIALOGUES, Ran, assert_alike, assert_same_rows, new_folder, scanned, with_decision


def check_dialogues():
    """Of JSON lines, read by pyarrow: all but metadata, in which pyarrow has a null where a line has nothing."""
    ran, rows = Ran(DIALOGUES), scanned(corpora.dialogues())
    leave = lambda row: {key: value for key, value in row.items() if key != "metadata"}  # noqa: E731
    accepted = with_decision(rows, "accepted")
    feedback = ran.feedback()
    assert len(accepted) > 20
    columns = [leave({name: row[name] for name in feedback.column_names}) for row in accepted]
    assert_alike(columns, list(map(leave, feedback.to_pylist())))
    waiting = [json.loads(row["question"]) for row in with_decision(rows, "waiting")]
    of_turns = lambda row: {**row, "turns": list(map(leave, row["turns"]))}  # noqa: E731
    assert_alike(list(map(of_turns, waiting)), list(map(of_turns, ran.waiting())))


def check_dialogues_as_parquet():
    for name, config in {"usual": {}, "all": ALL_WAIT}.items():
        file = corpora.as_parquet(corpora.dialogues(), f"dialogues-{name}", compression="zstd")
        assert_same_rows(scanned(pq.read_table(file), config), Ran(file, config))


def check_generated_corpus():
    table = corpora.generated(5_000)
    file = corpora.as_parquet(table, "generated", row_group_size=700)
    for config in ({}, ALL_WAIT):
        assert_same_rows(scanned(pq.read_table(file), config), Ran(file, config))


def check_all_parquet_files_of_the_repository():
    """All shapes that the command reads from tables: messages nested and as texts, trees, logs, one message a row."""
    files = sorted(DATA.glob("**/*.parquet"))
    assert len(files) >= 8, files
    for file in files:
        try:
            table = pq.read_table(file)
        except (pa.ArrowInvalid, OSError):
            assert "damaged" in str(file), file
            continue
        try:
            assert_same_rows(scanned(table, ALL_WAIT), Ran(file, ALL_WAIT))
        except Exception as why:
            raise AssertionError(f"{file}: {why}") from why


def check_json_lines_of_the_repository_as_tables():
    """What pyarrow reads of all other shapes, written as Parquet for the command."""
    read = 0
    for file in sorted(DATA.glob("**/*.jsonl")):
        try:
            table = pyarrow_json(file)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        try:
            parquet = corpora.as_parquet(table, f"lines-{read}")
            ran = Ran(parquet, ALL_WAIT)
        except Exception:  # noqa: BLE001
            # Columns of empty objects cannot be written, and what the command does not read is no matter here.
            continue
        try:
            assert_same_rows(scanned(pq.read_table(parquet), ALL_WAIT), ran)
        except Exception as why:
            raise AssertionError(f"{file}: {why}") from why
        read += 1
    assert read >= 8, read


def pyarrow_json(file):
    import pyarrow.json

    return pyarrow.json.read_json(file)


def check_one_message_a_row():
    """A conversation is made of several rows, in one batch and across batches."""
    rows = [
        {"conversation_id": row["conversation_id"], "index": index, "role": message["role"], "content": message["content"]}
        for row in corpora.dialogues().to_pylist()
        for index, message in enumerate(row["conversation"])
    ]
    table = pa.Table.from_pylist(rows)
    file = corpora.as_parquet(table, "messages")
    ran = Ran(file, ALL_WAIT)
    assert ran.waiting()
    assert_same_rows(scanned(table, ALL_WAIT), ran)
    cut = pa.concat_tables([table.slice(0, 1), table.slice(1, 30), table.slice(31)])
    assert_same_rows(scanned(cut, ALL_WAIT), ran)
    # A stream shows one batch at a time.
    try:
        list(rejoinder.Engine().scan_batches(table))
    except rejoinder.UsageError as error:
        assert "several rows" in str(error) and error.code == 2, error
    else:
        raise AssertionError("a stream of single messages must be refused")


def check_logs_that_repeat():
    """A log in which each row has the whole conversation so far: its calls are one conversation."""
    messages = corpora.dialogues().to_pylist()[0]["conversation"]
    rows = [
        {"id": f"call-{end}", "messages": messages[:end]} for end in range(1, len(messages) + 1)
    ]
    table = pa.Table.from_pylist(rows)
    for cut in (table, pa.concat_tables([table.slice(0, 2), table.slice(2)])):
        file = corpora.as_parquet(cut, "log")
        assert_same_rows(scanned(cut, ALL_WAIT), Ran(file, ALL_WAIT))


def check_metadata_of_all_types():
    """Columns beside the messages are metadata, with the same words as from a Parquet file."""
    import datetime
    import decimal

    table = corpora.chats(corpora.COMPLAINT, corpora.COMPLAINT)
    zone = datetime.timezone.utc
    beside = {
        "text": pa.array(["a", None]),
        "small": pa.array([1, None], pa.int8()),
        "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
        "float": pa.array([0.1, None], pa.float32()),
        "half": pa.array([0.5, None], pa.float32()).cast(pa.float16()),
        "double": pa.array([float("nan"), float("inf")]),
        "flag": pa.array([True, None]),
        "day": pa.array([datetime.date(2024, 2, 29), None]),
        "at": pa.array([datetime.datetime(2024, 2, 29, 1, 2, 3, 456789), None], pa.timestamp("us")),
        "zoned": pa.array([datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=zone), None], pa.timestamp("ms", "UTC")),
        "price": pa.array([decimal.Decimal("1.50"), None]),
        "nothing": pa.nulls(2),
        "list": pa.array([[1, 2], None]),
        "struct": pa.array([{"a": 1}, None]),
        "kind": pa.array(["x", None]).dictionary_encode(),
    }
    for name, column in beside.items():
        table = table.append_column(name, column)
    file = corpora.as_parquet(table, "metadata")
    assert_same_rows(scanned(pq.read_table(file)), Ran(file))
    assert_same_rows(scanned(table), Ran(file))


def check_rows_stand_in_the_order_of_the_table():
    """Those of records that were set aside, too, however the table is cut."""
    talks = [("q", "a", "No, I wanted Python."), None, ("q", "a", "thanks, that worked"), None, None]
    table = corpora.chats(*talks * 4)
    expected = scanned(table)
    assert expected["ordinal"].to_pylist() == list(range(20))
    for size in (1, 3, 20):
        cut = pa.concat_tables(table.slice(at, size) for at in range(0, 20, size))
        assert scanned(cut).equals(expected), size


def check_places_that_the_caller_names():
    table = corpora.dialogues()
    numbers = pa.array([1_000_000 + 3 * row for row in range(table.num_rows)])
    sources = pa.array([row % 7 for row in range(table.num_rows)], pa.uint16())
    plain = scanned(table)
    named = scanned(
        table.append_column("at", numbers).append_column("file", sources), shard="file", ordinal="at"
    )
    keep = lambda row: [row["conversation_id"], row["feedback_turn"], row["span"], row["decision"]]  # noqa: E731
    assert list(map(keep, plain.to_pylist())) == list(map(keep, named.to_pylist()))
    for before, after in zip(plain.to_pylist(), named.to_pylist()):
        row = before["ordinal"]
        assert (after["shard"], after["ordinal"]) == (row % 7, 1_000_000 + 3 * row)
        assert after["id"] == f"{after['shard']}:{after['ordinal']}:{after['message_index']}", after["id"]
        if after["question"]:
            assert json.loads(after["question"])["turns"][0]["id"] == after["id"]


def check_a_stream_gives_the_rows_of_the_table():
    table = corpora.dialogues()
    engine = rejoinder.Engine(ALL_WAIT)
    whole = pa.table(engine.scan(table))
    for size in (1, 7, 80):
        batches = [pa.table(batch) for batch in engine.scan_batches(pa.RecordBatchReader.from_batches(
            table.schema, table.to_batches(max_chunksize=size)))]
        assert len(batches) == -(-table.num_rows // size)
        assert pa.concat_tables(batches).equals(whole), size


def check_the_command_of_the_wheel_reads_what_the_library_reads():
    """Also what the default build of the command lacks."""
    file = corpora.as_parquet(corpora.dialogues(), "brotli", compression="brotli")
    folder = new_folder()
    import subprocess
    import sys

    words = [sys.executable, "-m", "rejoinder", "run", file, "--offline", "--json", "--out", folder / "run"]
    said = json.loads(subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout)
    assert said, said
