/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What berth-run tells a program about the unit that it has made. */

typedef enum AdhocJson {
        ADHOC_JSON_OFF,
        ADHOC_JSON_SHORT,  /* one line */
        ADHOC_JSON_PRETTY, /* for people */
} AdhocJson;

typedef struct AdhocMade {
        const char *unit;
        const char *trigger;       /* what will start it; NULL: it has been started */
        const char *invocation_id; /* NULL: not known */
} AdhocMade;

/* As text, with a newline at the end. Caller frees. Pure. */
char *adhoc_json_format(AdhocJson format, const AdhocMade *made);

/* Writes it to stdout, unless it is off. */
void adhoc_json_print(AdhocJson format, const AdhocMade *made);
