# IPv6 has no IP-ID: sequence numbers, timestamps and cause are enough.
-r {samples}/ipv6-client.pcap -Y toa.other.stream -T fields -e frame.number -e toa.key -e toa.foreign.rst -e toa.other.stream -e toa.other.frame -e toa.evidence
