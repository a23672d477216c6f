/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directories of declarations. Each is read once, whatever the number of files. Parses nothing. */

#include "config/search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>

#include "basic/macro.h"
#include "basic/unit-name.h"
#include "config/messages.h"

#define SUFFIX        ".container"
#define FILE_SIZE_MAX (16 * 1024 * 1024)

static const char *const system_directories[] = {
        "/etc/berth", "/run/berth", "/usr/local/lib/berth", "/usr/lib/berth", NULL,
};

void config_found_free(ConfigFound *found) {
        if (!found)
                return;
        g_free(found->name);
        g_free(found->path);
        g_ptr_array_unref(found->dropins);
        g_free(found);
}

static void config_found_destroy(void *p) {
        config_found_free(p);
}

static char **user_directories(void) {
        const char *config = getenv("XDG_CONFIG_HOME"), *runtime = getenv("XDG_RUNTIME_DIR"),
                   *home = getenv("HOME");
        GPtrArray *list = g_ptr_array_new();

        if (!isempty(config) && *config == '/')
                g_ptr_array_add(list, g_strdup_printf("%s/berth", config));
        else if (!isempty(home) && *home == '/')
                g_ptr_array_add(list, g_strdup_printf("%s/.config/berth", home));
        if (!isempty(runtime) && *runtime == '/')
                g_ptr_array_add(list, g_strdup_printf("%s/berth", runtime));
        g_ptr_array_add(list, g_strdup("/etc/berth/users"));
        g_ptr_array_add(list, g_strdup("/usr/lib/berth/users"));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

static char **override_directories(const char *value) {
        GPtrArray *list = g_ptr_array_new();
        _cleanup_strv_ char **parts = g_strsplit(value, ":", -1);

        for (char **p = parts; *p; p++)
                if (**p == '/')
                        g_ptr_array_add(list, g_strdup(*p));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

char **config_search_path(bool user) {
        const char *override = getenv("BERTH_UNIT_PATH");

        if (!isempty(override))
                return override_directories(override);
        return user ? user_directories() : g_strdupv((char **) system_directories);
}

/* "web" of "web.container", NULL for other names. Hidden files and what editors and package managers leave
 * behind have other endings or a leading dot. */
static char *name_of(const char *file, const char *suffix) {
        size_t n = strlen(file), m = strlen(suffix);

        if (*file == '.' || n <= m || !streq(file + n - m, suffix))
                return NULL;
        return g_strndup(file, n - m);
}

typedef struct Search {
        GHashTable *found;       /* name -> ConfigFound */
        GHashTable *dropin_dirs; /* name -> GPtrArray of directories, highest precedence first */
        GPtrArray *messages;
} Search;

static void add_file(Search *s, const char *directory, const char *file) {
        _cleanup_free_ char *name = name_of(file, SUFFIX), *path = NULL;
        ConfigFound *found;

        if (!name || g_hash_table_contains(s->found, name))
                return;
        path = g_strdup_printf("%s/%s", directory, file);
        if (!container_id_is_valid(name)) {
                config_message(s->messages, LOG_ERR, path, 0,
                               "'%s' cannot be the name of a container: letters, digits and _+-. are "
                               "allowed",
                               name);
                return;
        }
        found = g_new0(ConfigFound, 1);
        found->name = g_strdup(name);
        found->path = TAKE_PTR(path);
        found->dropins = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(s->found, g_strdup(name), found);
}

static void add_dropin_directory(Search *s, const char *directory, const char *file) {
        _cleanup_free_ char *name = name_of(file, SUFFIX ".d");
        GPtrArray *list;

        if (!name)
                return;
        list = g_hash_table_lookup(s->dropin_dirs, name);
        if (!list) {
                list = g_ptr_array_new_with_free_func(g_free);
                g_hash_table_insert(s->dropin_dirs, g_strdup(name), list);
        }
        g_ptr_array_add(list, g_strdup_printf("%s/%s", directory, file));
}

/* The state directories of containers may lie beside the files (/run/berth); only the ending counts. */
static void read_directory(Search *s, const char *directory) {
        _cleanup_closedir_ DIR *dir = opendir(directory);
        const struct dirent *entry;

        if (!dir) {
                if (errno != ENOENT)
                        config_message(s->messages, LOG_ERR, directory, 0, "%s", g_strerror(errno));
                return;
        }
        while ((entry = readdir(dir))) {
                if (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
                        add_dropin_directory(s, directory, entry->d_name);
                if (entry->d_type != DT_DIR)
                        add_file(s, directory, entry->d_name);
        }
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Lists *.conf of the directories: names sorted, for each the path in the first directory that has it. */
static void list_dropins(const GPtrArray *directories, GPtrArray *dropins) {
        _cleanup_hash_ GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_ptr_array_ GPtrArray *names = g_ptr_array_new();

        for (unsigned i = 0; i < directories->len; i++) {
                _cleanup_closedir_ DIR *dir = opendir(directories->pdata[i]);
                const struct dirent *entry;

                while (dir && (entry = readdir(dir))) {
                        _cleanup_free_ char *name = name_of(entry->d_name, ".conf");

                        if (!name || g_hash_table_contains(seen, entry->d_name))
                                continue;
                        g_ptr_array_add(names, g_strdup(entry->d_name));
                        g_hash_table_insert(seen, names->pdata[names->len - 1], directories->pdata[i]);
                }
        }
        g_ptr_array_sort(names, compare_strings);
        for (unsigned i = 0; i < names->len; i++)
                g_ptr_array_add(dropins,
                                g_strdup_printf("%s/%s",
                                                (const char *) g_hash_table_lookup(seen, names->pdata[i]),
                                                (const char *) names->pdata[i]));
}

static int compare_found(const void *a, const void *b) {
        return strcmp((*(ConfigFound *const *) a)->name, (*(ConfigFound *const *) b)->name);
}

static bool is_override(void) {
        return !isempty(getenv("BERTH_UNIT_PATH"));
}

GPtrArray *config_enumerate(const char *const *directories, GPtrArray *messages) {
        _cleanup_hash_ GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_hash_ GHashTable *dirs = g_hash_table_new_full(
                        g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
        Search s = { .found = found, .dropin_dirs = dirs, .messages = messages };
        GPtrArray *list = g_ptr_array_new_with_free_func(config_found_destroy);
        GHashTableIter iter;
        void *value;

        for (; *directories; directories++)
                read_directory(&s, *directories);
        g_hash_table_iter_init(&iter, found);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                ConfigFound *f = value;
                const GPtrArray *dropin_dirs = g_hash_table_lookup(dirs, f->name);

                f->checked = !is_override();
                if (dropin_dirs)
                        list_dropins(dropin_dirs, f->dropins);
                g_ptr_array_add(list, f);
        }
        g_ptr_array_sort(list, compare_found);
        config_messages_sort(messages);
        return list;
}

static char *find_file(const char *const *directories, const char *name) {
        for (; *directories; directories++) {
                _cleanup_free_ char *path = g_strdup_printf("%s/%s" SUFFIX, *directories, name);
                struct stat st;

                if (lstat(path, &st) >= 0 && !S_ISDIR(st.st_mode))
                        return TAKE_PTR(path);
        }
        return NULL;
}

int config_find(const char *const *directories, const char *name, ConfigFound **ret) {
        _cleanup_free_ char *path = find_file(directories, name);
        _cleanup_ptr_array_ GPtrArray *dropin_dirs = g_ptr_array_new_with_free_func(g_free);
        ConfigFound *found;

        if (!path)
                return -ENOENT;
        for (; *directories; directories++)
                g_ptr_array_add(dropin_dirs, g_strdup_printf("%s/%s" SUFFIX ".d", *directories, name));
        found = g_new0(ConfigFound, 1);
        found->name = g_strdup(name);
        found->path = TAKE_PTR(path);
        found->dropins = g_ptr_array_new_with_free_func(g_free);
        found->checked = !is_override();
        list_dropins(dropin_dirs, found->dropins);
        *ret = found;
        return 0;
}

/* One read when the size that fstat() told is the truth: thousands of files are read while the machine waits
 * to boot. */
static int read_sized(int fd, size_t size, char **ret, size_t *ret_size) {
        _cleanup_free_ char *buffer = g_malloc(size + 2);
        ssize_t n = read(fd, buffer, size + 1);

        if (n < 0)
                return negative_errno();
        if ((size_t) n != size)
                return -EAGAIN; /* somebody is writing it */
        buffer[n] = 0;
        *ret = TAKE_PTR(buffer);
        *ret_size = n;
        return 1;
}

int config_read(const char *path, bool checked, char **ret, size_t *ret_size) {
        /* Not blocking: opening a FIFO must not hang the boot. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0)
                return negative_errno();
        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
                return 0;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_size == 0)
                return 0;
        if (checked && (st.st_mode & S_IWOTH))
                return -EPERM;
        if (st.st_size > FILE_SIZE_MAX)
                return -EFBIG;
        return read_sized(fd, st.st_size, ret, ret_size);
}
