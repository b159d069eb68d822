/* The processor's arithmetic, as IEEE 754 has it unless it is told otherwise: rounded to nearest,
 * with subnormal numbers, and without traps.
 *
 * A thread can be told otherwise, and what is loaded into a process may do so (a library compiled
 * with -ffast-math has subnormal numbers count as 0). So every function of the interface that
 * computes begins with
 *
 *     DEFAULT_ARITHMETIC;
 *
 * which sets it, and puts back what was there when the function returns. Mostly that is the same,
 * and only looked at: some 3 ns.
 *
 * subtle: To a compiler arithmetic does not depend on this, so it might do some of it before or
 * after. What is in memory stays where it is. What is passed by value, and the result, goes
 * through computed(). */
#ifndef PYREF_ARITHMETIC_H
#define PYREF_ARITHMETIC_H

#if defined(__SSE2__)
typedef unsigned arithmetic;
enum { DEFAULT_OF_ALL = 0x1f80, RAISED = 0x3f }; /* RAISED only says what has happened so far */

static inline arithmetic arithmetic_now(void)
{
    arithmetic a;
    __asm__ volatile("stmxcsr %0" : "=m"(a) : : "memory");
    return a;
}

static inline void arithmetic_set(arithmetic a)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(a) : "memory");
}
#define IN_REGISTER "+x"
#elif defined(__aarch64__)
typedef unsigned long arithmetic;
enum { DEFAULT_OF_ALL = 0, RAISED = 0 };

static inline arithmetic arithmetic_now(void)
{
    arithmetic a;
    __asm__ volatile("mrs %0, fpcr" : "=r"(a) : : "memory");
    return a;
}

static inline void arithmetic_set(arithmetic a)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(a) : "memory");
}
#define IN_REGISTER "+w"
#else
/* On other processors at least the rounding, by the C library. */
#include <fenv.h>
typedef int arithmetic;
enum { DEFAULT_OF_ALL = FE_TONEAREST, RAISED = 0 };
#define arithmetic_now() fegetround()
#define arithmetic_set(a) ((void)fesetround(a))
#define IN_REGISTER "+m"
#endif

static inline arithmetic default_arithmetic(void)
{
    const arithmetic before = arithmetic_now();
    if ((before & ~(arithmetic)RAISED) != DEFAULT_OF_ALL)
        arithmetic_set(DEFAULT_OF_ALL);
    return before;
}

static inline void arithmetic_back(const arithmetic *before)
{
    if ((*before & ~(arithmetic)RAISED) != DEFAULT_OF_ALL)
        arithmetic_set(*before);
}

#define DEFAULT_ARITHMETIC                                                  \
    const arithmetic arithmetic_before __attribute__((cleanup(arithmetic_back), unused)) = \
        default_arithmetic()

/* x, which is known from here on, and no earlier or later. */
static inline double computed(double x)
{
    __asm__ volatile("" : IN_REGISTER(x));
    return x;
}

#endif
