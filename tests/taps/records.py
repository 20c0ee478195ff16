# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of "-z toa,records": members in order, and what each may be."""

NUMBER = (int,)
TEXT = (str,)
NONE = (type(None),)
MAYBE = NUMBER + NONE
MAYBE_TEXT = TEXT + NONE
MAYBE_BOOL = (bool,) + NONE

SEGMENT = [('from', TEXT), ('flags', NUMBER), ('seq', NUMBER), ('ack', MAYBE), ('length', NUMBER),
           ('ip_id', MAYBE), ('tsval', MAYBE), ('tsecr', MAYBE)]


def side(name):
    return [('%s_%s' % (name, member), MAYBE) for member in ('isn', 'low', 'next', 'ack', 'tsval', 'ip_id')]


SCHEMA = {
    'conversation':
        [('record', TEXT), ('stream', NUMBER), ('key_stream', NUMBER),
         ('client_ip', TEXT), ('client_port', NUMBER), ('server_ip', TEXT), ('server_port', NUMBER),
         ('key_client_ip', TEXT), ('key_client_port', NUMBER), ('key_server_ip', TEXT), ('key_server_port', NUMBER),
         ('key_source', TEXT), ('toa_ip', MAYBE_TEXT), ('toa_port', MAYBE), ('leg_stream', MAYBE), ('connection_stream', MAYBE),
         ('roles', MAYBE_TEXT), ('first_frame', NUMBER), ('last_frame', NUMBER), ('first_time', NUMBER),
         ('last_time', NUMBER), ('frames', NUMBER), ('closed_time', MAYBE), ('syn_time', MAYBE),
         ('synack_time', MAYBE)] + side('client') + side('server') +
        [('client_timestamps', MAYBE_BOOL), ('server_timestamps', MAYBE_BOOL), ('rtt_ns', MAYBE)],
    'finding':
        [('record', TEXT), ('finding', TEXT), ('severity', TEXT), ('frame', NUMBER), ('time', NUMBER),
         ('stream', NUMBER)] + SEGMENT +
        [('other_stream', MAYBE), ('other_frame', MAYBE), ('evidence', (list,)), ('cause', MAYBE_TEXT), ('ip_id_delta', MAYBE),
         ('isn_error_ns', MAYBE), ('count', MAYBE)],
    'schema':
        [('record', TEXT), ('version', NUMBER)],
    'incident':
        [('record', TEXT), ('verdict', TEXT), ('early_stream', NUMBER), ('late_stream', NUMBER), ('first_frame', NUMBER),
         ('last_frame', NUMBER), ('first_time', NUMBER), ('last_time', NUMBER), ('rsts', NUMBER), ('segments', NUMBER),
         ('dup_acks', NUMBER), ('victim_stream', MAYBE), ('victim_since_frame', MAYBE), ('victim_segments', MAYBE),
         ('victim2_stream', MAYBE), ('victim2_since_frame', MAYBE), ('victim2_segments', MAYBE), ('evidence', (list,))],
    'unexplained':
        [('record', TEXT), ('frame', NUMBER), ('time', NUMBER), ('stream', NUMBER)] + SEGMENT,
}

VALUES = {
    'key_source': {'wire', 'toa', 'map', 'leg', 'proven'},
    'roles': {'syn', 'syn-ack', 'toa', 'map', 'port', None},
    'from': {'client', 'server'},
    'verdict': {'stale session', 'not translated', 'shared key', 'crossed', 'proven'},
    'severity': {'error', 'warn', 'note', 'chat'},
    'cause': {'untranslated', None},
}


def errors(record):
    """Why this record is not one; empty if it is."""
    schema = SCHEMA.get(record.get('record'))
    if schema is None:
        return ['unknown record %r' % record.get('record')]
    if list(record) != [name for name, _ in schema]:
        return ['members differ: %s' % list(record)]
    found = []
    for name, kinds in schema:
        value = record[name]
        if type(value) not in kinds:
            found.append('%s is %r' % (name, value))
        if name in VALUES and value not in VALUES[name]:
            found.append('%s is %r' % (name, value))
    return found
