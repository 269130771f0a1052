"""Ctrl-C is heard, and loses nothing that was paid for."""

import contextlib
import json
import os
import pathlib
import signal
import threading
import urllib.request

import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import new_folder, toml
from wheel.judging import config, judge_server


@contextlib.contextmanager
def interrupted(seconds: float):
    """What is done inside must end with the exception of Ctrl-C, which comes after some time."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        timer.cancel()
    raise AssertionError("it was done before anybody was heard")


def check_a_scan_is_interrupted():
    table = corpora.dialogues()
    long = pa.concat_tables([table] * 5000).combine_chunks()
    engine = rejoinder.Engine(corpus=table)
    with interrupted(0.3):
        engine.scan(long)
    assert pa.table(engine.scan(table)).num_rows > 0


def check_an_interrupted_judge_keeps_what_was_answered():
    table = corpora.dialogues()
    with judge_server() as (address, asked):
        given = config(address)
        given["judge"]["max-in-flight"] = 2
        engine, keeper = rejoinder.Engine(given, corpus=table), rejoinder.Keeper(given, new_folder())
        keeper.prepare()
        rows = engine.scan(table)
        settings = json.dumps({"latency": 0.4}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{address}/settings", settings)):
            pass
        with interrupted(1.0):
            engine.judge(rows, keeper)
        before = asked()
        _, report = engine.judge(rows, keeper)
        assert 0 < before < asked() and report["from_store"] == before, (before, report)
        assert report["stop"] is None and report["requests"] == asked() - before


def check_configs_as_python_holds_them():
    """Paths, and None for what is not set, at any depth."""
    rules = '[[rule]]\nid = "mine.rust"\ncategory = "UR2"\nroute = "accept"\nany = ["i use rust"]\n'
    (pack := new_folder() / "mine.toml").write_text(f"format = 1\n{rules}")
    given = {"rules": {"packs": ["*", pathlib.Path(pack)]}, "judge": {"base-url": None, "price": {"input": None}}, "for": None}
    engine = rejoinder.Engine(given)
    assert json.loads(engine.given_json)["rules"]["packs"][-1] == str(pack)
    said = ("Write a loop.", "for (;;) {}", "I use Rust.")
    row = pa.table(engine.scan(corpora.chats(said))).to_pylist()[0]
    assert "mine.rust" in row["rules"], row
    again = rejoinder.Engine(json.loads(engine.given_json))
    assert (again.rules_hash, again.plugins) == (engine.rules_hash, engine.plugins)
    text = rejoinder.Engine(toml({"input": {"min-messages": 4}}))
    assert json.loads(text.config_json)["input"]["min-messages"] == 4
