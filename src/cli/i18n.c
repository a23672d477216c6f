/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/i18n.h"

#include <locale.h>

void i18n_setup(void) {
        (void) setlocale(LC_ALL, "");
        (void) bindtextdomain(GETTEXT_PACKAGE, BERTH_LOCALEDIR);
        (void) bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
        (void) textdomain(GETTEXT_PACKAGE);
}
