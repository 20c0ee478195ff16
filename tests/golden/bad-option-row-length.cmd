# A wrong length is refused with the reason.
-o 'uat:toa.options:"254","7","port-ip4","client","big-endian"' -r {samples}/control-client.pcap
