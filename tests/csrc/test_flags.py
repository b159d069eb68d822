"""A compiler that may change the result of an operation is refused, in words."""

import os
import platform
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CSRC = ROOT / "csrc"
COMPILERS = os.environ.get("PYREF_COMPILERS", "").split() or [
    name for name in ("gcc", "clang") if shutil.which(name)
]


@pytest.fixture(scope="module")
def flags():
    """Those that the build gives."""
    pytest.importorskip("cffi")
    return runpy.run_path(str(CSRC / "build.py"))["FLAGS"]


def looked_at(compiler, *flags):
    """What the compiler says of a file that has the kernels in it; an empty text if nothing."""
    command = (compiler, "-I", CSRC, "-fsyntax-only", *flags, CSRC / "lanes" / "baseline.c")
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode == 0) == ("error:" not in done.stderr)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("flag", ["-ffast-math", "-ffinite-math-only"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_fast_math_is_taken_back_or_refused(compiler, flag, flags):
    """A user's CFLAGS come before the build's flags, which take it back; PYREF_CFLAGS after.

    (.ci/same-bits compares the bits of a build with CFLAGS=-Ofast.)"""
    assert looked_at(compiler, *flags) == ""
    assert looked_at(compiler, flag, *flags) == ""
    assert looked_at(compiler, "-Ofast", *flags) == ""
    assert "cannot be compiled with -ffast-math, nor with a part of it" in looked_at(
        compiler, *flags, flag
    )


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86 has such a unit")
def test_arithmetic_in_more_than_double_is_refused(flags):
    """As on x86 of 32 bits, unless it is told otherwise."""
    assert "needs arithmetic in double" in looked_at("gcc", *flags, "-mfpmath=387")


def test_the_oldest_gcc_of_the_readme_is_one_that_ci_builds_with():
    (oldest,) = re.findall(r"needs GCC (\d+) or Clang", (ROOT / "README.md").read_text())
    same_bits = (ROOT / ".ci" / "same-bits").read_text()
    assert f'compile gcc-{oldest} csrc "" gcc-{oldest}\n' in same_bits
