/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the registry of users. A record is a file of lines, replaced as a whole: the word "created" if berth
 * made the group, then "user ID" for each user. */

#include "resctrl/owner.h"

#include <fcntl.h>
#include <sys/file.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "resctrl/group.h"

typedef struct Record {
        bool created;
        GPtrArray *users; /* of char * */
} Record;

static void record_done(Record *record) {
        if (record->users)
                g_ptr_array_unref(record->users);
}

/* Not the bare name of the group, which could be that of the lock or of a temporary file. Caller frees. */
static char *record_path(const char *dir, const char *group) {
        return g_strdup_printf("%s/group-%s", dir, group);
}

static int record_load(const char *dir, const char *group, Record *ret) {
        _cleanup_free_ char *path = record_path(dir, group);
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        bool created = false;
        int r;

        r = read_file_at(AT_FDCWD, path, &text, /* ret_size= */ NULL);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Failed to read '%s': %m", path);

        ret->users = g_ptr_array_new_with_free_func(g_free);
        lines = g_strsplit(text ?: "", "\n", -1);
        for (char **line = lines; *line; line++) {
                const char *user = startswith(*line, "user ");

                if (user)
                        g_ptr_array_add(ret->users, g_strdup(user));
                else if (streq(*line, "created"))
                        created = true;
        }
        ret->created = created;
        return 0;
}

static int record_save(const char *dir, const char *group, const Record *record) {
        _cleanup_free_ char *path = record_path(dir, group);
        _cleanup_string_ GString *text = g_string_new(record->created ? "created\n" : NULL);
        int r;

        for (guint i = 0; i < record->users->len; i++)
                g_string_append_printf(text, "user %s\n", (char *) record->users->pdata[i]);
        r = write_file_atomic_at(AT_FDCWD, path, text->str, text->len, 0600);
        if (r < 0)
                return log_error_errno(r, "Failed to write '%s': %m", path);
        return 0;
}

static bool find_user(const Record *record, const char *id, guint *ret_index) {
        return g_ptr_array_find_with_equal_func(record->users, id, g_str_equal, ret_index);
}

int resctrl_owner_lock(const char *dir, int *ret_lock) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = make_directories(dir, 0700);
        if (r < 0)
                return log_error_errno(r, "Failed to make '%s': %m", dir);
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open '%s': %m", dir);
        if (flock(fd, LOCK_EX) < 0)
                return log_error_errno(negative_errno(), "Failed to lock '%s': %m", dir);

        *ret_lock = TAKE_FD(fd);
        return 0;
}

int resctrl_owner_acquire(const char *dir, const char *group, const char *id, bool created) {
        _cleanup_(record_done) Record record = {};
        int r;

        if (streq(group, "/"))
                return 0;

        r = record_load(dir, group, &record);
        if (r < 0)
                return r;
        record.created = record.created || created;
        if (!find_user(&record, id, /* ret_index= */ NULL))
                g_ptr_array_add(record.users, g_strdup(id));
        return record_save(dir, group, &record);
}

int resctrl_owner_release(const char *dir, const char *group, const char *id, bool *ret_remove) {
        _cleanup_(record_done) Record record = {};
        guint i;
        int r;

        if (streq(group, "/")) {
                *ret_remove = false;
                return 0;
        }

        r = record_load(dir, group, &record);
        if (r < 0)
                return r;
        if (find_user(&record, id, &i)) {
                g_ptr_array_remove_index(record.users, i);
                r = record.users->len == 0 && !record.created ? resctrl_owner_forget(dir, group)
                                                              : record_save(dir, group, &record);
                if (r < 0)
                        return r;
        }

        *ret_remove = record.users->len == 0 && record.created;
        return 0;
}

int resctrl_owner_forget(const char *dir, const char *group) {
        _cleanup_free_ char *path = record_path(dir, group);

        if (unlink(path) < 0 && errno != ENOENT)
                return log_error_errno(negative_errno(), "Failed to remove '%s': %m", path);
        return 0;
}

/* The caller holds the lock. */
static int release_and_remove(const char *root, const char *dir, const char *group, const char *id) {
        bool remove = false;
        int r;

        r = resctrl_owner_release(dir, group, id, &remove);
        if (r < 0 || !remove)
                return r;
        r = resctrl_group_remove(root, group);
        if (r < 0)
                return r;
        return resctrl_owner_forget(dir, group);
}

int resctrl_owner_start(const char *root, const char *dir, const ResctrlConfig *config, const char *id) {
        const char *group = resctrl_config_group(config, id);
        _cleanup_close_ int lock = -EBADF;
        int r;

        /* First of all: the name of the group becomes part of the record's. */
        r = resctrl_check(root, config, id);
        if (r < 0)
                return r;
        r = resctrl_owner_lock(dir, &lock);
        if (r < 0)
                return r;

        /* The record comes before the group: a crash in between leaves a record of a group that does not
         * exist, which is harmless, but a group without a record would stay forever. */
        r = resctrl_owner_acquire(dir, group, id, !resctrl_group_exists(root, group));
        if (r < 0)
                return r;
        r = resctrl_group_ensure(root, config, id, /* ret_created= */ NULL);
        if (r < 0)
                (void) release_and_remove(root, dir, group, id);
        return r;
}

int resctrl_owner_stop(const char *root, const char *dir, const char *group, const char *id) {
        _cleanup_close_ int lock = -EBADF;
        int r;

        r = resctrl_owner_lock(dir, &lock);
        if (r < 0)
                return r;
        r = resctrl_monitor_remove(root, group, id);
        if (r < 0)
                return r;
        return release_and_remove(root, dir, group, id);
}
