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

title "1. At the real server: the load balancer (10.143.0.7) puts the client into a TCP option"
show -n -r "$rs" -Y 'toa && frame.number <= 20' -T fields -E header=y -e frame.number -e ip.src -e tcp.srcport -e toa.kind \
    -e toa.layout -e toa.client.ip -e toa.client.port

title "2. Two conversations, one key: to the real server's TCP stack they are one connection"
show -n -r "$rs" -Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' -T fields -E header=y -e frame.number -e tcp.stream \
    -e ip.src -e tcp.srcport -e toa.stream -e toa.key -e toa.key.source

title "3. At the client, no option is seen, yet the server's own numbers prove it"
show -n -r "$client" -Y toa.collision.confirmed -T fields -E header=y -e frame.number -e tcp.stream \
    -e toa.other.stream -e toa.other.frame -e _ws.expert.message

title "4. The RSTs on the connection through the VIP answer the direct connection's queries"
show -n -r "$client" -Y toa.foreign.rst -T fields -E header=y -e frame.number -e ip.src -e tcp.srcport -e tcp.stream \
    -e tcp.seq_raw -e toa.other.stream -e toa.other.frame -e toa.evidence

title "5. All of it in words"
show -n -r "$client" -q -z toa,explain

title "6. The same in Wireshark"
cat <<TEXT
TSHARK=wireshark $tshark $client
Display filter: toa.other.stream          (more filters in README.md)
Install:        cmake --install build/release, or a package: cpack --config build/release/CPackConfig.cmake
Then:           wireshark -C TOA FILE     (columns, colours and buttons; man 7 wireshark-toa)
TEXT
