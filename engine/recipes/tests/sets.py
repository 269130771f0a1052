"""Data sets as the export writes them, for tests."""

import hashlib
import json
from pathlib import Path


def row(name: str, answer: str, label: bool | None = True, prompt: list[dict] | None = None, category: str | None = None) -> dict:
    """A row of a data set; the conversation and its opening go by the name. Without a label it is a row of random exchanges."""
    made = {
        "prompt": prompt or [{"role": "user", "content": f"Tell me of {name}."}],
        "completion": [{"role": "assistant", "content": answer}],
    }
    if label is not None:
        made["label"] = label
    made |= {"conversation_id": name, "feedback_turn": 1}
    if label is not None:
        made["category"] = category or ("UR5" if label else "UR2")
    made["opening"] = hashlib.sha256(made["prompt"][0]["content"].encode()).hexdigest()[:32]
    return made


def write_set(folder: Path, task: str, rows: list[dict], validation: list[dict] | None = None) -> Path:
    """Writes a data set as `rejoinder export … --dataset` does, and returns the folder."""
    (folder / "data").mkdir(parents=True)
    splits = {"train": rows} | ({} if validation is None else {"validation": validation})
    described = {}
    for name, split in splits.items():
        if task == "sft":
            split = [{key: value for key, value in one.items() if key != "label"} for one in split]
        content = "".join(json.dumps(one) + "\n" for one in split).encode()
        (folder / f"data/{name}.jsonl").write_bytes(content)
        labels = [one.get("label", True) for one in split]
        described[name] = {
            "path": f"data/{name}.jsonl",
            "rows": len(split),
            "desirable": sum(labels),
            "undesirable": len(labels) - sum(labels),
            "conversations": len({one["conversation_id"] for one in split}),
            "categories": {f"UR{i}": sum(one.get("category") == f"UR{i}" for one in split) for i in range(1, 6)},
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    counts = described["train"]
    both = counts["desirable"] and counts["undesirable"]
    checks = {
        name: {"rows": counts[name], "refusals": 0, "jailbreaks": 0, "flagged": None, "median_prompt_chars": 20, "median_answer_chars": 20}
        for name in ("desirable", "undesirable")
    }
    metadata = {
        "format": 1,
        "task": task,
        "style": "trl",
        "license": "cc0-1.0",
        "engine": "0.1.0",
        "rules_hash": "0" * 64,
        "config_hash": "0" * 64,
        "plugins": [],
        "judge": None,
        "labels": None if task == "random" else "records",
        "positive": [] if task == "random" else ["UR5"],
        "negative": [] if task == "random" else ["UR2", "UR3"],
        "sources": [],
        "min_score": 0.0,
        "seed": 0,
        "validation": 0.0,
        "weights": {"desirable": 7 / 6, "undesirable": 1.0} if task == "kto" and both else None,
        "draw": {"wanted": len(rows), "pool": 100, "like_sha256": None, "lacking": 0} if task == "random" else None,
        "splits": described,
        "left_out": [],
        "changed": [],
        "checks": checks,
        "remarks": [],
    }
    (folder / "rejoinder.json").write_text(json.dumps(metadata))
    return folder


def rows(count: int, start: int = 0) -> list[dict]:
    """Rows of different conversations, praised and blamed by turns."""
    return [row(f"conversation-{i}", f"Answer {i}: {'yes' if i % 2 else 'no'}.", i % 2 == 0) for i in range(start, start + count)]
