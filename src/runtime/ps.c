/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns running ps(1) and choosing from what it prints. */

#include "runtime/ps.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"
#include "cgroup/cgroup.h"
#include "runtime/state.h"

static int compare_pids(const void *a, const void *b) {
        pid_t x = *(const pid_t *) a, y = *(const pid_t *) b;

        return x < y ? -1 : x > y;
}

int container_pids(const char *root, const char *id, pid_t **ret, size_t *ret_n) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_close_ int fd = -EBADF;
        pid_t *pids = NULL;
        size_t n = 0;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        fd = state->cgroup ? cgroup_open(state->cgroup) : -ENOENT;
        r = fd == -ENOENT ? 0 : fd < 0 ? fd : cgroup_pids(fd, &pids, &n);
        if (r < 0)
                return log_error_errno(r, "Failed to list the processes of container '%s': %m", id);

        if (n > 0)
                qsort(pids, n, sizeof(pid_t), compare_pids);
        *ret = pids;
        *ret_n = n;
        return 0;
}

/* ---- ps(1) ---- */

_Noreturn static void execute(char **args, int out) {
        _cleanup_ptr_array_ GPtrArray *argv = g_ptr_array_new();

        g_ptr_array_add(argv, (char *) "ps");
        if (!*args)
                g_ptr_array_add(argv, (char *) "-ef");
        for (; *args; args++)
                g_ptr_array_add(argv, *args);
        g_ptr_array_add(argv, NULL);

        if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
                (void) execvp("ps", (char **) argv->pdata);
        (void) log_error_errno(negative_errno(), "Failed to execute ps: %m");
        _exit(127);
}

/* Its output, errors included, and its exit status. */
static int run_ps(char **args, char **ret, int *ret_status) {
        _cleanup_close_ int output_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
        int pipe_fds[2], code, status = 0, r, q;
        char *text = NULL;
        pid_t pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return negative_errno();
        output_fd = pipe_fds[0];
        write_fd = pipe_fds[1];
        pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid < 0)
                return pid;
        if (pid == 0)
                execute(args, write_fd);

        closep(&write_fd);
        write_fd = -EBADF;
        r = read_fd(output_fd, &text, /* ret_size= */ NULL);
        closep(&output_fd); /* If that failed, ps must not wait for us. */
        output_fd = -EBADF;
        q = process_reap(pid, &code, &status);
        if (r < 0 || q < 0) {
                g_free(text);
                return r < 0 ? r : q;
        }
        *ret = text;
        *ret_status = code == CLD_EXITED ? status : 128 + status;
        return 0;
}

/* ---- choosing ---- */

/* The nth word of a line. Caller frees; NULL: it has fewer. */
static char *word_at(const char *line, size_t n) {
        for (;; n--) {
                size_t length;

                line += strspn(line, " \t");
                length = strcspn(line, " \t");
                if (length == 0)
                        return NULL;
                if (n == 0)
                        return g_strndup(line, length);
                line += length;
        }
}

static int find_column(const char *header, const char *name, size_t *ret) {
        for (size_t i = 0;; i++) {
                _cleanup_free_ char *word = word_at(header, i);

                if (!word)
                        return -EINVAL;
                if (streq(word, name)) {
                        *ret = i;
                        return 0;
                }
        }
}

static bool row_is_of(const char *row, size_t column, const pid_t *pids, size_t n) {
        _cleanup_free_ char *word = word_at(row, column);
        pid_t pid;

        return word && parse_int(word, &pid) >= 0 && n > 0 &&
                        bsearch(&pid, pids, n, sizeof(pid_t), compare_pids);
}

static int choose_rows(const char *output, const pid_t *pids, size_t n, char **ret) {
        _cleanup_strv_ char **lines = g_strsplit(output, "\n", -1);
        _cleanup_string_ GString *chosen = g_string_new(NULL);
        size_t column;

        if (!lines[0] || find_column(lines[0], "PID", &column) < 0)
                return log_error_errno(
                                -EINVAL, "couldn't find PID field in ps output: '%s'",
                                lines[0] ? lines[0] : "");
        g_string_append_printf(chosen, "%s\n", lines[0]);
        for (char **row = lines + 1; *row; row++)
                if (row_is_of(*row, column, pids, n))
                        g_string_append_printf(chosen, "%s\n", *row);

        *ret = g_strdup(chosen->str);
        return 0;
}

int container_ps(const char *root, const char *id, char **args, char **ret) {
        _cleanup_free_ char *output = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        size_t n;
        int r, status = 0;

        r = container_pids(root, id, &pids, &n);
        if (r < 0)
                return r;
        r = run_ps(args, &output, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to run ps: %m");
        if (status != 0)
                return log_error_errno(-EIO, "ps ended with exit status %d: %s", status, g_strchomp(output));
        return choose_rows(output, pids, n, ret);
}
