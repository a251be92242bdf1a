/* tests/fuzz/replay.c -- runs a fuzz target over the files of a folder: the corpus as a plain test.
 * Each input is copied to the very end of a page that is followed by one without access. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void run_at_guard(const uint8_t *data, size_t n)
{
    size_t page = 4096, room = (n / page + 1) * page;
    uint8_t *map =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0)
        exit(2);
    memcpy(map + room - n, data, n);
    LLVMFuzzerTestOneInput(map + room - n, n);
    munmap(map, room + page);
}

static int run_file(const char *path)
{
    static uint8_t data[4 << 20];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return 0;
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    run_at_guard(data, n);
    return 1;
}

int main(int argc, char **argv)
{
    int ran = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 2;
        }
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            if (e->d_name[0] != '.')
                ran += run_file(path);
        }
        closedir(dir);
    }
    printf("%d inputs replayed\n", ran);
    return ran > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
