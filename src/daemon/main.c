/* daemon/main.c -- nablad: reads its command line and configuration, then runs. */
#include "daemon/app.h"
#include "daemon/options.h"
#include "daemon/replay.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_BAD_USE = 2, LARGE_PIECE = 512 * 1024 };

#define SYSTEM_CONFIG "/etc/nabla/nablad.yaml"

/* The file that holds: the one named, or the system's if there is one, or none. */
static const char *choose_file(const struct options *options)
{
    if (options->config != NULL)
        return options->config;
    return access(SYSTEM_CONFIG, F_OK) == 0 ? SYSTEM_CONFIG : NULL;
}

/* False, after saying why, if the configuration is no good. */
static bool read_conf(const char *file, struct conf *conf)
{
    struct buf errors;
    enum nabla_status status = NABLA_OK;
    buf_init(&errors);
    if (file == NULL)
        conf_default(conf);
    else
        status = conf_read_file(file, conf, &errors);
    if (status != NABLA_OK)
        fwrite(errors.at, 1, errors.n, stderr);
    buf_fini(&errors);
    return status == NABLA_OK;
}

static int run(struct conf *conf, const char *file)
{
    struct app *app = calloc(1, sizeof *app);
    if (app == NULL)
        return EXIT_FAILURE;
    enum nabla_status status = app_start(app, conf, file);
    if (status == NABLA_OK)
        app_run(app);
    app_fini(app);
    free(app);
    return status == NABLA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Large pieces go back to the kernel when they are freed: by itself glibc takes each one that is freed for a sign that
 * pieces of its size should be kept, up to 32 MiB, and then keeps what a snapshot or an answer once needed. */
static void give_back_large_pieces(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
    mallopt(M_TRIM_THRESHOLD, 2 * LARGE_PIECE);
}

int main(int argc, char **argv)
{
    struct options options;
    struct conf conf;
    give_back_large_pieces();
    if (!options_read(argc, argv, &options))
        return EXIT_BAD_USE;
    if (options.help) {
        options_help();
        return EXIT_SUCCESS;
    }
    if (options.version) {
        puts("nablad " NABLA_VERSION);
        return EXIT_SUCCESS;
    }
    const char *file = choose_file(&options);
    if (!read_conf(file, &conf))
        return EXIT_BAD_USE;
    if (options.replay != NULL && !options.check)
        return replay(&conf, options.replay, stdout) == NABLA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    if (!options.check)
        return run(&conf, file);
    printf("%s: ok\n", file == NULL ? "defaults" : file);
    conf_fini(&conf);
    return EXIT_SUCCESS;
}
