/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Splitting a payload's output into lines: the same lines come out however the bytes were cut on their way.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "runtime/line-buffer.h"

#include "basic/cleanup.h"

/* Appends "PRIORITY text|" for each line, "PRIORITY text+" when it is a part. */
static void collect(LineBuffer *b, bool at_end, GString *out) {
        Line line;

        while (line_buffer_next(b, at_end, &line)) {
                g_string_append_printf(out, "%d ", line.priority);
                g_string_append_len(out, line.text, (gssize) line.size);
                g_string_append_c(out, line.partial ? '+' : '|');
        }
}

static char *split(const char *in, size_t size, size_t chunk, int priority) {
        _cleanup_(line_buffer_done) LineBuffer b;
        GString *out = g_string_new(NULL);

        line_buffer_init(&b, priority);
        while (size > 0) {
                size_t room, n;
                char *p = line_buffer_room(&b, &room);

                g_assert_cmpuint(room, >, 0);
                n = MIN(MIN(room, chunk), size);
                memcpy(p, in, n);
                line_buffer_added(&b, n);
                collect(&b, false, out);
                in += n;
                size -= n;
        }
        collect(&b, true, out);
        return g_string_free(out, FALSE);
}

static void test_lines(void) {
        static const struct {
                const char *in, *out;
                int priority;
        } cases[] = {
                { "", "", LOG_INFO },
                { "one\n", "6 one|", LOG_INFO },
                { "one\ntwo\n", "3 one|3 two|", LOG_ERR },
                { "a\nb\nc\nd\ne\nf\ng\nh\n", "6 a|6 b|6 c|6 d|6 e|6 f|6 g|6 h|", LOG_INFO },
                { "no newline", "6 no newline|", LOG_INFO },
                { "one\nno newline", "6 one|6 no newline|", LOG_INFO },
                { "\n\n one \n\n", "6  one |", LOG_INFO },
                { "dos\r\nr\rr\r\n", "6 dos|6 r\rr|", LOG_INFO },
                { "<3>bad\n<7>chat\nplain\n", "3 bad|7 chat|6 plain|", LOG_INFO },
                { "<8>x\n<>y\n<3z\n<-1>\n <3>w\n", "6 <8>x|6 <>y|6 <3z|6 <-1>|6  <3>w|", LOG_INFO },
                { "<4>\nx\n", "6 x|", LOG_INFO },
                { "<4", "6 <4|", LOG_INFO },
                { "<03>x\n<007>y\n<0003>z\n<30>w\n", "3 x|7 y|6 <0003>z|6 <30>w|", LOG_INFO },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t chunk = 1; chunk < 12; chunk++) {
                        g_autofree char *out =
                                        split(cases[i].in, strlen(cases[i].in), chunk, cases[i].priority);

                        g_assert_cmpstr(out, ==, cases[i].out);
                }
}

static void test_nul(void) {
        static const char in[] = "a\0b\n", expected[] = "6 a\0b|";
        _cleanup_(line_buffer_done) LineBuffer b;
        _cleanup_string_ GString *out = g_string_new(NULL);
        size_t room;

        line_buffer_init(&b, LOG_INFO);
        memcpy(line_buffer_room(&b, &room), in, sizeof in - 1);
        line_buffer_added(&b, sizeof in - 1);
        collect(&b, false, out);
        g_assert_cmpmem(out->str, out->len, expected, sizeof expected - 1);
}

/* A line of some length: "<5>" and x's with a two-byte character across the place where it is cut. */
static void test_long(void) {
        static const size_t sizes[] = { LINE_BUFFER_MAX - 1, LINE_BUFFER_MAX, LINE_BUFFER_MAX + 1,
                                        2 * LINE_BUFFER_MAX + 100 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                for (size_t chunk = 1000; chunk <= 1000000; chunk *= 1000) {
                        g_autofree char *in = g_strnfill(sizes[i] + 1, 'x'), *out = NULL;
                        g_auto(GStrv) parts = NULL;
                        size_t total = 0;

                        memcpy(in, "<5>", 3);
                        if (sizes[i] > LINE_BUFFER_MAX)
                                memcpy(in + LINE_BUFFER_MAX - 1, "\xc3\xa4", 2);
                        in[sizes[i]] = '\n';
                        out = split(in, sizes[i] + 1, chunk, LOG_INFO);

                        parts = g_strsplit_set(out, "+|", -1);
                        g_assert_cmpuint(g_strv_length(parts), ==, (sizes[i] - 1) / LINE_BUFFER_MAX + 2);
                        for (char **p = parts; **p; p++) {
                                g_assert_true(g_str_has_prefix(*p, "5 "));
                                g_assert_true(g_utf8_validate(*p, -1, NULL));
                                g_assert_cmpuint(strlen(*p), <=, LINE_BUFFER_MAX + 2);
                                total += strlen(*p) - 2;
                        }
                        g_assert_cmpuint(total, ==, sizes[i] - 3);
                        /* only the last part ends the line */
                        g_assert_true(strchr(out, '|') == out + strlen(out) - 1);
                }
}

static void test_no_prefix(void) {
        _cleanup_(line_buffer_done) LineBuffer b;
        _cleanup_string_ GString *out = g_string_new(NULL);
        size_t room;

        line_buffer_init(&b, LOG_NOTICE);
        b.no_prefix = true;
        memcpy(line_buffer_room(&b, &room), "<3>x\n", 5);
        line_buffer_added(&b, 5);
        collect(&b, false, out);
        g_assert_cmpstr(out->str, ==, "5 <3>x|");
}

/* The longest line is one entry, and what comes behind it a line of its own. */
static void test_longest(void) {
        g_autofree char *in = g_strnfill(LINE_BUFFER_MAX + 6, 'x'), *out = NULL;

        memcpy(in + LINE_BUFFER_MAX, "\n<3>y\n", 6);
        out = split(in, LINE_BUFFER_MAX + 6, SIZE_MAX, LOG_INFO);
        g_assert_true(g_str_has_suffix(out, "x|3 y|"));
        g_assert_null(strchr(out, '+'));
}

static void test_not_utf8(void) {
        g_autofree char *in = g_strnfill(2 * LINE_BUFFER_MAX, '\x80'), *out = NULL;

        out = split(in, 2 * LINE_BUFFER_MAX, SIZE_MAX, LOG_INFO);
        g_assert_cmpuint(strlen(out), ==, 2 * LINE_BUFFER_MAX + 2 * STRLEN("6 +"));
}

/* Goes on in the file of a buffer that nobody has ended properly. */
static void reopen(LineBuffer *b, int dir_fd) {
        line_buffer_init_file(b, LOG_INFO, dir_fd, "lines");
        g_assert_cmpint(b->fd, >=, 0);
}

static void feed(LineBuffer *b, const char *text, bool added) {
        size_t room;

        (void) line_buffer_room(b, &room);
        memcpy(line_buffer_expect(b, strlen(text)), text, strlen(text));
        if (added)
                line_buffer_added(b, strlen(text));
}

static void check_line(LineBuffer *b, const char *expected) {
        Line line;

        g_assert_true(line_buffer_next(b, false, &line));
        g_assert_cmpmem(line.text, line.size, expected, strlen(expected));
}

static void test_successors(void) {
        _cleanup_free_ char *path = g_dir_make_tmp(NULL, NULL),
                            *file = g_build_filename(path, "lines", NULL);
        _cleanup_close_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        LineBuffer b[6];
        size_t room;
        Line line;

        reopen(&b[0], dir_fd);
        feed(&b[0], "<3>one\ntwo\nthr", true);
        check_line(&b[0], "one");
        line_buffer_commit(&b[0]); /* killed while it sends it */

        reopen(&b[1], dir_fd);
        check_line(&b[1], "two");
        line_buffer_commit(&b[1]);
        line_buffer_revoke(&b[1]); /* killed while journald is busy */

        reopen(&b[2], dir_fd);
        check_line(&b[2], "two");
        line_buffer_commit(&b[2]);
        g_assert_false(line_buffer_next(&b[2], false, &line));
        feed(&b[2], "ee\nfo", false); /* killed between reading and writing down how much */

        reopen(&b[3], dir_fd);
        check_line(&b[3], "three");
        line_buffer_commit(&b[3]);
        g_assert_false(line_buffer_next(&b[3], false, &line));
        (void) line_buffer_room(&b[3], &room);
        (void) line_buffer_expect(&b[3], 2); /* killed before anything was read */

        reopen(&b[4], dir_fd);
        feed(&b[4], "ur\n", true);
        check_line(&b[4], "four");
        line_buffer_commit(&b[4]);
        line_buffer_leave_file(&b[4]);
        feed(&b[4], "five\n", true);
        check_line(&b[4], "five");

        reopen(&b[5], dir_fd);
        g_assert_false(line_buffer_next(&b[5], false, &line));
        for (size_t i = 0; i < ELEMENTSOF(b); i++)
                line_buffer_done(&b[i]);
        g_assert_cmpint(unlink(file), ==, 0);
        g_assert_cmpint(rmdir(path), ==, 0);
}

/* What a damaged file says is not believed. */
static void test_damaged(void) {
        static const LineCarry cases[] = {
                { .span = (uint64_t) 5 << 32 | 6 },
                { .span = (uint64_t) UINT32_MAX << 32 },
                { .span = (uint64_t) 7 << 32, .coming = UINT32_MAX },
        };
        _cleanup_free_ char *path = g_dir_make_tmp(NULL, NULL),
                            *file = g_build_filename(path, "lines", NULL);
        _cleanup_close_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                LineBuffer b;
                Line line;

                reopen(&b, dir_fd);
                *b.carry = cases[i];
                line_buffer_done(&b);
                reopen(&b, dir_fd);
                g_assert_false(line_buffer_next(&b, true, &line));
                line_buffer_done(&b);
        }
        g_assert_cmpint(unlink(file), ==, 0);
        g_assert_cmpint(rmdir(path), ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/line-buffer/lines", test_lines);
        g_test_add_func("/line-buffer/nul", test_nul);
        g_test_add_func("/line-buffer/no-prefix", test_no_prefix);
        g_test_add_func("/line-buffer/long", test_long);
        g_test_add_func("/line-buffer/longest", test_longest);
        g_test_add_func("/line-buffer/not-utf8", test_not_utf8);
        g_test_add_func("/line-buffer/successors", test_successors);
        g_test_add_func("/line-buffer/damaged", test_damaged);
        return g_test_run();
}
