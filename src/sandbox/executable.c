/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/executable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/process-util.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int check_executable(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return negative_errno();
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
                return negative_errno();
        return 0;
}

/* Engines compare with these words, which are not spelled like libc's. */
static const char *error_words(int r) {
        switch (r) {
        case -ENOENT:
                return "no such file or directory";
        case -EACCES:
                return "permission denied";
        case -EISDIR:
                return "is a directory";
        case -ENOTDIR:
                return "not a directory";
        default:
                return strerror(-r);
        }
}

int executable_find(const char *const *args, const char *const *env, char **ret) {
        _cleanup_strv_ char **directories = NULL;
        const char *name = args[0], *path;
        int r, result = -ENOENT;

        if (strchr(name, '/')) {
                r = check_executable(name);
                if (r < 0)
                        return log_error_errno(r, "exec: \"%s\": %s", name, error_words(r));
                *ret = g_strdup(name);
                return 0;
        }

        path = g_environ_getenv((char **) env, "PATH");
        directories = g_strsplit(path ? path : DEFAULT_PATH, ":", -1);
        for (char **directory = directories; !isempty(name) && *directory; directory++) {
                _cleanup_free_ char *candidate =
                                g_build_filename(isempty(*directory) ? "." : *directory, name, NULL);

                r = check_executable(candidate);
                if (r >= 0) {
                        *ret = TAKE_PTR(candidate);
                        return 0;
                }
                if (r == -EACCES)
                        result = r;
        }
        return log_error_errno(
                        result, "exec: \"%s\": executable file not found in $PATH: %s", name,
                        error_words(result));
}

bool executable_try_cwd(const char *cwd) {
        return chdir(cwd) >= 0;
}

int executable_enter_cwd(const char *cwd, bool entered) {
        _cleanup_free_ char *now = NULL;

        if (!entered && chdir(cwd) < 0)
                return log_error_errno(
                                negative_errno(), "chdir to cwd (\"%s\") set in config.json failed: %s", cwd,
                                error_words(negative_errno()));
        /* A path through a leaked descriptor can lead out of the root; the kernel says so here (getcwd(3)).
         */
        now = getcwd(NULL, 0);
        if (!now || *now != '/')
                return log_error_errno(
                                -EPERM, "Current working directory '%s' is outside of the container's root",
                                cwd);
        return 0;
}

/* The value of a variable that tells the process that it is the one who is meant. */
static bool own_number(const char *name, char *buffer, size_t size) {
        if (streq(name, "LISTEN_PID") || streq(name, "WATCHDOG_PID"))
                (void) g_snprintf(buffer, (gulong) size, "%d", (int) getpid());
        else if (streq(name, "LISTEN_PIDFDID"))
                (void) g_snprintf(buffer, (gulong) size, "%" G_GUINT64_FORMAT, own_pidfd_inode());
        else
                return false;
        return true;
}

static bool is_set_again(const char *const *later, const char *entry) {
        size_t n = strcspn(entry, "=") + 1;

        for (; *later; later++)
                if (strncmp(*later, entry, n) == 0)
                        return true;
        return false;
}

/* Of a variable that is there twice the last one counts: what finds the first one must not see another. */
static char **copy_environment(const char *const *base) {
        GPtrArray *env = g_ptr_array_new();

        for (; base && *base; base++)
                if (!is_set_again(base + 1, *base))
                        g_ptr_array_add(env, g_strdup(*base));
        g_ptr_array_add(env, NULL);
        return (char **) g_ptr_array_free(env, FALSE);
}

char **executable_environment(const char *const *base, const char *const *additions, const char *home) {
        char **env = copy_environment(base);

        for (; additions && *additions; additions++) {
                _cleanup_free_ char *name = NULL;
                const char *value = strchr(*additions, '=');
                char own[24];

                if (!value)
                        continue;
                name = g_strndup(*additions, (size_t) (value - *additions));
                env = g_environ_setenv(env, name, own_number(name, own, sizeof own) ? own : value + 1, TRUE);
        }
        if (isempty(home) || !isempty(g_environ_getenv(env, "HOME")))
                return env;
        return g_environ_setenv(env, "HOME", home, TRUE);
}
