# A wrong role is refused with the reason.
-o 'uat:toa.options:"254","8","port-ip4","VPC id","big-endian"' -r {samples}/control-client.pcap
