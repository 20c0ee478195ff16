# A SYN with an impossible data offset on a live connection: TCP begins a stream with it, our conversation goes on in all passes.
-r {samples}/../tests/golden/short-syn.pcap -T fields -e frame.number -e tcp.stream -e toa.stream -e toa.other.stream -e toa.evidence
