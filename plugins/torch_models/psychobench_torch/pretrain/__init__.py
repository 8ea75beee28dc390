"""Pre-train convolutions: on objects or people that are rendered, or on images of one's own.

Run as ``python -m psychobench_torch.pretrain --source rendered-faces --out FOLDER``, alone or under
``torchrun``.
"""

from psychobench_torch.pretrain.card import held_out, save_weights
from psychobench_torch.pretrain.loop import Pretrained, pretrain
from psychobench_torch.pretrain.recipe import PAPER_PRETRAINING, PretrainingRecipe, Stage
from psychobench_torch.pretrain.sources import SOURCES, render_source, source_recipe

__all__ = [
    "PAPER_PRETRAINING",
    "SOURCES",
    "Pretrained",
    "PretrainingRecipe",
    "Stage",
    "held_out",
    "pretrain",
    "render_source",
    "save_weights",
    "source_recipe",
]
