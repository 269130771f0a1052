"""`judge_by_vllm`: asks a model that the cluster itself holds, through Ray's own stage for vLLM."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import ray

import rejoinder
from rejoinder.ray import pool
from rejoinder.ray.judging import check_rows
from rejoinder.ray.scanning import no_rows
from rejoinder.ray.terms import Config, JobTerms

BuildProcessor: TypeAlias = Callable[..., Callable[[ray.data.Dataset], ray.data.Dataset]]
"""`ray.data.llm.build_processor`, or what behaves like it."""

_ROW, _WORDS, _ANSWER, _LOGPROBS, _FAILURE = "row", "words", "answer", "logprobs", "__inference_error__"


def judge_by_vllm(
    ds: ray.data.Dataset,
    config: Config,
    processor: Any,
    *,
    build_processor: BuildProcessor | None = None,
    batch_size: int = 1024,
    concurrency: pool.Concurrency = None,
    num_cpus: float = 0.1,
    **ray_options: Any,
) -> ray.data.Dataset:
    """Ask a model of the cluster about the rows of `scan` that wait, one turn a request; all other rows go through as they are.

    The requests go to `ray.data.llm`, and the answers that come back are read as those of any other judge. Rows whose answer cannot be
    used wait on, with the reason in `error`. No budget is kept: the GPUs are yours. The data set is computed twice, for the rows that
    wait and for the others; write the rows of `scan` to files first, or call `ds.materialize()`, where that is too much.

    This is tested up to `ray.data.llm`'s interface (Ray 2.60), with a stand-in for the model: rejoinder's own tests have no GPU.

    Args:
        ds: Rows of `scan`.
        config: As for `scan`. Of `[judge]` the prompt, its window and `max-tokens` count, and `model` is the name in the rows.
        processor: A `ray.data.llm.vLLMEngineProcessorConfig`. With `should_continue_on_error=True` a request that fails leaves its row
            waiting; else it ends the job. vLLM must allow as many log-probabilities as are asked for, 20 by its default.
        build_processor: `ray.data.llm.build_processor` by default.
        batch_size: Rows a batch, where answers are read.
        concurrency: As for `judge`, of the actors that read answers.
        num_cpus: CPUs that such an actor reserves.
        **ray_options: Further options of `Dataset.map_batches`, such as `runtime_env`.

    Raises:
        rejoinder.Error: If the engine cannot be built.
        ImportError: If `ray.data.llm` cannot be used here.
    """
    build = build_processor or _build_processor()
    check_rows(ds)
    terms = JobTerms.on_driver(config, None)
    engine = rejoinder.Engine(config, threads=1)
    sampling, schema = sampling_params(engine), no_rows(engine).schema
    compute, _ = pool.actors(concurrency)
    settings = pool.settings(compute, batch_size, num_cpus, ray_options)

    def preprocess(row: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": row[_WORDS]}], "sampling_params": dict(sampling)}

    ask = build(processor, preprocess=preprocess, postprocess=_answer)
    waiting = ds.map_batches(_waiting, batch_format="pyarrow")
    others = ds.map_batches(_others, batch_format="pyarrow")
    read = ask(waiting).map_batches(ReadActor, fn_constructor_args=(terms, schema), **settings)
    return others.union(read)


def sampling_params(engine: rejoinder.Engine) -> dict[str, Any]:
    """What vLLM is to do with each request, as its `SamplingParams` name it."""
    body = json.loads(engine.example_request or "{}")
    sampling = {"temperature": 0.0, "max_tokens": body["max_tokens"]}
    if body.get("logprobs"):
        sampling["logprobs"] = body["top_logprobs"]
    if "structured_outputs" in body:
        sampling["structured_outputs"] = body["structured_outputs"]
    elif "response_format" in body:
        sampling["structured_outputs"] = {"json": json.dumps(body["response_format"]["json_schema"]["schema"])}
    return sampling


class ReadActor:
    """Reads the answers in batches of rows."""

    def __init__(self, terms: JobTerms, schema: pa.Schema) -> None:
        self._terms = terms
        self._schema = schema
        self._engine: rejoinder.Engine | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        if self._engine is None:
            self._engine = self._terms.build()
        if batch.num_rows == 0:
            return self._schema.empty_table()
        rows = pa.Table.from_pylist([json.loads(row) for row in batch[_ROW].to_pylist()], schema=self._schema)
        for name in (_ANSWER, _LOGPROBS):
            values = batch[name].to_pylist() if name in batch.column_names else [None] * batch.num_rows
            rows = rows.append_column(name, pa.array(values, pa.string()))
        read = pa.table(self._engine.read(rows))
        return _with_failures(read, batch[_FAILURE].to_pylist()) if _FAILURE in batch.column_names else read


def _waiting(batch: pa.Table) -> pa.Table:
    """Rows that wait, each as one text and the words of its request: what goes through a stage that knows nothing of these rows."""
    rows = batch.filter(pc.equal(batch["decision"], "waiting"))
    texts = [json.dumps(row) for row in rows.to_pylist()]
    return pa.table({_ROW: pa.array(texts, pa.string()), _WORDS: rows["prompt"].cast(pa.string())})


def _others(batch: pa.Table) -> pa.Table:
    return batch.filter(pc.not_equal(batch["decision"], "waiting"))


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a row that the model has answered."""
    return {_ROW: row[_ROW], _ANSWER: row["generated_text"], _LOGPROBS: first_alternatives(row.get("logprobs"))}


def first_alternatives(logprobs: Iterable[Any] | None) -> str | None:
    """The alternatives to an answer's first token, as JSON; `None` where there are none."""
    first = next(iter(logprobs if logprobs is not None else ()), None)
    if not first:
        return None
    tokens = [token for token in first.values() if token is not None and token.get("decoded_token") is not None]
    pairs = sorted(([token["decoded_token"], float(token["logprob"])] for token in tokens), key=lambda pair: -pair[1])
    return json.dumps(pairs) if pairs else None


def _with_failures(rows: pa.Table, failures: list[str | None]) -> pa.Table:
    told = zip(rows["decision"].to_pylist(), rows["error"].to_pylist(), failures, strict=True)
    reasons = [failure if failure and decision == "waiting" else reason for decision, reason, failure in told]
    return rows.set_column(rows.schema.get_field_index("error"), "error", pa.array(reasons, pa.string()))


def _build_processor() -> BuildProcessor:
    try:
        from ray.data.llm import build_processor
    except ImportError as missing:
        raise ImportError(f'ray.data.llm cannot be used here ({missing}): pip install "ray[llm]"') from missing
    return build_processor
