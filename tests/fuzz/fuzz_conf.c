/* rooms: conf series */
/* Any bytes as nablad.yaml: read, or refused with at least one line that begins with the file's
 * name and a place. */
#include "conf/conf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* "fuzz:line:column: ...\n" or, at the end, "fuzz: and N more\n" */
static void check_lines(const char *at, const char *end)
{
    require(at < end && end[-1] == '\n');
    while (at < end) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        require(strncmp(at, "fuzz:", 5) == 0);
        require((at[5] >= '1' && at[5] <= '9') || (at[5] == ' ' && next == end));
        at = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct conf c, defaults;
    struct buf errors = {0}, keys = {0};
    conf_default(&defaults);
    enum nabla_status status = conf_read_text("fuzz", (const char *)data, n, &c, &errors);
    if (status == NABLA_OK) {
        require(errors.n == 0);
        require(c.policies.defaults.expire_after_ns >= c.policies.defaults.stale_after_ns);
        for (uint32_t i = 0; i < c.policies.rules_n; i++)
            require(c.policies.rules[i].match != NULL);
        conf_restart_keys(&defaults, &c, &keys);
        conf_fini(&c);
    } else if (status == NABLA_EINVAL) {
        check_lines(errors.at, errors.at + errors.n);
    }
    conf_fini(&defaults);
    buf_fini(&errors);
    buf_fini(&keys);
    return 0;
}
