"""The part of the build that pyproject.toml cannot express: the C part, and whether to build it.

PYREF_PURE=1        builds without C: a wheel for any Python.
PYREF_REQUIRE_C=1   turns a failed C build into a failed install.
"""

import os
import platform
import sys
import sysconfig

from setuptools import setup
from setuptools.command.sdist import sdist

pure = os.environ.get("PYREF_PURE") == "1"
require_c = os.environ.get("PYREF_REQUIRE_C") == "1"
# One wheel serves CPython 3.10 and all later ones, through the stable ABI. The free-threaded
# builds and PyPy have none.
stable_abi = platform.python_implementation() == "CPython" and not sysconfig.get_config_var(
    "Py_GIL_DISABLED"
)


class SourceArchive(sdist):
    """All of the C part, whether or not it is built here, the tests, and what CI runs."""

    def make_distribution(self):
        for folder in ("csrc", "tests", ".ci"):
            self.filelist.graft(folder)
        self.filelist.global_exclude("*.py[co]")
        super().make_distribution()


options = {}
if not pure:
    options["cffi_modules"] = ["csrc/build.py:ffi"]
    if stable_abi:
        options["options"] = {"bdist_wheel": {"py_limited_api": "cp310"}}
if require_c:
    if pure:
        sys.exit("PYREF_PURE=1 and PYREF_REQUIRE_C=1 contradict each other: unset one of them")
    import cffi  # noqa: F401  without it setuptools would only warn of an unknown option

setup(cmdclass={"sdist": SourceArchive}, **options)
