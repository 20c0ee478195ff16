# Two rows for one kind and length: refused.
-o 'uat:toa.options:"254","8","port-ip4","client","big-endian"' -o 'uat:toa.options:"254","8","ip4-port","client","big-endian"' -r {samples}/control-client.pcap
