/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns all that is refused before the first side effect. Must not change anything. */

#include "resctrl/check.h"

#include <fcntl.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "resctrl/schemata.h"

char *resctrl_group_file(const char *group, const char *name) {
        return streq(group, "/") ? g_strdup(name) : g_strdup_printf("%s/%s", group, name);
}

bool resctrl_group_exists_at(int root_fd, const char *group) {
        _cleanup_free_ char *path = resctrl_group_file(group, "schemata");

        return faccessat(root_fd, path, F_OK, /* flags= */ 0) >= 0;
}

static int read_schemata(int root_fd, const char *group, GPtrArray **ret) {
        _cleanup_free_ char *path = resctrl_group_file(group, "schemata");
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(root_fd, path, &text, /* ret_size= */ NULL);
        if (r < 0)
                return log_error_errno(r, "Failed to read the schemata of resctrl group '%s': %m", group);

        *ret = schemata_parse(text);
        return 0;
}

bool resctrl_has_resource_at(int root_fd, const char *resource) {
        _cleanup_free_ char *path = g_strdup_printf("info/%s/num_closids", resource);

        return !strchr(resource, '/') && faccessat(root_fd, path, F_OK, /* flags= */ 0) >= 0;
}

/* What the machine can allocate, for messages: "L3 MB". Caller frees. */
static char *list_resources(int root_fd) {
        static const char *const names[] = {
                "L3", "L3CODE", "L3DATA", "L2", "L2CODE", "L2DATA", "MB", "SMBA"
        };
        _cleanup_string_ GString *list = g_string_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (resctrl_has_resource_at(root_fd, names[i]))
                        g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "", names[i]);
        return g_strdup(list->len > 0 ? list->str : "nothing");
}

/* Does not judge the form of the line: the kernel does. */
static int check_domains(const char *text, GPtrArray *machine) {
        _cleanup_(schemata_line_freep) SchemataLine *line = NULL;
        uint32_t domain;

        if (schemata_line_parse(text, &line) < 0 || !schemata_find_missing_domain(line, machine, &domain))
                return 0;
        return log_error_errno(
                        -EOPNOTSUPP,
                        "intelRdt asks for '%s', but this machine's resctrl has no domain %u of '%s'", text,
                        domain, line->resource);
}

/* What the kernel would refuse without a word about the reason. */
int resctrl_check_lines_at(int root_fd, GPtrArray *lines) {
        _cleanup_ptr_array_ GPtrArray *machine = NULL;
        int r;

        r = read_schemata(root_fd, "/", &machine);
        if (r < 0)
                return r;

        for (guint i = 0; i < lines->len; i++) {
                _cleanup_free_ char *resource = schemata_resource(lines->pdata[i]);
                _cleanup_free_ char *known = NULL;

                if (resource && !resctrl_has_resource_at(root_fd, resource)) {
                        known = list_resources(root_fd);
                        return log_error_errno(
                                        -EOPNOTSUPP,
                                        "intelRdt asks for '%s', but this machine's resctrl has no resource "
                                        "'%s' "
                                        "(it has: %s)",
                                        (char *) lines->pdata[i], resource, known);
                }
                r = check_domains(lines->pdata[i], machine);
                if (r < 0)
                        return r;
        }
        return 0;
}

static uint64_t read_granularity(int root_fd, const char *resource) {
        _cleanup_free_ char *path = g_strdup_printf("info/%s/bandwidth_gran", resource);
        _cleanup_free_ char *text = NULL;
        uint64_t value;

        if (read_file_at(root_fd, path, &text, /* ret_size= */ NULL) < 0)
                return 0;
        return parse_uint64(g_strstrip(text), &value) < 0 ? 0 : value;
}

static int compare_line(
                const char *group, const char *line, GPtrArray *current, const SchemataRounding *rounding) {
        _cleanup_(schemata_line_freep) SchemataLine *wanted = NULL;
        int r;

        r = schemata_line_parse(line, &wanted);
        if (r < 0)
                return log_error_errno(
                                r,
                                "intelRdt asks for '%s', expected 'RESOURCE:DOMAIN=VALUE;...' with each "
                                "domain once",
                                line);
        if (!schemata_line_in_force(wanted, current, rounding))
                return log_error_errno(
                                -EEXIST,
                                "The resctrl group '%s' exists with a different configuration: expected "
                                "'%s'",
                                group, line);
        return 0;
}

/* A closID that exists may be shared with others, so its schemata are compared and never changed. */
static int check_existing(int root_fd, const char *group, GPtrArray *lines) {
        SchemataRounding rounding = {
                .mb = read_granularity(root_fd, "MB"),
                .smba = read_granularity(root_fd, "SMBA"),
        };
        _cleanup_ptr_array_ GPtrArray *current = NULL;
        int r;

        r = read_schemata(root_fd, group, &current);
        if (r < 0)
                return r;

        for (guint i = 0; i < lines->len; i++) {
                r = compare_line(group, lines->pdata[i], current, &rounding);
                if (r < 0)
                        return r;
        }
        return 0;
}

int resctrl_check_at(int root_fd, const ResctrlConfig *config, const char *id, GPtrArray *lines) {
        const char *group = resctrl_config_group(config, id);
        int r;

        r = resctrl_config_validate(config, id);
        if (r < 0)
                return r;
        r = resctrl_check_lines_at(root_fd, lines);
        if (r < 0)
                return r;
        if (config->enable_monitoring && faccessat(root_fd, "mon_groups", F_OK, /* flags= */ 0) < 0)
                return log_error_errno(
                                -EOPNOTSUPP,
                                "intelRdt asks for monitoring, but this machine's resctrl cannot monitor");

        if (isempty(config->clos_id))
                return 0;
        if (resctrl_group_exists_at(root_fd, group))
                return check_existing(root_fd, group, lines);
        if (lines->len == 0)
                return log_error_errno(
                                -ENOENT,
                                "The resctrl group '%s' does not exist, and intelRdt has no schemata to "
                                "make it with",
                                group);
        return 0;
}
