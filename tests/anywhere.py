"""The pure modules on any Python: a plain script, in the syntax and modules of MicroPython.

    python tests/anywhere.py [folder that holds pyref]

One line a check, a last line `N passed, 0 failed`, and an exit status of 1 if any failed. The
suite beside it asks far more, of a CPython with NumPy. This asks whether a small Python computes
the same as that one: the documents' numbers, the tails, the data, the errors' words.

Truths were computed with 25 digits and more, then rounded to a float. Where exp and log are
the C library's, results differ in the last bits from one machine to the next, hence the bounds.
"""

import sys
from math import log

EPS = 2.0**-52
TINY = 5e-324  # the smallest float: two neighbours of 0 are this far apart
INFINITY = float("inf")
NAN = float("nan")

# -------------------------------------------------------- counting

counts = {True: 0, False: 0}


def check(what, good):
    good = bool(good)
    counts[good] += 1
    print("ok    " + what if good else "FAIL  " + what)


def group(function, *arguments):
    """Run some checks; an exception among them is a failure, and the next group follows."""
    try:
        function(*arguments)
    except Exception as error:
        check(f"{function.__name__}: {type(error).__name__}: {error}", False)
        if hasattr(sys, "print_exception"):  # MicroPython
            sys.print_exception(error)
        else:
            sys.excepthook(type(error), error, error.__traceback__)


def flat(values):
    """The numbers of a nested list or tuple, as a list."""
    if not isinstance(values, (list, tuple)):
        return [values]
    return [number for value in values for number in flat(value)]


def close(got, want, bound):
    """Whether every number is there and within the bound of the one wanted. A NaN never is."""
    got, want = flat(got), flat(want)
    if len(got) != len(want):
        return False
    return all(g == w or abs(g - w) <= bound for g, w in zip(got, want))


def near(got, want, ulps=4):
    """Whether every number has the digits of the one wanted, however small it is."""
    got, want = flat(got), flat(want)
    if len(got) != len(want):
        return False
    return all(close(g, w, ulps * EPS * abs(w) + TINY) for g, w in zip(got, want))


def the_comparisons_can_tell():
    want = [1.0, -2e-300]
    check("close and near pass what is right", close(want, want, 0) and near(want, want))
    for wrong in ([0.0, 0.0], [-1.0, 2e-300], [NAN, -2e-300], [1.0], [1.0, -2e-300, 0.0]):
        check(f"near fails {wrong}", not near(wrong, want))
    for wrong in (0.0, -1.0, NAN, INFINITY, 1.1):
        check(f"close fails {wrong} for 1", not close(wrong, 1.0, 0.01))


# -------------------------------------------------------- chapter 1: the scalars

# z, sigmoid(z), sigmoid(-z), softplus(z), softplus(-z)
SCALARS = (
    (0.0, 0.5, 0.5, 0.69314718055994530942, 0.69314718055994530942),
    (1e-10, 0.500000000025, 0.499999999975, 0.69314718060994530942, 0.69314718050994530942),
    (0.5, 0.62245933120185456464, 0.37754066879814543536, 0.97407698418010668, 0.47407698418010668),
    (1.0, 0.73105857863000487925, 0.26894142136999512075, 1.3132616875182228, 0.31326168751822283),
    (3.0, 0.95257412682243321912, 0.047425873177566780879, 3.0485873515737421, 0.04858735157374206),
    (36.75, 0.99999999999999989, 1.0956650033262366028e-16, 36.75, 1.0956650033262366629e-16),
    (40.0, 1.0, 4.2483542552915889773e-18, 40.0, 4.2483542552915889863e-18),
    (700.0, 1.0, 9.8596765437597708567e-305, 700.0, 9.8596765437597708567e-305),
    (745.0, 1.0, TINY, 745.0, TINY),
    (INFINITY, 1.0, 0.0, INFINITY, 0.0),
)


def scalars(L):
    # Two to five roundings, and an exp and a log of at most 1 ulp each, make 4 ulp; the
    # stand-in for log1p has two roundings more.
    for z, right, wrong, grown, left in SCALARS:
        check(f"sigmoid at +-{z}", near((L.sigmoid(z), L.sigmoid(-z)), (right, wrong)))
        check(f"softplus at +-{z}", near((L.softplus(z), L.softplus(-z)), (grown, left), 6))
        got = [L.residual(y, s * z) for y, s in ((0, 1), (1, 1), (0, -1), (1, -1))]
        check(f"residual at +-{z}", near(got, (right, -wrong, wrong, -right)))
        loss = L.binary_cross_entropy_with_logits
        got = [loss(y, s * z) for y, s in ((0, 1), (1, 1), (0, -1), (1, -1))]
        check(f"loss at +-{z}", near(got, (grown, left, left, grown), 6))
    for f in (L.sigmoid, L.softplus):
        check(f"{f.__name__} of NaN is NaN", f(NAN) != f(NAN))
    for f in (L.residual, L.binary_cross_entropy_with_logits):
        check(f"{f.__name__} of NaN is NaN", f(0.5, NAN) != f(0.5, NAN))
    check("soft label", near(L.residual(0.25, 1.0), 0.48105857863000487925))
    loss = L.binary_cross_entropy
    check("loss from p", near(loss(1, 0.1), 2.3025850929940456840) and near(loss(0, 0.5), log(2)))
    check("loss from a tiny p", near(loss(0, 1e-20), 1e-20, 6))
    check("loss of certain predictions", [loss(1, 0), loss(0, 1)] == [INFINITY, INFINITY])
    check("0 * log(0) is 0", [loss(1, 1), loss(0, 0)] == [0.0, 0.0])
    check("sigmoid_derivative", near(L.sigmoid_derivative(40), 4.2483542552915889592e-18))


# -------------------------------------------------------- the lessons, as they stand


def lessons(pyref, data):
    """Plain functions, without checks; what the public ones compute, to the bit."""
    from pyref import inference, logistic, multinomial, second_order

    pieces = [logistic.dL_dp(1, 0.5), logistic.dp_dz(0.5), logistic.dz_da(3)]
    check("the three pieces", pieces == [-2.0, 0.25, 3.0])
    product = logistic.dL_da(3, 1, 0.5, -1)
    check("and their product", near(product, (logistic.sigmoid(0.5) - 1) * 3))
    check("sigmoid as printed", logistic.sigmoid_as_printed(0) == 0.5)
    got = logistic.loss_and_residual(1, 40.0)
    check("loss_and_residual", near(got, (4.248354255291589e-18, -4.248354255291589e-18), 6))
    x, y = data.challenger()
    X = [[x_i / 70] for x_i in x]
    s = [1.0 + i % 3 for i in range(23)]
    plain = logistic.gradient_descent(X, y, [0.5], 0.0, 0.5, 40, 0.5, 0.0, 0.1, s)
    fit = pyref.gradient_descent(
        *(X, y), w=[0.5], learning_rate=0.5, iterations=40, momentum=0.5, l2=0.1, sample_weight=s
    )
    check("plain descent", plain == (fit.w, fit.b, fit.losses, fit.status))
    W, b = [[0.5, -0.5]], [0.0, 0.0]
    plain = multinomial.softmax_descent(X, y, W, b, 0.5, 40, 0.5, 0.0, 0.1, s)
    fit = pyref.softmax_descent(
        *(X, y), W=W, learning_rate=0.5, iterations=40, momentum=0.5, l2=0.1, sample_weight=s
    )
    check("plain softmax descent", plain == (fit.w, fit.b, fit.losses, fit.status))
    w, b, hess, steps = second_order.newton([[x_i] for x_i in x], y)
    check(f"plain newton: {w} {b}", near((w, b), CHALLENGER, 1e-10 / EPS) and steps < 10)
    errors = second_order.standard_errors(hess)
    check("plain standard errors", near(errors, CHALLENGER_ERRORS, 1e-9 / EPS))
    check("a plain newton that is lost", second_order.newton([[1], [2]], [0, 1]) is None)
    rows = inference.sums([[x_i] for x_i in x], y)
    theta, least, hess = inference.lowest(rows, [0.0, 0.0])
    ends = [
        inference.profile_end(rows, theta, least, 0, inference.quantile(0.05), end)
        for end in inference.wald_interval(theta, hess, 0)
    ]
    check("profile interval", near(ends, CHALLENGER_PROFILE, 1e-9 / EPS))


# -------------------------------------------------------- chapter 1: the documents

EXACT_001 = (1.769045864973106, -5.956350539118638)
EXACT_001_KEPT = (103.84988263633382, -351.5457204891765)
PRINTED_001 = (103.84988263633421, -351.54572048917004)

EXACT_000 = (3.6425070928190185, -0.9776700765794109, 4.630406470655925, 10.372655446072379)
EXACT_000_B = -1.7616961943790964
EXACT_000_LOSSES = (1.1218398748296045, 0.05013263987944417)

# Bounds. One step of momentum 0 makes no difference between two runs larger, its length being
# below 2 / (largest curvature). So rounding errors only add up: over K steps at most
# K * learning_rate * 2 n eps * (sum of magnitudes of the gradient's terms) / n, and the roundings
# of the parameters. For document 001 that is 1000 * 0.1 * 2 eps * 15 = 7e-13. Momentum 1.0 lets
# an error roll on, but each iteration's by a known derivative. tests/taught/test_documents.py
# computes both bounds, and the one of document 000, from the runs themselves, and holds them
# against these.
BOUND_001 = 1e-12
BOUND_001_KEPT = 1e-9
BOUND_000 = 1e-10


def document_001(L, data, documents):
    x, y = data.five_points()
    check("gradient_ab at 0", L.gradient_ab(x, y, 0.0, 0.0) == (-1.5, 0.5))
    fit = L.gradient_descent_logistic
    got = fit(x, y)
    check(f"document 001, code: {got}", close(got, EXACT_001, BOUND_001))
    got = fit(x, y, momentum=1.0)
    check(f"document 001, output: {got}", close(got, EXACT_001_KEPT, BOUND_001_KEPT))
    check("... is the printed one", close(got, PRINTED_001, BOUND_001_KEPT))
    got = documents.document_001()
    check(f"its own program: {got}", close(got, EXACT_001, BOUND_001))
    got = documents.document_001(reset=False)
    check(f"its own, sums kept: {got}", close(got, PRINTED_001, BOUND_001_KEPT))
    X = [[x_i] for x_i in x]
    fit = L.gradient_descent(X, y, learning_rate=0.1, iterations=1000)
    check("gradient_descent on document 001", close((fit.w, fit.b), EXACT_001, BOUND_001))
    fit = L.gradient_descent(X, y, learning_rate=0.1, iterations=1000, momentum=1.0)
    got = (fit.w, fit.b)
    check("gradient_descent with momentum", close(got, EXACT_001_KEPT, BOUND_001_KEPT))


def document_000(L, data, documents):
    X, y, w, b = data.seeded_cloud()
    fit = L.gradient_descent(X, y, w=w, b=b, learning_rate=0.001, iterations=1000, reduction="sum")
    check(f"document 000, w: {fit.w}", close(fit.w, EXACT_000, BOUND_000))
    check(f"document 000, b: {fit.b}", close(fit.b, EXACT_000_B, BOUND_000))
    ends = (fit.losses[0], fit.losses[-1])
    check(f"document 000, losses: {ends}", close(ends, EXACT_000_LOSSES, BOUND_000))
    check("1000 losses and updates", len(fit.losses) == fit.iterations == 1000)
    falling = all(fit.losses[k + 1] < fit.losses[k] for k in range(999))
    check("every loss is below the one before", falling and fit.status == "iterations")
    W, B, losses = documents.document_000(5)
    check("its own program, 5 epochs", close(losses, fit.losses[:5], BOUND_000))
    again = L.gradient_descent(X, y, w=w, b=b, learning_rate=0.001, iterations=5, reduction="sum")
    check("... its parameters", close((W, B), (again.w, again.b), BOUND_000))
    # where y_pred is exactly 1: NaN for the document, the true loss for us
    sure = documents.document_000(1, ([[1.0]], [1], [40.0], 0.0))
    check("its own program ends in NaN", all(v != v for v in flat(sure)))
    fit = L.gradient_descent([[1.0]], [1], w=[40.0], learning_rate=0.001, iterations=1)
    check("ours does not", near(fit.losses, [4.2483542552915889863e-18], 6) and fit.w == [40.0])


def endings(L):
    X, y = [[1], [2], [3], [4]], [0, 1, 0, 1]
    fit = L.gradient_descent(X, y, learning_rate=0.5, iterations=5000, tolerance=1e-9)
    # Each entry of the mean gradient is 1e-9 at most, and the smallest curvature there 0.0259.
    optimum = (0.90818426256009508, -2.2704606564002377)
    check(f"converged: {fit.w} {fit.b}", close((fit.w, fit.b), optimum, 6e-8))
    check("status converged", fit.status == "converged" and 0 < fit.iterations < 5000)
    fit = L.gradient_descent([[1e200], [-1e200]], [1, 0], learning_rate=1e200, iterations=9)
    check("status diverged", fit.status == "diverged" and fit.iterations == 0 and fit.w == [0.0])
    seen = []

    def stop(k, loss):
        seen.append((k, loss))
        return k == 2

    fit = L.gradient_descent(X, y, learning_rate=0.5, iterations=9, callback=stop)
    wanted = [(0, fit.losses[0]), (1, fit.losses[1]), (2, fit.losses[2])]
    check("a callback sees every loss and stops", seen == wanted and fit.iterations == 3)
    x = [1.0, 2.0, 3.0, 4.0]
    same = L.gradient_ab(x, [False, True, False, True], 0.5, -1) == L.gradient_ab(x, y, 0.5, -1)
    check("labels may be True and False", same)


# -------------------------------------------------------- errors, word for word


def errors(L):
    X, y, w = [[1.0, 2.0], [3.0, 4.0]], [0, 1], [0.0, 0.0]

    def descend(**options):
        settings = {"learning_rate": 1, "iterations": 1}
        settings.update(options)
        return L.gradient_descent(X, y, **settings)

    for wrong, wanted in (
        (lambda: L.sigmoid("1"), "TypeError: z is '1', a str: give a number"),
        (lambda: L.sigmoid(None), "TypeError: z is None, a NoneType: give a number"),
        (lambda: L.residual(2, 0), "ValueError: y is 2.0: give a number from 0 to 1"),
        (lambda: L.residual(NAN, 0), "ValueError: y is nan: give a number from 0 to 1"),
        (
            lambda: L.binary_cross_entropy(0, -0.5),
            "ValueError: p is -0.5: give a number from 0 to 1",
        ),
        (lambda: L.gradient_ab([], [], 0, 0), "ValueError: x is empty: give at least one sample"),
        (
            lambda: L.gradient_ab([1, INFINITY], [0, 1], 0, 0),
            "ValueError: x[1] is inf: remove the row, or fill in a finite number",
        ),
        (
            lambda: L.gradient_descent_logistic([1], [0], learning_rate=0),
            "ValueError: learning_rate is 0.0: give a positive, finite number",
        ),
        (
            lambda: L.gradient_descent_logistic([1], [0], iterations=-1),
            "ValueError: iterations is -1: give a whole number, 0 or more",
        ),
        (lambda: L.gradient([], [], w, 0), "ValueError: X is empty: give at least one row"),
        (
            lambda: L.gradient([[1, 2], [3]], y, w, 0),
            "ValueError: X[1] has 1 features, X[0] has 2: give every row the same features",
        ),
        (
            lambda: L.gradient([[], []], y, [], 0),
            "ValueError: X[0] has no features: give each row at least one",
        ),
        (
            lambda: L.gradient([[1, 2], [3, "4"]], y, w, 0),
            "TypeError: X[1][1] is '4', a str: give a number",
        ),
        (
            lambda: L.gradient([[1, 2], [NAN, 4]], y, w, 0),
            "ValueError: X[1][0] is nan: remove the row, or fill in a finite number",
        ),
        (
            lambda: L.gradient([1, 2], y, w, 0),
            "TypeError: X[0] is 1, a int: give a sequence of features"
            " (one feature a row is [[1.0], [2.0]])",
        ),
        (
            lambda: L.gradient(X, [0], w, 0),
            "ValueError: y has length 1, but there are 2 samples: give one label each",
        ),
        (lambda: L.gradient(X, [0, 2], w, 0), "ValueError: y[1] is 2.0: give a number from 0 to 1"),
        (
            lambda: L.gradient(X, y, [0.0], 0),
            "ValueError: w has length 1, but X has 2 features: give one weight each",
        ),
        (
            lambda: L.gradient(X, y, [0.0, INFINITY], 0),
            "ValueError: w[1] is inf: give a finite number",
        ),
        (
            lambda: descend(iterations=1.5),
            "TypeError: iterations is 1.5, a float: give a whole number",
        ),
        (
            lambda: descend(learning_rate=NAN),
            "ValueError: learning_rate is nan: give a positive, finite number",
        ),
        (
            lambda: descend(momentum=-1),
            "ValueError: momentum is -1.0: give a finite number, 0 or more",
        ),
        (
            lambda: descend(reduction="max"),
            "ValueError: reduction is 'max', a str: give 'sum' or 'mean'",
        ),
        (
            lambda: descend(callback=1),
            "TypeError: callback is 1, a int: give a function of (iteration, loss), or None",
        ),
    ):
        try:
            got = f"no error, but {wrong()}"
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
        check(wanted if got == wanted else f"{wanted} -- came as: {got}", got == wanted)


# -------------------------------------------------------- the data


def datasets(data):
    words = data._mersenne_twister(5489)
    for _ in range(9999):
        next(words)
    check("word 10000 of MT19937", next(words) == 4123659995)
    # a log, a root and three roundings
    got = data.legacy_normals(42, 3)
    check(
        "NumPy's normals", near(got, (0.4967141530112327, -0.13826430117118466, 0.6476885381006925))
    )
    X, y, w, b = data.seeded_cloud()
    check("seeded_cloud: its shape", len(X) == len(y) == 1000 and {len(x) for x in X} == {4})
    check("seeded_cloud: 452 ones", sum(y) == 452 and set(y) == {0, 1})
    first = (-0.23413695694918055, 1.5792128155073915, 0.7674347291529088, -0.4694743859349521)
    last = (-0.031203488939083975, 0.018016872044446585, 0.47263034584340563, -1.3668583632808264)
    check("seeded_cloud: first and last row", near((X[0], X[999]), (first, last)))
    start = (0.25739992534469336, -0.9084814327806611, -0.37850310605882326, -0.5349155987755707)
    check("seeded_cloud: the start", near((w, b), (start, 0.8580733460716252)))
    check("five_points", data.five_points() == ([1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 0, 1, 1]))
    x, y = data.challenger()
    damaged = [x_i for x_i, y_i in zip(x, y) if y_i]
    check("challenger", len(x) == len(y) == 23 and sum([int(t) for t in x]) == 1600)
    check("challenger: damage", damaged == [70.0, 57.0, 63.0, 70.0, 53.0, 75.0, 58.0])
    X, y, names = data.iris()
    sums = [sum([int(10 * x[j] + 0.5) for x in X]) for j in range(4)]
    check("iris: sums in millimetres", sums == [8765, 4586, 5637, 1799])
    check("iris: a row", X[34] == [4.9, 3.1, 1.5, 0.2] and X[149] == [5.9, 3.0, 5.1, 1.8])
    check("iris: species", y == [0] * 50 + [1] * 50 + [2] * 50 and names[2] == "virginica")
    try:
        got = f"no error, but {data.legacy_normals(-1, 1)}"
    except ValueError as error:
        got = str(error)
    check(got, got == "seed is -1: give a whole number from 0 to 4294967295")


# -------------------------------------------------------- chapter 2

# Iris, 50 steps of 0.1 against the mean gradient, from zeros
IRIS_W = (
    (0.23993481561580803, 0.14428808485240189, -0.38422290046820992),
    (0.61544346136301264, -0.18252812571853881, -0.43291533564447383),
    (-0.88542831814282007, 0.21348103041174646, 0.67194728773107362),
    (-0.40780618382735749, -0.05641048445665218, 0.46421666828400967),
)
IRIS_B = (0.12436629548235935, 0.04789189322810229, -0.17225818871046164)
IRIS_LOSSES = (1.0986122886681097, 0.6375170679448350)


def classes(M, data):
    check("logsumexp", near(M.logsumexp([1000, 1000]), 1000 + log(2)))
    check("logsumexp of -inf", M.logsumexp([-INFINITY, 3]) == 3)
    check("softmax", near(M.softmax([0, 1]), (0.26894142136999512, 0.73105857863000488)))
    check("softmax of ties and extremes", M.softmax([1e308, -1e308, 1e308]) == [0.5, 0.0, 0.5])
    check("softmax of one class", M.softmax([-7]) == [1.0])
    loss = M.categorical_cross_entropy_with_logits
    check("loss from scores", near(loss([1, 0, 0], [0, 0, 0]), log(3)))
    check("loss of a sure and right class", near(loss([1, 0], [40, 0]), 4.2483542552915890e-18, 6))
    check("loss of a sure and wrong class", near(loss([1, 0], [-1000, 0]), 1000.0))
    got = M.categorical_cross_entropy([0, 1, 0], [0.5, 0, 0.5])
    check("loss from probabilities", got == INFINITY)
    got = M.softmax_gradient([[1]], [0], [[40, 0]], [0, 0])[2]
    check("no cancellation", near(got, (-4.2483542552915890e-18, 4.2483542552915890e-18), 6))
    X, y, _ = data.iris()
    # Bounds: n = 150 terms below 8 in magnitude in a sum, and steps that make no difference
    # between two runs larger: 50 * 0.1 * 2 n eps * 8 is below 3e-12.
    fit = M.softmax_descent(X, y, learning_rate=0.1, iterations=50)
    check("iris: W", close(fit.w, IRIS_W, 3e-12))
    check("iris: b", close(fit.b, IRIS_B, 3e-12))
    check("iris: losses", close((fit.losses[0], fit.losses[49]), IRIS_LOSSES, 3e-12))
    # C = 2 is chapter 1 with half the learning rate; the bound is document 001's, doubled
    x, y = data.five_points()
    X = [[x_i] for x_i in x]
    fit = M.softmax_descent(X, y, learning_rate=0.05, iterations=1000)
    got = (fit.w[0][1] - fit.w[0][0], fit.b[1] - fit.b[0])
    check("two classes are chapter 1", close(got, EXACT_001, 2 * BOUND_001))
    try:
        got = f"no error, but {M.softmax_gradient([[1]], [2], [[0, 0]], [0, 0])}"
    except ValueError as error:
        got = str(error)
    check(got, got.startswith("y[0] is 2: "))


# -------------------------------------------------------- chapter 3

CHALLENGER = (-0.23216274421859647, 15.042901647702441)
CHALLENGER_ERRORS = (0.10823652164928543, 7.3786363849165656)
CHALLENGER_PROFILE = (-0.5154325375952870, -0.0607862571986535)
CHALLENGER_DEVIANCE = 20.315192687866828


def optimum(L, data):
    x, y = data.five_points()
    X = [[x_i] for x_i in x]
    loss, grad, hess = L.hessian(X, y, [0.0], 0.0)
    check("hessian: loss", near(loss, 5 * log(2), 10))  # a sum of five
    check(
        "hessian: gradient and Hessian", flat((grad, hess)) == [-1.5, 0.5, 13.75, 3.75, 3.75, 1.25]
    )
    check("five points have no optimum", L.newton(X, y).status == "separable")
    x, y = data.challenger()
    X = [[x_i] for x_i in x]
    # The tolerance leaves a mean gradient of 1e-10, which moves the optimum by at most 23e-10
    # times the inverse Hessian: 7.4^2 for b, 0.8 for a. Newton's last step squares that away.
    fit = L.newton(X, y)
    check(f"newton on challenger: {fit.w} {fit.b}", near((fit.w, fit.b), CHALLENGER, 1e-10 / EPS))
    check("newton: status", fit.status == "converged" and 0 < fit.iterations < 20)
    check("newton: standard errors", near(fit.standard_errors, CHALLENGER_ERRORS, 1e-9 / EPS))
    got = -2 * fit.log_likelihood
    check(f"newton: deviance {got}", close(got, CHALLENGER_DEVIANCE, 1e-10))
    p = L.sigmoid(31 * fit.w[0] + fit.b)
    check(f"probability of damage at 31 F: {p}", close(p, 0.99960878288493184, 1e-10))
    # Years, squares and cubes: the labels are 1 in odd places and in the last years. Centred years
    # say the same; of the years as they are, a cube has a ten-millionth of its own.
    years = [2015 + i % 7 for i in range(42)]
    y7 = [float(i % 2 or i % 7 > 4) for i in range(42)]
    fit = L.newton([[t, t**2, t**3] for t in years], y7)
    centred = L.newton([[t, t**2, t**3] for t in [t - 2018.0 for t in years]], y7)
    check("years and their powers: status", fit.status == centred.status == "converged")
    check("years: likelihood", near(fit.log_likelihood, centred.log_likelihood, 1e-12 / EPS))
    check("years: cubes", near((fit.w[2],), (centred.w[2],), 1e-9 / EPS))
    check("years: errors", near(fit.standard_errors[2:3], centred.standard_errors[2:3], 1e-8 / EPS))
    fit = L.lbfgs(X, y)
    check(f"lbfgs on challenger: {fit.w} {fit.b}", close((fit.w, fit.b), CHALLENGER, 2e-7))
    check("lbfgs: status", fit.status == "converged" and fit.standard_errors is None)
    step = L.safe_learning_rate(X)
    losses = L.gradient_descent(X, y, learning_rate="safe", iterations=50).losses
    falling = all(losses[k + 1] < losses[k] for k in range(49))
    check(f"safe_learning_rate descends: {step}", step > 0 and falling)


def weights(L, data):
    # A weight of 2 is the row twice, and 0 the row left out: sums of the same terms, n of them
    # and their rounding, in another order.
    x, y = data.challenger()
    X = [[(x_i - 69.5) / 7] for x_i in x]
    s = [2 if x_i < 68 else 0 if x_i > 78 else 1 for x_i in x]
    twice = [i for i, s_i in enumerate(s) for _ in range(s_i)]
    X2, y2 = [X[i] for i in twice], [y[i] for i in twice]
    check("weights of every kind", 0 < s.count(0) < s.count(2) and len(X2) != len(X))
    got, want = L.gradient(X, y, [0.3], 0.5, s), L.gradient(X2, y2, [0.3], 0.5)
    check("weights: gradient", close(got, want, 1e-13))
    W, b = [[0.3, -0.2]], [0.1, 0.5]
    got, want = L.softmax_gradient(X, y, W, b, s), L.softmax_gradient(X2, y2, W, b)
    check("weights: softmax_gradient", close(got, want, 1e-13))
    got, want = L.hessian(X, y, [0.3], 0.5, s), L.hessian(X2, y2, [0.3], 0.5)
    check("weights: hessian", close(got, want, 1e-13))
    for descent in (L.gradient_descent, L.softmax_descent):
        how = {"learning_rate": "safe", "iterations": 30, "l2": 0.1}
        got, want = descent(X, y, sample_weight=s, **how), descent(X2, y2, **how)
        what = descent.__name__ + " with weights, a penalty and the safe step"
        check(what, close((got.w, got.b, got.losses), (want.w, want.b, want.losses), 1e-13))
        check("which falls", all(got.losses[k + 1] < got.losses[k] for k in range(29)))
    got, want = L.newton(X, y, sample_weight=s), L.newton(X2, y2)
    check("weights: newton", near((got.w, got.b), (want.w, want.b), 1e-12 / EPS))
    got, want = got.standard_errors, want.standard_errors
    check("weights: standard errors", near(got, want, 1e-12 / EPS))
    got, want = L.newton(X, y, sample_weight=s, l2=0.1), L.lbfgs(X2, y2, l2=0.1)
    check("weights: a penalised optimum", close((got.w, got.b), (want.w, want.b), 1e-7))


# -------------------------------------------------------- model files

MODEL_FILE = """{
"format": "pyref logistic regression",
"version": 1,
"classes": ["é😀", 12, true, null, {"float": "0.5"}],
"features": ["1.5", "a \\" \\\\"],
"coef": [
[0.1, -0.0],
[7.113578243725634e-249, -1.610793869281025e-184],
[-5.306919753052433e+118, -1.500862684239876e+277],
[5e-324, 2.2250738585072011e-308],
[1.7976931348623157e+308, 9007199254740993.0]
],
"intercept": [-0.23216274421859648, 15.042901647702442, 1e23, 0.30000000000000004, -7],
"settings": {},
"state": {"losses": [0.25, {"float": "inf"}]}
}
"""
# The same numbers, as the 64 bits of each. (The second and third row are among those that the
# json module of MicroPython 1.28 gets wrong by the last bit.)
MODEL_BITS = (
    "3fb999999999999a 8000000000000000 0c697733e305b655 99c5e6f520ca8def d8950b7622ba92ab"
    " f97b17eee135bb1f 0000000000000001 000fffffffffffff 7fefffffffffffff 4340000000000000"
    " bfcdb78240e25db7 402e15f7346ba72b 44b52d02c7e14af6 3fd3333333333334 c01c000000000000"
)


def the_bits(value):
    from struct import pack

    return "".join([f"{byte:02x}" for byte in pack(">d", value)])


def model_file(F, J, L):
    data = MODEL_FILE.encode()
    model = F.parse(data, "model.json")
    got = " ".join([the_bits(value) for value in flat(model.coef) + model.intercept])
    check(f"a model file to the bit: {got}", got == MODEL_BITS)
    check("labels of a model file", model.classes[:2] == ["é😀", 12] and model.classes[2] is True)
    check("further labels", model.classes[3:] == [None, 0.5])
    check("names in a model file", model.features == ["1.5", 'a " \\'])
    check("what is not finite", model.state == {"losses": [0.25, INFINITY]})
    same = [J.nearest(text) == value for text, value in (("1e400", INFINITY), ("-1e-400", 0.0))]
    check("numbers beyond the range", all(same))
    challenger = F.Model(
        ["no", "yes"], ["F"], [[CHALLENGER[0]]], [CHALLENGER[1]], {}, {}, None, None
    )
    p = F.probabilities(challenger, [31.0])
    check(f"probabilities from a model: {p}", close(p[1], 0.99960878288493184, 1e-10))
    check("they sum to 1", close(p[0] + p[1], 1.0, 2 * EPS))
    three = F.Model([0, 1, 2], None, [[1.0], [2.0], [3.0]], [0.0, 0.0, 0.0], {}, {}, None, None)
    check("of three classes", close(F.probabilities(three, [0.0]), [1 / 3] * 3, EPS))
    for name, broken in (
        ("cut short", data[:-10]),
        ("not JSON", b"a,b"),
        ("empty", b""),
        ("a later version", data.replace(b'"version": 1', b'"version": 3')),
        ("a row too few", data.replace(b"[0.1, -0.0],", b"")),
        ("a NaN", data.replace(b"[0.1, -0.0]", b'[0.1, {"float": "nan"}]')),
        ("too large", data.replace(b"[0.1, -0.0]", b"[0.1, 1e999]")),
    ):
        try:
            F.parse(broken, "model.json")
            said = "nothing"
        except F.ModelFileError as error:
            said = str(error)
        check(f"model file, {name}: {said}", said.startswith("model.json"))


# -------------------------------------------------------- all of it


CONTRACT = (
    "sigmoid",
    "sigmoid_derivative",
    "softplus",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "residual",
    "gradient_ab",
    "gradient_descent_logistic",
    "gradient",
    "safe_learning_rate",
    "gradient_descent",
    "logsumexp",
    "softmax",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "softmax_gradient",
    "softmax_safe_learning_rate",
    "softmax_descent",
    "hessian",
    "newton",
    "lbfgs",
)


def everything():
    import pyref

    print("      Python " + " ".join(sys.version.split()))
    print("      " + pyref.__file__)
    from pyref import datasets as data
    from pyref import documents, logistic
    from pyref import model as F
    from pyref.model import exact_json as J

    for name in CONTRACT:
        check("pyref." + name, callable(getattr(pyref, name, None)))
    check("a public function is not the lesson's", pyref.gradient is not logistic.gradient)
    group(the_comparisons_can_tell)
    group(lessons, pyref, data)
    group(scalars, pyref)
    group(document_001, pyref, data, documents)
    group(document_000, pyref, data, documents)
    group(endings, pyref)
    group(errors, pyref)
    group(datasets, data)
    group(classes, pyref, data)
    group(optimum, pyref, data)
    group(weights, pyref, data)
    group(model_file, F, J, pyref)


def main(folder):
    """Check the pyref in `folder`; returns the exit status."""
    sys.path.insert(0, folder)
    group(everything)
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    # the folder above this file's, unless one is given (there is no os.path everywhere)
    beside = __file__.replace("\\", "/").rpartition("/")[0] or "."
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else beside + "/.."))
