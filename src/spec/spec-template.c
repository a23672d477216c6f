/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the configuration that "berth spec" writes: the same content as runc's, so that scripts which edit it
 * go on working. */

#include "basic/json-text.h"
#include "spec/spec-internal.h"

typedef struct TemplateMount {
        const char *destination, *type, *source;
        const char *options[8];
} TemplateMount;

static const TemplateMount mounts[] = {
        { "/proc", "proc", "proc", {} },
        { "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
        { "/dev/pts",
          "devpts",
          "devpts",
          { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
        { "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
        { "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
        { "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
        { "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/* What a user cannot mount without privileges of the host: no group 5, and no sysfs of a foreign network
 * namespace. */
static const TemplateMount rootless_mounts[] = {
        { "/dev/pts",
          "devpts",
          "devpts",
          { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
        { "/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" } },
};

static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL };

static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM=xterm",
        NULL,
};

static const char *const masked_paths[] = {
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/proc/scsi",
        NULL,
};

static const char *const readonly_paths[] = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static void write_capabilities(JsonText *j) {
        static const char *const sets[] = { "bounding", "effective", "permitted", "ambient" };

        json_text_begin_object(j, "capabilities");
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                json_text_strv(j, sets[i], capabilities);
        json_text_end_object(j);
}

static void write_process(JsonText *j) {
        json_text_begin_object(j, "process");
        json_text_bool(j, "terminal", true);
        json_text_begin_object(j, "user");
        json_text_int(j, "uid", 0);
        json_text_int(j, "gid", 0);
        json_text_end_object(j);
        json_text_strv(j, "args", (const char *const[]) { "sh", NULL });
        json_text_strv(j, "env", environment);
        json_text_string(j, "cwd", "/");
        write_capabilities(j);
        json_text_begin_array(j, "rlimits");
        json_text_begin_object(j, NULL);
        json_text_string(j, "type", "RLIMIT_NOFILE");
        json_text_int(j, "hard", 1024);
        json_text_int(j, "soft", 1024);
        json_text_end_object(j);
        json_text_end_array(j);
        json_text_bool(j, "noNewPrivileges", true);
        json_text_end_object(j);
}

static const TemplateMount *select_mount(const TemplateMount *mount, bool rootless) {
        for (size_t i = 0; rootless && i < ELEMENTSOF(rootless_mounts); i++)
                if (streq(rootless_mounts[i].destination, mount->destination))
                        return &rootless_mounts[i];
        return mount;
}

static void write_mounts(JsonText *j, bool rootless) {
        json_text_begin_array(j, "mounts");
        for (size_t i = 0; i < ELEMENTSOF(mounts); i++) {
                const TemplateMount *mount = select_mount(&mounts[i], rootless);

                json_text_begin_object(j, NULL);
                json_text_string(j, "destination", mount->destination);
                json_text_string(j, "type", mount->type);
                json_text_string(j, "source", mount->source);
                if (mount->options[0])
                        json_text_strv(j, "options", mount->options);
                json_text_end_object(j);
        }
        json_text_end_array(j);
}

static void write_mapping(JsonText *j, const char *name, uint32_t host_id) {
        json_text_begin_array(j, name);
        json_text_begin_object(j, NULL);
        json_text_int(j, "containerID", 0);
        json_text_int(j, "hostID", host_id);
        json_text_int(j, "size", 1);
        json_text_end_object(j);
        json_text_end_array(j);
}

/* Root gets a rule that denies all devices, a user neither that nor a network namespace. */
static void write_namespaces(JsonText *j, bool rootless) {
        static const char *const root[] = { "pid", "network", "ipc", "uts", "mount", "cgroup", NULL };
        static const char *const user[] = { "pid", "ipc", "uts", "mount", "cgroup", "user", NULL };

        json_text_begin_array(j, "namespaces");
        for (const char *const *type = rootless ? user : root; *type; type++) {
                json_text_begin_object(j, NULL);
                json_text_string(j, "type", *type);
                json_text_end_object(j);
        }
        json_text_end_array(j);
}

static void write_device_rules(JsonText *j) {
        json_text_begin_object(j, "resources");
        json_text_begin_array(j, "devices");
        json_text_begin_object(j, NULL);
        json_text_bool(j, "allow", false);
        json_text_string(j, "access", "rwm");
        json_text_end_object(j);
        json_text_end_array(j);
        json_text_end_object(j);
}

/* runc indents with tabs; the writer knows spaces only. */
static char *tabs_for_spaces(const char *text) {
        GString *out = g_string_new(NULL);
        bool line_start = true;

        for (; *text; text++) {
                line_start = *text == '\n' || (line_start && *text == ' ');
                g_string_append_c(out, line_start && *text == ' ' ? '\t' : *text);
        }
        return g_string_free(out, FALSE);
}

char *spec_template(bool rootless, uid_t uid, gid_t gid) {
        _cleanup_string_ GString *text = g_string_new(NULL);
        JsonText j;

        json_text_init(&j, text, 1);
        json_text_begin_object(&j, NULL);
        json_text_string(&j, "ociVersion", "1.0.2-dev");
        write_process(&j);
        json_text_begin_object(&j, "root");
        json_text_string(&j, "path", "rootfs");
        json_text_bool(&j, "readonly", true);
        json_text_end_object(&j);
        json_text_string(&j, "hostname", "berth");
        write_mounts(&j, rootless);

        json_text_begin_object(&j, "linux");
        if (rootless) {
                write_mapping(&j, "uidMappings", uid);
                write_mapping(&j, "gidMappings", gid);
        } else
                write_device_rules(&j);
        write_namespaces(&j, rootless);
        json_text_strv(&j, "maskedPaths", masked_paths);
        json_text_strv(&j, "readonlyPaths", readonly_paths);
        json_text_end_object(&j);
        json_text_end_object(&j);
        return tabs_for_spaces(text->str);
}
