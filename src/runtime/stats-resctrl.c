/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the statistics of resctrl. Changes nothing there. */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/parse-util.h"
#include "resctrl/mount.h"
#include "resctrl/rdt-config.h"
#include "resctrl/schemata.h"
#include "runtime/stats.h"

/* The text of DIRECTORY/FILE without white space around it; NULL: there is none. Caller frees. */
static char *read_text(int root_fd, const char *directory, const char *file) {
        _cleanup_free_ char *path = g_build_filename(directory, file, NULL);
        char *text;

        return read_file_at(root_fd, path, &text, /* ret_size= */ NULL) < 0 ? NULL : g_strstrip(text);
}

/* info/L3, info/MB: the mask is hexadecimal and stays a text. */
static void append_info(JsonText *json, int root_fd, const char *name, const char *resource) {
        static const char *const files[] = { "cbm_mask",       "min_cbm_bits", "num_closids",
                                             "bandwidth_gran", "delay_linear", "min_bandwidth" };
        _cleanup_free_ char *directory = g_build_filename("info", resource, NULL);

        if (faccessat(root_fd, directory, F_OK, /* flags= */ 0) < 0)
                return;
        json_text_begin_object(json, name);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *text = read_text(root_fd, directory, files[i]);
                uint64_t n;

                if (!text)
                        continue;
                if (streq(files[i], "cbm_mask"))
                        json_text_string(json, files[i], text);
                else if (parse_uint64(text, &n) >= 0)
                        stats_append_number(json, files[i], n);
        }
        json_text_end_object(json);
}

/* The line of a resource, as the kernel writes it; NULL: there is none. Caller frees. */
static char *find_line(char **lines, const char *resource) {
        for (; lines && *lines; lines++) {
                _cleanup_free_ char *name = schemata_resource(*lines);

                if (name && streq(name, resource))
                        return g_strstrip(g_strdup(*lines));
        }
        return NULL;
}

static void append_line(JsonText *json, const char *name, char **lines, const char *resource) {
        _cleanup_free_ char *line = find_line(lines, resource);

        if (line)
                json_text_string(json, name, line);
}

static char **read_schemata(int root_fd, const char *group) {
        _cleanup_free_ char *text = read_text(root_fd, group, "schemata");

        return text ? g_strsplit(text, "\n", -1) : NULL;
}

static void append_schemata(JsonText *json, int root_fd, const char *group) {
        _cleanup_strv_ char **root = read_schemata(root_fd, ".");
        _cleanup_strv_ char **own = read_schemata(root_fd, group);

        append_line(json, "l3_cache_schema_root", root, "L3");
        append_line(json, "l3_cache_schema", own, "L3");
        append_line(json, "mem_bw_schema_root", root, "MB");
        append_line(json, "mem_bw_schema", own, "MB");
        json_text_begin_array(json, "schemata");
        for (char **line = own; line && *line; line++)
                json_text_string(json, NULL, g_strstrip(*line));
        json_text_end_array(json);
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The domains in a mon_data directory, sorted: mon_L3_00, mon_L3_01. Caller frees. */
static GPtrArray *list_domains(int root_fd, const char *mon_data) {
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;

        if (directory_open_at(root_fd, mon_data, &dir) < 0)
                return names;
        while ((entry = readdir(dir)))
                if (startswith(entry->d_name, "mon_L3_"))
                        g_ptr_array_add(names, g_build_filename(mon_data, entry->d_name, NULL));
        if (names->len > 0)
                qsort(names->pdata, names->len, sizeof(char *), compare_strings);
        return names;
}

/* One object a domain, with those of the files that there are. */
static void append_monitor(
                JsonText *json, const char *name, int root_fd, GPtrArray *domains,
                const char *const *files) {
        _cleanup_free_ char *probe =
                        domains->len > 0 ? read_text(root_fd, domains->pdata[0], files[0]) : NULL;

        if (!probe)
                return;
        json_text_begin_array(json, name);
        for (guint i = 0; i < domains->len; i++) {
                json_text_begin_object(json, NULL);
                for (const char *const *file = files; *file; file++) {
                        _cleanup_free_ char *text = read_text(root_fd, domains->pdata[i], *file);
                        uint64_t n;

                        if (text && parse_uint64(text, &n) >= 0) /* Not "Unavailable". */
                                stats_append_number(json, *file, n);
                }
                json_text_end_object(json);
        }
        json_text_end_array(json);
}

void stats_append_resctrl(JsonText *json, const SpecIntelRdt *rdt, const char *id) {
        static const char *const bandwidth[] = { "mbm_total_bytes", "mbm_local_bytes", NULL };
        static const char *const occupancy[] = { "llc_occupancy", NULL };
        const ResctrlConfig config = { .clos_id = rdt->clos_id };
        const char *group = resctrl_config_group(&config, id);
        _cleanup_close_ int root_fd = -EBADF;
        _cleanup_free_ char *mon_data = NULL;
        _cleanup_ptr_array_ GPtrArray *domains = NULL;

        json_text_begin_object(json, "intel_rdt");
        if (rdt->set && resctrl_open(/* root= */ NULL, &root_fd, /* ret_path= */ NULL) >= 0) {
                if (streq(group, "/"))
                        group = ".";
                append_info(json, root_fd, "l3_cache_info", "L3");
                append_info(json, root_fd, "mem_bw_info", "MB");
                append_schemata(json, root_fd, group);
                mon_data = rdt->enable_monitoring
                                ? g_build_filename(group, "mon_groups", id, "mon_data", NULL)
                                : g_build_filename(group, "mon_data", NULL);
                domains = list_domains(root_fd, mon_data);
                append_monitor(json, "mbm_stats", root_fd, domains, bandwidth);
                append_monitor(json, "cmt_stats", root_fd, domains, occupancy);
        }
        json_text_end_object(json);
}
