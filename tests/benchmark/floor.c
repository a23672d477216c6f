/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The floor: what running /bin/true in a container costs when nothing is read, checked, linked or kept. The
 * same kernel objects as for the configuration of "berth spec" (namespaces, mounts, devices, masked paths,
 * capabilities), and one D-Bus call, StartTransientUnit, on systemd's own socket, made while the child
 * builds its mounts. What a runtime takes more than this is its own.
 *
 * floor ROOTFS ID: nothing of it is a way to run containers. */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPABILITIES (1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE)

static void check(int ok, const char *what) {
        if (ok)
                return;
        perror(what);
        _exit(EXIT_FAILURE);
}

/* ---- the one call ---- */

/* A D-Bus message being written: little endian, everything aligned to its size. */
typedef struct Message {
        uint8_t data[2048];
        size_t size;
} Message;

static void align(Message *m, size_t n) {
        while (m->size % n)
                m->data[m->size++] = 0;
}

static void put_u32(Message *m, uint32_t value) {
        align(m, 4);
        memcpy(m->data + m->size, &value, sizeof value);
        m->size += sizeof value;
}

static void put_string(Message *m, const char *s) {
        put_u32(m, (uint32_t) strlen(s));
        memcpy(m->data + m->size, s, strlen(s) + 1);
        m->size += strlen(s) + 1;
}

static void put_signature(Message *m, const char *s) {
        m->data[m->size++] = (uint8_t) strlen(s);
        memcpy(m->data + m->size, s, strlen(s) + 1);
        m->size += strlen(s) + 1;
}

static void put_field(Message *m, uint8_t code, const char *type, const char *value) {
        align(m, 8);
        m->data[m->size++] = code;
        put_signature(m, type);
        if (*type == 'g')
                put_signature(m, value);
        else
                put_string(m, value);
}

static void put_property(Message *m, const char *name, const char *type) {
        align(m, 8);
        put_string(m, name);
        put_signature(m, type);
}

static void patch_length(Message *m, size_t at, size_t start) {
        uint32_t length = (uint32_t) (m->size - start);

        memcpy(m->data + at, &length, sizeof length);
}

static void put_boolean_property(Message *m, const char *name, uint32_t value) {
        put_property(m, name, "b");
        put_u32(m, value);
}

static void put_string_property(Message *m, const char *name, const char *value) {
        put_property(m, name, "s");
        put_string(m, value);
}

/* Begins an array of things that are aligned to 8; returns where its length goes and, in *ret_start, where
 * its first element is. */
static size_t begin_array(Message *m, size_t *ret_start) {
        size_t at;

        align(m, 4);
        at = m->size;
        put_u32(m, 0);
        align(m, 8);
        *ret_start = m->size;
        return at;
}

static void put_devices(Message *m) {
        static const char *const devices[][2] = {
                { "char-*", "m" },          { "block-*", "m" },         { "/dev/char/1:3", "rwm" },
                { "/dev/char/1:5", "rwm" }, { "/dev/char/1:7", "rwm" }, { "/dev/char/1:8", "rwm" },
                { "/dev/char/1:9", "rwm" }, { "/dev/char/5:0", "rwm" }, { "/dev/char/5:2", "rwm" },
                { "char-136", "rwm" },
        };
        size_t at, start;

        put_string_property(m, "DevicePolicy", "strict");
        put_property(m, "DeviceAllow", "a(ss)");
        at = begin_array(m, &start);
        for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
                align(m, 8);
                put_string(m, devices[i][0]);
                put_string(m, devices[i][1]);
        }
        patch_length(m, at, start);
}

static void put_arguments(Message *m, const char *unit, pid_t pid) {
        size_t at, start;

        put_string(m, unit);
        put_string(m, "replace");
        at = begin_array(m, &start);
        put_string_property(m, "Description", "Floor");
        put_string_property(m, "Slice", "machine.slice");
        put_boolean_property(m, "CPUAccounting", 1);
        put_boolean_property(m, "Delegate", 1);
        put_boolean_property(m, "IOAccounting", 1);
        put_boolean_property(m, "MemoryAccounting", 1);
        put_boolean_property(m, "TasksAccounting", 1);
        put_boolean_property(m, "DefaultDependencies", 0);
        put_string_property(m, "CollectMode", "inactive-or-failed");
        put_devices(m);
        put_property(m, "PIDs", "au");
        put_u32(m, 4);
        put_u32(m, (uint32_t) pid);
        patch_length(m, at, start);
        put_u32(m, 0); /* no auxiliary units */
        align(m, 8);
}

static size_t build_call(uint8_t *buffer, const char *unit, pid_t pid) {
        Message header = { .data = { 'l', 1, 0, 1 }, .size = 4 }, body = { .size = 0 };

        put_arguments(&body, unit, pid);
        put_u32(&header, (uint32_t) body.size);
        put_u32(&header, 1); /* serial */
        put_u32(&header, 0);
        put_field(&header, 1, "o", "/org/freedesktop/systemd1");
        put_field(&header, 2, "s", "org.freedesktop.systemd1.Manager");
        put_field(&header, 3, "s", "StartTransientUnit");
        put_field(&header, 6, "s", "org.freedesktop.systemd1");
        put_field(&header, 8, "g", "ssa(sv)a(sa(sv))");
        patch_length(&header, 12, 16);
        align(&header, 8);
        memcpy(buffer, header.data, header.size);
        memcpy(buffer + header.size, body.data, body.size);
        return header.size + body.size;
}

static int connect_systemd(void) {
        static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/private" };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        check(connect(fd, (struct sockaddr *) &address, sizeof address) == 0, "connect");
        check(write(fd, hello, sizeof hello - 1) == sizeof hello - 1, "authenticate");
        return fd;
}

/* The job is done when a message has both the signal's name and the unit's. */
static void wait_for_job(int fd, const char *unit) {
        static char buffer[65536];
        size_t fill = 0;

        for (;;) {
                ssize_t n = read(fd, buffer + fill, sizeof buffer - fill);
                const char *removed;

                check(n > 0, "read from systemd");
                fill += (size_t) n;
                removed = memmem(buffer, fill, "JobRemoved", 10);
                if (removed && memmem(removed, fill - (size_t) (removed - buffer), unit, strlen(unit)))
                        return;
        }
}

/* ---- the sandbox ---- */

static void mount_api(void) {
        static const struct {
                const char *type, *path, *options;
                unsigned long flags;
        } mounts[] = {
                { "proc", "proc", NULL, 0 },
                { "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
                { "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC },
                { "tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV },
                { "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
                { "sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY },
        };

        for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
                (void) mkdir(mounts[i].path, 0755);
                check(mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags,
                            mounts[i].options) == 0,
                      mounts[i].path);
        }
}

static void make_devices(void) {
        static const struct {
                const char *path;
                unsigned major, minor;
        } devices[] = { { "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
                        { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
        static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" },
                                                { "/proc/self/fd/0", "dev/stdin" },
                                                { "/proc/self/fd/1", "dev/stdout" },
                                                { "/proc/self/fd/2", "dev/stderr" },
                                                { "pts/ptmx", "dev/ptmx" } };

        for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
                check(mknod(devices[i].path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) ==
                                      0,
                      devices[i].path);
        for (size_t i = 0; i < sizeof links / sizeof *links; i++)
                check(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
}

static void cover_paths(void) {
        static const char *const masked[] = { "proc/acpi",        "proc/asound",        "proc/kcore",
                                              "proc/keys",        "proc/latency_stats", "proc/timer_list",
                                              "proc/timer_stats", "proc/sched_debug",   "sys/firmware",
                                              "proc/scsi" };
        static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                                 "proc/sysrq-trigger" };
        struct stat st;

        for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
                if (stat(masked[i], &st) == 0)
                        check((S_ISDIR(st.st_mode) ? mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL)
                                                   : mount("dev/null", masked[i], NULL, MS_BIND, NULL)) == 0,
                              masked[i]);
        for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
                if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) == 0)
                        check(mount(NULL, read_only[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0,
                              read_only[i]);
}

static void drop_capabilities(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { CAPABILITIES, CAPABILITIES, 0 }, { 0, 0, 0 } };

        for (int i = 0; i <= CAP_LAST_CAP; i++)
                if (i >= 32 || !(CAPABILITIES & 1U << i))
                        (void) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
        check(syscall(SYS_capset, &header, data) == 0, "capset");
        check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
}

static void run_child(const char *rootfs, int sync_fd) {
        char byte;

        check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0, "slave");
        check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) == 0, "bind");
        check(chdir(rootfs) == 0, "chdir");
        mount_api();
        make_devices();
        cover_paths();
        check(sethostname("floor", 5) == 0, "sethostname");

        check(read(sync_fd, &byte, 1) == 1, "wait for the scope");
        check(unshare(CLONE_NEWCGROUP) == 0, "cgroup namespace");
        check(mount("cgroup", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY,
                    NULL) == 0,
              "cgroup");
        check(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
        check(umount2(".", MNT_DETACH) == 0, "detach");
        check(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0, "read-only");
        check(setsid() >= 0, "setsid");
        drop_capabilities();
        execl("/bin/true", "/bin/true", NULL);
        check(0, "exec");
}

int main(int argc, char **argv) {
        struct clone_args args = {
                .flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET,
                .exit_signal = SIGCHLD,
        };
        uint8_t message[4096];
        char unit[128];
        int fd, pair[2], status;
        size_t size;
        pid_t pid;

        if (argc != 3)
                return 2;
        (void) snprintf(unit, sizeof unit, "floor-%s.scope", argv[2]);
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
        fd = connect_systemd();
        pid = (pid_t) syscall(SYS_clone3, &args, sizeof args);
        check(pid >= 0, "clone3");
        if (pid == 0)
                run_child(argv[1], pair[0]);
        size = build_call(message, unit, pid);
        check(write(fd, message, size) == (ssize_t) size, "StartTransientUnit");
        wait_for_job(fd, unit);
        check(write(pair[1], "", 1) == 1, "go");
        check(waitpid(pid, &status, 0) == pid, "wait");
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
