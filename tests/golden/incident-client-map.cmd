# With the map the collision is known on the VIP conversation's first frame, once.
-o 'uat:toa.map:"10.141.16.0","3306","10.112.61.163","3269"' -r {samples}/incident-client.pcap -Y 'toa.collision || toa.key.source == 2' -T fields -e frame.number -e toa.collision -e toa.key -e toa.key.source
