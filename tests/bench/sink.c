/* tests/bench/sink.c -- reads what comes over TCP and counts its lines: what any ingest costs at
 * least. Prints its port, then, when a connection ends, lines and CPU seconds as a JSON object. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 256 * 1024 };

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n, *lf; (lf = memchr(p, '\n', (size_t)(end - p))) != NULL;
         p = lf + 1)
        lines++;
    return lines;
}

static void serve(int fd)
{
    static char buf[READ_MAX];
    uint64_t lines = 0;
    double start = cpu_seconds();
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0;)
        lines += count_lines(buf, (size_t)n);
    printf("{\"lines\": %llu, \"cpu_seconds\": %.6f}\n", (unsigned long long)lines,
           cpu_seconds() - start);
    fflush(stdout);
    close(fd);
}

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) != 0 || listen(s, 8) != 0 ||
        getsockname(s, (struct sockaddr *)&a, &n) != 0) {
        perror("bench_sink");
        return 1;
    }
    printf("%u\n", ntohs(a.sin_port));
    fflush(stdout);
    for (int fd; (fd = accept(s, NULL, NULL)) >= 0;)
        serve(fd);
    return 0;
}
