"""A Ray cluster on this machine: a head and two workers, each with processes of its own."""

import logging
import os
import pathlib
import signal
import time

import ray
from ray.cluster_utils import Cluster

# Each node's share of shared memory.
STORE_BYTES = 300 << 20
VARIABLES = {
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


class Machines:
    """A head of one CPU and two workers of two, to be used in a `with`; the driver is connected to the head."""

    def __init__(self, variables: dict | None = None):
        """Starts them. `variables` are those of the job's environment, on all nodes."""
        os.environ.update(VARIABLES)
        self._cluster = Cluster(initialize_head=True, head_node_args=self._node(1, "head"))
        self.workers = [self._cluster.add_node(**self._node(2, f"worker-{number}")) for number in range(2)]
        ray.init(
            address=self._cluster.address,
            runtime_env={"env_vars": variables} if variables else None,
            logging_level="ERROR",
            log_to_driver=False,
        )
        # What a check says is not to be lost among what Ray says of each data set.
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False

    @staticmethod
    def _node(cpus: int, name: str) -> dict:
        return {"num_cpus": cpus, "resources": {name: 1}, "object_store_memory": STORE_BYTES, "include_dashboard": False}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        ray.shutdown()
        self._cluster.shutdown()

    def kill_worker(self, number: int = 1) -> float:
        """Kills all processes of a worker, as a machine dies that loses its power; returns when."""
        node = self.workers[number]
        raylet = next(process.process.pid for process in node.all_processes["raylet"])
        pids = [raylet, *descendants(raylet)]
        now = time.time()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._cluster.remove_node(node, allow_graceful=False)
        return now

    def is_worker_busy(self, number: int, actor: str) -> bool:
        """Whether an actor of this class works on a worker."""
        raylet = self.workers[number].all_processes["raylet"][0].process.pid
        return any(actor in command_of(pid) for pid in descendants(raylet))


def descendants(pid: int) -> list:
    """The processes that a process has started, and those that they have started."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in brackets may hold spaces.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, open_ = [], [pid]
    while open_:
        own = open_.pop()
        children = [child for child, parent in parents.items() if parent == own]
        found += children
        open_ += children
    return found


def command_of(pid: int) -> str:
    """The command line of a process, in which Ray writes what the process works on."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def wait_until(holds, seconds: float = 120, every: float = 0.05):
    """Waits until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{holds} did not come to hold in {seconds} s"
        time.sleep(every)
