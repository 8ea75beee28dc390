"""Trials in the forms that archives and other programs take."""

from psychobench.exports.export import Exported, export_trials
from psychobench.exports.files import FORMS, export_files

__all__ = ["FORMS", "Exported", "export_files", "export_trials"]
