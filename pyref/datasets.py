"""The documents' data, bit for bit as NumPy draws them but without NumPy, and three real sets.

    five_points     n = 5       d = 1   document 001                       separable
    seeded_cloud    n = 1000    d = 4   document 000                       separable
    challenger      n = 23      d = 1   Dalal, Fowlkes and Hoadley, 1989   not separable
    iris            n = 150     d = 4   Fisher, 1936, three classes        one class separable
    titanic         n = 2201    words   Dawson, 1995, people counted       not separable

"Separable" means: some score z = w . x + b is positive for exactly the samples labelled 1.
Then the loss has no minimum at any finite (w, b), since doubling both makes every sample less
wrong, again and again. Descent on such data ends because it was told when to, not because it
has arrived.

Features are floats, labels and classes whole numbers. Every call makes new lists, so what it
returns may be changed freely. The letters x, X, y, w, b, n, d are those of `logistic`.
"""

from math import exp, log, sqrt

# -------------------------------------------------------- the documents' data


def five_points():
    """Document 001's five samples of one feature, (x, y).

    Linearly separable between x = 3 and x = 4, so there is no finite optimum.

    >>> five_points()
    ([1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 0, 1, 1])
    """
    return [1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 0, 1, 1]


def seeded_cloud():
    """Document 000's 1000 rows of 4 features, and where its training starts: (X, y, w, b).

    NumPy's normal numbers for seed 42 give 4 weights and an intercept that make the labels,
    then X, row by row. A row x has label 1 if sigmoid(x . weights - intercept) > 0.62; the
    minus sign is the document's. Seed 43 gives w and b, from which its training starts.

    Linearly separable, because a threshold on a score made the labels, so there is no finite
    optimum.

    >>> X, y, w, b = seeded_cloud()
    >>> len(X), len(X[0]), sum(y), len(w)
    (1000, 4, 452, 4)
    >>> print(round(X[0][0], 8), round(w[0], 8), round(b, 8))
    -0.23413696 0.25739993 0.85807335
    """
    normals = legacy_normals(42, 4 + 1 + 1000 * 4)
    weights, intercept = normals[:4], normals[4]
    X = [normals[i : i + 4] for i in range(5, len(normals), 4)]
    y = []
    for x in X:
        z = -intercept
        for w_j, x_j in zip(weights, x):
            z += w_j * x_j
        # Rounding decides no label: the score nearest to the threshold is 0.0007 away from it.
        # And |z| < 6, so the sigmoid can be computed as the document prints it.
        y.append(1 if 1 / (1 + exp(-z)) > 0.62 else 0)
    start = legacy_normals(43, 4 + 1)
    return X, y, start[:4], start[4]


def legacy_normals(seed, count):
    """`count` standard normal numbers, those of `numpy.random.RandomState(seed).randn(count)`.

    NumPy has frozen that generator, so documents that print `np.random.seed(42)` can be
    followed for good. The numbers are the same to the last bit wherever log and sqrt round as
    in the C library that NumPy uses; elsewhere a log may move a last bit.

    seed is a whole number from 0 to 2**32 - 1 and count one from 0 up, else ValueError.

    The polar method (Marsaglia and Bray, 1964): draw points in a square until one falls inside
    the unit circle. Its angle is uniform, and so is its squared radius s, so -2 log(s) is
    distributed as the squared radius of a pair of normals. Stretch the point to that radius.

    >>> [round(z, 8) for z in legacy_normals(42, 3)]
    [0.49671415, -0.1382643, 0.64768854]
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}: give a whole number from 0 to {2**32 - 1}")
    if count < 0:
        raise ValueError(f"count is {count}: give a whole number, 0 or more")
    words = _mersenne_twister(seed)
    normals = []
    while len(normals) < count:
        u, v = 2 * _uniform(words) - 1, 2 * _uniform(words) - 1
        s = u * u + v * v
        if 0 < s < 1:
            stretch = sqrt(-2 * log(s) / s)
            # subtle: the second of the pair comes first. NumPy returns it, and keeps the first
            # for the next call.
            normals += [v * stretch, u * stretch]
    return normals[:count]


def _uniform(words):
    """The next number from [0, 1): the upper 27 bits of one word, then the upper 26 of one."""
    upper, lower = next(words) >> 5, next(words) >> 6
    return (upper * 2**26 + lower) / 2**53


def _mersenne_twister(seed):
    """The generator MT19937 (Matsumoto and Nishimura, 1998): its 32-bit words without end.

    Python's `random` runs on it too, but seeds it in another way, and small Pythons have none.
    """
    state = [seed]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) % 2**32)
    while True:
        for i in range(624):
            # The twist: the top bit of this word and the rest of the next, shifted by one ...
            mixed = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7FFFFFFF)
            state[i] = state[(i + 397) % 624] ^ mixed >> 1 ^ (0x9908B0DF if mixed & 1 else 0)
            # ... and the tempering, which spreads the bits of what is given out.
            word = state[i]
            word ^= word >> 11
            word ^= word << 7 & 0x9D2C5680
            word ^= word << 15 & 0xEFC60000
            yield word ^ word >> 18


# -------------------------------------------------------- real data


def challenger():
    """The 23 launches before the Challenger accident, in order of flight: (x, y).

    x is the temperature at the launch in degrees Fahrenheit, y is 1 if an O-ring of a booster
    was damaged. Challenger was launched on 28 January 1986 at 31 F. (A 24th earlier launch is
    left out: its boosters were lost at sea.)

    Not separable: damage came at 75 F, and none at 66 F. The optimum is finite, at a slope of
    -0.2322 a degree and an intercept of 15.0429.

    Source: S. R. Dalal, E. B. Fowlkes and B. Hoadley, Risk Analysis of the Space Shuttle:
    Pre-Challenger Prediction of Failure, Journal of the American Statistical Association 84
    (1989), pages 945-957.

    >>> temperatures, damaged = challenger()
    >>> len(temperatures), min(temperatures), max(temperatures), sum(damaged)
    (23, 53.0, 81.0, 7)
    """
    temperatures = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78]
    temperatures += [67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58]
    damaged = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0]
    damaged += [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    return [float(t) for t in temperatures], damaged


# One flower is one group of four two-digit numbers: length and width of its sepals, length and
# width of its petals, in millimetres. Fifty flowers of each species, one block a species.
_IRISES = """
    51351402 49301402 47321302 46311502 50361402 54391704 46341403 50341502 44291402 49311501
    54371502 48341602 48301401 43301101 58401202 57441504 54391304 51351403 57381703 51381503
    54341702 51371504 46361002 51331705 48341902 50301602 50341604 52351502 52341402 47321602
    48311602 54341504 52411501 55421402 49311502 50321202 55351302 49361401 44301302 51341502
    50351303 45231303 44321302 50351606 51381904 48301403 51381602 46321402 53371502 50331402

    70324714 64324515 69314915 55234013 65284615 57284513 63334716 49243310 66294613 52273914
    50203510 59304215 60224010 61294714 56293613 67314414 56304515 58274110 62224515 56253911
    59324818 61284013 63254915 61284712 64294313 66304414 68284814 67305017 60294515 57263510
    55243811 55243710 58273912 60275116 54304515 60344516 67314715 63234413 56304113 55254013
    55264412 61304614 58264012 50233310 56274213 57304212 57294213 62294313 51253011 57284113

    63336025 58275119 71305921 63295618 65305822 76306621 49254517 73296318 67255818 72366125
    65325120 64275319 68305521 57255020 58285124 64325323 65305518 77386722 77266923 60225015
    69325723 56284920 77286720 63274918 67335721 72326018 62284818 61304918 64285621 72305816
    74286119 79386420 64285622 63285115 61265614 77306123 63345624 64315518 60304818 69315421
    67315624 69315123 58275119 68325923 67335725 67305223 63255019 65305220 62345423 59305118
"""


def iris():
    """Fisher's 150 irises, 50 of each of three species: (X, y, names).

    A row of X is the length and width of the sepals, then of the petals, in centimetres. y is
    the species, 0, 1 or 2, and names[y] what it is called.

    Setosa is linearly separable from the other two, so softmax regression has no finite
    optimum here: setosa's weights grow without end. Versicolor and virginica overlap.

    Source: R. A. Fisher, The Use of Multiple Measurements in Taxonomic Problems, Annals of
    Eugenics 7 (1936), pages 179-188, table I; measured by Edgar Anderson. (The copy in the UCI
    repository differs from Fisher's table in rows 34 and 37; this one does not.)

    >>> X, y, names = iris()
    >>> X[0], names[y[0]]
    ([5.1, 3.5, 1.4, 0.2], 'setosa')
    """
    flowers = _IRISES.split()
    X = [[int(flower[j : j + 2]) / 10 for j in (0, 2, 4, 6)] for flower in flowers]
    y = [i // 50 for i in range(len(flowers))]
    return X, y, ("setosa", "versicolor", "virginica")


# by class: women who survived and died, then men
_TITANIC = (
    ("first", 141, 4, 62, 118),
    ("second", 93, 13, 25, 154),
    ("third", 90, 106, 88, 422),
    ("crew", 20, 3, 192, 670),
)


def titanic():
    """The 2201 people of the Titanic, counted: 16 rows (class, sex, fate, people).

    Source: Robert J. MacG. Dawson, The "Unusual Episode" Data Revisited, Journal of Statistics
    Education 3 (1995), from the Board of Trade's inquiry of 1912; adults and children together.

    >>> titanic()[0]
    ('first', 'female', 'survived', 141)
    """
    rows = []
    for group, *counts in _TITANIC:
        fates = [("female", "survived"), ("female", "died"), ("male", "survived"), ("male", "died")]
        for (sex, fate), people in zip(fates, counts):
            rows.append((group, sex, fate, people))
    return rows
