/* Loaded before libc: adds to every look at the wall clock the seconds of CLOCK_OFFSET_S, by which
   a whole test run is moved, and those in the file CLOCK_JUMP, by which one program errs. What the
   run writes is as old as its own clock says: the kernel's stamps since CLOCK_SINCE_S move too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define LONGEST_RUN_S 86400

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static long offset(void) {
    static long seconds;
    static int is_read;
    if (!is_read) {
        seconds = number("CLOCK_OFFSET_S");
        is_read = 1;
    }
    return seconds;
}

static long jump(void) {
    long seconds = 0;
    const char *path = getenv("CLOCK_JUMP");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return offset() + seconds;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, at);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) at->tv_sec += jump();
    return result;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

static int is_of_this_run(const struct timespec *at) {
    long since = number("CLOCK_SINCE_S");
    return at->tv_sec >= since && at->tv_sec < since + LONGEST_RUN_S;
}

static void move_stamp(struct timespec *at) {
    if (is_of_this_run(at)) at->tv_sec += offset();
}

static int moved(int result, struct stat *of) {
    if (result != 0 || offset() == 0) return result;
    move_stamp(&of->st_atim);
    move_stamp(&of->st_mtim);
    move_stamp(&of->st_ctim);
    return result;
}

#define LOOK(name, parameters, arguments)                             \
    int name parameters {                                             \
        static int (*real) parameters;                                \
        if (!real) real = dlsym(RTLD_NEXT, #name);                    \
        return moved(real arguments, (struct stat *)of);              \
    }

LOOK(stat, (const char *path, struct stat *of), (path, of))
LOOK(lstat, (const char *path, struct stat *of), (path, of))
LOOK(fstat, (int file, struct stat *of), (file, of))
LOOK(fstatat, (int folder, const char *path, struct stat *of, int flags), (folder, path, of, flags))
LOOK(stat64, (const char *path, struct stat64 *of), (path, of))
LOOK(lstat64, (const char *path, struct stat64 *of), (path, of))
LOOK(fstat64, (int file, struct stat64 *of), (file, of))
LOOK(fstatat64, (int folder, const char *path, struct stat64 *of, int flags), (folder, path, of, flags))

/* A stamp that a program sets must not look like one of the kernel's: it goes just before them. */
int utimensat(int folder, const char *path, const struct timespec given[2], int flags) {
    static int (*real)(int, const char *, const struct timespec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "utimensat");
    if (!given || offset() == 0) return real(folder, path, given, flags);
    struct timespec set[2] = {given[0], given[1]};
    for (int i = 0; i < 2; i++)
        if (is_of_this_run(&set[i])) set[i].tv_sec = number("CLOCK_SINCE_S") - 1;
    return real(folder, path, set, flags);
}
