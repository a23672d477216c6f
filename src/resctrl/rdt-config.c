/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about a configuration that hold on every machine. Must not look at the machine. */

#include "resctrl/rdt-config.h"

#include "basic/log.h"
#include "resctrl/schemata.h"

const char *resctrl_config_group(const ResctrlConfig *config, const char *id) {
        return isempty(config->clos_id) ? id : config->clos_id;
}

GPtrArray *resctrl_config_lines(const ResctrlConfig *config) {
        GPtrArray *lines = g_ptr_array_new();

        if (!isempty(config->l3_cache_schema))
                g_ptr_array_add(lines, config->l3_cache_schema);
        if (!isempty(config->mem_bw_schema))
                g_ptr_array_add(lines, config->mem_bw_schema);
        for (char **line = config->schemata; line && *line; line++)
                g_ptr_array_add(lines, *line);
        return lines;
}

static int validate_group(const ResctrlConfig *config, const char *id) {
        /* Directories of resctrl itself: mkdir() would say that they exist, as if they were groups. */
        static const char *const reserved[] = { ".", "..", "info", "mon_data", "mon_groups" };
        const char *group = resctrl_config_group(config, id);
        const char *what = isempty(config->clos_id) ? "the container's id" : "/linux/intelRdt/closID";

        if (streq(group, "/") && !isempty(config->clos_id))
                return 0;

        if (strchr(group, '\n'))
                return log_error_errno(-EINVAL, "%s: expected one line, found a newline in it", what);
        if (strchr(group, '/'))
                return log_error_errno(
                                -EINVAL,
                                "%s '%s' cannot be the name of a resctrl group: expected a name without '/'",
                                what, group);
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (streq(group, reserved[i]))
                        return log_error_errno(
                                        -EINVAL,
                                        "%s '%s' cannot be the name of a resctrl group: resctrl uses it "
                                        "itself",
                                        what, group);
        return 0;
}

static int validate_line(const char *where, const char *line, const char *prefix) {
        _cleanup_free_ char *resource = schemata_resource(line);

        if (strchr(line, '\n'))
                return log_error_errno(-EINVAL, "%s: expected one line, found a newline in it", where);
        if (prefix && !startswith(line, prefix))
                return log_error_errno(
                                -EINVAL, "%s '%s': expected a text that begins with '%s'", where, line,
                                prefix);
        if (!resource)
                return log_error_errno(
                                -EINVAL, "%s '%s': expected 'RESOURCE:DOMAIN=VALUE;...'", where, line);
        return 0;
}

int resctrl_config_validate(const ResctrlConfig *config, const char *id) {
        int r;

        r = validate_group(config, id);
        if (r < 0)
                return r;

        if (!isempty(config->l3_cache_schema)) {
                r =
                                validate_line("/linux/intelRdt/l3CacheSchema", config->l3_cache_schema,
                                              /* prefix= */ NULL);
                if (r < 0)
                        return r;
        }
        if (!isempty(config->mem_bw_schema)) {
                r = validate_line("/linux/intelRdt/memBwSchema", config->mem_bw_schema, "MB:");
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; config->schemata && config->schemata[i]; i++) {
                _cleanup_free_ char *where = g_strdup_printf("/linux/intelRdt/schemata/%zu", i);

                r = validate_line(where, config->schemata[i], /* prefix= */ NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}
