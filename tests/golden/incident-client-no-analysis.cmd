# Switched off, nothing but the option is dissected.
-o toa.analysis:FALSE -r {samples}/incident-client.pcap -Y 'toa.conv || toa.other.stream' -T fields -e frame.number
