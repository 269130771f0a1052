"""What the judge says: asked through a keeper, read from answers that were got elsewhere, and sampled for an audit."""

import contextlib
import json
import random
import subprocess
import sys
import urllib.request

import pyarrow as pa

import rejoinder
from wheel import corpora
from wheel.command import DIALOGUES, ROOT, command, new_folder, toml, with_decision
from wheel.refused import raised

SERVER = ROOT / "tests/python/judge_server.py"


@contextlib.contextmanager
def judge_server():
    """The address of a judge, and a function that says how many requests about turns it has had."""
    with subprocess.Popen([sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"

        def asked() -> int:
            with urllib.request.urlopen(f"{address}/counts") as told:
                return len(json.load(told)["log"])

        try:
            yield address, asked
        finally:
            server.stdin.close()


def config(address, **budget) -> dict:
    judge = {"base-url": f"{address}/v1", "model": "test-model"}
    return {"judge": judge, **({"budget": budget} if budget else {})}


def found(rows) -> list:
    """What was found, without what says in which request it was asked."""
    return sorted(
        (row["conversation_id"], row["message_index"], row["category"], row["span"], row["source"]) for row in rows
    )


def check_judged_rows_are_those_of_a_run():
    table = corpora.dialogues()
    file = corpora.as_parquet(table, "judged")
    with judge_server() as (address, asked):
        given = config(address)
        (folder := new_folder()).joinpath("config.toml").write_text(toml(given))
        command("run", file, "--config", folder / "config.toml", "--quiet", "--out", folder / "run")
        command("export", "feedback", folder / "run", "--out", folder / "feedback.jsonl", "--quiet")
        expected = [json.loads(line) for line in (folder / "feedback.jsonl").read_text().splitlines()]
        by_run = asked()
        engine = rejoinder.Engine(given, corpus=table)
        keeper = rejoinder.Keeper(given, folder / "accounts")
        keeper.prepare()
        rows, report = engine.judge(engine.scan(table), keeper)
        rows = pa.table(rows)
        assert report["stop"] is None and report["answered"] == asked() - by_run > 0, report
        assert found(with_decision(rows, "accepted")) == found(expected)
        assert any(row["source"] == "judge" for row in expected) and not with_decision(rows, "waiting")
        assert keeper.spent["calls"] >= report["requests"]
        before = asked()
        again, report = engine.judge(engine.scan(table), keeper)
        assert asked() == before and report["requests"] == 0 and pa.table(again).equals(rows)
        # Rows that several tables have under the same numbers are told apart.
        twice = pa.concat_tables([pa.table(engine.scan(table))] * 2)
        both, _ = engine.judge(twice, keeper.handle)
        assert pa.table(both).num_rows == 2 * rows.num_rows and asked() == before


def check_a_budget_is_never_passed_and_rows_say_so():
    table = corpora.dialogues()
    with judge_server() as (address, asked):
        given = config(address, calls=8)
        engine, folder = rejoinder.Engine(given, corpus=table), new_folder()
        keeper = rejoinder.Keeper(given, folder)
        keeper.prepare()
        rows, report = engine.judge(engine.scan(table), keeper)
        waiting = with_decision(pa.table(rows), "waiting")
        assert waiting and all(row["error"] == "the budget is spent" for row in waiting)
        assert report["stop"].startswith("the budget is spent") and report["stop_code"] == 4, report
        assert 0 < asked() <= 8 and keeper.spent["calls"] == 8
        error = raised(rejoinder.InputError, lambda: rejoinder.Keeper(given, folder), code=8)
        assert "another keeper has these accounts open" in error, error
        del keeper
        reopened = rejoinder.Keeper(given, folder)
        before = asked()
        assert pa.table(engine.judge(rows, reopened)[0]).equals(pa.table(rows)) and asked() == before


def check_what_is_wrong_with_a_judge_is_told_before_anything_is_asked():
    table = corpora.dialogues()
    engine = rejoinder.Engine({}, corpus=table)
    keeper = rejoinder.Keeper({}, new_folder())
    raised(rejoinder.UsageError, keeper.prepare, code=2)
    raised(rejoinder.UsageError, lambda: engine.judge(engine.scan(table), keeper), code=2)
    nobody = config("http://127.0.0.1:9")
    raised(rejoinder.JudgeError, rejoinder.Keeper(nobody, new_folder()).prepare, code=5)
    with judge_server() as (address, asked):
        given = config(address)
        unprepared = rejoinder.Keeper(given, new_folder())
        engine = rejoinder.Engine(given, corpus=table)
        error = raised(rejoinder.UsageError, lambda: engine.judge(engine.scan(table), unprepared), code=2)
        assert "prepare" in error and asked() == 0, error

        def lost(message: bytes) -> bytes:
            raise ConnectionError("no way to the keeper")

        error = raised(rejoinder.InputError, lambda: engine.judge(engine.scan(table), lost), code=8)
        assert "no way to the keeper" in error, error


def check_answers_that_were_got_elsewhere():
    sys.path.insert(0, str(SERVER.parent))
    import judge_server as judge

    table = corpora.dialogues()
    engine = rejoinder.Engine(corpus=table)
    rows = pa.table(engine.scan(table))

    def answer(row):
        if row["prompt"] is None:
            return None
        turn = judge.message(row["prompt"][row["prompt"].rfind("\n# user: ") + len("\n# user: ") :])
        return judge.letter(row["prompt"], judge.pattern(turn))

    answers = [answer(row) for row in rows.to_pylist()]
    logprobs = [answer and {"content": [{"token": answer, "logprob": -0.1, "top_logprobs": [
        {"token": letter, "logprob": -0.1 if letter == answer else -4.0} for letter in "ABCDEF"]}]} for answer in answers]
    answered = rows.append_column("answer", pa.array(answers))
    for column in (logprobs, [told and json.dumps(told) for told in logprobs]):
        read = pa.table(engine.read(answered.append_column("logprobs", pa.array(column))))
        assert read.num_rows == rows.num_rows and not with_decision(read, "waiting")
        judged = [row for row in with_decision(read, "accepted") if row["source"] == "judge"]
        assert judged and all(row["probabilities"]["none"] < 0.2 for row in judged)
    assert found(judged) == found(row for row in with_decision(pa.table(engine.read(answered)), "accepted") if row["source"] == "judge")
    training = engine.export(read, table, "kto", unbalanced=True, source="judge")
    assert pa.table(training).num_rows > 0
    # An answer that says nothing leaves its turn waiting, with the reason; so does none.
    for given, words in (("I'd rather not.", "none of the labels"), (None, "no answer")):
        unread = rows.append_column("answer", pa.array([given] * rows.num_rows, pa.string()))
        waiting = with_decision(pa.table(engine.read(unread)), "waiting")
        assert len(waiting) == len(with_decision(rows, "waiting"))
        assert all(words in row["error"] for row in waiting), waiting[0]["error"]
        assert [row["probabilities"] for row in waiting] == [row["probabilities"] for row in with_decision(rows, "waiting")]
    broken = answered.append_column("logprobs", pa.array(["{"] * rows.num_rows))
    error = raised(rejoinder.ConfigError, lambda: engine.read(broken), code=7)
    assert "log-probabilities" in error, error


def check_a_gathered_sample_is_the_commands():
    """Batches in any order come to the audit that the command makes of a run over the whole file."""
    table = corpora.dialogues()
    file = corpora.as_parquet(table, "gathered", row_group_size=7)
    folder = new_folder()
    draw = {"rejected": 20, "accepted": 20, "seed": 5}
    command("run", file, "--no-config", "--offline", "--quiet", "--out", folder / "run")
    flags = ("--label-file", DIALOGUES, "--rejected", 20, "--accepted", 20, "--seed", 5, "--json")
    expected = json.loads(command("audit", folder / "run", *flags).stdout)
    numbered = table.append_column("row", pa.array(range(table.num_rows)))
    engine = rejoinder.Engine(corpus=table)
    terms = json.dumps({"goal": {"audit": draw}, "address": "place"})
    parts = []
    for start in range(0, table.num_rows, 11):
        parts.append(rejoinder.Gatherer(engine, terms).of_batch(numbered.slice(start, 11), ordinal="row"))
    random.Random(1).shuffle(parts)
    gatherer = rejoinder.Gatherer(engine, terms)
    for part in parts:
        gatherer.add(part)
    raised(rejoinder.ConfigError, lambda: gatherer.add(parts[0]), code=7)
    gatherer.write("some chats", folder / "gathered")
    audited = json.loads(command("audit", folder / "gathered", *flags).stdout)
    # Plugins may lie as files beside another command than the wheel's own, and are others by their identities.
    without_plugins = {"plugins": None}
    assert {**audited, **without_plugins} == {**expected, **without_plugins}, (audited, expected)
    census = json.dumps({"goal": {"census": {}}})
    assert "census" in raised(rejoinder.UsageError, lambda: rejoinder.Gatherer(engine, census), code=2)
    refused = command("show", folder / "gathered", check=False)
    assert refused.returncode == 2 and "some chats" in refused.stderr, refused.stderr
