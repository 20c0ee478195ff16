# How options look.
-r {samples}/options.pcap -Y 'frame.number in {7,10,11,15,16,25}' -O tcp
