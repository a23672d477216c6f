/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Specifiers of declarations: "%i" and others, as in units. */

#include <stdbool.h>

typedef struct SpecifierContext {
        const char *container; /* its name, as of declared-name.h */
        const char *file;      /* NAME.container */
        bool volume;           /* it is NAME.volume, which is no unit: what names one is the file's name */
} SpecifierContext;

/* The instance for which a template itself is read: most values that have the specifier are good with it. */
#define SPECIFIER_ANY_INSTANCE "0"

/* Replaces the specifiers in a value. -EINVAL: one that is not known, or that has no value on this machine;
 * *ret_bad is its letter (0 at the end of s). With escape, words_split() finds no more words in the result
 * than in s. Caller frees. */
int specifiers_expand(
                const char *s, const SpecifierContext *context, bool escape, char **ret, char *ret_bad);

/* Replaces, for an instance of a template, those specifiers that mean something else in its unit, the name
 * of which has both as its instance. The others stay. Caller frees. */
char *specifiers_expand_instance(const char *s, const SpecifierContext *context);
