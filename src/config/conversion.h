/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A declaration that is being written, for convert-*.c. */

#include <glib.h>

#include "basic/cleanup.h"

/* In the order in which they are written. */
typedef enum ConversionSection {
        CONVERSION_UNIT,
        CONVERSION_CONTAINER,
        CONVERSION_SERVICE,
        CONVERSION_SOCKET,
        CONVERSION_INSTALL,
        _CONVERSION_SECTION_MAX,
} ConversionSection;

typedef struct Conversion {
        GString *sections[_CONVERSION_SECTION_MAX];
        const char *remark; /* a line about the whole; NULL: none */
} Conversion;

void conversion_init(Conversion *c);
void conversion_done(Conversion *c);

/* -ENOENT for other words. */
int conversion_section_from_string(const char *name);

/* Adds an assignment. One of a key that [Container] does not have, or that is refused, becomes a comment
 * that says so. */
void conversion_set(Conversion *c, ConversionSection section, const char *key, const char *value);
void conversion_setf(Conversion *c, ConversionSection section, const char *key, const char *format, ...)
                __attribute__((format(printf, 4, 5)));

/* Adds a comment: what was there, and why it is not any more, or what to do about it. */
void conversion_note(Conversion *c, ConversionSection section, const char *what, const char *why);

/* What containers of engines have and those of berth do not, if nobody says anything: a remark. */
#define CONVERSION_ENGINE_DEFAULTS                                                                 \
        "Defaults that differ from the engine's: NoNewPrivileges=yes, SeccompProfile=unconfined, " \
        "Network=host, HttpProxy=no"

/* The text; sections without lines are left out. Caller frees. */
char *conversion_text(const Conversion *c, const char *from);
