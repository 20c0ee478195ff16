#!/bin/sh
# The diagnosis of the sample incident on the terminal. $1: the launcher. Every line shown comes from tshark.
set -eu
tshark=$1
client=sample-captures/incident-client.pcap
rs=sample-captures/incident-rs.pcap

show() { # prints the command and runs it
    printf '\n$ %s' "$tshark"
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./,=-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$tshark" "$@" 2>/dev/null
}

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || title() { printf '\n%s\n' "$*"; }

title "1. At the real server: two conversations, one key (TOA tells it)"
show -n -r "$rs" -Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' -T fields -E header=y -e frame.number -e tcp.stream \
    -e ip.src -e tcp.srcport -e toa.client.ip -e toa.stream -e toa.key

title "2. At the client, no option is seen, yet the server's own numbers prove it"
show -n -r "$client" -q -z toa,explain | sed '/^  The two connections/,$d'

title "3. Your turn"
cat <<TEXT
$tshark -r FILE -q -z toa,explain                 your capture, in words
TSHARK=wireshark $tshark FILE                     the same in Wireshark; Tools > TOA > Explain
cpack --config build/release/CPackConfig.cmake, then apt install ./build/release/package/*.deb
TEXT
