/* cli/gradient_npy.c -- nabla gradient of a .npy file: outputs made, filled, and named at the end.
 *
 * Nothing is given its name before everything is computed. Elsewhere: the computation
 * (cli/gradient_run.c), files (cli/arrays.c). */
#include "cli/gradient.h"
#include "cli/gradient_run.h"
#include "cli/plot.h"
#include "wire/npy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One result: its file, and where it goes. */
struct result {
    struct outfile file;
    char *name;   /* owned; NULL: standard output, or for the picture alone */
    bool dropped; /* for the picture alone */
};

struct job {
    const struct gradient_args *a;
    struct npy in;
    struct gradient_plan plan;
    struct gradient_task task;
    struct npy out[NABLA_DIMS_MAX];
    struct gradient_sink sinks[NABLA_DIMS_MAX];
    struct result results[NABLA_DIMS_MAX];
    int results_n;
};

static enum cli_exit refuse_array(const struct gradient_args *a, const char *why)
{
    return cli_error(CLI_USAGE, "%s: %s", a->input_name, why);
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), suffix_n = strlen(suffix);
    return n >= suffix_n && strcmp(name + n - suffix_n, suffix) == 0;
}

/* What cannot be done, whatever the shape. */
static enum cli_exit check(const struct job *j)
{
    const struct gradient_args *a = j->a;
    if (a->x != NULL || a->y != NULL)
        return cli_error(CLI_USAGE, "%s is for a table; %s is an array",
                         a->x != NULL ? "--x" : "--y", a->input_name);
    if (j->in.dtype == NABLA_BOOL)
        return refuse_array(a, "it holds truth values, which have no gradient");
    if (a->output != NULL && (has_suffix(a->output, ".csv") || has_suffix(a->output, ".tsv")))
        return cli_error(CLI_USAGE, "-o %s: the gradient of an array is written as .npy",
                         a->output);
    return CLI_OK;
}

/* What each result is; false after saying which option the array has no result for. */
static bool describe_results(struct job *j)
{
    const char *what;
    if (gradient_outputs(&j->task, j->out, &what))
        return true;
    cli_error(CLI_USAGE, "%s: %s holds %s; integers, float16, float32 or float64 are needed", what,
              j->a->input_name, nabla_dtype_name(j->in.dtype));
    return false;
}

static enum cli_exit check_outputs(const struct job *j)
{
    const struct gradient_args *a = j->a;
    if (a->plot != NULL && j->in.ndim > 2)
        return cli_error(CLI_USAGE, "--plot: %s has %d axes; one or two can be drawn",
                         a->input_name, j->in.ndim);
    if (a->output != NULL || a->plot != NULL)
        return CLI_OK;
    if (j->results_n > 1)
        return cli_error(CLI_USAGE, "-o OUTPUT is needed: there are %d results, one an axis",
                         j->results_n);
    if (isatty(STDOUT_FILENO))
        return cli_error(CLI_USAGE, "-o OUTPUT is needed: a .npy file is not for a terminal");
    return CLI_OK;
}

/* Makes an output, its header written. */
static enum cli_exit make_result(struct job *j, int i)
{
    struct result *r = &j->results[i];
    struct buf header = {0};
    const char *output = j->a->output;
    if (output != NULL) {
        r->name =
            j->results_n == 1 ? strdup(output) : gradient_output_name(output, j->plan.axes[i]);
        if (r->name == NULL)
            return cli_error(CLI_FAILED, "no memory");
    }
    r->dropped = output == NULL && j->a->plot != NULL;
    npy_write(&header, &j->out[i]);
    if (header.failed)
        return cli_error(CLI_FAILED, "no memory");
    const char *why = outfile_new(&r->file, r->name, header.n + j->out[i].bytes);
    if (why == NULL && !outfile_write(&r->file, 0, header.at, header.n))
        why = strerror(errno);
    j->sinks[i] = (struct gradient_sink){.file = &r->file, .offset = header.n};
    buf_fini(&header);
    return why == NULL ? CLI_OK : gradient_output_error(r->name, why, errno);
}

static enum cli_exit make_results(struct job *j)
{
    enum cli_exit status = CLI_OK;
    for (int i = 0; i < j->results_n && status == CLI_OK; i++)
        status = make_result(j, i);
    return status;
}

static enum cli_exit complain(const struct job *j, enum nabla_status status, int error,
                              const struct nabla_fault *fault)
{
    if (status == NABLA_EIO && error == EINTR)
        return CLI_FAILED; /* the signal says it */
    if (status == NABLA_EIO && fault->argument >= 0)
        return gradient_output_error(j->results[fault->argument].name, strerror(error), error);
    if (status == NABLA_EIO)
        return cli_error(CLI_FAILED, "%s: it cannot be read any more: %s", j->a->input_name,
                         strerror(error));
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "no memory");
    return refuse_array(j->a,
                        fault->message[0] != '\0' ? fault->message : nabla_status_text(status));
}

static enum cli_exit compute(struct job *j)
{
    struct nabla_fault fault = {0};
    enum nabla_status status = gradient_run(&j->task, &fault);
    return status == NABLA_OK ? CLI_OK : complain(j, status, errno, &fault);
}

static enum cli_exit draw(struct job *j)
{
    static const char *const titles[] = {"length of the gradient", "length of the gradient",
                                         "sum of the second derivatives"};
    struct plot_array value = {j->task.data, &j->in}, gradient[2];
    if (j->a->plot == NULL)
        return CLI_OK;
    for (int i = 0; i < j->results_n; i++) {
        const char *at = outfile_map(&j->results[i].file);
        if (at == NULL)
            return gradient_output_error(j->results[i].name, strerror(errno), errno);
        gradient[i] = (struct plot_array){at + j->sinks[i].offset, &j->out[i]};
    }
    struct plot_image image = {j->a->input_name, titles[j->task.result],
                               &value,           gradient,
                               j->results_n,     j->task.result == GRADIENT_LAPLACIAN};
    struct plot_axis x = {.spacing = &j->plan.spacing[0],
                          .order = (j->a->order > 1 ? j->a->order : 1) * j->a->repeat};
    if (j->in.ndim == 2)
        return plot_image(j->a->plot, &image);
    return plot_series(j->a->plot, &x, j->a->input_name, &value, &gradient[0]);
}

static enum cli_exit publish(struct job *j)
{
    for (int i = 0; i < j->results_n; i++) {
        struct result *r = &j->results[i];
        const char *why = r->dropped ? NULL : outfile_publish(&r->file);
        if (why != NULL)
            return gradient_output_error(r->name, why, errno);
    }
    return CLI_OK;
}

static enum cli_exit run(struct job *j)
{
    j->results_n = gradient_outputs_n(&j->task);
    enum cli_exit status = check_outputs(j);
    if (status == CLI_OK && j->a->plot != NULL)
        status = plot_check(j->a->plot);
    if (status == CLI_OK)
        status = make_results(j);
    if (status == CLI_OK)
        status = compute(j);
    if (status == CLI_OK)
        status = draw(j);
    return status == CLI_OK ? publish(j) : status;
}

static void job_fini(struct job *j)
{
    for (int i = 0; i < j->results_n; i++) {
        outfile_discard(&j->results[i].file);
        free(j->results[i].name);
    }
    gradient_plan_fini(&j->plan);
    free(j);
}

enum cli_exit gradient_npy(const struct gradient_args *a, const struct mapped *input)
{
    struct job *j = calloc(1, sizeof *j); /* a plan of 32 axes is large for a stack */
    const char *why;
    if (j == NULL)
        return cli_error(CLI_FAILED, "no memory");
    j->a = a;
    enum cli_exit status = CLI_USAGE;
    if (npy_read(input->at, input->n, &j->in, &why) != NABLA_OK)
        status = refuse_array(a, why);
    else if ((status = check(j)) == CLI_OK) {
        status = CLI_USAGE;
        if (gradient_plan_make(a, j->in.ndim, j->in.shape, NULL, &j->plan)) {
            gradient_task_make(a, &j->plan, &j->in, input->at + j->in.offset, &j->task);
            j->task.out = j->out;
            j->task.outputs = j->sinks;
            if (describe_results(j))
                status = run(j);
        }
    }
    job_fini(j);
    return status;
}
