"""Other programs' exports, read into trials with an account of every row."""

from psychobench.imports.imported import Imported, ImportedFile
from psychobench.imports.importing import import_trials

__all__ = ["Imported", "ImportedFile", "import_trials"]
