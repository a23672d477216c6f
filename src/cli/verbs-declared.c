/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Verbs about declarations: what they say, what becomes of them, what is wrong with them. None changes
 * anything. */

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/json-text.h"
#include "basic/log.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "config/dropin.h"
#include "config/effective.h"
#include "config/messages.h"
#include "runtime/verify.h"

#define SUFFIX ".container"

/* ---- which declarations ---- */

static int find_file(const char *word, GPtrArray *messages, ConfigFound **ret) {
        _cleanup_free_ char *path = g_canonicalize_filename(word, NULL), *name = g_path_get_basename(path),
                            *directory = g_path_get_dirname(path);
        const char *const directories[] = { directory, NULL };

        if (!g_str_has_suffix(name, SUFFIX)) {
                config_message(messages, LOG_ERR, word, 0, "the name of a declaration ends in " SUFFIX "%s",
                               g_str_has_suffix(name, ".volume")
                                               ? "; volumes are looked at with those that name them"
                                               : "");
                return -EINVAL;
        }
        name[strlen(name) - STRLEN(SUFFIX)] = '\0';
        return config_find(directories, name, ret);
}

static int find_name(const char *name, ConfigFound **ret) {
        _cleanup_strv_ char **directories = config_search_path(geteuid() != 0);

        return config_find((const char *const *) directories, name, ret);
}

/* A word with a slash or the suffix is a file, which has the drop-ins beside it; others are names. */
static int find_word(const char *word, GPtrArray *messages, ConfigFound **ret) {
        bool is_file = strchr(word, '/') || g_str_has_suffix(word, SUFFIX) ||
                        g_str_has_suffix(word, ".volume");
        int r = is_file ? find_file(word, messages, ret) : find_name(word, ret);

        if (r == -ENOENT && is_file)
                config_message(messages, LOG_ERR, word, 0, "%s", g_strerror(-r));
        else if (r == -ENOENT)
                config_message(messages, LOG_ERR, word, 0,
                               "There is no '%s" SUFFIX "' in the directories of declarations", word);
        return r;
}

static void found_destroy(void *p) {
        config_found_free(p);
}

/* The declarations that words name; without words, all that there are. Words that name none are errors among
 * messages, and make *ret_complete false. */
static GPtrArray *find_words(char **words, GPtrArray *messages, bool *ret_complete) {
        _cleanup_strv_ char **directories = config_search_path(geteuid() != 0);
        GPtrArray *list;

        *ret_complete = true;
        if (!*words)
                return config_enumerate((const char *const *) directories, messages);
        list = g_ptr_array_new_with_free_func(found_destroy);
        for (; *words; words++) {
                ConfigFound *found;

                if (find_word(*words, messages, &found) < 0)
                        *ret_complete = false;
                else
                        g_ptr_array_add(list, found);
        }
        return list;
}

/* On stderr, as the generator writes them, so that editors find the place. */
static void print_messages(const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                fprintf(stderr, "%s\n", line);
        }
}

/* ---- cat ---- */

static int cat_one(const ConfigFound *found) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        _cleanup_free_ char *text = NULL;

        if (container_file_load(found, messages, &container) < 0) {
                printf("# %s masks this declaration\n", found->path);
                return EXIT_SUCCESS;
        }
        text = container_file_effective(container);
        fputs(text, stdout);
        print_messages(messages);
        return config_messages_have_errors(messages) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_cat(const VerbCall *call) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *list = NULL;
        int status = EXIT_SUCCESS;
        bool complete;

        list = find_words(call->args, messages, &complete);
        print_messages(messages);
        for (unsigned i = 0; i < list->len; i++) {
                if (i > 0)
                        puts("");
                if (cat_one(list->pdata[i]) != EXIT_SUCCESS)
                        status = EXIT_FAILURE;
        }
        return complete ? status : EXIT_FAILURE;
}

/* ---- generate ---- */

static void print_file(const DropinFile *file) {
        if (file->target)
                printf("---%s -> %s---\n\n", file->path, file->target);
        else
                printf("---%s---\n%s\n", file->path, file->data);
}

/* Returns whether the declaration is free of errors. Default instances are added to list. */
static bool generate_one(const ConfigFound *found, GPtrArray *list) {
        _cleanup_strv_ char **directories = config_search_path(geteuid() != 0);
        const DropinContext context = {
                .unit_dir = geteuid() == 0 ? SYSTEM_UNIT_DIR : USER_UNIT_DIR,
                .libexecdir = BERTH_LIBEXECDIR,
                .user = geteuid() != 0,
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *files = NULL;
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        bool broken;

        if (container_file_load(found, messages, &container) < 0)
                return true; /* masked */
        print_messages(messages);
        broken = config_messages_have_errors(messages);
        container_file_add_default(container, (const char *const *) directories, list);
        files = dropin_generate(container, &context, broken);
        for (unsigned i = 0; i < files->len; i++)
                print_file(files->pdata[i]);
        return !broken;
}

int verb_generate(const VerbCall *call) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *list = NULL;
        const GenerateCall *options = call->options;
        bool complete, fine;

        if (!options->dry_run) {
                log_error("systemd runs the generator; here it can only be tried: use --dry-run");
                return EXIT_FAILURE;
        }
        list = find_words(call->args, messages, &complete);
        print_messages(messages);
        fine = complete && !config_messages_have_errors(messages);
        for (unsigned i = 0; i < list->len; i++)
                if (!generate_one(list->pdata[i], list))
                        fine = false;
        return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- verify ---- */

static void append_finding(JsonText *json, const ConfigMessage *m) {
        json_text_begin_object(json, NULL);
        json_text_string(json, "file", m->file);
        if (m->line > 0)
                json_text_int(json, "line", m->line);
        json_text_string(json, "level", m->level <= LOG_ERR ? "error" : "warning");
        json_text_string(json, "message", m->text);
        json_text_end_object(json);
}

/* An array of all findings, whichever declaration they are about. */
static void print_json(const GPtrArray *messages) {
        _cleanup_string_ GString *out = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, out, /* indent= */ 2);
        json_text_begin_array(&json, NULL);
        for (unsigned i = 0; i < messages->len; i++)
                append_finding(&json, messages->pdata[i]);
        json_text_end_array(&json);
        puts(out->str);
}

/* Findings of one declaration at a time, since what sorts them looks at the file first. */
static int verify_one(const ConfigFound *found, GPtrArray *all) {
        GPtrArray *messages = config_messages_new();
        int r = verify_declaration(found, messages);

        g_ptr_array_extend_and_steal(all, messages);
        if (r < 0 && r != -ESHUTDOWN)
                return log_error_errno(r, "Failed to check '%s': %m", found->path);
        return 0;
}

int verb_verify(const VerbCall *call) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *list = NULL;
        const VerifyCall *options = call->options;
        bool complete;

        list = find_words(call->args, messages, &complete);
        for (unsigned i = 0; i < list->len; i++)
                if (verify_one(list->pdata[i], messages) < 0)
                        complete = false;
        if (options->json)
                print_json(messages);
        else
                print_messages(messages);
        return complete && !config_messages_have_errors(messages) ? EXIT_SUCCESS : EXIT_FAILURE;
}
