/* tests/unit/main.c -- runs the one suite that a test file defines. */
#include "suite.h"

#include <stdlib.h>

int main(void)
{
    /* in seconds; Check's own 4 are too few for a loaded machine */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
