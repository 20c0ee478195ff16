# The incident at the real server: the option tells the key, the collision is known on the VIP connection's SYN.
-r {samples}/incident-rs.pcap -Y 'toa.other.stream' -T fields -e frame.number -e tcp.stream -e toa.stream -e toa.key -e toa.key.source -e toa.collision -e toa.collision.confirmed -e toa.foreign.rst -e toa.foreign.segment -e toa.other.stream -e toa.other.frame -e toa.evidence
