#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

void program_start(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
}

void program_ready(void)
{
    puts("ready");
    fflush(stdout);
}

bool program_wait_us(struct pollfd *fds, size_t count, int64_t timeout)
{
    struct timespec t = {timeout / 1000000, timeout % 1000000 * 1000};

    if (stopping)
        return false;
    if (ppoll(fds, count, timeout < 0 ? NULL : &t, NULL) < 0 && errno != EINTR)
        return false;
    return !stopping;
}

bool program_wait(struct pollfd *fds, size_t count, int timeout)
{
    return program_wait_us(fds, count, timeout < 0 ? -1 : timeout * (int64_t)1000);
}

void program_first(void)
{
    const struct sched_param priority = {.sched_priority = 1};

    if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0)
        fprintf(stderr, "no real-time priority: %s\n", strerror(errno));
}

bool program_command(char line[COMMAND_MAX])
{
    static char pending[COMMAND_MAX];
    static size_t used;
    char *end = memchr(pending, '\n', used);

    if (!end) {
        ssize_t got = read(STDIN_FILENO, pending + used, sizeof pending - used);

        if (got == 0)
            stopping = 1; /* the driver is gone, or its line was longer than any command */
        if (got <= 0)
            return false;
        used += (size_t)got;
        end = memchr(pending, '\n', used);
    }
    if (!end)
        return false;
    *end = '\0';
    memcpy(line, pending, (size_t)(end - pending) + 1);
    used -= (size_t)(end - pending) + 1;
    memmove(pending, end + 1, used);
    return true;
}

uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint32_t number_or_exit(const char *text, uint32_t lowest, uint32_t highest)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 0);
    if (errno || end == text || *end || v < lowest || v > highest) {
        fprintf(stderr, "'%s' is no number between %u and %u\n", text, lowest, highest);
        exit(2);
    }
    return (uint32_t)v;
}
