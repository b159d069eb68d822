"""How cffi builds the C part: every .c file of the folders, with the interface from pyref.h.

plain.c, beside this file, is a program by itself and no part of it.

setup.py names this file (`cffi_modules`); it is not run by hand.
"""

import os
from hashlib import sha256
from pathlib import Path

from cffi import FFI

here = Path(__file__).parent

# Nothing here changes a result: -fno-fast-math takes back what CFLAGS may have, and -O3 an -Ofast.
# (Also where it is linked: there -ffast-math brings code that changes the arithmetic of the whole
# process as it is loaded.) -ffp-contract=off forbids the compiler a fused multiply-add
# that is not written, the next two only say that nobody looks at errno or at traps. -g0 takes
# back the -g that Python adds, which slows the build and makes the file several times larger.
# (PYREF_CFLAGS comes last, so -g there brings it back.)
FLAGS = [
    "-fno-fast-math",
    "-std=gnu99",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
    "-g0",
]
LINK_FLAGS = ["-pthread", "-O3", "-fno-fast-math", "-fno-unsafe-math-optimizations"]


def files(*patterns):
    """Relative to setup.py, as setuptools wants them."""
    found = [path for pattern in patterns for path in here.glob(pattern)]
    return sorted(path.relative_to(here.parent).as_posix() for path in found)


interface = here.joinpath("pyref.h").read_text(encoding="utf-8")
interface = interface.split("/* interface begins */")[1].split("/* interface ends */")[0]

# So that Python's half never calls another interface than the one that it was written for.
NUMBER = int(sha256(interface.encode()).hexdigest()[:7], 16)
number = f"\nenum {{ PYREF_INTERFACE = {NUMBER} }};\n"

ffi = FFI()
ffi.cdef(interface + number)
ffi.set_source(
    "pyref._native",
    '#include "pyref.h"' + number,
    sources=files("*/*.c"),
    depends=files("*.h", "*/*.h"),
    include_dirs=["csrc"],
    extra_compile_args=[*FLAGS, *os.environ.get("PYREF_CFLAGS", "").split()],
    extra_link_args=[*LINK_FLAGS, *os.environ.get("PYREF_LDFLAGS", "").split()],
    libraries=["m"],
    # Without a compiler the install goes on without the C part, and pyref.fast says why;
    # PYREF_REQUIRE_C=1 makes that a failure.
    optional=os.environ.get("PYREF_REQUIRE_C") != "1",
)
