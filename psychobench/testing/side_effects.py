"""Checks of side effects: answering leaves the process as it was, and needs no network."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped, ObserverUnderTest


def check_evaluation_mode(tested: ObserverUnderTest) -> None:
    """Check that answers are an evaluation's, and the mode is left as found.

    The observer's attribute `module` is looked at, where there is one. It needs `training`,
    `train(mode)` and, where it has parts, `modules()`: PyTorch's names.
    """
    module: Any = getattr(tested.observer, "module", None)
    if not hasattr(module, "training"):
        raise CheckSkipped("the observer has no attribute 'module' with a training mode")
    found = _modes(module)
    try:
        for mode in (False, True):
            module.train(mode)
            before = _modes(module)
            answers = tested.answer(tested.probe)
            if _modes(module) != before:
                raise CheckFailed(f"respond does not leave training={mode} as it found it")
            if tested.info.deterministic:
                tested.require_same(answers, tested.baseline, f"change with training={mode}")
    finally:
        for part, mode in zip(_parts(module), found, strict=True):
            part.training = mode


def check_random_state(tested: ObserverUnderTest) -> None:
    """Check that the global random generators are left alone."""
    with _generators() as generators:
        for generator in generators.values():
            generator.draw()  # away from where an observer that seeds it has left it
        states = {f"the state of {name}": each.snapshot for name, each in generators.items()}
        _require_unchanged(tested, states)


def check_random_independence(tested: ObserverUnderTest) -> None:
    """Check that answers do not depend on the state of the global random generators."""
    tested.require_determinism()
    with _generators() as generators:
        for seed in (1, 2):
            for generator in generators.values():
                generator.seed(seed)
            answers = tested.answer(tested.probe)
            tested.require_same(answers, tested.baseline, "depend on the global random generators")


def check_process_state(tested: ObserverUnderTest) -> None:
    """Check that folder, environment and the settings of numpy and torch are left alone."""
    torch: Any = sys.modules.get("torch")
    gradients = torch.enable_grad() if torch else contextlib.nullcontext()
    # start from the defaults, which an earlier answer may have left for good
    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"), gradients:
        _require_unchanged(tested, _process_states())


def check_no_network(tested: ObserverUnderTest) -> None:
    """Check that answering needs no network; loading weights, before this, may."""
    with _no_network() as attempts:
        try:
            tested.answer(tested.probe)
        except OSError:
            if not attempts:
                raise
    if attempts:
        raise CheckFailed(f"respond tried to reach {attempts[0]}")


def check_stdout(tested: ObserverUnderTest) -> None:
    """Check that nothing is printed on stdout, which belongs to the program's own results."""
    if printed := tested.printed().strip():
        raise CheckFailed(f"the observer printed {printed[:60]!r} on stdout; print on stderr")


def _parts(module: Any) -> list[Any]:
    return list(module.modules()) if hasattr(module, "modules") else [module]


def _modes(module: Any) -> list[bool]:
    return [part.training for part in _parts(module)]


def _require_unchanged(tested: ObserverUnderTest, states: dict[str, Callable[[], Any]]) -> None:
    before = {name: state() for name, state in states.items()}
    tested.answer(tested.probe)
    changed = [name for name, state in states.items() if state() != before[name]]
    if changed:
        raise CheckFailed(f"respond changes {', '.join(changed)}")


class _Generator(NamedTuple):
    """A global random generator."""

    state: Callable[[], Any]
    restore: Callable[[Any], Any]
    draw: Callable[[], Any]
    seed: Callable[[int], Any]

    def snapshot(self) -> list[Any]:
        """Return the state in a form that can be compared."""
        return [np.asarray(part).tolist() for part in self.state()]


@contextlib.contextmanager
def _generators() -> Iterator[dict[str, _Generator]]:
    """Find the global generators by name, and leave each as it was."""
    legacy = np.random.mtrand  # the functions of numpy.random share this module's generator
    found = {
        "random": _Generator(random.getstate, random.setstate, random.random, random.seed),
        "numpy.random": _Generator(legacy.get_state, legacy.set_state, legacy.random, legacy.seed),
    }
    if torch := sys.modules.get("torch"):  # only where the observer has brought it
        found["torch"] = _Generator(
            lambda: (torch.get_rng_state().numpy(),),
            lambda state: torch.set_rng_state(torch.from_numpy(state[0])),
            lambda: torch.rand(1),
            torch.manual_seed,
        )
    kept = {name: each.state() for name, each in found.items()}
    try:
        yield found
    finally:
        for name, generator in found.items():
            generator.restore(kept[name])


def _process_states() -> dict[str, Callable[[], Any]]:
    states: dict[str, Callable[[], Any]] = {
        "the working folder": Path.cwd,
        "os.environ": lambda: dict(os.environ),
        "numpy's error handling": np.geterr,
    }
    if torch := sys.modules.get("torch"):
        states |= {
            "torch's gradient mode": torch.is_grad_enabled,
            "torch's number of threads": torch.get_num_threads,
            "torch's default dtype": torch.get_default_dtype,
            "torch's matmul precision": torch.get_float32_matmul_precision,
            "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled,
        }
        cudnn = torch.backends.cudnn
        for name in ("enabled", "benchmark", "deterministic"):
            states[f"torch.backends.cudnn.{name}"] = functools.partial(getattr, cudnn, name)
    return states


@contextlib.contextmanager
def _no_network() -> Iterator[list[str]]:
    """Refuse connections off this machine's file system, and list what was tried."""
    attempts: list[str] = []

    def refusing(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, *arguments: Any) -> Any:
            if self.family == getattr(socket, "AF_UNIX", None):  # talk between processes
                return original(self, *arguments)
            attempts.append(f"{arguments[-1]} ({name})")
            raise ConnectionRefusedError("the network is closed while an observer responds")

        return call

    def lookup(host: Any, *_: Any, **__: Any) -> Any:
        attempts.append(f"{host} (name lookup)")
        raise socket.gaierror("the network is closed while an observer responds")

    with contextlib.ExitStack() as patches:
        for name in ("connect", "connect_ex", "sendto"):
            call = refusing(name, getattr(socket.socket, name))
            patches.enter_context(mock.patch.object(socket.socket, name, call))
        patches.enter_context(mock.patch.object(socket, "getaddrinfo", lookup))
        yield attempts
