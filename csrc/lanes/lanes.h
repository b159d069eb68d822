/* Eight doubles side by side, and the few operations that the chapters need of them.
 *
 * A `lanes` is always eight doubles, on every processor; LANES_WIDTH says how many of them the
 * processor takes at once (8 with AVX-512, 4 with AVX2, 2 with SSE2 and NEON). Each operation
 * is done lane by lane and rounded once, as IEEE 754 has it, so the width cannot be seen in a
 * result: that is half of why every build gives the same bits. The other half is that nothing
 * is left to the compiler's choice: a fused multiply-add is written fma and nowhere else
 * allowed (-ffp-contract=off), and e^x and log1p are these polynomials, not the C library's.
 *
 * Included once for each instruction set, see kernels.h.
 */
#include "coefficients.h"

#define PARTS (LANES / LANES_WIDTH)
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define ALIGNED __attribute__((aligned(64)))

/* GCC and Clang vectors: + - * / and the comparisons work lane by lane. */
typedef double part __attribute__((vector_size(8 * LANES_WIDTH)));
typedef int64_t bits __attribute__((vector_size(8 * LANES_WIDTH)));

typedef struct {
    part p[PARTS];
} lanes;

/* Do something to each part. Written out, because GCC keeps the parts in registers only if no
 * loop over them is left. */
#if PARTS == 1
#define EACH_PART(k, ...) { enum { k = 0 }; __VA_ARGS__ }
#elif PARTS == 2
#define EACH_PART(k, ...) { { enum { k = 0 }; __VA_ARGS__ } { enum { k = 1 }; __VA_ARGS__ } }
#else
#define EACH_PART(k, ...)                                                       \
    { { enum { k = 0 }; __VA_ARGS__ } { enum { k = 1 }; __VA_ARGS__ }           \
      { enum { k = 2 }; __VA_ARGS__ } { enum { k = 3 }; __VA_ARGS__ } }
#endif

/* ------------------------------------------------------------------ one part */

/* a * b + c with one rounding. By name, because compilers do not reliably make one instruction
 * of eight calls of fma(); where there is no such instruction, fma() is exact and slow. */
#if LANES_WIDTH == 2 && defined(__x86_64__)
static NOINLINE part part_fma(part a, part b, part c) /* inlined, it is half of the compile time */
#else
INLINE part part_fma(part a, part b, part c)
#endif
{
#if LANES_WIDTH == 8
    return _mm512_fmadd_pd(a, b, c);
#elif LANES_WIDTH == 4
    return _mm256_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f64(c, a, b);
#else
    return (part){fma(a[0], b[0], c[0]), fma(a[1], b[1], c[1])};
#endif
}

INLINE part part_set(double x)
{
    return x - (part){0}; /* x in every lane; x - 0 is x, -0 included */
}

/* From any address: a user's numbers may be misaligned, and then no `double *` may point at them. */
INLINE part part_load(const void *x)
{
    part a;
    memcpy(&a, x, sizeof a);
    return a;
}

INLINE void part_store(double *x, part a)
{
    memcpy(x, &a, sizeof a);
}

/* The smaller of a, a number, and b; b, if it is a NaN. */
INLINE part part_min(part a, part b)
{
#if LANES_WIDTH == 8
    return _mm512_min_pd(a, b);
#elif LANES_WIDTH == 4
    return _mm256_min_pd(a, b);
#elif defined(__aarch64__)
    return vminq_f64(a, b);
#elif defined(__x86_64__)
    return _mm_min_pd(a, b);
#else
    bits smaller = a < b;
    return (part)((smaller & (bits)a) | (~smaller & (bits)b));
#endif
}

/* |z| */
INLINE part part_abs(part z)
{
    return (part)((bits)z & ~(bits)part_set(-0.0));
}

/* All bits of a lane 1 if z is negative (or -0), else 0. */
INLINE bits part_negative(part z)
{
    return (bits)z >> 63;
}

INLINE part part_select(bits mask, part yes, part no)
{
    return (part)((mask & (bits)yes) | (~mask & (bits)no));
}

/* a where a > b, else b */
INLINE part part_max(part a, part b)
{
#if LANES_WIDTH == 8
    return _mm512_max_pd(a, b);
#elif LANES_WIDTH == 4
    return _mm256_max_pd(a, b);
#elif defined(__x86_64__)
    return _mm_max_pd(a, b);
#else
    return part_select(a > b, a, b);
#endif
}

/* The same, but a if b is more than the limit. */
INLINE part part_max_below(part a, part b, part limit)
{
#if LANES_WIDTH == 8
    return _mm512_mask_max_pd(a, _mm512_cmp_pd_mask(b, limit, _CMP_LE_OQ), a, b);
#else
    return part_select(b <= limit, part_max(a, b), a);
#endif
}

/* `yes` where z is negative (or -0), else `no`. */
INLINE part part_where_negative(part z, part yes, part no)
{
#if LANES_WIDTH == 4
    return _mm256_blendv_pd(no, yes, z); /* looks at the sign alone */
#else
    return part_select(part_negative(z), yes, no);
#endif
}

/* e^-a for a >= 0, subnormal results included.
 *
 * e^-a = 2^k e^r with k the whole number nearest to -a / log 2, so |r| <= (log 2)/2.
 *
 * Accuracy of e^-a: at most 1.2 ulp. Seen: 1.131 ulp at a = 269.9619426218691, got
 * 5.71502316969418e-118, right 5.71502316969417871530005e-118 */
INLINE part part_exp_minus(part a)
{
#if LANES_WIDTH == 8
    /* There is an instruction that multiplies by 2^k and rounds once. */
    const double unit = 1.0, offset = 0.0;
#else
    /* Here it is a product with 2^(k + 64), so that this factor is never subnormal; what it
     * multiplies is kept in units of 2^-64, exactly. Only that product is rounded. */
    const double unit = 0x1p-64, offset = 64.0 + 1023.0;
#endif
    /* Past 746 the result is 0 for certain. */
    a = part_min(part_set(746.0), a);
    /* k: adding 1.5 * 2^52 pushes the fraction out of the double, so that k is left in its
     * low bits, and with the offset the exponent field of 2^(k + 64) */
    const part shifter = part_set(0x1.8p52 + offset);
    part shifted = part_fma(a, part_set(-LOG2_E), shifter);
    part k = shifted - shifter;
    /* r = -a - k log 2, with log 2 in two pieces: the first difference is exact */
    part r = part_fma(k, part_set(-LN2_HIGH), -a);
    r = part_fma(k, part_set(-LN2_LOW), r);
    /* e^r = 1 + r + r^2 (EXP_0 + EXP_1 r + ...), even and odd powers apart: two short chains
     * instead of a long one */
    part r2 = r * r;
    part even = part_fma(r2, part_set(unit * EXP_8), part_set(unit * EXP_6));
    part odd = part_fma(r2, part_set(unit * EXP_9), part_set(unit * EXP_7));
    even = part_fma(r2, even, part_set(unit * EXP_4));
    odd = part_fma(r2, odd, part_set(unit * EXP_5));
    even = part_fma(r2, even, part_set(unit * EXP_2));
    odd = part_fma(r2, odd, part_set(unit * EXP_3));
    even = part_fma(r2, even, part_set(unit * EXP_0));
    odd = part_fma(r2, odd, part_set(unit * EXP_1));
    part e_r = part_fma(r2, part_fma(r, odd, even), r * unit) + unit;
#if LANES_WIDTH == 8
    return _mm512_scalef_pd(e_r, k);
#else
    return e_r * (part)((bits)shifted << 52);
#endif
}

/* log(u + c) for normal u > 0, below sqrt(2) 2^1023, and a c below its last digit.
 *
 * u = 2^k m with sqrt(1/2) <= m < sqrt(2), so log u = k log 2 + log(1 + f) with f = m - 1.
 *
 * With c = 0:
 * Accuracy of log: at most 1 ulp. Seen: 0.878 ulp at x = 1.4049808486045452, got
 * 0.34002367180636306, right 0.340023671806363010491918 */
INLINE part part_log_sum(part u, part c)
{
    /* k: the exponent of u / sqrt(1/2). Subtracting the bits of sqrt(1/2) makes it so that the
     * exponent field steps where m passes sqrt(2). */
    const bits below = (bits)part_set(0x1.6a09e667f3bcdp-1);
    bits k = ((bits)u - below) >> 52;
    part m = (part)((bits)u - (k << 52));
    part power = (part)((1023 - k) << 52); /* 2^-k */
    /* f, with the correction c brought to the same scale */
    part f = (m - 1.0) + c * power;
    /* log(1+f) = 2s + s R = f - (f^2/2 - s (f^2/2 + R)) with s = f / (2 + f): the second form
     * adds a small number to f, which is known exactly */
    part s = f / (f + 2.0);
    part t = s * s;
    part R = part_fma(t, part_set(LOG_6), part_set(LOG_5));
    R = part_fma(t, R, part_set(LOG_4));
    R = part_fma(t, R, part_set(LOG_3));
    R = part_fma(t, R, part_set(LOG_2));
    R = part_fma(t, R, part_set(LOG_1));
    R = part_fma(t, R, part_set(LOG_0)) * t;
    part half = f * 0.5 * f;
    /* k as a double: its low bits under 1.5 * 2^52 */
    part k_double = (part)(k + (bits)part_set(0x1.8p52)) - 0x1.8p52;
    part low = part_fma(s, half + R, k_double * LN2_LOW);
    return part_fma(k_double, part_set(LN2_HIGH), f - (half - low));
}

/* log(1 + x) for x from -1/2 to 2^1000.
 *
 * Accuracy of log1p: at most 1.5 ulp. Seen: 1.446 ulp at x = 0.41440185411441427, got
 * 0.34670672378444267, right 0.3467067237844425916526276 */
INLINE part part_log1p(part x)
{
    /* 1 + x = u + c exactly (Knuth's two-sum) */
    part u = x + 1.0;
    part x_seen = u - 1.0;
    part c = (1.0 - (u - x_seen)) + (x - x_seen);
    return part_log_sum(u, c);
}

/* x; but 0 where the sample's weight is 0: a row left out adds nothing, not even an infinite loss
 * or the NaN of a score that overflowed. */
INLINE part part_counted(part x, part weight)
{
    return (part)((bits)x & (weight != 0.0));
}

/* ------------------------------------------------------------------ all eight lanes */

INLINE lanes lanes_set(double x)
{
    lanes r;
    EACH_PART(k, r.p[k] = part_set(x);)
    return r;
}

INLINE lanes lanes_load(const void *x)
{
    lanes r;
    EACH_PART(k, r.p[k] = part_load((const char *)x + k * sizeof(part));)
    return r;
}

INLINE void lanes_store(double *x, lanes a)
{
    EACH_PART(k, part_store(x + k * LANES_WIDTH, a.p[k]);)
}

INLINE lanes lanes_add(lanes a, lanes b)
{
    EACH_PART(k, a.p[k] += b.p[k];)
    return a;
}

INLINE lanes lanes_mul(lanes a, lanes b)
{
    EACH_PART(k, a.p[k] *= b.p[k];)
    return a;
}

INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    EACH_PART(k, c.p[k] = part_fma(a.p[k], b.p[k], c.p[k]);)
    return c;
}

INLINE lanes lanes_max(lanes a, lanes b)
{
    EACH_PART(k, a.p[k] = part_max(a.p[k], b.p[k]);)
    return a;
}

INLINE lanes lanes_log1p(lanes x)
{
    EACH_PART(k, x.p[k] = part_log1p(x.p[k]);)
    return x;
}

/* The first `count` lanes from memory, 0 in the others; memory past them is not touched. */
INLINE lanes lanes_load_first(const void *x, size_t count)
{
    lanes r;
#if LANES_WIDTH == 8
    r.p[0] = _mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), x);
#elif LANES_WIDTH == 4
    static const int64_t window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    const int64_t *mask = window + LANES - count;
    r.p[0] = _mm256_maskload_pd(x, _mm256_loadu_si256((const __m256i *)mask));
    r.p[1] = _mm256_maskload_pd((const double *)x + 4,
                                _mm256_loadu_si256((const __m256i *)(mask + 4)));
#else
    double v[LANES] = {0};
    memcpy(v, x, count * sizeof *v);
    r = lanes_load(v);
#endif
    return r;
}

/* float32 becomes double here, exactly, and is double from here on. */
INLINE lanes lanes_load_f32(const void *x)
{
    lanes r;
#if LANES_WIDTH == 8
    r.p[0] = _mm512_cvtps_pd(_mm256_loadu_ps(x));
#elif LANES_WIDTH == 4
    r.p[0] = _mm256_cvtps_pd(_mm_loadu_ps(x));
    r.p[1] = _mm256_cvtps_pd(_mm_loadu_ps((const float *)x + 4));
#else
    float f[LANES];
    memcpy(f, x, sizeof f);
    EACH_PART(k, r.p[k] = ((part){f[2 * k], f[2 * k + 1]});)
#endif
    return r;
}

INLINE lanes lanes_load_first_f32(const void *x, size_t count)
{
#if LANES_WIDTH == 8
    lanes r;
    __mmask8 mask = (__mmask8)((1u << count) - 1);
    r.p[0] = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, x));
    return r;
#else
    float f[LANES] = {0};
    memcpy(f, x, count * sizeof *f);
    return lanes_load_f32(f);
#endif
}

/* The eight lanes added up, always in this order:
 *     ((v0 + v4) + (v2 + v6)) + ((v1 + v5) + (v3 + v7))                                      */
INLINE double lanes_sum(lanes a)
{
    double v[LANES];
    lanes_store(v, a);
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* Eight vectors added up in the order of lanes_sum, as if v[l] held lane l of eight sums. */
INLINE lanes lanes_add_eight(const lanes v[LANES])
{
    return lanes_add(lanes_add(lanes_add(v[0], v[4]), lanes_add(v[2], v[6])),
                     lanes_add(lanes_add(v[1], v[5]), lanes_add(v[3], v[7])));
}

/* lanes_sum of eight vectors at once: lane i of the result is lanes_sum(v[i]). Each step adds
 * halves of two vectors that have been put side by side. */
INLINE lanes lanes_sum_each(const lanes v[LANES])
{
#if !defined(__clang__) && __GNUC__ < 12 /* GCC 11 has it by another name */
#define BESIDE(a, b, ...) __builtin_shuffle(a, b, (bits){__VA_ARGS__})
#else
#define BESIDE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#endif
    lanes r;
#if LANES_WIDTH == 8
#define HALVES(a, b) /* v0+v4, v1+v5, v2+v6, v3+v7 of a, then of b */ \
    (BESIDE(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + BESIDE(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define QUARTERS(a, b) /* the even and the odd sum of four vectors */ \
    (BESIDE(a, b, 0, 1, 4, 5, 8, 9, 12, 13) + BESIDE(a, b, 2, 3, 6, 7, 10, 11, 14, 15))
    part even = QUARTERS(HALVES(v[0].p[0], v[2].p[0]), HALVES(v[4].p[0], v[6].p[0]));
    part odd = QUARTERS(HALVES(v[1].p[0], v[3].p[0]), HALVES(v[5].p[0], v[7].p[0]));
    r.p[0] = BESIDE(even, odd, 0, 8, 2, 10, 4, 12, 6, 14) +
             BESIDE(even, odd, 1, 9, 3, 11, 5, 13, 7, 15);
#undef HALVES
#undef QUARTERS
#elif LANES_WIDTH == 4
#define HALF(a) ((a).p[0] + (a).p[1])
#define QUARTERS(a, b) (BESIDE(a, b, 0, 1, 4, 5) + BESIDE(a, b, 2, 3, 6, 7))
    EACH_PART(k,
              part even = QUARTERS(HALF(v[4 * k]), HALF(v[4 * k + 2]));
              part odd = QUARTERS(HALF(v[4 * k + 1]), HALF(v[4 * k + 3]));
              r.p[k] = BESIDE(even, odd, 0, 4, 2, 6) + BESIDE(even, odd, 1, 5, 3, 7);)
#undef HALF
#undef QUARTERS
#else
#define QUARTER(a) (((a).p[0] + (a).p[2]) + ((a).p[1] + (a).p[3]))
    EACH_PART(k,
              part even = QUARTER(v[2 * k]);
              part odd = QUARTER(v[2 * k + 1]);
              r.p[k] = BESIDE(even, odd, 0, 2) + BESIDE(even, odd, 1, 3);)
#undef QUARTER
#endif
#undef BESIDE
    return r;
}
