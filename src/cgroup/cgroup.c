/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what is done to the processes of a cgroup. Creates and limits nothing: that is systemd's, or
 * resources.c's. */

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

#include "basic/fs-util.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"
#include "cgroup/cgroup.h"

static int open_cgroup2(const char *path) {
        _cleanup_close_ int fd = -EBADF;
        struct statfs sfs;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        if (fstatfs(fd, &sfs) < 0)
                return negative_errno();
        if (sfs.f_type != CGROUP2_SUPER_MAGIC)
                return -EOPNOTSUPP;
        return TAKE_FD(fd);
}

/* Fields of a line: id parent major:minor root mount-point options [tags]... - type source options
 * (proc(5)). */
static int open_from_mountinfo(void) {
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(AT_FDCWD, "/proc/self/mountinfo", &text, NULL);
        if (r < 0)
                return r;
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                _cleanup_strv_ char **fields = NULL;
                _cleanup_free_ char *path = NULL;

                if (!strstr(*line, " - cgroup2 "))
                        continue;
                fields = g_strsplit(*line, " ", 6);
                if (g_strv_length(fields) < 6)
                        continue;
                path = g_strcompress(fields[4]);
                r = open_cgroup2(path);
                if (r >= 0)
                        return r;
        }
        return -EOPNOTSUPP;
}

int cgroup_open_root(void) {
        static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                int fd = open_cgroup2(usual[i]);

                if (fd >= 0)
                        return fd;
        }
        return open_from_mountinfo();
}

int cgroup_open(const char *path) {
        _cleanup_close_ int root_fd = -EBADF;

        if (path[0] != '/')
                return -EINVAL;
        root_fd = cgroup_open_root();
        if (root_fd < 0)
                return root_fd;
        while (*path == '/')
                path++;
        return open_beneath(root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY);
}

static int find_key(const char *text, const char *key, uint64_t *ret) {
        size_t n = strlen(key);

        for (const char *line = text; *line;
             line = strchrnul(line, '\n') + (*strchrnul(line, '\n') == '\n')) {
                _cleanup_free_ char *value = NULL;

                if (strncmp(line, key, n) != 0 || line[n] != ' ')
                        continue;
                value = g_strndup(line + n + 1, strcspn(line + n + 1, "\n"));
                return parse_uint64(value, ret) < 0 ? -EINVAL : 0;
        }
        return -ENXIO;
}

int cgroup_read_key(int cgroup_fd, const char *file, const char *key, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(cgroup_fd, file, &text, NULL);
        if (r < 0)
                return r;
        return find_key(text, key, ret);
}

/* A removed cgroup: its files are gone, or reading one that is open says so. */
static bool is_removed(int error) {
        return error == -ENOENT || error == -ENODEV;
}

int cgroup_is_populated(int cgroup_fd) {
        uint64_t populated;
        int r;

        r = cgroup_read_key(cgroup_fd, "cgroup.events", "populated", &populated);
        if (is_removed(r))
                return 0;
        return r < 0 ? r : populated != 0;
}

int cgroup_is_frozen(int cgroup_fd) {
        uint64_t frozen;
        int r;

        r = cgroup_read_key(cgroup_fd, "cgroup.events", "frozen", &frozen);
        return r < 0 ? r : frozen != 0;
}

int cgroup_frozen_above(const char *path, char **ret) {
        _cleanup_free_ char *above = g_strdup(path);
        char *slash;

        while ((slash = strrchr(above, '/')) && slash > above) {
                _cleanup_free_ char *text = NULL;
                _cleanup_close_ int fd = -EBADF;
                int r;

                *slash = '\0';
                fd = cgroup_open(above);
                r = fd < 0 ? fd : read_file_at(fd, "cgroup.freeze", &text, NULL);
                if (r < 0)
                        return r;
                if (text[0] == '1') {
                        *ret = TAKE_PTR(above);
                        return 1;
                }
        }
        return 0;
}

static int64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until key in cgroup.events has that value. The kernel marks the open file with POLLPRI at each
 * change; reading from the same descriptor takes the mark away, so no change is missed between reading and
 * waiting. */
static int wait_event(int cgroup_fd, const char *key, uint64_t wanted, int timeout_ms) {
        int64_t deadline = now_ms() + timeout_ms;
        _cleanup_close_ int fd = -EBADF;

        fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLPRI };
                _cleanup_free_ char *text = NULL;
                int64_t left = timeout_ms < 0 ? -1 : deadline - now_ms();
                uint64_t value;
                int r;

                if (lseek(fd, 0, SEEK_SET) < 0)
                        return negative_errno();
                r = read_fd(fd, &text, NULL);
                if (r < 0)
                        return r;
                r = find_key(text, key, &value);
                if (r < 0)
                        return r;
                if (value == wanted)
                        return 0;
                if (timeout_ms >= 0 && left <= 0)
                        return -ETIMEDOUT;
                if (poll(&p, 1, (int) left) < 0 && errno != EINTR)
                        return negative_errno();
        }
}

int cgroup_wait_empty(int cgroup_fd, int timeout_ms) {
        int r;

        r = wait_event(cgroup_fd, "populated", 0, timeout_ms);
        return is_removed(r) ? 0 : r;
}

int cgroup_freeze(int cgroup_fd, bool freeze, int timeout_ms) {
        int r;

        r = write_string_at(cgroup_fd, "cgroup.freeze", freeze ? "1" : "0");
        if (r < 0)
                return r;
        r = wait_event(cgroup_fd, "frozen", freeze, timeout_ms);
        if (r < 0 && freeze)
                (void) write_string_at(cgroup_fd, "cgroup.freeze", "0");
        return r;
}

static int add_own_pids(int cgroup_fd, GArray *pids) {
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(cgroup_fd, "cgroup.procs", &text, NULL);
        /* a threaded cgroup has no processes of its own: the domain above it lists them */
        if (r == -EOPNOTSUPP || is_removed(r))
                return 0;
        if (r < 0)
                return r;
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                int pid;

                /* 0 stands for a process of another pid namespace */
                if (parse_int(*line, &pid) >= 0 && pid > 0)
                        g_array_append_val(pids, pid);
        }
        return 0;
}

/* Depth is bounded by the kernel (cgroup.max.depth) and by paths; the walk holds one descriptor per level.
 */
static int add_pids(int cgroup_fd, GArray *pids) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int r;

        r = add_own_pids(cgroup_fd, pids);
        if (r < 0)
                return r;
        r = directory_open_at(cgroup_fd, ".", &dir);
        if (r < 0)
                return is_removed(r) ? 0 : r;
        while ((entry = readdir(dir))) {
                _cleanup_close_ int child_fd = -EBADF;

                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                child_fd = openat(cgroup_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                r = child_fd < 0 ? negative_errno() : add_pids(child_fd, pids);
                if (r < 0 && !is_removed(r))
                        return r;
        }
        return 0;
}

int cgroup_pids(int cgroup_fd, pid_t **ret, size_t *ret_n) {
        GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
        int r;

        r = add_pids(cgroup_fd, pids);
        if (r < 0) {
                g_array_unref(pids);
                return r;
        }
        *ret_n = pids->len;
        *ret = (pid_t *) g_array_free(pids, FALSE);
        return 0;
}

static bool contains(const pid_t *pids, size_t n, pid_t pid) {
        for (size_t i = 0; i < n; i++)
                if (pids[i] == pid)
                        return true;
        return false;
}

/* A pid may pass to a stranger between reading and opening it. So members are read again with the pidfds in
 * hand: who is listed then was not a stranger. */
static int signal_members(int cgroup_fd, const PidRef *refs, size_t n_refs, int sig) {
        _cleanup_free_ pid_t *members = NULL;
        size_t n;
        int r;

        r = cgroup_pids(cgroup_fd, &members, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_refs; i++)
                if (refs[i].fd >= 0 && contains(members, n, refs[i].pid))
                        (void) pidref_kill(refs + i, sig);
        return 0;
}

int cgroup_signal(int cgroup_fd, int sig) {
        _cleanup_free_ pid_t *pids = NULL;
        _cleanup_free_ PidRef *refs = NULL;
        size_t n;
        int r;

        r = cgroup_pids(cgroup_fd, &pids, &n);
        if (r < 0)
                return r;
        refs = g_new(PidRef, n);
        for (size_t i = 0; i < n; i++)
                if (pidref_open(pids[i], 0, refs + i) < 0)
                        refs[i] = PIDREF_NULL;
        r = signal_members(cgroup_fd, refs, n, sig);
        for (size_t i = 0; i < n; i++)
                pidref_done(refs + i);
        return r;
}

/* Before 5.14, and in threaded cgroups. Frozen processes cannot fork; killed ones leave the freezer to die.
 */
static int kill_frozen(int cgroup_fd) {
        int r, q;

        r = cgroup_freeze(cgroup_fd, true, 1000);
        if (r < 0 && r != -ETIMEDOUT)
                return is_removed(r) ? 0 : r;
        r = cgroup_signal(cgroup_fd, SIGKILL);
        q = write_string_at(cgroup_fd, "cgroup.freeze", "0");
        return r < 0 ? r : is_removed(q) ? 0 : q;
}

int cgroup_kill(int cgroup_fd) {
        int r;

        r = write_string_at(cgroup_fd, "cgroup.kill", "1");
        if (r == -ENOENT || r == -EOPNOTSUPP)
                return kill_frozen(cgroup_fd);
        return is_removed(r) ? 0 : r;
}
