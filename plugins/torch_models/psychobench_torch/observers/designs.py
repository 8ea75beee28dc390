"""What makes one registered observer differ from another; nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Design:
    """A frozen network and the kind of head that is trained on its features.

    Parameters
    ----------
    name : str
        Of the observer.
    architecture : str
        Of the frozen network: ``alexnet``, ``vgg16``, ``torchvision:resnet18``.
    head : str
        One of `psychobench_torch.heads.head_types.HEADS`.
    fresh_dense : bool
        Whether fully connected layers start afresh even where pre-trained ones are known.
    views : int
        Of every photograph that it is trained on by hand, see
        `psychobench_torch.heads.recipe.TransferRecipe`. AlexNet is fast enough for crops of their
        own in every epoch; VGG16 is not.
    """

    name: str
    architecture: str
    head: str
    fresh_dense: bool = False
    views: int = 0

    @property
    def wants_dense(self) -> bool:
        """Whether the head starts from pre-trained fully connected layers where these are known."""
        return self.head == "dense" and not self.fresh_dense


DEEP_VIEWS = 2  # of a deep network's training images
DESIGNS = {
    each.name: each
    for each in (
        Design("alexnet", "alexnet", "dense"),
        Design("vgg11", "vgg11", "dense", views=DEEP_VIEWS),
        Design("vgg13", "vgg13", "dense", views=DEEP_VIEWS),
        Design("vgg16", "vgg16", "dense", views=DEEP_VIEWS),
        Design("fe_alexnet", "alexnet", "excitation"),
        Design("alexnet_linear", "alexnet", "linear"),
        Design("alexnet_fresh", "alexnet", "dense", fresh_dense=True),
        Design("alexnet_ungated", "alexnet", "ungated"),
    )
}


def design_of(name: str) -> Design:
    """Find the design of a registered observer, ``torchvision:NETWORK`` included.

    Examples
    --------
    >>> design_of("vgg16").head, design_of("torchvision:resnet18").head
    ('dense', 'linear')
    """
    known = DESIGNS.get(name)
    return known or Design(name, name, "linear", views=DEEP_VIEWS)
