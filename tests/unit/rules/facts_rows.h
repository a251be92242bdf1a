/* tests/unit/rules/facts_rows.h -- facts and conditions that the tests of this room share. */
#ifndef TESTS_RULES_FACTS_ROWS_H
#define TESTS_RULES_FACTS_ROWS_H

#include "rules/expression.h"
#include "rules/facts.h"

#include "suite.h"

#include <math.h>
#include <string.h>

/* A freezer at -20, warming by 0.6 a minute, known to 0.1 a minute; the last sample came 2 s ago. */
static inline struct facts warming_freezer(void)
{
    struct facts f;
    facts_of_nothing(PRESENCE_LIVE, 2, &f);
    f.at[FACT_VALUE] = (struct quantity){-20, 0};
    f.at[FACT_RATE] = (struct quantity){0.6 / 60, 0.1 / 60};
    f.at[FACT_EDGE] = (struct quantity){0.6 / 60, 0};
    f.at[FACT_ACCEL] = (struct quantity){1e-4, 0};
    f.at[FACT_ERROR] = (struct quantity){0.1 / 60, 0};
    f.level = -20;
    return f;
}

static inline struct expression compiled(const char *text)
{
    struct expression x;
    struct text_fault fault = {0};
    enum nabla_status status = expression_compile(text, strlen(text), &x, &fault);
    ck_assert_msg(status == NABLA_OK, "%s: %zu: %s", text, fault.offset, fault.message);
    return x;
}

#endif
