/* One pass over X: cut into parts, dealt to threads, summed in order.
 *
 *     memory.c    where its sums lie
 *     plan.c      how large a part is, and how many threads pay
 *     team.c      the threads, and the pass itself
 *     run.c       passes at the same parameters, in calls that end in time
 *     descent.c   passes at parameters that step after each
 *
 * What is summed over the rows of a part is a kernel (lanes/); what each kind of pass needs
 * stands with its function in chapters/. */
#ifndef PYREF_RUN_H
#define PYREF_RUN_H

#include "lanes/kernels.h"

#include <pthread.h>
#include <sys/types.h>

enum { MOST_PARTS = 128 };
enum { MOST_THREADS = 64 };

typedef struct {
    samples samples;
    int kind;            /* PYREF_GRADIENT, ... */
    rows_kernel *kernel;
    size_t width;        /* work in a row, counted in its products */
    size_t params_size;  /* parameters that the kernel reads */
    size_t out_size;     /* doubles that the kernel gives for a part */
    size_t maxima;       /* the first of them are largest values, the others are sums */
    size_t scratch_size; /* doubles of scratch that a thread needs */
    size_t part_rows, parts;
    size_t share;        /* one in so many rows is looked at, if it is not 0 */
    size_t step_rows;    /* rows of a part that are done without a look at the clock */
    double work;         /* of a pass, in nanoseconds: about 2 a row and 0.2 a number */
    int threads;         /* at most: so many have scratch */
    int as_many_as_pay;  /* or the caller alone, in a call of little work */
    size_t out_room, scratch_room; /* from one part, or thread, to the next */
    double *doubles;     /* one piece of memory, in which lie: */
    double *total;       /* the sum of the parts, in order */
    double *next_params; /* room for the parameters after a step */
    double *partial;     /* parts x out_room: the sums of a part, and its state */
    double *scratch;     /* threads x scratch_room */
    double *packed;
    int to_pack;         /* not yet: the first pass packs each row before it uses it */
} pass;

/* How far a part is, behind its sums in `partial`: whoever waits for it sees both at once. */
typedef struct {
    size_t round; /* the last one in which somebody came to it and left it */
    size_t rows;  /* of this pass that are done: all, unless the deadline came first */
} part_state;

/* Those who sleep until a number changes. */
typedef struct {
    int count;
    pthread_cond_t changed;
} sleepers;

/* Bytes of a cache line, or more. */
#if !defined(PYREF_LINE)
#if defined(__APPLE__) && defined(__aarch64__)
#define PYREF_LINE 128
#else
#define PYREF_LINE 64
#endif
#endif

/* The threads of a run. They start with the first call for which they pay, sleep between calls, and
 * end with the run, so that none is left behind at the interpreter's exit; a forked child, which
 * has none of them, forgets them. A round is a pass, or what a call in time makes of it. What is
 * written by several of them lies in cache lines apart: between threads a line travels for some
 * 60 ns. */
#define APART __attribute__((aligned(PYREF_LINE)))
typedef struct team {
    pass *pass;
    const double *params;
    double deadline;
    int threads;                /* the caller is thread 0 */
    int tried;                  /* to start the others */
    int wakes;                  /* in this call: the caller wakes those who sleep */
    int resumed;                /* this round goes on with the pass of the one before */
    int stop;                   /* the deadline has passed */
    int over;                   /* the run is over */
    int numbered;
    size_t before;              /* the round before the first in which they can help */
    pid_t process;              /* in which they are */
    size_t round;               /* the present one, from 1 on */
    APART sleepers helpers;
    APART sleepers caller;
    pthread_mutex_t mutex;
    pthread_t thread[MOST_THREADS];
    struct {                    /* of the parts, each thread's own: */
        APART size_t begin, count;
        size_t taken;           /* in all rounds */
    } share[MOST_THREADS];
} team;

struct pyref_run {
    pass pass;
    team team;
};

double seconds_now(void);

/* log p of a normal or subnormal p > 0: the kernel's logarithm is for normal numbers. Chapter 1's
 * and chapter 2's (chapters/logistic.c). */
double log_of(double p);

/* `count` doubles filled up to whole cache lines: so that no two threads write to one, and a
 * vector is not split by the end of one. */
static inline size_t whole_lines(size_t count)
{
    const size_t line = PYREF_LINE / sizeof(double);
    return (count + line - 1) / line * line;
}

/* Whether a times b doubles, b > 0, are more than a quarter of what can be addressed. Nobody has
 * so many, and the product might not fit a size_t: what is left of it would be a small size. */
static inline int too_many(size_t a, size_t b)
{
    return a > SIZE_MAX / 32 / b;
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Where the sums of a part lie, and how far it is. */
static inline double *sums_of(const pass *p, size_t part)
{
    return p->partial + part * p->out_room;
}

static inline part_state *state_of(const pass *p, size_t part)
{
    return (part_state *)(sums_of(p, part) + p->out_size);
}

/* Some bytes from the start of a cache line on, with anything in them; NULL without memory. */
void *pass_allocate(size_t size);

/* What a pass of a kind needs: width, params_size, out_size, scratch_size, and maxima if it has
 * some. */
typedef void plan_of_kind(pass *p);
plan_of_kind plan_gradient;                         /* chapters/logistic.c */
plan_of_kind plan_softmax, plan_scores;             /* chapters/multinomial.c */
plan_of_kind plan_squares, plan_hessian, plan_look; /* chapters/second_order.c */

/* Plan a pass, and get its memory. 1; or 0, without memory to give back. */
int pass_set_up(pass *p, int kind, const void *X, int X_kind, const void *y, int y_kind,
                const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                size_t passes, int threads);
void pass_clean_up(pass *p);

/* A team of the caller alone; and the end of all others. */
void team_new(team *t, pass *p);
void team_end(team *t);

/* A call begins, of so many passes: from here on the others help, if that pays. */
void team_call(team *t, size_t passes, double deadline);

/* 1 and the sums in pass->total when the pass is done; 0 when the deadline came first (what is
 * done is kept: call again with the same params). */
int team_pass(team *t, const double *params);

/* So many passes at the same params, in one call. */
int passes_at(pyref_run *run, const double *params, size_t passes, double deadline, double *out);

/* The loop of every gradient descent (descent.c). */
int pass_descend(pyref_run *run, double *params, double *v, double step, double momentum, double l2,
                 double total, double tolerance, size_t iterations, double seconds,
                 double *losses, size_t *made);

#endif
