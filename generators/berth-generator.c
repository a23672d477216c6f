/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* systemd.generator(7): turns *.container files into drop-ins, sockets and links, at boot and at each
 * daemon-reload. Boot waits for it, so: no libraries but glib, one read for each file, no fsync. Writes only
 * below its first argument, deletes nothing, and the same input gives the same bytes. */

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "config/container-file.h"
#include "config/dropin.h"
#include "config/manager-version.h"
#include "config/messages.h"
#include "config/search.h"

typedef struct Output {
        int dir_fd;
        int kmsg_fd;        /* -EBADF: only stderr */
        pid_t pid;          /* ours */
        char temporary[32]; /* the name of a file that has not got its own yet */
        GHashTable *made;   /* directories */
        GHashTable *said;   /* lines: a template's are also those of its instances */
        bool failed;
} Output;

/* One write makes one record, with its level and our name. (dprintf() does not work: it seeks first, which
 * this device refuses.) */
static void write_kmsg(const Output *out, int level, const char *line) {
        _cleanup_free_ char *record =
                        g_strdup_printf("<%d>berth-generator[%d]: %s\n", level, (int) out->pid, line);

        if (write(out->kmsg_fd, record, strlen(record)) < 0)
                fprintf(stderr, "berth-generator: /dev/kmsg: %m\n");
}

static void print_line(Output *out, int level, const char *line) {
        fprintf(stderr, "berth-generator: %s\n", line);
        if (out->kmsg_fd >= 0)
                write_kmsg(out, level, line);
        if (level <= LOG_ERR)
                out->failed = true;
}

static void print_messages(Output *out, const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++) {
                const ConfigMessage *m = messages->pdata[i];
                char *line = config_message_format(m);

                if (m->level <= LOG_ERR)
                        out->failed = true;
                if (!g_hash_table_contains(out->said, line))
                        print_line(out, m->level, line);
                g_hash_table_add(out->said, line); /* takes it over */
        }
}

/* In the same directory; as short for the longest name. */
static char *temporary_name(const Output *out, const char *path) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *directory = g_strndup(path, slash ? (size_t) (slash + 1 - path) : 0);

        return g_strconcat(directory, out->temporary, NULL);
}

static int rename_or_remove(const Output *out, const char *temp, const char *path) {
        int r;

        if (renameat(out->dir_fd, temp, out->dir_fd, path) >= 0)
                return 0;
        r = negative_errno();
        (void) unlinkat(out->dir_fd, temp, 0);
        return r;
}

/* What is there already comes from another run at the same time, or from a test: replaced in one step. */
static int write_link(const Output *out, const DropinFile *file) {
        _cleanup_free_ char *temp = NULL;

        if (symlinkat(file->target, out->dir_fd, file->path) >= 0)
                return 0;
        if (errno != EEXIST)
                return negative_errno();
        temp = temporary_name(out, file->path);
        if (symlinkat(file->target, out->dir_fd, temp) < 0)
                return negative_errno();
        return rename_or_remove(out, temp, file->path);
}

static int write_text(const Output *out, const DropinFile *file) {
        _cleanup_free_ char *temp = temporary_name(out, file->path);
        size_t size = strlen(file->data);
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;

        fd = openat(out->dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return negative_errno();
        n = write(fd, file->data, size);
        if (n < 0 || (size_t) n != size) {
                int r = n < 0 ? negative_errno() : -ENOSPC;

                (void) unlinkat(out->dir_fd, temp, 0);
                return r;
        }
        return rename_or_remove(out, temp, file->path);
}

/* Many containers share a target's directory: it is made once. Those of the units are not kept in mind. */
static int make_parent(Output *out, const char *path) {
        const char *slash = strchr(path, '/');
        _cleanup_free_ char *dir = NULL;

        if (!slash)
                return 0;
        dir = g_strndup(path, slash - path);
        if (!g_str_has_suffix(dir, ".d") && !g_hash_table_add(out->made, g_strdup(dir)))
                return 0;
        if (mkdirat(out->dir_fd, dir, 0755) < 0 && errno != EEXIST)
                return negative_errno();
        return 0;
}

static int write_file(Output *out, const DropinFile *file) {
        int r = make_parent(out, file->path);

        if (r < 0)
                return r;
        return file->target ? write_link(out, file) : write_text(out, file);
}

/* For bundles without a declaration, too. */
static void generate_for_all(Output *out) {
        DropinFile *file = dropin_for_version(manager_version(getppid()));
        int r;

        if (!file)
                return;
        r = write_file(out, file);
        if (r < 0) {
                _cleanup_free_ char *line =
                                g_strdup_printf("cannot write %s: %s", file->path, g_strerror(-r));

                print_line(out, LOG_ERR, line);
        }
        dropin_file_free(file);
}

/* What there is, and where. */
typedef struct Declarations {
        const char *const *directories;
        GPtrArray *found; /* grows by default instances */
        GPtrArray *messages;
} Declarations;

/* What became of one of them. */
typedef struct Outcome {
        GPtrArray *messages;     /* NULL: nothing to say */
        ContainerFile *template; /* has a default instance; else NULL */
} Outcome;

static void write_all(const ConfigFound *found, Output *out, const GPtrArray *files, GPtrArray *messages) {
        for (unsigned i = 0; i < files->len; i++) {
                const DropinFile *file = files->pdata[i];
                int r = write_file(out, file);

                if (r < 0) {
                        config_message(messages, LOG_ERR, found->path, 0, "cannot write %s: %s", file->path,
                                       g_strerror(-r));
                        return;
                }
        }
}

static void generate(Output *out, const DropinContext *context, const ConfigFound *found, Outcome *ret) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *files = NULL;
        _cleanup_(container_file_freep) ContainerFile *container = NULL;

        if (container_file_load(found, messages, &container) < 0)
                return; /* masked */
        files = dropin_generate(container, context, config_messages_have_errors(messages));
        write_all(found, out, files, messages);
        if (messages->len > 0)
                ret->messages = TAKE_PTR(messages);
        if (container->default_instance)
                ret->template = TAKE_PTR(container);
}

/* ---- several at once ----
 *
 * Most of the time goes into the kernel making files. Threads share nothing that changes but the number of
 * the next declaration; what there is to say is kept, and said in order at the end. */

/* So many declarations make a thread worth its price. */
#define DECLARATIONS_PER_THREAD 100
#define THREADS_MAX             4

typedef struct Work {
        const Output *out;
        const DropinContext *context;
        const Declarations *all;
        Outcome *outcomes; /* of each declaration */
        gint next;         /* declaration */
        gint threads;      /* that have begun */
} Work;

static void name_temporary(Output *out, int thread) {
        (void) snprintf(out->temporary, sizeof out->temporary, ".#berth-%d-%d", (int) out->pid, thread);
}

static void *generate_some(void *p) {
        _cleanup_hash_ GHashTable *made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Work *work = p;
        Output out = *work->out;

        out.made = made;
        name_temporary(&out, g_atomic_int_add(&work->threads, 1));
        for (;;) {
                unsigned i = (unsigned) g_atomic_int_add(&work->next, 1);

                if (i >= work->all->found->len)
                        return NULL;
                generate(&out, work->context, work->all->found->pdata[i], work->outcomes + i);
        }
}

static unsigned count_threads(unsigned declarations) {
        cpu_set_t set;
        unsigned cpus = sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : (unsigned) CPU_COUNT(&set);

        return MIN(MIN(cpus, THREADS_MAX), declarations / DECLARATIONS_PER_THREAD + 1);
}

static void generate_from(
                Output *out, const DropinContext *context, const Declarations *all, unsigned first) {
        unsigned len = all->found->len, n = 0, wanted = count_threads(len - first) - 1;
        _cleanup_free_ Outcome *outcomes = g_new0(Outcome, len + 1);
        Work work = {
                .out = out, .context = context, .all = all, .outcomes = outcomes, .next = (int) first
        };
        pthread_t threads[THREADS_MAX];

        while (n < wanted && pthread_create(&threads[n], NULL, generate_some, &work) == 0)
                n++;
        (void) generate_some(&work);
        for (unsigned i = 0; i < n; i++)
                (void) pthread_join(threads[i], NULL);
        for (unsigned i = first; i < len; i++) {
                if (outcomes[i].messages)
                        print_messages(out, outcomes[i].messages);
                if (outcomes[i].template)
                        container_file_add_default(outcomes[i].template, all->directories, all->found);
                if (outcomes[i].messages)
                        g_ptr_array_unref(outcomes[i].messages);
                container_file_free(outcomes[i].template);
        }
}

/* Default instances of templates come last. */
static void generate_found(Output *out, const DropinContext *context, const Declarations *all) {
        for (unsigned done = 0, len; done < all->found->len; done = len) {
                len = all->found->len;
                generate_from(out, context, all, done);
        }
}

/* Older managers do not say what they are; then the name tells under which we are installed. */
static bool is_user_manager(const char *program) {
        const char *scope = getenv("SYSTEMD_SCOPE");

        if (scope)
                return streq(scope, "user");
        return strstr(program, "user-generators/") != NULL;
}

static int generate_all(const char *directory, bool user, const Declarations *all) {
        const DropinContext context = {
                .unit_dir = user ? USER_UNIT_DIR : SYSTEM_UNIT_DIR,
                .libexecdir = BERTH_LIBEXECDIR,
                .user = user,
        };
        _cleanup_hash_ GHashTable *made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                                  *said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        _cleanup_close_ int dir_fd = -EBADF, kmsg_fd = -EBADF;
        Output out;

        /* Under systemd nobody reads stderr at boot; by hand nobody wants lines in the kernel's log. */
        if (!user && getenv("SYSTEMD_SCOPE"))
                kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0) {
                fprintf(stderr, "berth-generator: %s: %m\n", directory);
                return EXIT_FAILURE;
        }
        out = (Output) { .dir_fd = dir_fd, .kmsg_fd = kmsg_fd, .pid = getpid(), .made = made, .said = said };
        name_temporary(&out, 0);
        print_messages(&out, all->messages);
        generate_for_all(&out);
        generate_found(&out, &context, all);
        return out.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        _cleanup_ptr_array_ GPtrArray *found = NULL, *messages = config_messages_new();
        _cleanup_strv_ char **directories = NULL;
        bool user;

        if (argc != 2 && argc != 4) {
                fprintf(stderr, "Usage: berth-generator NORMAL-DIR [EARLY-DIR LATE-DIR]\n");
                return EXIT_FAILURE;
        }
        (void) umask(0022);
        user = is_user_manager(argv[0]);
        directories = config_search_path(user);
        found = config_enumerate((const char *const *) directories, messages);
        return generate_all(
                        argv[1], user,
                        &(Declarations) { .directories = (const char *const *) directories,
                                          .found = found,
                                          .messages = messages });
}
