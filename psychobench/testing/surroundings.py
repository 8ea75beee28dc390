"""Checks of surroundings: answering changes nothing but the answer, and stays on this machine."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from psychobench.testing.subject import CheckFailed, CheckSkipped, Subject


def check_evaluation_mode(subject: Subject) -> None:
    """Check that answers are an evaluation's, and the mode is left as found.

    The observer's attribute `module` is looked at, where there is one. It needs `training`,
    `train(mode)` and, where it has parts, `modules()`: PyTorch's names.
    """
    module: Any = getattr(subject.observer, "module", None)
    if not hasattr(module, "training"):
        raise CheckSkipped("the observer has no attribute 'module' with a training mode")
    found = _modes(module)
    try:
        for mode in (False, True):
            module.train(mode)
            before = _modes(module)
            answers = subject.answer(subject.probe.copy())
            if _modes(module) != before:
                raise CheckFailed(f"respond does not leave training={mode} as it found it")
            if subject.info.deterministic:
                subject.require_same(answers, subject.baseline, f"with training={mode}")
    finally:
        for part, mode in zip(_parts(module), found, strict=True):
            part.training = mode


def check_random_state(subject: Subject) -> None:
    """Check that the global random generators are left alone."""
    _require_unchanged(subject, _random_states())


def check_process_state(subject: Subject) -> None:
    """Check that folder, environment and the settings of numpy and torch are left alone."""
    _require_unchanged(subject, _process_states())


def check_no_network(subject: Subject) -> None:
    """Check that answering needs no network; loading weights, before this, may."""
    with _no_network() as attempts:
        try:
            subject.answer(subject.probe.copy())
        except OSError:
            if not attempts:
                raise
    if attempts:
        raise CheckFailed(f"respond tried to reach {attempts[0]}")


def check_stdout(subject: Subject) -> None:
    """Check that nothing is printed on stdout, where ``--json`` puts its document."""
    if printed := subject.printed().strip():
        raise CheckFailed(f"the observer printed {printed[:60]!r} on stdout; stderr is the place")


def _parts(module: Any) -> list[Any]:
    return list(module.modules()) if hasattr(module, "modules") else [module]


def _modes(module: Any) -> list[bool]:
    return [part.training for part in _parts(module)]


def _require_unchanged(subject: Subject, states: dict[str, Callable[[], Any]]) -> None:
    before = {name: state() for name, state in states.items()}
    subject.answer(subject.probe.copy())
    changed = [name for name, state in states.items() if state() != before[name]]
    if changed:
        raise CheckFailed(f"respond changes {', '.join(changed)}")


def _random_states() -> dict[str, Callable[[], Any]]:
    states: dict[str, Callable[[], Any]] = {
        "the state of random": random.getstate,
        "the state of numpy.random": lambda: repr(np.random.get_state(legacy=False)),  # noqa: NPY002
    }
    if torch := sys.modules.get("torch"):  # only where the observer has brought it
        states["the state of torch's generator"] = lambda: torch.get_rng_state().tolist()
    return states


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
        }
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
