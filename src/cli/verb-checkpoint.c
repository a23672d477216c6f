/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verbs checkpoint and restore. */

#include "cli/verb-checkpoint.h"

#include <stdlib.h>

#include "cli/i18n.h"
#include "cli/verbs.h"
#include "runtime/checkpoint.h"
#include "runtime/restore.h"

/* A CriuFlags is the beginning of a RestoreCall. */
#define FLAG(name, member, help) { name, NULL, OPTION_SWITCH, offsetof(CriuFlags, member), NULL, help }
#define WORD(name, member, placeholder, help) \
        { name, NULL, OPTION_STRING, offsetof(CriuFlags, member), placeholder, help }
#define IGNORED(name) { name, NULL, OPTION_IGNORE_SWITCH, 0, NULL, NULL }

const Option checkpoint_options[] = {
        FLAG("auto-dedup", auto_dedup, N_("remove from earlier images what the new one replaces")),
        { "empty-ns", NULL, OPTION_LIST, offsetof(CriuFlags, empty_ns), "NAMESPACE",
          N_("do not save what is in this namespace") },
        FLAG("ext-unix-sk", ext_unix_sk, N_("allow Unix sockets to the outside")),
        FLAG("file-locks", file_locks, N_("allow file locks")),
        WORD("image-path", image_path, "DIR", N_("where the image is, default ./checkpoint")),
        FLAG("lazy-pages", lazy_pages, N_("leave memory where it is until it is asked for")),
        FLAG("leave-running", leave_running, N_("let the container go on")),
        FLAG("link-remap", link_remap, N_("save open files that have been removed as links beside them")),
        WORD("manage-cgroups-mode", manage_cgroups_mode, "soft|full|strict|ignore",
             N_("what to do about cgroups in the container")),
        WORD("network-lock", network_lock, "iptables|nftables|skip",
             N_("how to hold connections meanwhile")),
        WORD("page-server", page_server, "ADDRESS:PORT", N_("send memory to the page server there")),
        WORD("parent-path", parent_path, "DIR", N_("earlier image, as seen from the new one")),
        FLAG("pre-dump", pre_dump, N_("save only memory, let the container go on")),
        FLAG("shell-job", shell_job, N_("allow a terminal from outside")),
        WORD("status-fd", status_fd, "FD", N_("gets a zero byte when lazy pages are ready")),
        FLAG("tcp-close", tcp_close, N_("close TCP connections")),
        FLAG("tcp-established", tcp_established, N_("allow established TCP connections")),
        FLAG("tcp-skip-in-flight", tcp_skip_in_flight, N_("leave out TCP connections that are being made")),
        WORD("work-path", work_path, "DIR", N_("where CRIU's log goes, default: the image's")),
        { 0 },
};

const Option restore_options[] = {
        FLAG("auto-dedup", auto_dedup, N_("remove from the image what has been read")),
        { "bundle", "b", OPTION_STRING, offsetof(RestoreCall, bundle), "DIR",
          N_("directory with config.json and rootfs") },
        { "config", "f", OPTION_STRING, offsetof(RestoreCall, config), "FILE",
          N_("configuration other than the bundle's") },
        { "console-socket", NULL, OPTION_STRING, offsetof(RestoreCall, console_socket), "PATH",
          N_("socket that gets the terminal's master") },
        { "detach", "d", OPTION_SWITCH, offsetof(RestoreCall, detach), NULL,
          N_("do not wait for the payload") },
        { "empty-ns", NULL, OPTION_LIST, offsetof(CriuFlags, empty_ns), "NAMESPACE",
          N_("do not restore what was in this namespace") },
        FLAG("ext-unix-sk", ext_unix_sk, N_("allow Unix sockets to the outside")),
        FLAG("file-locks", file_locks, N_("allow file locks")),
        WORD("image-path", image_path, "DIR", N_("where the image is, default ./checkpoint")),
        FLAG("lazy-pages", lazy_pages, N_("leave memory where it is until it is asked for")),
        WORD("lsm-mount-context", lsm_mount_context, "CONTEXT", N_("SELinux label for mounts")),
        WORD("lsm-profile", lsm_profile, "TYPE:NAME", N_("AppArmor or SELinux profile")),
        WORD("manage-cgroups-mode", manage_cgroups_mode, "soft|full|strict|ignore",
             N_("what to do about cgroups in the container")),
        WORD("network-lock", network_lock, "iptables|nftables|skip",
             N_("how to hold connections meanwhile")),
        IGNORED("no-pivot"),
        IGNORED("no-subreaper"),
        { "parent-path", NULL, OPTION_IGNORE, 0, NULL, NULL }, /* the image knows */
        { "pid-file", NULL, OPTION_STRING, offsetof(RestoreCall, pid_file), "PATH",
          N_("file that gets the pid of init") },
        FLAG("shell-job", shell_job, N_("allow a terminal from outside")),
        FLAG("tcp-close", tcp_close, N_("close TCP connections")),
        FLAG("tcp-established", tcp_established, N_("allow established TCP connections")),
        WORD("work-path", work_path, "DIR", N_("where CRIU's log goes, default: the image's")),
        { 0 },
};

int verb_checkpoint(const VerbCall *call) {
        const CheckpointOptions options = {
                .root = call->global->root,
                .id = call->args[0],
                .criu = call->global->criu,
                .flags = *(const CriuFlags *) call->options,
        };

        return container_checkpoint(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_restore(const VerbCall *call) {
        const RestoreCall *o = call->options;
        const RestoreOptions options = {
                .root = call->global->root,
                .id = call->args[0],
                .bundle = o->bundle ? o->bundle : ".",
                .config = o->config,
                .pid_file = o->pid_file,
                .console_socket = o->console_socket,
                .criu = call->global->criu,
                .cgroup_manager = call->global->cgroup_manager,
                .detach = o->detach,
                .flags = o->flags,
        };
        int r, status;

        r = container_restore(&options, &status);
        return r < 0 ? EXIT_FAILURE : status;
}
