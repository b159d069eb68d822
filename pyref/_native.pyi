"""The compiled module, as cffi makes it from the interface in csrc/pyref.h."""

from typing import Any

class _Pointer:  # to anything in C's memory
    def __getitem__(self, index: Any, /) -> Any: ...
    def __setitem__(self, index: Any, value: Any, /) -> None: ...
    def __add__(self, steps: int, /) -> _Pointer: ...
    def __enter__(self) -> _Pointer: ...
    def __exit__(self, *problem: object) -> None: ...
    def __int__(self) -> int: ...

class _FFI:
    NULL: _Pointer
    def new(self, cdecl: str, init: Any = None) -> _Pointer: ...
    def cast(self, cdecl: str, value: Any) -> _Pointer: ...
    def from_buffer(
        self, cdecl: Any, python_buffer: Any = ..., require_writable: bool = False
    ) -> _Pointer: ...
    def gc(self, cdata: _Pointer, destructor: Any) -> _Pointer: ...
    def release(self, cdata: _Pointer) -> None: ...
    def buffer(self, cdata: _Pointer, size: int = -1) -> Any: ...
    def string(self, cdata: _Pointer, maxlen: int = -1) -> Any: ...
    def typeof(self, cdecl: Any) -> Any: ...

class _Lib:
    PYREF_INTERFACE: int
    PYREF_GRADIENT: int
    PYREF_SOFTMAX: int
    PYREF_HESSIAN: int
    PYREF_SQUARES: int
    PYREF_SCORES: int
    PYREF_READ: int
    PYREF_COLUMNS: int
    PYREF_STANDARD_GRADIENT: int
    PYREF_STANDARD_HESSIAN: int
    PYREF_MOVES: int
    PYREF_FORCES: int
    PYREF_PRODUCT: int
    PYREF_REST: int
    PYREF_SEPARATES: int
    PYREF_DONE: int
    PYREF_NO_MEMORY: int
    PYREF_NO_LABEL: int
    PYREF_NOT_FINITE: int
    PYREF_AGAIN: int
    PYREF_ITERATIONS: int
    PYREF_CONVERGED: int
    PYREF_DIVERGED: int
    def pyref_sigmoid(self, z: _Pointer, out: _Pointer, n: int, /) -> None: ...
    def pyref_softplus(self, z: _Pointer, out: _Pointer, n: int, /) -> None: ...
    def pyref_sigmoid_of(self, z: float, /) -> float: ...
    def pyref_softplus_of(self, z: float, /) -> float: ...
    def pyref_binary_cross_entropy(self, y: float, p: float, /) -> float: ...
    def pyref_binary_cross_entropy_with_logits(self, y: float, z: float, /) -> float: ...
    def pyref_residual(self, y: float, z: float, /) -> float: ...
    def pyref_sigmoid_derivative(self, z: float, /) -> float: ...
    def pyref_logsumexp(self, zs: _Pointer, C: int, room: _Pointer, /) -> float: ...
    def pyref_softmax(self, zs: _Pointer, C: int, ps: _Pointer, /) -> None: ...
    def pyref_categorical_cross_entropy(self, ys: _Pointer, ps: _Pointer, C: int, /) -> float: ...
    def pyref_categorical_cross_entropy_with_logits(
        self, ys: _Pointer, zs: _Pointer, C: int, room: _Pointer, /
    ) -> float: ...
    def pyref_probabilities(
        self, scores: _Pointer, n: int, C: int, ps: _Pointer, /
    ) -> None: ...
    def pyref_log_of(self, p: float, /) -> float: ...
    def pyref_log(self, x: _Pointer, out: _Pointer, n: int, /) -> None: ...
    def pyref_log1p(self, x: _Pointer, out: _Pointer, n: int, /) -> None: ...
    def pyref_exp_minus(self, a: _Pointer, out: _Pointer, n: int, /) -> None: ...
    def pyref_run_new(
        self,
        what: int,
        X: _Pointer,
        X_kind: int,
        y: _Pointer,
        y_kind: int,
        sample_weight: _Pointer,
        n: int,
        d: int,
        classes: int,
        soft: int,
        passes: int,
        threads: int,
        /,
    ) -> _Pointer: ...
    def pyref_run_free(self, run: _Pointer, /) -> None: ...
    def pyref_run_units(self, run: _Pointer, shift: _Pointer, scale: _Pointer, /) -> None: ...
    def pyref_run_scores(self, run: _Pointer, scores: _Pointer, /) -> None: ...
    def pyref_run_share(self, run: _Pointer, share: int, /) -> None: ...
    def pyref_run_pass(
        self, run: _Pointer, params: _Pointer, seconds: float, out: _Pointer, /
    ) -> int: ...
    def pyref_run_passes(
        self, run: _Pointer, params: _Pointer, passes: int, out: _Pointer, /
    ) -> None: ...
    def pyref_gradient(
        self,
        X: _Pointer,
        X_kind: int,
        y: _Pointer,
        y_kind: int,
        n: int,
        d: int,
        params: _Pointer,
        out: _Pointer,
        /,
    ) -> int: ...
    def pyref_gradient_descent(
        self,
        run: _Pointer,
        params: _Pointer,
        v: _Pointer,
        step: float,
        momentum: float,
        l2: float,
        total: float,
        tolerance: float,
        iterations: int,
        seconds: float,
        losses: _Pointer,
        made: _Pointer,
        /,
    ) -> int: ...
    def pyref_softmax_descent(
        self,
        run: _Pointer,
        params: _Pointer,
        v: _Pointer,
        step: float,
        momentum: float,
        l2: float,
        total: float,
        tolerance: float,
        iterations: int,
        seconds: float,
        losses: _Pointer,
        made: _Pointer,
        /,
    ) -> int: ...
    def pyref_dot(self, u: _Pointer, v: _Pointer, m: int, /) -> float: ...
    def pyref_plus(self, u: _Pointer, t: float, v: _Pointer, out: _Pointer, m: int, /) -> None: ...
    def pyref_cholesky(
        self,
        hess: _Pointer,
        m: int,
        total: float,
        ridge: _Pointer,
        shift: float,
        last_first: int,
        rounding: float,
        L: _Pointer,
        row: _Pointer,
        seconds: float,
        /,
    ) -> int: ...
    def pyref_solve(self, L: _Pointer, m: int, v: _Pointer, out: _Pointer, /) -> None: ...
    def pyref_variances(
        self,
        L: _Pointer,
        m: int,
        last: _Pointer,
        room: _Pointer,
        out: _Pointer,
        row: _Pointer,
        seconds: float,
        /,
    ) -> None: ...
    def pyref_symmetric_row(self, triangle: _Pointer, m: int, j: int, out: _Pointer, /) -> None: ...
    def pyref_find_not_finite(self, X: _Pointer, kind: int, start: int, count: int, /) -> int: ...
    def pyref_find_no_label(self, y: _Pointer, kind: int, start: int, count: int, /) -> int: ...
    def pyref_find_no_distribution(
        self, y: _Pointer, kind: int, start: int, count: int, classes: int, /
    ) -> int: ...
    def pyref_find_no_class(
        self, y: _Pointer, kind: int, start: int, count: int, classes: int, /
    ) -> int: ...
    def pyref_largest(self, y: _Pointer, kind: int, start: int, count: int, /) -> int: ...
    def pyref_widen(
        self, values: _Pointer, kind: int, start: int, count: int, out: _Pointer, /
    ) -> None: ...
    def pyref_find_no_weight(self, values: _Pointer, start: int, count: int, /) -> int: ...
    def pyref_find_no_count(self, values: _Pointer, start: int, count: int, /) -> int: ...
    def pyref_sum(self, values: _Pointer, start: int, count: int, total: float, /) -> float: ...
    def pyref_in_basis(
        self,
        X: _Pointer,
        kind: int,
        start: int,
        count: int,
        d: int,
        sample_weight: _Pointer,
        shift: _Pointer,
        factor: _Pointer,
        B: _Pointer,
        room: _Pointer,
        reach: _Pointer,
        Q: _Pointer,
        /,
    ) -> None: ...
    def pyref_instruction_set(self, /) -> _Pointer: ...
    def pyref_use_instruction_set(self, name: bytes, /) -> int: ...
    def pyref_fail_allocation_after(self, count: int, /) -> None: ...

ffi: _FFI
lib: _Lib
