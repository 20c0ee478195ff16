"""The client's side: TCP connections from a chosen local port, and the few words of the MySQL protocol needed."""
import errno
import socket
import struct
import time

from . import netns
from .cell import CLIENT, CLIENT6, RPORT, RS, RS6, VIP, VIP6

TCP_REPAIR = 19
PORT = 61902


class Connection:
    """A TCP connection in the client's namespace. wait=False: the SYN is sent, whatever becomes of it."""

    def __init__(self, cell, server, port, local_port=PORT, wait=True, timeout=10, address=None):
        family = socket.AF_INET6 if ':' in server else socket.AF_INET
        with netns.inside(cell.ns('C')):
            self.s = socket.socket(family, socket.SOCK_STREAM)
        cell.sockets.append(self.s)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s.bind((address or (CLIENT6 if ':' in server else CLIENT), local_port))
        self.s.settimeout(timeout)
        if wait:
            self.s.connect((server, port))
            return
        self.s.setblocking(False)
        if self.s.connect_ex((server, port)) not in (0, errno.EINPROGRESS):
            raise OSError('connect')

    def send(self, data):
        self.s.sendall(data.encode() if isinstance(data, str) else data)

    def receive(self, count):
        data = b''
        while len(data) < count:
            part = self.s.recv(min(count - len(data), 1 << 16))
            if not part:
                raise EOFError(f'{len(data)} of {count} bytes')
            data += part
        return data

    def echo(self, text='hello'):
        """One request to the echo server and its answer."""
        self.send(text)
        return self.receive(len(text) + 2)

    def drain(self, quiet=0.3):
        """Reads until nothing has come for a while."""
        self.s.settimeout(quiet)
        try:
            while self.s.recv(1 << 16):
                pass
        except TimeoutError:
            pass
        self.s.settimeout(10)

    def bulk(self, count):
        self.send(f'bulk {count}')
        return self.receive(count)

    def established(self, seconds):
        """Waits for a connection made with wait=False."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.s.getpeername()
                self.s.settimeout(10)
                return True
            except OSError:
                time.sleep(0.01)
        return False

    def keepalive(self, idle, interval):
        for option, value in ((socket.TCP_KEEPIDLE, idle), (socket.TCP_KEEPINTVL, interval)):
            self.s.setsockopt(socket.IPPROTO_TCP, option, value)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def close(self):
        self.s.close()

    def shutdown(self):
        self.s.shutdown(socket.SHUT_WR)

    def abort(self):
        """RST instead of FIN."""
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.s.close()

    def vanish(self):
        """The connection is gone without a segment, as when the client loses power."""
        self.s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.s.close()


def direct(cell, v6=False, **kwargs):
    return Connection(cell, RS6 if v6 else RS, RPORT, **kwargs)


def through_vip(cell, v6=False, vport=3306, **kwargs):
    return Connection(cell, VIP6 if v6 else VIP, vport, **kwargs)


class Mysql:
    """A MySQL client on a Connection: handshake without password, query, quit."""

    PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x8000, 0x80000

    def __init__(self, connection):
        self.c = connection
        self._packet()  # the server's greeting
        flags = self.PROTOCOL_41 | self.SECURE_CONNECTION | self.PLUGIN_AUTH
        self._send(1, struct.pack('<IIB23x', flags, 1 << 24, 45) + b'lab\0' + b'\0' + b'mysql_native_password\0')
        number, body = self._packet()
        if body[:1] == b'\xfe':  # another authentication method: an empty answer will do
            self._send(number + 1, b'')
            number, body = self._packet()
        if body[:1] != b'\0':
            raise RuntimeError(f'login refused: {body[:80]!r}')

    def _packet(self):
        header = self.c.receive(4)
        return header[3], self.c.receive(int.from_bytes(header[:3], 'little'))

    def _send(self, number, body):
        self.c.send(len(body).to_bytes(3, 'little') + bytes([number]) + body)

    def ask(self, statement):
        """Sends a query and does not wait for its result."""
        self._send(0, b'\x03' + statement.encode())

    def query(self, statement):
        """Sends a query and reads its result set to the end."""
        self.ask(statement)
        ends = 0
        while ends < 2:
            body = self._packet()[1]
            if body[:1] == b'\xff':
                raise RuntimeError(f'query failed: {body[:80]!r}')
            if body[:1] == b'\0' and ends == 0:
                return
            ends += body[:1] == b'\xfe' and len(body) < 9

    def quit(self):
        self._send(0, b'\x01')
        self.c.close()
