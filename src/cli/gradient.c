/* cli/gradient.c -- nabla gradient INPUT: what kind of file it is, and who takes it from there. */
#include "cli/gradient.h"

#include "wire/npy.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: nabla gradient [OPTION]... INPUT\n"
    "\n"
    "Computes numpy.gradient of an array, and more: INPUT is a .npy file of any size, a\n"
    ".csv or .tsv file with a header, or - for standard input.\n"
    "\n"
    "Which gradient:\n"
    "  --axis A[,B...]         along these axes, negative ones counted from the last;\n"
    "                          all if left out\n"
    "  -s, --spacing SPACING   a step, or a 1-d .npy file of coordinates: once for all\n"
    "                          axes (a step), or once an axis; 1 if left out\n"
    "  --edge-order 1|2        accuracy at the ends; 1 if left out\n"
    "  --mode numpy|accurate   numpy's very bits, or divided differences, for which a\n"
    "                          constant is 0 on any grid; numpy if left out\n"
    "  --x COLUMN, --y COLUMN  which columns of a .csv or .tsv file\n"
    "\n"
    "Beyond numpy, in float64:\n"
    "  --order 1|2|3|4         that derivative; 1 if left out\n"
    "  --accuracy 2|4|6        the error falls as the step to this power; 2 if left out\n"
    "  --boundary B            what is beyond the ends: one-sided[:1|2], reflect,\n"
    "                          periodic[:PERIOD], or BEFORE,AFTER if they differ; once\n"
    "                          for all axes, or once an axis\n"
    "  --nan POLICY            missing values: propagate, skip (the nearest valid\n"
    "                          neighbours instead), break (an end on both sides)\n"
    "\n"
    "Before and after it:\n"
    "  --fill linear[:N]       fill gaps of missing values (up to N elements) between\n"
    "                          their neighbours; extend[:N]: at the ends, too\n"
    "  --smooth N              the mean of N elements around each, before all else\n"
    "  --repeat N              the gradient of the gradient, N times along each axis\n"
    "  --magnitude             one result: the length of the gradient\n"
    "  --laplacian             one result: the sum of the second derivatives\n"
    "\n"
    "Where and how:\n"
    "  -o, --output OUTPUT     write here; several axes write OUTPUT.0.npy, OUTPUT.1.npy\n"
    "  --plot FILE.svg|.png    draw a picture of one or two axes (needs gnuplot)\n"
    "  --threads N             use N threads; 1 if left out\n"
    "  --memory SIZE           for blocks that are worked on: 64M, 1G\n"
    "  -h, --help              this text\n"
    "\n"
    "Exit status: 0; 2 for bad usage or bad input; 1 if something else failed.\n";

char *gradient_output_name(const char *output, int axis)
{
    static const char ending[] = ".npy";
    size_t n = strlen(output), ending_n = sizeof ending - 1, room = n + 16;
    char *name = malloc(room);
    if (n > ending_n && strcmp(output + n - ending_n, ending) == 0)
        n -= ending_n;
    if (name != NULL)
        snprintf(name, room, "%.*s.%d%s", (int)n, output, axis, ending);
    return name;
}

enum cli_exit gradient_output_error(const char *target, const char *why, int error)
{
    bool caller = error == ENOENT || error == EACCES || error == EISDIR || error == ENOTDIR ||
                  error == ENAMETOOLONG || error == EROFS || error == EPERM || error == ELOOP;
    return cli_error(caller ? CLI_USAGE : CLI_FAILED, "%s: %s",
                     target == NULL ? "standard output" : target, why);
}

/* A mapped input that somebody makes shorter raises SIGBUS wherever it is read next. An output that
 * has no name yet is gone with the process. */
static void on_bus_error(int number)
{
    static const char text[] = "nabla: error: the input became shorter while it was read\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(CLI_FAILED);
}

/* Signals that would end the program wait, so that nothing is left behind: gradient_run looks for
 * them. Those that are ignored stay ignored. */
static void hold_signals(sigset_t *before)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&held, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &held, before);
    signal(SIGBUS, on_bus_error);
    signal(SIGXFSZ, SIG_IGN); /* a limit of the file's size is an error like a full disk */
}

enum cli_exit gradient_command(int argc, char **argv)
{
    struct gradient_args args;
    struct mapped input;
    sigset_t before;
    if (!gradient_args_read(argc, argv, &args))
        return CLI_USAGE;
    if (args.help)
        return cli_help(help);
    const char *why = mapped_open(&input, args.input);
    if (why != NULL)
        return cli_error(CLI_USAGE, "%s: %s", args.input_name, why);
    hold_signals(&before);
    enum cli_exit status =
        npy_is(input.at, input.n) ? gradient_npy(&args, &input) : gradient_csv(&args, &input);
    mapped_close(&input);
    sigprocmask(SIG_SETMASK, &before, NULL); /* whoever waited ends it here */
    return status;
}
