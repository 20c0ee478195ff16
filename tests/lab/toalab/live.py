"""tshark with the plugin captures at the client while the incident happens: how long until it says so?"""
import os
import signal
import subprocess
import tempfile
import threading
import time

from . import netns, pcap
from .cell import Cell
from .client import direct, through_vip

LIMIT = 1.0  # seconds between the RST on the wire and the warning on standard output
FILTER = 'toa.foreign.rst'
FIELDS = ('frame.time_epoch', 'ip.src', 'tcp.srcport', 'toa.other.stream', '_ws.expert.message')


class Reader(threading.Thread):
    """Collects the lines of a pipe with the time each one came."""

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe, self.lines = pipe, []
        self.start()

    def run(self):
        for line in self.pipe:
            self.lines.append((time.time_ns(), line.rstrip('\n')))


def _arguments(tshark, source):
    command = tshark + ['-n', '-l', '-i', source, '-Y', FILTER, '-T', 'fields']
    for field in FIELDS:
        command += ['-e', field]
    return command


def start_tshark(cell, tshark):
    """tshark on the client's interface. Where it may not open it (a launcher without root), it reads the same packets
    from a pipe that the lab's capture program writes. Returns (process, reader, what it was)."""
    with netns.inside(cell.ns('C')):
        process = subprocess.Popen(_arguments(tshark, 'c0'), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=netns.die_with_parent)
    errors = Reader(process.stderr)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        if any('Capturing on' in line for _, line in errors.lines):
            time.sleep(1.0)  # said before the capture process under tshark has opened the interface
            if process.poll() is None:
                return process, Reader(process.stdout), 'on the interface'
        time.sleep(0.05)
    stop(process)
    with netns.inside(cell.ns('R')):
        source = subprocess.Popen([cell.binary('capture'), f'{cell.ns("C")}:c0:-'], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        process = subprocess.Popen(_arguments(tshark, '-'), stdin=source.stdout, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, preexec_fn=netns.die_with_parent)
    source.stdout.close()
    process.source = source
    time.sleep(3)
    return process, Reader(process.stdout), 'through a pipe'


def stop(process):
    for p in (getattr(process, 'source', None), process):
        if p and p.poll() is None:
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()


def _play(cell, tshark):
    """The incident beside a running tshark. Returns its lines and how it captured."""
    cell.start()
    cell.start_capture()
    process, reader, how = start_tshark(cell, tshark)
    try:
        d = direct(cell)
        d.echo('direct')
        time.sleep(0.2)
        v = through_vip(cell)
        v.echo()
        v.close()
        time.sleep(0.3)
        d.send('nobody answers')
        time.sleep(3)
        cell.stop_capture()
    finally:
        stop(process)
    reader.join(5)
    return reader.lines, how


def measure(driver, binaries, tshark):
    """Prints the delay of every foreign RST; 1 if there was none, or the first one came late. A busy machine gets a
    second chance: most of the limit is the capture process's own rhythm."""
    return _measure_once(driver, binaries, tshark) and _measure_once(driver, binaries, tshark)


def _measure_once(driver, binaries, tshark):
    out = tempfile.mkdtemp(dir=driver.temp)
    cell = Cell(f'{driver.prefix}-live', binaries, out, 'live', temp=driver.temp)
    try:
        lines, how = _play(cell, tshark)
    finally:
        cell.close()
    # All RSTs of this scenario are crossed ones, or the client's answer to a crossed ACK.
    resets = [s for s in pcap.read(os.path.join(out, 'live.client.pcap')) if s.flags & pcap.RST]
    return report(lines, resets, how)


def report(lines, resets, how):
    delays = []
    for arrived, line in lines:
        seconds, _, part = line.split('\t')[0].partition('.')
        delays.append((arrived - int(seconds) * 10**9 - int(part.ljust(9, '0')[:9])) / 1e9)
        print(f'live    warning {delays[-1] * 1000:6.1f} ms after the RST: {line}')
    if not resets or not delays:
        print(f'live    {len(resets)} RSTs on the wire, no warning from tshark ({how})')
        return 1
    late = delays[0] > LIMIT or len(delays) != len(resets)
    print(f'live    {len(delays)} warnings for {len(resets)} RSTs, first after {delays[0] * 1000:.1f} ms, '
          f'slowest {max(delays) * 1000:.1f} ms ({how}): {"too late" if late else "in time"}')
    return int(late)
