"""A model that the cluster holds, up to the interface of `ray.data.llm`: no GPU is needed, and no vLLM."""

import collections

import pyarrow.compute as pc

import rejoinder.ray
from cluster import chats
from cluster.judge import assert_decided_by_the_rule, blocks, scanned
from judge_server import LETTERS, letter, message, pattern
from cluster.machines import Machines

Config = collections.namedtuple("Config", "batch_size should_continue_on_error")


def build_processor(config, preprocess, postprocess):
    """As `ray.data.llm.build_processor` of Ray 2.60 with a `vLLMEngineProcessorConfig`: the row goes into one column, the stage adds
    what the engine has generated, and a row with `__inference_error__` passes the postprocessing by."""

    def into_column(row):
        return {"__data": {**row, **preprocess(row)}}

    def out_of_column(row):
        data = row["__data"]
        if data.get("__inference_error__", "") != "":
            return data
        return {**postprocess(data), "__inference_error__": ""}

    def process(ds):
        generated = ds.map(into_column).map_batches(stage, batch_size=config.batch_size)
        return generated.map(out_of_column)

    return process


def stage(batch):
    """What vLLM does: text, and the alternatives to each token under numbers."""
    rows = list(batch["__data"])
    for number, row in enumerate(rows):
        (said,) = row["messages"]
        sampling = row["sampling_params"]
        assert said["role"] == "user" and sampling["temperature"] == 0 and sampling["max_tokens"] >= 1, row
        assert list(sampling["structured_outputs"]["choice"]) == list(LETTERS), sampling
        assert sampling["logprobs"] == 20, sampling
        words = said["content"]
        start = words.rfind("\n# user: ")
        own = letter(words, pattern(message(words[start + len("\n# user: "):])))
        failed = number == 3
        alternatives = {
            str(token): {"logprob": -0.1 if label == own else -4.0, "rank": 1, "decoded_token": label}
            for token, label in enumerate(LETTERS, 320)
        }
        row["generated_text"] = "" if failed else own
        row["logprobs"] = None if failed else [alternatives]
        row["__inference_error__"] = "ValueError: the prompt is too long" if failed else ""
    batch["__data"] = rows
    return batch


def check_a_model_of_the_cluster_is_asked_through_its_stage():
    rows = scanned(chats.conversations // 10).slice(0, 4000)
    waiting = chats.with_decision(rows, "waiting").num_rows
    with Machines():
        ds = rejoinder.ray.judge_by_vllm(
            blocks(rows, 8), {"judge": {"model": "m"}}, Config(64, True), build_processor=build_processor
        )
        judged = chats.rows_of(ds)
        left = chats.with_decision(judged, "waiting")
        assert judged.num_rows == rows.num_rows and 0 < left.num_rows < waiting / 8, (left.num_rows, waiting)
        assert set(left["error"].to_pylist()) == {"ValueError: the prompt is too long"}, left["error"]
        found = judged.filter(pc.equal(judged["source"], "judge"))
        told = [max(row.values()) for row in found["probabilities"].to_pylist()]
        assert told and all(0.9 < most <= 1 for most in told), told[:3]
        assert_decided_by_the_rule(rows, judged)
