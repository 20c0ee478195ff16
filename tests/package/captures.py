# SPDX-License-Identifier: GPL-2.0-or-later
"""A small capture with what the sample captures do not show: findings that need other histories than the incident's.

Link type RAW, addresses of the documentation range, checksums 0, fixed times: the same bytes each time. A
client's initial sequence numbers are far from each other: near ones are a NAT's two sides to the plugin.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'taps'))
import packets
from packets import ACK, FIN, PSH, RST, SYN, ipv4, toa

SERVER = ('192.0.2.80', 3269)
BALANCER = '192.0.2.7'


def dsack(low, high):
    return b'\x01\x01' + struct.pack('!BBII', 5, 10, low, high)


def tcp(source, destination, flags, seq, ack=0, length=0, options=b''):
    return packets.segment(source, destination, seq, ack, flags, b'q' * length, options)


def unreachable(quoted):
    """ICMP: host unreachable, about the packet quoted."""
    return ipv4(SERVER[0], socket.inet_ntoa(quoted[12:16]), socket.IPPROTO_ICMP,
                struct.pack('!BBHI', 3, 1, 0, 0) + quoted[:40])


def handshake(client, server, isn, server_isn, options=b''):
    return [tcp(client, server, SYN, isn, options=options),
            tcp(server, client, SYN | ACK, server_isn, isn + 1),
            tcp(client, server, ACK, isn + 1, server_isn + 1, options=options)]


def close(client, server, seq, ack):
    return [tcp(client, server, FIN | ACK, seq, ack), tcp(server, client, FIN | ACK, ack, seq + 1),
            tcp(client, server, ACK, seq + 1, ack + 1)]


def crossing(client):
    """A direct conversation and one through the balancer, both open. The server answers the direct one's repeated query
    on the balancer's: twice with the direct one's numbers, then with a D-SACK of the query's range."""
    balanced = (BALANCER, 17001)
    query = tcp(client, SERVER, PSH | ACK, 5001, 70001, 40)
    answer = tcp(SERVER, balanced, PSH | ACK, 70001, 5041, 30)
    return [*handshake(client, SERVER, 5000, 70000), query, tcp(SERVER, client, ACK, 70001, 5041),
            *handshake(balanced, SERVER, 900000000, 3000000, toa(client)),
            query, answer, query, answer,
            query, tcp(SERVER, balanced, ACK, 3000001, 900000001, options=dsack(5001, 5041)), unreachable(query)]


def reuse(client):
    """The direct conversation has closed before the balanced one with the same client begins."""
    balanced = (BALANCER, 17002)
    return [*handshake(client, SERVER, 10000, 20000), *close(client, SERVER, 10001, 20001),
            *handshake(balanced, SERVER, 400000000, 900000, toa(client))]


def stale(client):
    """The client has gone without a word and comes back: the session of its former self answers."""
    return [*handshake(client, SERVER, 10000, 20000), tcp(client, SERVER, PSH | ACK, 10001, 20001, 50),
            tcp(SERVER, client, ACK, 20001, 10051), tcp(client, SERVER, SYN, 777000),
            tcp(SERVER, client, ACK, 20001, 10051)]


def unseen(client):
    """A SYN to the balancer is answered with numbers that nobody in the capture has; the client refuses them."""
    return [tcp(client, (BALANCER, 3306), SYN, 5000), tcp((BALANCER, 3306), client, ACK, 888000, 400000000),
            tcp(client, (BALANCER, 3306), RST, 400000000)]


def self_connect(endpoint):
    return [tcp(endpoint, endpoint, SYN, 1), tcp(endpoint, endpoint, SYN | ACK, 1, 2),
            tcp(endpoint, endpoint, ACK, 2, 2)]


def write(path):
    packets.write(path, [*crossing(('192.0.2.41', 61902)), *reuse(('192.0.2.42', 50000)), *stale(('192.0.2.43', 40000)),
                         *unseen(('192.0.2.45', 41000)),
                         *self_connect(('192.0.2.44', 45000))], step=10_000_000)
