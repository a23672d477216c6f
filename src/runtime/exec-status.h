/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit status that says why nothing runs, as shells and engines have it. */

#include <errno.h>

#define EXIT_LAUNCHER       125 /* for another reason than those */
#define EXIT_NOT_EXECUTABLE 126 /* the program cannot be executed */
#define EXIT_NOT_FOUND      127 /* there is no such program */

/* error: with which the program could not be executed; 0: it is not about the program. */
static inline int exec_exit_status(int error, int otherwise) {
        return error == 0 ? otherwise : error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
