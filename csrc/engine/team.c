/* The threads of a pass, and the pass itself: each takes parts, and the caller adds their sums. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getcpu */
#endif
#include "engine/run.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

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

/* Wait while *number is `old`. For 100 us awake, since that is longer than it mostly takes, also
 * what Python does between two passes of a small table; and to be woken takes about as long. Then
 * asleep. */
static void wait_while(team *t, sleepers *s, const size_t *number, size_t old)
{
#define CHANGED (__atomic_load_n(number, __ATOMIC_SEQ_CST) != old)
    double begun = 0.0;
    for (int spin = 1; !CHANGED; spin++) {
        PAUSE();
        if (spin % 64 == 0) {
            const double now = seconds_now();
            if (begun == 0.0)
                begun = now;
            if (now - begun > 100e-6)
                break;
        }
    }
    if (CHANGED)
        return;
    pthread_mutex_lock(&t->mutex);
    __atomic_add_fetch(&s->count, 1, __ATOMIC_SEQ_CST);
    while (!CHANGED)
        pthread_cond_wait(&s->changed, &t->mutex);
    __atomic_sub_fetch(&s->count, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&t->mutex);
#undef CHANGED
}

/* Change a number, and wake those who sleep until it does. Nobody is missed: here is written first
 * and then looked who sleeps, there it is the other way round. */
static void set_number(team *t, sleepers *s, size_t *number, size_t value)
{
    __atomic_store_n(number, value, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&s->count, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&t->mutex);
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&t->mutex);
    }
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

/* Do what is left of a part, until the deadline comes. */
static void do_part(team *t, size_t round, size_t part, int self)
{
    const pass *p = t->pass;
    const size_t first = part * p->part_rows, rows = rows_to_do(p, part);
    double *out = sums_of(p, part);
    part_state *state = state_of(p, part);
    size_t i = t->resumed ? state->rows : 0;
    __builtin_prefetch(out, 1);
    while (i < rows && !__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
        i += do_step(p, t->params, first + i, first + rows, out, i > 0,
                     p->scratch + (size_t)self * p->scratch_room);
        if (p->work > 20e3 && seconds_now() > t->deadline) /* a shorter pass is soon over */
            __atomic_store_n(&t->stop, 1, __ATOMIC_RELAXED);
    }
    state->rows = i;
    set_number(t, &t->caller, &state->round, round);
}

/* Come to parts in a round: first those of one's own share, then what others have left of theirs.
 * Who does a part cannot be seen in the result, as each part has its own place for its sums.
 *
 * Nobody waits for a thread that is late: others take its parts. When it comes and that round is
 * over, it finds that more of each share have been taken than that round had. */
static void work(team *t, size_t round, int self)
{
    for (int i = 0, whose = self; i < t->threads; i++, whose++) {
        if (whose == t->threads)
            whose = 0;
        const size_t begin = t->share[whose].begin, count = t->share[whose].count;
        const size_t before = (round - 1) * count;
        size_t *taken = &t->share[whose].taken, k = __atomic_load_n(taken, __ATOMIC_RELAXED);
        while (k - before < count)
            if (__atomic_compare_exchange_n(taken, &k, k + 1, 0, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                do_part(t, round, begin + (k - before), self);
                k = __atomic_load_n(taken, __ATOMIC_RELAXED);
            }
    }
}

static void *helper(void *argument)
{
    team *t = argument;
    default_arithmetic(); /* of the caller it has been asked already, and some systems hand it on */
    const int self = __atomic_add_fetch(&t->numbered, 1, __ATOMIC_RELAXED);
    for (size_t seen = t->before;; work(t, seen, self)) {
        wait_while(t, &t->helpers, &t->round, seen);
        /* subtle: the round first. Who is late may find the number that ends the team in the place
         * of a round's, and `over` was written before it. Asked before, it might still be 0: then
         * that thread would wait for a round after the last one, and team_end for that thread. */
        seen = __atomic_load_n(&t->round, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&t->over, __ATOMIC_RELAXED))
            return NULL;
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

/* Bytes of a helper's stack; it needs a few thousand. What a system gives unasked, megabytes of
 * new memory for each, takes longer to come by. */
enum { STACK = 256 << 10 };

static void start_helpers(team *t)
{
    pthread_attr_t small;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->helpers.changed, NULL);
    pthread_cond_init(&t->caller.changed, NULL);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
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
    while (t->threads < t->pass->threads &&
           (pthread_create(&t->thread[t->threads], &small, helper, t) == 0 ||
            pthread_create(&t->thread[t->threads], NULL, helper, t) == 0)) {
        begin_elsewhere(t->thread[t->threads], t->threads);
        t->threads++; /* with fewer threads than wished for, the result is the same */
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&small);
}

/* Cut the shares, while nobody takes of them. */
static void deal(team *t)
{
    const size_t threads = (size_t)t->threads, parts = t->pass->parts;
    for (size_t i = 0, begin = 0, end; i < threads; i++, begin = end) {
        end = parts * (i + 1) / threads;
        t->share[i].begin = begin;
        t->share[i].count = end - begin;
        t->share[i].taken = t->round * (end - begin);
    }
}

void team_new(team *t, pass *p)
{
    memset(t, 0, offsetof(team, mutex));
    t->pass = p;
    t->threads = 1;
    deal(t);
}

static int is_forked(const team *t)
{
    return t->threads > 1 && t->process != getpid();
}

void team_call(team *t, size_t passes, double deadline)
{
    const pass *p = t->pass;
    if (is_forked(t)) { /* the others are the parent's, asleep or not */
        t->threads = 1;
        t->tried = t->numbered = t->helpers.count = t->caller.count = 0;
        deal(t);
    }
    const double work = p->work / (double)(p->share ? p->share : 1) * (double)passes;
    t->deadline = deadline;
    t->stop = 0;
    t->wakes = !p->as_many_as_pay || work > 150e3; /* who is awake comes unasked */
    if (p->threads > 1 && !t->tried && (!p->as_many_as_pay || work > 20e3)) {
        t->tried = 1;
        t->before = t->round;
        t->process = getpid();
        start_helpers(t);
        deal(t);
    }
}

void team_end(team *t)
{
    if (t->threads == 1 || is_forked(t))
        return;
    __atomic_store_n(&t->over, 1, __ATOMIC_RELAXED); /* some may be late, and look already */
    set_number(t, &t->helpers, &t->round, t->round + 1);
    for (int i = 1; i < t->threads; i++)
        pthread_join(t->thread[i], NULL);
    pthread_cond_destroy(&t->helpers.changed);
    pthread_cond_destroy(&t->caller.changed);
    pthread_mutex_destroy(&t->mutex);
}

int team_pass(team *t, const double *params)
{
    pass *p = t->pass;
    const size_t round = t->round + 1;
    int done = 1;
    t->params = params;
    if (t->wakes)
        set_number(t, &t->helpers, &t->round, round);
    else
        __atomic_store_n(&t->round, round, __ATOMIC_SEQ_CST);
    work(t, round, 0);
    for (size_t i = 0; i < p->parts; i++) {
        wait_while(t, &t->caller, &state_of(p, i)->round, round - 1);
        done &= state_of(p, i)->rows == rows_to_do(p, i);
        if (i == 0)
            memcpy(p->total, sums_of(p, i), p->out_size * sizeof *p->total);
        else if (done)
            combine(p, p->total, sums_of(p, i));
    }
    t->resumed = !done;
    if (done && p->to_pack) /* only if: it lies where helpers read */
        p->to_pack = 0;
    return done;
}
