"""The whole way as a user goes it, by the two commands: export, SFT, KTO, comparison, a judge, page; with a tiny random model."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import rejoinder_recipes

REJOINDER = os.environ.get("REJOINDER")
pytestmark = pytest.mark.skipif(
    not REJOINDER or not Path(REJOINDER).is_file(), reason="the command `rejoinder` is not built: set REJOINDER to its path"
)

THINGS = ("apples", "rivers", "clouds", "engines", "poems", "maps", "bridges", "owls")
PRAISE = ("Thank you, that is perfect!", "Thanks, that worked!")
BLAME = ("That is wrong.", "No, that's not what I asked for.")


def dialogues(count: int) -> str:
    """Conversations with praise or blame in each, and further exchanges without."""
    lines = []
    for i in range(count):
        thing, other = THINGS[i % len(THINGS)], THINGS[(i + 3) % len(THINGS)]
        turn = (PRAISE if i % 2 else BLAME)[i // 2 % 2]
        texts = [
            f"Tell me fact {i} about {thing}.",
            f"Fact {i}: {thing} are {'fine' * (i % 3 + 1)}.",
            turn,
            f"Then a word on {other}.",
            f"And fact {i + 1} about {other}?",
            f"Fact {i + 1}: {other} are old.",
        ]
        roles = ("user", "assistant") * 3
        messages = [{"role": role, "content": text} for role, text in zip(roles, texts)]
        label = {"turn": 2, "category": "UR5" if i % 2 else "UR3", "span": turn}
        lines.append(json.dumps({"conversation_id": f"c{i}", "conversation": messages, "labels": [label]}))
    return "\n".join(lines) + "\n"


class LengthJudge(http.server.BaseHTTPRequestHandler):
    """A judge by rule, for transport alone: the longer answer is better."""

    calls = 0

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        LengthJudge.calls += 1
        shown = re.findall(r"\[The Start of Assistant [AB]'s Answer\]\n(.*?)\n\[The End", body["messages"][-1]["content"], re.DOTALL)
        # A request that finds out about the server shows none.
        first, second = shown or ("", "")
        verdict = "A" if len(first) > len(second) else "B" if len(second) > len(first) else "C"
        answer = {
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": f"By length: [[{verdict}]]"}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
        }
        self.reply(answer)

    def do_GET(self):
        self.reply({"data": [{"id": "length"}]})

    def reply(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def judge_url():
    """A running judge."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LengthJudge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_from_logs_to_a_page(model_folder, tmp_path, judge_url):
    environment = {**os.environ, "PYTHONPATH": str(Path(rejoinder_recipes.__file__).parents[1])}

    def run(*args, code=0):
        ended = subprocess.run(list(map(str, args)), cwd=tmp_path, env=environment, text=True, capture_output=True)
        assert ended.returncode == code, f"{args}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout + ended.stderr

    def recipes(*args, code=0):
        return run(sys.executable, "-m", "rejoinder_recipes", *args, code=code)

    def export(what, folder, *more):
        return run(REJOINDER, "export", what, "run", "--dataset", folder, "--validation", "0.4", "--license", "cc0-1.0", *more)

    (tmp_path / "chats.jsonl").write_text(dialogues(160))
    run(REJOINDER, "run", "chats.jsonl", "--offline", "--out", "run")
    export("sft", "sets/sft", "--labels")
    export("kto", "sets/kto", "--labels")
    export("random", "sets/random", "--like", "sets/sft")
    small = ("--model", model_folder, "--max-length", "256", "--learning-rate", "0.01")
    recipes("train", *small, "--sft", "sets/sft", "--kto", "sets/kto", "--out", "arms/found")
    recipes("train", *small, "--sft", "sets/random", "--out", "arms/random")

    compare = (
        "compare",
        "--model",
        model_folder,
        "--max-length",
        "256",
        "--held-out",
        "sets/kto",
        "--answers",
        "12",
        "--answer-length",
        "16",
        "--rounds",
        "200",
        "--arm",
        "sft=arms/found/sft",
        "--arm",
        "kto=arms/found/kto",
        "--arm",
        "random=arms/random/sft",
        "--out",
        "comparison",
    )
    told = recipes(*compare)
    assert "no judge was asked" in told and "rejoinder ask" in told
    results = json.loads((tmp_path / "comparison/results.json").read_text())
    assert results["win_rates"] is None
    assert [arm["arm"] for arm in results["likelihood"]["arms"]] == ["sft", "kto", "random"]
    assert all(arm["auc"]["low"] <= arm["auc"]["value"] <= arm["auc"]["high"] for arm in results["likelihood"]["arms"])
    assert results["likelihood"]["praised_conversations"] >= 10
    page = (tmp_path / "comparison/results.html").read_text()
    assert "No win rate was measured" in page and "<script" not in page.lower()

    (tmp_path / "judge.toml").write_text(f'format = 1\n[judge]\nbase-url = "{judge_url}"\nmodel = "length"\n[budget]\ncalls = 500\n')
    run(REJOINDER, "ask", "comparison/requests.jsonl", "--config", "judge.toml", "--out", "comparison/asked")
    asked = LengthJudge.calls
    recipes(*compare, "--verdicts", "comparison/asked/answers.jsonl")
    judged = json.loads((tmp_path / "comparison/results.json").read_text())
    assert judged["likelihood"] == results["likelihood"], "what was measured is kept"
    assert judged["win_rates"]["judge_models"] == ["length"] and judged["win_rates"]["replies"] == judged["win_rates"]["requests"]
    for arm in judged["win_rates"]["arms"]:
        assert arm["pairs"] == 12 and arm["unjudged"] == 0
    # Nobody is paid twice.
    run(REJOINDER, "ask", "comparison/requests.jsonl", "--config", "judge.toml", "--out", "comparison/asked")
    assert LengthJudge.calls == asked
    # What an arm was trained on is refused as held out.
    told = recipes(*compare, "--split", "train", code=2)
    assert "were trained on" in told and "--drop-overlap" in told
