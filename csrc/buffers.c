/* Looking through a buffer for a value that cannot be used. */
#include "kernels.h"
#include "pyref.h"

#define FIND(kind, type, bad)                                          \
    case kind:                                                         \
        for (size_t i = from; i < from + count; i++) {                 \
            type v;                                                    \
            memcpy(&v, (const char *)values + i * sizeof v, sizeof v); \
            if (bad)                                                   \
                return i - from;                                       \
        }                                                              \
        break;

size_t pyref_find_not_finite(const void *values, int kind, size_t from, size_t count)
{
    switch (kind) {
        FIND(F64, double, !isfinite(v))
        FIND(F32, float, !isfinite(v))
    }
    return count;
}

size_t pyref_find_no_label(const void *values, int kind, size_t from, size_t count)
{
    switch (kind) {
        FIND(F64, double, !(v >= 0 && v <= 1))
        FIND(F32, float, !(v >= 0 && v <= 1))
        FIND(I8, int8_t, v < 0 || v > 1)
        FIND(U8, uint8_t, v > 1)
        FIND(I16, int16_t, v < 0 || v > 1)
        FIND(U16, uint16_t, v > 1)
        FIND(I32, int32_t, v < 0 || v > 1)
        FIND(U32, uint32_t, v > 1)
        FIND(I64, int64_t, v < 0 || v > 1)
        FIND(U64, uint64_t, v > 1)
    }
    return count;
}

size_t pyref_find_no_class(const void *values, int kind, size_t from, size_t count,
                           size_t classes)
{
    switch (kind) {
        FIND(I8, int8_t, v < 0 || (size_t)v >= classes)
        FIND(U8, uint8_t, v >= classes)
        FIND(I16, int16_t, v < 0 || (size_t)v >= classes)
        FIND(U16, uint16_t, v >= classes)
        FIND(I32, int32_t, v < 0 || (size_t)v >= classes)
        FIND(U32, uint32_t, v >= classes)
        FIND(I64, int64_t, v < 0 || (uint64_t)v >= classes)
        FIND(U64, uint64_t, v >= classes)
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
            /* the bound is SUM_TOLERANCE of pyref/checks.py */                         \
            if (!good || !(fabs(total - 1) <= (double)classes * 0x1p-23))               \
                return i - from;                                                        \
        }                                                                               \
        break;

size_t pyref_find_no_distribution(const void *values, int kind, size_t from, size_t count,
                                  size_t classes)
{
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
