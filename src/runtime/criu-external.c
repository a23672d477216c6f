/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the names, and the rule what is external. Paths of the container are only resolved in its root. */

#include "runtime/criu-external.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "runtime/beginning.h"
#include "runtime/criu.h"
#include "spec/json.h"

#define DESCRIPTORS "descriptors.json"

/* Namespaces that CRIU can leave where they are; and those that it can join instead of making new ones. */
static const struct {
        int flag;
        const char *file; /* in /proc/PID/ns, and CRIU's word */
        const char *key;  /* NULL: joined */
} external_namespaces[] = {
        { CLONE_NEWNET, "net", "extRootNetNS" },
        { CLONE_NEWPID, "pid", "extRootPidNS" },
        { CLONE_NEWIPC, "ipc", NULL },
        { CLONE_NEWUTS, "uts", NULL },
};

_Static_assert(ELEMENTSOF(external_namespaces) <= CRIU_FDS_MAX, "each may need a descriptor");

/* In a user namespace these are the host's. */
static const char *const default_devices[] = { "/dev/null",   "/dev/zero",    "/dev/full",
                                               "/dev/random", "/dev/urandom", "/dev/tty" };

static void put_pair(GByteArray *opts, CriuOption field, const char *key, const char *value) {
        _cleanup_bytes_ GByteArray *pair = g_byte_array_new();

        protobuf_put_string(pair, 1, key);
        protobuf_put_string(pair, 2, value);
        protobuf_put_message(opts, field, pair);
}

/* Where a path of the container ends up, as its own mountinfo tells: without symlinks. */
static char *resolve(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH);
        char text[PATH_MAX];
        ssize_t n;

        n = fd < 0 ? -1 : readlink(fd_path(fd).path, text, sizeof text - 1);
        if (n <= 0)
                return g_canonicalize_filename(path, "/");
        text[n] = '\0';
        return g_canonicalize_filename(text, "/");
}

static bool is_cgroup(const SpecMount *m) {
        return m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2"));
}

/* Without a cgroup namespace, the cgroup mount is a bind mount of the host's directory. */
static bool is_external(const Spec *spec, const SpecMount *m) {
        return m->bind || (is_cgroup(m) && !spec_namespace(spec, CLONE_NEWCGROUP));
}

/* ---- dump ---- */

/* The points at which something is mounted, as a set. */
static int read_mount_points(pid_t pid, GHashTable **ret) {
        _cleanup_hash_ GHashTable *points = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/mountinfo", (int) pid), *text = NULL;
        _cleanup_strv_ char **lines = NULL;
        int r;

        r = read_file_at(AT_FDCWD, path, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", path);
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                _cleanup_strv_ char **fields = g_strsplit(*line, " ", 6);

                if (g_strv_length(fields) == 6)
                        g_hash_table_add(points, g_strcompress(fields[4]));
        }
        *ret = TAKE_PTR(points);
        return 0;
}

static void put_if_mounted(GByteArray *opts, GHashTable *points, const char *point, const char *name) {
        if (g_hash_table_contains(points, point))
                put_pair(opts, CRIU_OPT_EXT_MNT, point, name);
}

/* A masked directory has a tmpfs over it, which CRIU saves as every other. */
static bool is_directory(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH | O_DIRECTORY);

        return fd >= 0;
}

static int put_mounts(const Spec *spec, const PidRef *init, int root_fd, GByteArray *opts) {
        _cleanup_hash_ GHashTable *points = NULL;
        int r;

        r = read_mount_points(init->pid, &points);
        if (r < 0)
                return r;
        for (size_t i = 0; i < spec->n_mounts; i++) {
                _cleanup_free_ char *point = NULL;

                if (!is_external(spec, &spec->mounts[i]))
                        continue;
                point = resolve(root_fd, spec->mounts[i].destination);
                put_if_mounted(opts, points, point, point);
        }
        for (char **path = spec->linux_.masked_paths; path && *path; path++) {
                _cleanup_free_ char *point = resolve(root_fd, *path);

                if (!is_directory(root_fd, point))
                        put_if_mounted(opts, points, point, "/dev/null");
        }
        for (size_t i = 0; i < ELEMENTSOF(default_devices); i++)
                put_if_mounted(opts, points, default_devices[i], default_devices[i]);
        for (size_t i = 0; i < spec->linux_.n_devices; i++)
                put_if_mounted(opts, points, spec->linux_.devices[i].path, spec->linux_.devices[i].path);
        return 0;
}

static int put_namespaces(const Spec *spec, const PidRef *init, GByteArray *opts) {
        for (size_t i = 0; i < ELEMENTSOF(external_namespaces); i++) {
                const SpecNamespace *ns = spec_namespace(spec, external_namespaces[i].flag);
                const char *file = external_namespaces[i].file, *key = external_namespaces[i].key;
                _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/%s", (int) init->pid, file),
                                    *name = NULL;
                struct stat st;

                if (!ns || !ns->path || !key)
                        continue;
                if (stat(path, &st) < 0)
                        return log_error_errno(negative_errno(), "Failed to look at '%s': %m", path);
                name = g_strdup_printf("%s[%ju]:%s", file, (uintmax_t) st.st_ino, key);
                protobuf_put_string(opts, CRIU_OPT_EXTERNAL, name);
        }
        return 0;
}

int criu_external_put_dump(const Spec *spec, const PidRef *init, GByteArray *opts) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/root", (int) init->pid);
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open the root of the container's init: %m");
        r = put_mounts(spec, init, root_fd, opts);
        return r < 0 ? r : put_namespaces(spec, init, opts);
}

/* ---- descriptors ---- */

int criu_external_write_descriptors(const State *state, int image_fd) {
        _cleanup_free_ char *text = state->descriptors ? g_strdup(state->descriptors)
                                                       : container_descriptors(state->pid);
        int r;

        r = write_file_atomic_at(image_fd, DESCRIPTORS, text, strlen(text), 0600);
        return r < 0 ? log_error_errno(r, "Failed to write '" DESCRIPTORS "' beside the image: %m") : 0;
}

static void put_fd(GByteArray *opts, const char *key, int fd) {
        _cleanup_bytes_ GByteArray *inherit = g_byte_array_new();

        protobuf_put_string(inherit, 1, key);
        protobuf_put_int(inherit, 2, fd);
        protobuf_put_message(opts, CRIU_OPT_INHERIT_FD, inherit);
}

/* Only pipes are named: everything else CRIU has opened itself. */
static int put_descriptors(int image_fd, GByteArray *opts) {
        _cleanup_json_document_ JsonDocument *document = NULL;
        _cleanup_free_ char *text = NULL;
        JsonValue list;
        int r;

        r = read_file_at(image_fd, DESCRIPTORS, &text, NULL);
        if (r < 0)
                return log_error_errno(
                                r, "open " DESCRIPTORS ": %m: expected in the directory of a checkpoint");
        r = json_document_new(&document);
        if (r >= 0)
                r = json_set_text(json_document_root(document), "list", DESCRIPTORS, text);
        if (r < 0)
                return r;
        if (!json_value_member(json_document_root(document), "list", &list))
                return 0;
        for (size_t i = 0; i < json_value_size(list) && i <= STDERR_FILENO; i++) {
                const char *name = json_value_string(json_value_element(list, i));

                if (name && startswith(name, "pipe:"))
                        put_fd(opts, name, (int) i);
        }
        return 0;
}

/* ---- restore ---- */

void criu_fds_done(CriuFds *fds) {
        for (size_t i = 0; i < fds->n; i++)
                closep(&fds->fds[i]);
        fds->n = 0;
}

static int open_namespaces(const Spec *spec, GByteArray *opts, CriuFds *fds) {
        for (size_t i = 0; i < ELEMENTSOF(external_namespaces); i++) {
                const SpecNamespace *ns = spec_namespace(spec, external_namespaces[i].flag);
                int fd;

                if (!ns || !ns->path)
                        continue;
                if (!external_namespaces[i].key) {
                        put_pair(opts, CRIU_OPT_JOIN_NS, external_namespaces[i].file, ns->path);
                        continue;
                }
                fd = open(ns->path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to open the %s namespace '%s': %m",
                                        ns->name, ns->path);
                fds->fds[fds->n++] = fd;
                put_fd(opts, external_namespaces[i].key, fd);
        }
        return 0;
}

static void put_source(
                const CriuRestored *restored, const SpecMount *m, const char *source, GByteArray *opts) {
        _cleanup_free_ char *name = resolve(restored->root_fd, m->destination);

        put_pair(opts, CRIU_OPT_EXT_MNT, name, source);
}

/* A name that the image does not have does no harm. */
static void put_sources(const CriuRestored *restored, GByteArray *opts) {
        const Spec *spec = restored->spec;

        for (size_t i = 0; i < spec->n_mounts; i++)
                if (spec->mounts[i].bind)
                        put_source(restored, &spec->mounts[i], spec->mounts[i].source, opts);
        for (size_t i = 0; i < ELEMENTSOF(default_devices); i++)
                put_pair(opts, CRIU_OPT_EXT_MNT, default_devices[i], default_devices[i]);
        for (size_t i = 0; i < spec->linux_.n_devices; i++)
                put_pair(opts, CRIU_OPT_EXT_MNT, spec->linux_.devices[i].path, spec->linux_.devices[i].path);
}

void criu_external_put_cgroup(const CriuRestored *restored, const char *cgroup, GByteArray *opts) {
        _cleanup_free_ char *directory = g_strconcat("/sys/fs/cgroup", cgroup ? cgroup : "", NULL);
        const Spec *spec = restored->spec;

        for (size_t i = 0; i < spec->n_mounts; i++)
                if (is_external(spec, &spec->mounts[i]) && !spec->mounts[i].bind)
                        put_source(restored, &spec->mounts[i], directory, opts);
}

int criu_external_put_restore(const CriuRestored *restored, GByteArray *opts, CriuFds *ret) {
        _cleanup_(criu_fds_done) CriuFds fds = { 0 };
        int r;

        r = put_descriptors(restored->image_fd, opts);
        if (r >= 0)
                r = open_namespaces(restored->spec, opts, &fds);
        if (r < 0)
                return r;
        put_sources(restored, opts);
        *ret = TAKE(fds, (CriuFds) { 0 });
        return 0;
}

/* What lies on another mount has its mount point there. */
static bool is_on_other_mount(const Spec *spec, size_t index) {
        for (size_t i = 0; i < index; i++) {
                const char *rest = startswith(spec->mounts[index].destination, spec->mounts[i].destination);

                if (rest && *rest == '/')
                        return true;
        }
        return false;
}

static bool source_is_file(const SpecMount *m) {
        struct stat st;

        return m->bind && stat(m->source, &st) >= 0 && !S_ISDIR(st.st_mode);
}

int criu_external_make_mount_points(const Spec *spec, int root_fd) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                _cleanup_close_ int fd = -EBADF;

                if (is_on_other_mount(spec, i))
                        continue;
                fd = source_is_file(m) ? make_file_in_root(root_fd, m->destination, 0644)
                                       : make_directories_in_root(root_fd, m->destination, 0755);
                if (fd < 0)
                        return log_error_errno(
                                        fd, "Failed to make the mount point '%s': %m", m->destination);
        }
        return 0;
}
