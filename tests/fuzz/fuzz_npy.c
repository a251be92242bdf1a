/* rooms: wire */
/* fuzz_npy.c -- a header that is taken lies within its file, and reads the same when written anew. */
#include "wire/npy.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static void check_taken(const struct npy *npy, size_t n)
{
    int64_t count = 1;
    CHECK(npy->ndim >= 0 && npy->ndim <= NABLA_DIMS_MAX);
    for (int i = 0; i < npy->ndim; i++)
        count *= npy->shape[i]; /* known not to overflow */
    CHECK(count == npy->count);
    CHECK(npy->bytes == (size_t)count * nabla_dtype_size(npy->dtype));
    CHECK(npy->offset <= n && npy->bytes <= n - npy->offset);
    CHECK(memchr(npy->unit, '\0', NPY_UNIT_MAX) != NULL);
}

static void check_written(const struct npy *npy)
{
    struct buf file = {0};
    struct npy got;
    const char *why;
    npy_write(&file, npy);
    CHECK(!file.failed && file.n % NPY_ALIGN == 0);
    size_t header = file.n;
    char *room = buf_room(&file, npy->bytes);
    CHECK(room != NULL);
    memset(room, 0, npy->bytes);
    buf_used(&file, npy->bytes);
    CHECK(npy_read(file.at, file.n, &got, &why) == NABLA_OK);
    CHECK(got.offset == header && got.dtype == npy->dtype && got.swapped == npy->swapped &&
          got.fortran == npy->fortran && got.ndim == npy->ndim && got.count == npy->count &&
          got.bytes == npy->bytes && strcmp(got.unit, npy->unit) == 0);
    for (int i = 0; i < npy->ndim; i++)
        CHECK(got.shape[i] == npy->shape[i]);
    buf_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct npy npy;
    const char *why = NULL;
    if (npy_read(data, n, &npy, &why) != NABLA_OK) {
        CHECK(why != NULL && *why != '\0');
        return 0;
    }
    check_taken(&npy, n);
    check_written(&npy);
    return 0;
}
