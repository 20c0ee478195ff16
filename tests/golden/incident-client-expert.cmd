# Messages are constant, so that they are counted together.
-r {samples}/incident-client.pcap -q -z expert,toa.other.stream
