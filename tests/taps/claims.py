#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what is said of a capture against its packets.

usage: claims.py --tshark LAUNCHER [--scan TOA-SCAN] [-o NAME:VALUE]... CAPTURE|FOLDER...

Every statement of "-z toa,explain" is a claim ("-z toa,claims"). Here the packets are read again, by other code that knows none of
the plugin's rules, and each claim is true of them or is printed. What is not a claim must hold no number. Verdict, victim,
counts and ranges must be the same in words, records, tables, statistics, fields and the Info column, in one pass and in
two, and with --scan in toa-scan's JSON, text and page.
Exit code 0: nothing false, 1: something is, 77: nothing to test with.
"""
import argparse, collections, concurrent.futures, itertools, os, re, sys

sys.dont_write_bytecode = True
import claim_outputs, claim_packets, claim_scan
from claim_capture import Capture
from claim_checks import CHECKS, victims_of

ENDINGS = ('.pcap', '.pcapng', '.cap', '.pcap.gz', '.pcapng.gz')

# numbers that say nothing of a capture
PLAIN = re.compile(r'https?://\S+|layer [47]\b|\(1\.15\)|net\.[a-z]+[.\w-]*(=1)?;?|toa,explain,0|-z toa|IPv[46]')

# Not in the words of the claim, or true as well: the next retransmission has the same numbers.
HARMLESS = {('ack', 'frame'), ('seq', 'frame'), ('ack_shifted', 'frame'), ('duplicate', 'frame'), ('tsecr', 'frame'), ('seq_near', 'frame'), ('seq_near', 'base')}


def untold_numbers(text, claims):
    """Words of the text that hold a number and are no claim's."""
    rest = ' '.join(text.split())
    for words in sorted({' '.join(claim['words'].split()) for claim in claims}, key=len, reverse=True):
        capital = words[:1].upper() + words[1:]
        rest = rest.replace(words, ' ').replace(capital, ' ')
    rest = re.sub(r'\b[A-D] is \S+:\d+', ' ', PLAIN.sub(' ', rest))     # names of lanes
    rest = re.sub(r'frame time s( \S+:\d+| [A-D]\b)+', ' ', rest)
    return re.findall(r'\S*\d\S*', rest)


def times_right(c, claim):
    """ "frame 30 (0.719692 s)": that is its time."""
    return all('%.6f' % ((c.packets[int(frame)].time - c.start) / 1e9) == time
               for frame, time in re.findall(r'frame (\d+) \((-?\d+\.\d{6}) s\)', claim['words'])
               if int(frame) in c.packets or int(frame) not in c.streams_shown)


def holds(c, claim):
    """A number that several connections have stands for one of them."""
    several = sorted({claim['stream'], claim['other_stream']} & c.several)
    for records in itertools.product(*(c.parts[s] for s in several)):
        with c.only(dict(zip(several, records))):
            if CHECKS[claim['claim']](c, claim):
                return True
    return False


def is_true(c, claim):
    try:
        return holds(c, claim) and times_right(c, claim)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        claim['error'] = repr(error)
        return False


def check_claims(c, claims, bad):
    """Each claim, and those of one incident together."""
    waiting = collections.defaultdict(set)
    for claim in claims:
        if claim['claim'] == 'incident':
            c.now = claim['count'] - 1
        elif claim['claim'] in ('waits', 'still_asks'):
            waiting[c.now].add(claim['stream'])
        if not is_true(c, claim):
            bad.append('%s: %s %s' % (claim['claim'], claim['words'], claim.get('error', '')))
    for number, incident in enumerate(c.incidents):
        if waiting[number] != victims_of(incident):
            bad.append('incident %d: %r wait in words, %r in records' % (number + 1, waiting[number], victims_of(incident)))


def mutants(claim):
    """The claim with one number or frame that is not true."""
    for member, more in (('frame', 1), ('value', 1), ('count', 1), ('other_frame', 1), ('length', 10**7), ('base', 1)):
        if claim[member]:
            yield member, dict(claim, **{member: claim[member] + more})


def check_mutants(c, claims, bad):
    """Mutants that are called true: what the checks do not look at."""
    found = collections.Counter((claim['claim'], member) for claim in claims for member, mutant in mutants(claim)
                                if is_true(c, mutant))
    for (kind, member), n in sorted(found.items()):
        if (kind, member) not in HARMLESS:
            bad.append('%d mutants of %s.%s pass for true' % (n, kind, member))


def judge(options, path):
    """(path, number of claims or None, what is false)"""
    packets, start, frames = claim_packets.read(path)
    if not frames:
        return path, None, []
    bad, told, again = [], claim_outputs.Told(options, path), claim_outputs.Told(options, path, '-2')
    missing = [f for f, row in told.frames.items() if row['toa.stream'] and f not in packets]
    if missing:
        return path, None, []
    told.join_streams(packets)
    again.join_streams(packets)
    packets = {f: p._replace(stream=told.stream(f)) for f, p in packets.items() if told.frames[f]['toa.stream']}
    told.name_by_records(packets)
    again.first = told.first
    packets = {f: p._replace(stream=told.first.get(p.stream, p.stream)) for f, p in packets.items()}
    c = Capture(packets, start, told.records)
    c.streams_shown = {f: told.raw_stream(f) for f, row in told.frames.items() if row['tcp.stream']}
    check_claims(c, told.claims, bad)
    if options.mutants:
        check_mutants(c, told.claims, bad)
    bad += ['no claim: ' + word for word in untold_numbers(told.text, told.claims)]
    claim_outputs.agree(c, told, again, bad)
    if options.scan:
        claim_scan.agree(options, path, c, bad)
    return path, len(told.claims), bad


def captures_of(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(f for f in folders if f not in ('build', '.git'))
            yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(ENDINGS))


def tried(options, path):
    try:
        return judge(options, path)
    except Exception as error: # pylint: disable=broad-except
        return path, 0, ['the checker broke: %r' % error]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tshark', required=True)
    parser.add_argument('--scan', help='toa-scan: hold its reports against the rest as well')
    parser.add_argument('--mutants', action='store_true', help='also: claims with one number altered must be false')
    parser.add_argument('-j', '--jobs', type=int, default=2)
    parser.add_argument('-o', dest='option', action='append')
    parser.add_argument('captures', nargs='*')
    options = parser.parse_args()
    total, false, skipped, done = 0, 0, [], 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, count, bad in pool.map(lambda path: tried(options, path), captures_of(options.captures)):
            if count is None:
                skipped.append(os.path.basename(path))
                continue
            done += 1
            total += count
            false += len(bad)
            for line in bad:
                print('%s: %s' % (os.path.basename(path), line), flush=True)
    print('%d claims on %d captures, %d false%s' % (total, done, false, ', not read: ' + ' '.join(skipped) if skipped else ''))
    return 77 if not total else 1 if false else 0


if __name__ == '__main__':
    sys.exit(main())
