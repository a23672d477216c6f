/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the handover of a seccomp listener. */

#include "sandbox/seccomp-listener.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "basic/json-text.h"
#include "basic/log.h"
#include "basic/socket-util.h"

#define OCI_VERSION     "1.3.0"
#define PATIENCE_SEC    30
#define SPINS_PER_CLOCK 4096U

/* In memory that init shares with the runtime. */
struct SeccompHandover {
        atomic_bool taken;
};

static int map_handover(int fd, SeccompHandover **ret) {
        void *p;

        p = mmap(NULL, sizeof(SeccompHandover), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                return log_error_errno(
                                negative_errno(), "Failed to map the memory of the seccomp handover: %m");
        *ret = p;
        return 0;
}

/* seccomp(2) takes the lowest number that is free. */
static int next_descriptor(int any_fd) {
        int fd;

        fd = fcntl(any_fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
                return negative_errno();
        (void) close(fd);
        return fd;
}

static int send_announcement(int report_fd, int memory_fd, const Spec *spec) {
        const SpecSeccomp *seccomp = &spec->linux_.seccomp;
        const char *path = seccomp->listener_path;
        _cleanup_string_ GString *text =
                        g_string_new(path ? path : spec_annotation(spec, "run.oci.seccomp.receiver"));
        Report report = { .kind = REPORT_SECCOMP, .fds = &memory_fd, .n_fds = 1 };

        if (seccomp->listener_metadata) {
                g_string_append_c(text, '\0');
                g_string_append(text, seccomp->listener_metadata);
        }
        report.text = text->str;
        report.size = text->len;
        report.value = next_descriptor(memory_fd);
        return report.value < 0 ? report.value : report_send(report_fd, &report);
}

int seccomp_listener_announce(int report_fd, const Spec *spec, SeccompHandover **ret) {
        SeccompHandover *handover;
        int fd, r;

        /* Stays open until exec: its number must not be the one that gets free. */
        fd = memfd_create("seccomp-listener", MFD_CLOEXEC);
        if (fd < 0 || ftruncate(fd, sizeof(SeccompHandover)) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to make the memory of the seccomp handover: %m");
        r = map_handover(fd, &handover);
        if (r < 0)
                return r;
        r = send_announcement(report_fd, fd, spec);
        if (r < 0)
                return log_error_errno(r, "Failed to announce the seccomp listener: %m");

        *ret = handover;
        return 0;
}

void seccomp_listener_wait(SeccompHandover *handover) {
        struct timespec begin, now;

        (void) clock_gettime(CLOCK_MONOTONIC, &begin); /* vDSO */
        while (!atomic_load(&handover->taken))
                for (unsigned i = 0; i < SPINS_PER_CLOCK && !atomic_load(&handover->taken); i++)
                        if (i == 0 && clock_gettime(CLOCK_MONOTONIC, &now) >= 0 &&
                            now.tv_sec - begin.tv_sec > PATIENCE_SEC)
                                __builtin_trap();
}

/* Returns the descriptor; 0 when init has ended. Until the filter is loaded the number is free. */
static int fetch(const PidRef *init, int number) {
        struct pollfd end = { .fd = init->fd, .events = POLLIN };

        for (;;) {
                int fd;

                fd = (int) syscall(SYS_pidfd_getfd, init->fd, number, 0);
                if (fd >= 0)
                        return fd;
                if (errno != EBADF && errno != ESRCH)
                        return log_error_errno(
                                        negative_errno(),
                                        "Failed to take the seccomp listener from the container's init: %m");
                if (poll(&end, 1, /* timeout= */ 1) > 0)
                        return 0;
        }
}

static char *process_state(const Report *announcement, const PidRef *init, const char *state) {
        static const char *const fds[] = { "seccompFd", NULL };
        size_t path_size = strlen(announcement->text) + 1;
        GString *text = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, text, /* indent= */ 0);
        json_text_begin_object(&json, NULL);
        json_text_string(&json, "ociVersion", OCI_VERSION);
        json_text_strv(&json, "fds", fds);
        json_text_int(&json, "pid", init->pid);
        if (path_size < announcement->size)
                json_text_string(&json, "metadata", announcement->text + path_size);
        json_text_raw(&json, "state", state);
        json_text_end_object(&json);
        return g_string_free(text, FALSE);
}

static int send_listener(const char *path, const char *text, int listener_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = socket_connect_unix(path, SOCK_STREAM);
        if (fd < 0)
                return log_error_errno(fd, "Failed to connect to the seccomp agent at '%s': %m", path);
        r = socket_send_fds(fd, text, strlen(text), &listener_fd, 1);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to send the seccomp listener to the agent at '%s': %m", path);
        return 0;
}

static int hand_over(const Report *announcement, const PidRef *init, const char *state) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int listener_fd = -EBADF;
        SeccompHandover *handover;
        int r;

        if (announcement->n_fds != 1 || !announcement->text)
                return log_error_errno(-EPROTO, "Malformed announcement of a seccomp listener");
        r = map_handover(announcement->fds[0], &handover);
        if (r < 0)
                return r;
        listener_fd = fetch(init, announcement->value);
        if (listener_fd > 0) {
                text = process_state(announcement, init, state);
                r = send_listener(announcement->text, text, listener_fd);
        } else
                r = listener_fd;
        atomic_store(&handover->taken, r >= 0);
        (void) munmap(handover, sizeof *handover);
        return r;
}

int seccomp_listener_forward(const Report *announcement, const PidRef *init, const char *state) {
        int r;

        r = hand_over(announcement, init, state);
        if (r < 0)
                (void) pidref_kill(init, SIGKILL);
        return r;
}
