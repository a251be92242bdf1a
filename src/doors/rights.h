/* doors/rights.h -- what somebody may do. */
#ifndef DOORS_RIGHTS_H
#define DOORS_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    RIGHT_READ = 1,  /* rates, series, metrics, streams, gradients */
    RIGHT_WRITE = 2, /* samples */
    RIGHT_ADMIN = 4, /* a reload of the configuration; what others sent that was refused */
    RIGHTS_ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_ADMIN
};

/* The right that text[0..n) names, 0 if it is none: read, write, admin. */
static inline unsigned right_find(const char *text, size_t n)
{
    static const char *const words[] = {"read", "write", "admin"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == n && memcmp(words[i], text, n) == 0)
            return 1U << i;
    return 0;
}

#endif
