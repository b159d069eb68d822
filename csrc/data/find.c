/* Looking through a buffer for a value that cannot be used. */
#include "lanes/kernels.h"
#include "pyref.h"

/* Values are looked at by their bits, as integers, and without a branch for each: compilers make
 * vectors of that. Where one of AT_ONCE values is suspect, all of them are looked at one by one. */
enum { AT_ONCE = 256 };

#define FIND(kind, type, integer, suspect, bad)                                     \
    case kind:                                                                      \
        for (size_t i = 0; i < count; i += AT_ONCE) {                               \
            const char *at = (const char *)values + (from + i) * sizeof(type);      \
            const size_t some = count - i < AT_ONCE ? count - i : AT_ONCE;          \
            integer any = 0, u;                                                     \
            for (size_t k = 0; k < some; k++) {                                     \
                memcpy(&u, at + k * sizeof u, sizeof u);                            \
                any |= suspect;                                                     \
            }                                                                       \
            for (size_t k = 0; any && k < some; k++) {                              \
                type v;                                                             \
                memcpy(&v, at + k * sizeof v, sizeof v);                            \
                if (bad)                                                            \
                    return i + k;                                                   \
            }                                                                       \
        }                                                                           \
        break;

/* Suspect is an exponent of nothing but ones: then one more carries into the sign. */
size_t pyref_find_not_finite(const void *values, int kind, size_t from, size_t count)
{
    DEFAULT_ARITHMETIC;
    const uint64_t exponent = 0x7ff0000000000000, one_more = 0x0010000000000000;
    const uint32_t exponent_f32 = 0x7f800000, one_more_f32 = 0x00800000;
    switch (kind) {
        FIND(F64, double, uint64_t, ((u & exponent) + one_more) >> 63, !isfinite(v))
        FIND(F32, float, uint32_t, ((u & exponent_f32) + one_more_f32) >> 31, !isfinite(v))
    }
    return count;
}

/* Suspect is a sign (-0.0 is a label, but who has it?), and bits above those of 1.0: numbers
 * without a sign are in the order of their bits, and NaN is above them all. Of an integer, any bit
 * but the last. */
size_t pyref_find_no_label(const void *values, int kind, size_t from, size_t count)
{
    DEFAULT_ARITHMETIC;
    const uint64_t one = 0x3ff0000000000000;
    const uint32_t one_f32 = 0x3f800000;
#define FIND_BIT(kind, integer) FIND(kind, integer, integer, u & (integer)~(integer)1, v > 1)
    switch (kind) {
        FIND(F64, double, uint64_t, (u | (one - u)) >> 63, !(v >= 0 && v <= 1))
        FIND(F32, float, uint32_t, (u | (one_f32 - u)) >> 31, !(v >= 0 && v <= 1))
        FIND_BIT(I8, uint8_t)
        FIND_BIT(U8, uint8_t)
        FIND_BIT(I16, uint16_t)
        FIND_BIT(U16, uint16_t)
        FIND_BIT(I32, uint32_t)
        FIND_BIT(U32, uint32_t)
        FIND_BIT(I64, uint64_t)
        FIND_BIT(U64, uint64_t)
    }
    return count;
}

/* The last class, if the type can hold it. Above it, taken as unsigned, are negative numbers
 * too. */
static uint64_t last_class(size_t classes, uint64_t largest)
{
    return classes - 1 < largest ? classes - 1 : largest;
}

size_t pyref_find_no_class(const void *values, int kind, size_t from, size_t count,
                           size_t classes)
{
#define FIND_CLASS(kind, integer, largest)                                     \
    FIND(kind, integer, integer, u > (integer)last_class(classes, largest),    \
         v > (integer)last_class(classes, largest))
    switch (kind) {
        FIND_CLASS(I8, uint8_t, INT8_MAX)
        FIND_CLASS(U8, uint8_t, UINT8_MAX)
        FIND_CLASS(I16, uint16_t, INT16_MAX)
        FIND_CLASS(U16, uint16_t, UINT16_MAX)
        FIND_CLASS(I32, uint32_t, INT32_MAX)
        FIND_CLASS(U32, uint32_t, UINT32_MAX)
        FIND_CLASS(I64, uint64_t, INT64_MAX)
        FIND_CLASS(U64, uint64_t, UINT64_MAX)
    }
    return count;
}

#define FIND_ROW(kind, type)                                                            \
    case kind:                                                                          \
        for (size_t i = from; i < from + count; i++) {                                  \
            double total = 0.0;                                                         \
            int good = 1;                                                               \
            for (size_t c = 0; c < classes; c++) {                                      \
                type v;                                                                 \
                memcpy(&v, (const char *)values + (i * classes + c) * sizeof v, sizeof v); \
                good &= v >= 0 && v <= 1;                                               \
                total += (double)v;                                                     \
            }                                                                           \
            /* the bound is SUM_TOLERANCE of front/checks.py */                         \
            if (!good || !(fabs(total - 1) <= (double)classes * 0x1p-23))               \
                return i - from;                                                        \
        }                                                                               \
        break;

size_t pyref_find_no_distribution(const void *values, int kind, size_t from, size_t count,
                                  size_t classes)
{
    DEFAULT_ARITHMETIC;
    switch (kind) {
        FIND_ROW(F64, double)
        FIND_ROW(F32, float)
    }
    return count;
}

#define LARGEST(kind, type)                                            \
    case kind:                                                         \
        for (size_t i = from; i < from + count; i++) {                 \
            type v;                                                    \
            memcpy(&v, (const char *)values + i * sizeof v, sizeof v); \
            if (v > 0 && (unsigned long long)v > largest)              \
                largest = (unsigned long long)v;                       \
        }                                                              \
        break;

unsigned long long pyref_largest(const void *values, int kind, size_t from, size_t count)
{
    unsigned long long largest = 0;
    switch (kind) {
        LARGEST(I8, int8_t)
        LARGEST(U8, uint8_t)
        LARGEST(I16, int16_t)
        LARGEST(U16, uint16_t)
        LARGEST(I32, int32_t)
        LARGEST(U32, uint32_t)
        LARGEST(I64, int64_t)
        LARGEST(U64, uint64_t)
    }
    return largest;
}
