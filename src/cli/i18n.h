/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Translations. Only what people read on purpose (help, tables) is translated: messages and output for
 * programs are not, and a start does not pay for setting this up. */

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)

/* To be called before the first _(). */
void i18n_setup(void);
