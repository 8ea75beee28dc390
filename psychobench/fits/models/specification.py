"""Which models are compared: the parameters that differ between conditions, checked."""

from __future__ import annotations

from collections.abc import Iterable

from psychobench.arguments import parse_names
from psychobench.errors import OptionError
from psychobench.fits.options import SHAREABLE, FitOptions

NONE = "none"  # the model in which conditions differ in nothing
DEFAULT = (NONE, "pse", "jnd", "pse,jnd")

Vary = str | Iterable[str | Iterable[str]] | None


def parse_vary(vary: Vary, options: FitOptions) -> list[str]:
    """Read models: each a text of parameters with commas between them, or a list of such names.

    Parameters
    ----------
    vary : str, iterable or None
        One text is one model; of several, each item is one. None means `DEFAULT`.
    options : FitOptions
        What is asked for; parameters that it holds cannot differ.

    Returns
    -------
    list of str
        Each model once, its parameters in the order of `SHAREABLE`; ``none`` for no parameter.

    Raises
    ------
    OptionError
        If a name is none of the parameters, or is held.

    Examples
    --------
    >>> parse_vary(["none", "jnd,pse", ["pse"]], FitOptions())
    ['none', 'pse,jnd', 'pse']
    """
    given = list(DEFAULT) if vary is None else [vary] if isinstance(vary, str) else list(vary)
    if not given:
        raise OptionError('`vary` must name at least one model; write for example `vary="pse"`')
    models, faults = [], []
    for each in given:
        names = [name for name in parse_names(each, "vary") if name != NONE]
        faults += _name_faults(names, options)
        models.append(",".join(name for name in SHAREABLE if name in names) or NONE)
    if faults:
        raise OptionError(*dict.fromkeys(faults))
    return list(dict.fromkeys(models))


def nested_in(smaller: str, larger: str) -> bool:
    """Return whether one model is a special case of another one.

    Examples
    --------
    >>> nested_in("none", "pse"), nested_in("jnd", "pse"), nested_in("pse", "pse,jnd")
    (True, False, True)
    """
    few, many = (set(model.split(",")) - {"none"} for model in (smaller, larger))
    return few < many


def _name_faults(names: Iterable[str], options: FitOptions) -> list[str]:
    faults = []
    for name in names:
        if name not in SHAREABLE:
            faults.append(
                f"`vary` must name parameters, {', '.join(SHAREABLE)}, or none: got '{name}'; "
                'write for example `vary="pse,jnd"`'
            )
        elif name in options.held_rates:
            faults.append(
                f'`vary="{name}"` needs a {name} rate that is estimated: it is held at '
                f"{options.asymptote_bounds[name][0]:g}; leave {name} out"
            )
    return faults
