"""Valence to facial action: which muscles act, and how much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionUnits:
    """Activations of the facial action units, from 0 (relaxed) to 1 (full).

    Happiness acts through AU 6, 12 and 25, sadness through AU 1 + 4, 15 and 17 [1]_.
    They depend on valence alone, whoever wears the expression.

    Parameters
    ----------
    smile : float
        AU 12, lip corner puller; grows evenly with valence.
    cheek : float
        AU 6, cheek raiser: eases in behind the smile.
    part : float
        AU 25, lips part: eases in last, so that no level shows a jump.
    frown : float
        AU 15, lip corner depressor; grows evenly with negative valence.
    brow : float
        AU 1 + 4, inner brows up and together.
    pout : float
        AU 17, chin raiser: eases in behind the frown.

    References
    ----------
    .. [1] Ekman, P., & Friesen, W. V. (1978). Facial Action Coding System. Consulting
       Psychologists Press.
    """

    smile: float
    cheek: float
    part: float
    frown: float
    brow: float
    pout: float


def action_units(valence: float) -> ActionUnits:
    """Translate valence into action units.

    Parameters
    ----------
    valence : float
        From -1 (sad) over 0 (neutral) to +1 (happy).

    Returns
    -------
    ActionUnits

    Raises
    ------
    ValueError
        If valence lies outside -1..1.

    Examples
    --------
    >>> action_units(1.0).smile, action_units(1.0).frown
    (1.0, 0.0)
    >>> action_units(-0.5).frown
    0.5
    """
    if not -1.0 <= valence <= 1.0:
        raise ValueError(f"valence must lie in -1 (sad) to 1 (happy): got {valence!r}")
    happy, sad = max(valence, 0.0), max(-valence, 0.0)
    return ActionUnits(
        smile=happy,
        cheek=_ease(happy, 0.35),
        part=_ease(happy, 0.85),
        frown=sad,
        brow=_ease(sad, 0.25),
        pout=_ease(sad, 0.5),
    )


def _ease(amount: float, delay: float) -> float:
    """Mix a straight and a quadratic rise: 0 to 0, 1 to 1, slower at first with more delay."""
    return amount * (1.0 - delay + delay * amount)
