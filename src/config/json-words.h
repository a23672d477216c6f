/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A list of words as JSON, for values that other tools take in this form. */

/* "[\"a\", \"b\"]" to a list. -EINVAL: not an array of strings, or with a NUL in one. Pure. */
int json_words_split(const char *s, char ***ret);
