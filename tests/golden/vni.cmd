# Two networks (VXLAN) with one inner tuple, both connections healthy at one time: nothing is found in either.
-r {samples}/../tests/golden/vni.pcap -T fields -e frame.number -e vxlan.vni -e toa.stream -e toa.key -e toa.stale_session -e toa.foreign.segment -e toa.foreign.rst -e toa.collision
