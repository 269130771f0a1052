#!/usr/bin/env python3
"""Every export loads unchanged with pandas, polars, DuckDB and datasets: `load_exports.py [REJOINDER]`.

Needs `pip install pandas polars duckdb pyarrow datasets`; `.ci/exports` sees to that. Prints `N passed, N failed`.
"""

import hashlib
import json
import os
import sys
import tempfile
import traceback

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_CACHE=tempfile.mkdtemp())

import datasets  # noqa: E402
import duckdb  # noqa: E402
import huggingface_hub  # noqa: E402
import pandas  # noqa: E402
import polars  # noqa: E402
import pyarrow.json  # noqa: E402

from exports import DIALOGUES, EXPORT, STYLES, TASKS, Run, binary, json_lines  # noqa: E402

PAPER = ["conversation_id", "feedback_turn", "category", "label"]
KEYS = [*PAPER, "span", "span_start", "span_end", "span_start_char", "span_end_char", "source", "id", "message_index"]


def feedback_table(_: Run):
    run = Run(binary(), DIALOGUES)
    lines, parquet = run.export("feedback", "feedback.jsonl"), run.export("feedback", "feedback.parquet")
    expected = [[row[key] for key in KEYS] for row in json_lines(lines)]
    assert len(expected) > 20
    frames = {
        "pandas jsonl": pandas.read_json(lines, lines=True),
        "pandas parquet": pandas.read_parquet(parquet),
        "polars jsonl": polars.read_ndjson(lines).to_pandas(),
        "polars parquet": polars.read_parquet(parquet).to_pandas(),
        "duckdb jsonl": duckdb.sql(f"from '{lines}'").df(),
        "duckdb parquet": duckdb.sql(f"from '{parquet}'").df(),
        "datasets jsonl": datasets.load_dataset("json", data_files=str(lines), split="train").to_pandas(),
        "datasets parquet": datasets.load_dataset("parquet", data_files=str(parquet), split="train").to_pandas(),
    }
    for name, frame in frames.items():
        assert list(frame.columns)[:4] == PAPER, name
        assert frame[KEYS].values.tolist() == expected, name
        # DuckDB takes whole numbers of JSON that may be negative for HUGEINT, which pandas has as a float.
        assert frame["label"].dtype.kind == ("f" if name == "duckdb jsonl" else "i"), name
        assert set(frame["label"]) == {-1, 1}, name
    source = {row["conversation_id"]: row["conversation"] for row in json_lines(DIALOGUES)}
    for _, row in frames["polars parquet"].iterrows():
        turn = source[row["conversation_id"]][row["message_index"]]["content"]
        assert turn[row["span_start_char"] : row["span_end_char"]] == row["span"]
    plugins = frames["datasets parquet"]["plugins"]
    assert all(vote["plugin"] in ("rephrase", "context", "scorer") for votes in plugins for vote in votes)


def training_files(run: Run):
    message = {"role": datasets.Value("string"), "content": datasets.Value("string")}
    for style in STYLES:
        for task in TASKS:
            path = run.export(task, f"{style}-{task}.jsonl", "--style", style)
            rows = json_lines(path)
            assert rows, (style, task)
            loaded = datasets.load_dataset("json", data_files=str(path), split="train")
            assert len(loaded) == len(rows)
            # A column that is text in one row and a list in another, or null, would show here.
            assert loaded.to_list() == rows, (style, task)
            if task == "kto":
                assert loaded.features["label"] == datasets.Value("bool")
            if style == "trl":
                assert loaded.features["prompt"] == datasets.List(message), loaded.features
                assert all(row["prompt"][-1]["role"] == "user" for row in rows)
            assert len(polars.read_ndjson(path)) == len(duckdb.sql(f"from '{path}'").df()) == len(rows)


def call(number: int, name: str, arguments) -> dict:
    return {"id": f"call{number:05}", "type": "function", "function": {"name": name, "arguments": arguments}}


def training_files_with_tools(_: Run):
    """Rows with tools and rows without stand in one file, which each library reads as it is."""
    run = Run(binary(), EXPORT / "tools.jsonl", rules=True)
    for style in STYLES:
        for task in TASKS:
            path = run.export(task, f"{style}-{task}.jsonl", "--style", style, "--unbalanced")
            rows = json_lines(path)
            loaded = datasets.load_dataset("json", data_files=str(path), split="train")
            # No key that a message lacks is there as null, which templates take for a call; no number has become a text.
            assert loaded.to_list() == rows, (style, task)
            assert len(pandas.read_json(path, lines=True)) == len(duckdb.sql(f"from '{path}'").df()) == len(rows)
            # TRL's arguments are objects of any shape; what has one type a column, polars and pyarrow read as well.
            if style != "trl":
                assert len(polars.read_ndjson(path)) == len(pyarrow.json.read_json(path)) == len(rows)
    trl = {row["conversation_id"]: row for row in json_lines(run.folder / "trl-kto.jsonl") if row["label"]}
    assert [message["role"] for message in trl["both"]["prompt"]] == ["user", "assistant", "tool", "tool"], trl["both"]
    assert trl["both"]["prompt"][1]["tool_calls"] == [
        call(1, "weather", {"city": "Oslo", "days": "2"}),
        call(2, "weather", {"city": {"name": "Rome", "zip": None}}),
    ]
    assert "tool_calls" not in json.dumps(trl["plain"])
    factory = {row["conversation_id"]: row["messages"] for row in json_lines(run.folder / "llamafactory-sft.jsonl")}
    assert json.loads(factory["weather"][1]["content"]) == {"name": "weather", "arguments": {"city": "Oslo", "days": 1}}
    assert "both" not in factory and factory["weather"][2]["role"] == "observation"
    without = json_lines(run.export("kto", "without.jsonl", "--unbalanced", "--tools", "drop-rows"))
    assert {row["conversation_id"] for row in without} == {"plain", "greeted", "repeated"}, without


def data_set_folder(run: Run):
    folder = run.folder / "set"
    run.command("export", "kto", run.run, "--dataset", folder, "--validation", "0.5", "--license", "cc0-1.0")
    loaded = datasets.load_dataset(str(folder))
    assert set(loaded) == {"train", "validation"}, loaded
    of = lambda split: set(loaded[split]["conversation_id"])  # noqa: E731
    assert of("train") and of("validation") and of("train").isdisjoint(of("validation"))
    columns = ["prompt", "completion", "label", "conversation_id", "opening", "feedback_turn", "category"]
    assert all(split.column_names == columns for split in loaded.values()), loaded
    metadata = json.loads((folder / "rejoinder.json").read_text())
    for name, split in loaded.items():
        facts = metadata["splits"][name]
        assert facts["rows"] == len(split) and facts["conversations"] == len(of(name)), facts
        assert facts["sha256"] == hashlib.sha256((folder / facts["path"]).read_bytes()).hexdigest(), facts
    card = huggingface_hub.DatasetCard.load(folder / "README.md")
    card.data.to_dict()
    assert card.data.license == "cc0-1.0" and card.data.size_categories == ["n<1K"], card.data


def exchanges_drawn_at_random(run: Run):
    sft, drawn = run.folder / "sft", run.folder / "random"
    run.command("export", "sft", run.run, "--dataset", sft, "--validation", "0.5")
    run.command("export", "random", run.run, "--like", sft, "--dataset", drawn, "--validation", "0.5")
    loaded = datasets.load_dataset(str(drawn))
    assert set(loaded) == {"train"}, loaded
    assert loaded["train"].column_names == ["prompt", "completion", "conversation_id", "opening", "feedback_turn"], loaded
    wanted = datasets.load_dataset(str(sft))
    lacking = json.loads((drawn / "rejoinder.json").read_text())["draw"]["lacking"]
    assert len(loaded["train"]) + lacking == len(wanted["train"])
    openings = lambda split: set(split["opening"])  # noqa: E731
    assert openings(loaded["train"]).isdisjoint(openings(wanted["validation"]))


def main() -> int:
    run = Run(binary())
    failed = 0
    checks = [feedback_table, training_files, training_files_with_tools, data_set_folder, exchanges_drawn_at_random]
    for check in checks:
        try:
            check(run)
            print(f"ok      {check.__name__}")
        except Exception:  # noqa: BLE001
            failed += 1
            print(f"FAILED  {check.__name__}\n{traceback.format_exc()}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed


sys.exit(main())
