"""Pre-train convolutions on rendered images or on images of one's own."""

from psychobench_torch.pretraining.card import held_out, save_weights
from psychobench_torch.pretraining.loop import Pretrained, pretrain
from psychobench_torch.pretraining.recipe import PAPER_PRETRAINING, PretrainingRecipe, Stage

__all__ = [
    "PAPER_PRETRAINING",
    "Pretrained",
    "PretrainingRecipe",
    "Stage",
    "held_out",
    "pretrain",
    "save_weights",
]
