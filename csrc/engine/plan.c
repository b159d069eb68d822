/* The plan of a pass: the size of a part, which is part of the result; and the number of threads,
 * which is not. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "engine/run.h"
#include "pyref.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Doubles between the scratch of one thread and that of the next: 4 KB, as far as a processor
 * fetches ahead of what it reads and writes. With nothing between them, it took from the other
 * thread what that one was writing, and from memory two threads needed up to half as long again. */
enum { BETWEEN_THREADS = 512 };

/* Rows of a part: an eighth of them, but enough that a hand-over is worth it (about 1.4 us), and
 * no more than it takes to forget what a part costs by itself (10 us); and few enough parts that
 * their sums take no memory to speak of (1 MB, or 16 parts). Of the sizes only: it is part of the
 * result. */
static size_t rows_of_a_part(size_t n, size_t width, size_t out_size)
{
    const size_t least = 7000 / (width + 10) + 1, most = 16384 / width + 1;
    size_t parts = ((size_t)1 << 17) / out_size;
    parts = parts < 16 ? 16 : parts > MOST_PARTS ? MOST_PARTS : parts;
    size_t rows = n / 8 < most ? n / 8 : most;
    rows = rows > least ? rows : least;
    rows = rows > n / parts ? rows : n / parts + 1;
    return (rows + BLOCK - 1) / BLOCK * BLOCK;
}

/* Rows of a part that are done at a time: all of them, unless rows are so long that it would be
 * milliseconds before the clock is looked at. */
static size_t rows_of_a_step(size_t width)
{
    return (((size_t)1 << 25) / width / BLOCK + 1) * BLOCK;
}

static int allowed = 0; /* written once, when Python loads this */

void pyref_allow_threads(int most)
{
    allowed = most;
}

/* The cores that this process may use: asked for each time, since a process may change them. */
static int cores(void)
{
    int count = (int)sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
#endif
    if (allowed > 0)
        count = smaller(count, allowed);
    return count > 1 ? count : 1;
}

/* Threads that pay. To start one and to wait for its end takes some 100 to 200 us, so a run has
 * as much work for each. And t threads take  work / t + t c  for a pass, if each makes the others
 * wait for c: that is least with t = sqrt(work / c). */
static int threads_that_pay(double work, size_t passes)
{
    const double of_run = work * (double)passes / 200e3, of_pass = sqrt(work / 0.6e3);
    const double threads = of_run < of_pass ? of_run : of_pass;
    return threads > MOST_THREADS ? MOST_THREADS : threads > 1 ? (int)threads : 1;
}

/* Packing pays with few features, when it is used often, and only while it is small. */
static int packing_pays(size_t n, size_t d, size_t passes)
{
    return d <= 8 && passes >= 4 && n <= ((size_t)8 << 20) / 8 / (packed_d(d) + 2);
}

void pass_clean_up(pass *p)
{
    free(p->doubles);
    free(p->packed);
}

/* Bytes of this processor's first-level cache for data; 0 or less where the system does not say. */
static long first_level_cache(void)
{
#ifdef _SC_LEVEL1_DCACHE_SIZE
    return sysconf(_SC_LEVEL1_DCACHE_SIZE);
#else
    return 0;
#endif
}

/* READ reads X and does nothing else. */
static void plan_read(pass *p)
{
    p->width = p->samples.d;
    p->out_size = 1;
}

static plan_of_kind *const plans[KINDS] = {
    [PYREF_GRADIENT] = plan_gradient,
    [PYREF_SOFTMAX] = plan_softmax,
    [PYREF_HESSIAN] = plan_hessian,
    [PYREF_SQUARES] = plan_squares,
    [PYREF_SCORES] = plan_scores,
    [PYREF_READ] = plan_read,
    [PYREF_COLUMNS ... PYREF_SEPARATES] = plan_look,
};

/* Plan a pass, and get its memory. 1; or 0, without memory to give back. */
int pass_set_up(pass *p, int kind, const void *X, int X_kind, const void *y, int y_kind,
                const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                size_t passes, int threads)
{
    memset(p, 0, sizeof *p);
    if (kind < PYREF_GRADIENT || kind > PYREF_SEPARATES || !n || !d || !classes ||
        (X_kind != F64 && X_kind != F32) || y_kind < F64 || y_kind > U64)
        return 0;
    /* Every size below is less than 32 times this product, and so can be counted. */
    const int products = kind == PYREF_HESSIAN || kind == PYREF_STANDARD_HESSIAN;
    if (too_many(d, 1) || too_many(d + 64, products ? d + 64 : classes))
        return 0;
    samples *s = &p->samples;
    *s = (samples){.X = X, .y = y, .sample_weight = sample_weight, .n = n, .d = d,
                   .classes = classes, .soft = soft, .X_kind = X_kind, .y_kind = y_kind};
    s->far = n * d > ((size_t)4 << 20) / (X_kind == F64 ? 8 : 4); /* more than 4 MB */
    s->near = s->far && first_level_cache() >= 48 << 10; /* for a block, what comes, and the sums */
    p->kind = kind;
    p->kernel = active_kernels->rows[kind];
    plans[kind](p);
    p->part_rows = rows_of_a_part(n, p->width, p->out_size);
    p->parts = (n + p->part_rows - 1) / p->part_rows;
    p->step_rows = rows_of_a_step(p->width);
    if (p->step_rows > p->part_rows)
        p->step_rows = p->part_rows;
    else
        p->scratch_size += p->out_size; /* for the sums of a step */
    p->work = (double)n * (2.0 + 0.2 * (double)p->width);
    p->as_many_as_pay = threads <= 0;
    p->threads = p->as_many_as_pay ? smaller(threads_that_pay(p->work, passes), cores())
                                   : smaller(threads, MOST_THREADS);
    if ((size_t)p->threads > p->parts)
        p->threads = (int)p->parts;
    p->out_room = whole_lines(p->out_size + sizeof(part_state) / sizeof(double));
    p->scratch_room = whole_lines(p->scratch_size) + (p->threads > 1 ? BETWEEN_THREADS : 0);
    if (too_many(p->out_room, p->parts + 2) || too_many(p->scratch_room, (size_t)p->threads))
        return 0;
    p->doubles = pass_allocate(((p->parts + 2) * p->out_room +
                                (size_t)p->threads * p->scratch_room) * sizeof(double));
    if (!p->doubles)
        return 0;
    p->total = p->doubles;
    p->next_params = p->total + p->out_room;
    p->partial = p->next_params + p->out_room;
    p->scratch = p->partial + p->parts * p->out_room;
    for (size_t i = 0; i < p->parts; i++)
        *state_of(p, i) = (part_state){0};
    if (kind == PYREF_GRADIENT && packing_pays(n, d, passes)) {
        const size_t columns = packed_d(d) + 1 + (sample_weight != NULL);
        p->packed = pass_allocate((n + LANES - 1) / LANES * LANES * columns * sizeof(double));
        if (!p->packed) {
            pass_clean_up(p);
            return 0;
        }
        s->packed = p->packed;
        p->to_pack = 1;
    }
    return 1;
}
