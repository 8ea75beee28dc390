"""Images to train on, with their labels, wherever they come from."""

from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import load_labelled

__all__ = ["LabelledImages", "load_labelled"]
