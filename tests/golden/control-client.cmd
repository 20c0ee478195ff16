# Ordinary RSTs, refused connections: no finding at all.
-r {samples}/control-client.pcap -Y 'toa.other.stream || toa.self_connect' -T fields -e frame.number
