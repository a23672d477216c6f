/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns CRIU's process and the messages that go to and from it. Knows nothing of containers. */

#include "runtime/criu.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/report.h"
#include "basic/signal-util.h"
#include "basic/socket-util.h"

#define MESSAGE_MAX    65536U
#define END_TIMEOUT_MS 10000

/* Fields of criu_req, criu_resp and what is in them. */
enum {
        REQ_TYPE = 1,
        REQ_OPTS = 2,
        REQ_NOTIFY_SUCCESS = 3,
        REQ_FEATURES = 5,
        RESP_TYPE = 1,
        RESP_SUCCESS = 2,
        RESP_RESTORE = 4, /* pid = 1 */
        RESP_NOTIFY = 5,  /* script = 1, pid = 2 */
        RESP_ERRNO = 7,
        RESP_FEATURES = 8,
        RESP_ERRMSG = 9,
        RESP_VERSION = 10, /* major_number = 1, minor_number = 2, sublevel = 4 */
};

struct Criu {
        PidRef process;
        int fd; /* the RPC */
        bool answered;
        CriuNotify notify;
        void *userdata;
};

typedef struct Message {
        CriuReply reply;
        bool success;
        char *action; /* of a notification */
        int fd;
} Message;

static void message_done(Message *m) {
        g_free(m->action);
        closep(&m->fd);
}

/* ---- the process ---- */

int criu_find(const char *name, char **ret) {
        _cleanup_free_ char *path = g_find_program_in_path(isempty(name) ? "criu" : name);

        if (!path)
                return -ENOENT;
        *ret = TAKE_PTR(path);
        return 0;
}

/* CRIU wants the root of what it restores to be a mount point. In a mount namespace of CRIU's own nobody has
 * to take it away again. */
static int mount_root(const CriuStart *start) {
        if (unshare(CLONE_NEWNS) < 0)
                return negative_errno();
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return negative_errno();
        if (move_mount(start->root_fd, "", AT_FDCWD, start->root_path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return negative_errno();
        return 0;
}

static int redirect_stdio(void) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (fd < 0)
                return negative_errno();
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
                if (dup2(fd, i) < 0)
                        return negative_errno();
        return 0;
}

/* A descriptor of a directory stands for it in the mount namespace that it was opened in: in another one
 * nothing can be mounted below it, as CRIU does in its working directory. */
static int reopen_directory(int fd) {
        _cleanup_close_ int again = -EBADF;
        char path[PATH_MAX];
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISDIR(st.st_mode))
                return 0;
        n = readlink(fd_path(fd).path, path, sizeof path - 1);
        if (n < 0)
                return negative_errno();
        path[n] = '\0';
        again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (again < 0 || dup2(again, fd) < 0)
                return negative_errno();
        return 0;
}

static int prepare_child(const CriuStart *start) {
        int r;

        r = start->root_path ? mount_root(start) : 0;
        if (r >= 0 && !start->inherit_stdio)
                r = redirect_stdio();
        for (size_t i = 0; r >= 0 && i < start->n_pass_fds; i++) {
                r = start->root_path ? reopen_directory(start->pass_fds[i]) : 0;
                if (r >= 0)
                        r = fd_set_cloexec(start->pass_fds[i], false);
        }
        return r;
}

/* The RPC. CRIU looks for descriptors that a request names in who has made the socket: that has to be
 * itself, since only here they are what they should be. */
static int make_socket(int report_fd, int *ret_fd) {
        _cleanup_close_ int parent_end = -EBADF, own_end = -EBADF;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return negative_errno();
        parent_end = pair[0];
        own_end = pair[1];
        r = report_send(report_fd, &(Report) { .kind = REPORT_READY, .fds = &parent_end, .n_fds = 1 });
        if (r >= 0)
                r = fd_set_cloexec(own_end, false);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(own_end);
        return 0;
}

static void execute(const CriuStart *start, int report_fd) __attribute__((noreturn));
static void execute(const CriuStart *start, int report_fd) {
        char number[12];
        char *argv[] = { (char *) "criu", (char *) "swrk", number, NULL };
        int rpc_fd, r;

        r = prepare_child(start);
        if (r >= 0)
                r = make_socket(report_fd, &rpc_fd);
        if (r >= 0) {
                (void) g_snprintf(number, sizeof number, "%d", rpc_fd);
                signals_reset();
                (void) execv(start->program, argv);
                r = negative_errno();
        }
        (void) report_send(report_fd, &(Report) { .kind = REPORT_FAILED, .err = -r });
        _exit(EXIT_FAILURE);
}

/* Nothing more is heard from a child that has executed the program. */
static int wait_for_exec(int report_fd, Criu *criu) {
        int r;

        for (;;) {
                _cleanup_(report_done) Report report = REPORT_NULL;

                r = report_receive(report_fd, &report);
                if (r <= 0)
                        break;
                if (report.kind != REPORT_READY || report.n_fds != 1)
                        return report.err > 0 ? -report.err : -EPROTO;
                criu->fd = report.fds[0];
                report.n_fds = 0;
        }
        return r < 0 ? r : criu->fd < 0 ? -EPROTO : 0;
}

static int spawn(const CriuStart *start, Criu *criu) {
        _cleanup_close_ int own_end = -EBADF, child_end = -EBADF;
        int pair[2], pidfd = -EBADF, r;
        pid_t pid;

        r = report_socket(pair);
        if (r < 0)
                return r;
        own_end = pair[0];
        child_end = pair[1];
        pid = process_clone(/* flags= */ 0, start->cgroup_fd, &pidfd);
        if (pid < 0)
                return (int) pid;
        if (pid == 0)
                execute(start, child_end);
        criu->process = (PidRef) { .pid = pid, .fd = pidfd };
        closep(&child_end);
        child_end = -EBADF;
        return wait_for_exec(own_end, criu);
}

int criu_start(const CriuStart *start, Criu **ret) {
        _cleanup_(criu_freep) Criu *criu = g_new(Criu, 1);
        int r;

        *criu = (Criu) { .process = PIDREF_NULL, .fd = -EBADF };
        r = spawn(start, criu);
        if (r < 0)
                return log_error_errno(r, "Failed to start '%s': %m", start->program);
        *ret = TAKE_PTR(criu);
        return 0;
}

void criu_free(Criu *criu) {
        int code, status;

        closep(&criu->fd);
        if (criu->process.pid > 0) {
                /* It ends by itself when it has said the last word. */
                if (!criu->answered || pidref_wait(&criu->process, END_TIMEOUT_MS) < 0)
                        (void) pidref_kill(&criu->process, SIGKILL);
                (void) process_reap(criu->process.pid, &code, &status);
        }
        pidref_done(&criu->process);
        g_free(criu);
}

void criu_set_notify(Criu *criu, CriuNotify notify, void *userdata) {
        criu->notify = notify;
        criu->userdata = userdata;
}

pid_t criu_pid(const Criu *criu) {
        return criu->process.pid;
}

/* ---- messages ---- */

static int send_message(const Criu *criu, const GByteArray *message) {
        return socket_send_fds(criu->fd, message->data, message->len, NULL, 0);
}

static int send_request(const Criu *criu, CriuRequest request, const GByteArray *opts) {
        _cleanup_bytes_ GByteArray *message = g_byte_array_new(), *features = g_byte_array_new();

        protobuf_put_int(message, REQ_TYPE, request);
        if (opts)
                protobuf_put_message(message, REQ_OPTS, opts);
        if (request == CRIU_FEATURE_CHECK) {
                protobuf_put_bool(features, CRIU_FEATURE_MEM_TRACK, true);
                protobuf_put_bool(features, CRIU_FEATURE_LAZY_PAGES, true);
                protobuf_put_message(message, REQ_FEATURES, features);
        }
        return send_message(criu, message);
}

static int send_answer(const Criu *criu, bool success) {
        _cleanup_bytes_ GByteArray *message = g_byte_array_new();

        protobuf_put_int(message, REQ_TYPE, CRIU_NOTIFY);
        protobuf_put_bool(message, REQ_NOTIFY_SUCCESS, success);
        return send_message(criu, message);
}

static int parse_notification(ProtobufReader reader, Message *m) {
        ProtobufField field;
        int r;

        while ((r = protobuf_next(&reader, &field)) > 0)
                if (field.number == 1 && !m->action)
                        m->action = protobuf_dup_string(&field);
                else if (field.number == 2)
                        m->reply.pid = (pid_t) field.value;
        return r;
}

static int parse_version(ProtobufReader reader, unsigned *ret) {
        unsigned parts[5] = { 0 };
        ProtobufField field;
        int r;

        while ((r = protobuf_next(&reader, &field)) > 0)
                if (field.number < ELEMENTSOF(parts))
                        parts[field.number] = (unsigned) CLAMP(field.value, 0, 999);
        if (r >= 0)
                *ret = CRIU_VERSION_NUMBER(parts[1], parts[2]) + MIN(parts[4], 99);
        return r;
}

static int parse_features(ProtobufReader reader, unsigned *ret) {
        ProtobufField field;
        int r;

        while ((r = protobuf_next(&reader, &field)) > 0)
                if (field.number < 32 && field.value != 0)
                        *ret |= 1U << field.number;
        return r;
}

static int parse_pid(ProtobufReader reader, pid_t *ret) {
        ProtobufField field;
        int r;

        while ((r = protobuf_next(&reader, &field)) > 0)
                if (field.number == 1)
                        *ret = (pid_t) field.value;
        return r;
}

static int parse_field(const ProtobufField *field, Message *m) {
        switch (field->number) {
        case RESP_TYPE:
                m->reply.type = (CriuRequest) field->value;
                return 0;
        case RESP_SUCCESS:
                m->success = field->value != 0;
                return 0;
        case RESP_RESTORE:
                return parse_pid(field->bytes, &m->reply.pid);
        case RESP_NOTIFY:
                return parse_notification(field->bytes, m);
        case RESP_ERRNO:
                m->reply.error = (int) field->value;
                return 0;
        case RESP_FEATURES:
                return parse_features(field->bytes, &m->reply.features);
        case RESP_ERRMSG:
                (void) g_snprintf(
                                m->reply.message, sizeof m->reply.message, "%.*s",
                                (int) MIN(field->bytes.size, sizeof m->reply.message - 1),
                                (const char *) field->bytes.data);
                return 0;
        case RESP_VERSION:
                return parse_version(field->bytes, &m->reply.version);
        default:
                return 0;
        }
}

static int receive_message(const Criu *criu, Message *ret) {
        _cleanup_(message_done) Message m = { .fd = -EBADF };
        _cleanup_free_ uint8_t *data = g_malloc(MESSAGE_MAX);
        ProtobufReader reader;
        ProtobufField field;
        size_t n_fds = 1;
        ssize_t n;
        int r;

        n = socket_receive_fds(criu->fd, data, MESSAGE_MAX, &m.fd, &n_fds);
        if (n_fds == 0)
                m.fd = -EBADF;
        if (n <= 0)
                return n == 0 ? -ECONNRESET : (int) n;
        reader = (ProtobufReader) { .data = data, .size = (size_t) n };
        while ((r = protobuf_next(&reader, &field)) > 0) {
                r = parse_field(&field, &m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = TAKE(m, ((Message) { .fd = -EBADF }));
        return 0;
}

static int handle_notification(const Criu *criu, Message *m) {
        int r = 0, sent;

        if (criu->notify)
                r = criu->notify(m->action, m->reply.pid, TAKE_FD(m->fd), criu->userdata);
        sent = send_answer(criu, r >= 0);
        return r < 0 ? r : sent;
}

/* How CRIU ended instead of answering. */
static void tell_end(Criu *criu, CriuReply *reply) {
        int code, status;

        if (pidref_wait(&criu->process, END_TIMEOUT_MS) < 0 ||
            process_reap(criu->process.pid, &code, &status) < 0)
                return;
        criu->process.pid = 0;
        (void) g_snprintf(
                        reply->message, sizeof reply->message, "it %s %d",
                        code == CLD_EXITED ? "ended with status" : "was killed by signal", status);
}

int criu_call(Criu *criu, CriuRequest request, const GByteArray *opts, CriuReply *ret) {
        int r, notify_error = 0;

        r = send_request(criu, request, opts);
        while (r >= 0) {
                _cleanup_(message_done) Message m = { .fd = -EBADF };

                r = receive_message(criu, &m);
                if (r < 0)
                        break;
                if (m.reply.type == CRIU_NOTIFY && m.action) {
                        /* After a negative answer, CRIU cleans up and then says that it failed. */
                        r = handle_notification(criu, &m);
                        if (r < 0 && notify_error == 0)
                                notify_error = r;
                        r = 0;
                        continue;
                }
                criu->answered = true;
                *ret = m.reply;
                ret->notify_error = notify_error;
                return m.success ? 0 : -EREMOTEIO;
        }
        *ret = (CriuReply) { .type = request, .notify_error = notify_error };
        tell_end(criu, ret);
        return r;
}

/* ---- what there is ---- */

static int ask(const char *program, CriuRequest request, CriuReply *ret) {
        const CriuStart start = { .program = program, .cgroup_fd = -EBADF };
        _cleanup_(criu_freep) Criu *criu = NULL;
        int r;

        r = criu_start(&start, &criu);
        if (r < 0)
                return r;
        r = criu_call(criu, request, NULL, ret);
        if (r < 0)
                return log_error_errno(
                                r, "'%s' does not answer as CRIU does (\"%s check\" may tell why)%s%s: %m",
                                program, program, isempty(ret->message) ? "" : ": ", ret->message);
        return 0;
}

int criu_require_version(const char *program, unsigned minimum, const char *needed_for) {
        CriuReply reply = { 0 };
        int r;

        r = ask(program, CRIU_VERSION, &reply);
        if (r < 0)
                return r;
        if (reply.version < minimum)
                return log_error_errno(
                                -EOPNOTSUPP, "%s needs CRIU %u.%u, but '%s' is CRIU %u.%u", needed_for,
                                minimum / 10000, minimum / 100 % 100, program, reply.version / 10000,
                                reply.version / 100 % 100);
        return 0;
}

int criu_require_feature(const char *program, CriuFeature feature, const char *needed_for) {
        static const char *const names[] = {
                [CRIU_FEATURE_MEM_TRACK] = "tracking of memory (CONFIG_MEM_SOFT_DIRTY)",
                [CRIU_FEATURE_LAZY_PAGES] = "lazy pages (userfaultfd)",
        };
        CriuReply reply = { 0 };
        int r;

        r = ask(program, CRIU_FEATURE_CHECK, &reply);
        if (r < 0)
                return r;
        if (!(reply.features & 1U << feature))
                return log_error_errno(
                                -EOPNOTSUPP,
                                "CRIU is missing features: %s needs %s, which CRIU does not find in this "
                                "kernel",
                                needed_for, names[feature]);
        return 0;
}
