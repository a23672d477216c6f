/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values that are lists of words: systemd's quoting, C escapes, specifiers. Pure. */

#include <stdbool.h>

#include "basic/cleanup.h"

/* Splits at white space. Single and double quotes hold words together, also in the middle of one, and are
 * removed; backslash escapes are those of C and \s (a space), in quotes, too; an unknown escape stays as it
 * is written, as with systemd. Returns a NULL-terminated list or, with *ret_error set to a static sentence,
 * -EINVAL. */
int words_split(const char *s, char ***ret, const char **ret_error);

/* Quotes a word so that words_split() and systemd give it back, specifiers included ("%" becomes "%%").
 * Plain words stay as they are. Caller frees. */
char *word_quote(const char *s);
