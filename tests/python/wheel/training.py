"""Training rows are those of the command's files."""

import json
import warnings

import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import DATA, Ran, scanned
from wheel.corpora import COMPLAINT
from wheel.refused import raised


def plain(value):
    """A row as the command writes it: what a row lacks is not there; and arguments of a call, which may be of any shape and are a
    JSON text in a table, are what they say."""
    if isinstance(value, list):
        return list(map(plain, value))
    if not isinstance(value, dict):
        return value
    read = lambda key, inner: json.loads(inner) if key == "arguments" and isinstance(inner, str) else inner  # noqa: E731
    return {key: plain(read(key, inner)) for key, inner in value.items() if inner is not None}


def assert_same_training(ran, engine, rows, table, what, **flags):
    words = []
    for name, value in flags.items():
        name = "--" + name.replace("_", "-")
        words += [name] if value is True else [f"{name}={part}" for part in (value if isinstance(value, list) else [value])]
    expected = ran.training(what, *words)
    made = pa.table(engine.export(rows, table, what, **flags)).to_pylist()
    assert list(map(plain, made)) == list(map(plain, expected)), (what, flags)
    return made


def check_training_rows_of_dialogues():
    table = corpora.dialogues()
    file = corpora.as_parquet(table, "training")
    ran, engine = Ran(file), rejoinder.Engine(corpus=table)
    rows = engine.scan(table)
    for what in ("kto", "sft", "pairs"):
        assert assert_same_training(ran, engine, rows, table, what)
        for style in ("trl", "axolotl", "llamafactory"):
            assert_same_training(ran, engine, rows, table, what, style=style)
        assert_same_training(ran, engine, rows, table, what, max_chars=200)
        assert_same_training(ran, engine, rows, table, what, seed=3)
    more = assert_same_training(ran, engine, rows, table, "kto", unbalanced=True)
    assert len(more) > pa.table(engine.export(rows, table, "kto", unbalanced=False, positive="UR5", negative=None)).num_rows
    assert_same_training(ran, engine, rows, table, "kto", template="llama3", style="axolotl")
    assert_same_training(ran, engine, rows, table, "kto", source=["rule", "plugin"], negative="UR2,UR3")


def check_training_rows_with_tools():
    """Calls of tools and their results, in tables as the command reads them."""
    import pyarrow.json
    import pyarrow.parquet as pq

    table = pyarrow.json.read_json(DATA / "export/tools.jsonl")
    file = corpora.as_parquet(table, "tools")
    table = pq.read_table(file)
    ran, engine = Ran(file), rejoinder.Engine(corpus=table)
    rows = engine.scan(table)
    for what in ("kto", "sft"):
        for style in ("trl", "axolotl", "llamafactory"):
            assert_same_training(ran, engine, rows, table, what, style=style, unbalanced=True)


def check_training_rows_of_a_generated_corpus():
    table = corpora.generated(5_000)
    file = corpora.as_parquet(table, "training-generated")
    ran, engine = Ran(file), rejoinder.Engine(corpus=table)
    rows = pa.table(engine.scan(table))
    for what in ("kto", "sft", "pairs"):
        assert_same_training(ran, engine, rows, table, what)


def check_rows_in_any_order_and_filtered():
    table = corpora.dialogues()
    engine = rejoinder.Engine(corpus=table)
    rows = pa.table(engine.scan(table))
    expected = pa.table(engine.export(rows, table, "sft")).to_pylist()
    assert expected
    backwards = rows.take(list(reversed(range(rows.num_rows))))
    assert pa.table(engine.export(backwards, table, "sft")).to_pylist() == expected
    import polars

    frame = polars.DataFrame(engine.scan(table)).filter(polars.col("decision") == "accepted")
    assert pa.table(engine.export(frame, polars.from_arrow(table), "sft")).to_pylist() == expected


def check_calls_that_cannot_be_meant_so():
    table = corpora.chats(COMPLAINT)
    engine = rejoinder.Engine()
    rows = engine.scan(table)
    assert "expected sft, kto or pairs" in raised(rejoinder.UsageError, lambda: engine.export(rows, table, "dpo"), code=2)
    words = raised(rejoinder.UsageError, lambda: engine.export(rows, table, "kto", stile="trl"), code=2)
    assert "--stile" in words, words
    words = raised(rejoinder.UsageError, lambda: engine.export(rows, corpora.chats(("q", "a")), "kto"), code=2)
    assert "the first is `c0`" in words, words
    changed = pa.table(rows).drop_columns(["span"])
    assert "row 0" in raised(rejoinder.ConfigError, lambda: engine.export(changed, table, "kto"), code=7)
    assert "decision" in raised(rejoinder.UsageError, lambda: engine.export(table, table, "kto"), code=2)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        empty = engine.export(rows, table, "pairs")
    assert empty.num_rows == 0 and "no row for pairs" in str(said[0].message), said
