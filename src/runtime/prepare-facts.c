/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns looking at the host and at the container's root for a declaration. */

#include "runtime/prepare-facts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "config/adhoc.h"
#include "config/environment-file.h"
#include "config/search.h"
#include "runtime/prepare-network.h"
#include "runtime/prepare-volumes.h"
#include "runtime/rootfs-user.h"
#include "runtime/state.h"
#include "sandbox/capabilities.h"

/* ---- users ---- */

static int look_up_users(const ContainerFile *c, const char *root, int root_fd, ContainerFacts *facts) {
        RootfsUserQuery query = {
                .name = c->path, .root_fd = root_fd, .root = root, .user = c->user, .group = c->group
        };
        int r = 0;

        if (c->user)
                r = rootfs_user_lookup(&query, &facts->user);
        facts->has_user = c->user;
        if (r >= 0 && c->group_add)
                r = rootfs_groups_lookup(&query, c->group_add, &facts->groups, &facts->n_groups);
        return r;
}

/* ---- environment ---- */

/* What systemd tells the service about itself: the payload has its own of these, or nothing to do with them.
 */
static const char *const not_passed[] = {
        "BERTH_UNIT_PATH",
        "CREDENTIALS_DIRECTORY",
        "FDSTORE",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "LOGS_DIRECTORY",
        "MAINPID",
        "MANAGERPID",
        "MANAGERPIDFDID",
        "NOTIFY_SOCKET",
        "PATH", /* of another file system */
        "PIDFILE",
        "RUNTIME_DIRECTORY",
        "STATE_DIRECTORY",
        "CACHE_DIRECTORY",
        "SYSTEMD_EXEC_PID",
        "CONFIGURATION_DIRECTORY",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE",
        ADHOC_VARIABLE,
};

static const char *const proxies[] = {
        "http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",
};

static bool is_passed(const char *assignment) {
        for (size_t i = 0; i < ELEMENTSOF(not_passed); i++) {
                const char *rest = startswith(assignment, not_passed[i]);

                if (rest && *rest == '=')
                        return false;
        }
        return strchr(assignment, '=') && *assignment != '=' && g_utf8_validate(assignment, -1, NULL);
}

static void take_own_environment(const ContainerFile *c, char ***list) {
        if (c->environment_host > 0)
                for (char **e = environ; *e; e++)
                        if (is_passed(*e))
                                value_set_assignment(list, g_strdup(*e));
        if (c->http_proxy <= 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(proxies); i++) {
                const char *value = getenv(proxies[i]);

                if (value)
                        value_set_assignment(list, g_strconcat(proxies[i], "=", value, NULL));
        }
}

static int read_environment_file(const ContainerWord *file, char ***list) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, file->text, &text, &size);

        if (r == -ENOENT && file->optional)
                return 0;
        if (r < 0)
                return log_error_errno(
                                r, "%s:%u: EnvironmentFile=: '%s': %m", file->file, file->line, file->text);
        if (strlen(text) != size)
                return log_error_errno(
                                -EINVAL, "%s:%u: EnvironmentFile=: '%s' has a NUL byte", file->file,
                                file->line, file->text);
        r = environment_file_parse(text, list);
        if (r < 0)
                return log_error_errno(
                                -EINVAL, "%s:%d: expected NAME=value (named by %s:%u)", file->text, -r,
                                file->file, file->line);
        return 0;
}

static int collect_environment(const ContainerFile *c, ContainerFacts *facts) {
        int r = 0;

        take_own_environment(c, &facts->environment);
        for (unsigned i = 0; r >= 0 && c->environment_files && i < c->environment_files->len; i++)
                r = read_environment_file(c->environment_files->pdata[i], &facts->environment);
        return r;
}

/* ---- security ---- */

static int read_seccomp(const ContainerFile *c, ContainerFacts *facts) {
        struct utsname uts;
        size_t size;
        int r;

        if (!c->seccomp_profile || streq(c->seccomp_profile, "unconfined"))
                return 0;
        r = read_file_at(AT_FDCWD, c->seccomp_profile, &facts->seccomp, &size);
        if (r < 0)
                return log_error_errno(r, "%s: SeccompProfile=: '%s': %m", c->path, c->seccomp_profile);
        if (uname(&uts) >= 0)
                facts->kernel = g_strdup(uts.release);
        return 0;
}

/* A name that the kernel does not know would only be warned about. */
static void find_capabilities(ContainerFacts *facts) {
        _cleanup_strv_ char **names = capability_names();

        for (char **name = names; *name; name++)
                facts->known_capabilities |= CAPABILITY_BIT(capability_from_name(*name));
}

/* ---- network ---- */

static bool is_declared(const char *name) {
        _cleanup_strv_ char **path = config_search_path(geteuid() != 0);
        _cleanup_(config_found_freep) ConfigFound *found = NULL;

        return config_find((const char *const *) path, name, &found) >= 0;
}

/* The namespace of another container, by a process that is known to be its init. */
static int find_container_network(const ContainerFile *c, bool trial, ContainerFacts *facts) {
        _cleanup_free_ char *root = state_default_root(), *id = declared_id(c->network_target);
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        int r;

        r = state_try_load(root, id, &state);
        if (r >= 0)
                r = state_open_init(state, &init);
        if (r < 0 && trial && is_declared(c->network_target)) {
                facts->network = g_strdup("/proc/self/ns/net"); /* some network namespace */
                return 0;
        }
        if (r < 0)
                return log_error_errno(
                                r, "%s: Network=container:%s: the container is not running", c->path,
                                c->network_target);
        facts->network = g_strdup_printf("/proc/%d/ns/net", (int) init.pid);
        return 0;
}

static int find_network(const ContainerFile *c, bool trial, ContainerFacts *facts) {
        struct statfs fs;

        if (c->network == CONTAINER_NETWORK_CONTAINER)
                return find_container_network(c, trial, facts);
        if (c->network != CONTAINER_NETWORK_NAMESPACE)
                return 0;
        if (statfs(c->network_target, &fs) < 0)
                return log_error_errno(
                                negative_errno(), "%s: Network=ns:%s: %m", c->path, c->network_target);
        if (fs.f_type != NSFS_MAGIC)
                return log_error_errno(
                                -EINVAL, "%s: Network=ns:%s: not a namespace", c->path, c->network_target);
        facts->network = g_strdup(c->network_target);
        return 0;
}

/* ---- patches ---- */

static int read_patches(const ContainerFile *c, ContainerFacts *facts) {
        for (unsigned i = 0; c->patches && i < c->patches->len; i++) {
                const ContainerWord *word = c->patches->pdata[i];
                ContainerFileText *patch = g_new0(ContainerFileText, 1);
                int r = 0;

                if (!facts->patches)
                        facts->patches = g_ptr_array_new_with_free_func(container_file_text_free);
                g_ptr_array_add(facts->patches, patch);
                if (*word->text == '/') {
                        patch->name = g_strdup(word->text);
                        r = read_file_at(AT_FDCWD, word->text, &patch->text, NULL);
                } else {
                        patch->name = g_strdup_printf("%s:%u: OCIPatch=", word->file, word->line);
                        patch->text = g_strdup(word->text);
                }
                if (r < 0)
                        return log_error_errno(
                                        r, "%s:%u: OCIPatch=: '%s': %m", word->file, word->line, word->text);
        }
        return 0;
}

static int find_init(const ContainerFile *c, ContainerFacts *facts) {
        static const char path[] = BERTH_LIBEXECDIR "/berth-init";

        if (c->run_init <= 0)
                return 0;
        if (access(path, X_OK) < 0)
                return log_error_errno(negative_errno(), "%s: RunInit=: '%s': %m", c->path, path);
        facts->init = g_strdup(path);
        return 0;
}

int prepare_facts(
                const ContainerFile *container, const PreparedRoot *root, const char *unit_dir,
                ContainerFacts *ret) {
        _cleanup_(container_facts_done) ContainerFacts facts = { 0 };
        int root_fd = root->fd, r;

        facts.map_volumes = root->userns->map_root && root->userns->map.n_uid > 0;
        r = look_up_users(container, root->name, root_fd, &facts);
        if (r >= 0)
                r = collect_environment(container, &facts);
        if (r >= 0)
                r = prepare_volumes(container, root_fd, root->name, unit_dir, &facts);
        if (r >= 0)
                r = prepare_network(container, root_fd, unit_dir, &facts);
        if (r >= 0)
                r = read_seccomp(container, &facts);
        if (r >= 0)
                r = find_network(container, root->trial, &facts);
        if (r >= 0)
                r = read_patches(container, &facts);
        find_capabilities(&facts);
        if (r >= 0)
                r = find_init(container, &facts);
        if (r < 0)
                return r;
        *ret = TAKE(facts, (ContainerFacts) { 0 });
        return 0;
}
