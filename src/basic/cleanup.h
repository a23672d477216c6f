/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One spelling for the release of every resource: _cleanup_(fn), or one of the short forms below. */

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "basic/macro.h"

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

/* Defines fnp(), a destructor for variables that hold the given pointer type. */
#define DEFINE_CLEANUP(type, fn)                                                             \
        static inline void fn##p(type *p) { /* NOLINT(bugprone-macro-parentheses): a type */ \
                if (*p)                                                                      \
                        fn(*p);                                                              \
        }                                                                                    \
        struct cleanup_needs_a_semicolon

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(int *fd) {
        int saved = errno;

        if (*fd >= 0)
                (void) close(*fd);
        errno = saved;
}

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(DIR *, closedir);
DEFINE_CLEANUP(char **, g_strfreev);
DEFINE_CLEANUP(GByteArray *, g_byte_array_unref);
DEFINE_CLEANUP(GPtrArray *, g_ptr_array_unref);
DEFINE_CLEANUP(GHashTable *, g_hash_table_unref);
DEFINE_CLEANUP(GKeyFile *, g_key_file_unref);

static inline void g_string_freep(GString **s) {
        if (*s)
                g_string_free(*s, TRUE);
}

#define _cleanup_free_      _cleanup_(freep)
#define _cleanup_bytes_     _cleanup_(g_byte_array_unrefp)
#define _cleanup_close_     _cleanup_(closep)
#define _cleanup_fclose_    _cleanup_(fclosep)
#define _cleanup_closedir_  _cleanup_(closedirp)
#define _cleanup_strv_      _cleanup_(g_strfreevp)
#define _cleanup_string_    _cleanup_(g_string_freep)
#define _cleanup_ptr_array_ _cleanup_(g_ptr_array_unrefp)
#define _cleanup_hash_      _cleanup_(g_hash_table_unrefp)
#define _cleanup_key_file_  _cleanup_(g_key_file_unrefp)
