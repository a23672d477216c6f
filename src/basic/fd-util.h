/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* File descriptors. Nothing here logs. */

#include <stdbool.h>
#include <stddef.h>

/* "/proc/self/fd/N" for a descriptor, for system calls that only take paths. */
typedef struct FdPath {
        char path[sizeof "/proc/self/fd/" + 10];
} FdPath;

FdPath fd_path(int fd);

/* Sets or clears FD_CLOEXEC. Returns 0 or the negative errno of fcntl(). */
int fd_set_cloexec(int fd, bool cloexec);

/* Closes all descriptors from first on (close_range(2)); with cloexec they are only marked to be closed by
 * exec. */
int fd_close_from(int first, bool cloexec);

/* Closes all descriptors above stdio but those listed; keep gets sorted. Returns 0 or a negative errno. */
int fd_close_all_except(int *keep, size_t n_keep);

/* Gives descriptors the numbers first, first + 1, ... in the order listed, without CLOEXEC; a negative entry
 * leaves a hole. Whatever was open there is lost. The array has the new numbers afterwards. */
int fd_arrange(int *fds, size_t n_fds, int first);

/* Writes all of data to a blocking descriptor. Returns 0 or the negative errno of write(). */
int fd_write_all(int fd, const void *data, size_t size);

/* Makes sure that 0, 1 and 2 are open (to /dev/null, if they were not). */
int fd_fill_stdio(void);
