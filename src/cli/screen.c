/* cli/screen.c -- termios, a few of xterm's sequences and a signalfd: no handler, so no global.
 *
 * Laws: between screen_close and the next screen_open the terminal is as it was before, also while
 * the process is suspended. */
#include "cli/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The second screen, no cursor, no wrapping; and back. */
static const char enter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
static const char leave[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

bool screen_size(int fd, struct screen_size *out)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    out->columns = size.ws_col;
    out->rows = size.ws_row;
    return true;
}

bool screen_colours(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return (no == NULL || no[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

static bool write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, n);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        }
    }
    return true;
}

bool screen_write(const struct buf *bytes)
{
    return write_all(bytes->at, bytes->n);
}

static bool enter_screen(struct screen *s)
{
    if (s->keys >= 0) {
        struct termios raw = s->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C, Ctrl-Z */
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        if (tcsetattr(s->keys, TCSAFLUSH, &raw) != 0)
            return false;
    }
    return write_all(enter, sizeof enter - 1);
}

static void leave_screen(struct screen *s)
{
    write_all(leave, sizeof leave - 1);
    if (s->keys >= 0)
        tcsetattr(s->keys, TCSAFLUSH, &s->before);
}

bool screen_open(struct screen *s)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        sigaddset(&set, wanted[i]);
    s->keys = tcgetattr(STDIN_FILENO, &s->before) == 0 ? STDIN_FILENO : -1;
    s->signals = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->signals < 0)
        return false;
    if (enter_screen(s))
        return true;
    int why = errno;
    screen_close(s);
    errno = why;
    return false;
}

void screen_close(struct screen *s)
{
    leave_screen(s);
    close(s->signals);
}

/* Stops as Ctrl-Z asks; goes on here when the shell lets it. */
static enum screen_event suspend(struct screen *s)
{
    leave_screen(s);
    raise(SIGSTOP);
    return enter_screen(s) ? SCREEN_REDRAW : SCREEN_LEAVE;
}

static enum screen_event read_keys(struct screen *s)
{
    char keys[64];
    ssize_t n = s->keys < 0 ? 0 : read(s->keys, keys, sizeof keys);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return SCREEN_LEAVE; /* the terminal is gone */
    bool quit = n > 0 && memchr(keys, 'q', (size_t)n) != NULL;
    return quit ? SCREEN_LEAVE : SCREEN_NOTHING;
}

enum screen_event screen_event(struct screen *s)
{
    struct signalfd_siginfo info;
    enum screen_event event = read_keys(s);
    while (event != SCREEN_LEAVE && read(s->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGWINCH)
            event = SCREEN_REDRAW;
        else if (info.ssi_signo == SIGTSTP)
            event = suspend(s);
        else
            event = SCREEN_LEAVE;
    }
    return event;
}
