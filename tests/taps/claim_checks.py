# SPDX-License-Identifier: GPL-2.0-or-later
"""One check a kind of claim: it is true of the packets, or it is not."""
import collections, ipaddress, re

from claim_packets import ACK, MOD, RST, SECOND, SYN, asks, end_of

CHECKS = {}


def check(name):
    def add(function):
        CHECKS[name] = function
        return function
    return add


def pair(capture, claim):
    return capture.streams[claim['stream']], capture.streams[claim['other_stream']]


@check('connection')
def _(c, claim):
    packets = c.streams[claim['stream']]
    return (len(packets), packets[0].frame, packets[-1].frame) == (claim['count'], claim['frame'], claim['other_frame']) \
        and {packets[0].source, packets[0].destination} == {claim['from'], claim['to']}


@check('connection_part')
def _(c, claim):
    return CHECKS['connection'](c, claim) and claim['value'] == sum(r['stream'] == claim['stream'] for r in c.all) > 1


@check('closed')
def _(c, claim):
    return any(p.time == claim['time'] for p in c.streams[claim['stream']]) and c.closed(claim['stream'], claim['time'])


def first_of(c, claim):
    """Where a capture lacks a SYN, the next segment is taken for the earlier connection's, until others show whose it is."""
    first, p = c.streams[claim['stream']][0], c.packets[claim['frame']]
    is_kept = claim['stream'] in c.several and p.stream == claim['stream'] and p.frame < first.frame
    return p if is_kept else first


def begins(c, claim):
    first = first_of(c, claim)
    return (first.frame, first.time) == (claim['frame'], claim['time']) and \
        {first.source, first.destination} == {claim['from'], claim['to']}


@check('seen_while_open')
def _(c, claim):
    return begins(c, claim) and not any(p.flags & SYN for p in c.streams[claim['stream']]) and \
        not c.closed(claim['other_stream'], claim['time'] - 1)


@check('began_while_open')
def _(c, claim):
    first, other = first_of(c, claim), c.streams[claim['other_stream']][0]
    return begins(c, claim) and bool(first.flags & SYN) and not c.closed(claim['other_stream'], claim['time'] - 1) and \
        (other.frame < first.frame or any({i['early_stream'], i['late_stream']} == {claim['stream'], claim['other_stream']} and
                                          i['verdict'] == 'proven' for i in c.incidents))


@check('began_closing')
def _(c, claim):
    first, other = first_of(c, claim), c.conversations[claim['other_stream']]
    return begins(c, claim) and bool(first.flags & SYN) and c.closed(claim['other_stream'], claim['time'] - 1) and \
        (other['closed_time'] is None or other['closed_time'] > claim['time'])


@check('began_unseen')
def _(c, claim):
    other = c.streams[claim['other_stream']][0]
    return begins(c, claim) and other.frame == claim['other_frame'] > claim['frame'] and not other.flags & SYN


@check('both_unseen')
def _(c, claim):
    other = c.streams[claim['other_stream']][0]
    return begins(c, claim) and other.frame == claim['other_frame'] and not other.flags & SYN and \
        not c.streams[claim['stream']][0].flags & SYN


@check('untranslated')
def _(c, claim):
    asked, answered = pair(c, claim)
    return any(f['stream'] == claim['other_stream'] and f['other_stream'] == claim['stream']
               for f in c.findings if f['finding'] in ('foreign.rst', 'foreign.segment')) and \
        any(not c.from_client(p) for p in answered) and \
        claim['from'] in (asked[0].source, asked[0].destination) and \
        claim['to'] in (answered[0].source, answered[0].destination) and claim['from'] != claim['to']


@check('began_after')
def _(c, claim):
    return begins(c, claim) and c.closed(claim['other_stream'], claim['time']) and \
        any(p.time == claim['time'] - claim['length'] for p in c.streams[claim['other_stream']])


def asking(c, stream):
    """Segments of the client that want an answer: also keepalives, which have their last number again."""
    found, top, last = [], None, None
    for p in c.own(stream, True):
        if last and (p.seq, p.ip_id, p.length) == (last.seq, last.ip_id, last.length) and p.time - last.time <= SECOND // 100:
            continue # captured twice
        last = p if asks(p) else last
        if asks(p) or top is not None and not p.flags & RST and not p.length and p.seq == (top - 1) % MOD:
            found.append((p, top if p.seq == ((top or 0) - 1) % MOD and not p.length else end_of(p)))
            top = found[-1][1] if top is None or (found[-1][1] - top) % MOD < 1 << 31 else top
    return found


@check('waits')
def _(c, claim):
    waiting = [(p, end) for p, end in asking(c, claim['stream']) if p.frame >= claim['frame']]
    if not waiting or waiting[0][0].frame != claim['frame'] or len(waiting) != claim['count']:
        return False
    last = max(p.time for p in c.packets.values())
    answered = [p for p in c.own(claim['stream'], False) if p.frame > claim['frame'] and p.flags & ACK and
                (p.ack - waiting[0][1]) % MOD < 1 << 31]
    return not answered and claim['length'] == last - claim['time'] and waiting[0][0].time == claim['time']


@check('still_asks')
def _(c, claim):
    """The earlier of two connections with the same addresses: what its client still sends has a finding, and no answer."""
    mine = [c.packets[n] for n, f in c.foreign.items() if f['other_stream'] == claim['stream'] and
            f['stream'] == claim['other_stream'] and n >= claim['frame']]
    asked = [p for p in mine if c.from_client(p) and p.length]
    answered = [p for p in mine if not c.from_client(p) and p.frame > claim['frame'] and p.flags & (ACK | RST) == ACK and
                (p.ack - end_of(asked[0])) % MOD < 1 << 31]
    last = max(p.time for p in c.packets.values())
    return bool(asked) and (asked[0].frame, len(asked)) == (claim['frame'], claim['count']) and not answered and \
        claim['length'] == last - claim['time'] and asked[0].time == claim['time']


@check('last_answer')
def _(c, claim):
    answers = c.own(claim['stream'], False)
    return bool(answers) and answers[-1].frame == claim['frame'] and answers[-1].time == claim['time']


@check('no_answer')
def _(c, claim):
    return not c.own(claim['stream'], False)


def is_leg(c, one, other):
    """Both have one SYN-ACK, or one SYN."""
    isns = [{(p.seq, p.flags & ACK) for p in c.streams[s] if p.flags & SYN} for s in (one, other)]
    return bool(isns[0] & isns[1])


@check('found_elsewhere')
def _(c, claim):
    counted = [f for f in c.events.found(claim['stream'], claim['other_stream']) if f['from'] == 'server' and
               f['finding'] != 'stale_session' and f['stream'] == claim['other_stream'] and
               c.events.forest.root(f['other_stream']) == c.events.forest.root(claim['stream'])]
    return len(counted) == claim['count']


@check('found')
def _(c, claim):
    frames = [f['frame'] for f in c.events.found(claim['stream'], claim['other_stream'])]
    return c.events.load(claim['stream'], claim['other_stream']) == (claim['count'], claim['value'], claim['base']) and \
        bool(frames) and (min(frames), max(frames)) == (claim['frame'], claim['other_frame'])


CHECKS['found_legs'] = CHECKS['found']


@check('segment')
def _(c, claim):
    p = c.packets[claim['frame']]
    return (p.stream, p.source, p.flags, p.length, p.time) == (claim['stream'], claim['from'], claim['value'] & 63,
                                                               claim['base'], claim['time'])


def shifts(c, claim, of_server):
    """The distances that segments of the server on this stream show, of the server's numbers or the client's; those segments
    are known to be the other's without them."""
    found = set()
    for p in c.streams[claim['stream']]:
        f = c.foreign.get(p.frame)
        if not f or p.frame > claim['frame'] - of_server or f['other_stream'] != claim['other_stream'] or f['from'] != 'server':
            continue
        if of_server:
            found.update((p.seq - n) % MOD for n in c.next_of(claim['other_stream'], False, p.frame))
        elif p.flags & ACK:
            found.update((p.ack - n) % MOD for n in c.next_of(claim['other_stream'], True, p.frame))
            found.update((p.ack - q.seq - 1) % MOD for q in c.own(claim['other_stream'], True, p.frame) if q.flags & SYN)
    return found


@check('seq')
def _(c, claim):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    if p.seq != claim['value'] or (claim['base'] + claim['shift']) % MOD != p.seq:
        return False
    if p.flags & SYN and p.flags & ACK:
        return any(q.seq == claim['base'] for q in c.own(claim['other_stream'], client) if q.flags & SYN)
    stands = c.next_of(claim['other_stream'], client, p.frame)
    return claim['base'] in stands or p.length > 0 and (claim['base'] + p.length) % MOD in stands


@check('seq_near')
def _(c, claim):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    stands = c.next_of(claim['other_stream'], client, p.frame) | {q.seq for q in c.own(claim['other_stream'], client, p.frame)}
    return p.seq == claim['value'] and any((claim['base'] - n + (1 << 20)) % MOD < 1 << 21 for n in stands)


@check('seq_shifted')
def _(c, claim):
    return CHECKS['seq'](c, claim) and claim['shift'] in shifts(c, claim, not c.from_client(c.packets[claim['frame']]))


@check('ack')
def _(c, claim):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    if p.ack != claim['value'] or (claim['base'] + claim['shift']) % MOD != p.ack:
        return False
    return claim['base'] in c.next_of(claim['other_stream'], not client, p.frame)


@check('ack_shifted')
def _(c, claim):
    return CHECKS['ack'](c, claim) and claim['shift'] in shifts(c, claim, c.from_client(c.packets[claim['frame']]))


@check('ip_id')
def _(c, claim):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    run = c.own(claim['other_stream'], client, p.frame) + c.credited(claim['other_stream'], client, p.frame)
    run = [q.ip_id for q in sorted(run, key=lambda q: q.frame) if q.ip_id]
    return p.ip_id == claim['value'] and bool(run) and (run[-1] + claim['count']) % 65536 == p.ip_id


@check('ip_id_behind')
def _(c, claim):
    return CHECKS['ip_id'](c, dict(claim, count=-claim['count']))


@check('tsecr')
def _(c, claim):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    values = [q.tsval for q in c.own(claim['other_stream'], not client, p.frame) if q.tsval is not None]
    return p.tsecr == claim['value'] and bool(values) and \
        (p.tsecr in values or (p.tsecr - values[0]) % MOD <= (values[-1] - values[0]) % MOD + 10000)


@check('timestamps')
def _(c, claim):
    syns = [p for p in c.streams[claim['stream']] if p.flags & SYN and p.frame not in c.foreign]
    return c.packets[claim['frame']].tsval is not None and any(p.tsval is None for p in syns)


def comes_after(c, claim):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    return q.stream == claim['other_stream'] and c.from_client(q) != c.from_client(p) and \
        0 <= p.time - q.time == claim['length'] <= SECOND


@check('cause')
def _(c, claim):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    between = [r for r in c.own(q.stream, c.from_client(q), p.frame) if r.frame > q.frame]
    return comes_after(c, claim) and p.flags & (RST | ACK) == RST and \
        (p.seq - q.ack) % MOD in shifts(c, claim, True) | {0} and \
        all(r.ack == q.ack for r in between)


@check('after')
def _(c, claim):
    q = c.packets[claim['other_frame']]
    probe = any((r.seq - 1 - q.seq) % MOD == 0 or end_of(r) == (q.seq + 1) % MOD
                for r in c.own(q.stream, c.from_client(q)))
    return comes_after(c, claim) and (asks(q) or probe)


@check('answers')
def _(c, claim):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    return q.stream == p.stream == claim['stream'] and q.frame < p.frame and q.source == p.destination and q.ack == p.seq


@check('kills')
def _(c, claim):
    p = c.packets[claim['frame']]
    return bool(p.flags & RST) and c.from_client(p) and not c.closed(claim['other_stream'], p.time)


@check('duplicate')
def _(c, claim):
    p = c.packets[claim['frame']]
    before = [q for q in c.own(claim['stream'], c.from_client(p), p.frame) if q.flags & ACK]
    return p.ack == claim['value'] and any(q.ack == p.ack for q in before)


def sent(c, stream, number, before):
    return any((number - p.seq) % MOD <= (end_of(p) - p.seq) % MOD for p in c.own(stream, True, before))


@check('sack')
def _(c, claim):
    p = c.packets[claim['frame']]
    return p.sack is not None and p.sack[0] == claim['value'] and \
        (claim['base'] + claim['shift']) % MOD == claim['value'] and \
        sent(c, claim['other_stream'], claim['base'], p.frame) and not sent(c, claim['stream'], claim['value'], p.frame)


CHECKS['sack_shifted'] = CHECKS['sack']


@check('sack_unsent')
def _(c, claim):
    p = c.packets[claim['frame']]
    return p.sack is not None and p.sack[0] == claim['value'] and not sent(c, claim['stream'], claim['value'], p.frame)


@check('known')
def _(c, claim):
    return c.packets[claim['frame']].time == claim['time'] and claim['frame'] >= max(s[0].frame for s in pair(c, claim))


@check('more')
def _(c, claim):
    """All findings of the incident, but three of each kind of the pair that is told."""
    all_of = c.events.of(claim['stream'], claim['other_stream'])
    told = collections.Counter(f['finding'] for f in all_of if {f['stream'], f['other_stream']} ==
                               {claim['stream'], claim['other_stream']})
    return claim['count'] == len(all_of) - sum(min(3, n) for n in told.values())


@check('isn_clock')
def _(c, claim):
    replies = [[p for p in s if p.flags & SYN and p.flags & ACK and p.frame not in c.foreign] for s in pair(c, claim)]
    if not all(replies):
        return False
    late, early = (r[0] for r in replies)
    period = MOD * 64
    error = ((late.seq - early.seq) * 64 - (late.time - early.time) + period // 2) % period - period // 2
    return abs(error - claim['length']) < 100


def replies_of(c, stream):
    return [p for p in c.streams[stream] if p.flags & SYN and p.flags & ACK and p.frame not in c.foreign]


@check('hint_timestamps')
def _(c, claim):
    one, other = replies_of(c, claim['stream']), replies_of(c, claim['other_stream'])
    offers = [p for p in c.streams[claim['stream']] if p.flags & SYN and not p.flags & ACK]
    return any(p.tsval is not None for p in offers) and bool(one) and all(p.tsval is None for p in one) and \
        any(p.tsval is not None for p in other)


@check('hint_hops')
def _(c, claim):
    one, other = replies_of(c, claim['stream']), replies_of(c, claim['other_stream'])
    return claim['value'] in {p.ttl for p in one} and claim['base'] in {p.ttl for p in other} and \
        claim['value'] + claim['count'] == claim['base']


@check('recycled')
def _(c, claim):
    p = c.packets[claim['frame']]
    return bool(p.flags & SYN) and p.seq == claim['value'] == (claim['base'] + 65537) % MOD and \
        claim['base'] in c.next_of(claim['other_stream'], False, p.frame)


@check('crossed')
def _(c, claim):
    f = c.foreign.get(claim['frame'])
    return bool(f) and f['from'] == 'server' and (f['stream'], f['other_stream']) == (claim['stream'],
                                                                                      claim['other_stream'])


@check('crossed_before')
def _(c, claim):
    p = c.packets[claim['frame']]
    before = [q for q in c.streams[claim['other_stream']] if q.frame in c.aside and q.frame < p.frame and
              not c.from_client(q) and q.seq == claim['value']]
    return c.from_client(p) and p.stream == claim['stream'] and bool(p.flags & ACK) and p.ack == claim['value'] and bool(before)


@check('row')
def _(c, claim):
    p = c.packets[claim['frame']]
    f = c.foreign.get(p.frame)
    owners = {f['other_stream'], p.stream} if f else {p.stream}
    return (p.stream, p.source, p.destination, p.flags, p.length) == \
        (claim['stream'], claim['from'], claim['to'], claim['value'] & 63, claim['base']) and \
        claim['other_stream'] in owners and claim['words'].split()[:2] == [str(p.frame), '%.6f' % ((p.time - c.start) / 1e9)]


@check('command')
def _(c, claim):
    numbers = {claim['from'].rsplit(':', 1)[1], claim['to'].rsplit(':', 1)[1]}
    return set(re.findall(r"port = :(\d+)", claim['words'])) <= numbers and \
        all(a.strip("'") in (claim['from'].rsplit(':', 1)[0].strip(), claim['to'].rsplit(':', 1)[0])
            for a in re.findall(r"(?:dst |^On )(\S+?)(?=:? |'|$)", claim['words']))


@check('same_wire')
def _(c, claim):
    one, other = pair(c, claim)
    return {one[0].source, one[0].destination} == {other[0].source, other[0].destination} == {claim['from'], claim['to']}


@check('named')
def _(c, claim):
    host, port = claim['from'].rsplit(':', 1)
    address = ipaddress.ip_address(host.strip('[]')).packed
    return any(address in value for p in c.streams[claim['stream']] for kind, value in p.options.items() if kind > 27)


@check('goes_on')
def _(c, claim):
    if claim['frame'] not in c.packets:     # TCP has begun a stream with what is no segment to the plugin
        return c.streams_shown[claim['frame']] == claim['other_stream']
    p = c.packets[claim['frame']] # a SYN that its connection has begun with
    return p.stream == claim['stream'] and p.time == claim['time'] and p.flags & (SYN | ACK) == SYN and \
        p.seq == c.streams[p.stream][0].seq


def is_shifted_leg(one, other):
    """The same data at one distance, again and again."""
    shifts = collections.Counter((p.seq - q.seq) % MOD for p in one if p.length for q in other
                                 if q.length == p.length and abs(p.time - q.time) < SECOND // 10)
    return any(n > 1 for n in shifts.values())


@check('leg')
def _(c, claim):
    one, other = pair(c, claim)
    return is_leg(c, claim['stream'], claim['other_stream']) or is_shifted_leg(one, other) or \
        bool({(p.seq, p.length, p.ip_id) for p in one if p.length} & {(p.seq, p.length, p.ip_id) for p in other}) or \
        bool({p.seq for p in one if p.length} & {p.seq for p in other if p.length})


@check('one_key')
def _(c, claim):
    return c.keys.get(claim['stream']) == c.keys.get(claim['other_stream']) == (claim['from'], claim['to'])


@check('two_ways')
def _(c, claim):
    servers = [({s[0].source, s[0].destination} - {c.clients.get(s[0].stream)}).pop() for s in pair(c, claim)]
    return servers == [claim['to'], claim['from']]


@check('key')
def _(c, claim):
    return c.keys.get(claim['stream']) == (claim['from'], claim['to'])


@check('dialled')
def _(c, claim):
    return claim['from'] in (c.streams[claim['stream']][0].source, c.streams[claim['stream']][0].destination)


@check('segments')
def _(c, claim):
    return claim['count'] == len(c.packets) and claim['value'] == len(c.all)


@check('named_by_toa')
def _(c, claim):
    return claim['count'] == sum(r['toa_ip'] is not None for r in c.all)


@check('syn_acks')
def _(c, claim):
    replied = {(p.stream, p.seq) for p in c.packets.values() if p.flags & SYN and p.flags & ACK}
    return claim['count'] == sum((r['stream'], r['server_isn']) in replied for r in c.all if r['synack_time'] is not None)


def has_owner(c, f):
    """Another connection of the capture goes on with the numbers of the segments that are said to have no owner."""
    mine, around = c.packets[f['frame']], [c.packets[n] for n in (f['frame'], f['other_frame']) if n]
    numbers = {p.seq for p in around if not c.from_client(p)}
    client = c.keys[mine.stream][0]
    return any(p.seq in numbers if not c.from_client(p) else p.flags & ACK and p.ack in numbers
               for p in c.packets.values() if p.stream != mine.stream and p.frame not in c.aside and
               c.keys[p.stream][0] == client and p.frame not in c.foreign)


@check('unseen')
def _(c, claim):
    found = [f for f in c.findings if f['finding'] == 'foreign.unseen' and f['stream'] == claim['stream']]
    frames = [f['frame'] for f in found]
    return (len(frames), frames[0], frames[-1]) == (claim['count'], claim['frame'], claim['other_frame']) and \
        not any(has_owner(c, f) for f in found)


CHECKS['unseen_one'] = CHECKS['unseen']


@check('self_connect')
def _(c, claim):
    p = c.packets[claim['frame']]
    return p.source == p.destination == claim['from'] and p.stream == claim['stream']


@check('unexplained')
def _(c, claim):
    return claim['count'] == len(c.unexplained)


TITLES = {'stale session': 'an earlier connection answers for a later one',
          'not translated': 'answers come from another address than the one that was asked',
          'shared key': 'two connections have one pair of addresses at the server',
          'crossed': 'segments of one connection arrive on another',
          'proven': 'two connections are one at the server, proven by its numbers'}


@check('incident')
def _(c, claim):
    now = c.incidents[claim['count'] - 1]
    return claim['value'] == len(c.incidents) and claim['words'].endswith(': ' + TITLES[now['verdict']]) and \
        (now['late_stream'], now['early_stream']) == (claim['stream'], claim['other_stream'])


def victims_of(incident):
    return {incident['victim_stream'], incident['victim2_stream']} - {None}


@check('summary')
def _(c, claim):
    victims = sum(len(victims_of(i)) for i in c.incidents)
    proven = sum(i['verdict'] == 'proven' for i in c.incidents)
    return (claim['count'], claim['value'], claim['base']) == (len(c.incidents), proven, victims) and \
        claim['words'].endswith('proven %d, victims that wait %d' % (proven, victims))


@check('server')
def _(c, claim):
    mine = [i for i in c.incidents if c.keys[i['early_stream']][1] == claim['from']]
    if any(i['early_stream'] in c.several for i in c.incidents): # which of them it is, an incident does not say
        sure = sum(i['early_stream'] not in c.several for i in mine)
        return sure <= claim['count'] <= sure + sum(i['early_stream'] in c.several for i in c.incidents)
    return (claim['count'], claim['value'], claim['base']) == (
        len(mine), sum(i['verdict'] == 'proven' for i in mine), sum(len(victims_of(i)) for i in mine))


def quiet_pairs(c):
    """Pairs with findings that are no incident: how many of each word."""
    kinds, counts = collections.defaultdict(set), collections.Counter()
    for f in c.findings:
        if f['other_stream'] is not None:
            kinds[frozenset((f['stream'], f['other_stream']))].add(f['finding'])
    for pair_kinds in kinds.values():
        if not pair_kinds & {'collision.confirmed', 'foreign.rst', 'foreign.segment', 'foreign.dup_ack', 'stale_session'}:
            counts['kept_apart' if 'collision.refuted' in pair_kinds else
                   'shared' if 'collision' in pair_kinds else 'reused'] += 1
    return counts


for word in ('kept_apart', 'shared', 'reused'):
    CHECKS[word] = lambda c, claim: claim['count'] == quiet_pairs(c)[claim['claim']]
