# Receivers that use the last address of a segment.
-o toa.effective:last -r {samples}/options.pcap -Y 'frame.number == 24' -T fields -e toa.client.ip -e toa.effective -e toa.key -e toa.conflict
