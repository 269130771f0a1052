"""Asking a server on a cluster."""

import functools
import json
import threading
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray

import rejoinder
import rejoinder.ray
from cluster import chats
from judge_server import NONE, pattern
from cluster.judges import JudgeProcess
from cluster.machines import Machines, wait_until
from cluster.scan import PLACES, read
from rejoinder.ray import keeping
from wheel.command import new_folder

# Of each turn one request, so that requests of different batchings can be compared.
SINGLE = {"answer": "label", "max-in-flight": 32}
# Requests in flight at once, where much is asked.
IN_FLIGHT = 128
# An answer that is on its way when something is killed may have left the server this long before.
ON_THE_WAY = 1.0


@functools.cache
def scanned(number: int) -> pa.Table:
    """The rows of generated conversations, scanned here."""
    engine = rejoinder.Engine(corpus=pq.read_table(sorted(chats.generated(number).iterdir())[0]).slice(0, 2000))
    files = sorted(chats.generated(number).iterdir())
    return chats.in_order(pa.concat_tables([pa.table(engine.scan(pq.read_table(file), **PLACES)) for file in files]))


def written(rows: pa.Table):
    """Rows as a data set of a file of 40 row groups."""
    file = new_folder() / "rows.parquet"
    pq.write_table(rows, file, row_group_size=-(-rows.num_rows // chats.ROW_GROUPS))
    return ray.data.read_parquet(str(file), override_num_blocks=chats.ROW_GROUPS)


def blocks(rows: pa.Table, count: int = 40):
    """Rows as a data set of so many blocks."""
    each = -(-rows.num_rows // count)
    return ray.data.from_arrow([rows.slice(start, each) for start in range(0, rows.num_rows, each)])


def assert_decided_as_by_the_command(rows: pa.Table, number: int, server: JudgeProcess):
    """Rows hold the feedback that the command finds with the same judge."""
    feedback = chats.judged(number, server.address, **SINGLE)
    accepted = chats.with_decision(rows, "accepted")
    columns = ["id", "conversation_id", "message_index", "category", "span", "source"]
    assert accepted.num_rows == feedback.num_rows, (accepted.num_rows, feedback.num_rows)
    for name in columns:
        assert chats.same(accepted[name], feedback[name]), (name, accepted[name], feedback[name])
    assert chats.with_decision(rows, "waiting").num_rows == 0
    assert set(accepted["source"].to_pylist()) >= {"judge", "rule"}, set(accepted["source"].to_pylist())


def check_decisions_are_the_commands_through_kills():
    """A worker is killed while it asks, and then the keeper: the decisions are the command's, only what was under way is asked again,
    and the spending of what was lost stays spent. A second job over the same folder asks nothing."""
    number = chats.conversations
    rows = scanned(number)
    waiting = len(set(chats.with_decision(rows, "waiting")["request_key"].to_pylist()))
    assert waiting > 200, waiting
    folder = new_folder() / "kept"
    with JudgeProcess(latency=0.2) as server, Machines() as machines:
        config = server.config(**{**SINGLE, "max-in-flight": IN_FLIGHT})
        batch_size = max(200, rows.num_rows // chats.ROW_GROUPS)
        ds = rejoinder.ray.judge(written(rows), config, folder=folder, concurrency=4, batch_size=batch_size)
        judged = []
        reader = threading.Thread(target=lambda: judged.append(chats.rows_of(ds)))
        reader.start()
        wait_until(lambda: server.requests() > waiting // 4, seconds=600)
        busy = next(number for number in range(2) if machines.is_worker_busy(number, "JudgeActor"))
        kills = [machines.kill_worker(busy)]
        wait_until(lambda: server.requests() > waiting // 2, seconds=600)
        kills.append(time.time())
        ray.kill(only_keeper(), no_restart=False)
        reader.join()
        log, again = server.log(), server.asked_again()
        asked = len(log)
        for first, *_ in again:
            assert any(first[1] <= kill and (first[2] is None or first[2] >= kill - ON_THE_WAY) for kill in kills), (first, kills)
        report = rejoinder.ray.report(folder)
        assert report.stop is None, report
        assert len(again) > 0, "nothing was under way when the worker was killed: the check shows nothing"
        assert waiting <= asked <= waiting + 2 * IN_FLIGHT, (waiting, asked)
        assert asked <= report.spent["calls"] <= asked + 2 * IN_FLIGHT, (asked, report)
        took = max(entry[2] or 0 for entry in log) - log[0][1]
        print(f"        {rows.num_rows} rows of {number} conversations, judged in {took:.1f} s")
        print(f"        {waiting} requests to ask, {asked} asked, {len(again)} of them twice, {report.spent['calls']} reserved")
        spent = report.spent["calls"]
        rejoinder.ray.close(folder)
        second = chats.rows_of(rejoinder.ray.judge(blocks(rows, 7), config, folder=folder))
        assert server.requests() == asked and rejoinder.ray.report(folder).spent["calls"] == spent
        assert second.equals(judged[0])
        assert_decided_by_the_rule(rows, second)
        server.set_latency(0)
        assert_decided_as_by_the_command(judged[0], number, server)


def only_keeper():
    """The one keeper of this program."""
    return list(keeping._KEEPERS.values())[-1].actor


def check_the_budget_holds_for_the_whole_cluster():
    """Through a killed worker and a killed keeper; what is not asked about waits with a reason."""
    number = chats.conversations // 10
    rows = scanned(number)
    calls = len(set(chats.with_decision(rows, "waiting")["request_key"].to_pylist())) // 2
    folder = new_folder() / "kept"
    with JudgeProcess(latency=0.2) as server, Machines() as machines:
        config = {**server.config(**SINGLE), "budget": {"calls": calls}}
        ds = rejoinder.ray.judge(blocks(rows), config, folder=folder, concurrency=4, batch_size=100)
        judged = []
        reader = threading.Thread(target=lambda: judged.append(chats.rows_of(ds)))
        reader.start()
        wait_until(lambda: server.requests() > calls // 4)
        machines.kill_worker(next(number for number in range(2) if machines.is_worker_busy(number, "JudgeActor")))
        wait_until(lambda: server.requests() > calls // 2)
        ray.kill(only_keeper(), no_restart=False)
        reader.join()
        asked = server.requests()
        report = rejoinder.ray.report(folder)
        assert calls * 0.9 - 3 * SINGLE["max-in-flight"] < asked <= report.spent["calls"] <= calls, (asked, calls, report)
        assert "budget" in report.stop, report
        left = chats.with_decision(judged[0], "waiting")
        assert left.num_rows > 0 and pc.all(pc.match_substring(left["error"], "budget")).as_py(), left["error"]
        assert judged[0].num_rows == rows.num_rows
        assert_decided_by_the_rule(rows, judged[0])
        print(f"        budget of {calls} calls: {asked} asked, {report.spent['calls']} reserved, {left.num_rows} rows wait")


def check_the_rate_is_that_of_the_whole_job():
    number = chats.conversations // 10
    rows = scanned(number)
    waiting = chats.with_decision(rows, "waiting").slice(0, 400)
    with JudgeProcess() as server, Machines():
        config = server.config(**SINGLE, **{"requests-per-minute": 1200})
        ds = rejoinder.ray.judge(blocks(waiting, 8), config, folder=new_folder() / "kept", concurrency=4, batch_size=50)
        chats.rows_of(ds)
        times = sorted(entry[1] for entry in server.log())
        took = times[-1] - times[0]
        assert len(times) > 100, len(times)
        assert took > 0.9 * len(times) / 20, (took, len(times))
        print(f"        {len(times)} requests in {took:.1f} s at 20 a second")


def check_a_server_that_dies_leaves_rows_waiting():
    rows = scanned(chats.conversations // 10)
    with JudgeProcess(latency=0.2) as server, Machines():
        folder = new_folder() / "kept"
        config = server.config(**SINGLE, **{"patience-seconds": 2})
        ds = rejoinder.ray.judge(blocks(rows), config, folder=folder, batch_size=100)
        judged = []
        reader = threading.Thread(target=lambda: judged.append(chats.rows_of(ds)))
        reader.start()
        wait_until(lambda: server.requests() > 100)
        server.stop()
        reader.join()
        left = chats.with_decision(judged[0], "waiting")
        assert left.num_rows > 0 and pc.all(pc.is_valid(left["error"])).as_py(), left["error"]
        report = rejoinder.ray.report(folder)
        assert report.stop and judged[0].num_rows == rows.num_rows, report
        rejoinder.ray.close(folder)
        refused(lambda: rejoinder.ray.judge(blocks(rows), config, folder=new_folder() / "other"), "cannot be reached")


def check_folders_and_keys_are_refused_with_a_sentence():
    """A folder that another job has, a second config for a folder, and a worker without the key."""
    rows = scanned(chats.conversations // 10).slice(0, 500)
    with JudgeProcess() as server, Machines():
        folder = new_folder() / "kept"
        config = server.config(**SINGLE)
        keeper = rejoinder.Keeper(config, folder)
        refused(lambda: rejoinder.ray.judge(blocks(rows), config, folder=folder), str(folder))
        del keeper
        ds = rejoinder.ray.judge(blocks(rows), config, folder=folder)
        other = {**config, "budget": {"calls": 1}}
        refused(lambda: rejoinder.ray.judge(blocks(rows), other, folder=folder), "another config")
        chats.rows_of(ds)
        keyed = server.config(**SINGLE, **{"api-key-env": "CLUSTER_KEY"})
        refused(lambda: chats.rows_of(rejoinder.ray.judge(blocks(rows), keyed, folder=new_folder() / "keyed")), "CLUSTER_KEY")
        with_key = {"env_vars": {"CLUSTER_KEY": "secret"}}
        chats.rows_of(rejoinder.ray.judge(blocks(rows), keyed, folder=new_folder() / "by-call", runtime_env=with_key))
        few = server.config(**{**SINGLE, "max-in-flight": 2})
        refused(lambda: rejoinder.ray.judge(blocks(rows), few, folder=new_folder() / "few", concurrency=4), "4 actors are to share")
    with JudgeProcess() as server, Machines({"CLUSTER_KEY": "secret"}):
        keyed = server.config(**SINGLE, **{"api-key-env": "CLUSTER_KEY"})
        chats.rows_of(rejoinder.ray.judge(blocks(rows), keyed, folder=new_folder() / "keyed"))
        assert {entry[3] for entry in server.log()} == {"Bearer secret"}


def check_scan_and_judge_in_one():
    number = chats.conversations // 10
    with JudgeProcess() as server, Machines():
        config = server.config(**{"max-in-flight": 16})
        ds = rejoinder.ray.extract(read(number), config, folder=new_folder() / "kept", **PLACES)
        rows = chats.rows_of(ds)
        shared = [entry[4] for entry in server.log()]
        assert max(shared) > 1, "turns share requests where the server can"
        assert_decided_as_by_the_command(rows, number, server)


def assert_decided_by_the_rule(rows: pa.Table, judged: pa.Table):
    """Each turn that waited and was asked about has the category that the rule of the servers gives."""
    by_id = {row["id"]: row for row in judged.select(["id", "decision", "category"]).to_pylist()}
    found = set()
    for row in chats.with_decision(rows, "waiting").select(["id", "question"]).to_pylist():
        expected = pattern(json.loads(row["question"])["question"]["lines"][-1]["text"])
        now = by_id[row["id"]]
        if now["decision"] != "waiting":
            assert (now["category"] or NONE) == expected, (row, now)
            assert (now["decision"] == "rejected") == (expected == NONE), now
            found.add(expected)
    assert len(found) == 6, found


def refused(call, words: str):
    """A call must fail with a sentence that holds these words."""
    try:
        call()
    except Exception as error:  # noqa: BLE001
        said = next((line for line in reversed(str(error).splitlines()) if words in line), None)
        assert said is not None, error
        print(f"        refused: {said.strip()[:240]}")
    else:
        raise AssertionError(f"this must be refused: {words}")
