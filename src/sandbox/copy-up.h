/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contents of one directory in another, for the mount option tmpcopyup. */

#include <stdbool.h>

/* Copies what is in from_fd (O_PATH will do) into the empty directory to_fd, and with metadata gives that
 * directory the other's owner and mode. Owners, modes, modification times and symlinks are kept, symlinks
 * are never followed; hard links become files of their own. Nothing is removed when it fails. Does not log.
 * -ENOSPC: it is too large; -EAGAIN: it was changed meanwhile. */
int copy_up(int from_fd, int to_fd, bool metadata);
