"""The columns of a model file: their shape checked, and the row of a table coded by them.

A column is an object with the keys name, levels and reference (file.py says what they mean). No
more of Python is used here than a small one has.
"""

from .exact_json import quoted


def check(columns, d):
    """ValueError unless these are columns that make d numbers of a row, or None."""
    if columns is None:
        return
    if not isinstance(columns, list):
        raise ValueError("columns is not an array, or null")
    made = 0
    names = []
    for j, column in enumerate(columns):
        name = column.get("name") if isinstance(column, dict) else None
        if not isinstance(name, str):
            raise ValueError(f"columns[{j}] is {quoted(column)}, no column with a name")
        if name in names:
            raise ValueError(f"columns[{j}] is {quoted(name)} for the second time")
        names.append(name)
        made += 1 if column.get("levels") is None else _indicators(column, f"columns[{j}]")
    if made != d:
        raise ValueError(f"columns make {made} numbers of a row, and coef[0] has {d}")


def _indicators(column, place):
    # how many numbers the levels make, checked
    levels = column["levels"]
    if not isinstance(levels, list) or not levels:
        raise ValueError(f"{place} has the levels {quoted(levels)}, not an array of them")
    seen = []
    for level in levels:
        if isinstance(level, (list, dict)) or level is None or level != level:
            raise ValueError(f"{place} has {quoted(level)}, which is no level")
        if isinstance(level, (str, bool)) != isinstance(levels[0], (str, bool)):
            raise ValueError(f"{place} has words and numbers for levels")
        if level in seen:
            raise ValueError(f"{place} has the level {quoted(level)} twice")
        seen.append(level)
    if column.get("reference") not in levels:
        raise ValueError(f"{place} has a reference that is none of its levels")
    return len(levels) - 1


def numbers(columns, x):
    """The numbers that are weighted, of a row x with a cell for each column.

    >>> sex = {"name": "sex", "levels": ["female", "male"], "reference": "female"}
    >>> numbers([{"name": "age", "levels": None}, sex], [31, "male"])
    [31, 1.0]
    """
    if len(x) != len(columns):
        raise ValueError(
            f"x has length {len(x)}, but the model has {len(columns)} columns: give one cell each"
        )
    out = []
    for j, (column, cell) in enumerate(zip(columns, x)):
        levels = column["levels"]
        if levels is None:
            out.append(cell)
            continue
        if cell not in levels:
            raise ValueError(
                f"x[{j}] is {quoted(cell)}, and column {quoted(column['name'])} has the levels"
                f" {quoted(levels)}: give one of them"
            )
        for level in levels:
            if level != column["reference"]:
                out.append(1.0 if cell == level else 0.0)
    return out
