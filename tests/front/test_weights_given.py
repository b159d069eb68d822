"""What may be given as sample weights, and every mistake in them, by both implementations."""

from array import array

import numpy as np
import pytest
from helpers.chapters import Model
from helpers.compare import same
from helpers.oracle_second_order import lre, lre_of_sums


@pytest.fixture(params=(0, 3), ids=("logistic", "softmax"))
def model(impl, request):
    return Model(impl, request.param)


# ---------------------------------------------------------------- what may be given as weights


def test_weights_of_any_kind(model):
    X, y, theta = model.data(np.random.default_rng(11), 12, 3)
    counts = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0]
    want = model.gradient(X, y, theta, [float(c) for c in counts])
    given = [np.array(counts, kind) for kind in ("f8", "f4", "?", "i1", "u1", "i2", "u4", "i8")]
    given += [array(code, counts) for code in "dfbBhHiIlLqQ"]
    given += [tuple(counts), memoryview(array("d", counts)), np.array(counts, object)]
    shifted = np.frombuffer(b"\0" + np.array(counts, "f8").tobytes(), np.uint8)[1:].view("f8")
    assert not shifted.flags.aligned
    given += [shifted, np.array(counts, "f8")[::-1][::-1]]
    for weights in given:
        same(model.gradient(X, y, theta, weights), want)
        rate = model.safe(X, sample_weight=weights)
        same(rate, model.safe(X, sample_weight=[float(c) for c in counts]))


@pytest.mark.parametrize("unit", [5e-324, 1e-310, 1e300])
def test_weights_at_the_ends_of_the_floats(model, unit):
    """Their products with residuals are 0, or their sums infinite; in another unit they are not."""
    X, y, _ = model.data(np.random.default_rng(14), 8, 2)
    X = [[1e9 * x for x in row] for row in X]
    s = [unit * count for count in (1, 2, 1, 3, 0, 1, 5, 2)]
    counts = [s_i / unit for s_i in s]
    assert lre([model.safe(X, sample_weight=s)], [model.safe(X, sample_weight=counts)]) > 15
    summed = model.safe(X, "sum", sample_weight=counts)
    assert model.safe(X, "sum", sample_weight=s) == pytest.approx(summed / unit, rel=1e-14)
    for how, rate in (("mean", 1e-20), ("mean", "safe"), ("sum", min(1e-20 / unit, 1e308))):
        more = {"iterations": 9, "reduction": how}
        plain = rate if how == "mean" else rate * unit
        losses, at, status = model.descent(X, y, learning_rate=rate, sample_weight=s, **more)
        want = model.descent(X, y, learning_rate=plain, sample_weight=counts, **more)
        assert status == want[2] == "iterations"
        assert lre(losses, want[0]) > 13
        assert lre_of_sums(at, want[1]) > 12
        assert any(at)


def test_weights_of_one_change_nothing_but_rounding(model):
    X, y, theta = model.data(np.random.default_rng(12), 200, 3)
    how = {"learning_rate": "safe", "iterations": 9}
    losses, at, _ = model.descent(X, y, theta, sample_weight=[1] * 200, **how)
    want_losses, want, _ = model.descent(X, y, theta, **how)
    assert lre(losses, want_losses) > 13
    assert lre_of_sums(at, want) > 12
    assert model.safe(X, sample_weight=[1] * 200) == model.safe(X)


def test_weights_are_read_where_they_lie(fast):
    """float64 is not copied: what changes during a run changes the run."""
    for classes in (0, 3):
        model = Model(fast, classes)
        X, y, _ = model.data(np.random.default_rng(13), 60, 9)
        weights, other = np.ones(60), np.arange(60.0)

        def change(k, loss, weights=weights, other=other):
            weights[:] = other

        how = {"learning_rate": 0.5, "reduction": "sum", "sample_weight": weights}
        losses, _, _ = model.descent(X, y, iterations=2, callback=change, **how)
        how["sample_weight"] = np.ones(60)
        _, start, _ = model.descent(X, y, iterations=1, **how)
        same(losses[1], model.gradient(X, y, start, other)[0] / 60)


def test_a_large_table_in_parts_and_threads(fast):
    """Two parts and more: the sums against NumPy's, the safe step's bits for every thread count."""
    rng = np.random.default_rng(14)
    X, s = rng.normal(size=(40000, 5)), rng.random(40000)
    y, w = (rng.random(40000) < 0.5).astype(float), np.linspace(-1, 1, 5)
    z = (X @ w + 0.25).astype(np.longdouble)
    p = 1 / (1 + np.exp(-z))
    loss = -(s * np.where(y > 0, np.log(p), np.log1p(-p))).sum()
    grad = ((s * (p - y)) @ X, (s * (p - y)).sum())
    for threads in (1, 2, 5):
        got = fast.gradient(X, y, w, 0.25, s, threads=threads)
        assert lre([got[0]], [float(loss)]) > 12
        assert lre_of_sums([*got[1], got[2]], [*map(float, grad[0]), float(grad[1])]) > 12
    rates = [fast.safe_learning_rate(X, "mean", 0.1, s, threads=t) for t in (1, 2, 3, 7, None)]
    assert len(set(rates)) == 1
    squares = (s * (1 + (X * X).sum(axis=1))).sum() / s.sum()
    assert lre(rates[:1], [1 / (squares / 4 + 0.1)]) > 13
    rates = [fast.softmax_safe_learning_rate(X.astype("f4"), threads=t) for t in (1, 3, None)]
    assert len(set(rates)) == 1
    X = X.astype("f4").astype(float)
    assert lre(rates[:1], [2 / (1 + (X * X).sum(axis=1)).mean()]) > 13


# ---------------------------------------------------------------- mistakes

NAN, INF = float("nan"), float("inf")
MISTAKES = {
    "too few": ([1, 2], ValueError, "sample_weight has length 2, but there are 4 samples: give"),
    "an array too long": (
        np.ones(5),
        ValueError,
        "sample_weight has length 5, but there are 4 samples: give one weight each",
    ),
    "a column": (
        np.ones((4, 1)),
        ValueError,
        "sample_weight has shape (4, 1), not 1 dimension(s): flatten it to one row",
    ),
    "one number": (2.0, TypeError, "sample_weight is 2.0, a float: give a sequence of numbers"),
    "a word": ("1111", TypeError, "sample_weight is '1111', a str: give a sequence of numbers"),
    "a word within": ([1, "2", 1, 1], TypeError, "sample_weight[1] is '2', a str: give a number"),
    "None within": ([1, 1, None, 1], TypeError, "sample_weight[2] is None, a NoneType: give"),
    "negative": (
        [1, 2, -1, 1],
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "negative, of integers": (
        np.array([1, 2, -1, -7], "i2"),
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "NaN": (
        np.array([1, 2, 1, NAN]),
        ValueError,
        "sample_weight[3] is nan: give a finite number, 0 or more",
    ),
    "infinite": (
        np.array([INF, 2, 1, 1], "f4"),
        ValueError,
        "sample_weight[0] is inf: give a finite number, 0 or more",
    ),
    "all zero": ([0] * 4, ValueError, "sample_weight sums to 0.0: give a positive, finite sum"),
    "all False": (
        np.zeros(4, bool),
        ValueError,
        "sample_weight sums to 0.0: give a positive, finite sum",
    ),
    "too heavy": (
        [1e308, 1e308, 1, 1],
        ValueError,
        "sample_weight sums to inf: give a positive, finite sum",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(model, name):
    weights, exception, message = MISTAKES[name]
    X, y, theta = model.data(np.random.default_rng(15), 4, 2)
    for call in (
        lambda: model.gradient(X, y, theta, weights),
        lambda: model.descent(X, y, learning_rate=1, iterations=1, sample_weight=weights),
        lambda: model.descent(X, y, learning_rate=1, iterations=0, sample_weight=weights),
        lambda: model.descent(X, y, learning_rate="safe", iterations=1, sample_weight=weights),
        lambda: model.safe(X, sample_weight=weights),
    ):
        with pytest.raises(exception) as caught:
            call()
        assert type(caught.value) is exception
        assert str(caught.value).startswith(message)


def test_a_bad_cell_is_found_in_a_row_that_is_left_out(model):
    X, y, theta = model.data(np.random.default_rng(16), 4, 2)
    s = [1, 1, 0, 1]
    for value in (NAN, INF):
        X[2][1] = value
        for call in (
            lambda: model.gradient(X, y, theta, s),
            lambda: model.descent(X, y, learning_rate=1, iterations=1, sample_weight=s),
            lambda: model.descent(X, y, learning_rate=1, iterations=0, sample_weight=s),
            lambda: model.descent(X, y, learning_rate="safe", iterations=0, sample_weight=s),
            lambda: model.safe(X, sample_weight=s),
            lambda: model.safe(X),
        ):
            message = rf"^X\[2\]\[1\] is {value}: remove the row, or fill in a finite number$"
            with pytest.raises(ValueError, match=message):
                call()


def test_a_table_too_large_for_a_safe_step(model):
    X, y, _ = model.data(np.random.default_rng(17), 4, 2)
    X[1][1] = 1e200
    message = "^X is too large for a safe learning rate: scale it down$"
    for s in (None, [1, 2, 3, 4]):
        with pytest.raises(ValueError, match=message):
            model.safe(X, sample_weight=s)
        with pytest.raises(ValueError, match=message):
            model.descent(X, y, learning_rate="safe", iterations=0, sample_weight=s)
    for n in (1, 3):  # a bad cell comes first
        with pytest.raises(ValueError, match=r"^X\[4\]\[0\] is nan"):
            model.safe([*X, *[[NAN, 1.0]] * n])


def test_the_order_of_mistakes_in_the_safe_step(model):
    X = [[NAN], [2]]
    wrong = {"sample_weight": [1], "reduction": "avg", "l2": -1}
    cures = [
        ("sample_weight", [-1, 1], "sample_weight has length 1"),
        ("reduction", "sum", "reduction is 'avg'"),
        ("l2", 0, "l2 is -1"),
        ("sample_weight", [1, 1], "sample_weight[0] is -1"),
    ]
    with pytest.raises(ValueError, match=r"^X is empty"):
        model.safe([], **wrong)
    for name, cure, message in cures:
        with pytest.raises(ValueError, match=r"is|has") as caught:
            model.safe(X, **wrong)
        assert str(caught.value).startswith(message)
        wrong[name] = cure
    with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
        model.safe(X, **wrong)


def test_nothing_that_is_given_is_changed(model):
    X, y, theta = model.data(np.random.default_rng(18), 5, 2)
    s = np.array([1.0, 2.0, 0.0, 3.0, 1.0])
    s.flags.writeable = False
    before = [list(row) for row in X], list(y), list(theta)
    model.gradient(X, y, theta, s)
    model.descent(X, y, theta, learning_rate="safe", iterations=3, sample_weight=s, l2=0.1)
    model.safe(X, sample_weight=s)
    assert (X, y, theta) == before
    assert s.tolist() == [1.0, 2.0, 0.0, 3.0, 1.0]


def test_the_users_weights_are_let_go(model):
    """After a call, and after an error whose frames are kept, the buffer is free again."""
    X, y, theta = model.data(np.random.default_rng(19), 4, 2)
    for last in (1.0, -1.0):
        for code in "dfb":
            weights = array(code, [1, 1, 1, int(last)])
            kept = []
            for call in (
                lambda weights=weights: model.gradient(X, y, theta, weights),
                lambda weights=weights: model.safe(X, sample_weight=weights),
                lambda weights=weights: model.descent(
                    X, y, learning_rate="safe", iterations=1, sample_weight=weights
                ),
            ):
                try:
                    call()
                except ValueError as error:
                    kept.append(error)
            assert len(kept) == (3 if last < 0 else 0)
            weights.append(1)  # BufferError while somebody holds on to it
