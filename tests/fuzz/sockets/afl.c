/* tests/fuzz/sockets/afl.c -- the loop of AFL++. A process plays so many strangers and ends; its nablad begins after the fork,
 * since threads do not survive one. AFL++ stops the whole process between two. With files as arguments it plays these, one
 * after the other, and ends: what was found, once more. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { STRANGERS = 5000 };

__AFL_FUZZ_INIT();

static void play_file(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        play_file(argv[i]);
    if (argc > 1)
        return 0;
    __AFL_INIT();
    const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
    LLVMFuzzerTestOneInput(data, 0);
    while (__AFL_LOOP(STRANGERS))
        LLVMFuzzerTestOneInput(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    _Exit(0);
}
