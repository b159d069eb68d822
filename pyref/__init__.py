"""Logistic regression, written twice: to be read (`pyref`), and to be fast (`pyref.fast`)."""
