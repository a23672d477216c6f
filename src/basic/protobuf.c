/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the encoding of fields, and nothing of what they mean. */

#include "basic/protobuf.h"

#include <errno.h>
#include <string.h>

enum {
        WIRE_VARINT = 0,
        WIRE_FIXED64 = 1,
        WIRE_BYTES = 2,
        WIRE_FIXED32 = 5,
};

static void put_varint(GByteArray *out, uint64_t value) {
        uint8_t byte;

        for (; value >= 0x80; value >>= 7) {
                byte = (uint8_t) (value | 0x80);
                g_byte_array_append(out, &byte, 1);
        }
        byte = (uint8_t) value;
        g_byte_array_append(out, &byte, 1);
}

static void put_bytes(GByteArray *out, unsigned field, const void *data, size_t size) {
        put_varint(out, (uint64_t) field << 3 | WIRE_BYTES);
        put_varint(out, size);
        g_byte_array_append(out, data, (guint) size);
}

void protobuf_put_int(GByteArray *out, unsigned field, int64_t value) {
        put_varint(out, (uint64_t) field << 3 | WIRE_VARINT);
        put_varint(out, (uint64_t) value);
}

void protobuf_put_bool(GByteArray *out, unsigned field, bool value) {
        protobuf_put_int(out, field, value);
}

void protobuf_put_string(GByteArray *out, unsigned field, const char *value) {
        put_bytes(out, field, value, strlen(value));
}

void protobuf_put_message(GByteArray *out, unsigned field, const GByteArray *message) {
        put_bytes(out, field, message->data, message->len);
}

static int take_varint(ProtobufReader *reader, uint64_t *ret) {
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                uint8_t byte;

                if (reader->size == 0)
                        return -EBADMSG;
                byte = *reader->data;
                reader->data++;
                reader->size--;
                value |= (uint64_t) (byte & 0x7f) << shift;
                if (!(byte & 0x80)) {
                        *ret = value;
                        return 0;
                }
        }
        return -EBADMSG;
}

static int take_bytes(ProtobufReader *reader, uint64_t size, ProtobufReader *ret) {
        if (size > reader->size)
                return -EBADMSG;
        *ret = (ProtobufReader) { .data = reader->data, .size = (size_t) size };
        reader->data += size;
        reader->size -= (size_t) size;
        return 0;
}

static int take_value(ProtobufReader *reader, unsigned wire, ProtobufField *field) {
        ProtobufReader skipped;
        uint64_t number;
        int r;

        switch (wire) {
        case WIRE_VARINT:
                r = take_varint(reader, &number);
                if (r >= 0)
                        field->value = (int64_t) number;
                return r;
        case WIRE_BYTES:
                r = take_varint(reader, &number);
                return r < 0 ? r : take_bytes(reader, number, &field->bytes);
        case WIRE_FIXED64:
                return take_bytes(reader, 8, &skipped);
        case WIRE_FIXED32:
                return take_bytes(reader, 4, &skipped);
        default:
                return -EBADMSG;
        }
}

int protobuf_next(ProtobufReader *reader, ProtobufField *ret) {
        ProtobufField field = { 0 };
        uint64_t key;
        int r;

        if (reader->size == 0)
                return 0;
        r = take_varint(reader, &key);
        if (r < 0)
                return r;
        if (key >> 3 == 0 || key >> 3 > UINT32_MAX >> 3)
                return -EBADMSG;
        field.number = (unsigned) (key >> 3);
        r = take_value(reader, (unsigned) (key & 7), &field);
        if (r < 0)
                return r;

        *ret = field;
        return 1;
}

char *protobuf_dup_string(const ProtobufField *field) {
        return g_strndup((const char *) field->bytes.data, field->bytes.size);
}
