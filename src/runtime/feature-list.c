/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only what works is listed: engines decide by it. */

#include "runtime/feature-list.h"

#include <unistd.h>

#include "basic/json-text.h"
#include "runtime/criu.h"
#include "sandbox/capabilities.h"
#include "sandbox/seccomp-filter.h"
#include "sandbox/seccomp-words.h"

#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION_MAX "1.3.0"

/* Sorted, as in the words of mount(8). */
static const char *const mount_options[] = { "acl",
                                             "async",
                                             "atime",
                                             "bind",
                                             "copy",
                                             "copy-symlink",
                                             "defaults",
                                             "dest-nofollow",
                                             "dev",
                                             "diratime",
                                             "dirsync",
                                             "exec",
                                             "idmap",
                                             "iversion",
                                             "lazytime",
                                             "loud",
                                             "mand",
                                             "noacl",
                                             "noatime",
                                             "nodev",
                                             "nodiratime",
                                             "noexec",
                                             "noiversion",
                                             "nolazytime",
                                             "nomand",
                                             "norelatime",
                                             "nostrictatime",
                                             "nosuid",
                                             "nosymfollow",
                                             "own",
                                             "own-source",
                                             "private",
                                             "ratime",
                                             "rbind",
                                             "rdev",
                                             "rdiratime",
                                             "relatime",
                                             "rexec",
                                             "ridmap",
                                             "rnoatime",
                                             "rnodev",
                                             "rnodiratime",
                                             "rnoexec",
                                             "rnorelatime",
                                             "rnostrictatime",
                                             "rnosuid",
                                             "rnosymfollow",
                                             "ro",
                                             "rprivate",
                                             "rrelatime",
                                             "rro",
                                             "rrw",
                                             "rshared",
                                             "rslave",
                                             "rstrictatime",
                                             "rsuid",
                                             "rsymfollow",
                                             "runbindable",
                                             "rw",
                                             "shared",
                                             "silent",
                                             "slave",
                                             "src-nofollow",
                                             "strictatime",
                                             "suid",
                                             "symfollow",
                                             "sync",
                                             "tmpcopyup",
                                             "unbindable",
                                             NULL };

static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
                                          "time",   "user", "uts",   NULL };

static void append_cgroup(JsonText *j) {
        json_text_begin_object(j, "cgroup");
        json_text_bool(j, "v1", false);
        json_text_bool(j, "v2", true);
        json_text_bool(j, "systemd", true);
        json_text_bool(j, "systemdUser", true);
        json_text_bool(j, "rdma", true);
        json_text_end_object(j);
}

static void append_words(JsonText *j, const char *name, const SeccompWord *words) {
        json_text_begin_array(j, name);
        for (; words->name; words++)
                json_text_string(j, NULL, words->name);
        json_text_end_array(j);
}

static void append_supported_flags(JsonText *j) {
        json_text_begin_array(j, "supportedFlags");
        for (const SeccompWord *flag = seccomp_flags; flag->name; flag++)
                if (seccomp_filter_flag_is_supported(flag->name))
                        json_text_string(j, NULL, flag->name);
        json_text_end_array(j);
}

static void append_seccomp(JsonText *j) {
        _cleanup_free_ char *version = NULL;

        json_text_begin_object(j, "seccomp");
        json_text_bool(j, "enabled", seccomp_filter_library_version(&version) >= 0);
        append_words(j, "actions", seccomp_actions);
        append_words(j, "operators", seccomp_operators);
        append_words(j, "archs", seccomp_architectures);
        append_words(j, "knownFlags", seccomp_flags);
        append_supported_flags(j);
        json_text_end_object(j);
}

static void append_switch(JsonText *j, const char *name, bool enabled) {
        json_text_begin_object(j, name);
        json_text_bool(j, "enabled", enabled);
        json_text_end_object(j);
}

/* What berth can do, whatever this system has, as the specification wants it (features-linux.md). */
static void append_intel_rdt(JsonText *j) {
        json_text_begin_object(j, "intelRdt");
        json_text_bool(j, "enabled", true);
        json_text_bool(j, "schemata", true);
        json_text_bool(j, "monitoring", true);
        json_text_end_object(j);
}

static void append_memory_policy(JsonText *j) {
        static const char *const modes[] = {
                "MPOL_BIND",      "MPOL_DEFAULT",        "MPOL_INTERLEAVE",          "MPOL_LOCAL",
                "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE", NULL
        };
        static const char *const flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
                                             "MPOL_F_STATIC_NODES", NULL };

        json_text_begin_object(j, "memoryPolicy");
        json_text_strv(j, "modes", modes);
        json_text_strv(j, "flags", flags);
        json_text_end_object(j);
}

static void append_linux(JsonText *j) {
        _cleanup_strv_ char **capabilities = capability_names();

        json_text_begin_object(j, "linux");
        json_text_strv(j, "namespaces", namespaces);
        json_text_strv(j, "capabilities", (const char *const *) capabilities);
        append_cgroup(j);
        append_seccomp(j);
        append_switch(j, "apparmor", true);
        append_switch(j, "selinux", true);
        append_intel_rdt(j);
        append_memory_policy(j);
        json_text_begin_object(j, "mountExtensions");
        append_switch(j, "idmap", true);
        json_text_end_object(j);
        append_switch(j, "netDevices", true);
        json_text_end_object(j);
}

static void append_annotations(JsonText *j) {
        _cleanup_free_ char *version = NULL, *criu = NULL;

        json_text_begin_object(j, "annotations");
        if (seccomp_filter_library_version(&version) >= 0)
                json_text_string(j, "io.github.seccomp.libseccomp.version", version);
        json_text_string(
                        j, "org.opencontainers.runc.checkpoint.enabled",
                        criu_find(NULL, &criu) >= 0 ? "true" : "false");
        json_text_string(j, "berth.version", BERTH_VERSION);
        json_text_end_object(j);
}

char *features_text(void) {
        static const char *const unsafe[] = { "berth.", "org.criu.config", "org.systemd.property.",
                                              "run.oci.", NULL };
        static const char *const hooks[] = {
                "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
                NULL
        };
        GString *text = g_string_new(NULL);
        JsonText j;

        json_text_init(&j, text, /* indent= */ 4);
        json_text_begin_object(&j, NULL);
        json_text_string(&j, "ociVersionMin", OCI_VERSION_MIN);
        json_text_string(&j, "ociVersionMax", OCI_VERSION_MAX);
        json_text_strv(&j, "hooks", hooks);
        json_text_strv(&j, "mountOptions", mount_options);
        append_linux(&j);
        append_annotations(&j);
        json_text_strv(&j, "potentiallyUnsafeConfigAnnotations", unsafe);
        json_text_end_object(&j);
        return g_string_free(text, FALSE);
}

char *features_version_text(void) {
        return g_strdup_printf(
                        "berth version %s\ncommit: %s\nspec: %s\n", BERTH_VERSION,
                        isempty(BERTH_COMMIT) ? BERTH_VERSION : BERTH_COMMIT, OCI_VERSION_MAX);
}
