# A map row without an address.
-o 'uat:toa.map:"vip.example","3306","10.112.61.163","3269"' -r {samples}/control-client.pcap
