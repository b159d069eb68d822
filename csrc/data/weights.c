/* Sample weights: looked through, added up, and widened to the doubles that the kernels read. */
#include "lanes/kernels.h"
#include "pyref.h"

#define WIDEN(kind, type)                                              \
    case kind:                                                         \
        for (size_t i = from; i < from + count; i++) {                 \
            type v;                                                    \
            memcpy(&v, (const char *)values + i * sizeof v, sizeof v); \
            out[i] = (double)v;                                        \
        }                                                              \
        break;

void pyref_widen(const void *values, int kind, size_t from, size_t count, double *out)
{
    DEFAULT_ARITHMETIC;
    switch (kind) {
        WIDEN(F64, double)
        WIDEN(F32, float)
        WIDEN(I8, int8_t)
        WIDEN(U8, uint8_t)
        WIDEN(I16, int16_t)
        WIDEN(U16, uint16_t)
        WIDEN(I32, int32_t)
        WIDEN(U32, uint32_t)
        WIDEN(I64, int64_t)
        WIDEN(U64, uint64_t)
    }
}

size_t pyref_find_no_weight(const double *values, size_t from, size_t count)
{
    DEFAULT_ARITHMETIC;
    for (size_t i = from; i < from + count; i++)
        if (!(values[i] >= 0 && values[i] < INFINITY))
            return i - from;
    return count;
}

size_t pyref_find_no_count(const double *values, size_t from, size_t count)
{
    DEFAULT_ARITHMETIC;
    for (size_t i = from; i < from + count; i++)
        if (values[i] != trunc(values[i]))
            return i - from;
    return count;
}

/* One after the other, as in checks.sample_weight_values: the very same sum. */
double pyref_sum(const double *values, size_t from, size_t count, double total)
{
    DEFAULT_ARITHMETIC;
    for (size_t i = from; i < from + count; i++)
        total += values[i];
    return computed(total);
}
