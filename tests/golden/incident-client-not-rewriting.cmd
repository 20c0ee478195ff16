# Real servers that do not rewrite: a shared key is a Chat.
-o toa.rewriting:no -r {samples}/incident-rs.pcap -q -z expert,toa.collision
