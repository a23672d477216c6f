/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A declared container: NAME.container and its drop-ins as checked values. Reading finds all errors, not the
 * first one.
 *
 * Sections: [Container] and [Resctrl] are ours; [Unit], [Service], [Socket] and [Install] go to systemd;
 * what starts with X- is somebody else's. Values follow systemd.syntax(7): repeated keys add to lists, an
 * empty assignment resets one, %-specifiers (see words.h) are replaced in our sections. Unlike in
 * ExecStart=, "$" in Exec= means nothing. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/messages.h"
#include "config/search.h"
#include "config/unit-file.h"

typedef enum ContainerNetwork {
        CONTAINER_NETWORK_UNSET, /* what the bundle says; host for a rootfs */
        CONTAINER_NETWORK_HOST,
        CONTAINER_NETWORK_NONE,      /* a network namespace with nothing but lo */
        CONTAINER_NETWORK_NAMESPACE, /* that of network_target, a path */
        CONTAINER_NETWORK_CONTAINER, /* that of network_target, a container */
        _CONTAINER_NETWORK_MAX,
} ContainerNetwork;

typedef enum ContainerNotify {
        CONTAINER_NOTIFY_UNSET,
        CONTAINER_NOTIFY_STARTED,
        CONTAINER_NOTIFY_READY,
        CONTAINER_NOTIFY_HEALTHY,
        _CONTAINER_NOTIFY_MAX,
} ContainerNotify;

typedef enum ContainerVolatile {
        CONTAINER_VOLATILE_UNSET,
        CONTAINER_VOLATILE_NO,
        CONTAINER_VOLATILE_YES,     /* the root is in memory, with /usr of what is declared */
        CONTAINER_VOLATILE_OVERLAY, /* what is written is in memory */
        CONTAINER_VOLATILE_STATE,   /* the root is read-only, and /var in memory */
        _CONTAINER_VOLATILE_MAX,
} ContainerVolatile;

typedef enum ContainerUserns {
        CONTAINER_USERNS_UNSET, /* what the bundle says; none for a rootfs */
        CONTAINER_USERNS_HOST,
        CONTAINER_USERNS_AUTO,    /* a range of ids that no other container has */
        CONTAINER_USERNS_KEEP_ID, /* who runs the manager has its id in the container, too */
} ContainerUserns;

/* So many ids of the container, from inside on. */
typedef struct ContainerIdRange {
        uint32_t inside, outside, count;
        bool on_host; /* outside is an id of the host; else 0 is who runs the manager, then come its ranges
                       */
} ContainerIdRange;

typedef struct ContainerUserNamespace {
        ContainerUserns mode;
        uint32_t size; /* of AUTO; 0: not given */
        bool has_uid, has_gid;
        uint32_t uid, gid;      /* of KEEP_ID: the ids in the container */
        GPtrArray *uids, *gids; /* of ContainerIdRange*: AUTO, but for these; NULL: none */
} ContainerUserNamespace;

typedef enum ContainerOnFailure {
        CONTAINER_ON_FAILURE_UNSET,
        CONTAINER_ON_FAILURE_STATUS, /* only tell */
        CONTAINER_ON_FAILURE_RESTART,
        CONTAINER_ON_FAILURE_STOP,
        CONTAINER_ON_FAILURE_KILL,
        _CONTAINER_ON_FAILURE_MAX,
} ContainerOnFailure;

/* Times in microseconds; 0 everywhere: not given. */
typedef struct ContainerHealth {
        char **command;         /* NULL: not given; empty: there are to be no checks */
        uint64_t interval_usec; /* TIME_SPAN_FOREVER: no checks */
        uint64_t timeout_usec;  /* TIME_SPAN_FOREVER: none */
        uint64_t start_period_usec;
        uint32_t retries;
        ContainerOnFailure on_failure;
} ContainerHealth;

typedef enum ContainerVolumeKind {
        CONTAINER_VOLUME_PATH,      /* source is a path of the host */
        CONTAINER_VOLUME_NAMED,     /* a directory of ours with that name */
        CONTAINER_VOLUME_FILE,      /* the same, as source.volume declares it */
        CONTAINER_VOLUME_TMPFS,     /* no source */
        CONTAINER_VOLUME_ANONYMOUS, /* no source: a directory of ours that goes with the container */
} ContainerVolumeKind;

typedef struct ContainerVolume {
        ContainerVolumeKind kind;
        char *source;      /* a path is absolute */
        char *destination; /* absolute */
        char **options;    /* checked words as of mount(8), may be empty */
        bool overlay;      /* what is written is gone with the container */
        bool no_copy;      /* a new one stays empty */
        bool own;          /* what belongs to whom source belongs to is the container's user's */
        const char *key;   /* where it is declared */
        const char *file;
        unsigned line;
} ContainerVolume;

typedef struct ContainerDevice {
        char *source;      /* absolute */
        char *destination; /* absolute */
        char access[4];    /* of "rwm" */
        bool optional;
        const char *file; /* where it is declared */
        unsigned line;
} ContainerDevice;

/* A value that is looked at when the container starts: messages of then name its line, too. */
typedef struct ContainerWord {
        char *text;
        bool optional; /* written with a "-" in front: may be missing */
        const char *file;
        unsigned line;
} ContainerWord;

/* In the place of a group of GroupAdd=: those that whoever starts the container has. */
#define CONTAINER_KEEP_GROUPS "keep-groups"

typedef struct ContainerUlimit {
        char *type;          /* "RLIMIT_NOFILE" */
        uint64_t soft, hard; /* UINT64_MAX: infinity */
} ContainerUlimit;

typedef struct ContainerProxyPort {
        char *listen; /* as in ListenStream=: a port, an address with one, or a path */
        char *target; /* in the container: a port, or a path */
} ContainerProxyPort;

typedef struct ContainerFile {
        char *name;       /* as of declared-name.h */
        char *id;         /* of the container */
        char *path;       /* NAME.container itself */
        GPtrArray *files; /* of UnitFile*: it and its drop-ins, in the order they apply */

        /* [Container]; NULL: not given */
        char *root_image;              /* or this one: a file with a file system */
        char *rootfs, *bundle, *image; /* exactly one of them, if there are no errors */
        bool rootfs_overlay; /* rootfs stays as it is: what is written is gone with the container */
        int ephemeral;       /* the same for any root; -1: not given */
        ContainerVolatile volatile_mode;
        char **exec;
        char **entrypoint;            /* NULL: not given; empty: without the image's */
        char **environment;           /* NAME=value, each name once */
        GPtrArray *environment_files; /* of ContainerWord*, absolute paths; NULL: none */
        int environment_host;         /* -1: not given */
        int http_proxy;               /* -1: not given */
        char **sysctl;                /* NAME=value, each name once */
        GPtrArray *ulimits;           /* of ContainerUlimit*, each type once; NULL: none */
        GPtrArray *volumes;           /* of ContainerVolume*, never NULL */
        GPtrArray *devices;           /* of ContainerDevice*; NULL: none */
        ContainerUserNamespace userns;
        GPtrArray *uid_map, *gid_map;                             /* of ContainerIdRange*; NULL: none */
        char *sub_uid_map, *sub_gid_map;                          /* names in subuid(5) and subgid(5) */
        char *remap_users, **remap_uid, **remap_gid, *remap_size; /* Quadlet's older way to say the same */
        char *shm_size;                                           /* as a mount option has it */
        char **annotations;                                       /* NAME=value, each name once */
        char *user, *group; /* numbers or names of the rootfs' passwd and group files */
        bool group_of_user; /* group is from User=, and goes with it */
        char **group_add;   /* the same */
        char *working_dir;
        char *host_name;
        char **add_host;                        /* lines of hosts(5) */
        char **dns, **dns_option, **dns_search; /* words of resolv.conf(5); dns may be the one word "none" */
        char *timezone;                         /* "local" or a name below /usr/share/zoneinfo */
        uint64_t add_capability, drop_capability, ambient_capability; /* bits by number */
        int no_new_privileges;                                        /* -1: not given */
        char *seccomp_profile;                                        /* a path or "unconfined" */
        char *apparmor;
        int label_disable, label_nested;            /* -1: not given */
        char *label_type, *label_level, *file_type; /* parts of SELinux contexts */
        char **mask, **unmask;                      /* unmask: patterns, or "ALL" */
        int read_only_tmpfs;                        /* -1: not given */
        int run_init;                               /* -1: not given */
        int read_only;                              /* -1: not given */
        int machine;                                /* -1: not given */
        int terminal;                               /* -1: not given */
        ContainerNotify notify;
        char **notify_allow; /* words of NotifyAllow=, each of them known */
        ContainerNetwork network;
        char *network_target; /* see there; a container by its name as of declared-name.h */
        GPtrArray *patches;   /* of ContainerWord*: JSON objects, or absolute paths; NULL: none */
        int stop_signal;      /* 0: not given */
        char **reload_cmd;
        int reload_signal; /* 0: not given */
        ContainerHealth health;
        GPtrArray *proxy_ports; /* of ContainerProxyPort*, never NULL */
        char *idle_stop;        /* how long without a connection through one of them; NULL: forever */

        /* [Resctrl] */
        char **schemata;
        char *clos_id;

        /* [Install], names of units */
        char **wanted_by, **required_by, **upheld_by;
        char *default_instance; /* of a template */
        bool has_socket;        /* there is a [Socket] section */
        int accept;             /* a container for each connection; -1: not given */
} ContainerFile;

/* Reads what found names. Appends to messages; the result is as complete as the files allow. Returns 0, also
 * with errors among the messages, -ESHUTDOWN when the name is masked (no result). Does not log. */
int container_file_load(const ConfigFound *found, GPtrArray *messages, ContainerFile **ret);

/* The same from texts in memory: files are UnitFile* and are taken over; the first is the main one. Pure. */
ContainerFile *container_file_new(const char *name, GPtrArray *files, GPtrArray *messages);

/* Reads what found names, for declarations of any kind, as a list of UnitFile* that owns them; NULL: masked.
 * Files that cannot be read are empty, and told. Does not log. */
GPtrArray *config_load_files(const ConfigFound *found, GPtrArray *messages);

/* Adds the instance that DefaultInstance= of a template names to a list of config_enumerate(), unless it is
 * there. Does not log. */
void container_file_add_default(const ContainerFile *c, const char *const *directories, GPtrArray *list);

/* Whether there are checks at all. Pure. */
bool container_health_is_checked(const ContainerHealth *health);

void container_file_free(ContainerFile *file);
DEFINE_CLEANUP(ContainerFile *, container_file_free);
