/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The main of a fuzz entry without a fuzzer: gives it all files of the directories named as arguments. */

#include "fuzz.h"

#include "basic/cleanup.h"
#include "basic/log.h"

static void run_file(gconstpointer userdata) {
        g_autofree char *text = NULL;
        size_t size;

        g_assert_true(g_file_get_contents(userdata, &text, &size, NULL));
        g_assert_cmpint(LLVMFuzzerTestOneInput((const uint8_t *) text, size), ==, 0);
}

static void ignore_message(int level, int err, const char *message, void *userdata) {
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        log_set_sink(ignore_message, NULL);

        for (int i = 1; i < argc; i++) {
                GDir *dir = g_dir_open(argv[i], 0, NULL);
                const char *name;

                g_assert_nonnull(dir);
                while ((name = g_dir_read_name(dir))) {
                        g_autofree char *base = g_path_get_basename(argv[i]);
                        g_autofree char *test = g_strdup_printf("/fuzz/%s/%s", base, name);

                        g_test_add_data_func_full(
                                        test, g_build_filename(argv[i], name, NULL), run_file, g_free);
                }
                g_dir_close(dir);
        }
        return g_test_run();
}
