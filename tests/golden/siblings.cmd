# Two TCP layers side by side in one frame (A-MSDU of 802.11): each has its own conversation and its own finding.
-r {samples}/../tests/golden/siblings.pcap -T fields -e frame.number -e tcp.stream -e toa.stream -e toa.key -e tcp.srcport -e _ws.expert.message
