/* tests/fuzz/sockets/afl.c -- the loop of AFL++. A process plays so many strangers and ends; its nablad begins after the fork,
 * since threads do not survive one. AFL++ stops the whole process between two. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { STRANGERS = 5000 };

__AFL_FUZZ_INIT();

int main(void)
{
    __AFL_INIT();
    const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
    LLVMFuzzerTestOneInput(data, 0);
    while (__AFL_LOOP(STRANGERS))
        LLVMFuzzerTestOneInput(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    _Exit(0);
}
