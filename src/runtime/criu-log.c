/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the reading of CRIU's logs. */

#include "runtime/criu-log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "basic/log.h"

#define TAIL_SIZE  65536
#define LINES_MAX  4
#define ERROR_MARK "Error ("

const char *criu_log_name(CriuRequest request) {
        return request == CRIU_RESTORE ? "restore.log" : "dump.log";
}

static const char *request_name(CriuRequest request) {
        return request == CRIU_RESTORE ? "RESTORE" : request == CRIU_DUMP ? "DUMP" : "PRE_DUMP";
}

static char *read_tail(int dir_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        char *text = NULL;
        struct stat st;

        fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return NULL;
        if (st.st_size > TAIL_SIZE && lseek(fd, st.st_size - TAIL_SIZE, SEEK_SET) < 0)
                return NULL;
        return read_fd(fd, &text, NULL) < 0 ? NULL : text;
}

/* "(00.112223)      1: Error (criu/files-reg.c:1790): Can't ..." -> "Can't ..."; NULL: no error, or one that
 * only says that there was one. */
static const char *error_text(char *line) {
        char *mark = strstr(line, ERROR_MARK), *text = mark ? strstr(mark, "): ") : NULL;

        if (!text || g_str_has_suffix(line, "FAILED."))
                return NULL;
        return g_strchomp(text + 3);
}

/* The last errors, oldest first. */
static char *last_errors(int dir_fd, const char *name) {
        _cleanup_free_ char *text = read_tail(dir_fd, name);
        _cleanup_strv_ char **lines = NULL;
        _cleanup_ptr_array_ GPtrArray *found = g_ptr_array_new();
        size_t first;

        if (!text)
                return NULL;
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                const char *error = error_text(*line);

                if (error)
                        g_ptr_array_add(found, (char *) error);
        }
        first = found->len > LINES_MAX ? found->len - LINES_MAX : 0;
        g_ptr_array_add(found, NULL);
        return g_strjoinv("; ", (char **) found->pdata + first);
}

int criu_log_failure(
                CriuRequest request, int error, const CriuReply *reply, const CriuDirectories *directories) {
        const char *name = criu_log_name(request);
        _cleanup_free_ char *errors = NULL, *directory = NULL, *path = NULL;

        if (reply->notify_error < 0)
                return reply->notify_error;
        directory = g_canonicalize_filename(directories->work_path, NULL);
        path = g_build_filename(directory, name, NULL);
        if (error != -EREMOTEIO)
                return log_error_errno(
                                error, "criu failed: it gave no answer: %s: %m (log file: %s)",
                                isempty(reply->message) ? "it is still there" : reply->message, path);
        errors = last_errors(directories->work_fd, name);
        if (isempty(errors)) {
                g_free(errors);
                errors = g_strdup(isempty(reply->message) ? "it does not say why" : reply->message);
        }
        return log_error_errno(
                        -EREMOTEIO, "criu failed: type %s errno %d: %s (log file: %s)",
                        request_name(request), reply->error, g_strchomp(errors), path);
}
