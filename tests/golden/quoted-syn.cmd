# An ICMP error quotes an older SYN of a live connection: TCP begins a stream with it, our conversation goes on in all passes.
-r {samples}/../tests/golden/quoted-syn.pcap -T fields -e frame.number -e tcp.stream -e toa.stream -e toa.other.stream -e toa.evidence
