# IPv6 at the real server: kind 253, length 20.
-r {samples}/ipv6-rs.pcap -Y 'toa || toa.other.stream' -T fields -e frame.number -e toa.kind -e toa.client.ipv6 -e toa.client.port -e toa.key -e toa.collision -e toa.foreign.rst -e toa.other.stream
