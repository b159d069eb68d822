/* The C part alone, without Python: for builds and processors that Python does not reach.
 *
 *     digests.py --cases | bits_driver cases ISA THREADS SHIFT SECONDS MODE [BEGINNING ...] | ...
 *
 * computes the cases of tests/digests.py (those whose group begins so) and prints, for each,
 * "group count", a new line, and so many doubles; digests.py --results makes digests of them. ISA is
 * an instruction set of csrc/lanes/dispatch.c, or "best". X and y stand SHIFT bytes past a
 * multiple of 64. SECONDS is the time that a call may take before it returns and is made again.
 * MODE is the processor's arithmetic in which every call is made, and which it must leave as it was:
 * "default"; "flush", where subnormal numbers count as 0; or "up", where results are rounded up and
 * what is not finite, or not exact, is a trap.
 *
 *     bits_driver memory ISA THREADS
 *
 * lets every allocation of a run fail in turn, and then none: run under a leak checker.
 *
 *     bits_driver (undefined | misaligned | leak | race) ISA THREADS
 *
 * makes a mistake on purpose, for a checker to prove that it would see one. */
#include "arithmetic.h"
#include "pyref.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *of)
{
    fprintf(stderr, "bits_driver: %s: %s\n", what, of);
    exit(1);
}

/* Room for exactly `size` bytes, so that a checker of memory sees a read past them. */
static void *memory(size_t size)
{
    void *p;
    if (posix_memalign(&p, 64, size ? size : 1))
        fail("no memory", "for the numbers of a case");
    return p;
}

/* ------------------------------------------------------------------ the arithmetic of a process */

static arithmetic foreign = DEFAULT_OF_ALL;

static void choose_arithmetic(const char *mode)
{
#if defined(__aarch64__)
    const arithmetic flush = 1ul << 24, up = 1ul << 22;
#else
    const arithmetic flush = DEFAULT_OF_ALL | 0x8040, up = 0x4000;
#endif
    if (!strcmp(mode, "flush"))
        foreign = flush;
    else if (!strcmp(mode, "up"))
        foreign = up;
    else if (strcmp(mode, "default"))
        fail("no such mode of arithmetic", mode);
}

/* A call into the C part, by someone who has set the arithmetic otherwise. (Nothing is computed
 * here: what is given to the call is a number already.) */
#define CALL(...)                                                                \
    do {                                                                         \
        arithmetic_set(foreign);                                                 \
        __VA_ARGS__;                                                             \
        if ((arithmetic_now() & ~(arithmetic)RAISED) != foreign)                 \
            fail("a call has changed the process's arithmetic", #__VA_ARGS__);   \
        arithmetic_set(DEFAULT_OF_ALL);                                          \
    } while (0)

/* ------------------------------------------------------------------ the pools */

typedef struct {
    char name[64];
    size_t length;
    double *values;
} pool;

static pool pools[64];
static size_t pool_count;

static void read_pool(FILE *file)
{
    pool *p = &pools[pool_count++];
    if (pool_count > sizeof pools / sizeof *pools)
        fail("too many pools", "raise the number in bits_driver.c");
    if (fscanf(file, "%63s %zu", p->name, &p->length) != 2)
        fail("no pool", p->name);
    p->values = memory(p->length * sizeof(double));
    for (size_t i = 0; i < p->length; i++) {
        unsigned long long bits;
        if (fscanf(file, "%llx", &bits) != 1)
            fail("a pool is cut off", p->name);
        memcpy(&p->values[i], &bits, sizeof bits);
    }
}

static const pool *find_pool(const char *name)
{
    for (size_t i = 0; i < pool_count; i++)
        if (!strcmp(pools[i].name, name))
            return &pools[i];
    fail("no such pool", name);
    return NULL;
}

/* ------------------------------------------------------------------ numbers in memory */

/* The numbers of csrc/lanes/kernels.h; a bool is an unsigned byte. */
static int kind_of(char code)
{
    static const char codes[] = "dfbBhHiIqQ";
    const char *found = strchr(codes, code == '?' ? 'B' : code);
    if (!found)
        fail("no such kind", (char[]){code, 0});
    return (int)(found - codes);
}

static const size_t sizes[] = {8, 4, 1, 1, 2, 2, 4, 4, 8, 8};

static void put(char *to, int kind, double value)
{
#define PUT(number, type)                \
    case number: {                       \
        type v = (type)value;            \
        memcpy(to, &v, sizeof v);        \
        break;                           \
    }
    switch (kind) {
        PUT(0, double) PUT(1, float) PUT(2, int8_t) PUT(3, uint8_t) PUT(4, int16_t)
        PUT(5, uint16_t) PUT(6, int32_t) PUT(7, uint32_t) PUT(8, int64_t) PUT(9, uint64_t)
    }
}

typedef struct {
    char *room, *first;
} numbers;

/* `count` numbers of a pool from `at` on, around again where it ends. */
static numbers place(const char *name, int kind, size_t at, size_t count, size_t shift)
{
    const pool *p = find_pool(name);
    const size_t size = sizes[kind];
    numbers n;
    n.room = memory(shift + count * size);
    n.first = n.room + shift;
    for (size_t i = 0; i < count; i++)
        put(n.first + i * size, kind, p->values[(at + i) % p->length]);
    return n;
}

/* ------------------------------------------------------------------ results */

typedef struct {
    int threads;
    size_t shift;
    double seconds;
    char **beginnings;
} options;

static int wanted(const char *group, const options *o)
{
    for (char **beginning = o->beginnings; *beginning; beginning++)
        if (!strncmp(group, *beginning, strlen(*beginning)))
            return 1;
    return !*o->beginnings;
}

static void print(const char *group, const double *values, size_t count)
{
    printf("%s %zu\n", group, count);
    if (fwrite(values, sizeof *values, count, stdout) != count)
        fail("cannot print", group);
}

/* ------------------------------------------------------------------ functions of one sample */

static void array_function(const char *name, const pool *p, double *out)
{
    static const struct {
        const char *name;
        void (*call)(const double *, double *, size_t);
    } all[] = {
        {"sigmoid", pyref_sigmoid}, {"softplus", pyref_softplus}, {"log", pyref_log},
        {"log1p", pyref_log1p},     {"exp_minus", pyref_exp_minus},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(name, all[i].name)) {
            CALL(all[i].call(p->values, out, p->length));
            return;
        }
    fail("no such function", name);
}

static void function_of_two(const char *name, const pool *p, const pool *labels, double *out)
{
    static const struct {
        const char *name;
        double (*call)(double, double);
    } all[] = {
        {"loss", pyref_binary_cross_entropy_with_logits},
        {"residual", pyref_residual},
        {"binary_cross_entropy", pyref_binary_cross_entropy},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(name, all[i].name)) {
            for (size_t k = 0; k < p->length; k++)
                CALL(out[k] = all[i].call(labels->values[k % labels->length], p->values[k]));
            return;
        }
    fail("no such function", name);
}

/* Of C scores at a time; returns how many results there are. */
static size_t function_of_classes(const char *name, const pool *p, size_t C, double *out)
{
    double *room = memory(C * sizeof *room);
    size_t count = 0;
    for (size_t i = 0; i + C <= p->length; i += C)
        if (!strncmp(name, "logsumexp", 9))
            CALL(out[count++] = pyref_logsumexp(p->values + i, C, room));
        else {
            CALL(pyref_softmax(p->values + i, C, out + count));
            count += C;
        }
    free(room);
    return count;
}

static void each(FILE *file, const char *group, const options *o)
{
    char line[256], name[64], first[64], second[64];
    if (!fgets(line, sizeof line, file))
        fail("a case is cut off", group);
    int words = sscanf(line, "%63s %63s %63s", name, first, second);
    if (words < 2)
        fail("a case is cut off", group);
    if (!wanted(group, o))
        return;
    const pool *p = find_pool(first);
    const char *classes = strchr(name, '_');
    double *out = memory(p->length * sizeof *out);
    size_t count = p->length;
    if (words == 3)
        function_of_two(name, p, find_pool(second), out);
    else if (classes && strcmp(name, "exp_minus"))
        count = function_of_classes(name, p, (size_t)atoi(classes + 1), out);
    else
        array_function(name, p, out);
    print(group, out, count);
    free(out);
}

/* ------------------------------------------------------------------ tables */

/* The loop of pyref.fast: calls until all is done. Losses, then the parameters, to out. */
static size_t descend(pyref_run *run, size_t n, int classes, double *params, size_t size,
                      const double *how, double seconds, double *out)
{
    const size_t iterations = (size_t)how[0];
    const double step = how[1] / (double)n;
    double *v = memory(size * sizeof *v);
    size_t done = 0;
    memset(v, 0, size * sizeof *v);
    for (int ending = PYREF_AGAIN; done < iterations && ending != PYREF_CONVERGED &&
                                   ending != PYREF_DIVERGED;) {
        size_t made;
        const double total = (double)n;
        CALL(ending = (classes ? pyref_softmax_descent : pyref_gradient_descent)(
                 run, params, v, step, how[2], how[3], total, how[4], iterations - done, seconds,
                 out + done, &made));
        done += made;
    }
    memcpy(out + done, params, size * sizeof *params);
    free(v);
    return done + size;
}

/* Chapter 3's passes, and how many results d features give: as LOOKS in digests.py. */
static int look_of(const char *word, size_t d, size_t *count)
{
    const struct {
        const char *name;
        int what;
        size_t count;
    } all[] = {
        {"columns", PYREF_COLUMNS, 6 * d + 3},
        {"standard_gradient", PYREF_STANDARD_GRADIENT, d + 3},
        {"standard_hessian", PYREF_STANDARD_HESSIAN, d + 3 + (d + 1) * (d + 2) / 2},
        {"moves", PYREF_MOVES, 4},
        {"forces", PYREF_FORCES, d + 1},
        {"product", PYREF_PRODUCT, d + 1},
        {"rest", PYREF_REST, d + 1},
        {"separates", PYREF_SEPARATES, 2},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(word, all[i].name)) {
            *count = all[i].count;
            return all[i].what;
        }
    return -1;
}

/* As algebra() in digests.py: what is made of a Hessian, to out; returns how many numbers. */
static size_t algebra(const double *hess, const double *v, size_t m, double seconds, double *out)
{
    const size_t triangle = m * (m + 1) / 2;
    double *ridge = memory(m * sizeof *ridge), *room = memory(m * sizeof *room), *L = out;
    for (size_t j = 0; j < m; j++)
        ridge[j] = 0.25;
    for (int last_first = 1; last_first >= 0; last_first--, out += triangle) {
        size_t row = 0;
        int found = 1;
        L = out;
        while (row < m && found)
            CALL(found = pyref_cholesky(hess, m, 3.0, ridge, 0.5, last_first, 1e-12, L, &row,
                                        seconds));
        if (!found)
            fail("a matrix has no triangle", "algebra");
    }
    double *solution = out, *squares = solution + m;
    size_t row = 0;
    CALL(pyref_solve(L, m, v, solution));
    while (row < m)
        CALL(pyref_variances(L, m, v, room, squares, &row, seconds));
    CALL(pyref_plus(squares, 0.75, solution, squares, m));
    CALL(squares[m] = pyref_dot(v, solution, m));
    for (size_t j = 0; j < m; j++)
        pyref_symmetric_row(L, m, j, squares + m + 1 + j * m);
    free(ridge);
    free(room);
    return 2 * triangle + 2 * m + 1 + m * m;
}

static void table(FILE *file, const char *word, const char *group, const options *o)
{
    size_t n, d, classes, X_at, y_at, w_at, weight_at;
    char X_pool[64], y_pool[64], w_pool[64], weight_pool[64], X_code, y_code;
    double how[5] = {1};
    const int is_descent = !strcmp(word, "descent"), is_hessian = !strcmp(word, "hessian");
    const int is_squares = !strcmp(word, "squares"), is_algebra = !strcmp(word, "algebra");
    if (fscanf(file, "%zu %zu %zu %63s %c %zu %63s %c %zu %63s %zu %63s %zu", &n, &d, &classes,
               X_pool, &X_code, &X_at, y_pool, &y_code, &y_at, w_pool, &w_at, weight_pool,
               &weight_at) != 13)
        fail("a case is cut off", group);
    for (int i = 0; is_descent && i < 5; i++)
        if (fscanf(file, "%lf", &how[i]) != 1)
            fail("a case is cut off", group);
    if (!wanted(group, o))
        return;
    const int X_kind = kind_of(X_code), y_kind = kind_of(y_code);
    const int soft = !strncmp(y_pool, "shares", 6);
    const size_t outputs = classes ? classes : 1, m = d + 1;
    size_t count = 0;
    const int look = look_of(word, d, &count);
    /* a look has two points and a bound, and then its units */
    const size_t size = look >= 0 ? 4 * d + 3 : outputs * m;
    numbers X = place(X_pool, X_kind, X_at, n * d, o->shift);
    numbers y = place(y_pool, y_kind, y_at, soft ? n * classes : n, o->shift);
    numbers w = place(w_pool, 0, w_at, size, 0), weight = {NULL, NULL};
    if (strcmp(weight_pool, "-"))
        weight = place(weight_pool, 0, weight_at, n, 0);
    if (look < 0)
        count = size + (size_t)how[0];
    if (is_hessian || is_algebra)
        count += m * (m + 1) / 2;
    double *params = (double *)w.room, *out = memory(count * sizeof *out);
    const int what = look >= 0                 ? look
                     : is_hessian || is_algebra ? PYREF_HESSIAN
                     : is_squares               ? PYREF_SQUARES
                     : classes                  ? PYREF_SOFTMAX
                                                : PYREF_GRADIENT;
    if (is_squares)
        count = 1;
    const size_t passes = (size_t)how[0];
    pyref_run *run;
    CALL(run = pyref_run_new(what, X.first, X_kind, y.first, y_kind, (double *)weight.room, n, d,
                             outputs, soft, passes, o->threads));
    if (!run)
        fail("no memory", "for a run");
    if (look >= 0)
        pyref_run_units(run, params + 2 * m + 1, params + 2 * m + 1 + d);
    if (is_descent)
        count = descend(run, n, classes > 0, params, size, how, o->seconds, out);
    else
        for (int done = 0; !done;)
            CALL(done = pyref_run_pass(run, params, o->seconds, out));
    pyref_run_free(run);
    if (is_algebra) {
        double *more = memory((m * (m + 1) + 2 * m + 1 + m * m) * sizeof *more);
        count = algebra(out + 1 + m, params, m, o->seconds, more);
        free(out);
        out = more;
    }
    print(group, out, count);
    free(X.room);
    free(y.room);
    free(w.room);
    free(weight.room);
    free(out);
}

static void cases(FILE *file, const options *o)
{
    char word[32], group[64];
    while (fscanf(file, "%31s", word) == 1) {
        if (!strcmp(word, "pool")) {
            read_pool(file);
            continue;
        }
        if (fscanf(file, "%63s", group) != 1)
            fail("a case is cut off", word);
        if (!strcmp(word, "each"))
            each(file, group, o);
        else
            table(file, word, group, o);
    }
    for (size_t i = 0; i < pool_count; i++)
        free(pools[i].values);
}

/* ------------------------------------------------------------------ memory that fails */

static void memory_that_fails(int threads)
{
    static const size_t shapes[][3] = {/* n, d, classes */
                                       {1, 1, 0},     {100, 3, 0}, {100, 9, 0},  {20000, 2, 0},
                                       {5000, 20, 0}, {100, 3, 4}, {5000, 20, 3}};
    int failures = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t n = shapes[i][0], d = shapes[i][1], classes = shapes[i][2];
        const size_t outputs = classes ? classes : 1, size = outputs * (d + 1);
        double *X = memory(n * d * sizeof *X), *out = memory((size + 300) * sizeof *out);
        double *params = memory((size + 1) * sizeof *params), *v = memory(size * sizeof *v);
        double *weight = memory(n * sizeof *weight);
        unsigned char *y = memory(n);
        for (size_t k = 0; k < n * d; k++)
            X[k] = (double)(k % 7) - 3.0;
        for (size_t k = 0; k < n; k++) {
            y[k] = (unsigned char)(k * k % 5 % (classes ? classes : 2));
            weight[k] = 1.0;
        }
        params[size] = 0.0;
        for (int variant = 0; variant < (classes ? 4 : 8); variant++) {
            const size_t passes = variant % 2 ? 10 : 1; /* with 10, few features are packed */
            const int hessian = variant >= 4;
            const int what = classes        ? PYREF_SOFTMAX
                             : variant >= 6 ? PYREF_STANDARD_HESSIAN
                             : hessian      ? PYREF_HESSIAN
                                            : PYREF_GRADIENT;
            int passed = 0;
            for (int k = 0; !passed; k++) {
                size_t made;
                memset(params, 0, size * sizeof *params);
                memset(v, 0, size * sizeof *v);
                pyref_fail_allocation_after(k);
                pyref_run *run = pyref_run_new(what, X, 0, y, 3, variant / 2 % 2 ? weight : NULL,
                                               n, d, outputs, 0, passes, threads);
                pyref_fail_allocation_after(-1);
                passed = run != NULL;
                failures += !run;
                if (run)
                    pyref_run_units(run, weight, weight); /* any d numbers: no table is wider */
                if (run && passes > 1 && !hessian)
                    (classes ? pyref_softmax_descent : pyref_gradient_descent)(
                        run, params, v, 0.1 / (double)n, 0.0, 0.0, (double)n, 0.0, passes, 60.0,
                        out, &made);
                else if (run)
                    pyref_run_pass(run, params, 60.0, out);
                pyref_run_free(run);
                if (k > 100)
                    fail("the allocation that should fail is never reached", "memory");
            }
        }
        for (int k = 0, ending = PYREF_NO_RUN; !classes && ending == PYREF_NO_RUN; k++) {
            pyref_fail_allocation_after(k);
            ending = pyref_gradient(X, 0, y, 3, n, d, params, out);
            pyref_fail_allocation_after(-1);
            failures += ending == PYREF_NO_RUN;
        }
        free(X);
        free(y);
        free(out);
        free(params);
        free(v);
        free(weight);
    }
    printf("%d allocations have failed, as they were told to\n", failures);
    if (failures < 100)
        fail("too few allocations", "memory");
}

/* ------------------------------------------------------------------ mistakes, on purpose */

static void leak(void)
{
    static const double X[3] = {1.0, 2.0, 3.0}, y[3] = {0.0, 1.0, 0.0};
    printf("%d\n", pyref_run_new(PYREF_GRADIENT, X, 0, y, 0, NULL, 3, 1, 1, 0, 1, 1) != NULL);
}

/* A number is copied from where no double may be. */
static void misaligned(int shift)
{
    const double numbers[] = {1.0, 2.0};
    const double *at = (const double *)((const char *)numbers + shift);
    double number;
    memcpy(&number, at, sizeof number);
    printf("%g\n", number);
}

static int shared;

static void *add(void *nothing)
{
    for (int i = 0; i < 1000; i++)
        shared++;
    return nothing;
}

static void race(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, add, NULL))
        fail("no thread", "race");
    add(NULL);
    pthread_join(other, NULL);
    printf("%d\n", shared);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        fail("usage", "bits_driver cases ISA THREADS SHIFT SECONDS MODE [BEGINNING ...]"
                      " | bits_driver memory ISA THREADS");
    if (!pyref_use_instruction_set(argv[2]))
        fail("this processor has no such instruction set", argv[2]);
    if (!strcmp(argv[1], "memory")) {
        memory_that_fails(atoi(argv[3]));
        return 0;
    }
    if (!strcmp(argv[1], "undefined")) {
        printf("%d\n", INT_MAX + atoi(argv[3]));
        return 0;
    }
    if (!strcmp(argv[1], "misaligned")) {
        misaligned(atoi(argv[3]));
        return 0;
    }
    if (!strcmp(argv[1], "leak") || !strcmp(argv[1], "race")) {
        (argv[1][0] == 'l' ? leak : race)();
        return 0;
    }
    if (strcmp(argv[1], "cases") || argc < 7)
        fail("usage", "bits_driver cases ISA THREADS SHIFT SECONDS MODE [BEGINNING ...]");
    options o = {.threads = atoi(argv[3]),
                 .shift = (size_t)atoi(argv[4]),
                 .seconds = atof(argv[5]),
                 .beginnings = argv + 7};
    choose_arithmetic(argv[6]);
    fprintf(stderr, "%s\n", pyref_instruction_set());
    cases(stdin, &o);
    return 0;
}
