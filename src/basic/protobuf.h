/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The wire format of protocol buffers, without a schema: what is needed to talk to a program that speaks it.
 * Pure. Source: https://protobuf.dev/programming-guides/encoding/. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Append one field. Numbers of all integer types, enumerations and booleans look the same; negative ones are
 * sign-extended to 64 bits. */
void protobuf_put_int(GByteArray *out, unsigned field, int64_t value);
void protobuf_put_bool(GByteArray *out, unsigned field, bool value);
void protobuf_put_string(GByteArray *out, unsigned field, const char *value);
void protobuf_put_message(GByteArray *out, unsigned field, const GByteArray *message);

/* What is left to read of a message. */
typedef struct ProtobufReader {
        const uint8_t *data;
        size_t size;
} ProtobufReader;

typedef struct ProtobufField {
        unsigned number;
        int64_t value;        /* of integers; 0 for others */
        ProtobufReader bytes; /* of strings and messages, not terminated; borrowed */
} ProtobufField;

/* Reads the next field. Returns 1, 0 at the end, -EBADMSG: this is no message. Fields of fixed width are
 * told as empty bytes. */
int protobuf_next(ProtobufReader *reader, ProtobufField *ret);

/* A string field as a string. Caller frees. */
char *protobuf_dup_string(const ProtobufField *field);
