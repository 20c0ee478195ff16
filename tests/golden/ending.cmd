# What is said of connections whose end or beginning the capture lacks: no word that one was open which was ending, or began where it is first seen.
-o 'uat:toa.map:"10.7.0.1","80","10.6.0.7","8080"' -r {samples}/../tests/golden/ending.pcap -q -z toa,claims,0
