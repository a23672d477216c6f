# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the checks share: the files of a kind, and what to do without a tool. Sourced with the source directory as the working
# directory, never run.

# sources C|PYTHON|SHELL...: the project's files of these kinds, one a line; build directories are not the project's
sources() {
        local kind
        for kind; do
                case $kind in
                c) all -name '*.[ch]' ;;
                python) all -name '*.py' && scripts python ;;
                shell) all -name '*.sh' && scripts 'bash|sh' && find data/completion/bash -type f ;;
                meson) all '(' -name meson.build -o -name meson_options.txt ')' ;;
                completion) find data/completion -type f ;;
                unit) find units -type f ! -name meson.build ;;
                esac
        done | sort -u
}

all() {
        find . -path ./.git -prune -o -path './build*' -prune -o -type f "$@" -printf '%P\n'
}

# scripts INTERPRETER: files without an extension that it runs
scripts() {
        local by="^#!/(usr/)?bin/(env )?($1)[0-9.]*( |$)"
        # shellcheck disable=SC2016 # for awk to expand
        all ! -name '*.*' | xargs -d '\n' -r awk -v by="$by" 'FNR == 1 { if ($0 ~ by) print FILENAME; nextfile }'
}

# tool NAME [VERSION]: the command of a tool; ends the check as skipped when it is not there
tool() {
        if [[ $# -eq 1 ]] && command -v "$1"; then
                return
        elif [[ $# -eq 2 ]] && command -v "$1-$2"; then
                return
        fi
        echo "$1${2:+ version $2} is not installed (tests/setup lint installs it)" >&2
        exit 77
}
