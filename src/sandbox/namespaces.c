/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/log.h"

void namespace_fds_done(NamespaceFds *fds) {
        for (size_t i = 0; i < fds->n; i++)
                closep(&fds->fds[i]);
        g_free(fds->fds);
        *fds = (NamespaceFds) { 0 };
}

static int open_namespace(const SpecNamespace *ns, size_t index) {
        _cleanup_close_ int fd = -EBADF;
        int type;

        fd = open(ns->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return log_error_errno(
                                negative_errno(),
                                "#/linux/namespaces/%zu/path: Failed to open the %s namespace '%s': %m",
                                index, ns->name, ns->path);
        type = ioctl(fd, NS_GET_NSTYPE);
        if (type < 0)
                return log_error_errno(
                                -EINVAL, "#/linux/namespaces/%zu/path: '%s' is not a namespace", index,
                                ns->path);
        if (type != ns->flag)
                return log_error_errno(
                                -EINVAL, "#/linux/namespaces/%zu/path: '%s' is not a %s namespace", index,
                                ns->path, ns->name);
        return TAKE_FD(fd);
}

/* Sysctls of a network namespace that is the host's would be the host's (the Spec has been checked for there
 * being one at all). */
static int check_net_sysctls(const Spec *spec, int fd) {
        struct stat theirs, ours;

        if (fstat(fd, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0 || theirs.st_ino != ours.st_ino ||
            theirs.st_dev != ours.st_dev)
                return 0;
        for (size_t i = 0; i < spec->linux_.sysctl.n; i++) {
                const char *key = spec->linux_.sysctl.items[i].key;

                if (startswith(key, "net.") || startswith(key, "net/"))
                        return log_error_errno(
                                        -EINVAL,
                                        "#/linux/sysctl: '%s' is not allowed in the host's network "
                                        "namespace",
                                        key);
        }
        return 0;
}

int namespaces_open(const Spec *spec, NamespaceFds *ret) {
        _cleanup_(namespace_fds_done)
                        NamespaceFds fds = { .fds = g_new(int, MAX(spec->linux_.n_namespaces, 1)) };

        for (; fds.n < spec->linux_.n_namespaces; fds.n++) {
                const SpecNamespace *ns = &spec->linux_.namespaces[fds.n];
                int fd = -EBADF, r;

                if (ns->path) {
                        fd = open_namespace(ns, fds.n);
                        if (fd < 0)
                                return fd;
                }
                fds.fds[fds.n] = fd;
                r = ns->flag == CLONE_NEWNET && fd >= 0 ? check_net_sysctls(spec, fd) : 0;
                if (r < 0) {
                        fds.n++;
                        return r;
                }
        }

        *ret = TAKE(fds, (NamespaceFds) { 0 });
        return 0;
}

static int new_flags(const Spec *spec) {
        int flags = 0;

        for (size_t i = 0; i < spec->linux_.n_namespaces; i++) {
                const SpecNamespace *ns = &spec->linux_.namespaces[i];

                if (!ns->path && ns->flag != CLONE_NEWCGROUP && ns->flag != CLONE_NEWTIME)
                        flags |= ns->flag;
        }
        return flags;
}

uint64_t namespaces_clone_flags(const Spec *spec) {
        int flags = new_flags(spec);

        return (uint64_t) (flags & CLONE_NEWUSER ? flags : flags & CLONE_NEWPID);
}

int namespaces_unshare(const Spec *spec) {
        int flags = new_flags(spec) & ~(int) namespaces_clone_flags(spec);

        if (flags != 0 && unshare(flags) < 0)
                return log_error_errno(negative_errno(), "Failed to make namespaces: %m");
        return 0;
}

/* Our own pid namespace, when there is a way back to it. -EPERM is not logged. */
static int open_own_pid(void) {
        _cleanup_close_ int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open our own pid namespace: %m");
        /* In a user namespace that has not made it, we could leave but not return. */
        if (setns(fd, CLONE_NEWPID) < 0)
                return errno == EPERM ? -EPERM
                                      : log_error_errno(negative_errno(),
                                                        "Failed to join our own pid namespace: %m");
        return TAKE_FD(fd);
}

int namespaces_enter_pid(const Spec *spec, const NamespaceFds *fds, bool returns, int *ret_own_fd) {
        _cleanup_close_ int own_fd = -EBADF;

        for (size_t i = 0; i < fds->n; i++) {
                if (fds->fds[i] < 0 || spec->linux_.namespaces[i].flag != CLONE_NEWPID)
                        continue;
                own_fd = returns ? open_own_pid() : -EBADF;
                if (returns && own_fd < 0)
                        return own_fd;
                if (setns(fds->fds[i], CLONE_NEWPID) < 0)
                        return returns && errno == EPERM
                                        ? -EPERM
                                        : log_error_errno(negative_errno(),
                                                          "Failed to join the pid namespace '%s': %m",
                                                          spec->linux_.namespaces[i].path);
        }

        *ret_own_fd = TAKE_FD(own_fd);
        return 0;
}

int namespaces_leave_pid(int own_fd) {
        if (own_fd >= 0 && setns(own_fd, CLONE_NEWPID) < 0)
                return log_error_errno(negative_errno(), "Failed to return to our own pid namespace: %m");
        return 0;
}

int namespaces_enter_pid_of(const PidRef *init, bool returns, int *ret_own_fd) {
        _cleanup_close_ int own_fd = -EBADF;

        own_fd = returns ? open_own_pid() : -EBADF;
        if (returns && own_fd < 0)
                return own_fd;
        if (setns(init->fd, CLONE_NEWPID) < 0)
                return returns && errno == EPERM
                                ? -EPERM
                                : log_error_errno(negative_errno(),
                                                  "Failed to join the container's pid namespace: %m");

        *ret_own_fd = TAKE_FD(own_fd);
        return 0;
}

static bool differs(const PidRef *init, const char *name) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/%s", (int) init->pid, name);
        _cleanup_free_ char *own = g_strconcat("/proc/self/ns/", name, NULL);
        struct stat theirs, ours;

        if (stat(path, &theirs) < 0 || stat(own, &ours) < 0)
                return false;
        return theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev;
}

/* One's own cannot be joined (setns(2)). */
bool namespaces_other_user_of(const PidRef *init) {
        return differs(init, "user");
}

/* Namespaces that the container shares with us: without rights outside of its user namespace, even these may
 * not be joined. */
static int without_shared(const PidRef *init, int flags) {
        static const struct {
                const char *name;
                int flag;
        } kinds[] = { { "mnt", CLONE_NEWNS },
                      { "ipc", CLONE_NEWIPC },
                      { "uts", CLONE_NEWUTS },
                      { "net", CLONE_NEWNET },
                      { "cgroup", CLONE_NEWCGROUP } };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (!differs(init, kinds[i].name))
                        flags &= ~kinds[i].flag;
        return flags;
}

int namespaces_join_all_of(const PidRef *init) {
        int flags = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;

        /* One's own cannot be joined, and joining one's own changes the root directory (setns(2)). */
        if (namespaces_other_user_of(init))
                flags |= CLONE_NEWUSER;
        if (differs(init, "mnt"))
                flags |= CLONE_NEWNS;
        if (setns(init->fd, flags) >= 0)
                return 0;
        if (errno != EPERM || setns(init->fd, without_shared(init, flags)) < 0)
                return log_error_errno(negative_errno(), "Failed to join the container's namespaces: %m");
        return 0;
}

static int join_flagged(const Spec *spec, const NamespaceFds *fds, int flags) {
        for (size_t i = 0; i < fds->n; i++) {
                const SpecNamespace *ns = &spec->linux_.namespaces[i];

                if (fds->fds[i] >= 0 && ns->flag & flags && setns(fds->fds[i], ns->flag) < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to join the %s namespace '%s': %m",
                                        ns->name, ns->path);
        }
        return 0;
}

int namespaces_join_user(const Spec *spec, const NamespaceFds *fds) {
        return join_flagged(spec, fds, CLONE_NEWUSER);
}

int namespaces_join_user_of(const PidRef *init) {
        if (setns(init->fd, CLONE_NEWUSER) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to join the container's user namespace: %m");
        return 0;
}

int namespaces_join(const Spec *spec, const NamespaceFds *fds) {
        int r;

        /* The user namespace has been joined before the clone, as has the pid namespace. The mount namespace
         * comes last: what follows sees its files. */
        r = join_flagged(
                        spec, fds,
                        CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME);
        if (r >= 0)
                r = join_flagged(spec, fds, CLONE_NEWNS);
        return r;
}

static bool makes_new(const Spec *spec, int flag) {
        const SpecNamespace *ns = spec_namespace(spec, flag);

        return ns && !ns->path;
}

int namespaces_unshare_cgroup(const Spec *spec) {
        if (makes_new(spec, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
                return log_error_errno(negative_errno(), "Failed to make a cgroup namespace: %m");
        return 0;
}

int namespaces_setup_loopback(const Spec *spec) {
        struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
        _cleanup_close_ int fd = -EBADF;

        if (!makes_new(spec, CLONE_NEWNET))
                return 0;
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 && errno == EAFNOSUPPORT) /* A kernel without IPv4 has nothing to bring up that way. */
                return 0;
        if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
                return log_error_errno(negative_errno(), "Failed to bring the loopback interface up: %m");
        return 0;
}

static char *offset_line(const char *clock, const SpecTimeOffset *offset) {
        return offset->set ? g_strdup_printf("%s %" G_GINT64_FORMAT " %" G_GUINT32_FORMAT "\n", clock,
                                             (gint64) offset->secs, offset->nanosecs)
                           : g_strdup("");
}

int namespaces_open_time(const Spec *spec) {
        int fd;

        if (!makes_new(spec, CLONE_NEWTIME))
                return -EBADF;
        fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(negative_errno(),
                                        "Failed to open '/proc/self/timens_offsets' for the time namespace: "
                                        "%m")
                      : fd;
}

int namespaces_setup_time(const Spec *spec, int offsets_fd) {
        _cleanup_free_ char *monotonic = NULL, *boottime = NULL, *text = NULL;
        size_t size;

        if (!makes_new(spec, CLONE_NEWTIME))
                return 0;
        if (unshare(CLONE_NEWTIME) < 0)
                return log_error_errno(negative_errno(), "Failed to make a time namespace: %m");

        monotonic = offset_line("monotonic", &spec->linux_.monotonic_offset);
        boottime = offset_line("boottime", &spec->linux_.boottime_offset);
        text = g_strconcat(monotonic, boottime, NULL);
        size = strlen(text);
        if (size == 0)
                return 0;
        if (write(offsets_fd, text, size) != (ssize_t) size)
                return log_error_errno(
                                negative_errno(), "Failed to set the offsets of the time namespace: %m");
        return 0;
}
