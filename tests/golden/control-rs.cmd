# The same at the real server, with TOA.
-r {samples}/control-rs.pcap -Y 'toa.other.stream || toa.self_connect' -T fields -e frame.number
