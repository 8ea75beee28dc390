"""Other programs' exports, read into trials with an account of every row."""

from psychobench.imports.account import FileAccount, Imported
from psychobench.imports.pipeline import import_trials

__all__ = ["FileAccount", "Imported", "import_trials"]
