# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion for berth(1).

# __berth_valued [COMMAND]: the options that take a value, in front of the command or behind it
function __berth_valued
    switch "$argv"
        case ''
            echo --cgroup-manager --criu --log --log-format --log-level --root --rootless
        case checkpoint
            echo --empty-ns --image-path --manage-cgroups-mode --network-lock --page-server --parent-path \
                --status-fd --work-path
        case convert
            echo --from
        case create run
            echo -b --bundle -f --config --console-socket --pid-file --pidfd-socket --preserve-fds --resources-from
        case events
            echo --interval
        case exec
            echo -g --additional-gids --apparmor -c --cap --cgroup --console-socket --cwd -e --env --pid-file \
                --pidfd-socket --preserve-fds -p --process --process-label -u --user
        case list ps
            echo -f --format
        case pull
            echo --authfile --from --tls-verify
        case restore
            echo -b --bundle -f --config --console-socket --empty-ns --image-path --lsm-mount-context --lsm-profile \
                --manage-cgroups-mode --network-lock --pid-file --work-path
        case spec
            echo -b --bundle -f --config
        case update
            echo --blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-share --cpuset-cpus \
                --cpuset-mems --l3-cache-schema --mem-bw-schema --memory --memory-reservation --memory-swap \
                --pids-limit -r --resources
    end
end

# __berth_is [COMMAND [N]]: whether this is the command, and N arguments stand in front of the cursor; without words: whether
# there is no command yet
function __berth_is
    set -l words (commandline -opc)
    set -l verb
    set -l value false
    set -l n 0
    for word in $words[2..-1]
        if test $value = true
            set value false
        else if string match -q -- '-*' $word
            contains -- $word (string split ' ' -- (__berth_valued $verb)); and set value true
        else if set -q verb[1]
            set n (math $n + 1)
        else
            set verb $word
        end
    end
    # what stands behind the container is the command line of another program
    contains -- "$verb" exec ps; and test $n -gt 0; and return 1
    switch (count $argv)
        case 0
            not set -q verb[1]
        case 1
            test "$verb" = $argv[1]
        case '*'
            test "$verb" = $argv[1] -a $n -eq $argv[2]
    end
end

function __berth_ids
    set -l words (commandline -opc)
    set -l root (string match -- '--root=*' $words)
    if set -l i (contains -i -- --root $words)
        set root --root=$words[(math $i + 1)]
    end
    berth $root list --quiet 2>/dev/null
end

function __berth_declarations
    set -l directories
    if set -q BERTH_UNIT_PATH
        set directories (string split : -- $BERTH_UNIT_PATH)
    else if test (id -u) -eq 0
        set directories /etc/berth /run/berth /usr/local/lib/berth /usr/lib/berth
    else
        set -l config ~/.config
        set -q XDG_CONFIG_HOME; and set config $XDG_CONFIG_HOME
        set directories $config/berth $XDG_RUNTIME_DIR/berth /etc/berth/users/(id -u) /etc/berth/users /usr/lib/berth/users
    end
    for file in $directories/*.container
        string replace -r '\.container$' '' (basename $file)
    end
end

function __berth_units
    systemctl list-units --all --full --plain --no-legend 'container@*.service' 2>/dev/null | string replace -r ' .*' ''
end

function __berth_signals
    for signal in (string split ' ' -- (command kill -l | string join ' '))
        string match -qr '^[A-Z]' -- $signal; and printf '%s\nSIG%s\n' $signal $signal
    end
end

complete -c berth -f

complete -c berth -n __berth_is -l cgroup-manager -x -a 'systemd cgroupfs disabled' -d 'who makes the cgroup of a container'
complete -c berth -n __berth_is -l criu -r -F -d 'program that saves and restores processes'
complete -c berth -n __berth_is -l debug -d 'tell everything'
complete -c berth -n __berth_is -s h -l help -d 'show this text'
complete -c berth -n __berth_is -l log -r -F -d 'append errors to this file, or send them there, too'
complete -c berth -n __berth_is -l log-format -x -a 'text json journal plain' -d 'format of that file, or of stderr'
complete -c berth -n __berth_is -l log-level -x -a 'error warning debug' -d 'what to tell'
complete -c berth -n __berth_is -l root -x -a '(__fish_complete_directories)' -d 'where state is kept (default: /run/berth)'
complete -c berth -n __berth_is -l rootless -x -a 'true false auto' -d 'whether a container may do without a cgroup of its own'
complete -c berth -n __berth_is -l systemd-cgroup -d 'make a scope, even if the configuration names a cgroup path'
complete -c berth -n __berth_is -s v -l version -d 'show the version'

complete -c berth -n __berth_is -a adopt -d 'give containers that units run new supervisors, as after an upgrade'
complete -c berth -n __berth_is -a cat -d 'show what a declaration says, with its drop-ins, and where it says so'
complete -c berth -n __berth_is -a checkpoint -d 'save the processes of a container in files'
complete -c berth -n __berth_is -a convert -d 'make a declaration of a Quadlet or nspawn file, or of an inspection'
complete -c berth -n __berth_is -a create -d 'make a container'
complete -c berth -n __berth_is -a delete -d 'remove what is left of a container'
complete -c berth -n __berth_is -a events -d 'print statistics and out-of-memory events as JSON'
complete -c berth -n __berth_is -a exec -d 'execute one more process in a container'
complete -c berth -n __berth_is -a features -d 'tell what this runtime can do, as JSON'
complete -c berth -n __berth_is -a generate -d 'print the units that declarations become'
complete -c berth -n __berth_is -a kill -d 'send a signal to a container\'s init'
complete -c berth -n __berth_is -a list -d 'show containers'
complete -c berth -n __berth_is -a mounts -d 'change the mounts of a container that exists'
complete -c berth -n __berth_is -a pause -d 'stop all processes of a container for a while'
complete -c berth -n __berth_is -a ps -d 'show the processes of a container'
complete -c berth -n __berth_is -a pull -d 'fetch an image for Image= of declarations'
complete -c berth -n __berth_is -a restore -d 'make a container of processes that were saved'
complete -c berth -n __berth_is -a resume -d 'let a paused container go on'
complete -c berth -n __berth_is -a run -d 'make and start a container'
complete -c berth -n __berth_is -a spec -d 'write a configuration to begin with'
complete -c berth -n __berth_is -a start -d 'execute the payload of a container that was made'
complete -c berth -n __berth_is -a state -d 'show one container as JSON'
complete -c berth -n __berth_is -a update -d 'change the limits of a container'
complete -c berth -n __berth_is -a verify -d 'find all that is wrong with declarations'

complete -c berth -n '__berth_is adopt' -l help -d 'show this text'
complete -c berth -n '__berth_is adopt' -s a -l all -d 'all containers that units run'
complete -c berth -n '__berth_is adopt' -a '(__berth_ids)'

complete -c berth -n '__berth_is cat' -l help -d 'show this text'
complete -c berth -n '__berth_is cat' -F
complete -c berth -n '__berth_is cat' -a '(__berth_declarations)'

complete -c berth -n '__berth_is checkpoint' -l help -d 'show this text'
complete -c berth -n '__berth_is checkpoint' -l auto-dedup -d 'remove from earlier images what the new one replaces'
complete -c berth -n '__berth_is checkpoint' -l empty-ns -x -d 'do not save what is in this namespace'
complete -c berth -n '__berth_is checkpoint' -l ext-unix-sk -d 'allow Unix sockets to the outside'
complete -c berth -n '__berth_is checkpoint' -l file-locks -d 'allow file locks'
complete -c berth -n '__berth_is checkpoint' -l image-path -x -a '(__fish_complete_directories)' -d 'where the image is, default ./checkpoint'
complete -c berth -n '__berth_is checkpoint' -l lazy-pages -d 'leave memory where it is until it is asked for'
complete -c berth -n '__berth_is checkpoint' -l leave-running -d 'let the container go on'
complete -c berth -n '__berth_is checkpoint' -l link-remap -d 'save open files that have been removed as links beside them'
complete -c berth -n '__berth_is checkpoint' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'what to do about cgroups in the container'
complete -c berth -n '__berth_is checkpoint' -l network-lock -x -a 'iptables nftables skip' -d 'how to hold connections meanwhile'
complete -c berth -n '__berth_is checkpoint' -l page-server -x -d 'send memory to the page server there'
complete -c berth -n '__berth_is checkpoint' -l parent-path -x -a '(__fish_complete_directories)' -d 'earlier image, as seen from the new one'
complete -c berth -n '__berth_is checkpoint' -l pre-dump -d 'save only memory, let the container go on'
complete -c berth -n '__berth_is checkpoint' -l shell-job -d 'allow a terminal from outside'
complete -c berth -n '__berth_is checkpoint' -l status-fd -x -d 'gets a zero byte when lazy pages are ready'
complete -c berth -n '__berth_is checkpoint' -l tcp-close -d 'close TCP connections'
complete -c berth -n '__berth_is checkpoint' -l tcp-established -d 'allow established TCP connections'
complete -c berth -n '__berth_is checkpoint' -l tcp-skip-in-flight -d 'leave out TCP connections that are being made'
complete -c berth -n '__berth_is checkpoint' -l work-path -x -a '(__fish_complete_directories)' -d 'where CRIU\'s log goes, default: the image\'s'
complete -c berth -n '__berth_is checkpoint 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is convert' -l help -d 'show this text'
complete -c berth -n '__berth_is convert' -l from -x -a 'quadlet nspawn inspect' -d 'what FILE is, if its name and content do not tell'
complete -c berth -n '__berth_is convert 0' -F

complete -c berth -n '__berth_is create' -l help -d 'show this text'
complete -c berth -n '__berth_is create' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory with config.json and rootfs'
complete -c berth -n '__berth_is create' -s f -l config -r -F -d 'configuration other than the bundle\'s'
complete -c berth -n '__berth_is create' -l console-socket -r -F -d 'socket that gets the terminal\'s master'
complete -c berth -n '__berth_is create' -l no-new-keyring -d 'leave the payload in our session keyring'
complete -c berth -n '__berth_is create' -l no-pivot -d 'do not use pivot_root, for initial ramfs'
complete -c berth -n '__berth_is create' -l pid-file -r -F -d 'file that gets the pid of init'
complete -c berth -n '__berth_is create' -l pidfd-socket -r -F -d 'socket that gets the pidfd of init'
complete -c berth -n '__berth_is create' -l preserve-fds -x -d 'pass N descriptors from 3 on'
complete -c berth -n '__berth_is create' -l resources-from -x -a '(__berth_units)' -d 'apply the resource settings of this unit to the scope'

complete -c berth -n '__berth_is delete' -l help -d 'show this text'
complete -c berth -n '__berth_is delete' -s f -l force -d 'kill it first, if it still runs'
complete -c berth -n '__berth_is delete' -s r -l regex -d 'ID is a regular expression: remove all containers that match'
complete -c berth -n '__berth_is delete 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is events' -l help -d 'show this text'
complete -c berth -n '__berth_is events' -l interval -x -d 'time between statistics, default 5s'
complete -c berth -n '__berth_is events' -l stats -d 'print statistics once'
complete -c berth -n '__berth_is events 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is exec' -l help -d 'show this text'
complete -c berth -n '__berth_is exec' -s g -l additional-gids -x -d 'one more group'
complete -c berth -n '__berth_is exec' -l apparmor -x -d 'AppArmor profile of the process'
complete -c berth -n '__berth_is exec' -s c -l cap -x -d 'one more capability'
complete -c berth -n '__berth_is exec' -l cgroup -r -F -d 'put it into this cgroup below the container\'s'
complete -c berth -n '__berth_is exec' -l console-socket -r -F -d 'socket that gets the terminal\'s master'
complete -c berth -n '__berth_is exec' -l cwd -x -a '(__fish_complete_directories)' -d 'working directory in the container'
complete -c berth -n '__berth_is exec' -s d -l detach -d 'do not wait for the process'
complete -c berth -n '__berth_is exec' -s e -l env -x -d 'one more environment variable'
complete -c berth -n '__berth_is exec' -l ignore-paused -d 'exec into a paused container'
complete -c berth -n '__berth_is exec' -l no-new-privs -d 'set no_new_privs'
complete -c berth -n '__berth_is exec' -l pid-file -r -F -d 'file that gets the pid'
complete -c berth -n '__berth_is exec' -l pidfd-socket -r -F -d 'socket that gets the pidfd of the process'
complete -c berth -n '__berth_is exec' -l preserve-fds -x -d 'pass N descriptors from 3 on'
complete -c berth -n '__berth_is exec' -s p -l process -r -F -d 'OCI process object to execute'
complete -c berth -n '__berth_is exec' -l process-label -x -d 'SELinux label of the process'
complete -c berth -n '__berth_is exec' -s t -l tty -d 'give it a terminal'
complete -c berth -n '__berth_is exec' -s u -l user -x -d 'user and group, numeric'
complete -c berth -n '__berth_is exec 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is features' -l help -d 'show this text'


complete -c berth -n '__berth_is generate' -l help -d 'show this text'
complete -c berth -n '__berth_is generate' -l dry-run -d 'print what systemd would be given; nothing else is possible'
complete -c berth -n '__berth_is generate' -F
complete -c berth -n '__berth_is generate' -a '(__berth_declarations)'

complete -c berth -n '__berth_is kill' -l help -d 'show this text'
complete -c berth -n '__berth_is kill' -s a -l all -d 'signal every process of the container'
complete -c berth -n '__berth_is kill' -s r -l regex -d 'ID is a regular expression: signal all containers that match'
complete -c berth -n '__berth_is kill 0' -a '(__berth_ids)'
complete -c berth -n '__berth_is kill 1' -a '(__berth_signals)'

complete -c berth -n '__berth_is list' -l help -d 'show this text'
complete -c berth -n '__berth_is list' -s f -l format -x -a 'table json' -d 'how to print'
complete -c berth -n '__berth_is list' -s q -l quiet -d 'ids only'

complete -c berth -n '__berth_is mounts' -l help -d 'show this text'
complete -c berth -n '__berth_is mounts 0' -a 'add remove'
complete -c berth -n '__berth_is mounts 1' -a '(__berth_ids)'
complete -c berth -n '__berth_is mounts 2' -F

complete -c berth -n '__berth_is pause' -l help -d 'show this text'
complete -c berth -n '__berth_is pause 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is ps' -l help -d 'show this text'
complete -c berth -n '__berth_is ps' -s f -l format -x -a 'table json' -d 'how to print'
complete -c berth -n '__berth_is ps 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is pull' -l help -d 'show this text'
complete -c berth -n '__berth_is pull' -l authfile -r -F -d 'credentials for registries'
complete -c berth -n '__berth_is pull' -l from -x -d 'take it from elsewhere, as skopeo calls that'
complete -c berth -n '__berth_is pull' -s q -l quiet -d 'show no progress'
complete -c berth -n '__berth_is pull' -l tls-verify -x -a 'true false' -d 'whether the registry has to have a good certificate'

complete -c berth -n '__berth_is restore' -l help -d 'show this text'
complete -c berth -n '__berth_is restore' -l auto-dedup -d 'remove from the image what has been read'
complete -c berth -n '__berth_is restore' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory with config.json and rootfs'
complete -c berth -n '__berth_is restore' -s f -l config -r -F -d 'configuration other than the bundle\'s'
complete -c berth -n '__berth_is restore' -l console-socket -r -F -d 'socket that gets the terminal\'s master'
complete -c berth -n '__berth_is restore' -s d -l detach -d 'do not wait for the payload'
complete -c berth -n '__berth_is restore' -l empty-ns -x -d 'do not restore what was in this namespace'
complete -c berth -n '__berth_is restore' -l ext-unix-sk -d 'allow Unix sockets to the outside'
complete -c berth -n '__berth_is restore' -l file-locks -d 'allow file locks'
complete -c berth -n '__berth_is restore' -l image-path -x -a '(__fish_complete_directories)' -d 'where the image is, default ./checkpoint'
complete -c berth -n '__berth_is restore' -l lazy-pages -d 'leave memory where it is until it is asked for'
complete -c berth -n '__berth_is restore' -l lsm-mount-context -x -d 'SELinux label for mounts'
complete -c berth -n '__berth_is restore' -l lsm-profile -x -d 'AppArmor or SELinux profile'
complete -c berth -n '__berth_is restore' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'what to do about cgroups in the container'
complete -c berth -n '__berth_is restore' -l network-lock -x -a 'iptables nftables skip' -d 'how to hold connections meanwhile'
complete -c berth -n '__berth_is restore' -l pid-file -r -F -d 'file that gets the pid of init'
complete -c berth -n '__berth_is restore' -l shell-job -d 'allow a terminal from outside'
complete -c berth -n '__berth_is restore' -l tcp-close -d 'close TCP connections'
complete -c berth -n '__berth_is restore' -l tcp-established -d 'allow established TCP connections'
complete -c berth -n '__berth_is restore' -l work-path -x -a '(__fish_complete_directories)' -d 'where CRIU\'s log goes, default: the image\'s'

complete -c berth -n '__berth_is resume' -l help -d 'show this text'
complete -c berth -n '__berth_is resume 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is run' -l help -d 'show this text'
complete -c berth -n '__berth_is run' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory with config.json and rootfs'
complete -c berth -n '__berth_is run' -s f -l config -r -F -d 'configuration other than the bundle\'s'
complete -c berth -n '__berth_is run' -l console-socket -r -F -d 'socket that gets the terminal\'s master'
complete -c berth -n '__berth_is run' -l no-new-keyring -d 'leave the payload in our session keyring'
complete -c berth -n '__berth_is run' -l no-pivot -d 'do not use pivot_root, for initial ramfs'
complete -c berth -n '__berth_is run' -l pid-file -r -F -d 'file that gets the pid of init'
complete -c berth -n '__berth_is run' -l pidfd-socket -r -F -d 'socket that gets the pidfd of init'
complete -c berth -n '__berth_is run' -l preserve-fds -x -d 'pass N descriptors from 3 on'
complete -c berth -n '__berth_is run' -l resources-from -x -a '(__berth_units)' -d 'apply the resource settings of this unit to the scope'
complete -c berth -n '__berth_is run' -s d -l detach -d 'do not wait for the payload'
complete -c berth -n '__berth_is run' -l keep -d 'do not remove the container when it has ended'

complete -c berth -n '__berth_is spec' -l help -d 'show this text'
complete -c berth -n '__berth_is spec' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'directory that gets config.json'
complete -c berth -n '__berth_is spec' -s f -l config -r -F -d 'file to write instead of config.json'
complete -c berth -n '__berth_is spec' -l rootless -d 'for an ordinary user'

complete -c berth -n '__berth_is start' -l help -d 'show this text'
complete -c berth -n '__berth_is start 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is state' -l help -d 'show this text'
complete -c berth -n '__berth_is state 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is update' -l help -d 'show this text'
complete -c berth -n '__berth_is update' -l blkio-weight -x -d 'share of block io, 10 to 1000'
complete -c berth -n '__berth_is update' -l cpu-burst -x -d 'CPU time that may be saved up'
complete -c berth -n '__berth_is update' -l cpu-idle -x -a '0 1' -d 'run only when nothing else wants the CPU'
complete -c berth -n '__berth_is update' -l cpu-period -x -d 'period of the CPU quota'
complete -c berth -n '__berth_is update' -l cpu-quota -x -d 'CPU time in each period'
complete -c berth -n '__berth_is update' -l cpu-share -x -d 'share of CPU time, 2 to 262144'
complete -c berth -n '__berth_is update' -l cpuset-cpus -x -d 'CPUs to run on'
complete -c berth -n '__berth_is update' -l cpuset-mems -x -d 'memory nodes to use'
complete -c berth -n '__berth_is update' -l l3-cache-schema -x -d 'part of the L3 cache (resctrl)'
complete -c berth -n '__berth_is update' -l mem-bw-schema -x -d 'memory bandwidth (resctrl)'
complete -c berth -n '__berth_is update' -l memory -x -d 'memory limit'
complete -c berth -n '__berth_is update' -l memory-reservation -x -d 'memory that is reclaimed last'
complete -c berth -n '__berth_is update' -l memory-swap -x -d 'limit of memory and swap together'
complete -c berth -n '__berth_is update' -l pids-limit -x -d 'limit of processes'
complete -c berth -n '__berth_is update' -s r -l resources -r -F -d 'file with a linux.resources object'
complete -c berth -n '__berth_is update 0' -a '(__berth_ids)'

complete -c berth -n '__berth_is verify' -l help -d 'show this text'
complete -c berth -n '__berth_is verify' -l json -d 'print the findings as JSON'
complete -c berth -n '__berth_is verify' -F
complete -c berth -n '__berth_is verify' -a '(__berth_declarations)'
