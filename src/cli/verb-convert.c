/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* berth convert: what others declare as a declaration of ours, on stdout. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "config/convert.h"
#include "config/messages.h"

typedef enum Format {
        FORMAT_QUADLET,
        FORMAT_NSPAWN,
        FORMAT_INSPECT,
        _FORMAT_MAX,
} Format;

static const struct {
        const char *word, *suffix;
} formats[_FORMAT_MAX] = {
        [FORMAT_QUADLET] = { "quadlet", ".container" },
        [FORMAT_NSPAWN] = { "nspawn", ".nspawn" },
        [FORMAT_INSPECT] = { "inspect", ".json" },
};

/* What Quadlet has beside containers and volumes. */
static bool is_other_quadlet(const char *file) {
        static const char *const suffixes[] = {
                ".artifact", ".build", ".image", ".kube", ".network", ".pod",
        };

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (g_str_has_suffix(file, suffixes[i]))
                        return true;
        return false;
}

static int find_format(const char *word, const char *file, const char *text, Format *ret) {
        for (int i = 0; i < _FORMAT_MAX; i++)
                if (word ? streq(formats[i].word, word) : g_str_has_suffix(file, formats[i].suffix)) {
                        *ret = (Format) i;
                        return 0;
                }
        if (!word && g_str_has_suffix(file, ".volume"))
                return log_error_errno(
                                -EINVAL,
                                "'%s': a volume is declared with the same file here: put it beside those of "
                                "containers",
                                file);
        if (!word && is_other_quadlet(file))
                return log_error_errno(
                                -EINVAL, "'%s': there are no pods, networks, images and builds here", file);
        if (word)
                return log_error_errno(
                                -EINVAL, "--from: expected quadlet, nspawn or inspect, got '%s'", word);
        if (text[strspn(text, " \t\r\n")] != '[' || !strchr(text, '{'))
                return log_error_errno(-EINVAL, "'%s': say what it is with --from", file);
        *ret = FORMAT_INSPECT;
        return 0;
}

/* "-" is stdin. */
static int read_text(const char *file, char **ret, size_t *ret_size) {
        int r = streq(file, "-") ? read_fd(STDIN_FILENO, ret, ret_size)
                                 : read_file_at(AT_FDCWD, file, ret, ret_size);

        return r < 0 ? log_error_errno(r, "Failed to read '%s': %m", file) : 0;
}

static void print_messages(const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                fprintf(stderr, "%s\n", line);
        }
}

/* Takes text over. */
static int convert_unit(Format format, const char *file, char *text, size_t size, char **ret) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(unit_file_freep) UnitFile *unit = unit_file_parse(file, text, size, messages);
        _cleanup_free_ char *base = g_path_get_basename(file);

        print_messages(messages);
        if (config_messages_have_errors(messages))
                return -EINVAL;
        base[strcspn(base, ".")] = '\0';
        *ret = format == FORMAT_QUADLET ? convert_quadlet(unit) : convert_nspawn(unit, base);
        return 0;
}

static int convert(const char *file, const char *from, char **ret) {
        _cleanup_free_ char *text = NULL;
        Format format;
        size_t size;
        int r;

        r = read_text(file, &text, &size);
        if (r >= 0)
                r = find_format(from, file, text, &format);
        if (r < 0)
                return r;
        if (format == FORMAT_INSPECT)
                return convert_inspect(file, text, size, ret);
        return convert_unit(format, file, TAKE_PTR(text), size, ret);
}

int verb_convert(const VerbCall *call) {
        const ConvertCall *options = call->options;
        _cleanup_free_ char *text = NULL;

        if (convert(call->args[0], options->from, &text) < 0)
                return EXIT_FAILURE;
        fputs(text, stdout);
        return EXIT_SUCCESS;
}
