# What is said about them.
-r {samples}/options.pcap -Y 'toa.malformed || toa.ambiguous || toa.conflict || toa.changed || toa.after_eol || toa.suspicious || toa.redundant || toa.no_port' -T fields -e frame.number -e toa.malformed -e toa.ambiguous -e toa.conflict -e toa.changed -e toa.after_eol -e toa.suspicious -e toa.redundant -e toa.no_port
