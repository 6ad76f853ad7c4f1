# Completion of codafs for fish.

# __codafs_complete asks codafs what may come at the cursor.
function __codafs_complete
    set -l words (commandline -opc) # as the program would get them
    set -l typed (commandline -ct)
    set -l word (string unescape -- $typed; or string unescape -- $typed\'; or string unescape -- $typed\")
    set -l out ($words[1] __complete $words[2..-1] "$word" 2>/dev/null)
    set -l directive (string match -r -g '^:(\d+)$' -- $out[-1]); or return
    set -e out[-1]
    # The value of --flag=VALUE is offered without the flag.
    set -l flag (string match -r -- '^-[^=]*=' "$word")
    for line in $out
        echo -- "$flag$line"
    end
    if test (math "bitand($directive, 16)") -ne 0 # folders of this machine
        __fish_complete_directories "$word" ''
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path "$word"
    end
end

complete -c codafs -e
complete -c codafs -f -a '(__codafs_complete)'
