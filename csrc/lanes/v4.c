/* The kernels for x86-64-v4. */
#include "lanes/intrinsics.h"
#include "lanes/kernels.h"
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#else
#pragma GCC target("arch=x86-64-v4")
#endif
#define LANES_WIDTH 8
#define KERNELS kernels_v4
#define KERNELS_NAME "v4"
#include "lanes/all.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
