/* The kernels: what is compiled once for each instruction set.
 *
 * baseline.c, v3.c and v4.c each include all.h under their own compiler
 * target, and export one table of function pointers; dispatch.c picks a table when the module
 * loads. Everything else is compiled once and calls through the table.
 */
#ifndef PYREF_KERNELS_H
#define PYREF_KERNELS_H

#if !defined(__GNUC__)
#error "pyref's C part needs GCC or Clang (it uses their vector types)"
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pyref's C part needs a little-endian processor"
#endif

/* A result here is what IEEE 754 says of each operation. Flags that let a compiler change it would
 * give other bits, and other NaN, and nobody would be told. (The flags of build.py take back what
 * CFLAGS has of them; PYREF_CFLAGS comes after those.) */
#include <float.h>
#if defined(__FAST_MATH__) || __FINITE_MATH_ONLY__ || defined(__ASSOCIATIVE_MATH__) || \
    defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "pyref's C part cannot be compiled with -ffast-math, nor with a part of it"
#endif
#if FLT_EVAL_METHOD != 0
#error "pyref's C part needs arithmetic in double (for x86 of 32 bits: -msse2 -mfpmath=sse)"
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
/* Loops begin on a cache line, for else a change here moves a loop there, and its speed by up to
 * a sixth. (Not as a flag of the compiler: with -falign-loops=64, Clang 14 makes a program for
 * aarch64 that crashes in qemu. Clang 19 makes a right one.) */
#pragma GCC optimize("align-loops=64")
#endif

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arithmetic.h"
#include "pyref.h"

/* The kinds of pass: PYREF_GRADIENT is the first, PYREF_SEPARATES the last. */
enum { KINDS = PYREF_SEPARATES + 1 };

#define LANES 8
enum { BLOCK = 64 }; /* rows that are worked on at a time, at most */

/* Fewer where rows are long, so that a block stays in the second-level cache (256 KB of it). */
static inline size_t block_rows(size_t d)
{
    size_t rows = 32768 / d / LANES * LANES;
    return rows < LANES ? LANES : rows > BLOCK ? BLOCK : rows;
}

/* Rows that lie in so many bytes, in whole vectors: perhaps none. */
static inline size_t rows_in(size_t bytes, size_t d, size_t size)
{
    return bytes / size / d / LANES * LANES;
}

/* So few, so that a block stays in the first-level cache beside the sums; but not below 16, where
 * the sums are loaded and stored too often for it to pay. */
static inline size_t near_rows(size_t d, size_t size)
{
    size_t rows = rows_in(16384, d, size);
    return rows < 16 ? block_rows(d) : rows > BLOCK ? BLOCK : rows;
}

/* n samples: a row-major table of d features, a label each, and perhaps a weight each. */
typedef struct {
    const void *X;               /* n x d, float64 or float32 */
    const void *y;               /* n labels of any of the kinds below */
    const double *sample_weight; /* n, or NULL: every sample counts once */
    const double *packed;        /* the same in groups of eight rows (see reading.h), or NULL */
    size_t n, d, classes;        /* classes: 1 in chapter 1, where one score has two outcomes */
    int soft;                    /* chapter 2: y is n x classes probabilities */
    int X_kind, y_kind;
    int far;  /* X does not fit the caches: fetch it ahead */
    int near; /* and the first-level cache is a large one (is_near in reading.h) */
    double *scores;              /* for a pass of SCORES: n x classes */
    const double *shift, *scale; /* chapter 3's units, d each (units.h) */
} samples;

/* Features that a packed row has room for; at most eight can be packed. */
static inline size_t packed_d(size_t d)
{
    return d <= 2 ? d : d <= 4 ? 4 : 8;
}

/* d filled up to whole vectors */
static inline size_t wide_d(size_t d)
{
    return (d + LANES - 1) / LANES * LANES;
}

/* Doubles of scratch that gradient_rows needs: w and eight sums for each of its entries. */
static inline size_t gradient_scratch(const samples *s)
{
    return (LANES + 1) * wide_d(s->d);
}

/* Doubles from one copied row of d features to the next, in second_order.h: an odd number
 * of vectors, because rows that are a power of two apart compete for few places in the cache. */
static inline size_t copied_row(size_t d)
{
    return wide_d(d) | LANES;
}

/* And hessian_rows: besides, the sums of products, for d features and for the intercept, and the
 * copy of BLOCK rows; and a few to begin at a cache line. */
static inline size_t hessian_scratch(const samples *s)
{
    const size_t wide = wide_d(s->d);
    return gradient_scratch(s) + wide * wide + wide + LANES + BLOCK * copied_row(s->d) + LANES;
}

/* And softmax_rows: the same for each class, for its intercept too, and a block's scores and
 * soft labels. */
static inline size_t softmax_scratch(const samples *s)
{
    return s->classes * ((LANES + 1) * wide_d(s->d) + LANES + BLOCK + (s->soft ? BLOCK : 0));
}

/* And scores_rows: the weights of each class, and a block's scores. */
static inline size_t scores_scratch(const samples *s)
{
    return s->classes * (wide_d(s->d) + BLOCK);
}

/* Chapter 3's looks: do params have a second point, v; how many they are; how many of a pass's
 * results are largest values, not sums; and how many results there are. */
static inline int look_has_v(int kind)
{
    return kind == PYREF_MOVES || kind == PYREF_PRODUCT || kind == PYREF_REST;
}

static inline size_t look_params(int kind, size_t d)
{
    return kind == PYREF_COLUMNS ? 2 * d : (look_has_v(kind) ? 2 : 1) * (d + 1) + 1;
}

static inline size_t look_maxima(int kind, size_t d)
{
    const size_t maxima[KINDS] = {[PYREF_COLUMNS] = 4 * d + 2, [PYREF_STANDARD_GRADIENT] = 1,
                                  [PYREF_STANDARD_HESSIAN] = 1, [PYREF_MOVES] = 4,
                                  [PYREF_SEPARATES] = 2};
    return maxima[kind];
}

static inline size_t look_out(int kind, size_t d)
{
    const size_t sums[KINDS] = {[PYREF_COLUMNS] = 2 * d + 1, [PYREF_STANDARD_GRADIENT] = d + 2,
                                [PYREF_STANDARD_HESSIAN] = d + 2 + (d + 1) * (d + 2) / 2,
                                [PYREF_FORCES] = d + 1, [PYREF_PRODUCT] = d + 1,
                                [PYREF_REST] = d + 1};
    return look_maxima(kind, d) + sums[kind];
}

/* Doubles of scratch: four vectors and eight sums for each feature. */
static inline size_t look_scratch(const samples *s, int kind)
{
    size_t size = (LANES + 4) * wide_d(s->d);
    if (kind == PYREF_STANDARD_HESSIAN)
        size += hessian_scratch(s) - gradient_scratch(s);
    return size;
}

/* Element kinds. The numbers are the interface to Python. */
enum { F64, F32, I8, U8, I16, U16, I32, U32, I64, U64 };

/* Bytes of one element. */
static inline size_t kind_size(int kind)
{
    static const unsigned char sizes[] = {8, 4, 1, 1, 2, 2, 4, 4, 8, 8};
    return sizes[kind];
}

/* out[i] = f(a[i], b[i]) for n numbers; the functions of one number want any b, a for one */
typedef void map(const double *a, const double *b, double *out, size_t n);

/* What rows [first, last) add to the sums of one pass over X. */
typedef void rows_kernel(const samples *s, const double *params, size_t first, size_t last,
                         double *scratch, double *out);

typedef struct {
    const char *name;
    rows_kernel *rows[KINDS]; /* of a pass of each kind: its params and results, see pyref.h */
    void (*pack)(const samples *s, size_t first, size_t last, double *packed);
    double (*dot)(const double *u, const double *v, size_t n);
    void (*plus)(const double *u, double t, const double *v, double *out, size_t n);
    void (*cholesky_row)(const double *L, size_t j, double *row);
    map *sigmoid, *softplus, *loss, *residual, *log, *log1p, *exp_minus;
} kernels;

extern const kernels kernels_baseline, kernels_v3, kernels_v4;
extern const kernels *active_kernels;

#endif
