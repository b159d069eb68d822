"""What makes a fit safe: what the lessons' Newton's method and L-BFGS leave out.

Section 4 of chapter 3 (pyref/second_order.py) shows tables on which its dozen lines are lost. Here
is what helps, for both engines. No argument is checked here, and nothing knows of C:

    samples.py       columns of one size; what a second-order method asks of the data
    basis.py         columns that are nearly combinations of others: a basis in which they are not
    search.py        how far to go along a step; what to do where the Hessian has vanished
    separation.py    is there an optimum at all? A proof either way
    head_start.py    a starting point from a sample of the rows
    optimum.py       the loop from step to step, its endings, and the standard errors
    classes.py       softmax regression: what samples.py is, with more classes than two
    columns.py       tables of rows: some of their rows or columns, other units

It is made of the lessons' `gradient`, `hessian`, `cholesky`, `solve` and `lbfgs_step`. An engine
that is not the lessons (pyref/compiled/) hands over samples of its own, with the methods of
`samples.Samples`.
"""
