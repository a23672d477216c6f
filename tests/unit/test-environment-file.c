/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of variables and lists of words in JSON: tables of texts. */

#include <string.h>

#include <glib.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "config/environment-file.h"
#include "config/json-words.h"

static void test_environment_file(void) {
        static const struct {
                const char *text;
                int result;
                const char *joined;
        } cases[] = {
                { "", 0, "" },
                { "A=b", 0, "A=b" },
                { "# c\n; d\n\n  A = b c  \nB=\n", 0, "A=b c|B=" },
                { "A=b\r\nB=c\r\n", 0, "A=b|B=c" },
                { "\xef\xbb\xbf"
                  "A=b\n",
                  0, "A=b" },
                { "A=1\nB=2\nA=3\n", 0, "A=3|B=2" },
                { "no assignment\nA=b\n", 0, "A=b" },
                { "A=\"b  \" \nB=' c '\n", 0, "A=b  |B= c " },
                { "A=\"x\\\"y\\n\\$\"\n", 0, "A=x\"y\\n$" },
                { "A='x\\y\n z'\nB=1\n", 0, "A=x\\y\n z|B=1" },
                { "A=b\\\nc\\ \nB=\\'\n", 0, "A=bc |B='" },
                { "discovery.type=x\n", 0, "discovery.type=x" },
                { "A=b # no comment\n", 0, "A=b # no comment" },
                { "A=1\n\nB C=2\n", -3, NULL },
                { "\n=x\n", -2, NULL },
                { "A=\"\nb\n", -1, NULL },
                { "A=1\nB=\xff\n", -2, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **list = NULL;
                _cleanup_free_ char *joined = NULL;

                g_assert_cmpint(environment_file_parse(cases[i].text, &list), ==, cases[i].result);
                if (!cases[i].joined)
                        continue;
                joined = list ? g_strjoinv("|", list) : g_strdup("");
                g_assert_cmpstr(joined, ==, cases[i].joined);
        }
}

static void test_json_words(void) {
        static const struct {
                const char *text, *joined;
        } cases[] = {
                { "[]", "" },
                { "[ \"a\" , \"b c\" ] ", "a|b c" },
                { "[\"\\\"\\\\\\/\\n\\t\\u00e4\\ud83d\\ude00\"]", "\"\\/\n\t\u00e4\U0001f600" },
                { "[\"a\"", NULL },
                { "[\"a\",]", NULL },
                { "[\"a\" \"b\"]", NULL },
                { "[\"a\"] x", NULL },
                { "[\"a", NULL },
                { "[\"\\", NULL },
                { "[\"\\x\"]", NULL },
                { "[\"\\u0000\"]", NULL },
                { "[\"\\ud83d\"]", NULL },
                { "[\"\\u12\"]", NULL },
                { "[1]", NULL },
                { "a", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **words = NULL;
                _cleanup_free_ char *joined = NULL;

                if (!cases[i].joined) {
                        g_assert_cmpint(json_words_split(cases[i].text, &words), ==, -EINVAL);
                        continue;
                }
                g_assert_cmpint(json_words_split(cases[i].text, &words), ==, 0);
                joined = g_strjoinv("|", words);
                g_assert_cmpstr(joined, ==, cases[i].joined);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/environment-file/parse", test_environment_file);
        g_test_add_func("/json-words/split", test_json_words);
        return g_test_run();
}
