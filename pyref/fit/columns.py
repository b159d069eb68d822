"""Tables of rows, as either engine reads them: some of their rows or columns, other units."""

from array import array


def rows_of(X):
    """X as lists of numbers."""
    return X if isinstance(X, list) else X.tolist()


def columns_of(X, kept):
    """X with these of its columns."""
    if hasattr(X, "dtype"):
        return X[:, kept].astype(X.dtype, order="C", copy=False)
    rows = [[x[j] for j in kept] for x in rows_of(X)]
    return rows if isinstance(X, list) else block(rows)


def taken(X, kept):
    """X with these of its rows."""
    if hasattr(X, "dtype"):
        return X[kept]
    rows = rows_of(X)
    rows = [rows[i] for i in kept]
    return rows if isinstance(X, list) else block(rows)


def in_units(X, shifts, spreads):
    """X less the shift of each column, divided by its spread."""
    if hasattr(X, "dtype"):
        return ((X.astype("float64") - shifts) / spreads).astype("float64", order="C", copy=False)
    rows = [
        [(v - shift) / spread for v, shift, spread in zip(x, shifts, spreads)] for x in rows_of(X)
    ]
    return rows if isinstance(X, list) else block(rows)


def block(rows):
    """Rows as one block of doubles, which C reads without a copy."""
    flat = array("d")
    for row in rows:
        flat.extend(row)
    return memoryview(flat).cast("B").cast("d", (len(rows), len(rows[0])))
