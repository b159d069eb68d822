"""Tables from files: CSV with the standard library, or CSV and Parquet through polars.

A table has a header of column names, and rows of cells. Columns of numbers stay what they are, and
columns of text become indicators against a reference (design.py). One column may be the target,
whose cells are labels, another the weights of the rows. CSV is UTF-8 with or without a byte order
mark, commas, quotes as spreadsheets write them, and any kind of line ends; lines with nothing
on them are passed over. (In a table of one column such a line is a row whose cell is missing.)

Where polars is installed (the extra `[data]`), it reads CSV too, at its speed. It is asked for
numbers without gaps, and if it finds anything else, or too few, then the standard library reads
the file again: that reader decides, and words every error, so that both mean and say the same.
Errors name the line of the file (the header is line 1 unless quotes span lines) and the row of
the table (its first is row 1).

A cell that stands for no value (nothing, NA, #N/A, null, None, ...: columns.py has them all) is a
gap, in a feature as in the target: an error, or a reason to leave its row out. Further marks can be
given. A first column without a name is called "Unnamed: 0", and left out if it numbers or names the
rows.

Labels: if every cell of the target reads as a number, numbers are compared: the labels are int, or
float if any is written with a point or an exponent, so that 1 and 1.0 are one class. Numbers that
begin with a needless zero, as 007, are codes and stay text; if two such cells are one number, as 7
and 007, that is an error. All other labels are text. In a Parquet file they are what the file
says: text, bool, int or float.

files.py takes the file and chooses the reader; lines.py reads CSV with the standard library,
through_polars.py reads CSV and Parquet with polars; columns.py says what a table may hold;
assembly.py makes the table of what a reader has found; frames.py has columns of data frames.
"""

from .columns import SUSPECTS, Table, TableError, listed
from .design import Coding
from .files import has_polars, names, read

__all__ = ("SUSPECTS", "Coding", "Table", "TableError", "has_polars", "listed", "names", "read")
