"""Trials in the forms that archives and other programs take."""

from psychobench.exports.files import FORMS, export_files

__all__ = ["FORMS", "export_files"]
