/* cli/gradient_csv.c -- nabla gradient of two columns of a table.
 *
 *     time,temperature,gradient
 *     2024-01-01T00:00:00Z,3.5,0.0025       x and y as they were written, then the gradient
 *
 * Times are differenced as integers and become seconds afterwards: a gradient over time is per second.
 * Elsewhere: the table's text (wire/csv.c), the gradient (cli/gradient_run.c). */
#include "cli/gradient.h"
#include "cli/plot.h"

#include "base/clock.h"
#include "base/number.h"
#include "wire/csv.h"
#include "wire/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const struct gradient_args *a;
    const struct mapped *input;
    struct csv csv;
    struct csv_row header, row;
    struct csv_columns columns;
    struct csv_series series;
    struct gradient_plan plan;
    double *steps_s;  /* owned; CSV_X_TIMES: from each row to the next, if they differ */
    double *gradient; /* owned */
};

static enum cli_exit complain(const struct table *t, enum nabla_status status,
                              const struct csv_fault *fault)
{
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "no memory");
    if (fault->line == 0 && strncmp(fault->message, "--", 2) == 0)
        return cli_error(CLI_USAGE, "%s (in %s)", fault->message, t->a->input_name);
    if (fault->line == 0)
        return cli_error(CLI_USAGE, "%s: %s", t->a->input_name, fault->message);
    return cli_error(CLI_USAGE, "%s:%" PRIu64 ":%zu: %s", t->a->input_name, fault->line,
                     fault->column, fault->message);
}

/* A column that nobody named, and whose name is a number: the header is missing, and a row would be. */
static bool is_nameless(const struct table *t)
{
    const struct csv_cell *name = &t->header.cells[t->columns.y];
    double number;
    return t->a->y == NULL && name->n > 0 && number_read_any(name->at, name->n, &number) == name->n;
}

static enum cli_exit read_table(struct table *t)
{
    struct csv_fault fault = {0};
    csv_open(&t->csv, t->input->at, t->input->n);
    enum nabla_status status = csv_next(&t->csv, &t->header, &fault);
    if (status == NABLA_OK)
        status = csv_find(&t->header, t->a->x, t->a->y, t->a->spacing_n == 0, &t->columns, &fault);
    if (status == NABLA_OK && is_nameless(t))
        return cli_error(CLI_USAGE,
                         "%s: its first line has numbers where names of columns are needed",
                         t->a->input_name);
    if (status == NABLA_OK && t->columns.x >= 0 && t->a->spacing_n > 0)
        return cli_error(CLI_USAGE, "-s %s: the spacing is column --x %s already", t->a->spacing[0],
                         t->a->x);
    if (status == NABLA_OK)
        status = csv_read(&t->csv, &t->header, t->columns, &t->series, &fault);
    return status == NABLA_OK ? CLI_OK : complain(t, status, &fault);
}

static struct npy as_npy(const struct table *t)
{
    return (struct npy){.dtype = NABLA_FLOAT64,
                        .ndim = 1,
                        .shape = {(int64_t)t->series.n},
                        .count = (int64_t)t->series.n,
                        .bytes = t->series.n * sizeof(double)};
}

/* Taken in integers, so that no time costs precision. */
static double seconds_between(int64_t from, int64_t to)
{
    uint64_t up = (uint64_t)to - (uint64_t)from;
    double ns = to >= from ? (double)up : -(double)(0 - up);
    return ns / NS_PER_S;
}

/* Even times are one step; others one each. There are at least two. */
static bool time_spacing(struct table *t, struct spacing *out)
{
    const int64_t *at = t->series.t_ns;
    size_t n = t->series.n - 1;
    const double first = seconds_between(at[0], at[1]);
    bool even = true;
    t->steps_s = malloc(n * sizeof *t->steps_s);
    if (t->steps_s == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        t->steps_s[i] = seconds_between(at[i], at[i + 1]);
        even &= t->steps_s[i] == first;
    }
    *out = even ? (struct spacing){.kind = NABLA_STEP, .step = first}
                : spacing_of(NABLA_STEPS, t->steps_s, (int64_t)t->series.n);
    return true;
}

/* What the column x says of where the rows are. */
static bool find_spacing(struct table *t, struct spacing *out)
{
    *out = (struct spacing){0};
    if (t->series.kind == CSV_X_NUMBERS)
        *out = spacing_of(NABLA_COORDINATES, t->series.x, (int64_t)t->series.n);
    return t->series.kind != CSV_X_TIMES || t->series.n < 2 || time_spacing(t, out);
}

static enum cli_exit compute(struct table *t)
{
    const struct npy npy = as_npy(t);
    struct gradient_sink sink = {.at = (char *)t->gradient};
    struct gradient_task task;
    struct npy out;
    struct nabla_fault fault = {0};
    const char *what;
    gradient_task_make(t->a, &t->plan, &npy, (const char *)t->series.y, &task);
    task.out = &out;
    task.outputs = &sink;
    bool taken = gradient_outputs(&task, &out, &what); /* float64 always is */
    enum nabla_status status = taken ? gradient_run(&task, &fault) : NABLA_EDTYPE;
    if (status == NABLA_EIO && errno == EINTR)
        return CLI_FAILED; /* the signal says it */
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "no memory");
    if (status != NABLA_OK)
        return cli_error(CLI_USAGE, "%s: %s", t->a->input_name, fault.message);
    return CLI_OK;
}

static void add_cell(struct buf *out, const struct csv_cell *cell)
{
    if (cell->n > 0)
        buf_add(out, cell->at, cell->n);
}

/* One line: the cells as they are, and a third. */
static void write_row(struct buf *out, const struct table *t, const struct csv_row *row,
                      const char *third)
{
    if (t->columns.x >= 0) {
        add_cell(out, &row->cells[t->columns.x]);
        buf_char(out, t->csv.delimiter);
    }
    add_cell(out, &row->cells[t->columns.y]);
    buf_char(out, t->csv.delimiter);
    buf_text(out, third);
    buf_char(out, '\n');
}

/* The rows are read a second time: their text was not kept. */
static void write_csv(struct table *t, struct buf *out)
{
    struct csv_fault unused;
    char number[NUMBER_TEXT_MAX];
    write_row(out, t, &t->header, "gradient");
    csv_open(&t->csv, t->input->at, t->input->n);
    bool more = csv_next(&t->csv, &t->row, &unused) == NABLA_OK; /* the header */
    for (size_t i = 0; i < t->series.n && more; i++) {
        more = csv_next(&t->csv, &t->row, &unused) == NABLA_OK && t->row.n == t->header.n;
        number_write(number, t->gradient[i]);
        if (more)
            write_row(out, t, &t->row, number);
    }
}

static bool is_npy_name(const char *name)
{
    size_t n = name == NULL ? 0 : strlen(name);
    return n > 4 && strcmp(name + n - 4, ".npy") == 0;
}

static enum cli_exit write_output(const char *target, const struct buf *text)
{
    struct outfile file;
    if (target == NULL) {
        fwrite(text->at, 1, text->n, stdout);
        return cli_flush();
    }
    const char *why = outfile_new(&file, target, text->n);
    if (why == NULL && !outfile_write(&file, 0, text->at, text->n)) {
        why = strerror(errno);
        outfile_discard(&file);
    }
    if (why == NULL)
        why = outfile_publish(&file);
    return why == NULL ? CLI_OK : gradient_output_error(target, why, errno);
}

static enum cli_exit write_result(struct table *t)
{
    struct buf text = {0};
    struct npy npy = as_npy(t);
    if (t->a->output == NULL && t->a->plot != NULL)
        return CLI_OK;
    if (is_npy_name(t->a->output)) {
        npy_write(&text, &npy);
        buf_add(&text, t->gradient, npy.bytes);
    } else {
        write_csv(t, &text);
    }
    enum cli_exit status =
        text.failed ? cli_error(CLI_FAILED, "no memory") : write_output(t->a->output, &text);
    buf_fini(&text);
    return status;
}

static enum cli_exit draw(struct table *t)
{
    struct npy npy = as_npy(t);
    struct buf x_name = {0}, y_name = {0};
    struct plot_array value = {(const char *)t->series.y, &npy};
    struct plot_array gradient = {(const char *)t->gradient, &npy};
    struct plot_axis x = {.spacing = &t->plan.spacing[0],
                          .x = t->series.x,
                          .t_ns = t->series.t_ns,
                          .order = (t->a->order > 1 ? t->a->order : 1) * t->a->repeat};
    csv_unquote(&y_name, &t->header.cells[t->columns.y]);
    if (t->columns.x >= 0)
        csv_unquote(&x_name, &t->header.cells[t->columns.x]);
    buf_char(&x_name, '\0');
    buf_char(&y_name, '\0');
    x.label = x_name.failed ? NULL : x_name.at;
    enum cli_exit status =
        plot_series(t->a->plot, &x, y_name.failed ? "" : y_name.at, &value, &gradient);
    buf_fini(&x_name);
    buf_fini(&y_name);
    return status;
}

static enum cli_exit run(struct table *t)
{
    enum cli_exit status = read_table(t);
    if (status != CLI_OK)
        return status;
    const int64_t n = (int64_t)t->series.n;
    struct spacing spacing;
    t->gradient = malloc((size_t)n * sizeof *t->gradient + 1);
    if (t->gradient == NULL || !find_spacing(t, &spacing))
        return cli_error(CLI_FAILED, "no memory");
    if (!gradient_plan_make(t->a, 1, &n, t->columns.x >= 0 ? &spacing : NULL, &t->plan))
        return CLI_USAGE;
    if (t->a->plot != NULL)
        status = plot_check(t->a->plot);
    if (status == CLI_OK)
        status = compute(t);
    if (status == CLI_OK && t->a->plot != NULL)
        status = draw(t);
    return status == CLI_OK ? write_result(t) : status;
}

enum cli_exit gradient_csv(const struct gradient_args *a, const struct mapped *input)
{
    struct table *t = calloc(1, sizeof *t); /* two rows of cells: too large for the stack */
    if (t == NULL)
        return cli_error(CLI_FAILED, "no memory");
    t->a = a;
    t->input = input;
    enum cli_exit status = run(t);
    gradient_plan_fini(&t->plan);
    csv_series_fini(&t->series);
    free(t->steps_s);
    free(t->gradient);
    free(t);
    return status;
}
