/* cli/cli.h -- what nabla's subcommands share: how they are called, how they fail. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <stdbool.h>

/* What the process ends with. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1, /* not the caller's fault: the daemon is not there, the disk is full */
    CLI_USAGE = 2,  /* the caller's: a bad option, a bad selector, a file that cannot be read */
};

/* A subcommand: argv[0] is its own name. Each is run once in a process. */
typedef enum cli_exit cli_command(int argc, char **argv);
cli_command gradient_command, rates_command, send_command, check_command, test_command,
    alerts_command, state_command;

/* Prints "nabla: error: ..." as one line on standard error, control characters escaped; returns
 * status, so that a command can end with it. */
__attribute__((format(printf, 2, 3))) enum cli_exit cli_error(enum cli_exit status,
                                                              const char *format, ...);

/* Prints a help text on standard output. Returns CLI_OK, or CLI_FAILED if it could not. */
enum cli_exit cli_help(const char *text);

/* Flushes standard output. Returns CLI_OK, or CLI_FAILED after saying why not. */
enum cli_exit cli_flush(void);

/* getopt_long without messages of its own: the next option, -1 after the last, '?' after an error
 * that has been printed. A misspelt long option gets a suggestion. */
int cli_option(int argc, char **argv, const char *letters, const struct option *options);

#endif
