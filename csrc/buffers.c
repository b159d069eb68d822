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
