"""One suite for two implementations: a test that takes `impl` runs for each of them.

The ids are `python` (pyref) and `c` (pyref.fast, compiled); front/test_twins.py
proves that they are not the same code twice. A missing compiled part stops the whole run.
Whoever means to test the Python implementation alone says so, with PYREF_PURE=1: then only
`python` is collected, and the tests that take `fast` are reported as deselected.
"""

import importlib
import os
import signal

import pytest
from hypothesis import settings

# scikit-learn skips one of its checks of an estimator unless SciPy was imported with this set.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

pytest.register_assert_rewrite("helpers")

# Pictures are drawn into memory: no window, whatever the machine has. (An example in the README
# may say nothing of it, and matplotlib chooses when it is first imported.)
os.environ["MPLBACKEND"] = "agg"

# A shell lets what it starts in the background ignore Ctrl-C, which some tests wait for.
signal.signal(signal.SIGINT, signal.default_int_handler)

MODULES = {"python": "pyref", "c": "pyref.fast"}
PURE_ONLY = os.environ.get("PYREF_PURE") == "1"
IDS = ["python"] if PURE_ONLY else ["python", "c"]

# The same examples on every run: a failure in CI is a failure at home. No deadline, because
# the first call of a pure-Python example and a busy machine are both slow, and neither is wrong.
settings.register_profile("pyref", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("pyref")


def pytest_configure(config):
    if PURE_ONLY:
        return
    try:
        importlib.import_module("pyref.fast")
    except ImportError as error:
        raise pytest.UsageError(
            f"the compiled implementation is missing: {error}\n"
            "Build it (pip install -e .), or set PYREF_PURE=1 to test the Python one alone."
        ) from error


def pytest_collection_modifyitems(config, items):
    if PURE_ONLY:
        unwanted = [item for item in items if "fast" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]


@pytest.fixture(scope="session", params=IDS)
def impl(request):
    """The module under test. Both have the same functions with the same signatures."""
    return importlib.import_module(MODULES[request.param])


@pytest.fixture(params=IDS)
def backend(request):
    """The name of an estimator's backend."""
    return request.param


@pytest.fixture(scope="session")
def impls():
    """All of them, for a test whose inputs cost more than the calls: each is asked in turn."""
    return [importlib.import_module(MODULES[name]) for name in IDS]


@pytest.fixture(scope="session")
def fast():
    """The compiled module, for what only it promises, and for comparing it with the other."""
    return importlib.import_module(MODULES["c"])


@pytest.fixture(scope="session")
def buffers(fast):
    """The room where the C engine takes what people give."""
    return fast.FRONT.engine.buffers


@pytest.fixture(scope="session")
def ulps(impl):
    """How many units in the last place a scalar of this implementation may be from the truth."""
    return {MODULES["python"]: 2, MODULES["c"]: 3}[impl.__name__]
