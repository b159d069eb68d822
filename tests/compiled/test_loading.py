"""Why the compiled part is not there: each reason has its own sentence, with the cure."""

import importlib
import sys
import types

import pytest

import pyref

LESSON = " The same functions in pure Python are in pyref."
NOT_BUILT = (
    "pyref.fast is the compiled part of pyref, and it was not built when pyref was installed (no C"
    " compiler, or PYREF_PURE=1). Install GCC or Clang, then: PYREF_REQUIRE_C=1 pip install"
    " --force-reinstall --no-cache-dir --no-binary pyref-logistic pyref-logistic." + LESSON
)
NO_CFFI = (
    "pyref.fast is the compiled part of pyref, and it needs the package cffi. To get it: pip"
    " install cffi." + LESSON
)
DOES_NOT_LOAD = (
    "pyref.fast is the compiled part of pyref, and it does not load: no libm here." + LESSON
)
OTHER_AGE = (
    "pyref.fast is newer or older than the compiled part that lies beside it. Install pyref"
    " again." + LESSON
)


class Broken:
    """A finder for the compiled module, whose import fails like this."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, path, target=None):
        if name == "pyref._native":
            raise self.error


def loaded(monkeypatch):
    monkeypatch.setattr(pyref, "compiled", pyref.compiled)  # to be put back, as it is in sys
    monkeypatch.delitem(sys.modules, "pyref.compiled", raising=False)
    return importlib.import_module("pyref.compiled")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ImportError("no file", name="pyref._native"), NOT_BUILT),
        (ImportError("no module", name="_cffi_backend"), NO_CFFI),
        (ImportError("no libm here"), DOES_NOT_LOAD),
        (ImportError("no libm here", name="pyref._native.libm"), DOES_NOT_LOAD),
    ],
)
def test_a_module_that_cannot_be_imported(fast, monkeypatch, error, message):
    monkeypatch.delitem(sys.modules, "pyref._native")
    monkeypatch.setattr(sys, "meta_path", [Broken(error), *sys.meta_path])
    with pytest.raises(ImportError) as caught:
        loaded(monkeypatch)
    assert str(caught.value) == message
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("interface", [None, 0, 8])
def test_a_module_of_another_age(fast, monkeypatch, interface):
    right = fast.FRONT.engine.lib.PYREF_INTERFACE
    assert interface != right
    lib = types.SimpleNamespace(
        pyref_use_instruction_set=lambda name: True, pyref_allow_threads=lambda count: None
    )
    if interface is not None:
        lib.PYREF_INTERFACE = interface
    other = types.ModuleType("pyref._native")
    other.lib, other.ffi = lib, None
    monkeypatch.setitem(sys.modules, "pyref._native", other)
    with pytest.raises(ImportError) as caught:
        loaded(monkeypatch)
    assert str(caught.value) == OTHER_AGE
    lib.PYREF_INTERFACE = right
    assert loaded(monkeypatch).lib is lib


def test_an_instruction_set_that_is_not_there(fast, monkeypatch):
    monkeypatch.setenv("PYREF_ISA", "v5")
    with pytest.raises(ImportError) as caught:
        loaded(monkeypatch)
    assert str(caught.value) == (
        "PYREF_ISA is 'v5': give baseline, v3 or v4, one that this processor has, or leave it out"
    )
