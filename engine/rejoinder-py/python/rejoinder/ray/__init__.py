"""rejoinder over Ray Data: data sets of conversations in, data sets of rows about turns out.

>>> import ray, rejoinder.ray                                                # doctest: +SKIP
>>> chats = ray.data.read_parquet("s3://bucket/chats/")                      # doctest: +SKIP
>>> rows = rejoinder.ray.scan(chats, "rejoinder.toml")                       # doctest: +SKIP
>>> rows = rejoinder.ray.judge(rows, "rejoinder.toml", folder="judged")      # doctest: +SKIP
>>> rows.write_parquet("s3://bucket/feedback/")                              # doctest: +SKIP
>>> rejoinder.ray.report("judged").spent["calls"]                            # doctest: +SKIP

`scan` decides by rules, plugins and score; `judge` asks a server about the turns that wait, and holds one budget and one rate for the
whole job; `judge_by_vllm` asks a model that the cluster itself holds; `extract` is `scan`, then `judge`; `gather` draws a sample for the
verbs `audit` and `calibrate` of the command. The rows are those of
`rejoinder.Engine.scan`. Rules, plugins, models and prompts that the config names by path travel with the job; rejoinder itself, in the
same version, must be installed on all workers.
"""

try:
    import pyarrow as _pyarrow  # noqa: F401
    import ray.data as _ray_data  # noqa: F401
except ImportError as _missing:
    raise ImportError('rejoinder.ray needs Ray Data and pyarrow: pip install "rejoinder[ray]"') from _missing

from rejoinder.ray.extracting import extract
from rejoinder.ray.gathering import gather
from rejoinder.ray.judging import judge
from rejoinder.ray.keeping import JudgeReport, close, report
from rejoinder.ray.scanning import scan
from rejoinder.ray.vllm import judge_by_vllm

__all__ = ["JudgeReport", "close", "extract", "gather", "judge", "judge_by_vllm", "report", "scan"]
