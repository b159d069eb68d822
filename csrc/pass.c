#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "pass.h"
#include "pyref.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------------ memory */

static int allocations_left = -1;

void pyref_fail_allocation_after(int count)
{
    allocations_left = count;
}

/* Some bytes from the start of a cache line on, with anything in them. Many of them in pages of
 * 2 MB, if the system has such: the processor's own fetching ahead ends with a page. */
static void *allocate(size_t size)
{
    const size_t page = (size_t)2 << 20;
    void *memory;
    if (allocations_left >= 0 && allocations_left-- == 0)
        return NULL;
    if (posix_memalign(&memory, size < page ? 64 : page, size) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (size >= page)
        madvise(memory, size, MADV_HUGEPAGE); /* if not, then not */
#endif
    return memory;
}

/* `count` doubles filled up to whole cache lines: so that no two threads write to one, and a
 * vector is not split by the end of one. */
static size_t whole_lines(size_t count)
{
    return (count + 7) / 8 * 8;
}

/* Doubles between the scratch of one thread and that of the next: 4 KB, as far as a processor
 * fetches ahead of what it reads and writes. With nothing between them, it took from the other
 * thread what that one was writing, and from memory two threads needed up to half as long again. */
enum { BETWEEN_THREADS = 512 };

/* Whether a times b doubles, b > 0, are more than a quarter of what can be addressed. Nobody has
 * so many, and the product might not fit a size_t: what is left of it would be a small size. */
static int too_many(size_t a, size_t b)
{
    return a > SIZE_MAX / 32 / b;
}

/* ------------------------------------------------------------------ the plan */

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

static int cores(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? (int)count : 1;
}

/* Threads that pay. To start one and to wait for its end takes some 100 to 200 us, so a call has
 * as much work for each. And t threads take  work / t + t c  for a pass, if each makes the others
 * wait for c: that is least with t = sqrt(work / c). */
static int threads_that_pay(double work, size_t passes)
{
    const double of_call = work * (double)passes / 200e3, of_pass = sqrt(work / 0.6e3);
    const double threads = of_call < of_pass ? of_call : of_pass;
    return threads > MOST_THREADS ? MOST_THREADS : threads > 1 ? (int)threads : 1;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Packing pays with few features, when it is used often, and only while it is small. */
static int packing_pays(size_t n, size_t d, size_t passes)
{
    return d <= 8 && passes >= 4 && n <= ((size_t)8 << 20) / 8 / (packed_d(d) + 2);
}

static double *sums_of(const pass *p, size_t part)
{
    return p->partial + part * p->out_room;
}

static part_state *state_of(const pass *p, size_t part)
{
    return (part_state *)(sums_of(p, part) + p->out_size);
}

static void clean_up(pass *p)
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

/* Plan a pass, and get its memory. 1; or 0, without memory to give back. */
static int set_up(pass *p, int what, const void *X, int X_kind, const void *y, int y_kind,
                  const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                  size_t passes, int threads)
{
    memset(p, 0, sizeof *p);
    if (what < PYREF_GRADIENT || what > PYREF_SEPARATES)
        return 0;
    /* Every size below is less than 32 times this product, and so can be counted. */
    const int products = what == PYREF_HESSIAN || what == PYREF_STANDARD_HESSIAN;
    if (too_many(d, 1) || too_many(d + 64, products ? d + 64 : classes))
        return 0;
    samples *s = &p->samples;
    *s = (samples){.X = X, .y = y, .sample_weight = sample_weight, .n = n, .d = d,
                   .classes = classes, .soft = soft, .X_kind = X_kind, .y_kind = y_kind};
    s->far = n * d > ((size_t)4 << 20) / (X_kind == F64 ? 8 : 4); /* more than 4 MB */
    s->near = s->far && first_level_cache() >= 48 << 10; /* for a block, what comes, and the sums */
    const size_t width = products ? d * (d + 1) / 4 + 1 : d * classes; /* work in a row */
    switch (what) {
    case PYREF_GRADIENT:
        p->kernel = active_kernels->logistic_rows;
        p->out_size = d + 2;
        p->scratch_size = logistic_scratch(s);
        break;
    case PYREF_SOFTMAX:
        p->kernel = active_kernels->softmax_rows;
        p->out_size = 1 + classes * (d + 1);
        p->scratch_size = softmax_scratch(s);
        break;
    case PYREF_HESSIAN:
        p->kernel = active_kernels->hessian_rows;
        p->out_size = d + 2 + (d + 1) * (d + 2) / 2;
        p->scratch_size = hessian_scratch(s);
        break;
    case PYREF_SQUARES:
        p->kernel = active_kernels->squares_rows;
        p->out_size = 1;
        break;
    case PYREF_SCORES:
        p->kernel = active_kernels->scores_rows;
        p->out_size = 1;
        p->scratch_size = classes * wide_d(d);
        break;
    case PYREF_READ:
        p->kernel = active_kernels->read_rows;
        p->out_size = 1;
        break;
    default:
        p->kernel = active_kernels->look[what - PYREF_COLUMNS];
        p->out_size = look_out(what - PYREF_COLUMNS, d);
        p->maxima = look_maxima(what - PYREF_COLUMNS, d);
        p->scratch_size = standard_scratch(s, what - PYREF_COLUMNS);
    }
    p->part_rows = rows_of_a_part(n, width, p->out_size);
    p->parts = (n + p->part_rows - 1) / p->part_rows;
    p->step_rows = rows_of_a_step(width);
    if (p->step_rows > p->part_rows)
        p->step_rows = p->part_rows;
    else
        p->scratch_size += p->out_size; /* for the sums of a step */
    p->work = (double)n * (2.0 + 0.2 * (double)width);
    p->as_many_as_pay = threads <= 0;
    p->threads = p->as_many_as_pay ? smaller(threads_that_pay(p->work, passes), cores())
                                   : smaller(threads, MOST_THREADS);
    if ((size_t)p->threads > p->parts)
        p->threads = (int)p->parts;
    if (p->threads < 1) /* no rows, no parts */
        p->threads = 1;
    p->out_room = whole_lines(p->out_size + sizeof(part_state) / sizeof(double));
    p->scratch_room = whole_lines(p->scratch_size) + (p->threads > 1 ? BETWEEN_THREADS : 0);
    if (too_many(p->out_room, p->parts + 2) || too_many(p->scratch_room, (size_t)p->threads))
        return 0;
    p->doubles = allocate(((p->parts + 2) * p->out_room + (size_t)p->threads * p->scratch_room) *
                          sizeof(double));
    if (!p->doubles)
        return 0;
    p->total = p->doubles;
    p->next_params = p->total + p->out_room;
    p->partial = p->next_params + p->out_room;
    p->scratch = p->partial + p->parts * p->out_room;
    for (size_t i = 0; i < p->parts; i++)
        *state_of(p, i) = (part_state){0};
    if (what == PYREF_GRADIENT && packing_pays(n, d, passes)) {
        const size_t columns = packed_d(d) + 1 + (sample_weight != NULL);
        p->packed = allocate((n + LANES - 1) / LANES * LANES * columns * sizeof(double));
        if (!p->packed) {
            clean_up(p);
            return 0;
        }
        s->packed = p->packed;
        p->to_pack = 1;
    }
    return 1;
}

pyref_run *pyref_run_new(int what, const void *X, int X_kind, const void *y, int y_kind,
                         const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                         size_t passes, int threads)
{
    pass *p = allocate(sizeof *p);
    if (p && !set_up(p, what, X, X_kind, y, y_kind, sample_weight, n, d, classes, soft, passes,
                     threads)) {
        free(p);
        p = NULL;
    }
    return (pyref_run *)p;
}

void pyref_run_free(pyref_run *run)
{
    if (run)
        clean_up((pass *)run);
    free(run);
}

/* ------------------------------------------------------------------ the threads */

/* A moment in a loop that waits, of some ten nanoseconds. (On aarch64 `yield` takes no time.) */
#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("isb")
#else
#define PAUSE() ((void)0)
#endif

/* Wait while *number is `old`, or until all is to stop. 1 if it has changed. For 50 us awake, since
 * that is longer than it mostly takes, then asleep. */
static int wait_while(team *t, const size_t *number, size_t old)
{
#define CHANGED (__atomic_load_n(number, __ATOMIC_SEQ_CST) != old)
#define STOP __atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)
    double begun = 0.0;
    for (int spin = 1;; spin++) {
        if (CHANGED)
            return 1;
        if (STOP)
            return CHANGED;
        PAUSE();
        if (spin % 64 == 0) {
            const double now = seconds_now();
            if (begun == 0.0)
                begun = now;
            if (now - begun > 50e-6)
                break;
        }
    }
    pthread_mutex_lock(&t->mutex);
    __atomic_add_fetch(&t->sleeping, 1, __ATOMIC_SEQ_CST);
    while (!CHANGED && !STOP)
        pthread_cond_wait(&t->changed, &t->mutex);
    __atomic_sub_fetch(&t->sleeping, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&t->mutex);
    return CHANGED;
#undef CHANGED
#undef STOP
}

/* Wake those who sleep, after a change that they may wait for. Nobody is missed: here is written
 * first and then looked who sleeps, there it is the other way round. */
static void wake(team *t)
{
    if (__atomic_load_n(&t->sleeping, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&t->mutex);
        pthread_cond_broadcast(&t->changed);
        pthread_mutex_unlock(&t->mutex);
    }
}

static void set_number(team *t, size_t *number, size_t value)
{
    __atomic_store_n(number, value, __ATOMIC_SEQ_CST);
    wake(t);
}

static void stop(team *t)
{
    __atomic_store_n(&t->stop, 1, __ATOMIC_SEQ_CST);
    wake(t);
}

/* Rows of a part that a pass looks at. */
static size_t rows_to_do(const pass *p, size_t part)
{
    const size_t rest = p->samples.n - part * p->part_rows;
    size_t rows = rest < p->part_rows ? rest : p->part_rows;
    if (p->share > 1)
        rows = (rows + p->share - 1) / p->share;
    return rows;
}

/* Sums and largest values of some rows, to those of the rows before them. */
static void combine(const pass *p, double *all, const double *more)
{
    for (size_t j = 0; j < p->maxima; j++)
        all[j] = more[j] > all[j] ? more[j] : all[j];
    for (size_t j = p->maxima; j < p->out_size; j++)
        all[j] += more[j];
}

/* Do rows [first, last) of a part, or as many as are done without a look at the clock. */
static size_t do_step(const pass *p, const double *params, size_t first, size_t last, double *out,
                      int more, double *scratch)
{
    double *here = more ? scratch + p->scratch_size - p->out_size : out;
    if (last - first > p->step_rows)
        last = first + p->step_rows;
    if (p->to_pack)
        active_kernels->pack(&p->samples, first, last, p->packed);
    p->kernel(&p->samples, params, first, last, scratch, here);
    if (more)
        combine(p, out, here);
    return last - first;
}

/* Do what is left of a part. */
static void do_part(team *t, size_t number, size_t part, int self)
{
    const pass *p = t->pass;
    const size_t first = part * p->part_rows, rows = rows_to_do(p, part);
    double *out = sums_of(p, part);
    part_state *state = state_of(p, part);
    if (state->pass == number) /* before the deadline came */
        return;
    __builtin_prefetch(out, 1);
    for (size_t i = state->rows; i < rows; state->rows = i) {
        if (__atomic_load_n(&t->stop, __ATOMIC_RELAXED))
            return;
        i += do_step(p, t->params, first + i, first + rows, out, i > 0,
                     p->scratch + (size_t)self * p->scratch_room);
        if (p->work > 20e3 && seconds_now() > t->deadline) /* a shorter pass is soon over */
            stop(t);
    }
    state->rows = 0;
    set_number(t, &state->pass, number);
}

/* Do parts of a pass: first those of one's own share, then what others have left of theirs. Who
 * does a part cannot be seen in the result, as each part has its own place for its sums.
 *
 * Nobody waits for a thread that is late: others take its parts. When it comes and that pass is
 * over, it finds that more of each share have been taken than that pass had. */
static void work(team *t, size_t number, int self)
{
    for (int i = 0, whose = self; i < t->threads; i++, whose++) {
        if (whose == t->threads)
            whose = 0;
        const size_t begin = t->share[whose].begin, count = t->share[whose].count;
        const size_t before = (number - 1) * count;
        size_t *taken = &t->share[whose].taken, k = __atomic_load_n(taken, __ATOMIC_RELAXED);
        while (k - before < count)
            if (__atomic_compare_exchange_n(taken, &k, k + 1, 0, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                do_part(t, number, begin + (k - before), self);
                k = __atomic_load_n(taken, __ATOMIC_RELAXED);
            }
    }
}

static void *helper(void *argument)
{
    team *t = argument;
    const int self = __atomic_add_fetch(&t->numbered, 1, __ATOMIC_RELAXED);
    for (size_t seen = t->made;; work(t, seen, self)) {
        wait_while(t, &t->number, seen);
        if (__atomic_load_n(&t->stop, __ATOMIC_RELAXED))
            return NULL;
        seen = __atomic_load_n(&t->number, __ATOMIC_ACQUIRE);
    }
}

#if defined(__linux__) && !defined(__ANDROID__)
/* Let a thread begin on another processor than this one, the k-th after it that may be used.
 * Linux often puts a new thread in line behind its creator, who is about to work for as long as a
 * turn lasts: 3 or 4 ms, in which most passes are over. Afterwards it may go where it likes. */
static void begin_elsewhere(pthread_t thread, int k)
{
    cpu_set_t all, one;
    const int here = sched_getcpu();
    if (here < 0 || sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    k %= CPU_COUNT(&all);
    for (int cpu = here; k > 0;)
        if (CPU_ISSET(cpu = (cpu + 1) % CPU_SETSIZE, &all) && --k == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            pthread_setaffinity_np(thread, sizeof one, &one);
            pthread_setaffinity_np(thread, sizeof all, &all);
        }
}
#else
#define begin_elsewhere(thread, k) ((void)0)
#endif

static void start_helpers(team *t)
{
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->changed, NULL);
    /* Signals are for the caller's thread: it is the one that Python listens on. But a thread's
     * own faults are its own, and would end the process unheard if it had blocked them. */
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    while (t->threads < t->wanted &&
           pthread_create(&t->thread[t->threads], NULL, helper, t) == 0) {
        begin_elsewhere(t->thread[t->threads], t->threads);
        t->threads++; /* with fewer threads than wished for, the result is the same */
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void team_start(team *t, pass *p, size_t passes)
{
    memset(t, 0, offsetof(team, mutex));
    t->pass = p;
    t->threads = 1;
    t->made = t->number = p->passes;
    t->wanted = p->threads;
    if (p->as_many_as_pay) {
        const double work = p->work / (double)(p->share ? p->share : 1);
        t->wanted = smaller(t->wanted, threads_that_pay(work, passes));
    }
    if (t->wanted > 1)
        start_helpers(t);
    const size_t threads = (size_t)t->threads;
    for (size_t i = 0, begin = 0, end; i < threads; i++, begin = end) {
        end = p->parts * (i + 1) / threads;
        t->share[i].begin = begin;
        t->share[i].count = end - begin;
        t->share[i].taken = t->made * (end - begin);
    }
}

void team_end(team *t)
{
    if (t->wanted == 1)
        return;
    stop(t);
    for (int i = 1; i < t->threads; i++)
        pthread_join(t->thread[i], NULL);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->mutex);
}

int team_pass(team *t, const double *params, double deadline)
{
    pass *p = t->pass;
    const size_t number = p->passes + 1;
    t->params = params;
    t->deadline = deadline;
    set_number(t, &t->number, number);
    work(t, number, 0);
    for (size_t i = 0; i < p->parts; i++) {
        if (!wait_while(t, &state_of(p, i)->pass, p->passes))
            return 0;
        if (i == 0)
            memcpy(p->total, sums_of(p, i), p->out_size * sizeof *p->total);
        else
            combine(p, p->total, sums_of(p, i));
    }
    p->passes = number;
    if (p->to_pack) /* only if: it lies where helpers read */
        p->to_pack = 0;
    return 1;
}

void pyref_run_share(pyref_run *run, size_t share)
{
    ((pass *)run)->share = share;
}

void pyref_run_scores(pyref_run *run, double *scores)
{
    ((pass *)run)->samples.scores = scores;
}

void pyref_run_units(pyref_run *run, const double *shift, const double *scale)
{
    pass *p = (pass *)run;
    p->samples.shift = shift;
    p->samples.scale = scale;
}

/* So many passes at the same params, by one team. */
static int passes_at(pass *p, const double *params, size_t passes, double deadline, double *out)
{
    team t;
    int finished = 1;
    team_start(&t, p, passes);
    for (size_t i = 0; finished && i < passes; i++)
        finished = team_pass(&t, params, deadline);
    team_end(&t);
    if (finished)
        memcpy(out, p->total, p->out_size * sizeof *out);
    return finished;
}

int pyref_run_pass(pyref_run *run, const double *params, double seconds, double *out)
{
    return passes_at((pass *)run, params, 1, seconds_now() + seconds, out);
}

void pyref_run_passes(pyref_run *run, const double *params, size_t passes, double *out)
{
    passes_at((pass *)run, params, passes, INFINITY, out);
}

/* With no run to keep, and no clock to look at. */
int pyref_pass(const void *X, int X_kind, const void *y, int y_kind, size_t n, size_t d,
               const double *params, double *out)
{
    pass p;
    if (pyref_find_no_label(y, y_kind, 0, n) < n)
        return PYREF_NO_LABEL;
    if (!set_up(&p, PYREF_GRADIENT, X, X_kind, y, y_kind, NULL, n, d, 1, 0, 1, 1))
        return PYREF_NO_MEMORY;
    passes_at(&p, params, 1, INFINITY, out);
    clean_up(&p);
    return pyref_find_not_finite(out, F64, 0, d + 2) < d + 2 ? PYREF_NOT_FINITE : PYREF_DONE;
}
