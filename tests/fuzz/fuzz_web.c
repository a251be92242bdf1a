/* rooms: conf */
/* tests/fuzz/fuzz_web.c -- web.yml, as bytes. Laws: a file that is refused says why and hands out nothing; one that
 * is taken says nothing. Files that it names are looked for in a folder that is not there. */
#include "conf/web.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct access *a = NULL;
    struct buf errors = {0};
    enum nabla_status status =
        web_read_text("/nowhere/web.yml", (const char *)data, n, &a, &errors);
    if ((status == NABLA_OK) != (a != NULL) || (status == NABLA_OK && errors.n > 0) ||
        (status == NABLA_EINVAL && errors.n == 0))
        abort();
    access_leave(a);
    buf_fini(&errors);
    return 0;
}
