# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP option blocks: what must stay as Wireshark shows it, and what the plugin
takes over. Hex text, as on the wire; the builder pads with NOPs."""

# None of these is an address, whatever the stream says: the plugin must hand
# each back to the byte, expert infos and the texts of broken options included.
NOT_TOA = [
    # No option, NOPs (four in a row have an expert info), end of list, zeros
    # behind it, and bytes that are not zero behind it.
    '', '01010101', '0101010101010101', '00000000', '0100000000000000', '0204ffff00000000',
    '00010204', '0204ffff00aabbcc',
    # The usual ones, with right and with wrong lengths.
    '020405b40402080a000100020000000001030307', '0203ff01', '0206ffff0102', '0403ff01',
    '080900010002000000', '03030f01', '030207ff', '0101050a000000010000ffff', '050701020304ff',
    # Kind as the last byte, lengths 0 and 1, lengths past the header, for the
    # kinds the plugin registers: their texts name the option ("Experimental",
    # "Unknown (0xc8)"), so a handle of another name would show here.
    *(text % kind for kind in ('fe', 'fd', '1c', '1d', 'fc', 'fa', 'f9', 'c8', 'c9', 'ca')
      for text in ('010101%s', '%s00f1ce', '%s01f1cec0a80a05', '%s08f1ce', '%sfff1cec0a80a05')),
    # The same kinds with lengths that no address layout has.
    *('%s%02x' % (kind, length) + 'f1cec0a80a05112233445566778899aabbccddeeff00112233'
      [:2 * (length - 2)]
      for kind, lengths in (('fe', (2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 18, 22)),
                            ('fd', (2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 22)),
                            ('c8', (2, 3, 4, 5, 7, 9, 10, 12)),
                            ('c9', (2, 4, 5, 7, 8)), ('ca', (2, 4, 6, 7, 9, 20)),
                            ('fa', (2, 4, 6, 7, 9, 20)), ('fc', (2, 4, 7, 9, 16, 19, 21)),
                            ('f9', (2, 8, 20)))
      for length in lengths),
    # RFC 6994 experiments in 254 and 253: TCP Fast Open request and cookies of
    # 4 to 16 bytes whose option length no address has; AccECN (old and new
    # ExIDs, both orders); SMC-R; HOST_ID of 2, 6 and 8 bytes; TARR; ENO.
    'fe04f989', 'fe06f9890102', 'fe0af989010203040506', 'fe0cf9891122334455667788',
    'fe0ef989112233445566778899aa', 'fe12f98900112233445566778899aabbccdd', 'fd04f989',
    'fe04acce', 'fe07acce010203', 'fe0aacce010203040506', 'fe0dacce010203040506070809',
    'fe04acc0', 'fe07acc0010203', 'fe0aacc1010203040506', 'fd0dacc1010203040506070809',
    'fe06e2d4c3d9', 'fd06e2d4c3d9', 'fd0603480102', 'fd0a0348010203040506',
    'fd0c03480102030405060708', 'fe0400ac', 'fe0500ac50', 'fe06454e0102',
    # Two experiments in one header; one behind the usual SYN options.
    'fe04f989fd06e2d4c3d9', '020405b404020303070101fe06e2d4c3d9', 'fe06f1ce0102fd06f1ce0102',
    # RFC 5482 User Timeout, right and with lengths that are not the CDN's.
    '1c048078', '1c040078', '1c0380', '1c028078', '1c05807801', '1c06807801ff',
    '1c088078010203ff',
    # TCP-AO with and without room for a MAC; 29/6 is an address for one
    # product, but only when the preferences say so. MD5.
    '1d100102000102030405060708090a0b', '1d040102', '1d060102aabb', '1d02', '1d03ff',
    '1d0c010200010203040506ff', '1d14010200010203040506070809ffaabbccddee',
    '1312000102030405060708090a0b0c0d0e0f', '1304aabb',
    # MPTCP: capable, join, DSS, add and remove address, priority, fail, fast
    # close, wrong lengths, an unknown subtype.
    '1e0c00810102030405060708', '1e1401811122334455667788aabbccddeeff0011',
    '1e0c100201020304aabbccdd', '1e142005aabbccdd000000010000000100040000', '1e083401c0a80a05',
    '1e044002', '1e0c60000000000000000001', '1e0c7000aabbccdd11223344', '1e03f0', '1e0800',
    '1e04f0ff', '1e021e021e02',
    # Other assigned or seen kinds: Fast Open, ENO, AccECN, Riverbed probes,
    # Quick-Start, SCPS, old echo and connection count, toa_label, the 42 to 45
    # redirects, Katran's server id. None is an address of the client's.
    '2202', '220a0102030405060708', '22040102', '450401ff', '4506f1ce0102', 'ac02', 'ac05010203',
    'ae0b010203040506070809', 'ae04ffff', '4c0a010104c0a80a05ffff', '4c04ff01', '4e0401ff',
    '1b080500aabbccdd', '14040101', '0606aabbccdd', '0706aabbccdd', '0c0600000001', '0f040101',
    '0101530600234567', '2a06c0a80a05', '2b08c0a80a05f1ce', '2c0ac0a80a050a0b0c0d',
    'b7060000002a', '6308f1cec0a80a05', 'ff08f1cec0a80a05', 'fb08f1cec0a80a05',
]

# Taken over, at least with the built-in table. Here the option's own item
# differs by design; the rest of the frame must not, in particular not the text
# of "Options: (n bytes), ..." and not the options around it.
TOA = [
    'fe08f1cec0a80a05', '0101fe08f1cec0a80a050101', 'c808f1cec0a80a05',
    'fe14f1ce20010db8000000000000000000000005', 'fd14f1ce20010db8000000000000000000000005',
    'fe10f1cec0a80a0500000cea0a8d1000', 'fc14f1cec0a80a05e4a70c000a8d10000cea0101',
    'f928f1ce20010db80000000000000000000000051234560020010db80000000000000000000000aa',
    # Several in a header: client and VIP, stacked, with and without a NOP.
    'fe08f1cec0a80a05fa080cea0a8d1000', 'fe08f1cec0a80a0501fa080cea0a8d1000', 'fa080cea0a8d1000',
    'c808f1cec0a80a050101c90640e20100ca080cea0a8d1000', 'fe08f1cec0a80a05fd080cea0a8d1000',
    'fe08f1cec0a80a05fe08000109090909fe08000202020202', 'c906f1ce0102', 'ca080cea0a8d1000',
    'fc080cea0a8d1000',
    # Kind 253 in both byte orders of its two users; kind 28 of the CDNs.
    'fd08f1cec0a80a05', 'fd080a8d10000cea', '1c0701c0a80a05',
    '1c1301' '20010db8000000000000000000000005', '1c0d01c0a80a05112233445566', '1c07f1cec0a80a',
    '1c0d80c0a80a05112233445566',
    # Ports that are ExIDs: address and legal experiment at the same time.
    'fe08accec0a80a05', 'fe08e2d4c3d90102', 'fd080348c0a80a05',
    'fe10f98900112233445566778899aabb', 'fe08f989c0a80a05',
    'fe14f98920010db8000000000000000000000005', 'fe0800acc0a80a05', 'fe08acc0c0a80a05',
    # Between and around other options, in front of a broken one, behind the
    # end of the list (stock: "Non-zero header padding").
    '020405b40402080a0001000200000000fe08f1cec0a80a0501030307',
    'fe08f1cec0a80a05020405b4040201030307', 'fe08f1cec0a80a05fe06f989aabb',
    'fe06e2d4c3d9fe08f1cec0a80a05', 'fe08f1cec0a80a05fe00', 'fe08f1cec0a80a05fe0cf1ce',
    '00000000c808f1cec0a80a05', 'fe08f1cec0a80a0500fe0800010a0b0c0d',
    # Values that the plugin remarks on: zero, broadcast, multicast, port 0.
    'fe08000000000000', 'fe080000ffffffff', 'fe08f1cee0000001', 'fe089c400a700829',
]
