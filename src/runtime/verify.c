/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the check of a declaration in full. What it writes is a temporary directory with the generated units,
 * for systemd-analyze to read. */

#include "runtime/verify.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/unit-name.h"
#include "config/dropin.h"
#include "config/messages.h"
#include "config/specifiers.h"
#include "runtime/prepare.h"

typedef struct Verification {
        ContainerFile *container;
        GPtrArray *messages;
} Verification;

/* ---- what the values name ---- */

/* "FILE:LINE: text" or "FILE: text" of one of the declaration's files in its parts. */
static bool split_location(
                const ContainerFile *c, const char *message, const char **ret_file, unsigned *ret_line,
                const char **ret_text) {
        for (unsigned i = 0; i < c->files->len; i++) {
                const char *path = ((const UnitFile *) c->files->pdata[i])->path;
                const char *rest = startswith(message, path);
                unsigned line = 0;
                char *end;

                if (!rest || *rest != ':')
                        continue;
                if (g_ascii_isdigit(rest[1])) {
                        line = (unsigned) strtoul(rest + 1, &end, 10);
                        rest = end;
                }
                if (!startswith(rest, ": "))
                        continue;
                *ret_file = path;
                *ret_line = line;
                *ret_text = rest + STRLEN(": ");
                return true;
        }
        return false;
}

/* A LogSink. */
static void collect(int level, int err, const char *message, void *userdata) {
        const Verification *v = userdata;
        const char *file = v->container->path, *text = message;
        unsigned line = 0;

        if (level > LOG_WARNING)
                return;
        (void) split_location(v->container, message, &file, &line, &text);
        config_message(v->messages, level <= LOG_ERR ? LOG_ERR : LOG_WARNING, file, line, "%s", text);
}

static void check_machine(Verification *v) {
        int level = log_get_level();

        log_set_level(LOG_WARNING);
        log_set_sink(collect, v);
        (void) prepare_check_declared(v->container); /* all that is wrong is in the messages */
        log_set_sink(NULL, NULL);
        log_set_level(level);
}

/* systemd looks them up only when it makes the socket. */
static void check_owner(Verification *v, const UnitEntry *e) {
        bool user = streq(e->key, "SocketUser");
        uint64_t id;

        if (!*e->value || strchr(e->value, '%') || parse_uint64(e->value, &id) >= 0)
                return;
        if (user ? !getpwnam(e->value) : !getgrnam(e->value))
                config_message(v->messages, LOG_ERR, e->file, e->line, "%s=%s: there is no such %s", e->key,
                               e->value, user ? "user" : "group");
}

static void check_owners(Verification *v) {
        const GPtrArray *files = v->container->files;

        for (unsigned i = 0; i < files->len; i++) {
                const GArray *entries = ((const UnitFile *) files->pdata[i])->entries;

                for (unsigned k = 0; k < entries->len; k++) {
                        const UnitEntry *e = &g_array_index(entries, UnitEntry, k);

                        if (e->key && streq(e->section, "Socket") &&
                            (streq(e->key, "SocketUser") || streq(e->key, "SocketGroup")))
                                check_owner(v, e);
                }
        }
}

/* ---- what systemd says ---- */

static int write_unit(int dir_fd, const DropinFile *file) {
        _cleanup_free_ char *parent = g_path_get_dirname(file->path);

        if (mkdirat(dir_fd, parent, 0700) < 0 && errno != EEXIST)
                return negative_errno();
        if (file->target)
                return symlinkat(file->target, dir_fd, file->path) < 0 ? negative_errno() : 0;
        return write_file_atomic_at(dir_fd, file->path, file->data, strlen(file->data), 0600);
}

static int write_units(int dir_fd, const GPtrArray *files) {
        int r;

        for (unsigned i = 0; i < files->len; i++) {
                const DropinFile *file = files->pdata[i];

                if (!file->data && strchr(file->path, '/'))
                        continue; /* a dependency of a unit that is not looked at */
                r = write_unit(dir_fd, file);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int spawn_analyze(const char *directory, const GPtrArray *units, int output, pid_t *ret) {
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();
        _cleanup_strv_ char **command = NULL, **env = g_get_environ();
        _cleanup_free_ char *path = g_strdup_printf("%s:", directory); /* then the usual directories */
        posix_spawn_file_actions_t actions;
        int r;

        g_strv_builder_add_many(
                        words, "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", NULL);
        if (geteuid() != 0)
                g_strv_builder_add(words, "--user");
        for (unsigned i = 0; i < units->len; i++)
                g_strv_builder_add(words, units->pdata[i]);
        command = g_strv_builder_end(words);
        env = g_environ_setenv(env, "SYSTEMD_UNIT_PATH", path, true);
        env = g_environ_setenv(env, "SYSTEMD_LOG_LEVEL", "warning", true);
        env = g_environ_setenv(env, "SYSTEMD_COLORS", "0", true);
        env = g_environ_setenv(env, "LC_ALL", "C.UTF-8", true);

        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        (void) posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
        r = posix_spawnp(ret, command[0], &actions, NULL, command, env);
        (void) posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* The lines that systemd-analyze writes. Returns -ENOENT when it is not installed. */
static int run_analyze(const char *directory, const GPtrArray *units, char **ret) {
        _cleanup_close_ int output_fd = -EBADF;
        int pipe_fds[2], status, r;
        pid_t pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return negative_errno();
        output_fd = pipe_fds[0];
        r = spawn_analyze(directory, units, pipe_fds[1], &pid);
        (void) close(pipe_fds[1]);
        if (r < 0)
                return r;
        r = read_fd(output_fd, ret, NULL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return r;
}

/* Line number of a generated text as section and text of that line. Caller frees both. */
static bool line_of(const char *data, unsigned number, char **ret_section, char **ret_line) {
        _cleanup_strv_ char **lines = g_strsplit(data, "\n", -1);
        unsigned n = g_strv_length(lines);

        if (number == 0 || number > n)
                return false;
        *ret_section = NULL;
        for (unsigned i = number - 1; i > 0 && !*ret_section; i--)
                if (*lines[i - 1] == '[')
                        *ret_section = g_strndup(lines[i - 1] + 1, strcspn(lines[i - 1] + 1, "]"));
        *ret_line = g_strdup(lines[number - 1]);
        return *ret_section != NULL;
}

/* The assignment that a generated line was copied from. */
static const UnitEntry *entry_of(const ContainerFile *c, const char *section, const char *line) {
        for (unsigned i = c->files->len; i > 0; i--) {
                const GArray *entries = ((const UnitFile *) c->files->pdata[i - 1])->entries;

                for (unsigned k = entries->len; k > 0; k--) {
                        const UnitEntry *e = &g_array_index(entries, UnitEntry, k - 1);
                        const char *rest = e->key ? startswith(line, e->key) : NULL;

                        if (rest && *rest == '=' && streq(e->section, section) && streq(rest + 1, e->value))
                                return e;
                }
        }
        return NULL;
}

static const DropinFile *file_of(const GPtrArray *files, const char *path) {
        for (unsigned i = 0; i < files->len; i++) {
                const DropinFile *f = files->pdata[i];

                if (f->data && streq(f->path, path))
                        return f;
        }
        return NULL;
}

/* One line of systemd-analyze: "DIRECTORY/UNIT:LINE: text", or something without a place. */
static void translate_line(
                Verification *v, const char *directory, const GPtrArray *files, const char *line) {
        _cleanup_free_ char *path = NULL, *section = NULL, *text = NULL;
        const char *rest = startswith(line, directory), *said = strstr(line, ": ");
        const DropinFile *file;
        const UnitEntry *entry = NULL;
        const char *colon;
        int level = strstr(line, "ignoring") ? LOG_WARNING : LOG_ERR;

        colon = rest && *rest == '/' ? strchr(rest, ':') : NULL;
        if (colon) {
                path = g_strndup(rest + 1, (size_t) (colon - rest) - 1);
                file = file_of(files, path);
                if (file && line_of(file->data, (unsigned) strtoul(colon + 1, NULL, 10), &section, &text))
                        entry = entry_of(v->container, section, text);
        }
        if (entry)
                config_message(v->messages, level, entry->file, entry->line, "%s",
                               said ? said + STRLEN(": ") : line);
        else
                config_message(v->messages, level, v->container->path, 0, "%s", rest ? rest + 1 : line);
}

/* Names of the units among the files: of "web.service.d/50.conf" it is "web.service". Caller frees. */
static GPtrArray *unit_names(const GPtrArray *files) {
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

        for (unsigned i = 0; i < files->len; i++) {
                const DropinFile *f = files->pdata[i];
                const char *end = f->data ? strstr(f->path, ".d/") : NULL;

                if (f->data)
                        g_ptr_array_add(names,
                                        end ? g_strndup(f->path, (size_t) (end - f->path))
                                            : g_strdup(f->path));
        }
        return names;
}

static int ask_systemd_in(Verification *v, const char *directory, const GPtrArray *files) {
        _cleanup_ptr_array_ GPtrArray *units = unit_names(files);
        _cleanup_close_ int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *output = NULL;
        int r;

        if (dir_fd < 0)
                return negative_errno();
        r = write_units(dir_fd, files);
        if (r < 0)
                return r;
        r = run_analyze(directory, units, &output);
        if (r == -ENOENT) {
                config_message(v->messages, LOG_WARNING, v->container->path, 0,
                               "systemd-analyze is not installed: [Unit], [Service] and [Socket] are not "
                               "checked");
                return 0;
        }
        if (r < 0)
                return r;
        lines = g_strsplit(output, "\n", -1);
        for (char **line = lines; *line; line++)
                if (**line)
                        translate_line(v, directory, files, *line);
        return 0;
}

static int ask_systemd(Verification *v) {
        const DropinContext context = {
                .unit_dir = geteuid() == 0 ? SYSTEM_UNIT_DIR : USER_UNIT_DIR,
                .libexecdir = BERTH_LIBEXECDIR,
                .user = geteuid() != 0,
        };
        _cleanup_ptr_array_ GPtrArray *files = dropin_generate(v->container, &context, /* broken= */ false);
        _cleanup_free_ char *directory = g_build_filename(g_get_tmp_dir(), "berth-verify-XXXXXX", NULL);
        int r, q;

        if (!mkdtemp(directory))
                return negative_errno();
        r = ask_systemd_in(v, directory, files);
        q = remove_tree_at(AT_FDCWD, directory);
        return r < 0 ? r : q;
}

/* What is looked at for a template: its default instance, or any, of which the machine may know nothing. */
static ContainerFile *load_instance(const ConfigFound *found, const ContainerFile *template) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *name = g_strdup_printf(
                        "%s%s", template->name, template->default_instance ?: SPECIFIER_ANY_INSTANCE);
        ConfigFound instance = *found;
        ContainerFile *container = NULL;

        instance.name = name;
        return container_file_load(&instance, messages, &container) < 0 ? NULL : container;
}

int verify_declaration(const ConfigFound *found, GPtrArray *messages) {
        _cleanup_(container_file_freep) ContainerFile *instance = NULL;
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        Verification v = { .messages = messages };
        int r;

        r = container_file_load(found, messages, &container);
        if (r < 0)
                return r;
        if (config_messages_have_errors(messages))
                return 0;
        if (declared_is_template(container->name))
                instance = load_instance(found, container);
        v.container = instance ?: container;
        if (!instance || container->default_instance)
                check_machine(&v);
        check_owners(&v);
        r = ask_systemd(&v);
        config_messages_sort(messages);
        return r;
}
