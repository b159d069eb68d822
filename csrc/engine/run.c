/* A run: a pass that can be made again and again, in calls that return when their time is over. */
#include "engine/run.h"
#include "pyref.h"

#include <stdlib.h>

pyref_run *pyref_run_new(int what, const void *X, int X_kind, const void *y, int y_kind,
                         const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                         size_t passes, int threads)
{
    DEFAULT_ARITHMETIC;
    pass *p = pass_allocate(sizeof *p);
    if (p && !pass_set_up(p, what, X, X_kind, y, y_kind, sample_weight, n, d, classes, soft, passes,
                     threads)) {
        free(p);
        p = NULL;
    }
    return (pyref_run *)p;
}

void pyref_run_free(pyref_run *run)
{
    if (run)
        pass_clean_up((pass *)run);
    free(run);
}

size_t pyref_run_reads(const pyref_run *run)
{
    return ((const pass *)run)->params_size;
}

size_t pyref_run_writes(const pyref_run *run)
{
    return ((const pass *)run)->out_size;
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

int passes_at(pass *p, const double *params, size_t passes, double deadline, double *out)
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
    DEFAULT_ARITHMETIC;
    return passes_at((pass *)run, params, 1, seconds_now() + seconds, out);
}

void pyref_run_passes(pyref_run *run, const double *params, size_t passes, double *out)
{
    DEFAULT_ARITHMETIC;
    passes_at((pass *)run, params, passes, INFINITY, out);
}
