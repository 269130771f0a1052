"""From training files to an answer: is a model better for the feedback that rejoinder found?

`training` trains a model on a data set that `rejoinder export … --dataset` wrote (SFT, then KTO). `comparison` holds trained models
against the pre-trained one on conversations that none of them was trained on.
"""

__version__ = "0.1.0"
