/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is known of a container: one directory ROOT/ID with
 *   state        key file, replaced atomically; parsed without any JSON library
 *   config.json  the configuration as it was read
 *   start        socket on which init waits (only while the status is "created")
 * The layout is private: others read "berth state". */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"
#include "basic/process-util.h"

typedef enum ContainerStatus {
        CONTAINER_CREATING,
        CONTAINER_CREATED,
        CONTAINER_RUNNING,
        CONTAINER_PAUSED,
        CONTAINER_STOPPED,
        _CONTAINER_STATUS_MAX,
} ContainerStatus;

const char *container_status_to_string(ContainerStatus status);

typedef struct State {
        char *id;
        char *oci_version;
        char *bundle;
        char *rootfs;
        char *created; /* RFC 3339, nanoseconds */
        uid_t owner;
        bool user_manager;   /* the scope is one of the owner's systemd, not of pid 1 */
        pid_t pid;           /* 0: init does not exist yet */
        uint64_t start_time; /* of that pid */
        char *scope;         /* unit name, NULL: the cgroup is not systemd's */
        char *slice;
        char *cgroup;          /* path in the unified hierarchy, NULL: none of its own */
        char *cgroup_made;     /* that, or one of its parents: to remove from there on; NULL: none of ours */
        char *subgroup;        /* path of the one below cgroup that init was moved to; NULL: none */
        uint64_t root_mount;   /* id of the mount over rootfs to remove at the end; 0: none */
        char *resctrl_group;   /* to remove at the end; NULL: none of ours */
        char *resctrl_monitor; /* group with a monitoring group of the container, to remove; NULL: none */
        char *late_hooks;      /* kinds of hooks to run after create, see late-hooks.h; NULL: none */
        char *notify_socket;   /* $NOTIFY_SOCKET of who created it; NULL: it had none */
        pid_t notify_pid;      /* process that passes notifications on; 0: none */
        uint64_t notify_start_time;
        char *log_settings; /* of the service that the container is of, see log-settings.h; NULL: defaults */
        char *image;        /* name of the image, as far as annotations tell; NULL: not known */
        char *annotations;  /* JSON object as text, NULL: none */
        char *descriptors;  /* what stdin, stdout and stderr were: JSON array as text; NULL: a terminal */
        bool no_new_keyring; /* processes stay in the session keyring of their callers */
} State;

void state_free(State *state);
DEFINE_CLEANUP(State *, state_free);

/* Where state directories live: --root, or /run/berth for who is root of the system, $XDG_RUNTIME_DIR/berth
 * for everybody else: also for who is root only in a user namespace. Caller frees; NULL: no XDG_RUNTIME_DIR.
 */
char *state_default_root(void);

/* Makes ROOT/ID (0700). Returns a directory descriptor. Logs. -EEXIST: there is such a container. */
int state_make_directory(const char *root, const char *id);

/* Refuses an id that is taken, before anything is made. Logs. -EEXIST. */
int state_check_absent(const char *root, const char *id);

/* Opens ROOT/ID. Does not log. -ENOENT: no such container. */
int state_open_directory(const char *root, const char *id);

/* Writes and reads the state file. The first two log, state_try_load() does not. -ENOENT: no such container;
 * -EBADMSG: the file is damaged; -EINVAL: such an id cannot be (state_load() only). */
int state_save(int dir_fd, const State *state);
int state_load(const char *root, const char *id, State **ret);
int state_try_load(const char *root, const char *id, State **ret);

/* What the container is doing, from its init and its directory. Does not log. */
ContainerStatus state_status(const char *root, const State *state);

/* A reference to init; -ESRCH when it has ended (a later process of the same number does not count). Does
 * not log. */
int state_open_init(const State *state, PidRef *ret);

/* The ids in ROOT, sorted. A root that does not exist has none. Does not log. */
int state_list(const char *root, char ***ret);
