/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A runtime configuration (config.json of the OCI runtime-spec 1.3) as validated values. Everything in here
 * has been checked: who reads a Spec needs no further checks of form. Strings are owned by the Spec; unset
 * strings are NULL, string lists are NULL-terminated and may be NULL. Names follow the specification's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"

/* A number that may be absent. */
typedef struct OptInt {
        bool set;
        int64_t value;
} OptInt;

typedef struct OptUint {
        bool set;
        uint64_t value;
} OptUint;

/* ---- annotations that mean something (those of crun) ---- */

#define SPEC_ANNOTATION_HOOKS_STDOUT   "run.oci.hooks.stdout" /* files that hooks of the host write to */
#define SPEC_ANNOTATION_HOOKS_STDERR   "run.oci.hooks.stderr"
#define SPEC_ANNOTATION_SECCOMP_STRICT "run.oci.seccomp_fail_unknown_syscall" /* no name may be unknown */
#define SPEC_ANNOTATION_SECCOMP_PROGRAM \
        "run.oci.seccomp_bpf_data" /* base64 of a program, in place of a profile */
#define SPEC_ANNOTATION_CONTEXT \
        "run.oci.mount_context_type"             /* which of mount(8)'s SELinux options mountLabel is */
#define SPEC_ANNOTATION_MACHINE  "berth.machine" /* systemd-machined is told */
#define SPEC_ANNOTATION_SUBGROUP "run.oci.systemd.subgroup" /* cgroup below the scope, for init */
#define SPEC_ANNOTATION_DELEGATE "run.oci.delegate-cgroup"  /* one more, which is the container's */

/* ---- process (config.md, "Process") ---- */

typedef struct SpecUser {
        uint32_t uid;
        uint32_t gid;
        uint32_t *additional_gids;
        size_t n_additional_gids;
        OptUint umask;
} SpecUser;

typedef enum SpecCapabilitySet {
        SPEC_CAP_BOUNDING,
        SPEC_CAP_EFFECTIVE,
        SPEC_CAP_INHERITABLE,
        SPEC_CAP_PERMITTED,
        SPEC_CAP_AMBIENT,
        _SPEC_CAP_SET_MAX,
} SpecCapabilitySet;

typedef struct SpecRlimit {
        int resource;     /* RLIMIT_* */
        const char *name; /* "RLIMIT_NOFILE", static */
        uint64_t soft, hard;
} SpecRlimit;

typedef struct SpecScheduler {
        bool set;
        int policy; /* SCHED_* */
        int32_t nice;
        int32_t priority;
        uint64_t flags; /* SCHED_FLAG_* */
        uint64_t runtime, deadline, period;
} SpecScheduler;

typedef struct SpecProcess {
        bool terminal;
        OptUint console_height, console_width;
        SpecUser user;
        char **args; /* at least one */
        char **env;
        char *cwd; /* absolute */
        bool capabilities_set;
        char **capabilities[_SPEC_CAP_SET_MAX]; /* names as written, "CAP_CHOWN" */
        SpecRlimit *rlimits;
        size_t n_rlimits;
        bool no_new_privileges;
        OptInt oom_score_adj;
        char *apparmor_profile;
        char *selinux_label;
        SpecScheduler scheduler;
        OptInt io_priority_class; /* IOPRIO_CLASS_* */
        int io_priority_priority;
        char *exec_cpu_affinity_initial, *exec_cpu_affinity_final;
} SpecProcess;

/* ---- mounts ---- */

typedef struct SpecIdMapping {
        uint32_t container_id;
        uint32_t host_id;
        uint32_t size;
        bool relative; /* of a mount, while it is read: host_id is the container's */
} SpecIdMapping;

typedef struct SpecIdMap {
        SpecIdMapping *uid;
        size_t n_uid;
        SpecIdMapping *gid;
        size_t n_gid;
} SpecIdMap;

typedef struct SpecMount {
        char *destination; /* absolute, as written otherwise */
        char *type;        /* "bind" for bind mounts whatever was written; NULL: not given */
        char *source;      /* bind: absolute (relative ones are resolved against the bundle) */
        bool bind;
        bool recursive;    /* rbind */
        uint64_t attr_set; /* MOUNT_ATTR_*: last word wins, as in runc */
        uint64_t attr_clear;
        uint64_t rec_attr_set; /* rro, rnosuid, ...: for the whole tree */
        uint64_t rec_attr_clear;
        char **superblock_flags;    /* "sync", "dirsync", "lazytime", "mand", ...: fsconfig flags */
        unsigned long *propagation; /* MS_PRIVATE, MS_SLAVE | MS_REC, ...: applied in order */
        size_t n_propagation;
        char **data; /* everything else, one by one: "mode=755", "newinstance", for the file system */
        bool tmpcopyup;
        bool copy_symlink, src_nofollow, dest_nofollow;
        bool copy;       /* a new file system, filled with the files of source for the payload's user */
        bool own_source; /* the same for the files of whom source belongs to */
        bool own;        /* root's files in source are the payload's user's in the container */
        bool idmap, idmap_recursive;
        SpecIdMap id_map; /* empty with idmap: the container's own mapping */
} SpecMount;

/* ---- hooks ---- */

typedef enum SpecHookKind {
        SPEC_HOOK_PRESTART,
        SPEC_HOOK_CREATE_RUNTIME,
        SPEC_HOOK_CREATE_CONTAINER,
        SPEC_HOOK_START_CONTAINER,
        SPEC_HOOK_POSTSTART,
        SPEC_HOOK_POSTSTOP,
        _SPEC_HOOK_KIND_MAX,
} SpecHookKind;

typedef struct SpecHook {
        char *path;
        char **args;
        char **env;
        unsigned timeout_sec; /* 0: none */
} SpecHook;

/* ---- linux ---- */

typedef struct SpecNamespace {
        int flag;         /* CLONE_NEWNS, ... */
        const char *name; /* "mount", static */
        char *path;       /* NULL: a new one */
} SpecNamespace;

typedef struct SpecDevice {
        char type;  /* 'c', 'b' or 'p' (u becomes c) */
        char *path; /* absolute */
        uint32_t major, minor;
        OptUint file_mode; /* permission bits */
        uint32_t uid, gid;
} SpecDevice;

typedef struct SpecDeviceRule {
        bool allow;
        char type;            /* 'a', 'c' or 'b' */
        OptUint major, minor; /* unset: any */
        char access[4];       /* of "rwm" */
} SpecDeviceRule;

typedef struct SpecBlockDevice {
        uint32_t major, minor;
        uint64_t value; /* weight, or bytes or operations a second */
} SpecBlockDevice;

typedef struct SpecBlockDevices {
        SpecBlockDevice *items;
        size_t n;
} SpecBlockDevices;

typedef struct SpecHugepageLimit {
        char *page_size; /* "2MB" */
        uint64_t limit;
} SpecHugepageLimit;

typedef struct SpecRdma {
        char *device;
        OptUint hca_handles, hca_objects;
} SpecRdma;

typedef struct SpecPair {
        char *key;
        char *value;
} SpecPair;

typedef struct SpecPairs {
        SpecPair *items; /* in the order of the file */
        size_t n;
} SpecPairs;

typedef struct SpecResources {
        bool set; /* linux.resources exists */
        SpecDeviceRule *devices;
        size_t n_devices;
        OptInt memory_limit, memory_reservation, memory_swap; /* bytes; -1: unlimited */
        bool memory_check_before_update;
        OptUint cpu_shares, cpu_period, cpu_burst;
        OptInt cpu_quota, cpu_idle;
        char *cpuset_cpus, *cpuset_mems;
        OptInt pids_limit;
        OptUint blkio_weight, blkio_leaf_weight;
        SpecBlockDevices blkio_weight_devices;
        SpecBlockDevices throttle_read_bps, throttle_write_bps, throttle_read_iops, throttle_write_iops;
        SpecHugepageLimit *hugepages;
        size_t n_hugepages;
        SpecRdma *rdma;
        size_t n_rdma;
        SpecPairs unified;
} SpecResources;

typedef struct SpecSeccompArg {
        unsigned index;
        uint64_t value, value_two;
        char *op; /* "SCMP_CMP_EQ", checked */
} SpecSeccompArg;

typedef struct SpecSeccompRule {
        char **names;
        char *action; /* "SCMP_ACT_ALLOW", checked */
        OptUint errno_ret;
        SpecSeccompArg *args;
        size_t n_args;
} SpecSeccompRule;

typedef struct SpecSeccomp {
        bool set;
        bool strict; /* names that are not known are errors, not ignored */
        char *default_action;
        OptUint default_errno_ret;
        char **architectures; /* "SCMP_ARCH_X86_64", checked */
        char **flags;         /* "SECCOMP_FILTER_FLAG_LOG", checked */
        bool flags_set;       /* an empty list is not the same as none */
        char *listener_path, *listener_metadata;
        SpecSeccompRule *rules;
        size_t n_rules;
} SpecSeccomp;

typedef struct SpecIntelRdt {
        bool set;
        char *clos_id;
        char *l3_cache_schema, *mem_bw_schema;
        char **schemata;
        bool enable_monitoring;
} SpecIntelRdt;

typedef struct SpecNetDevice {
        char *host_name, *container_name;
} SpecNetDevice;

typedef struct SpecTimeOffset {
        bool set;
        int64_t secs;
        uint32_t nanosecs;
} SpecTimeOffset;

typedef struct SpecLinux {
        SpecNamespace *namespaces;
        size_t n_namespaces;
        SpecIdMap id_map;
        SpecTimeOffset monotonic_offset, boottime_offset;
        SpecDevice *devices;
        size_t n_devices;
        SpecNetDevice *net_devices;
        size_t n_net_devices;
        char *cgroups_path;
        SpecResources resources;
        unsigned long rootfs_propagation; /* MS_SHARED, ...; 0: default */
        char **masked_paths, **readonly_paths;
        char *mount_label;
        SpecPairs sysctl;
        SpecSeccomp seccomp;
        SpecIntelRdt intel_rdt;
        OptUint personality;       /* PER_LINUX, PER_LINUX32 */
        OptInt memory_policy_mode; /* MPOL_* */
        char *memory_policy_nodes;
        unsigned memory_policy_flags;
} SpecLinux;

/* The root as directories on top of each other (overlayfs). An extension of the runtime-spec, which lets a
 * runtime ignore what it does not know: root["berth.overlay"]. */
typedef struct SpecOverlay {
        char **lower; /* absolute, the topmost first; NULL: the root is one directory */
        char *upper;  /* absolute; gets what the container writes */
        char *work;   /* absolute, on the same file system as upper */
} SpecOverlay;

/* The root as a file system in a file, or on a block device. An extension as well: root["berth.image"]. In
 * the place of root.path among the layers of an overlay, it is that layer. */
typedef struct SpecRootImage {
        char *path;            /* absolute; NULL: there is none */
        char *type;            /* of the file system, as the kernel calls it */
        uint64_t offset, size; /* of it in the file, bytes; size 0: to the end */
        bool readonly;
} SpecRootImage;

typedef struct Spec {
        char *oci_version;
        char *bundle;    /* absolute */
        char *root_path; /* absolute */
        bool root_readonly;
        bool root_idmap; /* root["berth.idmap"], an extension: directories of the root that do not belong to
                          * the container's root yet are mounted with the ids of the user namespace */
        SpecOverlay overlay;
        SpecRootImage root_image;
        char *hostname, *domainname;
        SpecProcess process;
        bool process_set; /* create needs one, other verbs do not */
        SpecMount *mounts;
        size_t n_mounts;
        SpecHook *hooks[_SPEC_HOOK_KIND_MAX];
        size_t n_hooks[_SPEC_HOOK_KIND_MAX];
        SpecPairs annotations;
        SpecLinux linux_;
        char *source_text; /* the file as read, for the copy in the state directory */
        size_t source_size;
} Spec;

/* Reads and validates a configuration. file is the path of config.json, bundle the absolute directory that
 * relative paths start from. Logs one message that names the file and, behind #, the JSON pointer
 * ("…/config.json#/process/cwd: …"), or file:line:column when it is not JSON. Returns -ENOENT (no file),
 * -EINVAL (syntax, type or value), or the errno of reading. No side effects. */
int spec_load(const char *file, const char *bundle, Spec **ret);

/* The same for a text that is in memory; name stands for the file in messages. */
int spec_parse(const char *name, const char *text, size_t size, const char *bundle, Spec **ret);

/* Reads one OCI process object (exec --process). The same outcomes. */
int spec_process_load(const char *file, SpecProcess **ret);

/* Empties a mapping, frees what it owned. */
void spec_id_map_clear(SpecIdMap *map);

void spec_free(Spec *spec);
void spec_process_free(SpecProcess *process);

DEFINE_CLEANUP(Spec *, spec_free);
DEFINE_CLEANUP(SpecProcess *, spec_process_free);

/* Value of an annotation, NULL when it is not there. Borrowed. */
const char *spec_annotation(const Spec *spec, const char *key);

/* "createRuntime": the member of /hooks. Static. */
const char *spec_hook_kind_to_string(SpecHookKind kind);

/* The namespace entry of that type (CLONE_NEW*), NULL when the container shares the host's. */
const SpecNamespace *spec_namespace(const Spec *spec, int flag);

/* The text of the configuration that "berth spec" writes, indented with tabs as runc writes it. Owned by the
 * caller. */
char *spec_template(bool rootless, uid_t uid, gid_t gid);
