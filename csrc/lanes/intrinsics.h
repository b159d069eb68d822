/* The processor's own instructions by name. Included before a compiler target is chosen: the
 * compiler's header says of each of its functions itself which target it needs. */
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
