/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of process numbers out of the container's pid namespace. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notify/main-process.h"

#include "basic/fs-util.h"
#include "notify/proxy.h"

/* Linux 6.11 */
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 0x6, int)
#endif

#define FIELD "\nNSpid:"

pid_t notify_pid_in_namespace(const char *status, size_t index, size_t *ret_n) {
        const char *p = strstr(status, FIELD);
        pid_t found = 0;
        size_t n = 0;

        for (p = p ? p + STRLEN(FIELD) : ""; *p == ' ' || *p == '\t'; n++) {
                char *end;
                long pid = strtol(p, &end, 10);

                if (end == p)
                        break;
                if (n == index)
                        found = (pid_t) pid;
                p = end;
        }
        *ret_n = n;
        return found;
}

static int read_status(const char *pid, char **ret) {
        char path[sizeof "/proc//status" + NAME_MAX];

        (void) snprintf(path, sizeof path, "/proc/%s/status", pid);
        return read_file_at(AT_FDCWD, path, ret, NULL);
}

static int check_cgroup(pid_t pid, const char *cgroup) {
        _cleanup_free_ char *found = NULL;
        int r;

        if (!cgroup)
                return 0;
        r = pid_cgroup(pid, &found);
        if (r < 0)
                return r;
        return notify_cgroup_contains(cgroup, found) ? 0 : -EXDEV;
}

/* Numbers repeat in the namespaces of other containers, so it is the one in the right cgroup. */
int notify_pid_search(pid_t pid, const PidRef *init, const char *cgroup, pid_t *ret) {
        _cleanup_closedir_ DIR *proc = opendir("/proc");
        _cleanup_free_ char *status = NULL;
        char number[16];
        struct dirent *entry;
        size_t n, level;

        if (!proc)
                return negative_errno();
        (void) snprintf(number, sizeof number, "%d", (int) init->pid);
        if (read_status(number, &status) < 0)
                return -ESRCH;
        (void) notify_pid_in_namespace(status, 0, &level);

        while ((entry = readdir(proc))) {
                _cleanup_free_ char *text = NULL;
                pid_t candidate = (pid_t) strtol(entry->d_name, NULL, 10);

                if (candidate <= 0 || read_status(entry->d_name, &text) < 0)
                        continue;
                if (level > 0 && notify_pid_in_namespace(text, level - 1, &n) == pid &&
                    check_cgroup(candidate, cgroup) >= 0) {
                        *ret = candidate;
                        return 0;
                }
        }
        return -ESRCH;
}

static int translate(pid_t pid, const PidRef *init, const char *cgroup, pid_t *ret) {
        _cleanup_close_ int fd = -EBADF;
        char path[sizeof "/proc//ns/pid" + 10];
        int r;

        (void) snprintf(path, sizeof path, "/proc/%d/ns/pid", (int) init->pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || pidref_exited(init)) /* or the number is another's by now */
                return -ESRCH;
        r = ioctl(fd, NS_GET_PID_FROM_PIDNS, pid);
        if (r < 0 && errno == ENOTTY)
                return notify_pid_search(pid, init, cgroup, ret);
        if (r <= 0)
                return -ESRCH;
        *ret = r;
        return 0;
}

/* The number may be given to another process between the look and the grip, so it is looked at again. */
static int find_by_number(const NotifyClaim *claim, const PidRef *init, const char *cgroup, PidRef *ret) {
        _cleanup_(pidref_done) PidRef found = PIDREF_NULL;
        pid_t pid, again;
        int r;

        r = translate(claim->pid, init, cgroup, &pid);
        if (r >= 0)
                r = pidref_open(pid, 0, &found);
        if (r >= 0)
                r = translate(claim->pid, init, cgroup, &again);
        if (r < 0)
                return r;
        if (again != pid)
                return -ESRCH;
        *ret = TAKE(found, PIDREF_NULL);
        return 0;
}

/* Opened anew: theirs may be of a thread, or not block. */
static int find_by_pidfd(int pidfd, PidRef *ret) {
        _cleanup_(pidref_done) PidRef found = PIDREF_NULL;
        pid_t pid;
        int r;

        if (pidfd_send_signal(pidfd, 0, NULL, 0) < 0 && errno != EPERM)
                return errno == ESRCH ? -ESRCH : -EBADF;
        r = pidfd_get_pid(pidfd, &pid);
        if (r >= 0)
                r = pidref_open(pid, 0, &found);
        if (r < 0)
                return r;
        if (pidref_exited(&(PidRef) { .pid = pid, .fd = pidfd }))
                return -ESRCH;
        *ret = TAKE(found, PIDREF_NULL);
        return 0;
}

/* Where pidfds have no inode numbers of their own, there is nothing to compare. */
static int check_inode(const PidRef *process, uint64_t pidfdid) {
        struct stat st;

        if (pidfdid == 0 || own_pidfd_inode() == 0)
                return 0;
        if (fstat(process->fd, &st) < 0)
                return negative_errno();
        return (uint64_t) st.st_ino == pidfdid ? 0 : -ESRCH;
}

int notify_main_process_find(const NotifyClaim *claim, const PidRef *init, const char *cgroup, PidRef *ret) {
        _cleanup_(pidref_done) PidRef found = PIDREF_NULL;
        int r;

        r = claim->pid > 0 ? find_by_number(claim, init, cgroup, &found)
                           : find_by_pidfd(claim->pidfd, &found);
        if (r >= 0)
                r = check_inode(&found, claim->pidfdid);
        if (r >= 0)
                r = check_cgroup(found.pid, cgroup);
        if (r < 0)
                return r;
        if (pidref_exited(&found))
                return -ESRCH;
        *ret = TAKE(found, PIDREF_NULL);
        return 0;
}
