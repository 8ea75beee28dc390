"""Levels computed from several columns, such as the difference of two intervals of a trial."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest, shown
from psychobench.tables.cells import as_number, is_blank

_LONGEST = 500  # characters of an expression
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"abs": np.abs, "log10": np.log10, "log2": np.log2}


class LevelExpression:
    """An expression of columns: their names, numbers, ``+ - * /``, ``abs``, ``log10``, ``log2``.

    Parameters
    ----------
    text : str
        Like ``right - left`` or ``abs(second - first)``.
    columns : iterable of str
        The columns that a table has; their names may hold blanks and points.

    Raises
    ------
    OptionError
        If the text is no such expression, or names something else than `columns`.

    Examples
    --------
    >>> cells = pd.DataFrame({"left": ["0.3", "0.3"], "right": ["0.4", ""]})
    >>> LevelExpression("right - left", cells).compute(cells, "p1.csv").tolist()
    ['0.1', '']
    """

    def __init__(self, text: str, columns: Iterable[str]) -> None:
        self.text = text
        self._columns = [str(name) for name in columns]
        self.names: list[str] = []
        names = sorted(filter(None, self._columns), key=len, reverse=True)
        pattern = "|".join(rf"(?<![\w.]){re.escape(name)}(?![\w.])" for name in names)
        placed = re.sub(pattern, self._placed, text) if names else text
        try:
            self._tree = ast.parse(placed[:_LONGEST].strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._refused("it cannot be read") from None
        self._check(self._tree)

    def compute(self, cells: pd.DataFrame, source: object) -> pd.Series[str]:
        """Compute the level of each row as text; empty where a column is empty.

        Raises
        ------
        TableError
            If a cell that counts is no number.
        """
        for name in self.names:
            numbers = cells[name].map(as_number)
            if (bad := numbers.isna() & ~cells[name].map(is_blank)).any():
                place = int(bad.to_numpy().argmax())
                raise TableError(
                    f"a level must be computed from numbers: row {cells.index[place]} of {source} "
                    f"has {name}='{cells[name].iloc[place]}'; leave such rows "
                    "out with `where`, or name other columns in `level`"
                )
        with np.errstate(all="ignore"):
            values = self._value(self._tree, cells)
        levels = np.broadcast_to(np.asarray(values, dtype=np.float64), len(cells))
        texts = [f"{value:.12g}" if math.isfinite(value) else "" for value in levels]
        return pd.Series(texts, index=cells.index, dtype=object)

    def _placed(self, found: re.Match[str]) -> str:
        if found[0] not in self.names:
            self.names.append(found[0])
        return f"column_{self.names.index(found[0])}_"

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.BinOp):
            self._check_operator(node.op)
            self._check(node.left)
            self._check(node.right)
        elif isinstance(node, ast.UnaryOp):
            self._check_operator(node.op)
            self._check(node.operand)
        elif isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
            if not known or len(node.args) != 1 or node.keywords:
                raise self._refused(f"known functions are {', '.join(_FUNCTIONS)}")
            self._check(node.args[0])
        elif isinstance(node, ast.Name):
            if not re.fullmatch(r"column_\d+_", node.id):
                close = nearest(node.id, self._columns)
                raise self._refused(
                    f"'{node.id}' is no column{close}; found: {shown(self._columns)}"
                )
        elif not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            raise self._refused("it may hold columns, numbers, + - * / and parentheses")

    def _check_operator(self, node: ast.AST) -> None:
        if type(node) not in _OPERATORS:
            raise self._refused("known operators are + - * /")

    def _value(self, node: ast.AST, cells: pd.DataFrame) -> Any:
        if isinstance(node, ast.BinOp):
            left, right = self._value(node.left, cells), self._value(node.right, cells)
            return _OPERATORS[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp):
            return _OPERATORS[type(node.op)](self._value(node.operand, cells))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return _FUNCTIONS[node.func.id](self._value(node.args[0], cells))
        if isinstance(node, ast.Name):
            name = self.names[int(node.id.split("_")[1])]
            return cells[name].map(as_number).to_numpy(np.float64)
        return np.float64(node.value)  # type: ignore[attr-defined]

    def _refused(self, why: str) -> OptionError:
        return OptionError(
            f"`level` must be a column or an expression of columns, like "
            f"`level=\"right - left\"`: got '{self.text[:80]}'; {why}"
        )
