/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the grammar of the verbs about declarations and images. */

#include <stddef.h>

#include "cli/declared-names.h"
#include "cli/options.h"
#include "cli/verb-options.h"
#include "cli/verb-table.h"

#define AT(type, member) offsetof(type, member)

static const Option no_options[] = { { 0 } };

static const Option convert_options[] = {
        { "from", NULL, OPTION_STRING, AT(ConvertCall, from), "quadlet|nspawn|inspect",
          N_("what FILE is, if its name and content do not tell") },
        { 0 },
};

static const Option generate_options[] = {
        { "dry-run", NULL, OPTION_SWITCH, AT(GenerateCall, dry_run), NULL,
          N_("print what systemd would be given; nothing else is possible") },
        { 0 },
};

static const Option pull_options[] = {
        { "authfile", NULL, OPTION_STRING, AT(PullCall, authfile), "FILE",
          N_("credentials for registries") },
        { "from", NULL, OPTION_STRING, AT(PullCall, from), "SOURCE",
          N_("take it from elsewhere, as skopeo calls that") },
        { "quiet", "q", OPTION_SWITCH, AT(PullCall, quiet), NULL, N_("show no progress") },
        { "tls-verify", NULL, OPTION_STRING, AT(PullCall, tls_verify), "true|false",
          N_("whether the registry has to have a good certificate") },
        { 0 },
};

static const Option verify_options[] = {
        { "json", NULL, OPTION_SWITCH, AT(VerifyCall, json), NULL, N_("print the findings as JSON") },
        { 0 },
};

/* Alphabetical. */
static const Verb verbs[] = {
        { "cat", 1, ARGS_ANY, no_options, 0, verb_cat, "FILE|NAME...", HELP_CAT },
        { "convert", 1, 1, convert_options, sizeof(ConvertCall), verb_convert, "FILE", HELP_CONVERT },
        { "generate", 0, ARGS_ANY, generate_options, sizeof(GenerateCall), verb_generate, "[FILE|NAME...]",
          HELP_GENERATE },
        { "pull", 1, 1, pull_options, sizeof(PullCall), verb_pull, "IMAGE", HELP_PULL },
        { "verify", 0, ARGS_ANY, verify_options, sizeof(VerifyCall), verb_verify, "[FILE|NAME...]",
          HELP_VERIFY },
};

const VerbTable declared_verbs = { .verbs = verbs, .n = ELEMENTSOF(verbs) };
