"""Draws the plan of a random scenario from a seed: plain data, the same for the same seed on every machine.

A plan says what the cell is made of and who does what when. What comes of it is the business of the real kernels; nothing
here knows which frames will be crossed.

plan = dict(seed, cell=options of the cell, flows=[...], acts=[(time, word, argument)], seconds)
flow = dict(at, target, port, client, script=[(time after the connect, word, argument)])
"""
import random

TARGETS = ('direct', 'vip', 'vip2', 'vipb')         # all of them are the one server
OTHER = ('rs2', 'vip-rs2')                          # the second server
TALKS = ('request', 'request', 'request', 'pipeline', 'bulk-down', 'bulk-up', 'push', 'tls', 'keepalive', 'silent', 'ask')
ENDS = ('close', 'close', 'close', 'abort', 'server-finish', 'server-abort', 'vanish', 'shutdown', 'stay', 'stay')


def seed_of(run, number):
    """The seed of one scenario of a run."""
    return random.Random(f'{run}/{number}').randrange(1, 1 << 31)


def _log_uniform(r, low, high):
    return low * (high / low) ** r.random()


def _path(r):
    """Delay, jitter, loss and reordering of the client's link; some paths are perfect."""
    o = dict(client_only=r.random() < 0.8)
    if r.random() < 0.7:
        o['delay'] = int(_log_uniform(r, 200, 100000)) // (1 if o['client_only'] else 2)
    if r.random() < 0.5:
        o['jitter'] = int(o.get('delay', 1000) * r.uniform(0.05, 0.6))
    if r.random() < 0.4:
        o['loss'] = int(_log_uniform(r, 2, 60))
    if r.random() < 0.3:
        o['reorder'] = int(_log_uniform(r, 5, 100))
        o['late'] = int(_log_uniform(r, 500, 20000))
    return o


def _stacks(r):
    client, server = {}, {}
    for sysctl in (client, server):
        if r.random() < 0.12:
            sysctl['ipv4.tcp_sack'] = 0
        if r.random() < 0.15:
            sysctl['ipv4.tcp_timestamps'] = 0
        if r.random() < 0.12:
            sysctl['ipv4.tcp_window_scaling'] = 0
        if r.random() < 0.1:
            sysctl['ipv4.tcp_ecn'] = 1
    if r.random() < 0.1:
        client['ipv4.tcp_rmem'] = '4096 16384 32768'
    if r.random() < 0.06:
        server['ipv4.tcp_syncookies'] = 2
    client['ipv4.tcp_tw_reuse'] = 1
    return client, server


def _cell(r, v6):
    client, server = _stacks(r)
    o = dict(toa=('253/20' if r.random() < 0.5 else '254/20') if v6 else r.choice(['254/8', '254/8', '200/8']),
             place=r.choice(['ali', 'ali', 'ali', 'dpvs']), delta=r.random() < 0.75, renew=r.random() < 0.3,
             keep_timestamps=r.random() < 0.2, server_shift=r.randrange(1, 1 << 32) if r.random() < 0.2 else 0,
             policy=r.choice(['sticky', 'sticky', 'last-syn', 'last-syn', 'last-packet', 'none']),
             option=r.choice(['remove', 'remove', 'nop']), number_resets=r.random() < 0.1 and not v6,
             offload=r.random() < 0.2, rs2=r.random() < 0.25 and not v6, client_sysctl=client, rs_sysctl=server,
             seed=r.randrange(1, 1 << 31), logged=True)
    if o['place'] == 'dpvs' and r.random() < 0.8:
        o['policy'] = 'none'    # its SYN has no TOA: a module that rewrites breaks every connection then
    o.update(_path(r))
    return o


def _size(r):
    return int(_log_uniform(r, 1, 3000))


def _talk(r, kind, start, span):
    """What a client does on its connection from a time on, for about so long: [(time, word, argument)]."""
    t, script = start, []
    if kind == 'request':
        for _ in range(r.randrange(1, 8)):
            script.append((t, 'ask', _size(r)))
            t += _log_uniform(r, 0.01, max(0.02, span / 3))
    elif kind == 'pipeline':
        for _ in range(r.randrange(3, 12)):
            script.append((t, 'ask', _size(r)))
            t += r.choice([0, 0, 0.002, 0.02])
    elif kind == 'bulk-down':
        script.append((t, 'say', f'bulk {int(_log_uniform(r, 5000, 400000))}'))
    elif kind == 'bulk-up':
        script.append((t, 'say', 'sink'))
        script.append((t + 0.02, 'upload', int(_log_uniform(r, 5000, 300000))))
    elif kind == 'push':
        script.append((t, 'say', f'push {r.randrange(2, 20)} {int(_log_uniform(r, 20, 800))} {_size(r)}'))
    elif kind == 'tls':
        script += [(t, 'tls', (22, 512, r.randrange(900, 5000))), (t + 0.05, 'tls', (22, 75, 51))]
        for i in range(r.randrange(0, 6)):
            script.append((t + 0.1 + i * r.uniform(0.02, 0.4), 'tls', (23, _size(r) + 20, _size(r) + 20)))
    elif kind == 'keepalive':
        script += [(t, 'ask', 10), (t + 0.05, 'keepalive', r.choice([1, 1, 2]))]
        if r.random() < 0.3:
            script.append((t + 0.02, 'say', 'keep'))
    elif kind == 'ask':
        script.append((t, 'ask', _size(r)))
    if kind != 'silent' and r.random() < 0.1:
        script.append((t + 0.1, 'mute', None))
        script.append((t + r.uniform(0.5, 1.5), 'unmute', None))
    return script


def _end(r, kind, t):
    return [] if kind == 'stay' else [(t, kind, None)]


def _flow(r, port, target, at, span, talk=None, end=None, client=0):
    script = _talk(r, talk or r.choice(TALKS), 0.0 if r.random() < 0.8 else r.uniform(0, span / 2), span)
    if r.random() < 0.3:
        script += _talk(r, r.choice(TALKS), r.uniform(0.2, span), span)
    script += _end(r, end or r.choice(ENDS), r.uniform(0.05, span) + (script[-1][0] / 2 if script else 0))
    return dict(at=round(at, 4), port=port, target=target, client=client,
                script=sorted(((round(t, 4), w, a) for t, w, a in script), key=lambda x: x[0]))


def _crossing(r, port, targets, seconds):
    """Two or three conversations from one client port to one server: who is first, how far apart, who speaks then."""
    count = 3 if r.random() < 0.15 else 2
    at = r.uniform(0, 0.5)
    flows = []
    for target in r.sample(targets, count):
        flows.append(_flow(r, port, target, at, r.uniform(0.3, seconds - 1.5)))
        at += _log_uniform(r, 0.003, 2.0)
    last = flows[-1]['at']
    for f in flows[:-1]:    # most often the older one has something to say, or is closed, after the younger one is there
        if r.random() < 0.85:
            f['script'] = [s for s in f['script'] if s[1] not in ENDS or s[0] + f['at'] > last or r.random() < 0.2]
            t = last - f['at'] + _log_uniform(r, 0.01, 1.5)
            f['script'] += [(round(x, 4), w, a) for x, w, a in _talk(r, r.choice(TALKS), t, 1.0)]
            if r.random() < 0.4:
                f['script'] += [(round(t + r.uniform(0.05, 1), 4), r.choice(ENDS[:8]), None)]
            f['script'].sort(key=lambda x: x[0])
    return flows


def _again(r, port, target, seconds):
    """A port used again after the first connection on it has gone, in whatever way."""
    first = _flow(r, port, target, r.uniform(0, 0.3), 0.4,
                  end=r.choice(['close', 'abort', 'server-finish', 'server-abort', 'vanish']))
    at = first['at'] + first['script'][-1][0] + _log_uniform(r, 0.005, 1.5)
    return [first, _flow(r, port, r.choice(TARGETS[:2]) if r.random() < 0.5 else target, at, 1.0)]


def _strangers(r, seconds):
    """Ordinary RSTs and scans: [(time, word, argument)]."""
    acts = []
    for _ in range(r.choice([0, 0, 0, 1, 2, 4])):
        acts.append((r.uniform(0, seconds - 0.5), 'refused', r.randrange(45000, 46000)))
    if r.random() < 0.15:   # one source port, one ISN, as nmap does it; some of the ports are open
        ports = r.sample(range(1, 3000), r.randrange(4, 60)) + [3269]
        acts.append((r.uniform(0, seconds - 1), 'scan',
                     ('direct', r.randrange(46000, 47000), r.randrange(1 << 32), ports)))
    if r.random() < 0.08:
        acts.append((r.uniform(0, seconds - 1), 'scan', ('vip', r.randrange(47000, 48000), r.randrange(1 << 32),
                                                         r.sample(range(1, 3000), 5) + [3306])))
    return acts


def _meddling(r, seconds):
    """A firewall, a lossy moment, a load balancer that forgets."""
    acts = []
    if r.random() < 0.25:
        t = r.uniform(0, 1.5)
        acts += [(t, 'router', 'drop-rst on'), (t + r.uniform(0.5, 3), 'router', 'drop-rst off')]
    if r.random() < 0.1:
        t = r.uniform(0.1, 2)
        acts += [(t, 'router', 'drop-ack on'), (t + r.uniform(0.02, 0.6), 'router', 'drop-ack off')]
    if r.random() < 0.1:
        acts.append((r.uniform(0.5, seconds - 0.5), 'lvs', r.choice(['expire', 'forget'])))
    if r.random() < 0.08:
        acts.append((r.uniform(1, seconds - 0.3), 'server', r.choice(['abort', 'finish'])))
    return acts


def draw(seed):
    """The plan of this seed."""
    r = random.Random(seed)
    v6 = r.random() < 0.12
    cell = _cell(r, v6)
    seconds = r.choice([3.5, 4, 5, 6])
    # With one key to three services; over IPv6 the lab has one VIP with two ports.
    targets = ['direct', 'vip', 'vip2'] if v6 else list(TARGETS)
    crossings = r.choice([0, 1, 1, 1, 1, 2, 2, 3, 4, 5])
    total = max(crossings * 2, r.choice([1, 2, 3, 4, 6, 8, 12, 20, 40]))
    ports = r.sample(range(1024 if r.random() < 0.15 else 20000, 44000), 60)
    if r.random() < 0.1:    # client ports below the server's, or that read as an experimental option's identifier
        ports[:4] = r.sample([1030, 1500, 2049, 3000, 63881, 44238, 840, 17742], 4)
    flows = []
    for _ in range(crossings):
        flows += _crossing(r, ports.pop(), targets, seconds)
    while len(flows) < total:
        others = OTHER if cell['rs2'] and r.random() < 0.3 else targets
        if r.random() < 0.12:
            flows += _again(r, ports.pop(), r.choice(others), seconds)
        elif len(flows) + 2 <= total and r.random() < 0.05 and cell['rs2']:
            port = ports.pop()  # one port, two servers: no key is shared
            flows += [_flow(r, port, t, r.uniform(0, 1), 2.0) for t in ('direct', 'vip-rs2')]
        else:
            flows.append(_flow(r, ports.pop(), r.choice(others), r.uniform(0, seconds / 2), r.uniform(0.2, seconds / 2)))
    if r.random() < 0.15 and not v6:    # another client, perhaps with the port of one that crosses
        flows.append(_flow(r, r.choice(flows)['port'], r.choice(targets), r.uniform(0, 1), 1.5, client=1))
    if r.random() < 0.08:
        cell['ports'] = f'17001,{r.choice([1, 2, 4])}' if r.random() < 0.5 else f'{flows[0]["port"]},50'
    acts = [] if v6 else _strangers(r, seconds)
    acts += _meddling(r, seconds)
    return dict(seed=seed, v6=v6, cell=cell, flows=flows, acts=sorted(((round(t, 4), w, a) for t, w, a in acts),
                                                                      key=lambda x: x[0]), seconds=seconds)
