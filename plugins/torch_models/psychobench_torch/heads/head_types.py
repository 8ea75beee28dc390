"""What is trained on frozen features: four kinds of head, each ending in two scores."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor, nn

HEADS = ("excitation", "dense", "linear", "ungated")
RATIO = 4  # of the excitation's features to its inner units
HIDDEN = 4096  # units of AlexNet's and VGG's first two fully connected layers
_DENSE = {"classifier.0": "first", "classifier.1": "first",
          "classifier.3": "second", "classifier.4": "second"}  # fmt: skip


class Excitation(nn.Module):
    """Weight each feature by a gate learnt from all of them: ``x * sigmoid(W2 relu(W1 x))``.

    Parameters
    ----------
    n_features : int
        Length of x.
    ratio : int, default 4
        ``W1`` maps to ``n_features / ratio`` units, ``W2`` back; neither has a bias.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.3.

    Examples
    --------
    >>> gate = Excitation(8)
    >>> gate(torch.zeros(1, 8)).tolist() == [[0.0] * 8]
    True
    """

    def __init__(self, n_features: int, ratio: int = RATIO) -> None:
        super().__init__()
        self.squeeze = nn.Linear(n_features, n_features // ratio, bias=False)
        self.excite = nn.Linear(n_features // ratio, n_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Gate a batch of features, shape (n, n_features)."""
        return x * torch.sigmoid(self.excite(torch.relu(self.squeeze(x))))


def make_head(
    kind: str,
    n_features: int,
    dense: Mapping[str, Tensor] | None = None,
    *,
    hidden: int = HIDDEN,
    dropout_first: bool = True,
) -> nn.Sequential:
    """Make a head without values, on the meta device: load or draw them before use.

    Parameters
    ----------
    kind : {"excitation", "dense", "linear", "ungated"}
        ``excitation`` is FE-AlexNet's; ``dense`` the fully connected layers of AlexNet and VGG;
        ``linear`` one layer; ``ungated`` the excitation's layers without its gate,
        ``W2 relu(W1 x)``, with as many parameters.
    n_features : int
        Length of an image's features.
    dense : Mapping of str to Tensor, optional
        Pre-trained fully connected layers under torchvision's names: a dense head then has their
        sizes and their order of dropout. The values stay as they are: see `dense_values`.
    hidden : int, default 4096
        Units of a dense head's first two layers, where `dense` does not say.
    dropout_first : bool, default True
        Whether dropout comes before a dense layer, as in AlexNet, or after its ReLU, as in VGG;
        where `dense` does not say.

    Returns
    -------
    torch.nn.Sequential
        Its last layer, ``classifier``, scores sad and happy (or negative and positive).

    Raises
    ------
    ValueError
        If `kind` is none of `HEADS`.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, sections 2.1.2 and 2.1.3.

    Examples
    --------
    >>> count = lambda head: sum(parameter.numel() for parameter in head.parameters())
    >>> [count(make_head(kind, 9216)) for kind in HEADS]
    [42485762, 54542338, 18434, 42485762]
    """
    if kind not in HEADS:
        raise ValueError(f"a head must be one of {', '.join(HEADS)}: it is {kind!r}")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.device("meta"):
        width = n_features
        if kind == "excitation":
            layers["excitation"] = Excitation(n_features)
        elif kind == "ungated":
            layers["squeeze"] = nn.Linear(n_features, n_features // RATIO, bias=False)
            layers["relu"] = nn.ReLU()
            layers["excite"] = nn.Linear(n_features // RATIO, n_features, bias=False)
        elif kind == "dense":
            values = dense_values(dense or {})
            sizes = [
                len(values[name + ".weight"]) if values else hidden for name in ("first", "second")
            ]
            if dense:
                dropout_first = "classifier.1.weight" in dense
            layers = _dense_layers(n_features, sizes[0], sizes[1], dropout_first)
            width = sizes[1]
        layers["classifier"] = nn.Linear(width, 2)
        return nn.Sequential(layers)


def load_head(kind: str, values: Mapping[str, Tensor]) -> nn.Sequential:
    """Make a head of the sizes that its values have, for answers: in evaluation mode, frozen.

    Parameters
    ----------
    kind : str
        One of `HEADS`.
    values : Mapping of str to Tensor
        Of every layer, as the head's ``state_dict`` names them; they are not copied.

    Raises
    ------
    ValueError
        If they are not the values of such a head: names the first layer that does not fit.

    Examples
    --------
    >>> values = {"classifier.weight": torch.ones(2, 3), "classifier.bias": torch.ones(2)}
    >>> load_head("linear", values)
    Sequential(
      (classifier): Linear(in_features=3, out_features=2, bias=True)
    )
    """
    widths = ("excitation.squeeze", "squeeze", "first", "classifier")  # what takes the features
    first = next((name for name in widths if f"{name}.weight" in values), None)
    if first is None:
        raise ValueError(f"no layer takes the features: it holds {', '.join(values) or 'nothing'}")
    dense = {
        torchvision: values[ours]
        for torchvision, ours in {
            "classifier.1.weight": "first.weight", "classifier.4.weight": "second.weight",
        }.items()
        if ours in values
    }  # fmt: skip
    head = make_head(kind, values[f"{first}.weight"].shape[1], dense if len(dense) == 2 else None)
    for name, expected in head.state_dict().items():
        if name not in values or values[name].shape != expected.shape:
            found = tuple(values[name].shape) if name in values else "missing"
            raise ValueError(f"layer {name} must be {tuple(expected.shape)}: it is {found}")
    head.load_state_dict(values, assign=True)
    return head.requires_grad_(False).eval()


def dense_values(dense: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the first two fully connected layers from torchvision's names to a head's.

    Parameters
    ----------
    dense : Mapping of str to Tensor
        ``classifier.1.weight`` ... of AlexNet or ``classifier.0.weight`` ... of a VGG.

    Returns
    -------
    dict of str to Tensor
        ``first.weight``, ``first.bias``, ``second.weight``, ``second.bias``; the last layer,
        which is new to a two-way task, is left out.

    Examples
    --------
    >>> names = ("classifier.0.bias", "classifier.3.bias", "classifier.6.bias")
    >>> list(dense_values({name: torch.zeros(2) for name in names}))
    ['first.bias', 'second.bias']
    """
    renamed = {}
    for name, value in dense.items():
        layer, _, part = name.rpartition(".")
        if layer in _DENSE:
            renamed[f"{_DENSE[layer]}.{part}"] = value
    return renamed


def _dense_layers(
    n_features: int, first: int, second: int, dropout_first: bool
) -> OrderedDict[str, nn.Module]:
    """Make two dense layers, dropout before each (AlexNet) or after its ReLU (VGG)."""
    order = ("dropout", "", "relu") if dropout_first else ("", "relu", "dropout")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, inputs, outputs in (("first", n_features, first), ("second", first, second)):
        made = {"": nn.Linear(inputs, outputs), "relu": nn.ReLU(), "dropout": nn.Dropout()}
        for part in order:
            layers[f"{name}_{part}" if part else name] = made[part]
    return layers
