/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The syntax of unit files: what the lines mean and what is told about those that mean nothing; quoting. */

#include <string.h>

#include "basic/macro.h"
#include "config/messages.h"
#include "config/specifiers.h"
#include "config/unit-file.h"
#include "config/words.h"

static char *dump_entries(const UnitFile *file) {
        GString *out = g_string_new(NULL);

        for (unsigned i = 0; i < file->entries->len; i++) {
                const UnitEntry *e = &g_array_index(file->entries, UnitEntry, i);

                if (e->key)
                        g_string_append_printf(out, "%u %s.%s=%s\n", e->line, e->section, e->key, e->value);
                else
                        g_string_append_printf(out, "%u [%s]\n", e->line, e->section);
        }
        return g_string_free(out, FALSE);
}

static char *dump_messages(const GPtrArray *messages) {
        GString *out = g_string_new(NULL);

        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                g_string_append_printf(out, "%s\n", line);
        }
        return g_string_free(out, FALSE);
}

static void check(const char *text, size_t size, const char *entries, const char *errors) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(unit_file_freep) UnitFile *file = NULL;
        _cleanup_free_ char *got_entries = NULL, *got_errors = NULL;
        char *copy = g_malloc(size + 1);

        memcpy(copy, text, size);
        copy[size] = 0;
        file = unit_file_parse("f", copy, size, messages);
        got_entries = dump_entries(file);
        got_errors = dump_messages(messages);
        g_assert_cmpstr(got_entries, ==, entries);
        g_assert_cmpstr(got_errors, ==, errors);
}

static void test_good(void) {
        static const struct {
                const char *text, *entries;
        } cases[] = {
                { "", "" },
                { "\n\n", "" },
                { "[A]\nk=v\n", "1 [A]\n2 A.k=v\n" },
                { "[A]\nk=v", "1 [A]\n2 A.k=v\n" },
                { "[A]\n  k  =  v w \t\n", "1 [A]\n2 A.k=v w\n" },
                { "[A]\nk=\nk=a=b\n", "1 [A]\n2 A.k=\n3 A.k=a=b\n" },
                { "# c\n;c\n [A] \n#k=v\n  ;x\nk=#v\n", "3 [A]\n6 A.k=#v\n" },
                { "[A]\nk=1\n[B]\nk=2\n[A]\nk=3\n", "1 [A]\n2 A.k=1\n3 [B]\n4 B.k=2\n5 [A]\n6 A.k=3\n" },
                /* continuation: joined with a space, comments do not end it, an empty line does */
                { "[A]\nk=a\\\n  b \\\nc\nl=d\n", "1 [A]\n2 A.k=a b  c\n5 A.l=d\n" },
                { "[A]\nk=a \\\n# comment \\\n; another\nb\nl=d\n", "1 [A]\n2 A.k=a  b\n6 A.l=d\n" },
                { "[A]\nk=a\\\n\nl=d\n", "1 [A]\n2 A.k=a\n4 A.l=d\n" },
                { "[A]\nk=a\\\\\nl=d\n", "1 [A]\n2 A.k=a\\\\\n3 A.l=d\n" },
                { "[A]\nk=a\\\\\\\nl=d\n", "1 [A]\n2 A.k=a\\\\ l=d\n" },
                { "[A]\nk=a\\", "1 [A]\n2 A.k=a\n" },
                { "[A]\nk=a\\\n", "1 [A]\n2 A.k=a\n" },
                { "# comment \\\n[A]\nk=v\n", "2 [A]\n3 A.k=v\n" },
                { "[A]\r\nk=v\\\r\n  w\r\n", "1 [A]\n2 A.k=v w\n" },
                { "\xef\xbb\xbf[A]\nk=v\n", "1 [A]\n2 A.k=v\n" },
                { "[A]\nk=\xc3\xa4\n", "1 [A]\n2 A.k=\xc3\xa4\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check(cases[i].text, strlen(cases[i].text), cases[i].entries, "");
}

static void test_bad(void) {
        static const struct {
                const char *text;
                size_t size; /* 0: strlen */
                const char *entries, *errors;
        } cases[] = {
                { "k=v\n[A]\nl=w\n", 0, "2 [A]\n3 A.l=w\n",
                  "f:1: 'k=' stands in front of the first section\n" },
                { "[A\nk=v\n[B]\nl=w\n", 0, "3 [B]\n4 B.l=w\n",
                  "f:1: section header '[A' does not end with ']'\n" },
                { "[]\n", 0, "", "f:1: section name '' is not valid\n" },
                { "[a[b]\n", 0, "", "f:1: section name 'a[b' is not valid\n" },
                { "[A]\nfoo\n=v\nk=w\n", 0, "1 [A]\n4 A.k=w\n",
                  "f:2: expected KEY=VALUE, a [Section] or a comment, found 'foo'\nf:3: no key in front of "
                  "'='\n" },
                { "[A]\na b=c\n", 0, "1 [A]\n",
                  "f:2: key 'a b' contains characters that keys do not have\n" },
                { "[A]\nk=a\rb\n", 0, "1 [A]\n", "f:2: control character 0x0d in the line\n" },
                { "[A]\nk=a\x7f\n", 0, "1 [A]\n", "f:2: control character 0x7f in the line\n" },
                { "[A]\nk=a\0b\n", 11, "", "f:2: NUL byte in the text\n" },
                { "[A]\n\nk=\xff\n", 0, "", "f:3: text is not valid UTF-8\n" },
                { "\xff\xfe[\0A\0", 6, "", "f:1: text is not valid UTF-8\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check(cases[i].text, cases[i].size ?: strlen(cases[i].text), cases[i].entries,
                      cases[i].errors);
}

/* Neither one line nor many joined ones get too long; what follows is read. */
static void test_long_line(void) {
        _cleanup_string_ GString *single = g_string_new("[A]\nk="), *joined = g_string_new("[A]\nk=");
        _cleanup_free_ char *error = g_strdup_printf(
                                            "f:2: line is longer than %u bytes\n", UNIT_FILE_LINE_MAX),
                            *entries = NULL;
        unsigned line = 3;

        while (single->len <= UNIT_FILE_LINE_MAX + 4)
                g_string_append_c(single, 'x');
        g_string_append(single, "\nl=v\n");
        check(single->str, single->len, "1 [A]\n3 A.l=v\n", error);

        for (; joined->len <= 2 * UNIT_FILE_LINE_MAX; line++)
                g_string_append(joined, "xxxxxxxxxxxxxxxx\\\n");
        g_string_append(joined, "y\nl=v\n");
        entries = g_strdup_printf("1 [A]\n%u A.l=v\n", line);
        check(joined->str, joined->len, entries, error);
}

static void test_words(void) {
        static const struct {
                const char *text, *words; /* NULL: an error */
        } cases[] = {
                { "", "" },
                { " \t ", "" },
                { "a", "<a>" },
                { " a  b\tc ", "<a><b><c>" },
                { "\"a b\" 'c d'", "<a b><c d>" },
                { "a\"b c\"d", "<ab cd>" },
                { "''", "<>" },
                { "\"it's\" 'say \"x\"'", "<it's><say \"x\">" },
                { "a\\ b", "<a\\><b>" },
                { "a\\sb", "<a b>" },
                { "\\x41\\101\\u00e4\\U0001F600", "<AA\xc3\xa4\xf0\x9f\x98\x80>" },
                { "\"\\n\\t\\\\\\\"\"", "<\n\t\\\">" },
                { "'a\\'b'", "<a'b>" },
                { "\\d\\w+", "<\\d\\w+>" }, /* unknown escapes stay */
                { "\\x00 \\x4 \\000", "<\\x00><\\x4><\\000>" },
                { "\"a", NULL },
                { "'a", NULL },
                { "a\\", NULL },
                { "\\xff", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **words = NULL;
                _cleanup_string_ GString *joined = g_string_new(NULL);
                const char *error = NULL;
                int r = words_split(cases[i].text, &words, &error);

                if (!cases[i].words) {
                        g_assert_cmpint(r, ==, -EINVAL);
                        g_assert_nonnull(error);
                        continue;
                }
                g_assert_cmpint(r, ==, 0);
                for (char **w = words; *w; w++)
                        g_string_append_printf(joined, "<%s>", *w);
                g_assert_cmpstr(joined->str, ==, cases[i].words);
        }
}

/* What is quoted comes back; "%" is doubled for systemd, so it is left out here. */
static void test_quote(void) {
        static const char *const cases[] = {
                "a", "", "a b", "it's", "a\"b\\c", "\t\n", "/a/b-c_d.e:f=g@h,i+", "\xc3\xa4", "$x"
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *quoted = word_quote(cases[i]);
                _cleanup_strv_ char **words = NULL;
                const char *error = NULL;

                g_assert_cmpint(words_split(quoted, &words, &error), ==, 0);
                g_assert_cmpuint(g_strv_length(words), ==, 1);
                g_assert_cmpstr(words[0], ==, cases[i]);
        }
}

static void test_specifiers(void) {
        static const struct {
                const char *text, *expanded;
                char bad;
        } cases[] = {
                { "plain", "plain" },
                { "100%%", "100%" },
                { "%i %I", "a\\x2bb a+b" },
                { "%n %N %p", "container@a\\x2bb.service container@a\\x2bb container" },
                { "%p %P %j %J", "container container container container" },
                { "%y %Y", "/etc/berth/a+b.container /etc/berth" },
                { "%f", NULL, 'f' },
                { "100%z", NULL, 'z' },
                { "x%", NULL, 0 },
        };

        static const SpecifierContext context = { "a+b", "/etc/berth/a+b.container" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expanded = NULL;
                char bad = '?';
                int r = specifiers_expand(cases[i].text, &context, false, &expanded, &bad);

                g_assert_cmpint(r, ==, cases[i].expanded ? 0 : -EINVAL);
                g_assert_cmpstr(expanded, ==, cases[i].expanded);
                if (r < 0)
                        g_assert_cmpint(bad, ==, cases[i].bad);
        }
}

/* In a template's instance, and in the template itself, which is read as some instance. */
static void test_instance_specifiers(void) {
        static const struct {
                const char *container, *text, *expanded;
        } cases[] = {
                { "my-web@1", "%i %I %p %P %j %J", "1 1 my-web my-web web web" },
                { "my-web@1", "%n %N", "container@my-web@1.service container@my-web@1" },
                { "a+b@-srv-x\\x2dy", "%I %p %P", "/srv/x-y a\\x2bb a+b" },
                { "web@x\\y", "%I", "x\\y" },
                { "web@", "%i %N", "0 container@web@0" },
        };
        static const SpecifierContext context = { "a%b@1", "/etc/berth/x@.container" };
        _cleanup_free_ char *passed = specifiers_expand_instance("%i %%i %n %H %p %", &context);

        g_assert_cmpstr(passed, ==, "1 %%i %n %H a\\x25b %");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const SpecifierContext one = { cases[i].container, "/etc/berth/x@.container" };
                _cleanup_free_ char *expanded = NULL;
                char bad;

                g_assert_cmpint(specifiers_expand(cases[i].text, &one, false, &expanded, &bad), ==, 0);
                g_assert_cmpstr(expanded, ==, cases[i].expanded);
        }
}

static void test_suggest(void) {
        static const char *const names[] = { "Environment", "Exec", "ReadOnly", "Rootfs", "User", "Volume" };
        static const struct {
                const char *word, *suggestion;
        } cases[] = {
                { "Evironment", "Environment" },
                { "Enviroment", "Environment" },
                { "Exce", "Exec" },
                { "readonly", "ReadOnly" },
                { "RootFS", "Rootfs" },
                { "Volumes", "Volume" },
                { "Usre", "User" },
                { "Memory", NULL },
                { "", NULL },
                { "X", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpstr(config_suggest(cases[i].word, names, ELEMENTSOF(names)), ==,
                                cases[i].suggestion);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit-file/good", test_good);
        g_test_add_func("/unit-file/bad", test_bad);
        g_test_add_func("/unit-file/long-line", test_long_line);
        g_test_add_func("/words/split", test_words);
        g_test_add_func("/words/quote", test_quote);
        g_test_add_func("/words/specifiers-instance", test_instance_specifiers);
        g_test_add_func("/words/specifiers", test_specifiers);
        g_test_add_func("/messages/suggest", test_suggest);
        return g_test_run();
}
