/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values on their way through D-Bus messages, and systemd's errors as errnos. */

#include <sys/socket.h>

#include "unit/bus.h"
#include "unit/machine.h"

/* A connection that is enough to make messages with: nobody is at its other end. */
static sd_bus *unconnected_bus(int pair[static 2]) {
        sd_bus *bus = NULL;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(bus, pair[0], pair[0]), >=, 0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
        return bus;
}

/* What is appended comes back the same, whatever its type is. */
static void test_round_trip(void) {
        static const char *const values[] = {
                "true",
                "byte 0xff",
                "int16 -5",
                "uint16 65535",
                "-2147483648",
                "uint32 4294967295",
                "int64 -9223372036854775808",
                "uint64 18446744073709551615",
                "2.5",
                "'text'",
                "objectpath '/a/b'",
                "signature 'a(sv)'",
                "@as []",
                "['a', 'b']",
                "[byte 0x03, 0x00]",
                "@ay []",
                "[('/dev/block/8:0', uint64 7)]",
                "[(2, [byte 0x7f, 0x00, 0x00, 0x01], uint32 32)]",
                "('a', true, [uint32 1])",
                "{'a': <uint64 5>, 'b': <['x']>}",
                "<'inner'>",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_close_ int other = -EBADF;
        int pair[2];

        bus = unconnected_bus(pair);
        other = pair[1];
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                GVariant *value = g_variant_parse(NULL, values[i], NULL, NULL, NULL);
                GVariant *back, *expected;

                g_assert_nonnull(value);
                property_set(list, "X", value);
                g_assert_cmpint(sd_bus_message_new_signal(bus, &m, "/", "a.b", "C"), >=, 0);
                g_assert_cmpint(message_append_properties(m, list), >=, 0);
                g_assert_cmpint(sd_bus_message_seal(m, 1, 0), >=, 0);
                g_assert_cmpint(sd_bus_message_rewind(m, true), >=, 0);
                g_assert_cmpint(message_read_value(m, &back), ==, 0);
                expected = g_variant_ref_sink(g_variant_new_parsed("[('X', <%*>)]", value));
                g_assert_true(g_variant_equal(back, expected));
                g_variant_unref(expected);
                g_variant_unref(back);
                g_variant_unref(value);
        }
}

static void test_unsupported(void) {
        _cleanup_(property_list_freep) PropertyList *list = property_list_new();
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_close_ int other = -EBADF;
        int pair[2];

        bus = unconnected_bus(pair);
        other = pair[1];
        property_set(list, "X", g_variant_new_maybe(G_VARIANT_TYPE_INT32, NULL));
        g_assert_cmpint(sd_bus_message_new_signal(bus, &m, "/", "a.b", "C"), >=, 0);
        g_assert_cmpint(message_append_properties(m, list), <, 0);
}

static void test_errors(void) {
        static const struct {
                const char *name;
                int value;
        } cases[] = {
                { ERROR_UNIT_EXISTS, -EEXIST },
                { ERROR_NO_SUCH_UNIT, -ENOENT },
                { SD_BUS_ERROR_ACCESS_DENIED, -EACCES },
                { SD_BUS_ERROR_NO_REPLY, -ETIMEDOUT },
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, -EROFS },
                { "System.Error.EBUSY", -EBUSY },
                { "org.example.Whatever", -EIO },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) sd_bus_error_set(&error, cases[i].name, "words");
                g_assert_cmpint(error_to_errno(&error), ==, cases[i].value);
                g_assert_cmpstr(error_text(&error), ==, "words");
        }
}

/* Only what is optional is dropped, and only for this error. */
static void test_drop_unknown_property(void) {
        static const struct {
                const char *name, *message;
                bool dropped;
        } cases[] = {
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, "Cannot set property New, or unknown property.", true },
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, "Cannot set property Old, or unknown property.", false },
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, "Cannot set property Other, or unknown property.",
                  false },
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, "New is read-only", false },
                { SD_BUS_ERROR_INVALID_ARGS, "Cannot set property New, or unknown property.", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                property_set_uint64(list, "Old", 1);
                property_set_optional(list, "New", g_variant_new_uint64(1));
                (void) sd_bus_error_set(&error, cases[i].name, cases[i].message);
                g_assert_cmpint(drop_unknown_property(list, "x.scope", &error), ==, cases[i].dropped);
                g_assert_nonnull(property_find(list, "Old"));
                g_assert_cmpint(!property_find(list, "New"), ==, cases[i].dropped);
        }
}

static void test_machine_names(void) {
        static const struct {
                const char *name;
                bool valid;
        } cases[] = {
                { "web", true },       { "web-1.example_2", true }, { "", false },     { "a+b", false },
                { "-web", false },     { "web-", false },           { ".web", false }, { "web.", false },
                { "a..b", false },     { "a.-b", false },           { "a-.b", false }, { "a b", false },
                { "\xc3\xa4", false },
        };
        _cleanup_free_ char *longest = g_strnfill(64, 'a'), *too_long = g_strnfill(65, 'a');

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpint(machine_name_is_valid(cases[i].name), ==, cases[i].valid);
        g_assert_true(machine_name_is_valid(longest));
        g_assert_false(machine_name_is_valid(too_long));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit-bus/round-trip", test_round_trip);
        g_test_add_func("/unit-bus/unsupported", test_unsupported);
        g_test_add_func("/unit-bus/errors", test_errors);
        g_test_add_func("/unit-bus/drop-unknown-property", test_drop_unknown_property);
        g_test_add_func("/unit-bus/machine-names", test_machine_names);
        return g_test_run();
}
