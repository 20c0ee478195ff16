# The victim's side: from the proof on in one pass, on all frames with -2; each retransmission leads to the RST that answered it.
-r {samples}/incident-client.pcap -Y 'toa.crossed.stream' -T fields -e frame.number -e tcp.stream -e toa.crossed.stream -e toa.answer.stream -e toa.answer.frame -e toa.answered_elsewhere
