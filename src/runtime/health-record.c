/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the format of the file "health". */

#include "runtime/health-record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "runtime/state.h"

#define HEALTH_FILE "health"
#define SECTION     "Health"

void health_record_done(HealthRecord *r) {
        g_free(r->start);
        g_free(r->end);
        g_free(r->output);
        *r = (HealthRecord) { 0 };
}

int health_record_write(const char *root, const char *id, const HealthRecord *record) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();
        _cleanup_close_ int dir_fd = state_open_directory(root, id);
        g_autofree char *text = NULL;
        gsize size;

        if (dir_fd < 0)
                return dir_fd;
        g_key_file_set_string(file, SECTION, "Status", health_status_to_string(record->status));
        g_key_file_set_uint64(file, SECTION, "FailingStreak", record->failing_streak);
        if (record->end) {
                g_key_file_set_string(file, SECTION, "Start", record->start);
                g_key_file_set_string(file, SECTION, "End", record->end);
                g_key_file_set_integer(file, SECTION, "ExitCode", record->exit_code);
                g_key_file_set_string(file, SECTION, "Output", record->output);
        }
        text = g_key_file_to_data(file, &size, NULL);
        return write_file_atomic_at(dir_fd, HEALTH_FILE, text, size, 0600);
}

static int parse_record(GKeyFile *file, HealthRecord *ret) {
        _cleanup_(health_record_done) HealthRecord record = { 0 };
        g_autofree char *status = g_key_file_get_string(file, SECTION, "Status", NULL);
        int r = status ? health_status_from_string(status) : -EBADMSG;

        if (r < 0)
                return -EBADMSG;
        record.status = r;
        record.failing_streak = (uint32_t) g_key_file_get_uint64(file, SECTION, "FailingStreak", NULL);
        record.start = g_key_file_get_string(file, SECTION, "Start", NULL);
        record.end = g_key_file_get_string(file, SECTION, "End", NULL);
        record.exit_code = g_key_file_get_integer(file, SECTION, "ExitCode", NULL);
        record.output = g_key_file_get_string(file, SECTION, "Output", NULL);
        if (record.end && (!record.start || !record.output))
                return -EBADMSG;

        *ret = TAKE(record, (HealthRecord) { 0 });
        return 0;
}

int health_record_read(const char *root, const char *id, HealthRecord *ret) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();
        _cleanup_close_ int dir_fd = state_open_directory(root, id);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (dir_fd < 0)
                return dir_fd;
        r = read_file_at(dir_fd, HEALTH_FILE, &text, &size);
        if (r < 0)
                return r;
        if (!g_key_file_load_from_data(file, text, size, G_KEY_FILE_NONE, NULL))
                return -EBADMSG;
        return parse_record(file, ret);
}

void health_record_append(JsonText *json, const char *root, const char *id) {
        _cleanup_(health_record_done) HealthRecord record = { 0 };

        if (health_record_read(root, id, &record) < 0)
                return;
        json_text_begin_object(json, "health");
        json_text_string(json, "status", health_status_to_string(record.status));
        json_text_int(json, "failingStreak", record.failing_streak);
        json_text_begin_array(json, "log");
        if (record.end) {
                json_text_begin_object(json, NULL);
                json_text_string(json, "start", record.start);
                json_text_string(json, "end", record.end);
                json_text_int(json, "exitCode", record.exit_code);
                json_text_string(json, "output", record.output);
                json_text_end_object(json);
        }
        json_text_end_array(json);
        json_text_end_object(json);
}
