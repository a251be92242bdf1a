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
    struct npy in, out;
    struct gradient_plan plan;
    struct result results[NABLA_DIMS_MAX];
    int results_n;
    struct buf header;
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
    if (j->out.dtype == NABLA_DTYPE_COUNT)
        return refuse_array(a, "it holds truth values, which have no gradient");
    if (a->magnitude && !gradient_has_magnitude(j->out.dtype))
        return cli_error(
            CLI_USAGE,
            "--magnitude: %s has a gradient of %s; float32, float64 or long double is needed",
            a->input_name, nabla_dtype_name(j->out.dtype));
    if (a->output != NULL && (has_suffix(a->output, ".csv") || has_suffix(a->output, ".tsv")))
        return cli_error(CLI_USAGE, "-o %s: the gradient of an array is written as .npy",
                         a->output);
    return CLI_OK;
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
    const char *output = j->a->output;
    if (output != NULL) {
        r->name =
            j->results_n == 1 ? strdup(output) : gradient_output_name(output, j->plan.axes[i]);
        if (r->name == NULL)
            return cli_error(CLI_FAILED, "no memory");
    }
    r->dropped = output == NULL && j->a->plot != NULL;
    const char *why = outfile_new(&r->file, r->name, j->header.n + j->out.bytes);
    if (why != NULL)
        return gradient_output_error(r->name, why, errno);
    memcpy(r->file.at, j->header.at, j->header.n);
    return CLI_OK;
}

static enum cli_exit make_results(struct job *j)
{
    npy_write(&j->header, &j->out);
    if (j->header.failed)
        return cli_error(CLI_FAILED, "no memory");
    for (int i = 0; i < j->results_n; i++) {
        enum cli_exit status = make_result(j, i);
        if (status != CLI_OK)
            return status;
    }
    return CLI_OK;
}

static enum cli_exit complain(const struct job *j, enum nabla_status status, int error,
                              const struct nabla_fault *fault)
{
    if (status == NABLA_EIO && error == EINTR)
        return CLI_FAILED; /* the signal says it */
    if (status == NABLA_EIO)
        return cli_error(CLI_FAILED, "%s: it cannot be read any more: %s", j->a->input_name,
                         strerror(error));
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "no memory");
    return refuse_array(j->a,
                        fault->message[0] != '\0' ? fault->message : nabla_status_text(status));
}

static enum cli_exit compute(struct job *j, const char *data)
{
    char *outputs[NABLA_DIMS_MAX];
    struct nabla_fault fault = {0};
    for (int i = 0; i < j->results_n; i++)
        outputs[i] = j->results[i].file.at + j->header.n;
    struct gradient_task task = {.in = &j->in,
                                 .data = data,
                                 .axes = j->plan.axes,
                                 .axes_n = j->plan.axes_n,
                                 .spacing = j->plan.spacing,
                                 .edge_order = j->a->edge_order,
                                 .mode = j->a->mode,
                                 .threads = j->a->threads,
                                 .magnitude = j->a->magnitude,
                                 .out = &j->out,
                                 .outputs = outputs,
                                 .show_progress = isatty(STDERR_FILENO)};
    enum nabla_status status = gradient_run(&task, &fault);
    return status == NABLA_OK ? CLI_OK : complain(j, status, errno, &fault);
}

static enum cli_exit draw(const struct job *j, const char *data)
{
    struct plot_array value = {data, &j->in}, gradient[2];
    if (j->a->plot == NULL)
        return CLI_OK;
    for (int i = 0; i < j->results_n; i++)
        gradient[i] = (struct plot_array){j->results[i].file.at + j->header.n, &j->out};
    if (j->in.ndim == 2)
        return plot_image(j->a->plot, j->a->input_name, &value, gradient, j->results_n);
    struct plot_axis x = {.spacing = &j->plan.spacing[0]};
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

static enum cli_exit run(struct job *j, const struct mapped *input)
{
    const char *data = input->at + j->in.offset;
    j->results_n = j->a->magnitude ? 1 : j->plan.axes_n;
    enum cli_exit status = check_outputs(j);
    if (status == CLI_OK && j->a->plot != NULL)
        status = plot_check(j->a->plot);
    if (status == CLI_OK)
        status = make_results(j);
    if (status == CLI_OK)
        status = compute(j, data);
    if (status == CLI_OK)
        status = draw(j, data);
    return status == CLI_OK ? publish(j) : status;
}

static void job_fini(struct job *j)
{
    for (int i = 0; i < j->results_n; i++) {
        outfile_discard(&j->results[i].file);
        free(j->results[i].name);
    }
    gradient_plan_fini(&j->plan);
    buf_fini(&j->header);
}

enum cli_exit gradient_npy(const struct gradient_args *a, const struct mapped *input)
{
    struct job j = {.a = a};
    const char *why;
    if (npy_read(input->at, input->n, &j.in, &why) != NABLA_OK)
        return refuse_array(a, why);
    j.out = gradient_output(&j.in);
    enum cli_exit status = check(&j);
    if (status != CLI_OK)
        return status;
    if (!gradient_plan_make(a, j.in.ndim, j.in.shape, &j.plan))
        return CLI_USAGE;
    status = run(&j, input);
    job_fini(&j);
    return status;
}
