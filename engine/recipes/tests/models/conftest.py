"""What tests share: no network, no GPU, and one tiny model for all."""

import os

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")

import pytest  # noqa: E402
import tiny  # noqa: E402


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """The folder of a tiny random chat model."""
    return tiny.make_model(tmp_path_factory.mktemp("model"))
