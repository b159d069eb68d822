/* The threads of a pass, and the pass itself: each takes parts, and the caller adds their sums. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getcpu */
#endif
#include "engine/run.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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
    default_arithmetic(); /* of the caller it has been asked already, and some systems hand it on */
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
    sigdelset(&blocked, SIGSYS);
    sigdelset(&blocked, SIGTRAP);
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
