/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fields as bytes and back, and bytes that are no message. */

#include <errno.h>

#include "basic/cleanup.h"
#include "basic/protobuf.h"

/* The bytes of protoc --encode for the same values. */
static void test_encode(void) {
        static const uint8_t wanted[] = { 0x08, 0x96, 0x01,                         /* 1: 150 */
                                          0x10, 0x01,                               /* 2: true */
                                          0x1a, 0x04, 't',  'e',  'x',  't',        /* 3: "text" */
                                          0xfa, 0x03, 0x02, 0x08, 0x00,             /* 63: { 1: 0 } */
                                          0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* 4: -1 */
                                          0xff, 0xff, 0xff, 0x01 };
        _cleanup_bytes_ GByteArray *out = g_byte_array_new(), *inner = g_byte_array_new();

        protobuf_put_int(inner, 1, 0);
        protobuf_put_int(out, 1, 150);
        protobuf_put_bool(out, 2, true);
        protobuf_put_string(out, 3, "text");
        protobuf_put_message(out, 63, inner);
        protobuf_put_int(out, 4, -1);
        g_assert_cmpmem(out->data, out->len, wanted, sizeof wanted);
}

static void test_decode(void) {
        _cleanup_bytes_ GByteArray *out = g_byte_array_new();
        static const uint8_t fixed[] = { 0x2d, 1, 2, 3, 4, 0x31, 1, 2, 3, 4, 5, 6, 7, 8 };
        _cleanup_free_ char *text = NULL;
        ProtobufReader reader;
        ProtobufField field;

        protobuf_put_int(out, 1, -7);
        protobuf_put_string(out, 200, "words");
        g_byte_array_append(out, fixed, sizeof fixed);
        protobuf_put_int(out, 7, INT64_MAX);
        reader = (ProtobufReader) { .data = out->data, .size = out->len };

        g_assert_cmpint(protobuf_next(&reader, &field), ==, 1);
        g_assert_cmpuint(field.number, ==, 1);
        g_assert_cmpint(field.value, ==, -7);
        g_assert_cmpint(protobuf_next(&reader, &field), ==, 1);
        g_assert_cmpuint(field.number, ==, 200);
        text = protobuf_dup_string(&field);
        g_assert_cmpstr(text, ==, "words");
        g_assert_cmpint(protobuf_next(&reader, &field), ==, 1);
        g_assert_cmpuint(field.number, ==, 5);
        g_assert_cmpint(protobuf_next(&reader, &field), ==, 1);
        g_assert_cmpuint(field.number, ==, 6);
        g_assert_cmpint(protobuf_next(&reader, &field), ==, 1);
        g_assert_cmpint(field.value, ==, INT64_MAX);
        g_assert_cmpint(protobuf_next(&reader, &field), ==, 0);
}

static void test_damaged(void) {
        static const struct {
                uint8_t bytes[12];
                size_t size;
        } cases[] = {
                { { 0x08 }, 1 },            /* no value */
                { { 0x08, 0x80 }, 2 },      /* half a value */
                { { 0x1a, 0x05, 'a' }, 3 }, /* too short */
                { { 0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 11 }, /* 2^64 - 1 */
                { { 0x00, 0x00 }, 2 },                                                        /* field 0 */
                { { 0x0b, 0x00 }, 2 },                                                        /* a group */
                { { 0x0d, 0x00, 0x00 }, 3 }, /* 2 of 4 bytes */
                { { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, 11 }, /* long key */
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                ProtobufReader reader = { .data = cases[i].bytes, .size = cases[i].size };
                ProtobufField field;

                g_test_message("case %zu", i);
                g_assert_cmpint(protobuf_next(&reader, &field), ==, -EBADMSG);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/protobuf/encode", test_encode);
        g_test_add_func("/protobuf/decode", test_decode);
        g_test_add_func("/protobuf/damaged", test_damaged);
        return g_test_run();
}
