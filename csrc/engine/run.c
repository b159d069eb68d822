/* A run: a pass that can be made again and again, in calls that return when their time is over. */
#include "engine/run.h"
#include "pyref.h"

#include <stdlib.h>

pyref_run *pyref_run_new(int what, const void *X, int X_kind, const void *y, int y_kind,
                         const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                         size_t passes, int threads)
{
    DEFAULT_ARITHMETIC;
    pyref_run *run = pass_allocate(sizeof *run);
    if (!run)
        return NULL;
    if (!pass_set_up(&run->pass, what, X, X_kind, y, y_kind, sample_weight, n, d, classes, soft, passes,
                     threads)) {
        free(run);
        return NULL;
    }
    team_new(&run->team, &run->pass);
    return run;
}

void pyref_run_free(pyref_run *run)
{
    if (!run)
        return;
    team_end(&run->team);
    pass_clean_up(&run->pass);
    free(run);
}

size_t pyref_run_reads(const pyref_run *run)
{
    return run->pass.params_size;
}

size_t pyref_run_writes(const pyref_run *run)
{
    return run->pass.out_size;
}

void pyref_run_share(pyref_run *run, size_t share)
{
    run->pass.share = share;
}

void pyref_run_scores(pyref_run *run, double *scores)
{
    run->pass.samples.scores = scores;
}

void pyref_run_units(pyref_run *run, const double *shift, const double *scale)
{
    run->pass.samples.shift = shift;
    run->pass.samples.scale = scale;
}

int passes_at(pyref_run *run, const double *params, size_t passes, double deadline, double *out)
{
    team_call(&run->team, passes, deadline);
    for (size_t i = 0; i < passes; i++)
        if (!team_pass(&run->team, params))
            return 0;
    memcpy(out, run->pass.total, run->pass.out_size * sizeof *out);
    return 1;
}

int pyref_run_pass(pyref_run *run, const double *params, double seconds, double *out)
{
    DEFAULT_ARITHMETIC;
    return passes_at(run, params, 1, seconds_now() + seconds, out);
}

void pyref_run_passes(pyref_run *run, const double *params, size_t passes, double *out)
{
    DEFAULT_ARITHMETIC;
    passes_at(run, params, passes, INFINITY, out);
}
