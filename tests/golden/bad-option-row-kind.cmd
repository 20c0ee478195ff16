# A wrong kind is refused with the reason.
-o 'uat:toa.options:"1","8","port-ip4","client","big-endian"' -r {samples}/control-client.pcap
