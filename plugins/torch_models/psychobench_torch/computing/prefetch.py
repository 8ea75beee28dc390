"""Read what comes next in a thread, so that the device does not wait for it."""

from psychobench.parallel import read_ahead

__all__ = ["read_ahead"]
