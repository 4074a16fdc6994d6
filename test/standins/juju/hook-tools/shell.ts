/**
 * The executable behind every hook tool: one POSIX shell script that hands its call to the model and waits for the answer.
 * A process of the model's own runtime for each call would cost fifty times as much. Everything here is a shell builtin,
 * but for what a long answer or standard input needs, so that a call costs one `exec`.
 *
 * In the folder of the running hook (`<agent>/<last part of JUJU_CONTEXT_ID>`) are a FIFO `calls`, which the model reads,
 * and some FIFOs named by number, the slots. A call takes a slot by creating its lock file (`set -C` makes that atomic),
 * writes its arguments beside it, announces the slot, reads one line of answer from it, and says when it is done with it.
 */

export const SLOTS = 24;

export const HOOK_TOOL_SCRIPT = `#!/bin/sh
# A hook tool of the local Juju model. Not Juju's: see test/standins/juju/hook-tools/shell.ts.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
refuse() {
  printf 'ERROR %s\\n' "$1" >&2
  exit 1
}
[ "$JUJU_CONTEXT_ID" ] || refuse 'JUJU_CONTEXT_ID not set'
[ "$JUJU_AGENT_SOCKET_ADDRESS" ] || refuse 'JUJU_AGENT_SOCKET_ADDRESS not set'
[ "$JUJU_AGENT_SOCKET_NETWORK" ] || refuse 'JUJU_AGENT_SOCKET_NETWORK not set'
context=\${JUJU_AGENT_SOCKET_ADDRESS%/*}/\${JUJU_CONTEXT_ID##*-}
gone="dial unix $JUJU_AGENT_SOCKET_ADDRESS: connect: no such file or directory"
[ -p "$context/calls" ] || refuse "$gone"
set -C
slot=0
until command : >"$context/$slot.lock"; do
  [ -p "$context/calls" ] || break
  slot=$((slot + 1))
done 2>/dev/null
channel=$context/$slot
[ -p "$channel" ] || mkfifo -m 600 "$channel" 2>/dev/null || refuse "$gone"
exec 3<>"$channel"
printf '%s\\0' "$PWD" "\${0##*/}" "$@" >"$channel.args" || refuse "$gone"
for argument do
  if [ "$argument" = - ]; then
    cat >"$channel.stdin"
    break
  fi
done
[ -p "$context/calls" ] || refuse "$gone"
echo "call $slot" >>"$context/calls"
IFS= read -r answer <&3
code=\${answer%% *}
rest=\${answer#* }
kind=\${rest%% *}
text=\${rest#* }
case $kind in
  out) printf '%s\\n' "$text" ;;
  err) printf '%s\\n' "$text" >&2 ;;
  files)
    cat "$text.out"
    cat "$text.err" >&2
    ;;
esac
[ -p "$context/calls" ] && echo "done $slot" >>"$context/calls"
exit "$code"
`;
