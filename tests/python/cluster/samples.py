"""A sample over a data set is the one that the command draws, however the data set lies on the cluster."""

import json

import pyarrow as pa
import ray

import rejoinder
import rejoinder.ray
from cluster.machines import Machines
from wheel import corpora
from wheel.command import DIALOGUES, command, new_folder
from wheel.refused import raised

SIZES = {"rejected": 20, "accepted": 20, "seed": 5}


def check_a_gathered_audit_is_the_commands():
    table, folder = corpora.dialogues(), new_folder()
    file = corpora.as_parquet(table, "sampled")
    command("run", file, "--no-config", "--offline", "--quiet", "--out", folder / "run")
    flags = ("--label-file", DIALOGUES, "--json")
    sizes = ("--rejected", 20, "--accepted", 20, "--seed", 5)
    expected = json.loads(command("audit", folder / "run", *flags, *sizes).stdout)
    rows = table.append_column("row", pa.array(range(table.num_rows)))
    with Machines():
        ds = ray.data.from_arrow(rows).repartition(7)
        for name, source in (("one", ds), ("other", ds.random_shuffle(seed=1))):
            seed = rejoinder.ray.gather(
                source, folder=folder / name, goal="audit", ordinal="row", corpus=table, batch_size=9, **SIZES
            )
            assert seed == SIZES["seed"]
            audited = json.loads(command("audit", folder / name, *flags).stdout)
            assert audited == expected, (audited, expected)
        # Rows of a judge: here the engine's own, with an answer for each turn that waits.
        engine = rejoinder.Engine(corpus=table)
        waiting = pa.table(engine.scan(table))
        read = pa.table(engine.read(waiting.append_column("answer", pa.array(["F"] * waiting.num_rows))))
        rejoinder.ray.gather(
            ds, folder=folder / "judged", goal="audit", corpus=table, judged=ray.data.from_arrow(read), **SIZES
        )
        told = command("audit", folder / "judged", *flags)
        assert "counted as missed" not in told.stderr and json.loads(told.stdout) != expected, told.stderr
        rejoinder.ray.gather(ds, folder=folder / "cut", goal="calibration", sample=60)
        assert "recall" in command("calibrate", folder / "cut", "--label-file", DIALOGUES).stdout
        twice = lambda: rejoinder.ray.gather(ds.union(ds), folder=folder / "twice", goal="audit")  # noqa: E731
        raised(rejoinder.ConfigError, twice, code=7)
        assert not (folder / "twice").exists()
        raised(rejoinder.UsageError, lambda: rejoinder.ray.gather(ds, folder=folder / "no", goal="census"), code=2)
