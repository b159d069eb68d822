/* The kernels for x86-64-v3. */
#include "lanes/intrinsics.h"
#include "lanes/kernels.h"
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#else
#pragma GCC target("arch=x86-64-v3")
#endif
#define LANES_WIDTH 4
#define KERNELS kernels_v3
#define KERNELS_NAME "v3"
#include "lanes/all.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
