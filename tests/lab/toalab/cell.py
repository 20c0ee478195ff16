"""One cell: client - router - load balancer - real servers, in namespaces of its own, with captures.

  C  client             c0  10.112.8.41       fd00:8::41
  R  router             four ports, addresses known to the router program only
  L  load balancer      l0  VIP 10.141.16.0, local 10.143.0.7 (fd00:141::16, fd00:143::7), known to the program only
  W  real server, wire  s0  no address: the shim reads it          (W2, K2: the second real server)
  K  real server, stack rs0 TUN device with 10.112.61.163, fd00:61::163
The wire and the stack of a real server are two namespaces, or the kernel would answer what the shim has to rewrite.
"""
import os
import shutil
import subprocess
import tempfile
import time

from . import netns

CLIENT, VIP, LOCAL, RS, RS2 = '10.112.8.41', '10.141.16.0', '10.143.0.7', '10.112.61.163', '10.112.61.164'
CLIENT_B = '10.112.8.42'  # a second client on the same interface
VIP_B = '10.141.16.1'     # a second VIP, same real server
CLIENT6, VIP6, LOCAL6, RS6, RS26 = 'fd00:8::41', 'fd00:141::16', 'fd00:143::7', 'fd00:61::163', 'fd00:61::164'
RPORT = 3269

DEFAULTS = dict(
    toa='254/8', place='ali', delta=True, keep_timestamps=False, renew=False, server_shift=0, ports=None, nat64=False,
    policy='sticky', option='remove', number_resets=False, offload=False, server='echo', rs2=False,
    loss=0, reorder=0, delay=0, jitter=0, late=3000, client_only=False, client_sysctl={}, rs_sysctl={}, seed=1,
    logged=False)  # the programs write down each packet they move: shim.K.log, shim.K2.log, lvs.packets

# Namespace: (interface, its MAC, the router's interface, the router's MAC there, addresses behind it)
LINKS = {
    'C': ('c0', '02:00:00:00:08:41', 'rc', '02:00:00:00:08:01', [CLIENT, CLIENT_B, CLIENT6]),
    'L': ('l0', '02:00:00:00:14:30', 'rl', '02:00:00:00:14:01', [VIP, VIP_B, VIP6, LOCAL, LOCAL6]),
    'W': ('s0', '02:00:00:00:61:63', 'rw', '02:00:00:00:61:01', [RS, RS6]),
    'W2': ('s0', '02:00:00:00:61:64', 'rw2', '02:00:00:00:61:02', [RS2, RS26]),
}


class Cell:
    """Made with start(), taken down with close(), whatever happened in between."""

    def __init__(self, prefix, binaries, out, name, temp=None, **options):
        unknown = set(options) - set(DEFAULTS)
        if unknown:
            raise TypeError(f'unknown options {unknown}')
        self.o = {**DEFAULTS, **options}
        self.prefix, self.binaries, self.out, self.name = prefix, binaries, out, name
        self.programs, self.sockets, self.namespaces, self.capture, self.cut = [], [], [], None, 0
        self.work = tempfile.mkdtemp(prefix=f'{prefix}-', dir=temp)

    def ns(self, short):
        return f'{self.prefix}-{short}'

    def binary(self, name):
        return os.path.join(self.binaries, 'lab-' + name)

    def run(self, short, argv, **kwargs):
        program = netns.Program(self.ns(short), argv, **kwargs)
        self.programs.append(program)
        return program

    # -- making ------------------------------------------------------------------------------------------------
    def start(self):
        links = [short for short in LINKS if short != 'W2' or self.o['rs2']]
        servers = [('W', 'K', RS, RS6)] + ([('W2', 'K2', RS2, RS26)] if self.o['rs2'] else [])
        for short in ['R'] + links + [k for _, k, _, _ in servers]:
            subprocess.run(['ip', 'netns', 'add', self.ns(short)], check=True)
            self.namespaces.append(self.ns(short))
            netns.ip_batch(self.ns(short), ['link set lo up'])
        for short in links:
            self._connect(short)
        self._client_addresses()
        router = [self.binary('router')]
        for short in links:
            interface, mac, router_interface, _, addresses = LINKS[short]
            router += ['--port', f'{router_interface}={mac}={",".join(addresses)}']
        for key in ('loss', 'reorder', 'delay', 'jitter', 'late', 'seed'):
            router += [f'--{key}', str(self.o[key])]
        router += ['--client-only'] if self.o['client_only'] else []
        self.router = self.run('R', router)
        self.lvs = self.run('L', self._lvs_arguments())
        for wire, stack, address, address6 in servers:
            self._real_server(wire, stack, address, address6)
        self._server()
        return self

    def _connect(self, short):
        interface, mac, router_interface, router_mac, _ = LINKS[short]
        subprocess.run(['ip', 'link', 'add', interface, 'address', mac, 'netns', self.ns(short), 'type', 'veth',
                        'peer', 'name', router_interface, 'address', router_mac, 'netns', self.ns('R')], check=True)
        for namespace, name in ((self.ns(short), interface), (self.ns('R'), router_interface)):
            if short != 'C' or name != interface:
                netns.sysctl(namespace, {f'ipv6.conf.{name}.disable_ipv6': 1})
            state = 'on' if self.o['offload'] else 'off'
            with netns.inside(namespace):
                subprocess.run([self.binary('offload'), state, name], check=True)
            netns.ip_batch(namespace, [f'link set {name} up'])

    def _client_addresses(self):
        netns.sysctl(self.ns('C'), {'ipv6.conf.c0.accept_dad': 0, 'ipv6.conf.c0.router_solicitations': 0,
                                    **self.o['client_sysctl']})
        gateway = LINKS['C'][3]
        netns.ip_batch(self.ns('C'), [
            f'addr add {CLIENT}/24 dev c0', f'addr add {CLIENT_B}/24 dev c0', f'addr add {CLIENT6}/64 dev c0 nodad',
            f'neigh replace 10.112.8.1 lladdr {gateway} dev c0 nud permanent',
            f'neigh replace fd00:8::1 lladdr {gateway} dev c0 nud permanent',
            'route add default via 10.112.8.1', 'route add ::/0 via fd00:8::1'])

    def _lvs_arguments(self):
        o = self.o
        argv = [self.binary('lvs'), '--interface', 'l0', '--next-hop', LINKS['L'][3],
                '--log', self.session_log, '--local', LOCAL, '--local', LOCAL6,
                '--toa', o['toa'], '--place', o['place'], '--server-shift', str(o['server_shift'])]
        for port in (3306, 3307):
            argv += ['--service', f'{VIP},{port},{RS},{RPORT}']
            argv += ['--service', f'{VIP6},{port},{RS if o["nat64"] else RS6},{RPORT}']
        argv += ['--service', f'{VIP},3308,{RS2},{RPORT}', '--service', f'{VIP_B},3306,{RS},{RPORT}']
        argv += ['--first', '--packets', self.log_of('lvs.packets')] if o['logged'] else []
        argv += ['--no-delta'] if not o['delta'] else []
        argv += ['--keep-timestamps'] if o['keep_timestamps'] else []
        argv += ['--renew'] if o['renew'] else []
        argv += ['--ports', o['ports']] if o['ports'] else []
        return argv

    def log_of(self, name):
        return os.path.join(self.work, name)

    @property
    def session_log(self):
        return os.path.join(self.work, 'sessions.tsv')

    def _real_server(self, wire, stack, address, address6):
        argv = [self.binary('shim'), '--interface', 's0', '--next-hop', LINKS[wire][3], '--tun', 'rs0',
                '--policy', self.o['policy'], '--option', self.o['option']]
        argv += ['--offload'] if self.o['offload'] else []
        argv += ['--first', '--log', self.log_of(f'shim.{stack}.log')] if self.o['logged'] else []
        self.run(wire, argv + (['--number-resets'] if self.o['number_resets'] else []))
        netns.ip_batch(self.ns(wire), [f'link set rs0 netns {self.ns(stack)}'])
        netns.sysctl(self.ns(stack), {'ipv6.conf.rs0.accept_dad': 0, 'ipv6.conf.rs0.router_solicitations': 0,
                                      'ipv6.conf.rs0.addr_gen_mode': 1, **self.o['rs_sysctl']})
        netns.ip_batch(self.ns(stack), [
            f'addr add {address}/32 dev rs0', f'addr add {address6}/128 dev rs0 nodad', 'link set rs0 up',
            'route add default dev rs0', 'route add ::/0 dev rs0'])

    def _server(self):
        if self.o['server'] == 'mysql':
            self.server = MariaDb(self)
            return
        self.server = self.run('K', [self.binary('echod'), str(RPORT)])
        if self.o['rs2']:
            self.server2 = self.run('K2', [self.binary('echod'), str(RPORT)])

    # -- captures ----------------------------------------------------------------------------------------------
    POINTS = {'client': ('C', 'c0'), 'lvs': ('L', 'l0'), 'rswire': ('W', 's0'), 'rskern': ('K', 'rs0'),
              'rswire2': ('W2', 's0')}

    def path(self, point):
        return os.path.join(self.out, f'{self.name}.{point}.pcap')

    def start_capture(self, points=('client', 'lvs', 'rswire', 'rskern'), loopback=False):
        targets = [f'{self.ns(self.POINTS[p][0])}:{self.POINTS[p][1]}:{self.path(p)}' for p in points]
        if loopback:
            targets = [f'{self.ns("C")}:lo:{self.path("lo")}']
        self.capture = self.run('R', [self.binary('capture')] + targets)

    def cut_here(self):
        """What was captured so far is used for the labels, and then taken out of the files: a capture begun late."""
        time.sleep(0.05)
        self.cut = time.time_ns()

    def stop_capture(self):
        time.sleep(0.05)
        if self.capture.stop():
            raise RuntimeError('the capture failed')

    # -- end ---------------------------------------------------------------------------------------------------
    def close(self):
        """Removes everything; returns complaints about programs that ended badly."""
        for s in self.sockets:
            s.close()
        codes = [(program.name, program.stop()) for program in reversed(self.programs)]
        for name in self.namespaces:
            subprocess.run(['ip', 'netns', 'delete', name], check=False)
        shutil.rmtree(self.work, ignore_errors=True)
        return [f'{name} ended with {code}' for name, code in codes if code]


class MariaDb:
    """A MariaDB server without tables, users or files worth keeping."""

    name = 'mariadbd'

    def __init__(self, cell):
        data = os.path.join(cell.work, 'data')
        os.mkdir(data)
        log = open(os.path.join(cell.work, 'mariadb.log'), 'w')
        argv = ['mariadbd', '--no-defaults', '--user=root', f'--datadir={data}', f'--socket={data}/s.sock',
                f'--pid-file={data}/pid', f'--port={RPORT}', '--bind-address=*', '--skip-grant-tables',
                '--skip-name-resolve', '--innodb=OFF', '--default-storage-engine=Aria']
        with netns.inside(cell.ns('K')):
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=netns.die_with_parent)
        log.close()
        cell.programs.append(self)
        deadline = time.monotonic() + 20
        while not os.path.exists(f'{data}/s.sock'):
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(cell.work, 'mariadb.log')) as f:
                    raise RuntimeError('mariadbd did not start: ' + f.read()[-400:])
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.process.returncode
