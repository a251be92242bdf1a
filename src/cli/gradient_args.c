/* cli/gradient_args.c -- nabla gradient's command line, by itself. Elsewhere: against an array
 * (cli/gradient_plan.c). */
#include "cli/gradient.h"

#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_AXIS = 0x100,
    OPTION_EDGE,
    OPTION_MODE,
    OPTION_THREADS,
    OPTION_MAGNITUDE,
    OPTION_LAPLACIAN,
    OPTION_ORDER,
    OPTION_ACCURACY,
    OPTION_BOUNDARY,
    OPTION_NAN,
    OPTION_FILL,
    OPTION_SMOOTH,
    OPTION_REPEAT,
    OPTION_MEMORY,
    OPTION_PLOT,
    OPTION_X,
    OPTION_Y
};

/* A whole number, nothing else. */
static bool read_int(const char *text, long least, long most, int *out)
{
    char *end;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || v < least || v > most)
        return false;
    *out = (int)v;
    return true;
}

/* 0 or -1 or 1,0. */
static bool read_axes(const char *text, struct gradient_args *a)
{
    char one[16];
    a->axes_n = 0;
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof one || a->axes_n == NABLA_DIMS_MAX)
            return false;
        memcpy(one, p, n);
        one[n] = '\0';
        if (!read_int(one, -NABLA_DIMS_MAX, NABLA_DIMS_MAX, &a->axes[a->axes_n++]))
            return false;
        p += n;
        if (*p == '\0')
            return true;
    }
}

static bool read_mode(const char *text, struct gradient_args *a)
{
    a->mode_given = true;
    a->mode = strcmp(text, "accurate") == 0 ? NABLA_ACCURATE : NABLA_NUMPY;
    return a->mode == NABLA_ACCURATE || strcmp(text, "numpy") == 0;
}

static bool add_spacing(const char *text, struct gradient_args *a)
{
    if (a->spacing_n == NABLA_DIMS_MAX)
        return false;
    a->spacing[a->spacing_n++] = text;
    return true;
}

static bool add_boundary(const char *text, struct gradient_args *a)
{
    if (a->boundary_n == NABLA_DIMS_MAX)
        return false;
    a->boundary[a->boundary_n++] = text;
    return true;
}

static bool read_edge_order(const char *text, struct gradient_args *a)
{
    a->edge_text = text;
    return read_int(text, 1, 2, &a->edge_order);
}

static bool read_accuracy(const char *text, struct gradient_args *a)
{
    return read_int(text, 2, 6, &a->accuracy) && a->accuracy % 2 == 0;
}

static bool read_nan(const char *text, struct gradient_args *a)
{
    static const char *const names[] = {"propagate", "skip", "break"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            a->nan = (enum nabla_nan_policy)i;
            return true;
        }
    return false;
}

/* A whole number from 1 on that an array can have elements of. */
static bool read_count(const char *text, int64_t *out)
{
    size_t n = strlen(text);
    return n > 0 && number_read_i64(text, n, out) == n && *out >= 1 && *out <= INT64_MAX / 64;
}

/* linear, linear:10, extend, extend:10. */
static bool read_fill(const char *text, struct gradient_args *a)
{
    size_t n = strcspn(text, ":");
    bool linear = n == 6 && memcmp(text, "linear", n) == 0;
    a->fill_text = text;
    a->fill_ends = linear ? NABLA_ENDS_KEEP : NABLA_ENDS_EXTEND;
    a->fill_max = 0;
    return (linear || (n == 6 && memcmp(text, "extend", n) == 0)) &&
           (text[n] == '\0' || read_count(text + n + 1, &a->fill_max));
}

/* 64M, 1G, 512k, or bytes. */
static bool read_memory(const char *text, struct gradient_args *a)
{
    static const char units[] = "kmg";
    size_t n = strlen(text), used;
    int64_t bytes;
    if (n == 0 || (used = number_read_i64(text, n, &bytes)) == 0 || bytes < 1)
        return false;
    const char *unit = text[used] == '\0' ? NULL : strchr(units, text[used] | 0x20);
    int shift = unit == NULL ? 0 : 10 * (int)(unit - units + 1);
    if (used + (unit != NULL) != n || bytes > INT64_MAX >> (shift + 1))
        return false;
    a->memory = (size_t)bytes << shift;
    return true;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), suffix_n = strlen(suffix);
    return n > suffix_n && strcmp(name + n - suffix_n, suffix) == 0;
}

static bool refuse(const char *option, const char *value, const char *what)
{
    cli_error(CLI_USAGE, "%s %s: %s", option, value, what);
    return false;
}

/* An option of what numpy has not; false: an error has been printed. */
static bool take_more(int option, const char *value, struct gradient_args *a)
{
    switch (option) {
    case OPTION_ORDER:
        return read_int(value, 1, 4, &a->order) || refuse("--order", value, "1, 2, 3 or 4");
    case OPTION_ACCURACY:
        return read_accuracy(value, a) || refuse("--accuracy", value, "2, 4 or 6");
    case OPTION_BOUNDARY:
        return add_boundary(value, a) || refuse("--boundary", value, "more than 32 of them");
    case OPTION_NAN:
        return read_nan(value, a) || refuse("--nan", value, "propagate, skip or break");
    case OPTION_FILL:
        return read_fill(value, a) ||
               refuse("--fill", value, "linear or extend, or linear:N for gaps of N at most");
    case OPTION_SMOOTH:
        return read_count(value, &a->smooth) ||
               refuse("--smooth", value, "a number of elements from 1 on");
    case OPTION_REPEAT:
        return read_int(value, 1, GRADIENT_REPEAT_MAX, &a->repeat) ||
               refuse("--repeat", value, "a number from 1 to 16");
    case OPTION_MEMORY:
        return read_memory(value, a) || refuse("--memory", value, "a size like 64M or 1G");
    case OPTION_LAPLACIAN: a->laplacian = true; return true;
    default: return false;
    }
}

/* One option; false: an error has been printed. */
static bool take(int option, const char *value, struct gradient_args *a)
{
    switch (option) {
    case 's': return add_spacing(value, a) || refuse("-s", value, "more than 32 of them");
    case OPTION_AXIS:
        return read_axes(value, a) || refuse("--axis", value, "not a list of axes like 0 or 0,-1");
    case OPTION_EDGE: return read_edge_order(value, a) || refuse("--edge-order", value, "1 or 2");
    case OPTION_MODE: return read_mode(value, a) || refuse("--mode", value, "numpy or accurate");
    case OPTION_THREADS:
        return read_int(value, 1, GRADIENT_THREADS_MAX, &a->threads) ||
               refuse("--threads", value, "a number from 1 to 256");
    case OPTION_PLOT:
        a->plot = value;
        return has_suffix(value, ".svg") || has_suffix(value, ".png") ||
               refuse("--plot", value, "a name that ends in .svg or .png");
    case 'o': a->output = value; return *value != '\0' || refuse("-o", value, "a file's name");
    case OPTION_MAGNITUDE: a->magnitude = true; return true;
    case OPTION_X: a->x = value; return true;
    case OPTION_Y: a->y = value; return true;
    case 'h': a->help = true; return true;
    default: return take_more(option, value, a);
    }
}

bool gradient_args_read(int argc, char **argv, struct gradient_args *out)
{
    static const struct option options[] = {{"spacing", required_argument, NULL, 's'},
                                            {"axis", required_argument, NULL, OPTION_AXIS},
                                            {"edge-order", required_argument, NULL, OPTION_EDGE},
                                            {"mode", required_argument, NULL, OPTION_MODE},
                                            {"threads", required_argument, NULL, OPTION_THREADS},
                                            {"magnitude", no_argument, NULL, OPTION_MAGNITUDE},
                                            {"laplacian", no_argument, NULL, OPTION_LAPLACIAN},
                                            {"order", required_argument, NULL, OPTION_ORDER},
                                            {"accuracy", required_argument, NULL, OPTION_ACCURACY},
                                            {"boundary", required_argument, NULL, OPTION_BOUNDARY},
                                            {"nan", required_argument, NULL, OPTION_NAN},
                                            {"fill", required_argument, NULL, OPTION_FILL},
                                            {"smooth", required_argument, NULL, OPTION_SMOOTH},
                                            {"repeat", required_argument, NULL, OPTION_REPEAT},
                                            {"memory", required_argument, NULL, OPTION_MEMORY},
                                            {"plot", required_argument, NULL, OPTION_PLOT},
                                            {"x", required_argument, NULL, OPTION_X},
                                            {"y", required_argument, NULL, OPTION_Y},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct gradient_args a = {.edge_order = 1, .smooth = 1, .repeat = 1, .threads = 1};
    for (int got; !a.help && (got = cli_option(argc, argv, ":hs:o:", options)) != -1;)
        if (!take(got, optarg, &a))
            return false;
    if (!a.help && optind != argc - 1) {
        cli_error(CLI_USAGE,
                  "gradient of what? nabla gradient takes one INPUT, or - for standard input");
        return false;
    }
    a.input = a.help ? "" : argv[optind];
    a.input_name = strcmp(a.input, "-") == 0 ? "standard input" : a.input;
    for (int i = 0; i < a.spacing_n && strcmp(a.input, "-") == 0; i++)
        if (strcmp(a.spacing[i], "-") == 0)
            return refuse("-s", "-", "standard input is the INPUT already");
    *out = a;
    return true;
}
