# The option on the SYN, and in the replies.
-r {samples}/incident-rs.pcap -Y toa -T fields -e frame.number -e ip.src -e toa.kind -e toa.length -e toa.layout -e toa.role -e toa.client.ip -e toa.client.port -e toa.effective
