"""An error that keeps itself alive, and with it views of the user's buffers, can be collected."""

import subprocess
import sys


def test_an_error_in_a_reference_cycle_can_be_collected(fast):
    """An exception holds the frames it passed, and with them the views of the user's buffers.
    Where it is part of a cycle, the garbage collector takes all that apart in any order, and a
    memoryview that is cleared while something else still exports it ends the process. So this
    runs in a process of its own."""
    program = """
import array, gc, sys
sys.path[:] = PATH
import numpy as np
import pyref.fast as fast

table, labels = np.ones((40, 3)), np.ones(40)
bad = table.copy()
bad[3, 1] = np.nan
x = array.array("d", [1.0, 2.0, np.inf])
how = {"learning_rate": 0.1, "iterations": 3}
calls = [
    lambda: fast.gradient(bad, labels, [0, 0, 0], 0),
    lambda: fast.gradient(table, 3 * labels, [0, 0, 0], 0),
    lambda: fast.gradient(memoryview(table), labels, np.zeros(2), 0),
    lambda: fast.gradient_descent(memoryview(bad), memoryview(labels), **how),
    lambda: fast.gradient_descent(table, labels, learning_rate=-1, iterations=3),
    lambda: fast.gradient_descent(table, labels, callback=lambda k, loss: 1 / 0, **how),
    lambda: fast.gradient_ab(x, np.ones(3), 0, 0),
    lambda: fast.gradient_descent_logistic(memoryview(x), array.array("b", [0, 1, 1])),
    lambda: fast.sigmoid(np.ones((2, 2))),
    lambda: fast.gradient(table, labels, [0, 0, 0], 0, memoryview(-labels)),
    lambda: fast.gradient_descent(table, labels, sample_weight=-labels.astype("f4"), **how),
    lambda: fast.safe_learning_rate(memoryview(bad), sample_weight=memoryview(labels)),
    lambda: fast.softmax_gradient(table, [0, 1] * 20, [[0, 0]] * 3, [0, 0], 0 * labels),
]
for k in range(300):
    for call in calls:
        try:
            call()
        except (ArithmeticError, ValueError) as error:
            error.itself = error
        else:
            raise SystemExit("no error")
    if k % 7 == 0:
        gc.collect()
gc.collect()
print("collected")
""".replace("PATH", repr(sys.path), 1)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "collected\n"
