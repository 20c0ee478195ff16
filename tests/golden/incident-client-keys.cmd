# Every frame with its key: in one pass the VIP conversation gets the real server's from the proof on, with -2 from its first frame.
-r {samples}/incident-client.pcap -T fields -e frame.number -e tcp.stream -e toa.stream -e toa.key -e toa.key.source -e toa.rewritten
