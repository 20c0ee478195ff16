#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether a tshark has loaded the plugin, told by what it finds in two sample captures; not by a list of plugins alone.
#   load-test.sh TSHARK [FOLDER-OF-SAMPLES]
set -eu
tshark=$1 samples=${2:-$(dirname -- "$0")/../sample-captures}

count() { # FILE FILTER
    "$tshark" -n -r "$samples/$1" -Y "$2" -T fields -e frame.number | grep -c .
}

"$tshark" --version | head -n 1
confirmed=$(count incident-client.pcap toa.collision.confirmed) || true
resets=$(count incident-client.pcap toa.foreign.rst) || true
control=$(count control-client.pcap 'toa.collision or toa.foreign.rst or toa.foreign.segment') || true
echo "proofs $confirmed (1 wanted), foreign RSTs $resets (8 wanted), false findings $control (0 wanted)"
[ "$confirmed/$resets/$control" = 1/8/0 ]
