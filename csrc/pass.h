/* One pass over X: cut into parts, dealt to threads, summed in order. */
#ifndef PYREF_PASS_H
#define PYREF_PASS_H

#include "kernels.h"

#include <pthread.h>

enum { MOST_PARTS = 128 };
enum { MOST_THREADS = 64 };

typedef struct {
    samples samples;
    rows_kernel *kernel;
    size_t out_size;     /* doubles that the kernel gives for a part */
    size_t maxima;       /* the first of them are largest values, the others are sums */
    size_t scratch_size; /* doubles of scratch that a thread needs */
    size_t part_rows, parts;
    size_t share;        /* one in so many rows is looked at, if it is not 0 */
    size_t step_rows;    /* rows of a part that are done without a look at the clock */
    double work;         /* of a pass, in nanoseconds: about 2 a row and 0.2 a number */
    int threads;         /* at most: so many have scratch */
    int as_many_as_pay;  /* or fewer, if a call makes few passes */
    size_t out_room, scratch_room; /* from one part, or thread, to the next */
    double *doubles;     /* one piece of memory, in which lie: */
    double *total;       /* the sum of the parts, in order */
    double *next_params; /* room for the parameters after a step */
    double *partial;     /* parts x out_room: the sums of a part, and its state */
    double *scratch;     /* threads x scratch_room */
    double *packed;
    int to_pack;         /* not yet: the first pass packs each row before it uses it */
    size_t passes;       /* that were made */
} pass;

/* How far a part is, behind its sums in `partial`: whoever waits for it sees both at once. */
typedef struct {
    size_t pass; /* the last one that it is done for */
    size_t rows; /* of the next one, done before the deadline came */
} part_state;

/* The threads of one call. They start with it and end with it, so that no thread is ever left
 * behind: not at a fork, not at the interpreter's exit. What is written by several of them lies
 * in cache lines apart: between threads a line travels for some 60 ns. */
#define APART __attribute__((aligned(64)))
typedef struct team {
    pass *pass;
    const double *params;
    double deadline;
    int wanted, threads;        /* the caller is thread 0 */
    int stop;                   /* the deadline has passed, or the call is over */
    int numbered;
    size_t made;                /* passes of the run, before this call */
    size_t number;              /* of the present pass */
    APART int sleeping;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread[MOST_THREADS];
    struct {                    /* of the parts, each thread's own: */
        APART size_t begin, count;
        size_t taken;           /* in all passes */
    } share[MOST_THREADS];
} team;

double seconds_now(void);
void team_start(team *t, pass *p, size_t passes);
void team_end(team *t);

/* 1 and the sums in pass->total when the pass is done; 0 when the deadline came first (what is
 * done is kept: call again with the same params). */
int team_pass(team *t, const double *params, double deadline);

#endif
