# A wrong layout is refused with the reason.
-o 'uat:toa.options:"254","8","ip4-porc","client","big-endian"' -r {samples}/control-client.pcap
