/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program CRIU, which we talk to over its RPC ("criu swrk"): it is looked for when it is needed, and
 * nothing of it is linked. Source: rpc.proto of CRIU. */

#include <stdbool.h>
#include <sys/types.h>

#include "basic/cleanup.h"
#include "basic/protobuf.h"

/* criu_req_type. */
typedef enum CriuRequest {
        CRIU_DUMP = 1,
        CRIU_RESTORE = 2,
        CRIU_NOTIFY = 6,
        CRIU_FEATURE_CHECK = 9,
        CRIU_VERSION = 10,
        CRIU_SINGLE_PRE_DUMP = 13,
} CriuRequest;

/* Fields of criu_opts. */
typedef enum CriuOption {
        CRIU_OPT_IMAGES_DIR_FD = 1,
        CRIU_OPT_PID = 2,
        CRIU_OPT_LEAVE_RUNNING = 3,
        CRIU_OPT_EXT_UNIX_SK = 4,
        CRIU_OPT_TCP_ESTABLISHED = 5,
        CRIU_OPT_EVASIVE_DEVICES = 6,
        CRIU_OPT_SHELL_JOB = 7,
        CRIU_OPT_FILE_LOCKS = 8,
        CRIU_OPT_LOG_LEVEL = 9,
        CRIU_OPT_LOG_FILE = 10,
        CRIU_OPT_PAGE_SERVER = 11, /* criu_page_server_info: address = 1, port = 2 */
        CRIU_OPT_NOTIFY_SCRIPTS = 12,
        CRIU_OPT_ROOT = 13,
        CRIU_OPT_PARENT_IMG = 14,
        CRIU_OPT_TRACK_MEM = 15,
        CRIU_OPT_AUTO_DEDUP = 16,
        CRIU_OPT_WORK_DIR_FD = 17,
        CRIU_OPT_LINK_REMAP = 18,
        CRIU_OPT_EXT_MNT = 23, /* ext_mount_map: key = 1, val = 2 */
        CRIU_OPT_MANAGE_CGROUPS = 24,
        CRIU_OPT_CG_ROOT = 25, /* cgroup_root: ctrl = 1, path = 2 */
        CRIU_OPT_RST_SIBLING = 26,
        CRIU_OPT_INHERIT_FD = 27, /* inherit_fd: key = 1, fd = 2 */
        CRIU_OPT_MANAGE_CGROUPS_MODE = 34,
        CRIU_OPT_EXTERNAL = 37,
        CRIU_OPT_EMPTY_NS = 38,
        CRIU_OPT_JOIN_NS = 39, /* join_namespace: ns = 1, ns_file = 2 */
        CRIU_OPT_FREEZE_CGROUP = 44,
        CRIU_OPT_TCP_SKIP_IN_FLIGHT = 46,
        CRIU_OPT_LAZY_PAGES = 48,
        CRIU_OPT_STATUS_FD = 49,
        CRIU_OPT_ORPHAN_PTS_MASTER = 50,
        CRIU_OPT_CONFIG_FILE = 51,
        CRIU_OPT_TCP_CLOSE = 52,
        CRIU_OPT_LSM_PROFILE = 53,
        CRIU_OPT_LSM_MOUNT_CONTEXT = 63,
        CRIU_OPT_NETWORK_LOCK = 64,
} CriuOption;

/* What CRIU can be asked for by FEATURE_CHECK: fields of criu_features. */
typedef enum CriuFeature {
        CRIU_FEATURE_MEM_TRACK = 1,
        CRIU_FEATURE_LAZY_PAGES = 2,
} CriuFeature;

/* 3.16 -> 31600, as CRIU's own library counts. */
#define CRIU_VERSION_NUMBER(major, minor) ((major) * 10000U + (minor) * 100U)

/* Looks for the program: name with a slash as it is, otherwise (NULL: "criu") in $PATH. Does not log.
 * -ENOENT. Caller frees. */
int criu_find(const char *name, char **ret);

typedef struct CriuStart {
        const char *program; /* path */
        int cgroup_fd;       /* where it is started; -EBADF: where we are */
        bool inherit_stdio;  /* what is restored may want it; otherwise it gets /dev/null */
        const int *pass_fds; /* descriptors that it has under the same numbers: all that a request names */
        size_t n_pass_fds;
        int root_fd;           /* a detached tree, which it sees mounted... */
        const char *root_path; /* ...on this directory, and nobody else does; NULL: nothing */
} CriuStart;

/* CRIU as a process that waits for one request. */
typedef struct Criu Criu;

/* Logs. */
int criu_start(const CriuStart *start, Criu **ret);

/* Kills it, if it has not ended by itself. */
void criu_free(Criu *criu);
DEFINE_CLEANUP(Criu *, criu_free);

pid_t criu_pid(const Criu *criu);

/* What CRIU tells while it works on a request. action is what it calls the event ("post-restore"), pid the
 * process that it is about, 0: none; fd a descriptor that came with it, owned by the caller, -EBADF: none. A
 * negative answer makes CRIU give up. */
typedef int (*CriuNotify)(const char *action, pid_t pid, int fd, void *userdata);

typedef struct CriuReply {
        pid_t pid;         /* of RESTORE */
        unsigned version;  /* of VERSION, as CRIU_VERSION_NUMBER() counts */
        unsigned features; /* of FEATURE_CHECK: 1 << CriuFeature */
        CriuRequest type;  /* what CRIU gave up at */
        int error;         /* CRIU's own errno, positive or 0 */
        int notify_error;  /* the negative answer of the notify function, 0: there was none */
        char message[256]; /* CRIU's own words, or how it ended without any */
} CriuReply;

/* Who is told. */
void criu_set_notify(Criu *criu, CriuNotify notify, void *userdata);

/* Sends a request (opts: the fields of criu_opts, NULL: none) and waits until it is done. Does not log, but
 * for what the notify function logs. -EREMOTEIO: CRIU says that it failed, see *ret; -ECONNRESET: it ended
 * without an answer; -EBADMSG: the answer makes no sense. */
int criu_call(Criu *criu, CriuRequest request, const GByteArray *opts, CriuReply *ret);

/* Refuses a CRIU that is older than minimum (CRIU_VERSION_NUMBER()); needed_for says what needs that one.
 * Logs. -EOPNOTSUPP: it is too old. */
int criu_require_version(const char *program, unsigned minimum, const char *needed_for);

/* Refuses a kernel (or CRIU) without a feature. Logs. -EOPNOTSUPP. */
int criu_require_feature(const char *program, CriuFeature feature, const char *needed_for);
