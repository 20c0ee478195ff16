# Every vector of the option: one per frame.
-r {samples}/options.pcap -T fields -e frame.number -e toa.kind -e toa.length -e toa.layout -e toa.role -e toa.client.ip -e toa.client.ipv6 -e toa.client.port -e toa.vip.ip -e toa.vip.ipv6 -e toa.vip.port -e toa.vpc -e toa.version -e toa.effective
