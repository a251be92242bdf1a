/* cli/main.c -- nabla: finds the subcommand and runs it. Each lives in its own file. */
#include "cli/cli.h"
#include "cli/suggest.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    cli_command *run;
} commands[] = {
    {"gradient", gradient_command}, {"rates", rates_command}, {"send", send_command},
    {"check", check_command},       {"test", test_command},   {"alerts", alerts_command},
    {"state", state_command},
};
enum { COMMANDS_N = sizeof commands / sizeof commands[0] };

static const char help[] =
    "nabla tells how fast things change.\n"
    "\n"
    "Usage: nabla COMMAND [ARGUMENT]...\n"
    "\n"
    "Commands:\n"
    "  gradient  differentiate an array or a table: numpy.gradient for files\n"
    "  rates     show the rates of change that a nablad has, once or as a live table\n"
    "  alerts    show what alarms\n"
    "  send      send a file of lines to a nablad, at any speed\n"
    "  check     check a configuration file, or rules for alerts\n"
    "  test      test what rules for alerts do\n"
    "  state     look through, dump or restore what nablad keeps on a disk\n"
    "\n"
    "  -h, --help       this text; nabla COMMAND --help tells more\n"
    "  -V, --version    the version\n"
    "\n"
    "Exit status: 0; 2 for bad usage or bad input; 1 if something else failed.\n";

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS_N; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static enum cli_exit complain_of_unknown(const char *name)
{
    struct suggestion best = suggest_for(name, strlen(name));
    for (size_t i = 0; i < COMMANDS_N; i++)
        suggest_consider(&best, commands[i].name);
    const char *text = suggest_text(&best);
    if (text != NULL)
        return cli_error(CLI_USAGE, "unknown command %s; did you mean %s?", name, text);
    return cli_error(CLI_USAGE, "unknown command %s; nabla --help lists them", name);
}

static enum cli_exit run(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    switch (cli_option(argc, argv, "+:hV", options)) {
    case -1: break;
    case 'h': return cli_help(help);
    case 'V': return cli_help("nabla " NABLA_VERSION "\n");
    default: return CLI_USAGE;
    }
    if (optind == argc)
        return cli_error(CLI_USAGE, "which command? nabla --help lists them");
    const struct command *command = find(argv[optind]);
    if (command == NULL)
        return complain_of_unknown(argv[optind]);
    argc -= optind;
    argv += optind;
    optind = 0; /* glibc: start over */
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth: text is UTF-8 wherever nabla runs */
    return (int)run(argc, argv);
}
