/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Small macros that every file may use. */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

/* Hands a value over: the variable is left empty, so that its cleanup does nothing. */
#define TAKE(var, empty)                       \
        ({                                     \
                __typeof__(var) *_p_ = &(var); \
                __typeof__(var) _v_ = *_p_;    \
                *_p_ = (empty);                \
                _v_;                           \
        })
#define TAKE_PTR(ptr) TAKE(ptr, NULL)
#define TAKE_FD(fd)   TAKE(fd, -EBADF)

#define STRLEN(literal) (sizeof("" literal "") - 1)

/* Negative errno of the call that has just failed; never 0, even if a library forgot to set errno. */
#define negative_errno()               \
        ({                             \
                int _e_ = errno;       \
                _e_ > 0 ? -_e_ : -EIO; \
        })

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool isempty(const char *s) {
        return !s || !*s;
}

/* The rest of s behind prefix, or NULL when s does not start with it. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}
