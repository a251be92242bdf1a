/* tests/fuzz/sockets/sockets.c -- strangers at a door of a running nablad, one after the other; which door, NABLA_DOOR
 * says. After each somebody polite comes, and must be served. */
#include "house.h"
#include "script.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct house *house;

static void close_house(void)
{
    house_close(house);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (house == NULL) {
        house = house_open(getenv("NABLA_DOOR"));
        atexit(close_house);
        house_probe(house); /* what is done once is not this stranger's doing */
    }
    script_play(house_port(house), house_lets_go(house), data, n);
    house_probe(house);
    return 0;
}
