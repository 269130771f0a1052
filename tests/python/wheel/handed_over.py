"""Tables and rows as other libraries hand them over, and back."""

import datetime
import warnings

import pandas as pd
import polars as pl
import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import Ran, assert_same_rows, scanned, with_decision
from wheel.corpora import COMPLAINT
from wheel.refused import raised


def check_columns_of_nulls_alone_from_polars():
    message = {"role": "user", "content": "Hi", "note": None}
    told = pl.DataFrame({"conversation_id": ["a"], "conversation": [[message, {**message, "role": "assistant"}]], "extra": [None]})
    engine = rejoinder.Engine()
    expected = pa.table(engine.scan(told.to_arrow()))
    assert pa.table(engine.scan(told)).equals(expected)
    chats = corpora.chats(COMPLAINT, ("Hi", "Ho", "Why though?"))
    rows = pl.DataFrame(rejoinder.Engine({"cascade": {"reject-below": 0.0}}).scan(chats))
    read = pa.table(engine.read(rows.with_columns(answer=pl.lit(None))))
    assert all(row["error"] == "no answer" for row in with_decision(read, "waiting"))


def check_rows_come_back_from_pandas():
    table = corpora.dialogues()
    engine = rejoinder.Engine(corpus=table)
    rows = pa.table(engine.scan(table))
    frame = rows.to_pandas()
    assert frame["label"].dtype == "float64"
    expected = pa.table(engine.export(rows, table, "kto", seed=1))
    assert pa.table(engine.export(frame, table, "kto", seed=1)).equals(expected)
    frame["answer"] = "F"
    read = pa.table(engine.read(frame))
    assert read.equals(pa.table(engine.read(rows.append_column("answer", pa.array(["F"] * rows.num_rows)))))
    frame["answer"] = 7
    assert "is no text" in raised(rejoinder.ConfigError, lambda: engine.read(frame), code=7)
    words = raised(rejoinder.UsageError, lambda: engine.read(rows), code=2)
    assert "no column `answer`" in words, words
    words = raised(rejoinder.UsageError, lambda: engine.export(table, table, "kto"), code=2)
    assert "no rows of Engine.scan" in words, words


def check_a_record_set_aside_has_the_id_of_its_conversation():
    good = corpora.chats(COMPLAINT)["conversation"].to_pylist()[0]
    broken = [{"role": "narrator", "content": "Once upon a time"}]
    table = pa.table({"conversation_id": ["good", "broken"], "conversation": [good, broken]})
    (aside,) = with_decision(scanned(table), "set-aside")
    assert aside["conversation_id"] == "broken" and aside["error"], aside
    texts = pa.table({"conversation_id": ["b"], "messages": ["{oops"]})
    (aside,) = with_decision(scanned(texts), "set-aside")
    assert aside["conversation_id"] == "b", aside


def check_what_is_no_table_is_told_with_what_to_do():
    chats, engine = corpora.chats(COMPLAINT), rejoinder.Engine()
    for given in (chats.to_pylist(), "chats.parquet", pl.DataFrame(chats).lazy(), chats.to_batches(), True):
        words = raised(rejoinder.UsageError, lambda: engine.scan(given), code=2)
        assert "from_pylist" in words and type(given).__name__ in words, words
        raised(rejoinder.UsageError, lambda: rejoinder.Engine(corpus=given), code=2)
    raised(rejoinder.UsageError, lambda: rejoinder.Engine(threads=-1), code=2)
    assert "set" in raised(rejoinder.UsageError, lambda: rejoinder.Engine({"rules": {"packs": {"en"}}}), code=2)
    assert "format = 1" in raised(rejoinder.ConfigError, lambda: rejoinder.Engine('[judge]\nmodel = "m"\n'), code=7)
    assert rejoinder.Engine({"input": {"min-messages": pd.Series([3])[0]}}).rules_hash == engine.rules_hash


def check_messages_of_an_unknown_conversation_are_warned_about():
    roles, texts = ["user", "assistant"] * 4, ["Hi", "Ho"] * 4
    table = pa.table({"dialog_nr": [1, 1, 1, 1, 2, 2, 2, 2], "role": roles, "content": texts})
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        rejoinder.Engine().scan(table)
    assert len(warned) == 1 and "all 8 rows are taken for one conversation" in str(warned[0].message), warned
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rejoinder.Engine({"input": {"map": {"id": "dialog_nr"}}}).scan(table)


def check_bytes_and_durations_beside_the_messages():
    table = corpora.chats(COMPLAINT, COMPLAINT)
    table = table.append_column("bytes", pa.array([b"\xff\x00", None]))
    table = table.append_column("took", pa.array([datetime.timedelta(seconds=1), None], pa.duration("us")))
    assert_same_rows(scanned(table), Ran(corpora.as_parquet(table, "bytes")))


def check_categories_as_a_list():
    table = corpora.dialogues()
    engine = rejoinder.Engine(corpus=table)
    rows = engine.scan(table)
    as_list = pa.table(engine.export(rows, table, "kto", negative=["UR2", "UR3"], positive=["UR5"]))
    assert as_list.equals(pa.table(engine.export(rows, table, "kto", negative="UR2,UR3")))
