/* Which instruction set: the widest that the processor has, or the one that is asked for. */
#include "lanes/kernels.h"
#include "pyref.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* What a compiler may use for x86-64-v3 and not every compiler can name (Clang 14 cannot). */
static int has_unnamed(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_MOVBE) && (c & bit_F16C) &&
           __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT);
}
#endif

static int has(const char *name)
{
    if (!strcmp(name, "baseline"))
        return 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                   has_unnamed();
    if (!strcmp(name, "v3"))
        return v3;
    if (!strcmp(name, "v4"))
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return 0;
}

const kernels *active_kernels = &kernels_baseline;

int pyref_use_instruction_set(const char *name)
{
    static const kernels *const all[] = {
#if defined(__x86_64__)
        &kernels_v4,
        &kernels_v3,
#endif
        &kernels_baseline,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((!strcmp(name, all[i]->name) || !strcmp(name, "best")) && has(all[i]->name)) {
            active_kernels = all[i];
            return 1;
        }
    return 0;
}

const char *pyref_instruction_set(void)
{
    return active_kernels->name;
}
