# The same with another server program.
-r {samples}/incident-echo-client.pcap -Y toa.other.stream -T fields -e frame.number -e toa.foreign.rst -e toa.other.stream -e toa.other.frame -e toa.evidence -e toa.isn_clock.error
