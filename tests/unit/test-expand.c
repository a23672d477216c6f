/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Variables in command lines: what systemd.service(5) says of them. */

#include <glib.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "config/expand.h"

static const char *const environment[] = { "A=one  two", "B=first", "B=three", "E=", NULL };

static void test_words(void) {
        static const struct {
                const char *word, *expected; /* the words with bars between them; "-" alone: none */
        } cases[] = {
                { "$A", "one|two" },
                { "${A}", "one  two" },
                { "${A}x${B}", "one  twoxthree" },
                { "a$A", "a$A" },
                { "$A.", "$A." },
                { "$E", "-" },
                { "${E}", "" },
                { "$NONE", "-" },
                { "-${NONE}-", "--" },
                { "$$A", "$A" },
                { "$${A}", "${A}" },
                { "$", "$" },
                { "${A", "${A" },
                { "${}", "${}" },
                { "$5", "$5" },
                { "${5}", "${5}" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *words[] = { (char *) cases[i].word, NULL };
                _cleanup_strv_ char **expanded = expand_variables(words, (char **) environment);
                _cleanup_free_ char *text = g_strjoinv("|", expanded);

                g_assert_cmpstr(*expanded ? text : "-", ==, cases[i].expected);
        }
}

static void test_nothing(void) {
        _cleanup_strv_ char **none = expand_variables(NULL, NULL);
        char *words[] = { (char *) "${A}", NULL };
        _cleanup_strv_ char **empty = expand_variables(words, NULL);

        g_assert_null(*none);
        g_assert_cmpstr(empty[0], ==, "");
        g_assert_null(empty[1]);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/expand/words", test_words);
        g_test_add_func("/expand/nothing", test_nothing);
        return g_test_run();
}
