"""Measure how accurate pyref is, and other libraries at the same task, against 50-digit truth.

    python tests/benchmarks/accuracy.py                    both tables: about a minute
    python tests/benchmarks/accuracy.py --json new.json    and all that was measured
    python tests/benchmarks/accuracy.py --table            the tables in Markdown
    python tests/benchmarks/accuracy.py --from new.json    only show it

What it needs besides pyref; of the second line, what is not installed is left out, and named:
    pip install mpmath numpy
    pip install jax mlxtend scikit-learn scipy tensorflow torch

First table: the worst error of each of our functions over about a million inputs, in ulp, with
the input that gave it. The inputs are dense over the scores from -745.2 to 745.2, where e^-|z|
fades out through the subnormal numbers, and more dense where errors gather. One ulp is the
spacing of the floats at the true value: 2^-1074 for a subnormal one, and half an ulp is what
rounding alone costs. Where NumPy's longest float is wider than a double, it finds the
candidates among all inputs, and 50 digits judge these; elsewhere 50 digits judge fewer inputs.
The primitives stand beside the C library's, which the Python implementation uses.

Second table: how many decimal digits of loss and gradient (dL/dz) are right, for one point that
the model puts on the right side and for one on the wrong side, 15 being all that a double
surely has. Each cell is the worse of two mirror images, label 1 with score z and label 0 with
score -z. Everybody works in float64; what the JSON has besides is said in `kept_up`.

Exit status: 0; 1 when an error of ours exceeds its bound, or when two instruction sets give
different bits; 2 on wrong arguments.
"""

import argparse
import json
import math
import os
import platform
import sys
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import numpy as np

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]

import truth  # noqa: E402
from harness import aligned, machine, markdown, say, versions  # noqa: E402
from helpers.compare import QUANTUM, ulp_error  # noqa: E402

import pyref  # noqa: E402
from pyref import fast  # noqa: E402
from pyref.command.bench import instruction_set  # noqa: E402

SCHEMA = 1
DISTRIBUTIONS = (
    *("pyref-logistic", "numpy", "mpmath", "scikit-learn", "scipy", "mlxtend", "torch"),
    *("jax", "jaxlib", "tensorflow", "keras"),
)
SETS = ("v4", "v3", "baseline")
LONG = np.longdouble
WIDER = np.finfo(LONG).nmant >= 63  # ten bits beyond a double: room to find candidates
CANDIDATES = 100  # inputs of each function that 50 digits judge
SUBSET = 20_000  # how many of the inputs, where nothing finds candidates


# ---------------------------------------------------------------- 1. our own errors: the inputs


def rough(random, values):
    """The values with other last digits.

    subtle: What a random generator gives is a multiple of 2^-53, and so below 1/2 its last
    digits are 0. Such numbers are kinder than most: log1p is twice as good at them.
    """
    return values * (1 + random.uniform(-1, 1, len(values)) * 2.0**-30)


def any_size(random, low, high, count):
    """Numbers of every size from 2^low to 2^high, as many between any two powers of two."""
    return (1 + random.rand(count)) * 2.0 ** random.randint(low, high, count)


def signed(random, values):
    """The values, each with a sign by chance."""
    return values * random.choice([-1.0, 1.0], len(values))


def scores(random):
    """Scores z: both tails, down to results below 2^-1074, and where errors gather."""
    powers = 2.0 ** -np.arange(1, 1076)
    found = [
        rough(random, np.linspace(-745.2, 745.2, 200_001)),
        rough(random, random.uniform(-745.2, 745.2, 150_000)),
        rough(random, random.uniform(-40, 40, 300_000)),
        rough(random, random.uniform(-3, 3, 200_000)),
        # e^-|z| is subnormal
        signed(random, rough(random, random.uniform(708.3, 745.2, 60_000))),
        # so small that 1 + e^-|z| is nearly 2
        signed(random, any_size(random, -1074, 0, 20_000)),
        # e^-|z| is just above a power of two and p = e/(1+e) just below it: a unit in the last
        # place of p is half that of e, and the error of e counts double
        *[
            signed(random, k * math.log(2) - any_size(random, -k - 8, -k, 4000))
            for k in range(1, 41)
        ],
        # multiples of log(2)/2, where the reduction of the exponent changes its mind
        signed(random, rough(random, np.arange(1, 2151) / 2 * math.log(2))),
        powers,
        -powers,
        [0.0, 745.1332191019411, 745.1332191019412, 709.782712893384],
    ]
    found = np.unique(np.concatenate(found))
    return found[abs(found) <= 745.2]


def every_fourth_score(random):
    """Fewer, for what takes long."""
    return scores(random)[::4]


def sizes(random):
    """a >= 0 for e^-a."""
    # behind the middle between two multiples of log(2), the last digit of e^r weighs most
    after = random.randint(0, 1021, 300_000) * math.log(2) + random.uniform(0.2, 0.3466, 300_000)
    return np.unique(np.concatenate([abs(scores(random)), rough(random, after)]))


def positives(random):
    """x for log(x): every normal float's exponent, and where the logarithm crosses 0."""
    root = math.sqrt(0.5)
    found = [
        any_size(random, -1022, 1023, 400_000),
        rough(random, random.uniform(0.25, 4, 300_000)),
        1 + signed(random, any_size(random, -53, -1, 200_000)),
        root * (1 + signed(random, any_size(random, -50, -3, 50_000))),
        2 * root * (1 + signed(random, any_size(random, -50, -3, 50_000))),
    ]
    found = np.unique(np.concatenate(found))
    return found[found >= 2.0**-1022]


def above_minus_one(random):
    """x for log1p(x): e^-|z|, products of 1 + e^-|z| less 1, and -p."""
    found = [
        rough(random, random.rand(400_000)),
        # 1 + x is just above sqrt(2)
        rough(random, random.uniform(0.4142, 0.5, 200_000)),
        -rough(random, random.rand(200_000)),
        any_size(random, 0, 64, 100_000),
        signed(random, any_size(random, -1074, -1, 200_000)),
        any_size(random, -53, 0, 50_000) - 1,
    ]
    found = np.unique(np.concatenate(found))
    return found[found > -1]


def probabilities(random):
    """p strictly between 0 and 1, down to the subnormal ones and up to 1 - 2^-53."""
    found = abs(above_minus_one(random))
    found = np.unique(np.concatenate([found, 1 - found]))
    return found[(found > 0) & (found < 1)]


# ---------------------------------------------------------------- 1. our own errors: functions


def negative(value):
    """-value. (subtle: mpmath's own minus rounds to the working precision, here a double's.)"""
    return mpmath.fneg(value, exact=True)


def exactly(formula):
    """A truth of one float, at enough digits for the smallest float beside 1."""

    def want(x):
        with mpmath.workprec(1300):
            return formula(mpmath.mpf(x))

    return want


def _halves(z):
    """(p, q, -log q, -log p) in NumPy's longest float, to find candidates by."""
    z = z.astype(LONG)
    e = np.exp(-abs(z))
    p, q = np.where(z >= 0, 1, e) / (1 + e), np.where(z >= 0, e, 1) / (1 + e)
    log_sum = np.log1p(e)
    return p, q, np.maximum(z, 0) + log_sum, np.maximum(-z, 0) + log_sum


def _each(function):
    return lambda inputs: [function(x) for x in inputs.tolist()]


def _with_buffer(function):
    return lambda inputs: function(inputs)


def _primitive(name):
    """One of the C part's primitives over a whole array."""

    def call(inputs):
        out = np.empty_like(inputs)
        ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib
        into, of = [ffi.from_buffer("double[]", numbers) for numbers in (out, inputs)]
        getattr(lib, name)(of, into, len(inputs))
        return out

    return call


class Measured(NamedTuple):
    """A function to be measured. The calls take an array and give as many numbers."""

    name: str
    inputs: Any  # a function of a RandomState
    python: Any
    c: Any
    guess: Any  # the truth in NumPy's longest float, roughly
    want: Any  # the truth of one input, to 50 digits
    bounds: tuple[float | None, float] = (2, 3)  # of Python, of C
    rounds: int = 1  # how often inputs are drawn


def functions():
    """All of them."""

    def of_label(name, y, part=None):
        """f(y, z), or entry `part` of the gradient of one sample whose score is z = b."""
        if part is None:
            pick = [getattr(module, name) for module in (pyref, fast)]
            return [_each(lambda z, f=f: f(y, z)) for f in pick]
        return [
            _each(lambda z, f=f: f(((0.0,),), (y,), (0.0,), z)[part])
            for f in (pyref.gradient, fast.gradient)
        ]

    loss = "binary_cross_entropy_with_logits"
    yield Measured(
        "sigmoid(z)", scores, _each(pyref.sigmoid), _with_buffer(fast.sigmoid),
        lambda z: _halves(z)[0], lambda z: truth.of_score(z).p,
    )  # fmt: skip
    yield Measured(
        "softplus(z)", scores, _each(pyref.softplus), _with_buffer(fast.softplus),
        lambda z: _halves(z)[2], lambda z: truth.of_score(z).loss_0,
    )  # fmt: skip
    for y in (0, 1):
        of_z = (lambda z, y=y: _halves(z)[2 + y], lambda z, y=y: truth.of_score(z)[2 + y])
        yield Measured(f"loss, y={y}", scores, *of_label(loss, y), *of_z)
    residuals = (
        (lambda z: _halves(z)[0], lambda z: truth.of_score(z).p),
        (lambda z: -_halves(z)[1], lambda z: negative(truth.of_score(z).q)),
    )
    for y in (0, 1):
        yield Measured(f"residual, y={y}", scores, *of_label("residual", y), *residuals[y])
    for y in (0, 1):
        of_z = (lambda z, y=y: _halves(z)[2 + y], lambda z, y=y: truth.of_score(z)[2 + y])
        yield Measured(f"gradient's loss, y={y}", every_fourth_score, *of_label("", y, 0), *of_z)
    for y in (0, 1):
        yield Measured(
            f"gradient's residual, y={y}", every_fourth_score, *of_label("", y, 2), *residuals[y],
            (3, 3),
        )  # fmt: skip
    of_p = (
        (lambda p: -np.log1p(-p.astype(LONG)), exactly(lambda p: -mpmath.log(1 - p))),
        (lambda p: -np.log(p.astype(LONG)), exactly(lambda p: -mpmath.log(p))),
    )
    for y in (0, 1):
        calls = of_label("binary_cross_entropy", y)
        yield Measured(f"loss from p, y={y}", probabilities, *calls, *of_p[y])
    # The primitives, many times: they are quick. The C library's are not ours to bound.
    yield Measured(
        "e^-a", sizes, _each(lambda a: math.exp(-a)), _primitive("pyref_exp_minus"),
        lambda a: np.exp(-a.astype(LONG)), exactly(lambda a: mpmath.exp(-a)), (None, 1.2), 10,
    )  # fmt: skip
    yield Measured(
        "log(x)", positives, _each(math.log), _primitive("pyref_log"),
        lambda x: np.log(x.astype(LONG)), exactly(mpmath.log), (None, 1.0), 10,
    )  # fmt: skip
    yield Measured(
        "log1p(x)", above_minus_one, _each(math.log1p), _primitive("pyref_log1p"),
        lambda x: np.log1p(x.astype(LONG)), exactly(lambda x: mpmath.log(1 + x)), (None, 1.5), 10,
    )  # fmt: skip


# ---------------------------------------------------------------- 1. our own errors: measuring


def guessed_errors(got, want):
    """|got - want| in ulp of want; both arrays, want in NumPy's longest float."""
    exponent = np.frexp(want)[1]
    unit = np.ldexp(LONG(1), np.maximum(exponent - 53, -1074))
    errors = abs(got.astype(LONG) - want) / unit
    return np.where(np.isfinite(got), errors, np.inf)


def worst_of(measured, inputs, got):
    """The largest error of got, judged by 50 digits, and its input."""
    if WIDER:
        guesses = guessed_errors(got, measured.guess(inputs))
        places = np.argpartition(guesses, -CANDIDATES)[-CANDIDATES:]
    else:
        guesses = None
        places = np.random.RandomState(0).permutation(len(inputs))[:SUBSET]
    worst = {"ulp": -1.0}
    for place in places.tolist():
        x, result = float(inputs[place]), float(got[place])
        want = measured.want(x)
        error = ulp_error(result, want)
        near = guesses is None or abs(error - guesses[place]) < 0.02 * max(1, error)
        if not (near or error == guesses[place] == math.inf):
            raise ArithmeticError(
                f"{measured.name} of {x!r}: {float(guesses[place])} ulp in NumPy's longest float,"
                f" {error} ulp in 50 digits: the first cannot be relied on here"
            )
        if error > worst["ulp"]:
            worst = {"ulp": error, "input": x, "got": result, "want": mpmath.nstr(want, 25)}
    return worst


def same_bits(measured, inputs, got, name):
    """True if C gives the same bits with this instruction set; for every tenth input."""
    active = instruction_set(fast)
    if not fast.FRONT.engine.lib.pyref_use_instruction_set(name.encode()):
        raise ValueError(f"this processor does not have {name}")
    try:
        again = np.array(measured.c(inputs[::10].copy()))
    finally:
        fast.FRONT.engine.lib.pyref_use_instruction_set(active.encode())
    return again.tobytes() == got[::10].tobytes()


def available_sets():
    """The instruction sets that this processor has, besides the active one."""
    active = instruction_set(fast)
    try:
        return [
            name
            for name in SETS
            if fast.FRONT.engine.lib.pyref_use_instruction_set(name.encode()) and name != active
        ]
    finally:
        fast.FRONT.engine.lib.pyref_use_instruction_set(active.encode())


def own_errors(rounds):
    """The worst of each function in each implementation; and which instruction sets agree."""
    differing = {name: [] for name in available_sets()}
    found = []
    for measured in functions():
        say(f"{measured.name} ...")
        entry = {"function": measured.name, "inputs": 0}
        for k in range(rounds * measured.rounds):
            inputs = measured.inputs(np.random.RandomState(k))
            entry["inputs"] += len(inputs)
            for who, call, bound in zip(
                ("python", "c"), (measured.python, measured.c), measured.bounds, strict=True
            ):
                got = np.array(call(inputs))
                worst = {**worst_of(measured, inputs, got), "bound": bound}
                if k == 0 or worst["ulp"] > entry[who]["ulp"]:
                    entry[who] = worst
        for name, functions_that_differ in differing.items():
            if not same_bits(measured, inputs, got, name):
                functions_that_differ.append(measured.name)
        found.append(entry)
    return {
        "judged": f"the {CANDIDATES} worst by {LONG.__name__}" if WIDER else f"{SUBSET} inputs",
        "instruction_set": instruction_set(fast),
        "differing": differing,
        "worst": found,
    }


# ---------------------------------------------------------------- 2. the peers
#
# Each is a generator of contenders: a name, and a function of an array of labels y and an array
# of scores z that gives two arrays, the loss of each sample and its derivative by z. It imports
# its library itself; an ImportError means that it is absent.


def ours():
    """binary_cross_entropy_with_logits and residual."""
    for module, name in ((pyref, "pyref"), (fast, "pyref.fast")):

        def both(y, z, module=module):
            pairs = list(zip(y.tolist(), z.tolist(), strict=True))
            loss = [module.binary_cross_entropy_with_logits(*pair) for pair in pairs]
            return loss, [module.residual(*pair) for pair in pairs]

        yield name, both


def documents():
    """The documents' formulas as printed: p - y (001, 002), and the product (000)."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def loss(y_pred, y_true):
        return -1 * (y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

    def difference(y, z):
        p = sigmoid(z)
        return loss(p, y), p - y

    def product(y, z):
        p = sigmoid(z)
        return loss(p, y), (-1 * y / p + (1 - y) / (1 - p)) * p * (1 - p)

    yield "documents 001, 002: p - y", difference
    yield "document 000: product", product


def scikit_learn():
    """The two ways to ask HalfBinomialLoss; lbfgs, its default solver, takes the second."""
    from sklearn._loss.loss import HalfBinomialLoss

    half = HalfBinomialLoss()
    yield "scikit-learn loss, gradient", lambda y, z: (half.loss(y, z), half.gradient(y, z))
    yield "scikit-learn loss_gradient", lambda y, z: half.loss_gradient(y, z)


def scipy():
    """log_expit and expit."""
    from scipy.special import expit, log_expit

    def both(y, z):
        return -np.where(y == 1, log_expit(z), log_expit(-z)), expit(z) - y

    yield "SciPy log_expit, expit - y", both


def mlxtend():
    """The steps of LogisticRegression.fit, with weight 1 and no intercept."""
    from mlxtend.classifier import LogisticRegression

    model = LogisticRegression(l2_lambda=0.0)
    model.w_, model.b_ = np.array([[1.0]]), np.array([0.0])

    def both(y, z):
        loss, gradient = [], []
        for y_i, z_i in zip(y, z, strict=True):
            X, y_i = np.array([[z_i]]), np.array([y_i])
            p = model._forward(X)
            loss.append(model._logit_cost(y_i, p))
            gradient.append(model._backward(X, y_true=y_i, y_probas=p)[1])
        return loss, gradient

    yield "mlxtend LogisticRegression", both


def pytorch():
    """Both of its losses, gradient by autograd."""
    import torch

    def variant(loss_of):
        def both(y, z):
            z = torch.tensor(z, requires_grad=True)
            loss = loss_of(z, torch.tensor(y))
            (gradient,) = torch.autograd.grad(loss.sum(), z)
            return loss.detach().numpy(), gradient.numpy()

        return both

    bce = torch.nn.BCELoss(reduction="none")
    yield "PyTorch BCELoss", variant(lambda z, y: bce(torch.sigmoid(z), y))
    yield "PyTorch BCEWithLogitsLoss", variant(torch.nn.BCEWithLogitsLoss(reduction="none"))


def jax():
    """-log_sigmoid, and the documents' loss of jax.nn.sigmoid; gradient by grad."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def variant(loss_of):
        value_and_grad = jax.jit(jax.vmap(jax.value_and_grad(loss_of)))

        def both(y, z):
            return [np.asarray(part) for part in value_and_grad(z, y)]

        return both

    def from_score(z, y):
        return -(y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z))

    def from_probability(z, y):
        p = jax.nn.sigmoid(z)
        return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))

    yield "JAX -log_sigmoid", variant(from_score)
    yield "JAX sigmoid, plain loss", variant(from_probability)


def tensorflow():
    """Its loss from the score, and Keras's from the probability; gradient by GradientTape."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    def variant(loss_of):
        def both(y, z):
            y, z = tf.constant(y), tf.constant(z)
            with tf.GradientTape() as tape:
                tape.watch(z)
                loss = loss_of(y, z)
            return loss.numpy(), tape.gradient(loss, z).numpy()

        return both

    keras = tf.keras.losses.binary_crossentropy
    yield (
        "TensorFlow ..._with_logits",
        variant(lambda y, z: tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z)),
    )
    yield (
        "Keras binary_crossentropy",
        variant(lambda y, z: keras(y[:, None], tf.sigmoid(z)[:, None])),
    )


PEERS = {
    "pyref": ours,
    "documents": documents,
    "scikit-learn": scikit_learn,
    "SciPy": scipy,
    "mlxtend": mlxtend,
    "PyTorch": pytorch,
    "JAX": jax,
    "TensorFlow": tensorflow,
}


def slopes():
    """Functions that give the sigmoid's derivative at an array of scores, where peers have one."""
    yield "pyref", lambda z: [pyref.sigmoid_derivative(value) for value in z.tolist()]
    yield "pyref.fast", lambda z: [fast.sigmoid_derivative(value) for value in z.tolist()]
    yield "NumPy p * (1 - p)", lambda z: (lambda p: p * (1 - p))(1 / (1 + np.exp(-z)))
    if "torch" in sys.modules:
        torch = sys.modules["torch"]

        def by_torch(z):
            z = torch.tensor(z, requires_grad=True)
            return torch.autograd.grad(torch.sigmoid(z).sum(), z)[0].numpy()

        yield "PyTorch", by_torch
    if "jax" in sys.modules:
        jax = sys.modules["jax"]
        yield "JAX", lambda z: np.asarray(jax.vmap(jax.grad(jax.nn.sigmoid))(z))
    if "tensorflow" in sys.modules:
        tf = sys.modules["tensorflow"]

        def by_tensorflow(z):
            z = tf.constant(z)
            with tf.GradientTape() as tape:
                tape.watch(z)
                p = tf.sigmoid(z)
            return tape.gradient(p, z).numpy()

        yield "TensorFlow", by_tensorflow


# ---------------------------------------------------------------- 2. the peers: measuring

AT = (10.0, 37.0, 40.0, 100.0, 710.0, 740.0)
GRID = np.arange(1, 8 * 740 + 1) / 8  # where it is looked for what begins at which |z|
# (side, its two mirror images as label and sign of the score)
SIDES = (("right", ((1, 1), (0, -1))), ("wrong", ((1, -1), (0, 1))))


def of_sample(y, z):
    """The true loss and derivative, to 50 digits."""
    score = truth.of_score(z)
    return (score.loss_1, negative(score.q)) if y else (score.loss_0, score.p)


def relative_error(got, want):
    """|got - want| / |want| as a float; an infinity or a NaN stays what it is."""
    if not math.isfinite(got):
        return abs(got)
    with mpmath.workdps(30):
        return min(sys.float_info.max, float(abs((mpmath.mpf(got) - want) / want)))


@cache
def along_the_grid(y, sign):
    """The true loss and derivative, each rounded, as two arrays."""
    truths = [of_sample(y, z) for z in (sign * GRID).tolist()]
    return np.array([[float(part) for part in pair] for pair in truths]).T


def first(condition):
    """The first |z| of the grid where the condition holds; None if nowhere."""
    return float(GRID[np.argmax(condition)]) if condition.any() else None


def kept_up(got, want):
    """What becomes of an array of results along the grid; want is the truth, rounded.

    three_digits_lost_from   off by more than a thousandth, and by more than subnormals are apart
    zero_from                exactly 0, where the truth is not
    not_finite_from          an infinity or a NaN
    largest                  in size, of the finite results
    """
    got = np.asarray(got, dtype=float).reshape(-1)
    if got.shape != want.shape:
        raise ValueError(f"{got.shape} results, not {want.shape}")
    finite = np.isfinite(got)
    with np.errstate(invalid="ignore"):
        kept = abs(got - want) <= 1e-3 * abs(want) + QUANTUM
    return {
        "three_digits_lost_from": first(~kept),
        "zero_from": first((got == 0) & (want != 0)),
        "not_finite_from": first(~finite),
        "largest": float(abs(got[finite]).max()),
    }


def measure_contender(both):
    """All about one contender: {"loss" or "gradient": {"right" or "wrong": ...}}."""
    found = {"loss": {}, "gradient": {}}
    for side, images in SIDES:
        kept = {quantity: {"relative_error": {}, "mirror_images": []} for quantity in found}
        for y, sign in images:
            z = sign * np.array(AT)
            got = both(np.full(len(z), float(y)), z)
            grid = sign * GRID
            along = both(np.full(len(grid), float(y)), grid)
            for part, quantity in enumerate(found):
                becomes = kept_up(along[part], along_the_grid(y, sign)[part])
                image = {"y": y, "sign_of_z": sign, **becomes}
                kept[quantity]["mirror_images"].append(image)
                results = np.asarray(got[part], dtype=float).reshape(-1).tolist()
                for value, result in zip(z.tolist(), results, strict=True):
                    error = relative_error(result, of_sample(y, value)[part])
                    errors = kept[quantity]["relative_error"]
                    errors.setdefault(f"{abs(value):g}", []).append(error)
        for quantity in found:
            found[quantity][side] = kept[quantity]
    return found


def nearest_float(y, z):
    """What a float can hold of the truth: the limit for everybody."""
    pairs = [of_sample(*pair) for pair in zip(y.tolist(), z.tolist(), strict=True)]
    return [float(loss) for loss, _ in pairs], [float(residual) for _, residual in pairs]


def peers():
    """Every contender, and who is absent."""
    found = {"the nearest float64": measure_contender(nearest_float)}
    absent = {}
    for name, contenders in PEERS.items():
        say(f"{name} ...")
        try:
            with np.errstate(all="ignore"):
                for contender, both in contenders():
                    found[contender] = measure_contender(both)
        except ImportError as error:
            absent[name] = str(error)
    derivative = {}
    for name, slope in slopes():
        derivative[name] = []
        for sign in (1, -1):
            with np.errstate(all="ignore"):
                got = slope(sign * GRID)
            with mpmath.workdps(30):
                scores = [truth.of_score(z) for z in (sign * GRID).tolist()]
                want = np.array([float(score.p * score.q) for score in scores])
            derivative[name].append({"sign_of_z": sign, **kept_up(got, want)})
    return {"contenders": found, "sigmoid_derivative": derivative, "absent": absent}


# ---------------------------------------------------------------- showing


def own_rows(found):
    """One row for each function."""
    rows = []
    for entry in found["worst"]:
        row = [entry["function"]]
        for who in ("python", "c"):
            row += [f"{entry[who]['ulp']:.3f}", f"{entry[who]['input']!r}"]
        rows.append(row)
    return rows


def digits(errors):
    """The right decimal digits of the worse of two relative errors, as the table shows them.

    >>> digits([2.2e-16, 1e-15]), digits([0.0, 3e-4]), digits([0.0, 1.0]), digits([2.5, 0.1])
    ('15', '3', '0', '0')
    >>> digits([math.inf, 1.0]), digits([math.inf, math.nan])
    ('inf', 'nan')
    """
    for bad in (math.isnan, math.isinf):
        if any(bad(error) for error in errors):
            return "nan" if bad is math.isnan else "inf"
    error = max(errors)
    return str(min(15, max(0, math.floor(-math.log10(error))))) if error else "15"


def peer_rows(found):
    """Two rows for each contender: its loss, its gradient."""
    rows = []
    for name, kept in found["contenders"].items():
        for quantity in ("loss", "gradient"):
            row = [name if quantity == "loss" else "", quantity]
            for side, _ in SIDES:
                relative_errors = kept[quantity][side]["relative_error"]
                row += [digits(errors) for errors in relative_errors.values()]
            rows.append(row)
    return rows


OWN_HEADER = ("function", "Python", "worst input", "C", "worst input")
HEADS = [f"{z:g}" for z in AT]


def peer_lines(rows, as_markdown):
    """The second table, whose columns have a heading in common."""
    if as_markdown:
        heads = [
            *("", "", f"right side, \\|z\\| = {HEADS[0]}", *HEADS[1:]),
            *(f"wrong side, \\|z\\| = {HEADS[0]}", *HEADS[1:]),
        ]
        return markdown(heads, rows, 2)
    name, quantity = (max(len(row[j]) for row in rows) for j in (0, 1))
    cells = 4 * len(AT)

    def line(row):
        halves = [row[2 : 2 + len(AT)], row[2 + len(AT) :]]
        shown = " ".join("".join(cell.rjust(4) for cell in half) for half in halves)
        return f"{row[0].ljust(name)} {row[1].ljust(quantity)}{shown}"

    top = " " * (name + 1 + quantity)
    top += "right side, |z| =".rjust(cells) + " " + "wrong side, |z| =".rjust(cells)
    lines = [top, line(["", "", *HEADS, *HEADS])]
    return [*lines, "-" * max(len(text) for text in lines), *[line(row) for row in rows]]


def heading(found):
    """Where and when, in lines no longer than the tables."""
    here, own = found["machine"], found["own"]
    known = [f"{name} {version}" for name, version in found["versions"].items() if version]
    agree = [name for name, functions in own["differing"].items() if not functions]
    same = f" (the same bits with {', '.join(agree)})" if agree else ""
    lines = [
        f"{found['date']}  {here['processor']}, {here['architecture']}, {here['system']}",
        f"instruction set {own['instruction_set']}{same}; C library: {found['c_library']}",
    ]
    line = known[0]
    for word in known[1:]:
        if len(line) + len(word) > 86:
            lines.append(line + ",")
            line = word
        else:
            line += f", {word}"
    return [*lines, line]


def show(found, as_markdown):
    """Both tables, on standard output."""
    if as_markdown:
        own = markdown(OWN_HEADER, own_rows(found["own"]), 1)
    else:
        own = aligned(OWN_HEADER, own_rows(found["own"]), 1)
    print("\n".join(heading(found)), end="\n\n")
    print("Worst errors in ulp. (e^-a, log, log1p: under Python, the C library's.)")
    print("\n".join(own), end="\n\n")
    print("Decimal digits that are right, of the loss and of its derivative by z.")
    print("\n".join(peer_lines(peer_rows(found["peers"]), as_markdown)))
    for name, reason in found["peers"]["absent"].items():
        print(f"absent: {name} ({reason})")
    for line in failures(found):
        say(line)


def failures(found):
    """What of ours is not as promised, a line each."""
    lines = []
    for entry in found["own"]["worst"]:
        for who in ("python", "c"):
            worst = entry[who]
            if worst["bound"] is not None and not worst["ulp"] <= worst["bound"]:
                lines.append(
                    f"{entry['function']} ({who}) is {worst['ulp']} ulp off at"
                    f" {worst['input']!r}: the bound is {worst['bound']}"
                )
    for name, functions in found["own"]["differing"].items():
        if functions:
            lines.append(f"{name} gives other bits: {', '.join(functions)}")
    return lines


# ---------------------------------------------------------------- the command line


def plain(value):
    """The same for JSON, which has no infinity and no NaN: they become words."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else repr(value)


def floats(value):
    """What `plain` made words, as floats again."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if value in ("inf", "-inf", "nan") else value


def measure(rounds):
    """All that JSON holds."""
    # Our own first: a peer's library may set the processor to flush subnormal numbers to zero.
    own = own_errors(rounds)
    return {
        "schema": SCHEMA,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "c_library": " ".join(platform.libc_ver()).strip() or platform.system(),
        "versions": versions(DISTRIBUTIONS),
        "own": own,
        "peers": peers(),
    }


def main(argv):
    """Measure, or read what was measured, and show it."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="More: the comment in accuracy.py."
    )
    parser.add_argument("--json", metavar="PATH", help="write all that was measured there")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="N times the inputs")
    parser.add_argument("--table", action="store_true", help="print the tables in Markdown")
    parser.add_argument(
        "--from", dest="source", metavar="PATH", help="show this JSON, do not measure"
    )
    asked = parser.parse_args(argv)
    if asked.rounds < 1:
        parser.error("--rounds: give 1 or more")
    if asked.source is None:
        found = measure(asked.rounds)
    else:
        with open(asked.source, encoding="utf-8") as file:
            found = floats(json.load(file))
        if found.get("schema") != SCHEMA:
            parser.error(f"--from: {asked.source} is not of schema {SCHEMA}: measure again")
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(plain(found), file, indent=1, allow_nan=False)
            file.write("\n")
    show(found, asked.table)
    return int(bool(failures(found)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
