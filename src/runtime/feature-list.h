/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What this runtime can do (runtime-spec, features.md). */

/* The JSON text of "berth features". Caller frees. */
char *features_text(void);

/* The lines of "berth --version", as engines parse those of runc. Caller frees. */
char *features_version_text(void);
