"""A capture cut in two by hand, with names that do not count up: the last ACK of the first connection begins the second file.
Nothing crosses."""


def captures(wire):
    a = wire.connection('192.0.2.179:63111', '198.51.100.167:8086', stamps=False)
    b = wire.connection('192.0.2.179:63120', '198.51.100.167:8086', stamps=False)
    write = type(wire)('one-capture-in-slices/write')
    a.open(0.0, 0.017)
    a.ask(0.018, 317, 297, 0.017)
    a.close(0.054, 0.017)
    write.frames.append(wire.frames.pop())
    b.wire = write
    b.open(1.034, 0.017)
    b.ask(1.052, 80, 200, 0.017)
    b.close(1.07, 0.017)
    return {'create.pcap': wire, 'write.pcap': write}
