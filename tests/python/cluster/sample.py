"""A sample over a data set, for the command."""

import json

import rejoinder.ray
from cluster import chats
from cluster.judges import JudgeProcess
from cluster.machines import Machines
from cluster.scan import PLACES, read
from wheel.command import command, new_folder, toml

GOAL = {"audit": {"rejected": 40, "accepted": 20, "seed": 5}}


def check_a_gathered_sample_is_audited_by_the_command():
    """Whatever the batches, the same folder; with the command's numbers, the turns that the command draws from the files."""
    number = chats.conversations // 10
    with JudgeProcess() as server, Machines():
        config = server.config()
        folders = [new_folder() / "gathered" for _ in range(2)]
        for folder, batch_size in zip(folders, (4096, 333)):
            rejoinder.ray.gather(read(number), config, GOAL, folder=folder, name="chats", batch_size=batch_size, **PLACES)
        drawn, again = (json.loads((folder / "audit.json").read_text()) for folder in folders)
        assert drawn == again
        named = new_folder() / "config.toml"
        named.write_text(toml(config))
        said = command("audit", folders[0], "--config", named, check=False)
        assert said.returncode == 0 and server.requests() >= 60, (said, server.requests())
        print("\n".join(f"        {line}" for line in said.stdout.splitlines()[:6]))
        by_id = new_folder() / "gathered"
        calibration = {"calibration": {"for": "all", "sample": 50, "seed": 7}}
        rejoinder.ray.gather(read(number), config, calibration, folder=by_id, name="chats")
        said = command("calibrate", by_id, "--config", named, check=False)
        assert said.returncode in (0, 3), said


def check_judged_rows_are_counted():
    number = chats.conversations // 10
    with JudgeProcess() as server, Machines():
        config = server.config()
        ds = read(number)
        rows = rejoinder.ray.extract(ds, config, folder=new_folder() / "kept").materialize()
        folder = new_folder() / "gathered"
        rejoinder.ray.gather(ds, config, GOAL, folder=folder, name="chats", judged=rows)
        named = new_folder() / "config.toml"
        named.write_text(toml(config))
        said = command("audit", folder, "--config", named, check=False)
        assert said.returncode == 0, said
