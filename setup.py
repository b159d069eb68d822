"""The part of the build that pyproject.toml cannot express: the C part, and whether to build it.

PYREF_PURE=1        builds without C: a wheel for any Python.
PYREF_REQUIRE_C=1   turns a failed C build into a failed install.
"""

import os
import platform
import sysconfig

from setuptools import setup

pure = os.environ.get("PYREF_PURE") == "1"
# One wheel serves CPython 3.10 and all later ones, through the stable ABI. The free-threaded
# builds and PyPy have none.
stable_abi = platform.python_implementation() == "CPython" and not sysconfig.get_config_var(
    "Py_GIL_DISABLED"
)

if pure:
    setup()
else:
    setup(
        cffi_modules=["csrc/build.py:ffi"],
        options={"bdist_wheel": {"py_limited_api": "cp310"}} if stable_abi else {},
    )
