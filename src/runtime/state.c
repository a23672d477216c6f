/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the format of the state file and what is concluded from the state directory. */

#include "runtime/state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/unit-name.h"
#include "basic/user-namespace.h"
#include "cgroup/cgroup.h"

#define SECTION "Container"

static const char *const status_names[_CONTAINER_STATUS_MAX] = {
        [CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
        [CONTAINER_PAUSED] = "paused",     [CONTAINER_STOPPED] = "stopped",
};

const char *container_status_to_string(ContainerStatus status) {
        return status_names[status];
}

void state_free(State *s) {
        g_free(s->id);
        g_free(s->oci_version);
        g_free(s->bundle);
        g_free(s->rootfs);
        g_free(s->created);
        g_free(s->scope);
        g_free(s->slice);
        g_free(s->cgroup);
        g_free(s->cgroup_made);
        g_free(s->subgroup);
        g_free(s->resctrl_group);
        g_free(s->resctrl_monitor);
        g_free(s->late_hooks);
        g_free(s->notify_socket);
        g_free(s->descriptors);
        g_free(s->log_settings);
        g_free(s->image);
        g_free(s->annotations);
        g_free(s);
}

/* The members that are plain strings. */
static const struct {
        const char *key;
        size_t offset;
} string_keys[] = {
        { "Id", offsetof(State, id) },
        { "OciVersion", offsetof(State, oci_version) },
        { "Bundle", offsetof(State, bundle) },
        { "Rootfs", offsetof(State, rootfs) },
        { "Created", offsetof(State, created) },
        { "Scope", offsetof(State, scope) },
        { "Slice", offsetof(State, slice) },
        { "ControlGroup", offsetof(State, cgroup) },
        { "ControlGroupMade", offsetof(State, cgroup_made) },
        { "Subgroup", offsetof(State, subgroup) },
        { "ResctrlGroup", offsetof(State, resctrl_group) },
        { "ResctrlMonitor", offsetof(State, resctrl_monitor) },
        { "LateHooks", offsetof(State, late_hooks) },
        { "NotifySocket", offsetof(State, notify_socket) },
        { "Descriptors", offsetof(State, descriptors) },
        { "LogSettings", offsetof(State, log_settings) },
        { "Image", offsetof(State, image) },
        { "Annotations", offsetof(State, annotations) },
};

static char **string_member(const State *s, size_t i) {
        return (char **) ((char *) s + string_keys[i].offset);
}

char *state_default_root(void) {
        const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

        if (system_is_ours())
                return g_strdup("/run/berth");
        return isempty(runtime_dir) ? NULL : g_build_filename(runtime_dir, "berth", NULL);
}

/* What lies in XDG_RUNTIME_DIR may be taken for forgotten after a while, unless it is sticky (XDG Base
 * Directory Specification). */
static int make_root(const char *root) {
        const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
        bool keep = !isempty(runtime_dir) && startswith(root, runtime_dir) && access(root, F_OK) < 0;
        int r;

        r = make_directories(root, keep ? 0700 : 0711);
        if (r >= 0 && keep && chmod(root, 0700 | S_ISVTX) < 0)
                r = negative_errno();
        return r < 0 ? log_error_errno(r, "Failed to make the state directory '%s': %m", root) : 0;
}

static int log_exists(const char *id) {
        return log_error_errno(-EEXIST, "container with given ID already exists: %s", id);
}

int state_check_absent(const char *root, const char *id) {
        _cleanup_free_ char *path = g_build_filename(root, id, NULL);

        return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0 ? log_exists(id) : 0;
}

int state_make_directory(const char *root, const char *id) {
        _cleanup_free_ char *path = g_build_filename(root, id, NULL);
        int fd, r;

        r = make_root(root);
        if (r < 0)
                return r;
        if (mkdir(path, 0700) < 0) {
                r = negative_errno();
                if (r == -EEXIST)
                        return log_exists(id);
                return log_error_errno(r, "Failed to make the state directory '%s': %m", path);
        }
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(negative_errno(), "Failed to open '%s': %m", path) : fd;
}

int state_open_directory(const char *root, const char *id) {
        _cleanup_free_ char *path = NULL;
        int fd;

        if (!container_id_is_valid(id))
                return -ENOENT;
        path = g_build_filename(root, id, NULL);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

int state_save(int dir_fd, const State *s) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(string_keys); i++)
                if (*string_member(s, i))
                        g_key_file_set_string(file, SECTION, string_keys[i].key, *string_member(s, i));
        g_key_file_set_uint64(file, SECTION, "Owner", s->owner);
        g_key_file_set_boolean(file, SECTION, "UserManager", s->user_manager);
        g_key_file_set_uint64(file, SECTION, "Pid", (uint64_t) s->pid);
        g_key_file_set_uint64(file, SECTION, "StartTime", s->start_time);
        if (s->root_mount > 0)
                g_key_file_set_uint64(file, SECTION, "RootMount", s->root_mount);
        if (s->no_new_keyring)
                g_key_file_set_boolean(file, SECTION, "NoNewKeyring", TRUE);
        if (s->notify_pid > 0) {
                g_key_file_set_uint64(file, SECTION, "NotifyPid", (uint64_t) s->notify_pid);
                g_key_file_set_uint64(file, SECTION, "NotifyStartTime", s->notify_start_time);
        }

        text = g_key_file_to_data(file, &size, NULL);
        r = write_file_atomic_at(dir_fd, "state", text, size, 0600);
        return r < 0 ? log_error_errno(r, "Failed to write the state of container '%s': %m", s->id) : 0;
}

static State *parse_state(const char *text, size_t size) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();
        _cleanup_(state_freep) State *s = NULL;

        if (!g_key_file_load_from_data(file, text, size, G_KEY_FILE_NONE, NULL))
                return NULL;
        s = g_new0(State, 1);
        for (size_t i = 0; i < ELEMENTSOF(string_keys); i++)
                *string_member(s, i) = g_key_file_get_string(file, SECTION, string_keys[i].key, NULL);
        s->owner = (uid_t) g_key_file_get_uint64(file, SECTION, "Owner", NULL);
        s->user_manager = g_key_file_get_boolean(file, SECTION, "UserManager", NULL);
        s->pid = (pid_t) g_key_file_get_uint64(file, SECTION, "Pid", NULL);
        s->start_time = g_key_file_get_uint64(file, SECTION, "StartTime", NULL);
        s->root_mount = g_key_file_get_uint64(file, SECTION, "RootMount", NULL);
        s->no_new_keyring = g_key_file_get_boolean(file, SECTION, "NoNewKeyring", NULL);
        s->notify_pid = (pid_t) g_key_file_get_uint64(file, SECTION, "NotifyPid", NULL);
        s->notify_start_time = g_key_file_get_uint64(file, SECTION, "NotifyStartTime", NULL);
        return s->id && s->bundle ? TAKE_PTR(s) : NULL;
}

int state_try_load(const char *root, const char *id, State **ret) {
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        State *s;
        size_t size;
        int r;

        dir_fd = state_open_directory(root, id);
        r = dir_fd < 0 ? dir_fd : read_file_at(dir_fd, "state", &text, &size);
        if (r == -ENOTDIR)
                return -ENOENT;
        if (r < 0)
                return r;
        s = parse_state(text, size);
        if (!s)
                return -EBADMSG;
        *ret = s;
        return 0;
}

int state_load(const char *root, const char *id, State **ret) {
        int r;

        if (!container_id_is_valid(id))
                return log_error_errno(-EINVAL, "invalid container ID format: '%s'", id);
        r = state_try_load(root, id, ret);
        if (r == -ENOENT)
                return log_error_errno(r, "container does not exist: %s", id);
        if (r == -EBADMSG)
                return log_error_errno(
                                r, "The state file of container '%s' is damaged; delete --force removes it",
                                id);
        if (r < 0)
                return log_error_errno(r, "Failed to read the state of container '%s': %m", id);
        return 0;
}

int state_open_init(const State *s, PidRef *ret) {
        PidRef ref;
        char state;
        int r;

        if (s->pid <= 0)
                return -ESRCH;
        r = pidref_open(s->pid, s->start_time, &ref);
        if (r < 0)
                return r;
        r = pid_stat(s->pid, &state, NULL);
        if (r < 0 || state == 'Z' || state == 'X') {
                pidref_done(&ref);
                return -ESRCH;
        }
        *ret = ref;
        return 0;
}

static bool has_start_socket(const char *root, const char *id) {
        _cleanup_free_ char *path = g_build_filename(root, id, "start", NULL);

        return access(path, F_OK) >= 0;
}

static bool is_frozen(const State *s) {
        _cleanup_close_ int fd = -EBADF;

        if (!s->cgroup)
                return false;
        fd = cgroup_open(s->cgroup);
        return fd >= 0 && cgroup_is_frozen(fd) > 0;
}

ContainerStatus state_status(const char *root, const State *s) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;

        if (s->pid <= 0)
                return CONTAINER_CREATING;
        if (state_open_init(s, &init) < 0)
                return CONTAINER_STOPPED;
        if (is_frozen(s))
                return CONTAINER_PAUSED;
        return has_start_socket(root, s->id) ? CONTAINER_CREATED : CONTAINER_RUNNING;
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int state_list(const char *root, char ***ret) {
        _cleanup_ptr_array_ GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
        _cleanup_closedir_ DIR *dir = opendir(root);
        struct dirent *entry;

        if (!dir && errno != ENOENT)
                return negative_errno();
        while (dir && (entry = readdir(dir))) {
                _cleanup_free_ char *file = g_build_filename(root, entry->d_name, "state", NULL);

                if (container_id_is_valid(entry->d_name) && access(file, F_OK) >= 0)
                        g_ptr_array_add(ids, g_strdup(entry->d_name));
        }
        if (ids->len > 0)
                qsort(ids->pdata, ids->len, sizeof(char *), compare_strings);
        g_ptr_array_add(ids, NULL);
        *ret = (char **) g_ptr_array_steal(ids, NULL);
        return 0;
}
