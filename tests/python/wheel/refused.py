"""What cannot be read is told, and nothing of it is lost."""

import json

import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import ALL_WAIT, Ran, assert_same_rows, command, new_folder, scanned, with_decision
from wheel.corpora import COMPLAINT


def raised(kind, call, *, code: int) -> str:
    """The words of the exception that a call must raise."""
    try:
        call()
    except kind as error:
        assert type(error) is kind and isinstance(error, rejoinder.Error) and error.code == code, (error, error.code)
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def check_bad_rows_are_set_aside_with_their_reason():
    texts = ["[", json.dumps([{"role": "user", "content": "q"}]), "7", "null", "[1]", json.dumps([{"role": 3}])]
    table = pa.table({"conversation_id": [str(at) for at in range(len(texts))], "conversation": texts})
    rows = scanned(table)
    file = corpora.as_parquet(table, "bad")
    assert_same_rows(rows, Ran(file))
    assert all(row["error"] for row in with_decision(rows, "set-aside"))
    assert len(with_decision(rows, "set-aside")) >= 3


def check_none_of_a_thousand_bad_rows_alike_is_lost():
    good = json.dumps(corpora.chats(COMPLAINT)["conversation"].to_pylist()[0])
    texts = [good, *["{" for _ in range(1000)], good]
    table = pa.table({"conversation_id": [f"c{at}" for at in range(1002)], "conversation": texts})
    for rows in (pa.table(rejoinder.Engine().scan(table)), all_batches(table, 100)):
        aside = with_decision(rows, "set-aside")
        assert [row["ordinal"] for row in aside] == list(range(1, 1001))
        assert {row["error"] for row in aside} != {None} and len({row["error"] for row in aside}) < 5
        assert [row["ordinal"] for row in with_decision(rows, "accepted")] == [0, 1001]


def all_batches(table: pa.Table, size: int) -> pa.Table:
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=size))
    return pa.concat_tables(pa.table(batch) for batch in rejoinder.Engine().scan_batches(reader))


def check_bad_rows_among_messages_as_structs():
    message = pa.struct([("role", pa.string()), ("content", pa.binary())])
    bad = [{"role": "user", "content": b"q"}, {"role": "assistant", "content": b"a"}, {"role": "user", "content": b"\xff\xfe"}]
    table = pa.table({"conversation_id": ["a", "b"], "conversation": pa.array([bad, None], pa.list_(message))})
    rows = pa.table(rejoinder.Engine(ALL_WAIT).scan(table)).to_pylist()
    assert {row["decision"] for row in rows} <= {"set-aside", "waiting", "accepted"} and rows, rows
    assert any(row["error"] for row in rows), rows


def check_a_record_longer_than_is_read():
    table = corpora.chats(COMPLAINT, ("x" * 5_000, "a", "No, I wanted Python."))
    rows = pa.table(rejoinder.Engine({"input": {"max-record-bytes": 1_000}}).scan(table)).to_pylist()
    assert [(row["ordinal"], row["decision"]) for row in rows] == [(0, "accepted"), (1, "set-aside")], rows


def check_errors_have_the_words_and_codes_of_the_command():
    folder = new_folder()
    bad = "format = 1\n[cascade]\nscoer = true\n"
    file = folder / "bad.toml"
    file.write_text(bad)
    said = command("run", "x.jsonl", "--config", file, "--out", folder / "run", check=False)
    words = raised(rejoinder.ConfigError, lambda: rejoinder.Engine(file), code=said.returncode)
    assert words in said.stderr, (words, said.stderr)
    assert "did you mean `score`" in raised(rejoinder.ConfigError, lambda: rejoinder.Engine(bad), code=7)
    raised(rejoinder.ConfigError, lambda: rejoinder.Engine({"cascade": {"scoer": True}}), code=7)
    raised(rejoinder.ConfigError, lambda: rejoinder.Engine({"plugin": [{"name": "nobody"}]}), code=7)
    missing = folder / "nothing.toml"
    said = command("run", "x.jsonl", "--config", missing, "--out", folder / "run", check=False)
    for path in (missing, str(missing)):
        try:
            rejoinder.Engine(path)
        except rejoinder.Error as error:
            assert error.code == said.returncode and str(error) in said.stderr, (error, said.stderr)
        else:
            raise AssertionError("a config that is not there")
    raised(rejoinder.UsageError, lambda: rejoinder.Engine(threads=0), code=2)
    raised(rejoinder.UsageError, lambda: rejoinder.Engine({"judge": {"unit": "conversation"}}), code=2)
    try:
        rejoinder.Engine(7)
    except TypeError:
        pass
    else:
        raise AssertionError("7 is no config")


def check_errors_about_tables():
    engine = rejoinder.Engine()
    words = raised(rejoinder.ConfigError, lambda: engine.scan(pa.table({"a": [1], "b": ["x"]})), code=7)
    assert "a: Int64" in words and "no column" in words, words
    table = corpora.chats(COMPLAINT)
    for names in ({"shard": "nothing"}, {"ordinal": "nothing"}):
        assert "no column `nothing`" in raised(rejoinder.UsageError, lambda: engine.scan(table, **names), code=2)
    for column in (["a"], [None], [-1], [1.5]):
        named = table.append_column("at", [column])
        assert "row 0: column `at` holds" in raised(rejoinder.UsageError, lambda: engine.scan(named, ordinal="at"), code=2)
    too_large = table.append_column("at", [[2**32]])
    assert "below 2^32" in raised(rejoinder.UsageError, lambda: engine.scan(too_large, shard="at"), code=2)


def check_a_stream_that_breaks():
    table = corpora.chats(COMPLAINT)

    def batches():
        yield from table.to_batches()
        raise RuntimeError("the bucket is gone")

    engine = rejoinder.Engine()
    scan = engine.scan_batches(pa.RecordBatchReader.from_batches(table.schema, batches()))
    assert len(next(scan)) == 1
    assert "the bucket is gone" in raised(rejoinder.InputError, lambda: next(scan), code=8)
    broken = pa.RecordBatchReader.from_batches(table.schema, batches())
    assert "the bucket is gone" in raised(rejoinder.InputError, lambda: engine.scan(broken), code=8)


def check_texts_that_are_hostile_do_not_reach_a_terminal():
    name = "a\x1b]0;owned\x07"
    try:
        rejoinder.Engine().scan(pa.table({name: [1]}))
    except rejoinder.Error as error:
        assert "\x1b" not in str(error), error
    try:
        rejoinder.Engine().scan(corpora.chats(COMPLAINT), shard=name)
    except rejoinder.Error as error:
        assert "\x1b" not in str(error), error
