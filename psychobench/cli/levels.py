"""The option `--levels`: numbers with commas between them."""

from __future__ import annotations


def parse_levels(text: str, *names: str) -> list[float]:
    """Read levels; `names` are the words that the option takes besides, for the message.

    Raises
    ------
    OptionError
        If a part of `text` is not a number.

    Examples
    --------
    >>> parse_levels("0,.5,1")
    [0.0, 0.5, 1.0]
    """
    from psychobench.errors import OptionError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        choices = f"{', '.join(names)} or " if names else ""
        raise OptionError(
            f"--levels must be {choices}numbers with commas between them: it is {text!r}; "
            "write for instance --levels 0,.5,1"
        ) from None
