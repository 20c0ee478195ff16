# How a RST looks: the last one.
-r {samples}/incident-client.pcap -Y 'frame.number == 42' -O toa,toa.conv
