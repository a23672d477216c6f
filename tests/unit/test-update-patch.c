/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an update makes of a configuration, and intervals of events. */

#include "basic/log.h"
#include "runtime/events.h"
#include "runtime/update.h"

typedef struct Case {
        const char *old; /* linux.resources */
        UpdateOptions options;
        const char *new; /* NULL: refused */
} Case;

static const Case cases[] = {
        { "{}", { .memory = "512m" }, "{\"memory\":{\"limit\":536870912}}" },
        { "{}", { .memory = "1.5KiB" }, "{\"memory\":{\"limit\":1536}}" },
        { "{}", { .memory = "10B" }, "{\"memory\":{\"limit\":10}}" },
        { "{}", { .memory = "0" }, "{\"memory\":{}}" },
        { "{}", { .memory = "-1" }, "{\"memory\":{\"limit\":-1,\"swap\":-1}}" },
        { "{}", { .memory = "1x" }, NULL },
        { "{}", { .memory = "1mm" }, NULL },
        { "{}", { .memory = "-2" }, NULL },
        { "{}", { .memory = "99999999t" }, NULL },
        { "{}", { .cpu_share = "-1" }, NULL },
        { "{}", { .cpu_quota = "-1" }, "{\"cpu\":{\"quota\":-1}}" },
        { "{}", { .pids_limit = "0" }, "{\"pids\":{\"limit\":0}}" },
        { "{}", { .kernel_memory = "1m" }, "{}" },

        /* what is not named stays */
        { "{\"cpu\":{\"quota\":5,\"period\":10}}",
          { .cpu_quota = "7" },
          "{\"cpu\":{\"quota\":7,\"period\":10}}" },
        { "{\"pids\":{\"limit\":5}}",
          { .cpuset_cpus = "0-1" },
          "{\"pids\":{\"limit\":5},\"cpu\":{\"cpus\":\"0-1\"}}" },

        /* the amount of swap alone */
        { "{\"memory\":{\"limit\":100,\"swap\":150}}",
          { .memory = "300" },
          "{\"memory\":{\"limit\":300,\"swap\":350}}" },
        { "{\"memory\":{\"limit\":100,\"swap\":150}}",
          { .memory = "300", .memory_swap = "300" },
          "{\"memory\":{\"limit\":300,\"swap\":300}}" },
        { "{\"memory\":{\"limit\":100,\"swap\":-1}}",
          { .memory = "300" },
          "{\"memory\":{\"limit\":300,\"swap\":-1}}" },

        { "{\"cpu\":{\"shares\":5}}", { .cpu_idle = "1" }, "{\"cpu\":{\"idle\":1}}" },
        { "{\"cpu\":{\"shares\":5}}", { .cpu_idle = "0" }, "{\"cpu\":{\"shares\":5,\"idle\":0}}" },
};

static int apply(const Case *c, char **ret) {
        _cleanup_json_document_ JsonDocument *patch = NULL, *config = NULL;
        _cleanup_free_ char *text = g_strdup_printf("{\"linux\":{\"resources\":%s}}", c->old);
        JsonValue resources;
        int r;

        g_assert_cmpint(json_document_parse("test", text, strlen(text), &config), ==, 0);
        r = update_patch_new(&c->options, &patch);
        if (r >= 0)
                r = update_patch_apply(patch, config);
        if (r < 0)
                return r;
        g_assert_cmpint(json_make_object(config, "/linux/resources", &resources), ==, 0);
        *ret = json_value_to_text(resources, /* indent= */ 0);
        return 0;
}

static void test_patch(void) {
        log_set_level(LOG_CRIT);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                int r = apply(&cases[i], &text);

                g_assert_cmpint(r < 0, ==, !cases[i].new);
                g_assert_cmpstr(text, ==, cases[i].new);
        }
}

static void test_interval(void) {
        static const struct {
                const char *text;
                uint64_t usec; /* 0: refused */
        } intervals[] = {
                { "5s", 5000000 },
                { "100ms", 100000 },
                { "1m30s", 90000000 },
                { "1.5h", 5400000000 },
                { "10us", 10 },
                { "2000ns", 2 },
                { "0", 0 },
                { "0s", 0 },
                { "", 0 },
                { "5", 0 },
                { "s", 0 },
                { "-1s", 0 },
                { "5 s", 0 },
                { "1e30h", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(intervals); i++) {
                uint64_t usec = 0;
                int r = events_interval_parse(intervals[i].text, &usec);

                g_assert_cmpint(r < 0, ==, intervals[i].usec == 0);
                g_assert_cmpuint(usec, ==, intervals[i].usec);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/update/patch", test_patch);
        g_test_add_func("/events/interval", test_interval);
        return g_test_run();
}
