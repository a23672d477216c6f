/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files: whole-file reads and writes, and access below a root that somebody hostile may be changing at the
 * same time (openat2(2) with RESOLVE_IN_ROOT). Nothing here logs; results are negative errnos. */

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a whole file, NUL-terminated behind its end, at most 16 MiB (-EFBIG). dir_fd as in openat(). Caller
 * frees. */
int read_file_at(int dir_fd, const char *path, char **ret, size_t *ret_size);

/* Reads what is left in an open file. */
int read_fd(int fd, char **ret, size_t *ret_size);

/* Writes text in one write() into an existing file (procfs, cgroupfs): the kernel's answer is the result. */
int write_string_at(int dir_fd, const char *path, const char *text);

/* Creates or replaces a file in one step: temporary name, then rename. The parent directory must exist. */
int write_file_atomic_at(int dir_fd, const char *path, const char *data, size_t size, mode_t mode);

/* mkdir -p with mode for what is made. */
int make_directories(const char *path, mode_t mode);

/* Opens a directory, below dir_fd, for reading: "." reads that one without moving its position. The caller
 * closes it. Returns 0 or the negative errno of openat(). */
int directory_open_at(int dir_fd, const char *path, DIR **ret);

/* Removes a directory tree (or a file); does not follow symlinks, does not cross mount points (-EBUSY from
 * the kernel for a mounted directory). A missing tree is success. */
int remove_tree_at(int dir_fd, const char *path);

/* openat2() that keeps symlinks, ".." and magic links inside of root_fd; repeats on EAGAIN. flags get
 * O_CLOEXEC. Returns a descriptor or a negative errno. */
int open_in_root(int root_fd, const char *path, int flags);

/* The same with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV, for procfs
 * and cgroupfs: what is mounted over one of their files is -EXDEV. */
int open_beneath(int dir_fd, const char *path, int flags);

/* Makes directory path (and its parents, 0755) inside of root_fd and returns it opened with O_PATH. Symlinks
 * are followed, those that lead to nothing as well: then what they lead to is made. */
int make_directories_in_root(int root_fd, const char *path, mode_t mode);

/* Makes an empty regular file (and its parents) inside of root_fd unless something is there; returns it
 * opened with O_PATH. Follows symlinks as make_directories_in_root() does. */
int make_file_in_root(int root_fd, const char *path, mode_t mode);

/* Opens the parent directory of path inside of root_fd, making what is missing, and tells the last component
 * (points into path, "" for the root itself). */
int open_parent_in_root(int root_fd, const char *path, const char **ret_name);
