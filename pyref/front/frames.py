"""What tables and arrays of other libraries have, and lists have not.

An index, rows that are not computed yet, dates that look like numbers: here each is refused where
it would be misread, in one sentence. No library is imported, a value is asked what it has.
"""


def in_memory(values, name):
    """TypeError if the values are still to be computed, as those of a polars LazyFrame are."""
    if hasattr(values, "collect"):
        raise TypeError(f"{name} is a {type(values).__name__}: give {name}.collect()")


def is_date(values):
    """Whether it is an array of dates or durations, or one of them (NumPy's datetime64)."""
    return getattr(getattr(values, "dtype", None), "kind", None) in ("m", "M")


def no_dates(values, name):
    """TypeError if the values are dates, or a column of a data frame has some.

    (Most libraries make numbers of them where they are asked for an array of floats. Which number
    a date becomes depends on the unit in which it is kept.)
    """
    cure = "give numbers, such as the days since the first of them"
    if is_date(values):
        raise TypeError(f"{name} has elements of type {values.dtype}: {cure}")
    if hasattr(values, "columns"):  # pandas and polars; pyarrow
        types = getattr(getattr(values, "schema", None), "types", ())
        for j, kind in enumerate(getattr(values, "dtypes", types)):
            if str(kind).lower().startswith(("date", "time", "duration", "period")):
                raise TypeError(f"column {j} of {name} has elements of type {kind}: {cure}")


def plain_array(values, name):
    """The array of a data frame, or of whatever can give itself as one; else the values as they
    are. (What has a `tolist` needs none.) TypeError if there are dates in it."""
    no_dates(values, name)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    elif hasattr(values, "__array__") and not hasattr(values, "tolist"):
        values = values.__array__()
    no_dates(values, name)
    return values


def same_index(pairs):
    """ValueError unless all that carry an index, as pandas' frames do, have the same one.

    `pairs` are (name, values): rows that belong together. They are paired by place, and two
    indices in another order say that the places do not belong together.
    """
    first = None
    for name, values in pairs:
        index = getattr(values, "index", None)
        if not hasattr(index, "equals"):  # lists have an `index` too: a method
            continue
        if first is None:
            first, whose = index, name
        elif len(index) == len(first) and not first.equals(index):
            raise ValueError(
                f"{name} has another index than {whose}: give {name}.reindex({whose}.index) to pair"
                f" the rows by their index, or {name}.to_numpy() to pair them by place"
            )
