# SPDX-License-Identifier: GPL-2.0-or-later
"""--map: what load balancers, Kubernetes and kernels print; and rows that hold for a time."""

import json

from support import check

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
    refused(test)
    in_time(test)
