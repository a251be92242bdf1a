/* cli/cli.c -- messages and options, the same way in every subcommand. */
#include "cli/cli.h"

#include "base/buf.h"
#include "cli/suggest.h"
#include "cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 1024 };

enum cli_exit cli_error(enum cli_exit status, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct buf line = {0}; /* what a server or a file's name says must not steer the terminal */
    buf_text(&line, "nabla: error: ");
    text_escape(&line, message, strlen(message), TEXT_PLAIN);
    buf_char(&line, '\n');
    fflush(stdout);
    fwrite(line.at, 1, line.n, stderr);
    buf_fini(&line);
    return status;
}

enum cli_exit cli_help(const char *text)
{
    fputs(text, stdout);
    return cli_flush();
}

enum cli_exit cli_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_error(CLI_FAILED, "standard output: %s", strerror(errno));
    return CLI_OK;
}

/* The long option's name in "--name=value", its length in *n. */
static const char *long_name(const char *arg, size_t *n)
{
    const char *name = arg + strspn(arg, "-");
    *n = strcspn(name, "=");
    return name;
}

static void complain_of_unknown(const char *arg, const struct option *options)
{
    size_t n;
    const char *name = long_name(arg, &n);
    struct suggestion best = suggest_for(name, n);
    for (const struct option *o = options; o->name != NULL; o++)
        suggest_consider(&best, o->name);
    const char *text = suggest_text(&best);
    cli_error(CLI_USAGE, "unknown option --%.*s%s%s%s", (int)n, name,
              text != NULL ? "; did you mean --" : "", text != NULL ? text : "",
              text != NULL ? "?" : "");
}

/* getopt tells an option that nobody knows from one that takes no value only by its letter. */
static bool is_known(const char *letters, int letter)
{
    return letter > 0xff || strchr(letters, letter) != NULL;
}

int cli_option(int argc, char **argv, const char *letters, const struct option *options)
{
    opterr = 0;
    int got = getopt_long(argc, argv, letters, options, NULL);
    if (got == ':')
        cli_error(CLI_USAGE, "option %s needs a value", argv[optind - 1]);
    else if (got == '?' && optopt == 0)
        complain_of_unknown(argv[optind - 1], options);
    else if (got == '?' && is_known(letters, optopt))
        cli_error(CLI_USAGE, "option %s takes no value", argv[optind - 1]);
    else if (got == '?')
        cli_error(CLI_USAGE, "unknown option -%c", optopt);
    return got == ':' ? '?' : got;
}
