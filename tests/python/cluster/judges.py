"""A judge's server for a check, as a process of its own."""

import collections
import json
import pathlib
import subprocess
import sys
import urllib.request

SERVER = pathlib.Path(__file__).parents[1] / "judge_server.py"


class JudgeProcess:
    """A running server, to be used in a `with`."""

    def __init__(self, latency: float = 0.0):
        self._process = subprocess.Popen([sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self.set_latency(latency)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the server as a machine that dies."""
        self._process.kill()
        self._process.wait()

    def set_latency(self, seconds: float):
        """Lets each answer take so long."""
        request = urllib.request.Request(f"{self.address}/settings", json.dumps({"latency": seconds}).encode())
        urllib.request.urlopen(request).read()

    def log(self) -> list:
        """The requests up to now, each as hash, time of arrival, time of the answer, key of access, and number of turns."""
        return json.load(urllib.request.urlopen(f"{self.address}/counts"))["log"]

    def requests(self) -> int:
        """How many requests asked something up to now."""
        return json.load(urllib.request.urlopen(f"{self.address}/requests"))

    def asked_again(self) -> list:
        """The requests that came more than once, each as the list of its arrivals."""
        by_hash = collections.defaultdict(list)
        for entry in self.log():
            by_hash[entry[0]].append(entry)
        return [entries for entries in by_hash.values() if len(entries) > 1]

    def config(self, **judge) -> dict:
        """A config that asks this server."""
        return {"judge": {"base-url": f"{self.address}/v1", "model": "test-model", **judge}}
