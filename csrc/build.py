"""How cffi builds the C part: the interface is read from pyref.h, the sources are listed here.

setup.py names this file (`cffi_modules`); it is not run by hand.
"""

import os
import sysconfig
from pathlib import Path

from cffi import FFI

SOURCES = [
    "buffers.c",
    "descent.c",
    "dispatch.c",
    "isa_baseline.c",
    "isa_v3.c",
    "isa_v4.c",
    "logistic.c",
    "multinomial.c",
    "pass.c",
]
HEADERS = [
    "coefficients.h",
    "kernels.h",
    "kernels_body.h",
    "lanes.h",
    "logistic_kernel.h",
    "multinomial_kernel.h",
    "pass.h",
    "pyref.h",
    "rows.h",
    "scalar_kernel.h",
]

# Nothing here changes a result: -ffp-contract=off forbids the compiler a fused multiply-add
# that is not written, the other two only say that nobody looks at errno or at traps.
FLAGS = [
    "-std=gnu99",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
]

here = Path(__file__).parent
interface = here.joinpath("pyref.h").read_text()
interface = interface.split("/* interface begins */")[1].split("/* interface ends */")[0]

ffi = FFI()
ffi.cdef(interface)
ffi.set_source(
    "pyref._native",
    '#include "pyref.h"',
    sources=[f"csrc/{name}" for name in SOURCES],
    depends=[f"csrc/{name}" for name in HEADERS],
    include_dirs=["csrc"],
    extra_compile_args=FLAGS + os.environ.get("PYREF_CFLAGS", "").split(),
    extra_link_args=["-pthread"] + os.environ.get("PYREF_LDFLAGS", "").split(),
    libraries=["m"],
    # Without a compiler the install goes on without the C part, and pyref.fast says why;
    # PYREF_REQUIRE_C=1 makes that a failure.
    optional=os.environ.get("PYREF_REQUIRE_C") != "1",
    py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),
)
