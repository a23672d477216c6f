/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the reading of LISTEN_* variables. sd_listen_fds() is not used because it knows LISTEN_PIDFDID only
 * in the newest versions and cannot be tested with variables that were not set. What the payload is given is
 * the supervisor's business. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "notify/listen-fds.h"

#include "basic/fd-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"

void listen_fds_done(ListenFds *l) {
        for (size_t i = 0; i < l->n_fds; i++)
                closep(&l->fds[i]);
        g_free(l->fds);
        g_strfreev(l->names);
        *l = LISTEN_FDS_NULL;
}

/* Whether a variable names this process; an unset one or an unknown own number says nothing against it. */
static int names_us(const char *value, uint64_t own) {
        uint64_t number;
        int r;

        if (!value || own == 0)
                return 1;
        r = parse_uint64(value, &number);
        return r < 0 ? r : number == own;
}

static char **split_names(const char *names, size_t n) {
        GPtrArray *list;

        if (names)
                return g_strsplit(names, ":", -1);
        list = g_ptr_array_new();
        for (size_t i = 0; i < n; i++)
                g_ptr_array_add(list, g_strdup("unknown"));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

int listen_fds_parse(
                const ListenEnvironment *env, pid_t pid, uint64_t pidfdid, size_t *ret_n,
                char ***ret_names) {
        _cleanup_strv_ char **names = NULL;
        uint32_t n = 0;
        int r;

        r = env->pid && env->fds ? names_us(env->pid, (uint64_t) pid) : 0;
        if (r > 0)
                r = names_us(env->pidfdid, pidfdid);
        if (r < 0)
                return -EINVAL;
        if (r > 0 && (parse_uint32(env->fds, &n) < 0 || n > INT_MAX - LISTEN_FDS_FIRST))
                return -EINVAL;

        names = split_names(n > 0 ? env->names : NULL, n);
        if (g_strv_length(names) != n)
                return -EINVAL;

        *ret_n = n;
        *ret_names = TAKE_PTR(names);
        return 0;
}

int listen_fds_take(int first, ListenFds *ret) {
        const ListenEnvironment env = {
                .pid = getenv("LISTEN_PID"),
                .pidfdid = getenv("LISTEN_PIDFDID"),
                .fds = getenv("LISTEN_FDS"),
                .names = getenv("LISTEN_FDNAMES"),
        };
        static const char *const variables[] = { "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS",
                                                 "LISTEN_FDNAMES" };
        _cleanup_strv_ char **names = NULL;
        g_autofree int *fds = NULL;
        bool has_pidfdid = env.pidfdid;
        size_t n;
        int r;

        r = listen_fds_parse(&env, getpid(), own_pidfd_inode(), &n, &names);
        if (r < 0)
                return log_error_errno(r, "LISTEN_FDS and the variables beside it make no sense: %m");

        fds = g_new(int, n);
        for (size_t i = 0; i < n; i++) {
                fds[i] = first + (int) i;
                r = fd_set_cloexec(fds[i], true);
                if (r < 0)
                        return log_error_errno(r, "File descriptor %d of LISTEN_FDS=%zu: %m", fds[i], n);
        }
        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                (void) unsetenv(variables[i]);

        ret->fds = TAKE_PTR(fds);
        ret->names = TAKE_PTR(names);
        ret->n_fds = n;
        ret->has_pidfdid = n > 0 && has_pidfdid;
        return 0;
}
