/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/late-hooks.h"

#include "runtime/state-text.h"
#include "sandbox/hooks.h"

static const SpecHookKind late_kinds[] = { SPEC_HOOK_POSTSTART, SPEC_HOOK_POSTSTOP };

char *late_hooks_of(const Spec *spec) {
        GString *names = g_string_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(late_kinds); i++)
                if (spec->n_hooks[late_kinds[i]] > 0)
                        g_string_append_printf(names, "%s ", spec_hook_kind_to_string(late_kinds[i]));
        return g_string_free(names, names->len == 0);
}

int late_hooks_run(const char *root, const State *state, SpecHookKind kind, const char *status) {
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *file = NULL, *text = NULL;
        int r;

        if (!state->late_hooks || !strstr(state->late_hooks, spec_hook_kind_to_string(kind)))
                return 0;
        file = g_build_filename(root, state->id, "config.json", NULL);
        r = spec_load(file, state->bundle, &spec);
        if (r < 0)
                return r;
        text = state_text(state, status, kind == SPEC_HOOK_POSTSTOP ? 0 : state->pid);
        return hooks_run(spec, kind, text);
}
