/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the names and properties of the scope of a container that runs in its caller's context, and the order
 * of making and removing things around it. */

#include "runtime/adhoc-scope.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "basic/json-text.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/unit-name.h"
#include "runtime/exec-status.h"
#include "runtime/foreground.h"
#include "runtime/params.h"
#include "runtime/prepare.h"
#include "runtime/run.h"
#include "unit/property-text.h"

typedef struct Names {
        char *unit, *id, *slice;
} Names;

static void names_done(Names *n) {
        g_free(n->unit);
        g_free(n->id);
        g_free(n->slice);
}

/* ---- names ---- */

/* With ".scope" at the end. */
static int choose_unit(const char *wanted, char **ret) {
        uint64_t number;

        if (wanted) {
                *ret = g_str_has_suffix(wanted, ".scope") ? g_strdup(wanted)
                                                          : g_strconcat(wanted, ".scope", NULL);
                return 0;
        }
        if (getrandom(&number, sizeof number, 0) != sizeof number)
                return log_error_errno(negative_errno(), "Failed to make a name for the unit: %m");
        *ret = g_strdup_printf("berth-run-r%016" G_GINT64_MODIFIER "x.scope", number);
        return 0;
}

/* The last slice in our cgroup's path. */
static int find_own_slice(char **ret) {
        _cleanup_free_ char *cgroup = NULL;
        _cleanup_strv_ char **parts = NULL;
        const char *found = "-.slice";
        int r;

        r = pid_cgroup(0, &cgroup);
        if (r < 0)
                return log_error_errno(r, "--slice-inherit: failed to find our own cgroup: %m");
        parts = g_strsplit(cgroup, "/", -1);
        for (char **part = parts; *part; part++)
                if (g_str_has_suffix(*part, ".slice"))
                        found = *part;
        *ret = g_strdup(found);
        return 0;
}

static char *with_suffix(const char *slice) {
        return g_str_has_suffix(slice, ".slice") ? g_strdup(slice) : g_strconcat(slice, ".slice", NULL);
}

static int choose_slice(const AdhocScope *scope, char **ret) {
        _cleanup_free_ char *own = NULL;
        int r;

        if (!scope->inherit_slice) {
                *ret = scope->slice ? with_suffix(scope->slice)
                                    : g_strdup(geteuid() == 0 ? "machine.slice" : "app.slice");
                return 0;
        }
        r = find_own_slice(&own);
        if (r < 0)
                return r;
        if (scope->slice) {
                own[strlen(own) - strlen(".slice")] = '\0';
                *ret = streq(own, "-") ? with_suffix(scope->slice)
                                       : g_strdup_printf("%s-%s.slice", own, scope->slice);
        } else
                *ret = TAKE_PTR(own);
        return 0;
}

static int choose_names(const AdhocScope *scope, Names *ret) {
        _cleanup_(names_done) Names n = { 0 };
        _cleanup_free_ char *stem = NULL;
        int r;

        r = choose_unit(scope->unit, &n.unit);
        if (r < 0)
                return r;
        stem = g_strndup(n.unit, strlen(n.unit) - strlen(".scope"));
        r = adhoc_container_id(stem, &n.id);
        if (r < 0)
                return log_error_errno(r, "--unit=%s: this cannot be the name of a container", scope->unit);
        r = choose_slice(scope, &n.slice);
        if (r < 0)
                return r;
        *ret = TAKE(n, (Names) { 0 });
        return 0;
}

/* linux.cgroupsPath for exactly that unit in that slice. Caller frees. */
static char *place_as_patch(const Names *n) {
        _cleanup_free_ char *escaped = g_strndup(n->unit, strlen(n->unit) - strlen(".scope")),
                            *name = unit_name_unescape(escaped),
                            *path = g_strdup_printf("%s::%s", n->slice, name ?: escaped);
        GString *text = g_string_new(NULL);
        JsonText j;

        json_text_init(&j, text, /* indent= */ 0);
        json_text_begin_object(&j, NULL);
        json_text_begin_object(&j, "linux");
        json_text_string(&j, "cgroupsPath", path);
        json_text_end_object(&j);
        json_text_end_object(&j);
        return g_string_free(text, FALSE);
}

/* ---- properties ---- */

static int add_property(PropertyList *list, const char *assignment) {
        const char *expected;
        int r = property_from_text(assignment, list, &expected);

        if (r == -ENOENT)
                return log_error_errno(
                                -EINVAL,
                                "--property=%s: a scope has no '%.*s'; without --scope, it would be a "
                                "service",
                                assignment, (int) strcspn(assignment, "="), assignment);
        return r < 0 ? log_error_errno(r, "--property=%s: expected %s", assignment, expected) : 0;
}

static int make_properties(const AdhocScope *scope, PropertyList *list) {
        int r = 0;

        if (scope->description)
                property_set_string(list, "Description", scope->description);
        if (scope->send_sighup)
                property_set_bool(list, "SendSIGHUP", true);
        for (char **p = scope->properties; r >= 0 && p && *p; p++)
                r = add_property(list, *p);
        return r;
}

/* ---- running it ---- */

static int run_prepared(const Names *n, const PropertyList *properties, int *exec_error, int *ret_status) {
        _cleanup_free_ char *dir = unit_dir_path(n->id),
                            *config = g_build_filename(dir, "config.json", NULL),
                            *root = state_default_root();
        _cleanup_(unit_params_done) UnitParams params = UNIT_PARAMS_NULL;
        _cleanup_close_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (dir_fd < 0)
                return log_error_errno(negative_errno(), "Failed to open directory '%s': %m", dir);
        r = unit_params_read(dir_fd, &params);
        if (r < 0)
                return r;
        const CreateOptions options = {
                .root = root,
                .id = n->id,
                .bundle = params.bundle,
                .config = config,
                .properties = properties,
                .exec_error = exec_error,
                .cgroup_manager = CGROUP_MANAGER_SYSTEMD,
        };
        return container_run(&options, ret_status);
}

/* One of that name that runs is found here, and left alone. */
static int check_and_prepare(const AdhocContainer *container, const char *id) {
        _cleanup_free_ char *declaration = adhoc_declaration(container);
        int r;

        (void) setenv(ADHOC_VARIABLE, declaration, 1);
        r = prepare_check(id);
        if (r >= 0) {
                /* what they end must find the way to prepare_stop() */
                foreground_block_signals();
                r = prepare_start(id, id);
        }
        (void) unsetenv(ADHOC_VARIABLE);
        return r;
}

int adhoc_scope(const AdhocScope *scope, int *ret_status) {
        _cleanup_(property_list_freep) PropertyList *properties = property_list_new();
        AdhocContainer container = *scope->container;
        _cleanup_(names_done) Names n = { 0 };
        _cleanup_free_ char *patch = NULL;
        int r, q, status, exec_error = 0;

        r = choose_names(scope, &n);
        if (r >= 0)
                r = make_properties(scope, properties);
        if (r < 0)
                return r;
        container.patch = patch = place_as_patch(&n);
        r = check_and_prepare(&container, n.id);
        if (r < 0)
                return r;
        adhoc_json_print(scope->json, &(AdhocMade) { .unit = n.unit });
        if (!scope->quiet && scope->json == ADHOC_JSON_OFF)
                (void) fprintf(stderr, "Running scope as unit: %s\n", n.unit);
        r = run_prepared(&n, properties, &exec_error, &status);
        q = prepare_stop(n.id);
        if (r < 0)
                status = exec_exit_status(exec_error, EXIT_LAUNCHER);
        else if (q < 0)
                return q;
        *ret_status = status;
        return 0;
}
