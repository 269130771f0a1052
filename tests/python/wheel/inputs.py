"""However a table is laid out in memory, and whichever library holds it, its rows are the same."""

import functools
import json

import pyarrow as pa
import pyarrow.parquet as pq

import rejoinder
from wheel import corpora
from wheel.command import ALL_WAIT, scanned, with_decision
from wheel.refused import raised
from wheel.corpora import COMPLAINT, Absent

LONG = "This text is longer than the twelve bytes that a view holds itself. "
TALKS = (
    COMPLAINT,
    None,
    ("",),
    (LONG * 3, LONG, "no", LONG, "That is still wrong, " + LONG),
    ("hi", None, "No, I wanted Python."),
    (),
    ("¿Qué?", "Grüße 🎈", "No, quería 🎈 otra cosa"),
    ("q", "a", "thanks, that worked"),
    ("Which 🎈 is the largest? " + LONG, "The red one. " + LONG, "And which one flies highest? " + LONG),
)


@functools.cache
def engine() -> rejoinder.Engine:
    return rejoinder.Engine(ALL_WAIT)


def rows_of(table, **options) -> list:
    return pa.table(engine().scan(table, **options)).to_pylist()


def layouts(table: pa.Table) -> dict:
    """The same conversations in all kinds of lists and texts."""
    texts = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "string_view": pa.string_view(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
        "dictionary of int8": pa.dictionary(pa.int8(), pa.large_string()),
        "binary": pa.binary(),
        "binary_view": pa.binary_view(),
    }
    lists = {
        "list": pa.list_,
        "large_list": pa.large_list,
        "list_view": pa.list_view,
        "large_list_view": pa.large_list_view,
    }
    made = {}
    for text, of_text in texts.items():
        as_text = lambda values, of=of_text: made_texts(values, of)  # noqa: E731
        for kind, of in lists.items():
            made[f"{kind} of {text}"] = with_messages(table, as_text, of)
            made[f"struct of {kind} of {text}"] = with_struct_of_lists(table, as_text, of)
    return made


def made_texts(values: list, of: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(of):
        return pa.array(values, of.value_type).dictionary_encode().cast(of)
    encoded = [value if value is None or not "binary" in str(of) else value.encode() for value in values]
    return pa.array(encoded, of)


def flat(table: pa.Table):
    messages = table["conversation"].to_pylist()
    lengths = [0 if row is None else len(row) for row in messages]
    all_messages = [message for row in messages for message in row or []]
    return messages, lengths, all_messages


def list_of(kind, lengths: list, nulls: list, elements: pa.Array) -> pa.Array:
    """A list array of a kind, each of whose rows holds the next elements."""
    starts = [sum(lengths[:at]) for at in range(len(lengths) + 1)]
    mask = pa.array(nulls)
    wide = kind in (pa.large_list, pa.large_list_view)
    number = pa.int64() if wide else pa.int32()
    if kind in (pa.list_, pa.large_list):
        of = pa.LargeListArray if wide else pa.ListArray
        return of.from_arrays(pa.array(starts, number), elements, mask=mask)
    of = pa.LargeListViewArray if wide else pa.ListViewArray
    sizes = pa.array(lengths, number)
    return of.from_arrays(pa.array(starts[:-1], number), sizes, elements, mask=mask)


def with_messages(table: pa.Table, as_text, kind) -> pa.Table:
    messages, lengths, every = flat(table)
    fields = [as_text([message[name] for message in every]) for name in ("role", "content")]
    elements = pa.StructArray.from_arrays(fields, ["role", "content"])
    return replaced(table, list_of(kind, lengths, [row is None for row in messages], elements))


def with_struct_of_lists(table: pa.Table, as_text, kind) -> pa.Table:
    messages, lengths, every = flat(table)
    nulls = [row is None for row in messages]
    fields = [
        list_of(kind, lengths, nulls, as_text([message[name] for message in every])) for name in ("role", "content")
    ]
    return replaced(table, pa.StructArray.from_arrays(fields, ["role", "content"], mask=pa.array(nulls)))


def replaced(table: pa.Table, messages: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index("conversation"), "conversation", messages)


def check_all_kinds_of_lists_and_texts():
    table = corpora.chats(*TALKS)
    expected = rows_of(table)
    waiting = [row for row in expected if row["decision"] == "waiting"]
    assert any(LONG in row["question"] for row in waiting) and any("🎈" in row["question"] for row in waiting), expected
    for name, other in layouts(table).items():
        assert rows_of(other) == expected, name


def check_sliced_and_chunked_tables():
    base = corpora.chats(*TALKS)
    for name, table in {"plain": base, **layouts(base)}.items():
        expected = rows_of(table)
        for cut in range(len(TALKS) + 1) if name == "plain" else (1, 4):
            parts = [table.slice(0, cut), table.slice(cut)]
            try:
                chunked = pa.concat_tables(parts)
            except pa.ArrowNotImplementedError:
                continue
            assert rows_of(chunked) == expected, (name, cut)
            tail = rows_of(table.slice(cut), ordinal=None)
            moved = [row for row in expected if row["ordinal"] >= cut]
            words = lambda row: (row["conversation_id"], row["span"], row["prompt"], row["error"], row["decision"])  # noqa: E731
            assert list(map(words, tail)) == list(map(words, moved)), (name, cut)
        middle = table.slice(2, 3).slice(1, 1)
        assert {row["ordinal"] for row in rows_of(middle)} <= {0}, name


def check_fixed_size_lists():
    messages = [
        [{"role": role, "content": text} for role, text in zip(("user", "assistant", "user"), talk)]
        for talk in (COMPLAINT, ("q", "a", "thanks, that worked"))
    ]
    of = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]), 3)
    ids = ["a", "b", "c"]
    fixed = pa.table({"conversation_id": ids, "conversation": pa.array([messages[0], None, messages[1]], of)})
    usual = pa.table({"conversation_id": ids, "conversation": [messages[0], None, messages[1]]})
    assert rows_of(fixed) == rows_of(usual)
    assert rows_of(fixed.slice(0, 1)) == rows_of(usual.slice(0, 1)) != []
    # Arrow's Rust library panics at fixed lists of structs behind the first row of their memory; never anything worse.
    try:
        assert rows_of(fixed.slice(2)) == rows_of(usual.slice(2)) != []
    except rejoinder.InternalError as error:
        assert "please report it" in str(error), error
    texts = lambda name: pa.array([[message[name] for message in row] for row in messages], pa.list_(pa.string(), 3))  # noqa: E731
    struct = pa.StructArray.from_arrays([texts("role"), texts("content")], ["role", "content"])
    apart = pa.table({"conversation_id": ["a", "c"], "conversation": struct})
    both = pa.table({"conversation_id": ["a", "c"], "conversation": messages})
    assert rows_of(apart) == rows_of(both)
    assert rows_of(apart.slice(1)) == rows_of(both.slice(1)) != []


def check_shuffled_list_views():
    """Rows of a list view may lie in any order, and share elements."""
    every = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(COMPLAINT)]
    elements = pa.array(every)
    views = pa.ListViewArray.from_arrays(pa.array([2, 0, 0], pa.int32()), pa.array([1, 3, 3], pa.int32()), elements)
    table = pa.table({"conversation_id": ["a", "b", "c"], "conversation": views})
    usual = pa.table({"conversation_id": ["a", "b", "c"], "conversation": [every[2:], every, every]})
    assert rows_of(table) == rows_of(usual)
    assert sum(row["decision"] == "accepted" for row in rows_of(table)) == 2


def check_nulls_everywhere():
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    good = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "No, I wanted Python."}]
    lists = [
        good,
        None,
        [None, *good],
        [*good[:2], None, good[2]],
        [{"role": None, "content": "x"}, *good],
        [*good[:2], {"role": "user", "content": None}],
        [None],
        [],
    ]
    ids = ["a", None, "c", "d", None, "f", "g", "h"]
    table = pa.table({"conversation_id": ids, "conversation": pa.array(lists, pa.list_(message)), "note": pa.nulls(8)})
    file = corpora.as_parquet(table, "nulls")
    from wheel.command import Ran, assert_same_rows

    assert_same_rows(scanned(table, ALL_WAIT), Ran(file, ALL_WAIT))
    assert_same_rows(scanned(pq.read_table(file), ALL_WAIT), Ran(file, ALL_WAIT))


def check_empty_tables():
    table = corpora.chats(COMPLAINT)
    schema = pa.table(engine().scan(table)).schema
    for empty in (table.slice(0, 0), table.schema.empty_table(), pa.Table.from_batches([], table.schema)):
        rows = engine().scan(empty)
        assert len(rows) == rows.num_rows == 0
        assert pa.table(rows).schema.equals(schema)
    assert [len(batch) for batch in engine().scan_batches(table.slice(0, 0))] in ([], [0])
    whole = pa.concat_tables([table.slice(0, 0), table, table.slice(0, 0)])
    assert rows_of(whole) == rows_of(table)


def check_single_batches_readers_and_rows_handed_on():
    table = corpora.dialogues()
    expected = rows_of(table)
    assert rows_of(table.combine_chunks().to_batches()[0]) == expected
    assert rows_of(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=9))) == expected
    rows = engine().scan(table)
    # As often as needed.
    assert pa.table(rows).to_pylist() == pa.table(rows).to_pylist() == expected
    assert len(rows) == len(expected) and rows.column_names == pa.table(rows).column_names
    assert pa.schema(rows).equals(pa.table(rows).schema)
    assert "rejoinder.Table" in repr(rows)


def check_polars():
    try:
        import polars
    except ImportError as why:
        raise Absent(why) from None
    table = corpora.dialogues()
    frame = polars.from_arrow(table)
    expected = rows_of(table)
    assert rows_of(frame) == expected
    assert rows_of(frame.rechunk()) == expected
    back = polars.DataFrame(engine().scan(frame))
    assert back.to_arrow().num_rows == len(expected)
    assert back["decision"].to_list() == [row["decision"] for row in expected]
    # Texts of few values as categories, as polars' users have them.
    talks = corpora.chats(*TALKS)
    assert rows_of(polars.from_arrow(talks)) == rows_of(talks)
    kinds = polars.from_arrow(talks).with_columns(
        conversation=polars.col("conversation").list.eval(
            polars.struct(
                polars.element().struct.field("role").cast(polars.Categorical), polars.element().struct.field("content")
            )
        )
    )
    words = lambda rows: [(row["conversation_id"], row["span"], row["prompt"]) for row in rows if not row["error"]]  # noqa: E731
    assert words(rows_of(kinds)) == words(rows_of(talks)) != []


def check_duckdb():
    try:
        import duckdb
    except ImportError as why:
        raise Absent(why) from None
    table = corpora.dialogues()
    expected = rows_of(table)
    assert rows_of(duckdb.sql("from \"table\"")) == expected
    file = corpora.as_parquet(table, "duckdb")
    assert rows_of(duckdb.sql(f"from '{file}'")) == expected
    rows = pa.table(engine().scan(table))  # noqa: F841
    counted = duckdb.sql("select decision, count(*)::int from rows group by 1 order by 1").fetchall()
    assert dict(counted) == {name: len(with_decision(rows, name)) for name in {row["decision"] for row in expected}}


def check_pandas():
    try:
        import pandas
    except ImportError as why:
        raise Absent(why) from None
    table = corpora.dialogues()
    frame = table.to_pandas()
    words = lambda rows: [(row["conversation_id"], row["decision"], row["span"], row["prompt"]) for row in rows]  # noqa: E731
    assert words(rows_of(frame)) == words(rows_of(table))
    back = pa.table(engine().scan(frame)).to_pandas()
    assert isinstance(back, pandas.DataFrame) and len(back) == len(rows_of(table))


def check_messages_as_json_texts():
    table = corpora.chats(COMPLAINT)
    texts = [json.dumps(row) for row in table["conversation"].to_pylist()]
    for of in (pa.string(), pa.large_string(), pa.string_view()):
        rows = rows_of(pa.table({"conversation_id": ["c0"], "conversation": pa.array(texts, of)}))
        assert [row["span"] for row in rows] == ["No, I wanted Python."], (of, rows)


def check_what_is_no_table():
    for other in ([1, 2], "text", {"conversation": []}, None, 7):
        assert "__arrow_c_stream__" in raised(rejoinder.UsageError, lambda: engine().scan(other), code=2), other
    # Arrow, but no table.
    for other in (pa.array([1, 2]), pa.chunked_array([["a"]])):
        raised(rejoinder.UsageError, lambda: engine().scan(other), code=2)
