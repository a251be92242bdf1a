/* cli/plot.c -- a script with its data in it, read by gnuplot from a file that has no name.
 *
 *     $value << EOD      gnuplot < script > picture      both files are unnamed; the picture gets its
 *     0 1.5              name when gnuplot has ended well
 *
 * A long series is drawn as the least and the greatest of each stretch, so that no peak is lost; an
 * image that is larger than the picture by every so many elements. A missing value is a gap in the line.
 * Panels stand at places of the picture, not where the widths of letters put them: the same data is
 * drawn at the same points with any font. The ground is white, as no page can be relied on to be. */
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
#include <time.h>
#include <unistd.h>

enum {
    POINTS_MAX = 4000,
    STRETCHES = POINTS_MAX / 2,
    MARKS_MAX = 60, /* so few points are marked each */
    DOTS_MAX = 600, /* a side */
    TICKS_MAX = 7,  /* dates side by side */
};

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
    fprintf(f, "set terminal %s size %d,%d noenhanced background rgb 'white' font '%s'\n",
            svg ? "svg" : "pngcairo", width, height, svg ? "sans-serif,13" : "sans,10");
    fputs("set encoding utf8\n", f);
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

struct ticks {
    double step_s;
    const char *format; /* strftime's */
};

/* At most TICKS_MAX of them, at times that people count in. */
static struct ticks time_ticks(double span_s)
{
    static const struct ticks rows[] = {
        {0.1, "%H:%M:%.1S"}, {0.5, "%H:%M:%.1S"}, {1, "%H:%M:%S"},   {2, "%H:%M:%S"},
        {5, "%H:%M:%S"},     {10, "%H:%M:%S"},    {30, "%H:%M:%S"},  {60, "%H:%M"},
        {120, "%H:%M"},      {300, "%H:%M"},      {600, "%H:%M"},    {1800, "%H:%M"},
        {3600, "%H:%M"},     {7200, "%H:%M"},     {14400, "%H:%M"},  {43200, "%m-%d %H:%M"},
        {86400, "%m-%d"},    {172800, "%m-%d"},   {604800, "%m-%d"}, {1209600, "%m-%d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].step_s * TICKS_MAX >= span_s)
            return rows[i];
    }
    const double day_s = 86400;
    return (struct ticks){day_s * ceil(span_s / TICKS_MAX / day_s), "%Y-%m-%d"};
}

/* What x is called if it has no name: its place, if that is what it is. */
static const char *plain_label(const struct plot_axis *x)
{
    bool counted = x->spacing == NULL || x->spacing->kind == NABLA_UNIT;
    return counted && x->x == NULL && x->t_ns == NULL ? "element" : "";
}

/* "time (from 2024-03-01, UTC)": ticks tell at most the day of the year. */
static void write_x_label(FILE *f, const struct plot_axis *x)
{
    time_t first = x->t_ns == NULL ? 0 : (time_t)floor(x_at(x, 0));
    struct tm day;
    fputs("set xlabel ", f);
    write_quoted(f, x->label == NULL || *x->label == '\0' ? plain_label(x) : x->label);
    if (x->t_ns != NULL && gmtime_r(&first, &day) != NULL)
        fprintf(f, ".' (from %04d-%02d-%02d, UTC)'", day.tm_year + 1900, day.tm_mon + 1,
                day.tm_mday);
    fputc('\n', f);
}

struct panel {
    const char *data, *colour;
    double low, high; /* in heights of the picture */
};

/* gnuplot makes no axes for nothing. */
static bool any_finite(const struct plot_array *a)
{
    for (int64_t i = 0; i < a->npy->count; i++) {
        if (isfinite(value_at(a, i)))
            return true;
    }
    return false;
}

/* 'second derivative'.', per '.'x'.'^2' */
static void write_result_name(FILE *f, const struct plot_axis *x)
{
    static const char *const names[] = {"gradient", "second derivative", "third derivative",
                                        "fourth derivative"};
    static const char *const powers[] = {"", "\xc2\xb2", "\xc2\xb3", "\xe2\x81\xb4"};
    const char *unit = x->t_ns != NULL ? "second" : x->label == NULL ? "" : x->label;
    const int i = x->order > 1 ? x->order - 1 : 0;
    if (i > 3) {
        fprintf(f, "'derivative of order %d'", x->order);
        return;
    }
    write_quoted(f, names[i]);
    if (*unit == '\0')
        return;
    fputs(".', per '.", f);
    write_quoted(f, unit);
    fprintf(f, ".'%s'", powers[i]);
}

/* The label that has been begun stands above it, in the colour of its line. */
static void write_panel(FILE *f, const struct panel *p, int64_t n)
{
    fprintf(f, " at graph 0, graph 1.08 left tc rgb '%s'\n", p->colour);
    fprintf(f, "set bmargin at screen %g\nset tmargin at screen %g\n", p->low, p->high);
    fprintf(f, "plot $%s using 1:2 with %s lw 1.8 pt 7 ps 0.5 lc rgb '%s' notitle\n", p->data,
            n <= MARKS_MAX ? "linespoints" : "lines", p->colour);
}

/* One under the other; only the lower one has the words of the x axis, which is that of both. */
static void write_panels(FILE *f, const struct plot_axis *x, const char *title, int64_t n)
{
    static const struct panel upper = {"value", "#1f5fa8", 0.57, 0.93};
    static const struct panel lower = {"gradient", "#b8461f", 0.125, 0.485};
    struct ticks ticks = {0, "% h"};
    if (x->t_ns != NULL) {
        ticks = time_ticks(fabs(x_at(x, n - 1) - x_at(x, 0)));
        fprintf(f, "set xdata time\nset timefmt '%%s'\nset xtics %.17g\nunset mxtics\n",
                ticks.step_s);
    }
    fputs("set format x ''\nset label 1 ", f);
    write_quoted(f, title);
    write_panel(f, &upper, n);
    fprintf(f, "set format x \"%s\"\n", ticks.format);
    write_x_label(f, x);
    fputs("set label 1 ", f);
    write_result_name(f, x);
    write_panel(f, &lower, n);
}

enum cli_exit plot_series(const char *target, const struct plot_axis *x, const char *title,
                          const struct plot_array *value, const struct plot_array *gradient)
{
    if (!any_finite(value) || !any_finite(gradient))
        return no_picture(target, "there is no number to draw: all are missing");
    FILE *f = tmpfile();
    if (f == NULL)
        return no_picture(target, strerror(errno));
    write_terminal(f, target, 700, 480);
    write_series(f, "value", x, value);
    write_series(f, "gradient", x, gradient);
    fputs("set border 3 lc rgb '#555555'\nset tics nomirror\nset grid ytics lt 1 lc rgb '#dddddd'\n"
          "set xzeroaxis lt 1 lc rgb '#888888'\nset autoscale xfix\n"
          "set offsets 0, 0, graph 0.05, graph 0.05\n"
          "set lmargin at screen 0.13\nset rmargin at screen 0.94\nset multiplot\n",
          f);
    write_panels(f, x, title, value->npy->count);
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

enum cli_exit plot_image(const char *target, const struct plot_image *image)
{
    const struct plot_array *value = image->value;
    FILE *f = tmpfile();
    if (f == NULL)
        return no_picture(target, strerror(errno));
    int64_t rows = value->npy->shape[0], columns = value->npy->shape[1];
    int64_t larger = rows > columns ? rows : columns, every = (larger + DOTS_MAX - 1) / DOTS_MAX;
    write_terminal(f, target, 800, 360);
    write_matrix(f, "value", value, 1, true);
    write_matrix(f, "gradient", image->results, image->n, image->plain);
    fputs("set autoscale xfix\nset autoscale yfix\nset yrange [*:*] reverse\nset size ratio "
          "-1\nset palette gray\n"
          "set xlabel 'axis 1'\nset ylabel 'axis 0'\nset tics out nomirror\n"
          "set multiplot layout 1,2 margins screen 0.08, screen 0.91, screen 0.14, screen 0.92 "
          "spacing screen 0.17\n",
          f);
    write_image(f, image->title, "value", every);
    write_image(f, image->result_title, "gradient", every);
    fputs("unset multiplot\n", f);
    enum cli_exit status = draw(target, f);
    fclose(f);
    return status;
}
