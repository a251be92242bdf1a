/* tests/unit/suite.h -- what every unit test file has in common: it defines suite(). */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

/* Check's own macros convert signs. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <check.h>

Suite *suite(void);

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

#endif
