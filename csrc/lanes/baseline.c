/* The kernels for any processor: SSE2 on x86-64, NEON on aarch64. */
#include "lanes/intrinsics.h"
#include "lanes/kernels.h"
#define LANES_WIDTH 2
#define KERNELS kernels_baseline
#define KERNELS_NAME "baseline"
#include "lanes/all.h"
