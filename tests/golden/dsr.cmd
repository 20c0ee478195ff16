# The VIP beside a SYN (Cilium, direct server return): IPv4 option, IPv6 destination option, GENEVE; both legs get the key of the
# leg to the pod. From 14 on other uses of the numbers.
-r {samples}/../tests/golden/dsr.pcap -T fields -e frame.number -e toa.layout -e toa.role -e toa.vip.ip -e toa.vip.ipv6 -e toa.vip.port -e toa.leg.stream -e toa.key -e toa.key.source -e toa.collision
