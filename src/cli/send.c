/* cli/send.c -- nabla send: a recording's lines to nablad, at any speed.
 * Elsewhere: sending one (cli/sender.c), times (cli/pace.c, cli/stamp.c), the socket
 * (cli/outlet.c), certificates and keys (cli/guard.c), the file (cli/input.c). */
#include "cli/cli.h"

#include "cli/guard.h"
#include "cli/pace.h"
#include "cli/sender.h"

#include "base/clock.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: nabla send FILE|- [OPTION]...\n"
    "\n"
    "Sends the lines of a file, or of standard input, to a nablad: Influx line protocol, Graphite\n"
    "plaintext and JSON lines, mixed at will. Lines that cannot be read are not sent, are named "
    "at\n"
    "the end, and make the exit status 2.\n"
    "\n"
    "  -t, --to ADDRESS       tcp://HOST:PORT, tls://HOST:PORT or udp://HOST:PORT\n"
    "                         (tcp://127.0.0.1:2207)\n"
    "  -s, --speed SPEED      60x: 60 times as fast as the lines' own times; max (as fast as the\n"
    "                         socket takes them) is the default\n"
    "  -N, --now              shift the lines' times so that the first is now; with --speed, what\n"
    "                         follows is as much closer together as it is sent faster\n"
    "  -r, --repeat N         send the file N times; with --now each time goes on where the one\n"
    "                         before it ended\n"
    "  -p, --precision UNIT   of the times in Influx lines: ns, us, ms or s (ns)\n"
    "  -q, --quiet            no summary\n" GUARD_HELP "  -h, --help             this text\n";

static const struct option long_options[] = {{"to", required_argument, NULL, 't'},
                                             {"speed", required_argument, NULL, 's'},
                                             {"now", no_argument, NULL, 'N'},
                                             {"repeat", required_argument, NULL, 'r'},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"precision", required_argument, NULL, 'p'},
                                             {"help", no_argument, NULL, 'h'},
                                             GUARD_OPTIONS,
                                             {0}};

static bool complain(const char *option, const char *text, const char *what)
{
    cli_error(CLI_USAGE, "%s %s: %s", option, text, what);
    return false;
}

static bool read_repeat(const char *text, uint64_t *out)
{
    size_t n = strlen(text);
    return n > 0 && number_read_u64(text, n, out) == n && *out > 0;
}

static bool read_precision(const char *text, int64_t *out_ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, text) == 0) {
            *out_ns = units[i].ns;
            return true;
        }
    return false;
}

/* Takes one option. Returns false after saying what is wrong with it. */
static bool take_option(struct send_options *o, int letter)
{
    switch (letter) {
    case 't':
        o->to_text = optarg;
        return target_read(optarg, &o->to) ||
               complain("--to", optarg, "not tcp://HOST:PORT, tls://HOST:PORT or udp://HOST:PORT");
    case 's':
        return pace_read_speed(optarg, &o->speed) ||
               complain("--speed", optarg, "neither a speed such as 60x nor max");
    case 'N': o->now = true; return true;
    case 'r':
        return read_repeat(optarg, &o->repeat) ||
               complain("--repeat", optarg, "not a whole number above 0");
    case 'p':
        return read_precision(optarg, &o->precision_ns) ||
               complain("--precision", optarg, "none of ns, us, ms, s");
    case 'q': o->quiet = true; return true;
    default: return false;
    }
}

static enum cli_exit send_file(const struct send_options *options)
{
    bool is_stdin = strcmp(options->file, "-") == 0;
    if (is_stdin && options->repeat > 1)
        return cli_error(CLI_USAGE, "standard input cannot be sent more than once");
    int fd = is_stdin ? STDIN_FILENO : open(options->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_error(CLI_USAGE, "%s: %s", options->file, strerror(errno));
    enum cli_exit done = sender_run(options, fd);
    if (!is_stdin)
        close(fd);
    return done;
}

static enum cli_exit send_guarded(struct send_options *options, const struct guard_options *guard)
{
    enum cli_exit done = guard_load(guard, &options->to, &options->guard);
    if (done == CLI_OK)
        done = send_file(options);
    guard_free(&options->guard);
    return done;
}

enum cli_exit send_command(int argc, char **argv)
{
    struct send_options options = {
        .to_text = "tcp://127.0.0.1:2207", .repeat = 1, .precision_ns = 1};
    struct guard_options guard = {.identity = identity_of_environment()};
    if (!target_read("127.0.0.1:2207", &options.to))
        return CLI_FAILED;
    for (int got; (got = cli_option(argc, argv, ":t:s:Nr:p:qh", long_options)) != -1;) {
        if (got == 'h')
            return cli_help(help);
        if (!guard_take(&guard, got, optarg) && !take_option(&options, got))
            return CLI_USAGE;
    }
    if (argc - optind != 1)
        return cli_error(CLI_USAGE, "send needs one FILE, or - for standard input");
    options.file = argv[optind];
    return send_guarded(&options, &guard);
}
