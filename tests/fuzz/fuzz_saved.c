/* rooms: alerts */
/* The file of alerts: whatever it holds, with a checksum that is right, is refused or restored whole. */
#include "alerts/saved.h"

#include <stdlib.h>
#include <string.h>

static void on_ready(void *ctx)
{
    (void)ctx;
}

/* As alerts/saved.h says: FNV-1a of what follows it. */
static void set_checksum(char *bytes, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 16; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    for (size_t i = 0; i < 8; i++)
        bytes[8 + i] = (char)(h >> 8 * i & 0xff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lookout *lookout;
    struct alerts *alerts;
    static struct stats stats;
    char *bytes = malloc(size + 1);
    if (bytes == NULL || lookout_new(on_ready, NULL, &lookout) != NABLA_OK)
        abort();
    struct alerts_options options = {.lookout = lookout, .stats = &stats, .max = 100};
    if (alerts_new(&options, 0, &alerts) != NABLA_OK)
        abort();
    memcpy(bytes, data, size);
    if (size >= 16)
        set_checksum(bytes, size);
    if (alerts_restore(alerts, bytes, size) != NABLA_OK && alerts_count(alerts).firing != 0)
        abort();
    alerts_free(alerts);
    lookout_free(lookout);
    free(bytes);
    return 0;
}
