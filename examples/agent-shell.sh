#!/bin/sh
# Points an agent's shell tool at exo.
#
# Most agents run their commands as `SHELL -c 'line'`. Name this file where the agent asks for its shell (a setting, or the
# variable SHELL), and every line is judged, recorded and confined:
#
#     EXO_AGENT=coding-agent SHELL=/path/to/agent-shell.sh my-agent
#
# Some agents take a shell only if its file is called `bash`; link this file under that name into a folder of its own and put
# that folder first on the agent's PATH.
#
# This covers what the agent runs through its shell tool. What it does by itself (editing files, opening connections) is
# covered only if the agent as a whole runs inside `exo run`.
set -eu

agent=${EXO_AGENT:-coding-agent}
while [ $# -gt 0 ]; do
    case $1 in
        -c)
            [ $# -ge 2 ] || break
            exec exo shell --as "$agent" -c "$2"
            ;;
        # A login or interactive shell reads start-up files; under exo there are none.
        -l | -i | --login) shift ;;
        -lc | -ic | -cl)
            [ $# -ge 2 ] || break
            exec exo shell --as "$agent" -c "$2"
            ;;
        *) break ;;
    esac
done
echo "agent-shell: only \`-c LINE\` is run; got \`$*\`" >&2
exit 125
