/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the grammar of JSON: text to nodes. Knows nothing of files or messages. Not recursive. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "spec/json-read.h"

/* What may come next. */
typedef enum Expect {
        EXPECT_VALUE,
        EXPECT_VALUE_OR_END, /* behind [ */
        EXPECT_KEY,
        EXPECT_KEY_OR_END, /* behind { */
        EXPECT_COLON,
        EXPECT_COMMA_OR_END,
        EXPECT_NOTHING,
} Expect;

typedef struct Reader {
        JsonDocument *document;
        const char *p;
        const char *end;
        Expect expect;
        const char *expected; /* what is missing at p, after a failure */
        GString *string;      /* being decoded */
        const char *name;     /* of the member whose value comes next */
        JsonNode *root;
        unsigned depth;
        JsonNode *stack[JSON_DEPTH_MAX]; /* the containers around p */
} Reader;

static const char *const expectations[] = {
        [EXPECT_VALUE] = "a value",
        [EXPECT_VALUE_OR_END] = "a value or ']'",
        [EXPECT_KEY] = "a member name in double quotes",
        [EXPECT_KEY_OR_END] = "a member name in double quotes or '}'",
        [EXPECT_COLON] = "':'",
        [EXPECT_COMMA_OR_END] = "',' or the end of the object or array",
        [EXPECT_NOTHING] = "nothing more",
};

static bool fail(Reader *r, const char *at, const char *expected) {
        r->p = at;
        r->expected = expected;
        return false;
}

/* ---- strings ---- */

/* Value of four hexadecimal digits, -1 when they are not. */
static int hex4(const char *p, const char *end) {
        int value = 0;

        if (end - p < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                int digit = g_ascii_xdigit_value(p[i]);

                if (digit < 0)
                        return -1;
                value = value * 16 + digit;
        }
        return value;
}

/* r->p is behind "\u". */
static bool read_unicode_escape(Reader *r) {
        int high = hex4(r->p, r->end), low;

        if (high < 0)
                return fail(r, r->p, "four hexadecimal digits");
        if (high == 0)
                return fail(r, r->p, "a string without NUL characters");
        if (high < 0xd800 || high > 0xdfff) {
                g_string_append_unichar(r->string, (gunichar) high);
                r->p += 4;
                return true;
        }

        low = r->p[4] == '\\' && r->p[5] == 'u' ? hex4(r->p + 6, r->end) : -1;
        if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
                return fail(r, r->p, "a complete surrogate pair");
        g_string_append_unichar(r->string, 0x10000 + ((gunichar) high - 0xd800) * 0x400 + (low - 0xdc00));
        r->p += 10;
        return true;
}

/* r->p is at the backslash. */
static bool read_escape(Reader *r) {
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        const char *letter;

        if (r->p[1] == 'u') {
                r->p += 2;
                return read_unicode_escape(r);
        }
        letter = r->p[1] ? strchr(letters, r->p[1]) : NULL;
        if (!letter)
                return fail(r, r->p, "an escape sequence that JSON has");
        g_string_append_c(r->string, meanings[letter - letters]);
        r->p += 2;
        return true;
}

/* r->p is at the first byte of a character that is not ASCII. */
static bool read_utf8(Reader *r) {
        gunichar u = g_utf8_get_char_validated(r->p, r->end - r->p);

        if (u == (gunichar) -1 || u == (gunichar) -2)
                return fail(r, r->p, "valid UTF-8");
        g_string_append_len(r->string, r->p, g_utf8_skip[(unsigned char) *r->p]);
        r->p = g_utf8_next_char(r->p);
        return true;
}

static bool is_plain(unsigned char c) {
        return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* r->p is at the opening quote. */
static bool read_string(Reader *r, const char **ret) {
        g_string_truncate(r->string, 0);
        r->p++;
        for (;;) {
                const char *plain = r->p;
                unsigned char c;

                while (is_plain((unsigned char) *r->p))
                        r->p++;
                g_string_append_len(r->string, plain, r->p - plain);

                c = (unsigned char) *r->p;
                if (c == '"')
                        break;
                if (r->p >= r->end)
                        return fail(r, r->p, "the closing quote of a string");
                if (c < 0x20)
                        return fail(r, r->p, "a string without control characters");
                if (c == '\\' ? !read_escape(r) : !read_utf8(r))
                        return false;
        }

        r->p++;
        *ret = json_node_copy(r->document, r->string->str, r->string->len);
        return true;
}

/* ---- other scalars ---- */

static bool check_integer(Reader *r, const char *p) {
        bool negative = *p == '-';
        uint64_t value;

        errno = 0;
        value = g_ascii_strtoull(p + negative, NULL, 10);
        if (errno == ERANGE || (negative && value > (uint64_t) INT64_MAX + 1))
                return fail(r, p, "an integer of at most 64 bits");
        return true;
}

static const char *skip_digits(const char *p) {
        while (g_ascii_isdigit(*p))
                p++;
        return p;
}

static bool read_number(Reader *r, JsonNode *node) {
        const char *start = r->p, *p = start + (*start == '-');

        node->type = JSON_TYPE_INTEGER;
        if (!g_ascii_isdigit(*p))
                return fail(r, p, "a digit");
        p = *p == '0' ? p + 1 : skip_digits(p);
        if (*p == '.') {
                node->type = JSON_TYPE_DOUBLE;
                if (!g_ascii_isdigit(p[1]))
                        return fail(r, p + 1, "a digit");
                p = skip_digits(p + 1);
        }
        if (*p == 'e' || *p == 'E') {
                node->type = JSON_TYPE_DOUBLE;
                p += p[1] == '+' || p[1] == '-' ? 2 : 1;
                if (!g_ascii_isdigit(*p))
                        return fail(r, p, "a digit");
                p = skip_digits(p);
        }

        if (node->type == JSON_TYPE_INTEGER && !check_integer(r, start))
                return false;
        node->text = json_node_copy(r->document, start, p - start);
        r->p = p;
        return true;
}

static bool read_word(Reader *r, JsonNode *node) {
        static const struct {
                const char *word;
                JsonType type;
                bool boolean;
        } words[] = {
                { "true", JSON_TYPE_BOOLEAN, true },
                { "false", JSON_TYPE_BOOLEAN, false },
                { "null", JSON_TYPE_NULL, false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (strncmp(r->p, words[i].word, strlen(words[i].word)) == 0) {
                        node->type = words[i].type;
                        node->boolean = words[i].boolean;
                        r->p += strlen(words[i].word);
                        return true;
                }
        return fail(r, r->p, expectations[EXPECT_VALUE]);
}

/* ---- structure ---- */

static Expect after_value(const Reader *r) {
        return r->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static bool open_container(Reader *r, JsonNode *node) {
        bool object = *r->p == '{';

        if (r->depth >= JSON_DEPTH_MAX)
                return fail(r, r->p, "less deep nesting");
        node->type = object ? JSON_TYPE_OBJECT : JSON_TYPE_ARRAY;
        r->stack[r->depth++] = node;
        r->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
        r->p++;
        return true;
}

static bool close_container(Reader *r) {
        JsonNode *node = r->stack[--r->depth];

        if (node->type == JSON_TYPE_OBJECT)
                json_node_unify(node);
        r->expect = after_value(r);
        r->p++;
        return true;
}

static bool read_value(Reader *r) {
        char c = *r->p;
        JsonNode *node;

        if (!c || !strchr("{[\"-0123456789tfn", c))
                return fail(r, r->p, expectations[r->expect]);

        node = json_node_new(r->document, JSON_TYPE_STRING);
        node->name = r->name;
        r->name = NULL;
        if (r->depth > 0)
                json_node_append(r->document, r->stack[r->depth - 1], node);
        else
                r->root = node;

        r->expect = after_value(r);
        if (c == '{' || c == '[')
                return open_container(r, node);
        if (c == '"')
                return read_string(r, &node->text);
        if (c == '-' || g_ascii_isdigit(c))
                return read_number(r, node);
        return read_word(r, node);
}

/* A comma or the end of the innermost container. */
static bool read_separator(Reader *r) {
        bool object = r->stack[r->depth - 1]->type == JSON_TYPE_OBJECT;

        if (*r->p == (object ? '}' : ']'))
                return close_container(r);
        if (*r->p != ',')
                return fail(r, r->p, expectations[EXPECT_COMMA_OR_END]);
        r->p++;
        r->expect = object ? EXPECT_KEY : EXPECT_VALUE;
        return true;
}

/* One token; r->p is not on white space. */
static bool read_token(Reader *r) {
        char c = *r->p;

        switch (r->expect) {
        case EXPECT_VALUE_OR_END:
                return c == ']' ? close_container(r) : read_value(r);
        case EXPECT_VALUE:
                return read_value(r);
        case EXPECT_KEY_OR_END:
                if (c == '}')
                        return close_container(r);
                /* fall through */
        case EXPECT_KEY:
                if (c != '"')
                        break;
                r->expect = EXPECT_COLON;
                return read_string(r, &r->name);
        case EXPECT_COLON:
                if (c != ':')
                        break;
                r->p++;
                r->expect = EXPECT_VALUE;
                return true;
        case EXPECT_COMMA_OR_END:
                return read_separator(r);
        case EXPECT_NOTHING:
                break;
        }
        return fail(r, r->p, expectations[r->expect]);
}

static bool read_document(Reader *r) {
        for (;;) {
                while (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r')
                        r->p++;
                if (r->p >= r->end)
                        return r->expect == EXPECT_NOTHING || fail(r, r->p, expectations[r->expect]);
                if (!read_token(r))
                        return false;
        }
}

int json_read(JsonDocument *document, const char *text, size_t size, JsonNode **ret,
              JsonReadError *ret_error) {
        _cleanup_string_ GString *string = g_string_sized_new(256);
        Reader r = { .document = document, .p = text, .end = text + size, .string = string };
        const char *line = text;
        unsigned n_lines = 1;

        if (read_document(&r)) {
                *ret = r.root;
                return 0;
        }

        for (const char *p = text; p < r.p; p++)
                if (*p == '\n') {
                        n_lines++;
                        line = p + 1;
                }
        *ret_error = (JsonReadError) {
                .expected = r.expected,
                .offset = r.p - text,
                .line = n_lines,
                .column = r.p - line + 1,
        };
        return -EINVAL;
}
