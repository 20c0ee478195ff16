# SPDX-License-Identifier: GPL-2.0-or-later
"""--map: what load balancers, Kubernetes and kernels print; and rows that hold for a time."""

import json
import os
import subprocess

from support import HERE, check

# ---- as the programs print it, addresses changed ----

CONNTRACK = '''[1764547200.100000]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.9 dst=10.96.0.10 sport=40000 dport=443 [UNREPLIED] src=10.1.0.7 dst=10.0.0.9 sport=8443 dport=40000
[1764547200.200000]\t [UPDATE] tcp      6 60 SYN_RECV src=10.0.0.9 dst=10.96.0.10 sport=40000 dport=443 src=10.1.0.7 dst=10.0.0.9 sport=8443 dport=40000
[1764547210.200000]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.8 dst=10.96.0.10 sport=40000 dport=443 [UNREPLIED] src=10.1.0.7 dst=10.0.0.8 sport=8443 dport=40000
[1764547260.000000]\t[DESTROY] tcp      6 src=10.0.0.9 dst=10.96.0.10 sport=40000 dport=443 src=10.1.0.7 dst=10.0.0.9 sport=8443 dport=40000 [ASSURED]
[1764547290.000000]\t[DESTROY] tcp      6 src=10.0.0.8 dst=10.96.0.10 sport=40000 dport=443 src=10.1.0.7 dst=10.0.0.8 sport=8443 dport=40000 [ASSURED]
[1764547295.000000]\t[DESTROY] tcp      6 src=10.0.0.7 dst=10.96.0.11 sport=40000 dport=443 src=10.1.0.7 dst=10.0.0.7 sport=8443 dport=40000 [ASSURED]
[1764547300.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.9 dst=10.96.0.10 sport=40001 dport=443 [UNREPLIED] src=10.1.0.8 dst=10.0.0.1 sport=8443 dport=61234
[1764547300.000000]\t    [NEW] udp      17 30 src=10.0.0.9 dst=10.96.0.10 sport=5353 dport=53 [UNREPLIED] src=10.1.0.8 dst=10.0.0.9 sport=53 dport=5353
'''
CONNTRACK_LIST = '''tcp      6 431999 ESTABLISHED src=10.0.0.9 dst=10.96.0.10 sport=40000 dport=443 src=10.1.0.7 dst=10.0.0.9 sport=8443 dport=40000 [ASSURED] mark=0 use=1
ipv6     10 tcp      6 431999 ESTABLISHED src=fd00::9 dst=fd00:96::10 sport=40000 dport=443 src=fd00:1::7 dst=fd00::9 sport=8443 dport=40000 [ASSURED] mark=0 use=1
tcp      6 99 TIME_WAIT src=10.0.0.9 dst=10.2.0.1 sport=40002 dport=22 src=10.2.0.1 dst=10.0.0.9 sport=22 dport=40002 [ASSURED] mark=0 use=1
'''
SERVICES = {'kind': 'List', 'items': [
    {'kind': 'Service', 'metadata': {'name': 'web', 'namespace': 'shop'},
     'spec': {'clusterIP': '10.96.0.10', 'clusterIPs': ['10.96.0.10', 'fd00:96::10'], 'externalIPs': ['198.51.100.1'],
              'ports': [{'name': 'https', 'port': 443, 'protocol': 'TCP', 'targetPort': 'tls'},
                        {'name': 'dns', 'port': 53, 'protocol': 'UDP'}]},
     'status': {'loadBalancer': {'ingress': [{'ip': '198.51.100.2'}, {'hostname': 'x'}]}}},
    {'kind': 'Service', 'metadata': {'name': 'web', 'namespace': 'other'},
     'spec': {'clusterIP': '10.96.0.77', 'ports': [{'name': 'https', 'port': 443}]}},
    {'kind': 'Service', 'metadata': {'name': 'none', 'namespace': 'shop'},
     'spec': {'clusterIP': 'None', 'clusterIPs': ['None'], 'ports': [{'port': 80}]}}]}
SLICES = {'kind': 'EndpointSliceList', 'items': [
    {'kind': 'EndpointSlice', 'metadata': {'namespace': 'shop', 'labels': {'kubernetes.io/service-name': 'web'}},
     'endpoints': [{'addresses': ['10.1.0.7'], 'conditions': {'ready': True}},
                   {'addresses': ['10.1.0.9'], 'conditions': {'ready': False}}],
     'ports': [{'name': 'https', 'port': 8443, 'protocol': 'TCP'}]},
    {'kind': 'EndpointSlice', 'metadata': {'namespace': 'shop', 'labels': {'kubernetes.io/service-name': 'web'}},
     'endpoints': [{'addresses': ['fd00:1::7'], 'conditions': {}}],
     'ports': [{'name': 'https', 'port': 8443, 'protocol': 'TCP'}]}]}


def matched(protocol, field, right):
    return {'match': {'op': '==', 'left': {'payload': {'protocol': protocol, 'field': field}}, 'right': right}}


def nft(*expressions):
    return {'rule': {'family': 'ip', 'table': 'nat', 'chain': 'pre', 'expr': list(expressions)}}


RULES = {'nftables': [
    {'metainfo': {'version': '1.0.6'}}, {'table': {'family': 'ip', 'name': 'nat'}},
    nft(matched('ip', 'daddr', '10.8.0.100'), matched('tcp', 'dport', {'set': [3306, 3307]}), {'counter': {'packets': 0}},
        {'dnat': {'addr': '10.9.0.2', 'port': 3269}}),
    nft(matched('ip', 'daddr', '10.8.0.101'), matched('tcp', 'dport', 80),
        {'dnat': {'addr': {'map': {'key': {'numgen': {'mode': 'random', 'mod': 2}},
                                   'data': {'set': [[0, '10.9.0.3'], [1, {'concat': ['10.9.0.4', 8080]}]]}}}}}),
    nft(matched('ip', 'daddr', '10.8.0.102'), matched('udp', 'dport', 53), {'dnat': {'addr': '10.9.0.5'}}),
    nft({'dnat': {'addr': '10.9.0.6'}})]}

PRINTED = {
    'conntrack -E': (CONNTRACK, ['"10.96.0.10","443","10.1.0.7@1764547200-1764547290","8443"',
                                 '"10.96.0.11","443","10.1.0.7@-1764547295","8443"']),
    'conntrack -L': (CONNTRACK_LIST, ['"10.96.0.10","443","10.1.0.7","8443"', '"fd00:96::10","443","fd00:1::7","8443"']),
    'kubectl': ({'kind': 'List', 'items': SERVICES['items'] + SLICES['items']},
                ['"10.96.0.10","443","10.1.0.7","8443"', '"fd00:96::10","443","fd00:1::7","8443"',
                 '"198.51.100.1","443","10.1.0.7","8443"', '"198.51.100.2","443","10.1.0.7","8443"']),
    'nft': (RULES, ['"10.8.0.100","3306","10.9.0.2","3269"', '"10.8.0.100","3307","10.9.0.2","3269"',
                    '"10.8.0.101","80","10.9.0.3","80"', '"10.8.0.101","80","10.9.0.4","8080"']),
    'table': ('# from, until\n10.0.0.1,80,10.1.0.1,8080,2025-12-01T00:00:00Z,2025-12-01T01:00:00\n10.0.0.2,80,10.1.0.1,8080\n'
              '10.0.0.3,80,10.1.0.1,8080,,1764550800\n10.0.0.3,80,10.1.0.1,8080,1764550000\nfd00::1,80,fd00:1::1,8080,1764547200,\n',
              ['"10.0.0.1","80","10.1.0.1@1764547200-1764550800","8080"', '"10.0.0.2","80","10.1.0.1","8080"',
               '"10.0.0.3","80","10.1.0.1","8080"', '"fd00::1","80","fd00:1::1@1764547200-","8080"']),
}


NODES = {'kind': 'NodeList', 'items': [
    {'kind': 'Node', 'status': {'addresses': [{'type': 'InternalIP', 'address': '10.0.0.5'}, {'type': 'InternalIP', 'address': 'fd00::5'},
                                              {'type': 'Hostname', 'address': 'five'}]}},
    {'kind': 'Node', 'status': {'addresses': [{'type': 'InternalIP', 'address': '10.0.0.6'}, {'type': 'ExternalIP', 'address': 5}]}}]}
NODE_PORT = {'kind': 'Service', 'metadata': {'name': 'web', 'namespace': 'shop'},
             'spec': {'type': 'NodePort', 'clusterIP': 'None',
                      'ports': [{'name': 'https', 'port': 443, 'nodePort': 30443}, {'name': 'dns', 'port': 53, 'nodePort': 30053, 'protocol': 'UDP'},
                                {'name': 'gone', 'port': 81, 'nodePort': 30081}]}}

# Of kube-proxy.nft, as nft 1.0.6 prints the rules that the kernel has.
KUBE_PROXY = ['"10.0.0.5","30443","10.1.0.7","8443"', '"10.0.0.5","30443","10.1.0.8","8443"', '"10.0.0.6","30443","10.1.0.7","8443"',
              '"10.0.0.6","30443","10.1.0.8","8443"', '"10.96.0.10","443","10.1.0.7","8443"', '"10.96.0.10","443","10.1.0.8","8443"',
              '"10.96.0.11","80","10.1.0.9","8443"', '"198.51.100.1","443","10.1.0.7","8443"', '"198.51.100.1","443","10.1.0.8","8443"',
              '"203.0.113.1","80","10.1.0.20","8080"', '"203.0.113.2","80","10.1.0.21","8081"', '"203.0.113.2","80","10.1.0.22","8082"',
              '"203.0.113.2","81","10.1.0.21","8081"', '"203.0.113.2","81","10.1.0.22","8082"', '"fd00:96::10","443","fd00:1::7","8443"']


def write(test, name, content):
    path = test.path(name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def formats(test):
    for name, (content, rows) in PRINTED.items():
        path = write(test, 'map', content)
        printed = test.scan('--map', path, '--print-map', code=0).stdout.splitlines()
        check(printed == rows, name, printed)
        again = write(test, 'again', '\n'.join(printed) + '\n')
        check(test.scan('--map', again, '--print-map', code=0).stdout.splitlines() == rows, name, 'is not what it prints')
    both = ['--map', write(test, 's', SERVICES), '--map', write(test, 'e', SLICES)]
    check(test.scan(*both, '--print-map', code=0).stdout.splitlines() == PRINTED['kubectl'][1], 'in two files')


def node_ports(test):
    """A port that each node has: at the addresses of the nodes, from whatever file they come."""
    endpoints = ['10.1.0.7', 'fd00:1::7']
    rows = ['"%s","30443","%s","8443"' % (node, endpoints[':' in node]) for node in ('10.0.0.5', '10.0.0.6', 'fd00::5')]
    one = write(test, 'one', [NODES, NODE_PORT, SLICES])
    check(test.scan('--map', one, '--print-map', code=0).stdout.splitlines() == rows, 'node ports')
    several = [argument for name, part in (('s', NODE_PORT), ('n', NODES), ('e', SLICES))
               for argument in ('--map', write(test, name, part))]
    check(test.scan(*several, '--print-map', code=0).stdout.splitlines() == rows, 'node ports in three files')
    check('no row' in test.scan('--map', write(test, 'n', NODES), '--print-map', code=2).stderr, 'nodes alone')


def kube_proxy(test):
    """Its nftables mode: verdict maps, from chain to chain, to the dnat of an endpoint. What nft has printed is kept; where there is an nft,
    a kernel is asked again."""
    kept = os.path.join(HERE, 'kube-proxy.json')
    check(sorted(test.scan('--map', kept, '--print-map', code=0).stdout.splitlines()) == KUBE_PROXY, 'kube-proxy')
    nodes = write(test, 'nodes', NODES)
    rows = test.scan('--map', kept, '--map', nodes, '--print-map', code=0).stdout.splitlines()
    check(sorted(rows) == sorted(KUBE_PROXY + ['"fd00::5","30443","fd00:1::7","8443"']), 'node ports at every local address', rows)
    run = subprocess.run(['unshare', '-n', 'sh', '-c', 'PATH=$PATH:/usr/sbin; nft -f "$1" && nft -j list ruleset', 'sh',
                          os.path.join(HERE, 'kube-proxy.nft')], capture_output=True, text=True, check=False)
    if run.returncode:
        print('not tried: a kernel\'s own rules (%s)' % run.stderr.strip().splitlines()[-1:])
        return
    live = write(test, 'live', run.stdout)
    rows = test.scan('--map', live, '--print-map', code=0).stdout.splitlines()
    check(sorted(rows) == KUBE_PROXY, 'a kernel\'s own rules', rows)


def circles(test):
    """Chains that lead to each other, and more of them than anybody looks into, end."""
    def chain(name, *statements):
        return {'rule': {'family': 'ip', 'table': 'nat', 'chain': name, 'expr': list(statements)}}

    loop = [nft(matched('ip', 'daddr', '10.8.0.1'), matched('tcp', 'dport', 80), {'goto': {'target': 'a'}}),
            chain('a', {'jump': {'target': 'b'}}), chain('b', {'goto': {'target': 'a'}}), chain('b', {'dnat': {'addr': '10.9.0.1', 'port': 8080}})]
    rows = test.scan('--map', write(test, 'loop', {'nftables': loop}), '--print-map', code=0).stdout.splitlines()
    check(rows == ['"10.8.0.1","80","10.9.0.1","8080"'], rows)
    apart = [nft(matched('ip', 'daddr', '10.8.0.1'), matched('tcp', 'dport', 80), {'goto': {'target': 'services'}}),
             chain('services', matched('ip', 'daddr', '10.8.0.2'), matched('tcp', 'dport', 81), {'goto': {'target': 'end'}}),
             chain('end', {'dnat': {'addr': '10.9.0.2'}})]
    rows = test.scan('--map', write(test, 'apart', {'nftables': apart}), '--print-map', code=0).stdout.splitlines()
    check(rows == ['"10.8.0.2","81","10.9.0.2","81"'], 'a rule that asks for another destination', rows)
    many = [{'map': {'family': 'ip', 'table': 'nat', 'name': 'm', 'elem': [
        [{'concat': ['10.8.%d.%d' % (i // 250, i % 250), 80]}, {'goto': {'target': 'c0'}}] for i in range(5000)]}}]
    many += [chain('c%d' % i, {'jump': {'target': 'c%d' % (i + 1)}}) for i in range(2000)]
    many += [chain('pre', {'vmap': {'key': {'concat': [
        {'payload': {'protocol': 'ip', 'field': 'daddr'}}, {'payload': {'protocol': 'tcp', 'field': 'dport'}}]}, 'data': '@m'}})]
    check('no row' in test.scan('--map', write(test, 'many', {'nftables': many}), '--print-map', code=2).stderr, 'many')


def refused(test):
    for content, word in ((SERVICES, 'belong together'), ('{"kind": ', 'map: '), ('{}', 'no row'), ('[' * 100000 + '{', 'map: '),
                          ('10.0.0.1,80,10.1.0.1,8080,yesterday\n', 'line 1'), ('\n10.0.0.1,99999,10.1.0.1,80\n', 'line 2'),
                          ('10.0.0.1,80,10.1.0.1@20-10,80\n', 'line 1'), ({'nftables': [{'rule': {'expr': [{'dnat': 3}, 4]}}]}, 'no row'),
                          (''.join('10.0.%d.%d,80,10.1.0.1,80\n' % (i // 250, i % 250) for i in range(10001)), 'more than')):
        done = test.scan('--map', write(test, 'map', content), '--print-map', code=2)
        check(word in done.stderr and not done.stdout, word, done.stderr)
    check('--map' in test.scan('--print-map', code=2).stderr, 'nothing to print')


def in_time(test):
    """The sample's connections begin at 1795363093: a row that was over before, or began later, is not used."""
    row = '10.141.16.0,3306,10.112.61.163,3269,%s,%s\n'
    for span, used in ((('', ''), True), ((1795363000, 1795363100), True), (('', 1795363092), False), ((1795363094, ''), False)):
        path = write(test, 'map', row % span)
        for reader in ('native', 'tshark'):
            out = test.scan('--reader', reader, '--map', path, '--records', '-', test.sample('incident-client'), code=0).stdout
            sources = {r['key_source'] for r in map(json.loads, out.splitlines()) if r['record'] == 'conversation'}
            check(('map' in sources) == used, span, reader, sources)
    # two servers behind one VIP, one after the other: each for its time
    path = write(test, 'map', row % ('', 1795360000) + '10.141.16.0,3306,10.112.61.164,3269,1795360001,\n')
    out = test.scan('--map', path, '--records', '-', test.sample('incident-client'), code=0).stdout
    servers = {r['key_server'] if 'key_server' in r else r['key_server_ip'] for r in map(json.loads, out.splitlines())
               if r['record'] == 'conversation' and r['key_source'] == 'map'}
    check(len(servers) == 1 and '10.112.61.164' in servers.pop(), 'the row of another time', servers)


def maps(test):
    formats(test)
    node_ports(test)
    kube_proxy(test)
    circles(test)
    refused(test)
    in_time(test)
