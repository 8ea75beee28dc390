"""Which score a map explains, always before the softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from psychobench.plugins import ObserverError

MARGIN, WINNING = "margin", "winning"


@dataclass(frozen=True)
class Target:
    """A checked choice of the score to explain.

    Parameters
    ----------
    name : str
        What tables print.
    index : int or None
        Of a class; None for ``margin`` and ``winning``.
    """

    name: str
    index: int | None = None

    def coefficients(self, scores: Tensor) -> Tensor:
        """Return the weights with which classes add up to the score that is explained.

        Parameters
        ----------
        scores : Tensor, shape (n, classes)
            Before the softmax.

        Returns
        -------
        Tensor, shape (n, classes)

        Examples
        --------
        >>> Target("margin").coefficients(torch.tensor([[3.0, 1.0]])).tolist()
        [[-1.0, 1.0]]
        """
        chosen = torch.zeros_like(scores)
        if self.name == MARGIN:
            return chosen + chosen.new_tensor([-1.0, 1.0])
        if self.index is not None:
            chosen[:, self.index] = 1.0
            return chosen
        return chosen.scatter_(1, scores.argmax(1, keepdim=True), 1.0)


def choose_target(target: str | int | None, labels: Sequence[str] | None) -> Target:
    """Check which score is to be explained.

    Parameters
    ----------
    target : str, int or None
        One of `labels`, the number of a class, ``margin`` (second of two labels minus the first)
        or ``winning`` (for each image the class with the highest score). None is the second of two
        labels, and ``winning`` without labels.
    labels : sequence of str or None
        The classes' names, if they have any.

    Raises
    ------
    ObserverError
        If there is no such target; the error lists those that there are.

    Examples
    --------
    >>> choose_target(None, ("sad", "happy"))
    Target(name='happy', index=1)
    """
    names = list(labels or [])
    if target is None:
        target = names[1] if len(names) == 2 else WINNING
    if isinstance(target, int) and not isinstance(target, bool) and target >= 0:
        return Target(names[target] if target < len(names) else str(target), target)
    if target in names:
        return Target(str(target), names.index(str(target)))
    special = [MARGIN, WINNING] if len(names) == 2 else [WINNING]
    if target in special:
        return Target(str(target))
    raise ObserverError(
        f"a target must be one that the network has: there is no {target!r}; choose from "
        f"{', '.join([*names, *special])}{'' if names else ', or the number of a class'}"
    )
