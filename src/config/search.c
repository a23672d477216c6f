/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directories of declarations. Each is read once, whatever the number of files. Parses nothing. */

#include "config/search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/macro.h"
#include "config/messages.h"

#define SUFFIX        ".container"
#define EVERYBODY     "container.d"
#define FILE_SIZE_MAX (16 * 1024 * 1024)

static const char *const system_directories[] = {
        "/etc/berth", "/run/berth", "/usr/local/lib/berth", "/usr/lib/berth", NULL,
};

void config_found_free(ConfigFound *found) {
        if (!found)
                return;
        g_free(found->name);
        g_free(found->path);
        if (found->dropins)
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
        g_ptr_array_add(list, g_strdup_printf("/etc/berth/users/%u", (unsigned) geteuid()));
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
        GHashTable *dropin_dirs; /* name -> GPtrArray of those of the directories that have NAME.container.d
                                  */
        GPtrArray *messages;
} Search;

static ConfigFound *found_new(const char *name, char *path, bool named) {
        ConfigFound *found = g_new0(ConfigFound, 1);

        found->name = g_strdup(name);
        found->path = path;
        found->named = named;
        found->checked = isempty(getenv("BERTH_UNIT_PATH"));
        return found;
}

/* The name is the key, too: there may be thousands. */
static void add_found(Search *s, ConfigFound *found) {
        g_hash_table_insert(s->found, found->name, found);
}

/* In a form that can be printed: anything can be the name of a file. */
static void bad_name(Search *s, const char *directory, const char *file, const char *name, int r) {
        _cleanup_free_ char *printable = g_strescape(name, NULL), *escaped = g_strescape(file, NULL),
                            *path = g_strdup_printf("%s/%s", directory, escaped);

        if (r == -ENAMETOOLONG)
                config_message(s->messages, LOG_ERR, path, 0, "the name is too long for that of a unit");
        else
                config_message(s->messages, LOG_ERR, path, 0,
                               "'%s' cannot be the name of a container: letters, digits and _+-. are "
                               "allowed",
                               printable);
}

/* Returns whether it has the name of a declaration. */
static bool add_file(Search *s, const char *directory, const char *file) {
        _cleanup_free_ char *name = name_of(file, SUFFIX);
        int r;

        if (!name || g_hash_table_contains(s->found, name))
                return name;
        r = declared_name_check(name);
        if (r < 0)
                bad_name(s, directory, file, name, r);
        else
                add_found(s, found_new(name, g_strconcat(directory, "/", file, NULL), true));
        return true;
}

/* "" stands for container.d, which is for all. */
static void add_dropin_directory(Search *s, const char *directory, const char *file) {
        _cleanup_free_ char *name = streq(file, EVERYBODY) ? g_strdup("") : name_of(file, SUFFIX ".d");
        GPtrArray *list;

        if (!name)
                return;
        list = g_hash_table_lookup(s->dropin_dirs, name);
        if (!list) {
                list = g_ptr_array_new();
                g_hash_table_insert(s->dropin_dirs, g_strdup(name), list);
        }
        g_ptr_array_add(list, (char *) directory);
}

/* Files that somebody has brought from elsewhere would wait in vain. */
static void foreign_file(Search *s, const char *directory, const char *file) {
        static const struct {
                const char *suffix, *instead;
        } foreign[] = {
                { ".artifact", "fetch what you need with a service" },
                { ".build", "build with another tool, and use Image=oci:DIR" },
                { ".image", "use Image= in the container's file, and berth pull" },
                { ".kube", "write a .container file for each container" },
                { ".network", "use Network= in the container's file" },
                { ".nspawn", "use berth convert" },
                { ".pod", "use Network=container:NAME in the files of its containers" },
                { ".quadlets", "write a file for each container" },
        };

        for (size_t i = 0; i < ELEMENTSOF(foreign); i++) {
                _cleanup_free_ char *name = name_of(file, foreign[i].suffix), *path = NULL;

                if (!name)
                        continue;
                path = g_strdup_printf("%s/%s", directory, file);
                config_message(s->messages, LOG_WARNING, path, 0, "files %s are not read: %s",
                               foreign[i].suffix, foreign[i].instead);
        }
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
                if (entry->d_type != DT_DIR && !add_file(s, directory, entry->d_name))
                        foreign_file(s, directory, entry->d_name);
        }
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* ---- drop-ins ---- */

/* The names whose drop-ins a declaration has, that of itself first; not that of all. */
static GPtrArray *dropin_names(const char *name) {
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        size_t prefix = strcspn(name, "@");
        bool template = name[prefix];

        g_ptr_array_add(list, g_strdup(name));
        if (template && !declared_is_template(name))
                g_ptr_array_add(list, g_strndup(name, prefix + 1));
        for (size_t i = prefix - 1; i-- > 1;) {
                if (name[i] != '-')
                        continue;
                if (template)
                        g_ptr_array_add(list, g_strdup_printf("%.*s@", (int) i + 1, name));
                g_ptr_array_add(list, g_strndup(name, i + 1));
        }
        return list;
}

/* Lists *.conf of the directories: names sorted, for each the path in the first directory that has it.
 * messages: NULL when they need not exist. */
static void list_dropins(const GPtrArray *directories, GPtrArray *dropins, GPtrArray *messages) {
        _cleanup_hash_ GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_ptr_array_ GPtrArray *names = g_ptr_array_new();

        for (unsigned i = 0; i < directories->len; i++) {
                _cleanup_closedir_ DIR *dir = opendir(directories->pdata[i]);
                const struct dirent *entry;

                if (!dir && messages)
                        config_message(messages, LOG_ERR, directories->pdata[i], 0,
                                       "drop-ins cannot be read: %s", g_strerror(errno));
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

/* known: names of which there are directories at all; NULL: not known. */
static bool may_have(GHashTable *known, const char *name, const char *directory) {
        const GPtrArray *list = known ? g_hash_table_lookup(known, name) : NULL;

        return !known || (list && g_ptr_array_find((GPtrArray *) list, directory, NULL));
}

static void find_dropins(
                const char *const *directories, const char *type, const Search *known, ConfigFound *found) {
        _cleanup_ptr_array_ GPtrArray *names = dropin_names(found->name),
                                      *paths = g_ptr_array_new_with_free_func(g_free);

        for (const char *const *d = directories; *d; d++)
                for (unsigned i = 0; i < names->len; i++)
                        if (may_have(known ? known->dropin_dirs : NULL, names->pdata[i], *d))
                                g_ptr_array_add(paths,
                                                g_strdup_printf("%s/%s.%s.d", *d,
                                                                (const char *) names->pdata[i], type));
        for (const char *const *d = directories; *d; d++)
                if (may_have(known ? known->dropin_dirs : NULL, "", *d))
                        g_ptr_array_add(paths, g_strdup_printf("%s/%s.d", *d, type));
        if (paths->len == 0)
                return;
        found->dropins = g_ptr_array_new_with_free_func(g_free);
        list_dropins(paths, found->dropins, known ? known->messages : NULL);
}

/* ---- instances ---- */

/* "web@" of "web@1", NULL of others. */
static char *template_of(const char *name) {
        const char *instance = declared_instance(name);

        return instance && *instance ? g_strndup(name, instance - name) : NULL;
}

/* Whether an instance's file is a link to the template beside it. As for units, that only says that there is
 * the instance: the template is the one that counts, wherever that is. */
static bool is_link_to_template(const char *path, const char *template, const char *type) {
        _cleanup_free_ char *target = g_file_read_link(path, NULL), *beside = NULL;

        beside = g_strdup_printf("%s.%s", template, type);
        return target && streq(target, beside);
}

/* ---- all of them ---- */

static int compare_found(const void *a, const void *b) {
        return strcmp((*(ConfigFound *const *) a)->name, (*(ConfigFound *const *) b)->name);
}

/* Instances that have drop-ins, but no file of their own. */
static void add_instances(Search *s) {
        GHashTableIter iter;
        void *key;

        g_hash_table_iter_init(&iter, s->dropin_dirs);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                const char *name = key;
                _cleanup_free_ char *template = template_of(name);
                const ConfigFound *found = template ? g_hash_table_lookup(s->found, template) : NULL;

                if (!found || g_hash_table_contains(s->found, name) || declared_name_check(name) < 0)
                        continue;
                add_found(s, found_new(name, g_strdup(found->path), false));
        }
}

static void follow_link(const Search *s, ConfigFound *found) {
        _cleanup_free_ char *template = template_of(found->name);
        const ConfigFound *counts = template ? g_hash_table_lookup(s->found, template) : NULL;

        if (!counts || !is_link_to_template(found->path, template, "container"))
                return;
        g_free(found->path);
        found->path = g_strdup(counts->path);
}

GPtrArray *config_enumerate(const char *const *directories, GPtrArray *messages) {
        _cleanup_hash_ GHashTable *found = g_hash_table_new(g_str_hash, g_str_equal);
        _cleanup_hash_ GHashTable *dirs = g_hash_table_new_full(
                        g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
        Search s = { .found = found, .dropin_dirs = dirs, .messages = messages };
        GPtrArray *list = g_ptr_array_new_with_free_func(config_found_destroy);
        GHashTableIter iter;
        void *value;

        for (const char *const *d = directories; *d; d++)
                read_directory(&s, *d);
        add_instances(&s);
        g_hash_table_iter_init(&iter, found);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                follow_link(&s, value);
                if (g_hash_table_size(dirs) > 0)
                        find_dropins(directories, "container", &s, value);
                g_ptr_array_add(list, value);
        }
        g_ptr_array_sort(list, compare_found);
        config_messages_sort(messages);
        return list;
}

/* ---- one ---- */

static char *find_file(const char *const *directories, const char *name, const char *type) {
        for (; *directories; directories++) {
                _cleanup_free_ char *path = g_strdup_printf("%s/%s.%s", *directories, name, type);
                struct stat st;

                if (lstat(path, &st) >= 0 && !S_ISDIR(st.st_mode))
                        return TAKE_PTR(path);
        }
        return NULL;
}

static int find_typed(
                const char *const *directories, const char *type, const char *name, ConfigFound **ret) {
        _cleanup_free_ char *path = find_file(directories, name, type);
        _cleanup_free_ char *template = template_of(name),
                            *of_template = template ? find_file(directories, template, type) : NULL;
        bool named = path;

        if (of_template && (!path || is_link_to_template(path, template, type))) {
                g_free(path);
                path = TAKE_PTR(of_template);
        }
        if (!path)
                return -ENOENT;
        *ret = found_new(name, TAKE_PTR(path), named);
        find_dropins(directories, type, NULL, *ret);
        return 0;
}

int config_find(const char *const *directories, const char *name, ConfigFound **ret) {
        return find_typed(directories, "container", name, ret);
}

int config_find_volume(const char *const *directories, const char *name, ConfigFound **ret) {
        return find_typed(directories, "volume", name, ret);
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
