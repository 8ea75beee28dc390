"""Images to train on, with their labels, wherever they come from."""

from psychobench_torch.data.labelled import LabelledImages

__all__ = ["LabelledImages"]
