/* cli/gradient_args.c -- nabla gradient's command line, by itself and against an array. */
#include "cli/gradient.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_AXIS = 0x100,
    OPTION_EDGE,
    OPTION_MODE,
    OPTION_THREADS,
    OPTION_MAGNITUDE,
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

/* One option; false: an error has been printed. */
static bool take(int option, const char *value, struct gradient_args *a)
{
    switch (option) {
    case 's': return add_spacing(value, a) || refuse("-s", value, "more than 32 of them");
    case OPTION_AXIS:
        return read_axes(value, a) || refuse("--axis", value, "not a list of axes like 0 or 0,-1");
    case OPTION_EDGE:
        return read_int(value, 1, 2, &a->edge_order) || refuse("--edge-order", value, "1 or 2");
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
    default: return false;
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
                                            {"plot", required_argument, NULL, OPTION_PLOT},
                                            {"x", required_argument, NULL, OPTION_X},
                                            {"y", required_argument, NULL, OPTION_Y},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct gradient_args a = {.edge_order = 1, .threads = 1};
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
    *out = a;
    return true;
}

static bool plan_axes(const struct gradient_args *a, int ndim, struct gradient_plan *p)
{
    p->axes_n = a->axes_n > 0 ? a->axes_n : ndim;
    for (int i = 0; i < p->axes_n; i++) {
        int given = a->axes_n > 0 ? a->axes[i] : i;
        p->axes[i] = given < 0 ? given + ndim : given;
        if (p->axes[i] < 0 || p->axes[i] >= ndim) {
            cli_error(CLI_USAGE, "--axis %d: %s has %d %s", given, a->input_name, ndim,
                      ndim == 1 ? "axis" : "axes");
            return false;
        }
        for (int j = 0; j < i; j++)
            if (p->axes[j] == p->axes[i]) {
                cli_error(CLI_USAGE, "--axis %d: axis %d is named twice", given, p->axes[i]);
                return false;
            }
    }
    if (p->axes_n == 0)
        cli_error(CLI_USAGE, "%s: a single number has no gradient", a->input_name);
    return p->axes_n > 0;
}

static bool open_spacings(const struct gradient_args *a, struct gradient_plan *p)
{
    char message[SPACING_MESSAGE_MAX];
    for (; p->opened_n < a->spacing_n; p->opened_n++)
        if (!spacing_open(&p->opened[p->opened_n], a->spacing[p->opened_n], a->mode, message)) {
            cli_error(CLI_USAGE, "%s", message);
            return false;
        }
    return true;
}

static bool plan_spacings(const struct gradient_args *a, const int64_t *shape,
                          struct gradient_plan *p)
{
    if (a->spacing_n > 1 && a->spacing_n != p->axes_n) {
        cli_error(CLI_USAGE, "-s is given %d times for %d %s: give it once, or once an axis",
                  a->spacing_n, p->axes_n, p->axes_n == 1 ? "axis" : "axes");
        return false;
    }
    for (int i = 0; i < p->axes_n && a->spacing_n > 0; i++) {
        int given = a->spacing_n == 1 ? 0 : i;
        p->spacing[i] = p->opened[given];
        if (p->spacing[i].kind != NABLA_COORDINATES)
            continue;
        if (a->spacing_n != p->axes_n) {
            cli_error(CLI_USAGE, "-s %s: coordinates belong to one axis: give -s once an axis",
                      a->spacing[given]);
            return false;
        }
        if (p->spacing[i].n != shape[p->axes[i]]) {
            cli_error(CLI_USAGE,
                      "-s %s: %" PRId64 " coordinates for axis %d, which has %" PRId64 " elements",
                      a->spacing[given], p->spacing[i].n, p->axes[i], shape[p->axes[i]]);
            return false;
        }
    }
    return true;
}

static bool check_lengths(const struct gradient_args *a, const int64_t *shape,
                          const struct gradient_plan *p)
{
    for (int i = 0; i < p->axes_n; i++)
        if (shape[p->axes[i]] <= a->edge_order) {
            cli_error(CLI_USAGE,
                      "%s: axis %d has %" PRId64
                      " elements; a gradient of edge order %d needs at least %d",
                      a->input_name, p->axes[i], shape[p->axes[i]], a->edge_order,
                      a->edge_order + 1);
            return false;
        }
    return true;
}

bool gradient_plan_make(const struct gradient_args *a, int ndim, const int64_t *shape,
                        struct gradient_plan *out)
{
    *out = (struct gradient_plan){0};
    if (plan_axes(a, ndim, out) && open_spacings(a, out) && plan_spacings(a, shape, out) &&
        check_lengths(a, shape, out))
        return true;
    gradient_plan_fini(out);
    return false;
}

void gradient_plan_fini(struct gradient_plan *p)
{
    for (int i = 0; i < p->opened_n; i++)
        spacing_close(&p->opened[i]);
    p->opened_n = 0;
}
