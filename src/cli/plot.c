/* cli/plot.c -- a script with its data in it, read by gnuplot from a file that has no name.
 *
 *     $value << EOD      gnuplot < script > picture      both files are unnamed; the picture gets its
 *     0 1.5              name when gnuplot has ended well
 *
 * A long series is drawn as the least and the greatest of each stretch, so that no peak is lost; an
 * image that is larger than the picture by every so many elements. */
#include "cli/plot.h"

#include "base/clock.h"
#include "cli/arrays.h"
#include "cli/arrays_copy.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POINTS_MAX = 4000, STRETCHES = POINTS_MAX / 2, DOTS_MAX = 600 /* a side */ };

extern char **environ;

enum cli_exit plot_check(const char *target)
{
    const char *path = getenv("PATH");
    char file[4096];
    for (const char *p = path == NULL ? "" : path; *p != '\0'; p += *p == ':') {
        size_t n = strcspn(p, ":");
        snprintf(file, sizeof file, "%.*s/gnuplot", (int)n, p);
        if (n > 0 && n < sizeof file / 2 && access(file, X_OK) == 0)
            return CLI_OK;
        p += n;
    }
    return cli_error(CLI_FAILED, "--plot %s: gnuplot is needed, and is not installed", target);
}

/* 'text', in which nothing is a command; a quote of its own becomes a typographic one. */
static void write_quoted(FILE *f, const char *text)
{
    fputc('\'', f);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("\xe2\x80\x99", f);
        else
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, f);
    }
    fputc('\'', f);
}

/* "NaN" for what cannot be drawn. */
static void write_number(FILE *f, double v)
{
    if (isfinite(v))
        fprintf(f, "%.9g", v);
    else
        fputs("NaN", f);
}

static double value_at(const struct plot_array *a, int64_t i)
{
    size_t size = nabla_dtype_size(a->npy->dtype);
    return arrays_number(a->data + (size_t)i * size, a->npy->dtype, a->npy->swapped);
}

/* Where element i is; times in seconds. */
static double x_at(const struct plot_axis *x, int64_t i)
{
    if (x->x != NULL)
        return x->x[i];
    if (x->t_ns != NULL)
        return (double)x->t_ns[i] / NS_PER_S;
    if (x->spacing == NULL || x->spacing->kind == NABLA_UNIT)
        return (double)i;
    if (x->spacing->kind == NABLA_STEP)
        return (double)i * x->spacing->step;
    size_t size = nabla_dtype_size(x->spacing->dtype);
    return arrays_number(x->spacing->at + (size_t)i * size, x->spacing->dtype, x->spacing->swapped);
}

static void write_point(FILE *f, const struct plot_axis *x, const struct plot_array *a, int64_t i)
{
    fprintf(f, "%.17g ", x_at(x, i));
    write_number(f, value_at(a, i));
    fputc('\n', f);
}

/* The least and the greatest of elements lo to hi, in their order; the first if all are NaN. */
static void write_stretch(FILE *f, const struct plot_axis *x, const struct plot_array *a,
                          int64_t lo, int64_t hi)
{
    int64_t least = lo, most = lo;
    for (int64_t i = lo; i < hi; i++) {
        double v = value_at(a, i);
        if (v < value_at(a, least) || isnan(value_at(a, least)))
            least = i;
        if (v > value_at(a, most) || isnan(value_at(a, most)))
            most = i;
    }
    write_point(f, x, a, least < most ? least : most);
    if (least != most)
        write_point(f, x, a, least < most ? most : least);
}

static void write_series(FILE *f, const char *name, const struct plot_axis *x,
                         const struct plot_array *a)
{
    int64_t n = a->npy->count, stretches = n <= POINTS_MAX ? n : STRETCHES;
    fprintf(f, "$%s << EOD\n", name);
    for (int64_t i = 0; i < stretches; i++) /* n * i could overflow only past 2^51 elements */
        write_stretch(f, x, a, n * i / stretches, n * (i + 1) / stretches);
    fputs("EOD\n", f);
}

static void write_terminal(FILE *f, const char *target, int width, int height)
{
    bool svg = strcmp(target + strlen(target) - 4, ".svg") == 0;
    fprintf(f, "set terminal %s size %d,%d noenhanced\n", svg ? "svg" : "pngcairo", width, height);
    fputs("set encoding utf8\nset datafile missing 'NaN'\n", f);
}

static enum cli_exit no_picture(const char *target, const char *why)
{
    return cli_error(CLI_FAILED, "--plot %s: %s", target, why);
}

/* What gnuplot says first when it fails. */
static const char *first_line(FILE *said, char *line, int n)
{
    rewind(said);
    while (fgets(line, n, said) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " ^\t")] != '\0')
            return line;
    }
    return "gnuplot cannot draw this";
}

/* gnuplot < script > picture; true if it ended well. */
static bool run_gnuplot(FILE *script, int picture, FILE *said)
{
    char *argv[] = {(char[]){"gnuplot"}, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    rewind(script);
    lseek(fileno(script), 0, SEEK_SET);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(script), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(said), STDERR_FILENO);
    bool started = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    while (started && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum cli_exit draw(const char *target, FILE *script)
{
    struct outfile picture;
    char line[256];
    if (script == NULL || fflush(script) != 0 || ferror(script))
        return no_picture(target, strerror(errno));
    const char *why = outfile_new(&picture, target, 0);
    FILE *said = why == NULL ? tmpfile() : NULL;
    if (why == NULL && picture.in_place)
        why = "a picture is written to a file";
    else if (why == NULL && said == NULL)
        why = strerror(errno);
    else if (why == NULL && !run_gnuplot(script, picture.fd, said))
        why = first_line(said, line, sizeof line);
    if (said != NULL)
        fclose(said);
    if (why == NULL)
        why = outfile_publish(&picture);
    else
        outfile_discard(&picture);
    return why == NULL ? CLI_OK : no_picture(target, why);
}

static void write_panel(FILE *f, const char *title, const char *name)
{
    fputs("set title ", f);
    write_quoted(f, title);
    fprintf(f, "\nplot $%s using 1:2 with lines notitle\n", name);
}

enum cli_exit plot_series(const char *target, const struct plot_axis *x, const char *title,
                          const struct plot_array *value, const struct plot_array *gradient)
{
    FILE *f = tmpfile();
    if (f == NULL)
        return no_picture(target, strerror(errno));
    write_terminal(f, target, 900, 700);
    write_series(f, "value", x, value);
    write_series(f, "gradient", x, gradient);
    if (x->t_ns != NULL)
        fputs("set xdata time\nset timefmt '%s'\nset format x \"%Y-%m-%d\\n%H:%M:%S\"\n", f);
    if (x->label != NULL) {
        fputs("set xlabel ", f);
        write_quoted(f, x->label);
        fputc('\n', f);
    }
    fputs("set grid\nset lmargin 12\nset rmargin 8\nset offsets 0, 0, graph 0.05, graph 0.05\nset "
          "multiplot layout 2,1\n",
          f);
    write_panel(f, title, "value");
    write_panel(f, "gradient", "gradient");
    fputs("unset multiplot\n", f);
    enum cli_exit status = draw(target, f);
    fclose(f);
    return status;
}

/* The element of row i and column k, in either layout. */
static int64_t dot(const struct npy *npy, int64_t i, int64_t k)
{
    return npy->fortran ? k * npy->shape[0] + i : i * npy->shape[1] + k;
}

/* The length of the gradient at an element, or the value itself. */
static double length_at(const struct plot_array *parts, int n, bool plain, int64_t i)
{
    double v = value_at(&parts[0], i);
    if (plain)
        return v;
    return n == 2 ? hypot(v, value_at(&parts[1], i)) : fabs(v);
}

static void write_matrix(FILE *f, const char *name, const struct plot_array *parts, int n,
                         bool plain)
{
    const struct npy *npy = parts->npy;
    int64_t rows = npy->shape[0], columns = npy->shape[1];
    int64_t larger = rows > columns ? rows : columns, every = (larger + DOTS_MAX - 1) / DOTS_MAX;
    fprintf(f, "$%s << EOD\n", name);
    for (int64_t i = 0; i < rows; i += every) {
        for (int64_t k = 0; k < columns; k += every) {
            write_number(f, length_at(parts, n, plain, dot(npy, i, k)));
            fputc(' ', f);
        }
        fputc('\n', f);
    }
    fprintf(f, "EOD\n");
}

static void write_image(FILE *f, const char *title, const char *name, int64_t every)
{
    fputs("set title ", f);
    write_quoted(f, title);
    fprintf(f, "\nplot $%s matrix using ($1*%" PRId64 "):($2*%" PRId64 "):3 with image notitle\n",
            name, every, every);
}

enum cli_exit plot_image(const char *target, const char *title, const struct plot_array *value,
                         const struct plot_array *gradient, int n)
{
    FILE *f = tmpfile();
    if (f == NULL)
        return no_picture(target, strerror(errno));
    int64_t rows = value->npy->shape[0], columns = value->npy->shape[1];
    int64_t larger = rows > columns ? rows : columns, every = (larger + DOTS_MAX - 1) / DOTS_MAX;
    write_terminal(f, target, 1200, 600);
    write_matrix(f, "value", value, 1, true);
    write_matrix(f, "gradient", gradient, n, false);
    fputs("set autoscale xfix\nset autoscale yfix\nset yrange [*:*] reverse\nset size ratio "
          "-1\nset palette gray\n"
          "set xlabel 'axis 1'\nset ylabel 'axis 0'\nset multiplot layout 1,2\n",
          f);
    write_image(f, title, "value", every);
    write_image(f, "length of the gradient", "gradient", every);
    fputs("unset multiplot\n", f);
    enum cli_exit status = draw(target, f);
    fclose(f);
    return status;
}
