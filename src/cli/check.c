/* cli/check.c -- nabla check config FILE, nabla check rules FILE: read as nablad reads them. */
#include "cli/cli.h"

#include "conf/conf.h"
#include "conf/rules_file.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: nabla check config FILE...\n"
    "       nabla check rules FILE...\n"
    "\n"
    "Reads each nablad.yaml (with the files of rules that it names), or each file of rules, as "
    "nablad\n"
    "would. Prints FILE: ok, or every fault as FILE:LINE:COLUMN: what is wrong, and ends with\n"
    "status 2.\n"
    "\n"
    "  -h, --help    this text\n";

static enum nabla_status read_config(const char *path, struct buf *faults)
{
    struct conf conf;
    conf_default(&conf);
    enum nabla_status status = conf_read_file(path, &conf, faults);
    conf_fini(&conf);
    if (status == NABLA_OK)
        printf("%s: ok\n", path);
    return status;
}

static enum nabla_status read_rules(const char *path, struct buf *faults)
{
    struct rules rules = {0};
    enum nabla_status status = rules_read_file(path, &rules, faults);
    if (status == NABLA_OK)
        printf("%s: ok, %u rule%s\n", path, rules.n, rules.n == 1 ? "" : "s");
    rules_fini(&rules);
    return status;
}

/* What can be checked. */
static const struct checked {
    const char *name;
    enum nabla_status (*read)(const char *path, struct buf *faults);
} kinds[] = {{"config", read_config}, {"rules", read_rules}};
enum { KINDS_N = sizeof kinds / sizeof *kinds };

static enum cli_exit check(const struct checked *kind, const char *path)
{
    struct buf faults = {0};
    enum nabla_status status = kind->read(path, &faults);
    if (faults.n > 0)
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
    size_t kind = 0;
    while (optind < argc && kind < KINDS_N && strcmp(argv[optind], kinds[kind].name) != 0)
        kind++;
    if (optind == argc || kind == KINDS_N)
        return cli_error(CLI_USAGE,
                         "check what? nabla check config FILE, or nabla check rules FILE");
    if (++optind == argc)
        return cli_error(CLI_USAGE, "check %s needs a FILE", kinds[kind].name);
    enum cli_exit worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        enum cli_exit one = check(&kinds[kind], argv[i]);
        if (one == CLI_FAILED || worst == CLI_OK)
            worst = one;
    }
    enum cli_exit flushed = cli_flush();
    return worst != CLI_OK ? worst : flushed;
}
