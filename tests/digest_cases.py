"""The cases of tests/digests.py, and the pools of numbers that they take theirs from.

A case is one line of text: what to call, and where in the pools its numbers stand. The pools are
made of whole numbers alone (no random module, no C library), so that every Python on every
processor makes the same ones.
"""

import struct
from array import array

# ---------------------------------------------------------------- the pools

MASK = 2**64 - 1
LENGTH = 65521  # a prime, so that no row of any table repeats the one before it
NAN, INF = float("nan"), float("inf")


def words(seed, count):
    """`count` whole numbers of 64 bits: xorshift64*, by Marsaglia and Vigna."""
    state, out = seed, []
    for _ in range(count):
        state ^= state >> 12
        state ^= state << 25 & MASK
        state ^= state >> 27
        out.append(state * 2685821657736338717 & MASK)
    return out


def double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


HALVES = [1.0]  # 1, 1/2, 1/4, ...: exact, and made by nobody's pow
while len(HALVES) < 64:
    HALVES.append(HALVES[-1] / 2)


def ordinary(word, digits):
    """A number below 2 of either sign and any of `digits` binary digits; some zeros."""
    if word >> 3 & 63 == 0:
        return 0.0
    whole = (word >> 64 - digits) - (1 << digits - 1)
    return whole * HALVES[digits - 2] * HALVES[word & 7]


def soft(word):
    """A label from 0 to 1, some of them certain."""
    return float(word & 1) if word >> 1 & 3 == 0 else (word >> 11) * HALVES[53]


def row_of_shares(seed, C, rows):
    """C probabilities a row that sum to 1 exactly: shares of 2^10. Some are certain."""
    out = []
    for word in words(seed, rows):
        if word & 3 == 0:
            shares = [1024 if c == (word >> 2) % C else 0 for c in range(C)]
        else:
            shares = [(word >> 4 + 6 * c & 63) + (c == 0) for c in range(C)]
            shares[(word >> 2) % C] += 1024 - sum(shares)
        out += [share * HALVES[10] for share in shares]
    return out


def of_any_size(word):
    """Any finite double."""
    return double(word if word >> 52 & 2047 != 2047 else word ^ 1 << 52)


TINY, NORMAL, LARGEST = double(1), double(1 << 52), double((2047 << 52) - 1)

# Where something changes: the ends of the range, where e^-z becomes subnormal and then 0, where
# 1 + e^-z becomes 1, the multiples of (log 2)/2 at which the reduction of e^-z changes its mind.
EDGES = [0.0, TINY, 3 * TINY, NORMAL - TINY, NORMAL, 3 * NORMAL, 1e-300, 1e-20, 2.0**-54, 2.0**-53]
EDGES += [2.0**-52, 1e-9, 0.25, 0.34657359027997264, 0.34657359027997270, 0.5, 0.6931471805599453]
EDGES += [1.0, 1.5, 2.0, 10.0, 36.04365338911715, 36.7368005696771, 37.42994775023705, 40.0]
EDGES += [708.0, 708.3964185322641, 709.08956571282405, 709.782712893384, 744.4400719213812]
EDGES += [745.0, 745.1332191019411, 745.1332191019412, 745.5, 746.0, 746.0000000000001, 1000.0]
EDGES += [1e16, 1e100, 1e300, 1e308, LARGEST]


def make_pools():
    found = {
        "ordinary": [ordinary(word, 53) for word in words(1, LENGTH)],
        "single": [ordinary(word, 24) for word in words(2, LENGTH)],
        "hard": [float(word >> 63) for word in words(3, LENGTH)],
        "soft": [soft(word) for word in words(4, LENGTH)],
        "weights": [(word >> 40) * HALVES[22] for word in words(5, LENGTH)],
        "counts": [float(word >> 62) for word in words(13, LENGTH)],
        "probabilities": [soft(word) for word in words(12, 10007)]
        + [z for z in EDGES if z < 1]
        + [1 - z for z in EDGES if z < 1],
        "edges": EDGES + [-z for z in EDGES],
        "zeros": [0.0],
        "ones": [1.0],
        "any": [of_any_size(word) for word in words(6, 20011)],
        # scores over the range in which anything happens, and over the middle of it
        "scores": [750 * ordinary(word, 53) / 2 for word in words(7, 10007)]
        + [40 * ordinary(word, 53) / 2 for word in words(8, 10009)],
        "limits": [INF, -INF, NAN, 0.0, -0.0],
        "normals": [z for z in map(abs, map(of_any_size, words(9, 20011))) if NORMAL <= z < 1e308],
        # from -1/2 on, as log1p has it, where it bends; then all sizes
        "above -1/2": [(word >> 11) * HALVES[52] - 0.5 for word in words(10, 20011)]
        + [min(abs(of_any_size(word)), 1e300) for word in words(11, 10007)],
    }
    for C in (2, 3, 5, 8):
        found[f"classes {C}"] = [float(word % C) for word in words(20 + C, LENGTH)]
        found[f"shares {C}"] = row_of_shares(40 + C, C, 1009)
    found["sizes"] = [abs(z) for z in found["scores"] + found["any"] + EDGES]
    return {name.replace(" ", "_"): array("d", values) for name, values in found.items()}


POOLS = make_pools()

# ---------------------------------------------------------------- the cases

KINDS = "dfbBhHiIqQ?"  # of elements, as the module array has them; ? is a bool

# n around every edge: lanes of 8, blocks of 64, the 512 rows of a product of 1 + e
AROUND_EDGES = [*range(1, 21), 63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025]
FEWER = [*range(1, 10), 15, 16, 17, 63, 64, 65, 127, 128, 129]


def rows_of_a_part(d):
    """As csrc/engine/plan.c cuts tables that are not large."""
    return (16384 // d + 1 + 63) // 64 * 64


# Chapter 3's passes over X, as csrc/pyref.h names them; and how many results d features give
LOOKS = {
    "columns": lambda d: 6 * d + 3,
    "standard_gradient": lambda d: d + 3,
    "standard_hessian": lambda d: d + 3 + (d + 1) * (d + 2) // 2,
    "moves": lambda d: 4,
    "forces": lambda d: d + 1,
    "product": lambda d: d + 1,
    "rest": lambda d: d + 1,
    "separates": lambda d: 2,
}


class Cases:
    """Lines of text. Offsets into the pools go on from case to case, so that data differ."""

    def __init__(self):
        self.lines = []
        self.step = 0

    def offset(self):
        self.step = (self.step + 7919) % LENGTH
        return self.step

    def add(self, *words):
        self.lines.append(" ".join(str(word) for word in words))

    def each(self, group, function, *pools):
        """function of every number of the first pool; a second pool goes along with it."""
        self.add("each", group.replace(" ", "_"), function, *pools)

    def look(self, group, n, d, word, **how):
        """One of chapter 3's passes."""
        self.table(f"{group}, {word}", n, d, word=word, **how)

    def table(self, group, n, d, X="ordinary", X_kind="d", y="hard", y_kind="d", w="ordinary",
              weight="-", classes=0, word="gradient", descent=None, at=None):  # fmt: skip
        """A gradient; or a Hessian (with loss and gradient before it); or the sum of squares of
        the safe learning rate; or a descent of so many iterations, with this learning rate,
        momentum, l2 and tolerance."""
        X_at, y_at, w_at, weight_at = at or [self.offset() for _ in range(4)]
        if y.startswith("shares"):
            y_at = y_at % (len(POOLS[y]) // classes) * classes
        word = "descent" if descent else word
        self.add(word, group.replace(" ", "_"), n, d, classes, X, X_kind, X_at, y, y_kind, y_at,
                 w, w_at, weight, weight_at, *(descent or ()))  # fmt: skip


def make_cases():
    c = Cases()

    for name in ("sigmoid", "softplus"):
        c.each(f"{name} of an array", name, "edges")
        c.each(f"{name} of an array", name, "scores")
        c.each(f"{name} of an array", name, "any")
        c.each(f"{name} of an array", name, "limits")
    c.each("log", "log", "normals")
    c.each("log1p", "log1p", "above_-1/2")
    c.each("exp_minus", "exp_minus", "sizes")
    for name in ("loss", "residual"):
        c.each(f"{name} of one sample", name, "limits", "soft")
        c.each(f"{name} of one sample", name, "edges", "soft")
        c.each(f"{name} of one sample", name, "scores", "soft")
        c.each(f"{name} of one sample", name, "scores", "hard")
    c.each("binary_cross_entropy of one sample", "binary_cross_entropy", "probabilities", "hard")
    c.each("binary_cross_entropy of one sample", "binary_cross_entropy", "probabilities", "soft")
    for C in (2, 3, 5, 8):
        for name in ("logsumexp", "softmax"):
            for pool in ("scores", "edges", "limits"):
                c.each(f"{name} of {C} classes", f"{name}_{C}", pool)

    # Chapter 1, every width; labels of every kind take turns.
    labels = [("hard", kind) for kind in KINDS] + [("soft", "d"), ("soft", "f"), ("soft", "d")]
    turn = 0
    for d in [*range(1, 66), 100, 513, 1000, 1025, 4099]:
        for X, X_kind, rows in (
            ("ordinary", "d", AROUND_EDGES if d <= 100 else FEWER),
            ("single", "f", FEWER),
        ):
            for n in rows:
                y, y_kind = labels[turn % len(labels)]
                turn += 1
                c.table(f"gradient, {X_kind}, d = {d}", n, d, X, X_kind, y, y_kind)
    # Where a second, a third, ... part begins; then more parts than there can be of that size
    for d in (1, 2, 3, 4, 5, 8, 9, 16, 33, 64, 100, 1000):
        part = rows_of_a_part(d)
        X, X_kind = ("ordinary", "d") if d % 2 else ("single", "f")
        for n in (part - 1, part, part + 1, 2 * part, 2 * part + 1, 3 * part - 1, 7 * part + 9):
            c.table(f"gradient, parts, d = {d}", n, d, X, X_kind, "soft")
    c.table("gradient, many parts", 128 * rows_of_a_part(8) + 1, 8, "single", "f", "hard", "B")
    c.table("gradient, many parts", 16001, 40, "ordinary", "d", "hard", "B")
    # One feature, one row for each edge of the range: scores of +-1e308 among them
    for n in (1, 2, 3, 7, 8, 9, len(EDGES), 2 * len(EDGES)):
        for at in range(0, 2 * len(EDGES), 5):
            for w in ("ones", "edges"):
                for y in ("hard", "soft"):
                    c.table("gradient, extreme", n, 1, "edges", "d", y, w=w, at=(at, n, at // 3, 0))
    for n, d in ((5, 2), (9, 3), (17, 8), (65, 9), (30, 17)):
        for at in range(0, 2 * len(EDGES), 7):
            c.table("gradient, extreme", n, d, "edges", "d", "soft", w="ones", at=(at, 1, 0, 0))
            c.table("gradient, extreme", n, d, "any", "d", "hard", at=(99 * at, 1, at, 0))
    for d in (1, 2, 4, 7, 8, 9, 20):
        for n in (1, 7, 8, 9, 63, 65, 513, 1025):
            c.table("gradient, weighted samples", n, d, y="soft", weight="weights")

    # Descents: rows packed (few features, four iterations or more) and as they lie, with all
    # that steers; two parts and more.
    plain, all_of_it = (5, 0.5, 0.0, 0.0, 0.0), (7, 0.25, 0.5, 0.125, 1e-9)
    for d in [*range(1, 18), 33]:
        for n in (1, 2, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1025):
            c.table(f"descent, d = {d}", n, d, descent=plain)
            c.table(f"descent, d = {d}", n, d, "single", "f", "soft", "f", descent=(3, *plain[1:]))
        for n in (9, 65, 513):
            c.table(f"descent, d = {d}", n, d, y="soft", descent=all_of_it)
            c.table(f"descent, d = {d}", n, d, weight="weights", descent=all_of_it)
    for d in (1, 2, 3, 4, 6, 8, 9, 40):
        for n in (rows_of_a_part(d) + 1, 3 * rows_of_a_part(d) + 63):
            c.table("descent, parts", n, d, y_kind="B", descent=plain)
            c.table("descent, parts", n, d, "single", "f", descent=(4, 2.0, 0.875, 0.0, 0.0))
    for at in range(0, 2 * len(EDGES), 3):  # most of these diverge, at once or later
        for n, d in ((1, 1), (9, 2), (20, 9)):
            how = (6, 0.5, 0.5, 0.0, 0.0)
            c.table("descent, extreme", n, d, "edges", w="zeros", descent=how, at=(at, at, 0, 0))

    # Chapter 2
    for C in (2, 3, 5, 8):
        for d in (1, 2, 3, 7, 8, 9, 16, 17, 33):
            for n in (1, 2, 7, 8, 9, 16, 17, 63, 64, 65, 129, 513):
                kind = KINDS[2 + (n + d) % 9]
                group = f"softmax gradient, C = {C}"
                c.table(group, n, d, y=f"classes_{C}", y_kind=kind, classes=C)
                kind = "df"[n % 2]
                c.table(group, n, d, "single", "f", f"shares_{C}", kind, classes=C)
        for n in (1, 9, 65, 300):
            group = f"softmax descent, C = {C}"
            c.table(group, n, 5, y=f"classes_{C}", y_kind="i", classes=C, descent=plain)
            c.table(group, n, 9, "single", "f", f"shares_{C}", classes=C, descent=all_of_it)
        for d in (3, 16):
            part = rows_of_a_part(C * d)
            for n in (part, part + 1, 4 * part + 70):
                group = f"softmax, parts, C = {C}"
                c.table(group, n, d, y=f"classes_{C}", y_kind="B", classes=C)
                c.table(group, n, d, "single", "f", f"shares_{C}", classes=C, descent=plain)
    for at in range(0, 2 * len(EDGES), 5):
        for C, n, d in ((3, 9, 1), (5, 17, 2)):
            c.table("softmax gradient, extreme", n, d, "edges", y=f"classes_{C}", y_kind="b",
                    w="edges", classes=C, at=(at, at, at // 2, 0))  # fmt: skip

    # Chapter 3
    for d in [*range(1, 36), 63, 64, 65, 100]:
        for n in (1, 7, 8, 9, 63, 65, 129, 513):
            if n * d * d < 700000:
                X, X_kind = ("single", "f") if (n + d) % 3 == 0 else ("ordinary", "d")
                weight = "weights" if n % 2 else "-"
                c.table("hessian", n, d, X, X_kind, "soft", weight=weight, word="hessian")
    for d in (1, 2, 8, 20):
        n = 2 * rows_of_a_part(d) + 65
        c.table("hessian, parts", n, d, y_kind="B", word="hessian")
    for at in range(0, 2 * len(EDGES), 5):
        c.table("hessian, extreme", 20, 2, "edges", w="ones", word="hessian", at=(at, at, 0, 0))
    turn = 0
    for word in LOOKS:
        for d in [*range(1, 19), 31, 32, 33, 40, 64, 65, 100, 1000, 5000]:
            for n in (1, 7, 8, 9, 63, 65, 129) if d < 1000 else (1, 9):
                if word == "standard_hessian" and d > 100:
                    continue
                turn += 1
                X, X_kind = ("single", "f") if turn % 3 == 0 else ("ordinary", "d")
                y, y_kind = labels[turn % len(labels)]
                weight = "-" if turn % 2 else "counts"
                how = {"X": X, "X_kind": X_kind, "y": y, "y_kind": y_kind, "weight": weight}
                c.look("look", n, d, word, **how)
        for d in (1, 3, 20):
            n = 2 * rows_of_a_part(d) + 65
            c.look("look, parts", n, d, word, y="soft", weight="counts" if d == 3 else "-")
        for at in range(0, 2 * len(EDGES), 7):
            how = {"X": "edges", "w": "ones", "weight": "counts", "at": (at, at, 0, at)}
            c.look("look, extreme", 20, 2, word, **how)
    for d in [*range(1, 20), 31, 40, 70]:
        c.table("algebra", d + 40, d, word="algebra")

    # The safe learning rate
    for d in [*range(1, 18), 33, 64, 100, 1025]:
        for n in FEWER:
            X, X_kind = ("single", "f") if (n + d) % 3 == 0 else ("ordinary", "d")
            weight = "weights" if n % 2 else "-"
            at = (n * d, 0, 0, 31 * n)
            c.table("squares", n, d, X, X_kind, weight=weight, word="squares", at=at)
    for d in (1, 5, 8, 20):
        n = 2 * rows_of_a_part(d) + 65
        c.table("squares, parts", n, d, word="squares", at=(d, 0, 0, 0))
    # Weights of 0 leave rows out, also those whose scores or squares overflow
    for at in range(0, 2 * len(EDGES), 5):
        at = (at, at + 1, 0, at)
        for X in ("edges", "any"):
            how = {"w": "ones", "weight": "counts", "at": at}
            for n, d in ((9, 1), (20, 2), (65, 9)):
                for word in ("gradient", "hessian", "squares"):
                    c.table(f"{word}, weights of 0", n, d, X, y="soft", word=word, **how)
                c.table("softmax, weights of 0", n, d, X, y="classes_3", y_kind="b", classes=3,
                        **how)  # fmt: skip
            c.table("descent, weights of 0", 65, 2, X, descent=plain, **{**how, "w": "zeros"})
    for C in (2, 5):
        for n in (1, 7, 9, 64, 300):
            at = (n, C, n, 7 * n)
            how = {"weight": "counts" if n % 2 else "weights", "classes": C, "at": at}
            c.table("softmax, weighted samples", n, 5, y=f"classes_{C}", y_kind="i", **how)
            c.table("softmax, weighted samples", n, 9, y=f"shares_{C}", descent=all_of_it, **how)

    # More than 4 MB: fetched ahead, in other blocks, and with the scores of another number of rows
    # summed together. (How depends on the processor: `near` in csrc/lanes/kernels.h, reading.h.)
    for n, d in ((8201, 65), (2050, 256), (2041, 257), (1025, 512), (1023, 513)):
        c.table("gradient, from memory", n, d, y="soft")
    for n, d in ((32769, 33), (16411, 65), (4081, 257)):
        c.table("gradient, from memory", n, d, "single", "f")
    for word in LOOKS:
        w = "zeros" if word == "separates" else "ordinary"  # it ends where a sample is moved back
        for n, d in ((8201, 65), (2041, 257), (1023, 513)):
            if word != "standard_hessian" or d == 65:
                c.look("look, from memory", n, d, word, y="soft", w=w)
        if word != "standard_hessian":
            c.look("look, from memory", 8101, 130, word, X="single", X_kind="f", w=w)
    for n, d in ((65537, 9), (34001, 16), (17003, 31), (16411, 32)):
        c.table("weighted samples, from memory", n, d, y="soft", weight="weights")
    for y, kind in (("classes_3", "i"), ("shares_3", "d")):
        c.table("softmax, from memory", 34001, 16, y=y, y_kind=kind, classes=3)
    return c.lines


CASES = make_cases()
