/* cli/check.c -- nabla check config FILE: the configuration, read as nablad reads it. */
#include "cli/cli.h"

#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: nabla check config FILE...\n"
    "\n"
    "Reads each nablad.yaml as nablad would. Prints FILE: ok, or every fault as\n"
    "FILE:LINE:COLUMN: what is wrong, and ends with status 2.\n"
    "\n"
    "  -h, --help    this text\n";

static enum cli_exit check_config(const char *path)
{
    struct conf conf;
    struct buf faults = {0};
    conf_default(&conf);
    enum nabla_status status = conf_read_file(path, &conf, &faults);
    conf_fini(&conf);
    if (status == NABLA_OK)
        printf("%s: ok\n", path);
    else
        fwrite(faults.at, 1, faults.n, stderr);
    buf_fini(&faults);
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "%s: no memory", path);
    if (status != NABLA_OK)
        return cli_error(CLI_USAGE, "%s: nablad would not start with this", path);
    return CLI_OK;
}

enum cli_exit check_command(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    for (int got; (got = cli_option(argc, argv, ":h", options)) != -1;) {
        if (got == 'h')
            return cli_help(help);
        return CLI_USAGE;
    }
    if (optind == argc || strcmp(argv[optind], "config") != 0)
        return cli_error(CLI_USAGE, "check what? nabla check config FILE");
    if (++optind == argc)
        return cli_error(CLI_USAGE, "check config needs a FILE");
    enum cli_exit worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        enum cli_exit one = check_config(argv[i]);
        if (one == CLI_FAILED || worst == CLI_OK)
            worst = one;
    }
    enum cli_exit flushed = cli_flush();
    return worst != CLI_OK ? worst : flushed;
}
