/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directory of a container unit and the order of making and removing things. The directory comes
 * first and goes last: as long as it exists, prepare_stop() has something to do. */

#include "runtime/prepare.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "config/to-json.h"
#include "resctrl/group.h"
#include "resctrl/owner.h"
#include "runtime/delete.h"
#include "runtime/end-report.h"
#include "runtime/params.h"
#include "runtime/prepare-changes.h"
#include "runtime/prepare-config.h"
#include "runtime/prepare-instance.h"
#include "runtime/prepare-volumes.h"
#include "runtime/rebirth.h"
#include "runtime/service-env.h"
#include "runtime/state.h"

/* Which container uses which resctrl group that units made. */
#define RESCTRL_REGISTRY "/run/berth-resctrl"

/* File in the unit's directory with the INVOCATION_ID of the start that it was made for. */
#define PREPARED_FILE "prepared"

/* Borrows from the Spec. */
static ResctrlConfig resctrl_config(const Spec *spec) {
        const SpecIntelRdt *rdt = &spec->linux_.intel_rdt;

        return (ResctrlConfig) {
                .clos_id = rdt->clos_id,
                .l3_cache_schema = rdt->l3_cache_schema,
                .mem_bw_schema = rdt->mem_bw_schema,
                .schemata = rdt->schemata,
                .enable_monitoring = rdt->enable_monitoring,
        };
}

static int check_resctrl(const Spec *spec, const char *id) {
        ResctrlConfig config = resctrl_config(spec);

        return spec->linux_.intel_rdt.set ? resctrl_check(/* root= */ NULL, &config, id) : 0;
}

/* The group's name is on disk before the group can exist, so that a crash in between leaves nothing unknown.
 */
static int start_resctrl(int dir_fd, const Spec *spec, const char *id) {
        ResctrlConfig config = resctrl_config(spec);
        const char *group = resctrl_config_group(&config, id);
        int r;

        if (!spec->linux_.intel_rdt.set)
                return 0;
        r = write_file_atomic_at(dir_fd, RESCTRL_FILE, group, strlen(group), 0600);
        if (r < 0)
                return log_error_errno(r, "Failed to write '" RESCTRL_FILE "' of container '%s': %m", id);
        return resctrl_owner_start(/* root= */ NULL, RESCTRL_REGISTRY, &config, id);
}

static int stop_resctrl(int dir_fd, const char *id) {
        _cleanup_free_ char *group = NULL;
        int r = read_file_at(dir_fd, RESCTRL_FILE, &group, NULL);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Failed to read '" RESCTRL_FILE "' of container '%s': %m", id);
        return resctrl_owner_stop(/* root= */ NULL, RESCTRL_REGISTRY, group, id);
}

static int unit_directory(const char *id, char **ret) {
        char *path = unit_dir_path(id);

        if (!path)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set");
        *ret = path;
        return 0;
}

/* Whether a container of that name is alive. One that was only created is a leftover when this unit made it,
 * as the unit's directory tells; otherwise somebody is about to start it. So is one of this unit that was to
 * end. */
static int check_not_running(const char *root, const char *id, const char *path) {
        _cleanup_close_ int fd = state_open_directory(root, id);
        _cleanup_(state_freep) State *state = NULL;
        ContainerStatus status;

        if (fd == -ENOENT)
                return 0;
        if (state_load(root, id, &state) < 0)
                return 0; /* what is left of a create that was killed; removing it says more */
        status = state_status(root, state);
        if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
                return 0;
        if (status == CONTAINER_CREATED ? access(path, F_OK) >= 0 : rebirth_was_to_end(root, id, path))
                return 0;
        return log_error_errno(
                        -EBUSY, "Container '%s' is %s already", id, container_status_to_string(status));
}

static int remove_leftovers(const char *root, const char *id) {
        _cleanup_close_ int fd = state_open_directory(root, id);
        int r;

        if (fd >= 0) {
                log_info("Removing what is left of an earlier container '%s'", id);
                r = container_delete(root, id, /* force= */ true);
                if (r < 0)
                        return r;
        }
        return prepare_stop(id);
}

static int make_unit_directory(const char *path) {
        _cleanup_free_ char *parent = g_path_get_dirname(path);
        int r, fd;

        r = make_directories(parent, 0755);
        if (r < 0)
                return log_error_errno(r, "Failed to make directory '%s': %m", parent);
        if (mkdir(path, 0700) < 0)
                return log_error_errno(negative_errno(), "Failed to make directory '%s': %m", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open directory '%s': %m", path);
        return fd;
}

/* The payload reads them whoever it runs as. */
static int write_files(int fd, const char *path, const GPtrArray *files) {
        for (unsigned i = 0; files && i < files->len; i++) {
                const ContainerFileText *f = files->pdata[i];
                int r = write_file_atomic_at(fd, f->name, f->text, strlen(f->text), 0644);

                if (r >= 0 && fchmodat(fd, f->name, 0644, 0) < 0)
                        r = negative_errno();
                if (r < 0)
                        return log_error_errno(r, "Failed to write '%s/%s': %m", path, f->name);
        }
        return 0;
}

/* For which start of the unit this is. */
static int mark_prepared(int fd) {
        const char *invocation = getenv("INVOCATION_ID");

        return invocation ? write_file_atomic_at(fd, PREPARED_FILE, invocation, strlen(invocation), 0600)
                          : 0;
}

bool prepare_is_done(const char *id) {
        _cleanup_free_ char *path = unit_dir_path(id), *file = NULL, *text = NULL;
        const char *invocation = getenv("INVOCATION_ID");

        if (!path || !invocation)
                return false;
        file = g_build_filename(path, PREPARED_FILE, NULL);
        return read_file_at(AT_FDCWD, file, &text, NULL) >= 0 && streq(text, invocation);
}

static int fill_unit_directory(int fd, const char *path, const PreparedConfig *config) {
        int r;

        r = write_file_atomic_at(fd, "config.json", config->text, strlen(config->text), 0600);
        if (r < 0)
                return log_error_errno(r, "Failed to write '%s/config.json': %m", path);
        r = unit_params_write(fd, &config->params);
        if (r < 0)
                return log_error_errno(r, "Failed to write '%s/params': %m", path);
        r = write_files(fd, path, config->files);
        if (r < 0)
                return r;
        r = prepare_image_start(config->image.image || config->disk.image.path, fd);
        if (r >= 0)
                r = prepare_changes_start(&config->changes, &config->userns);
        if (r < 0)
                return r;
        r = mark_prepared(fd);
        if (r < 0)
                return log_error_errno(r, "Failed to write '%s/" PREPARED_FILE "': %m", path);
        /* The payload reaches the socket in here whoever it runs as. */
        if (mkdirat(fd, "notify", 0755) < 0 || fchmodat(fd, "notify", 0755, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to make directory '%s/notify': %m", path);
        return 0;
}

static int make_all(const char *id, const char *path, const PreparedConfig *config) {
        _cleanup_close_ int fd = make_unit_directory(path);
        int r;

        if (fd < 0)
                return fd;
        r = prepare_userns_start(&config->userns, id, fd);
        if (r >= 0)
                r = fill_unit_directory(fd, path, config);
        if (r >= 0)
                r = prepare_volumes_make(config->volumes);
        if (r < 0)
                return r;
        return start_resctrl(fd, config->spec, id);
}

static bool is_connection(const char *id, const char *declared) {
        _cleanup_free_ char *own = declared_id(declared);

        return !streq(id, own);
}

/* The names of a container and of its declaration. */
typedef struct Names {
        const char *id, *declared;
} Names;

static int check_connection(const Names *names, const PreparedConfig *config) {
        if (!config->accept || is_connection(names->id, names->declared))
                return 0;
        return log_error_errno(
                        -EINVAL,
                        "Container '%s' runs once for each connection (Accept=yes): start "
                        "'container@%s.socket' instead of this unit",
                        names->id, names->id);
}

static int check_all(const Names *names, const char *path, const char *root, PreparedConfig *ret) {
        const char *id = names->id;
        int r;

        r = prepare_config(names->declared, path, ret);
        if (r < 0)
                return r;
        r = check_connection(names, ret);
        if (r < 0)
                return r;
        r = check_resctrl(ret->spec, id);
        if (r < 0)
                return r;
        return check_not_running(root, id, path);
}

int prepare_check(const char *id) {
        const Names names = { .id = id, .declared = id };
        _cleanup_(prepared_config_done) PreparedConfig config = { .params = UNIT_PARAMS_NULL };
        _cleanup_free_ char *path = NULL, *root = state_default_root();
        int r;

        r = unit_directory(id, &path);
        return r < 0 ? r : check_all(&names, path, root, &config);
}

int prepare_check_declared(ContainerFile *container) {
        _cleanup_(prepared_config_done) PreparedConfig config = { .params = UNIT_PARAMS_NULL };
        _cleanup_free_ char *path = NULL;
        int r;

        r = unit_directory(container->id, &path);
        if (r < 0)
                return r;
        r = prepare_config_declared(container, path, &config);
        return r < 0 ? r : check_resctrl(config.spec, container->id);
}

/* -EAGAIN: what was found out does not hold any more. */
static int start(const Names *names, const char *path, const char *root) {
        _cleanup_(prepared_config_done) PreparedConfig config = { .params = UNIT_PARAMS_NULL };
        int r;

        r = check_all(names, path, root, &config);
        if (r < 0)
                return r;
        r = remove_leftovers(root, names->id);
        if (r < 0)
                return r;
        (void) service_own_unit(&config.params.unit);
        r = make_all(names->id, path, &config);
        if (r < 0)
                (void) prepare_stop(names->id);
        return r;
}

int prepare_start(const char *id, const char *declared) {
        const Names names = { .id = id, .declared = declared };
        _cleanup_free_ char *path = NULL, *root = state_default_root();
        int r;

        r = unit_directory(id, &path);
        if (r < 0)
                return r;
        if (rebirth_is_due(root, id, path))
                return 0; /* as it was made, whatever the configuration says by now */
        do
                r = start(&names, path, root);
        while (r == -EAGAIN);
        return r;
}

int prepare_stop(const char *id) {
        _cleanup_free_ char *path = NULL, *root = state_default_root();
        _cleanup_close_ int fd = -EBADF;
        int r, q;

        r = unit_directory(id, &path);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) {
                end_report_remove_stale(id);
                return 0; /* not ours, or done, or it never came so far */
        }
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open directory '%s': %m", path);

        r = container_delete(root, id, /* force= */ true);
        q = stop_resctrl(fd, id);
        if (q >= 0)
                q = prepare_userns_stop(id, fd);
        if (q >= 0)
                q = prepare_changes_stop(id);
        if (r < 0 || q < 0)
                return r < 0 ? r : q; /* the directory stays, so that the next call tries again */
        end_report_remove_stale(id);
        r = remove_tree_at(AT_FDCWD, path);
        return r < 0 ? log_error_errno(r, "Failed to remove '%s': %m", path) : 0;
}

int prepare_end(const char *id, const char *declared) {
        _cleanup_free_ char *path = NULL, *root = state_default_root();
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = unit_directory(id, &path);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && !is_connection(id, declared) && rebirth_leave(root, id, fd) > 0)
                return 0;
        prepare_instance_end(declared);
        return prepare_stop(id);
}

int prepare_guard(const char *id, const char *unit) {
        return rebirth_guard(id, unit, prepare_stop);
}
