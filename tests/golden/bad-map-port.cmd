# A map row with an impossible port.
-o 'uat:toa.map:"10.141.16.0","70000","10.112.61.163","3269"' -r {samples}/control-client.pcap
