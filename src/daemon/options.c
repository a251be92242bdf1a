/* daemon/options.c -- getopt_long and the help that goes with it. */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

bool options_read(int argc, char **argv, struct options *out)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"replay", required_argument, NULL, 'r'}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    *out = (struct options){0};
    for (int c; (c = getopt_long(argc, argv, "c:hV", names, NULL)) != -1;)
        switch (c) {
        case 'c': out->config = optarg; break;
        case 'k': out->check = true; break;
        case 'r': out->replay = optarg; break;
        case 'V': out->version = true; break;
        case 'h': out->help = true; break;
        default: return false; /* getopt has said why */
        }
    if (optind < argc)
        fprintf(stderr, "nablad: unexpected argument \"%s\"; see nablad --help\n", argv[optind]);
    return optind == argc;
}

void options_help(void)
{
    puts(
        "usage: nablad [--config FILE] [--check | --replay LINES]\n"
        "\n"
        "Takes timestamped samples over TCP and UDP and tells over HTTP how fast each series "
        "changes.\n"
        "\n"
        "  -c, --config FILE  read FILE; without it /etc/nabla/nablad.yaml, if there is one, else "
        "the\n"
        "                     defaults: lines on 127.0.0.1:2207, HTTP on 127.0.0.1:9207\n"
        "      --check        read the configuration, say what is wrong with it, and end\n"
        "      --replay FILE  read recorded lines from FILE (-: standard input), time being "
        "theirs, "
        "and\n"
        "                     print every rate as a JSON line; no socket is opened\n"
        "  -V, --version      say which version this is\n"
        "  -h, --help         this text\n"
        "\n"
        "SIGHUP reads the configuration again; SIGTERM takes in what has been received, and ends.\n"
        "Exit status: 0; 1 if it cannot run; 2 for a bad command line or configuration.");
}
