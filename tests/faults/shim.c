/* Preloaded into the server by the tests, to do what strace cannot.
 *
 * Short writes. A write to a file whose name ends in SUFFIX, with bytes in it that read "TEAR SUFFIX K;", is taken up to its
 * K-th byte; the call that brings the rest is refused, as on a disk that became full in the middle. With "TEAR! SUFFIX K;" every
 * later write to any file is refused as well.
 *
 * A clock that is set back: with SHIM_CLOCK_BACK in the environment, the time of day is an hour earlier at every look.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static atomic_int refuse_next = -1; /* the descriptor whose next write is refused */
static atomic_int refuse_all;

static int ends_in(int fd, const char *suffix) {
    char link[64], name[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name);
    size_t wanted = strlen(suffix);
    return length >= (ssize_t)wanted && memcmp(name + length - wanted, suffix, wanted) == 0;
}

/* How much of a write is to be taken, or -1 for all of it. */
static ssize_t taken(int fd, const char *bytes, size_t count) {
    const char *mark = memmem(bytes, count, "TEAR", 4);
    if (!mark || bytes + count - mark < 64)
        return -1;
    char text[64], dead[2] = "", suffix[32];
    ssize_t upto;
    memcpy(text, mark, sizeof text - 1);
    text[sizeof text - 1] = 0;
    if (sscanf(text, "TEAR%1[!] %31s %zd;", dead, suffix, &upto) != 3 && sscanf(text, "TEAR %31s %zd;", suffix, &upto) != 2)
        return -1;
    if (!ends_in(fd, suffix) || upto >= (ssize_t)count)
        return -1;
    refuse_next = fd;
    refuse_all = dead[0] == '!';
    return upto;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "pwrite64");
    int expected = fd;
    if (atomic_compare_exchange_strong(&refuse_next, &expected, -1) || (refuse_all && refuse_next == -1)) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t upto = taken(fd, bytes, count);
    if (upto == 0) {
        refuse_next = -1;
        errno = ENOSPC;
        return -1;
    }
    return real(fd, bytes, upto < 0 ? count : (size_t)upto, offset);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    static atomic_long looks;
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && getenv("SHIM_CLOCK_BACK"))
        now->tv_sec -= 3600 * ++looks;
    return result;
}
