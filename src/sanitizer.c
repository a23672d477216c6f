/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Part of the programs only where they are built with a sanitizer (-Db_sanitize=address,undefined): where
 * its reports go. The programs run each other with environments of few variables, in services and in
 * containers: options in the environment would not get everywhere, and stderr may be anybody's. Who wants
 * reports in files makes the directory, in the root file systems of containers, too. */

#include <unistd.h>

#define DIRECTORY "/var/.berth-sanitizer"

/* Called by the runtime library of the sanitizer, before anything else. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__ubsan_default_options(void);

/* A program that has let go of its file (basic/own-binary.h) would be killed looking up names there. The
 * offsets in the report are for addr2line. */
#define COMMON "fast_unwind_on_malloc=0:symbolize=0"

const char *__asan_default_options(void) {
        return access(DIRECTORY, F_OK) == 0 ? COMMON ":log_path=" DIRECTORY "/address" : COMMON;
}

const char *__ubsan_default_options(void) {
        return access(DIRECTORY, F_OK) == 0 ? "halt_on_error=1:print_stacktrace=1:log_path=" DIRECTORY
                                              "/undefined"
                                            : "halt_on_error=1:print_stacktrace=1";
}
