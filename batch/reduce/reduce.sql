-- reduce.sql: joins the records of many captures. Reads capture_file, conversation, finding, unexplained, what clocks.sql made
-- of them (r_used, r_fragment, r_flow), and clock_skew; makes the tables r_* (steps) and incident, incident_fact (results)
-- anew. See README.md for what each rule is for.
--
-- One text for SQLite and ClickHouse. So: no correlated subqueries, no min(a, b), no bit operations, no integer
-- division, every table made with CREATE TABLE ... AS. ClickHouse needs the settings of clickhouse-prefix.sql. Lines
-- that start with "--sqlite " are run by toa-scan (indexes); without them the results are the same, only later.
--
-- Times are ns. Words: fragment = one conversation of one file; flow = fragments of one connection in the rotated
-- files of one capture point; connection (conn) = flows that are one TCP connection, seen at several points or on both
-- sides of a load balancer. "Corrected" times are those of the clock of the reference point; points that are connected by
-- what they saw (component) have one, and between components the clocks may differ by 10 s more.

DROP TABLE IF EXISTS r_same;
DROP TABLE IF EXISTS r_alias;
DROP TABLE IF EXISTS r_hole;
DROP TABLE IF EXISTS r_end;
DROP TABLE IF EXISTS r_pair;
DROP TABLE IF EXISTS r_candidate;
DROP TABLE IF EXISTS r_conn;
DROP TABLE IF EXISTS r_successive;
DROP TABLE IF EXISTS r_known;
DROP TABLE IF EXISTS r_together;
DROP TABLE IF EXISTS r_shared;
DROP TABLE IF EXISTS r_lone;
DROP TABLE IF EXISTS r_unknown;
DROP TABLE IF EXISTS r_own;
DROP TABLE IF EXISTS r_open;
DROP TABLE IF EXISTS r_match;
DROP TABLE IF EXISTS r_leg;
DROP TABLE IF EXISTS r_accepted;
DROP TABLE IF EXISTS r_attributed;
DROP TABLE IF EXISTS r_ticking;
DROP TABLE IF EXISTS r_clock;
DROP TABLE IF EXISTS incident_fact;
DROP TABLE IF EXISTS incident_victim;
DROP TABLE IF EXISTS incident_unseen;
DROP TABLE IF EXISTS r_said;
DROP TABLE IF EXISTS r_load;
DROP TABLE IF EXISTS r_order;
DROP TABLE IF EXISTS incident;
DROP TABLE IF EXISTS r_crowd;
DROP TABLE IF EXISTS r_phase;
DROP TABLE IF EXISTS r_near;

-- ---- 2b. Crowds ------------------------------------------------------------------------------------------------------

-- Where very many connections share a client endpoint (a scanner with one port) or a key, comparing each with each is
-- slow, and finds by chance what it looks for. They are left out of the comparisons of pairs and counted: "client" of the
-- ISN clock and of connections without a start, "key" of shared keys. Findings of one file and segments count as ever.
CREATE TABLE r_crowd AS
SELECT 'client' AS what, f.key_client AS name, COUNT(*) AS flows FROM r_flow f GROUP BY f.key_client HAVING COUNT(*) > 256
UNION ALL
SELECT 'key', f.key_client || '>' || f.key_server, COUNT(*) FROM r_flow f
GROUP BY f.key_client, f.key_server
HAVING COUNT(*) > 128 AND (MIN(f.client) <> MAX(f.client) OR MIN(f.server) <> MAX(f.server));

-- Connections that the plugin takes for one: legs of which it needed more than the server's ISN to know it.
CREATE TABLE r_same AS
SELECT w.conn AS conn, MIN(v.conn) AS alias
FROM r_fragment x JOIN r_fragment y ON y.file = x.file AND y.stream = x.connection_stream
JOIN r_flow w ON w.flow = x.flow JOIN r_flow v ON v.flow = y.flow
WHERE v.conn <> w.conn
GROUP BY w.conn;

-- And flows whose start was not captured, joined later: one client endpoint, and the same server numbers at the same time.
CREATE TABLE r_alias AS
SELECT e.conn AS conn, e.alias AS alias FROM r_same e
UNION ALL
SELECT w.conn, MIN(v.conn)
FROM r_flow w JOIN r_flow v ON v.key_client = w.key_client
JOIN r_fragment x ON x.flow = w.flow JOIN r_fragment y ON y.flow = v.flow
JOIN clock_skew s ON s.point = w.point JOIN clock_skew t ON t.point = v.point
WHERE w.server_isn IS NULL AND w.client_isn IS NULL AND v.conn <> w.conn
    AND (v.server_isn IS NOT NULL OR v.conn < w.conn)
    AND (v.point <> w.point OR v.client <> w.client OR v.server <> w.server)
    AND x.server_low <> x.server_next AND y.server_low <> y.server_next
    AND w.key_client NOT IN (SELECT r.name FROM r_crowd r WHERE r.what = 'client')
    AND w.conn NOT IN (SELECT e.conn FROM r_same e UNION SELECT e.alias FROM r_same e)
    AND x.first_time - s.skew_ns < y.last_time - t.skew_ns + s.error_ns + t.error_ns + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END
    AND y.first_time - t.skew_ns < x.last_time - s.skew_ns + s.error_ns + t.error_ns + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END
    AND ((y.server_low - x.server_low + 4294967296) % 4294967296 < (x.server_next - x.server_low + 4294967296) % 4294967296
        OR (x.server_low - y.server_low + 4294967296) % 4294967296 < (y.server_next - y.server_low + 4294967296) % 4294967296)
GROUP BY w.conn;
--sqlite CREATE INDEX r_alias_conn ON r_alias(conn);

-- ---- 3. The server's ISN clock over files (R10) ----------------------------------------------------------------

-- Where the clock of the server stood, by the ISN: equal for two connections that one clock explains. In steps of 8 ms, so
-- that only neighbours are compared; what fits is less than 5 ms apart. 2^38 ns is the clock's period, 2^23 ns the step.
CREATE TABLE r_phase AS
SELECT p.flow AS flow, p.key_client AS key_client, p.phase - p.phase % 8388608 AS step
FROM (
    SELECT f.flow AS flow, f.key_client AS key_client,
        ((f.synack_time - s.skew_ns - f.server_isn * 64) % 274877906944 + 274877906944) % 274877906944 AS phase
    FROM r_flow f JOIN clock_skew s ON s.point = f.point
    WHERE f.server_isn IS NOT NULL AND f.synack_time IS NOT NULL AND f.syn_time IS NOT NULL
        AND f.key_client NOT IN (SELECT r.name FROM r_crowd r WHERE r.what = 'client')
) p;

CREATE TABLE r_near AS
SELECT p.flow AS flow, p.key_client AS key_client, p.step AS step FROM r_phase p
UNION ALL
SELECT p.flow, p.key_client, (p.step + 8388608) % 274877906944 FROM r_phase p
UNION ALL
SELECT p.flow, p.key_client, (p.step + 274877906944 - 8388608) % 274877906944 FROM r_phase p;
--sqlite CREATE INDEX r_near_step ON r_near(key_client, step);

-- Pairs of one client endpoint that no file has both of, the first not closed when the second began. tolerance as in
-- R10 plus the error of the clocks; no verdict where that would exceed 5 ms.
CREATE TABLE r_ticking AS
SELECT q.a AS a, q.b AS b, q.b_time AS b_time, q.error AS isn_error
FROM (
    SELECT p.a AS a, p.b AS b, p.b_time AS b_time, p.tolerance AS tolerance,
        CASE WHEN p.raw > 137438953472 THEN p.raw - 274877906944
            WHEN p.raw < -137438953472 THEN p.raw + 274877906944 ELSE p.raw END AS error
    FROM (
        SELECT x.conn AS a, y.conn AS b, y.synack_time - t.skew_ns AS b_time,
            ((y.server_isn - x.server_isn + 4294967296) % 4294967296) * 64
                - ((y.synack_time - t.skew_ns) - (x.synack_time - s.skew_ns)) % 274877906944 AS raw,
            CASE WHEN x.point = y.point THEN 0 ELSE s.error_ns + t.error_ns + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END END
                + CASE WHEN y.synack_time - y.syn_time > 1000000 OR x.synack_time - x.syn_time > 1000000 THEN 1000000
                    WHEN y.synack_time - y.syn_time > x.synack_time - x.syn_time AND y.synack_time - y.syn_time > 100000
                    THEN y.synack_time - y.syn_time
                    WHEN x.synack_time - x.syn_time > 100000 THEN x.synack_time - x.syn_time ELSE 100000 END
                + CASE WHEN y.synack_time - x.synack_time > 4000000000000 THEN 4000000
                    ELSE (y.synack_time - x.synack_time) * 0.000001 END AS tolerance
        FROM r_phase i JOIN r_near j ON j.key_client = i.key_client AND j.step = i.step
        JOIN r_flow x ON x.flow = i.flow JOIN r_flow y ON y.flow = j.flow
        JOIN clock_skew s ON s.point = x.point JOIN clock_skew t ON t.point = y.point
        WHERE x.conn <> y.conn AND x.server_isn IS NOT NULL AND y.server_isn IS NOT NULL
            AND x.server <> y.server AND x.syn_time IS NOT NULL AND y.syn_time IS NOT NULL
            AND x.synack_time - s.skew_ns + 100000000 < y.synack_time - t.skew_ns
            AND y.first_time - t.skew_ns - (x.last_time - s.skew_ns) <= 7200000000000
            AND (x.closed_time IS NULL OR x.closed_time - s.skew_ns > y.first_time - t.skew_ns + s.error_ns + t.error_ns
                + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END)
    ) p
) q
WHERE q.tolerance <= 5000000 AND ABS(q.error) <= q.tolerance;

-- ---- 4. Shared keys over files and points ---------------------------------------------------------------------------

-- Flows of one key and different wire tuples, the first of which may have been open when the second began (a second of
-- slack: the rest of the connection is looked at below).
CREATE TABLE r_pair AS
SELECT DISTINCT x.conn AS a, y.conn AS b
FROM r_flow x JOIN r_flow y ON y.key_client = x.key_client AND y.key_server = x.key_server
JOIN clock_skew s ON s.point = x.point JOIN clock_skew t ON t.point = y.point
WHERE x.conn <> y.conn AND (x.client <> y.client OR x.server <> y.server)
    AND x.key_client || '>' || x.key_server IN (
        SELECT f.key_client || '>' || f.key_server FROM r_flow f GROUP BY f.key_client, f.key_server
        HAVING COUNT(*) <= 128 AND (MIN(f.client) <> MAX(f.client) OR MIN(f.server) <> MAX(f.server)))
    AND x.first_time - s.skew_ns <= y.first_time - t.skew_ns + s.error_ns + t.error_ns + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END + 1000000000
    AND (x.closed_time IS NULL
        OR x.closed_time - s.skew_ns > y.first_time - t.skew_ns - (s.error_ns + t.error_ns + CASE WHEN s.component = t.component THEN 0 ELSE 10000000000 END) - 1000000000)
    AND y.first_time - t.skew_ns - (x.last_time - s.skew_ns) <= 7300000000000;

-- All flows of those connections, and of those with an ISN clock.
CREATE TABLE r_candidate AS
SELECT f.flow AS flow, f.conn AS conn, f.point AS point, f.client || '>' || f.server AS tuple,
    f.key_client || '>' || f.key_server AS key_text, f.source AS source,
    CASE WHEN f.client = f.key_client AND f.server = f.key_server THEN 1 ELSE 0 END AS direct,
    f.first_time - s.skew_ns AS first_time, f.last_time - s.skew_ns AS last_time,
    f.closed_time - s.skew_ns AS closed_time, s.error_ns AS error_ns, s.component AS component,
    f.fragments AS fragments
FROM r_flow f JOIN clock_skew s ON s.point = f.point
WHERE f.conn IN (SELECT p.a FROM r_pair p UNION SELECT p.b FROM r_pair p UNION SELECT i.a FROM r_ticking i
    UNION SELECT i.b FROM r_ticking i);
--sqlite CREATE INDEX r_candidate_conn ON r_candidate(conn);

-- Where a capture point was blind for over a minute, and where it ended: a close may have been missed there.
CREATE TABLE r_hole AS
SELECT g.point AS point, g.hole_start - s.skew_ns AS hole_start, g.hole_end - s.skew_ns AS hole_end
FROM (
    SELECT c.point AS point, c.first_time AS hole_end,
        MAX(c.last_time) OVER (PARTITION BY c.point ORDER BY c.first_time, c.file
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS hole_start
    FROM capture_file c WHERE c.packets > 0
) g JOIN clock_skew s ON s.point = g.point
WHERE g.hole_start IS NOT NULL AND g.hole_end - g.hole_start > 60000000000
UNION ALL
SELECT e.point, MAX(e.last_time) - MIN(s.skew_ns), 9000000000000000000
FROM capture_file e JOIN clock_skew s ON s.point = e.point GROUP BY e.point;

-- The last fragment of each candidate: three packets or less at the start of a file may be the rest of a close whose
-- FIN is in the file before, unless both were read as one.
CREATE TABLE r_end AS
SELECT q.flow AS flow, CASE WHEN q.frames <= 3 AND q.fragments > 1 THEN 1 ELSE 0 END AS tail
FROM (
    SELECT f.flow AS flow, CASE WHEN f.began IS NULL THEN f.frames ELSE 4 END AS frames, c.fragments AS fragments,
        ROW_NUMBER() OVER (PARTITION BY f.flow ORDER BY f.n DESC) AS place
    FROM r_candidate c JOIN r_fragment f ON f.flow = c.flow
) q
WHERE q.place = 1;

CREATE TABLE r_conn AS
SELECT c.conn AS conn, c.key_text AS key_text, c.tuple AS tuple, MIN(c.source) AS source, MAX(c.direct) AS direct,
    MIN(c.point) AS first_point, MIN(w.first_time) AS first_time,
    MAX(w.last_time) AS last_time, MIN(w.closed_time) AS closed_time,
    MAX(c.error_ns) + CASE WHEN MIN(c.component) = MAX(c.component) THEN 0 ELSE 10000000000 END AS error_ns,
    MIN(c.component) AS component, MAX(e.tail) AS tail
FROM r_candidate c
JOIN r_end e ON e.flow = c.flow
JOIN (
    SELECT i.conn AS conn, MIN(i.first_time) AS first_time, MAX(i.last_time) AS last_time,
        MIN(i.closed_time) AS closed_time
    FROM r_candidate i GROUP BY i.conn
) w ON w.conn = c.conn
GROUP BY c.conn, c.key_text, c.tuple;
--sqlite CREATE INDEX r_conn_conn ON r_conn(conn);

-- Pairs with a wire tuple in common: one came after the other there (R4), however they may look elsewhere.
CREATE TABLE r_successive AS
SELECT DISTINCT p.a AS a, p.b AS b
FROM (SELECT a, b FROM r_pair UNION SELECT i.a, i.b FROM r_ticking i) p
JOIN r_conn x ON x.conn = p.a JOIN r_conn y ON y.conn = p.b AND y.tuple = x.tuple;

-- Pairs that one reading has both of, with the key known: the plugin has judged them.
CREATE TABLE r_known AS
SELECT DISTINCT c.conn AS conn, c.key_text AS key_text, f.engine AS engine
FROM r_candidate c JOIN r_fragment f ON f.flow = c.flow
WHERE f.key_client || '>' || f.key_server = c.key_text;
--sqlite CREATE INDEX r_known_conn ON r_known(conn, engine, key_text);

CREATE TABLE r_together AS
SELECT DISTINCT p.a AS a, p.b AS b
FROM r_pair p JOIN r_known x ON x.conn = p.a JOIN r_known y ON y.conn = p.b AND y.engine = x.engine AND y.key_text = x.key_text
UNION
SELECT v.a, v.b FROM r_successive v;
--sqlite CREATE INDEX r_together_pair ON r_together(a, b);

-- a began first and was not closed when b began. "unclear" where that cannot be told: the end of a may have been
-- missed, or both may be sides of one connection behind a SYN proxy.
CREATE TABLE r_shared AS
SELECT p.a AS a, p.b AS b, p.key_text AS key_text, MAX(p.b_time) AS b_time,
    MAX(CASE WHEN h.point IS NOT NULL THEN 1 ELSE p.doubtful END) AS unclear
FROM (
    SELECT x.conn AS a, y.conn AS b, x.key_text AS key_text, x.first_point AS point, x.last_time AS a_last,
        y.first_time AS b_time,
        CASE WHEN x.tail = 1 AND x.last_time < y.first_time THEN 1
            WHEN (x.direct = 0 AND y.direct = 0 OR x.source = '2' OR y.source = '2') AND x.first_point <> y.first_point
                AND y.first_time - x.first_time <= 1000000000 + x.error_ns + y.error_ns + CASE WHEN x.component = y.component THEN 0 ELSE 10000000000 END THEN 1
            ELSE 0 END AS doubtful
    FROM r_pair c JOIN r_conn x ON x.conn = c.a JOIN r_conn y ON y.conn = c.b AND y.key_text = x.key_text
    WHERE x.tuple <> y.tuple
        AND (x.first_time < y.first_time OR (x.first_time = y.first_time AND x.conn < y.conn))
        AND (x.closed_time IS NULL OR x.closed_time > y.first_time + x.error_ns + y.error_ns + CASE WHEN x.component = y.component THEN 0 ELSE 10000000000 END)
        AND y.first_time - x.last_time <= 7200000000000
) p
LEFT JOIN r_together t ON t.a = p.a AND t.b = p.b
LEFT JOIN r_hole h ON h.point = p.point AND h.hole_end > p.a_last AND h.hole_start < p.b_time
WHERE t.a IS NULL
GROUP BY p.a, p.b, p.key_text;

-- Clock pairs. Not those that one reading has both SYN-ACKs of: the plugin has judged them. Closed: "reuse".
CREATE TABLE r_clock AS
SELECT t.a AS a, t.b AS b, MAX(t.b_time) AS b_time, MIN(t.isn_error) AS isn_error,
    MAX(CASE WHEN x.closed_time <= t.b_time OR (x.tail = 1 AND x.last_time < t.b_time) OR h.point IS NOT NULL THEN 1 ELSE 0 END) AS closed
FROM r_ticking t JOIN r_conn x ON x.conn = t.a LEFT JOIN (
    SELECT DISTINCT k.a AS a, k.b AS b
    FROM r_ticking k
    JOIN r_flow wx ON wx.conn = k.a JOIN r_fragment x ON x.flow = wx.flow
    JOIN r_flow wy ON wy.conn = k.b JOIN r_fragment y ON y.flow = wy.flow
    WHERE x.engine = y.engine AND x.synack_time IS NOT NULL AND y.synack_time IS NOT NULL
) g ON g.a = t.a AND g.b = t.b
LEFT JOIN r_hole h ON h.point = x.first_point AND h.hole_end > x.last_time AND h.hole_start < t.b_time
LEFT JOIN r_successive v ON v.a = t.a AND v.b = t.b
WHERE g.a IS NULL AND v.a IS NULL
GROUP BY t.a, t.b;

-- ---- 5. Segments whose owner is in another file ---------------------------------------------------------------------

-- Segments that no conversation of their reading explains; and conversations of which it has seen nothing but one number of
-- one side, which the plugin has to take for their own (lone = 1).
CREATE TABLE r_lone AS
SELECT f.flow AS flow, f.engine AS engine, f.talk AS talk, SUM(f.frames) AS times
FROM r_fragment f
WHERE (f.client_low IS NULL AND f.server_isn IS NULL AND f.server_low = f.server_next)
    OR (f.server_low IS NULL AND f.client_isn IS NULL AND f.client_low = f.client_next)
GROUP BY f.flow, f.engine, f.talk;
--sqlite CREATE INDEX r_lone_flow ON r_lone(flow);

CREATE TABLE r_unknown AS
SELECT u.file AS file, u.frame AS frame, u.time AS time, u.time - s.skew_ns AS at, s.error_ns AS error_ns, s.component AS component,
    u.sender AS sender, u.flags AS flags, u.seq AS seq, u.ack AS ack, u.ip_id AS ip_id, u.tsecr AS tsecr,
    f.flow AS flow, w.conn AS conn, f.client AS client, f.server AS server, w.key_client AS key_client,
    w.key_server AS key_server, f.point AS point, 0 AS lone, 1 AS times, f.engine AS engine
FROM unexplained u JOIN r_fragment f ON f.file = u.file AND f.stream = u.stream
JOIN r_flow w ON w.flow = f.flow JOIN clock_skew s ON s.point = f.point
UNION ALL
SELECT b.file, b.first_frame, b.first_time, b.first_time - s.skew_ns, s.error_ns, s.component,
    'server', CASE WHEN f.server_ack IS NULL THEN 4 ELSE 16 END, f.server_next, f.server_ack, f.server_ip_id, NULL,
    f.flow, w.conn, f.client, f.server, w.key_client, w.key_server, f.point, 1, l.times, f.engine
FROM r_fragment f JOIN r_flow w ON w.flow = f.flow JOIN clock_skew s ON s.point = f.point
JOIN r_fragment b ON b.flow = f.flow AND b.engine = f.engine AND b.talk = f.talk AND b.first = 1
JOIN r_lone l ON l.flow = f.flow AND l.engine = f.engine AND l.talk = f.talk
WHERE f.client_low IS NULL AND f.server_isn IS NULL AND f.server_low = f.server_next AND f.latest = 1
UNION ALL
SELECT b.file, b.first_frame, b.first_time, b.first_time - s.skew_ns, s.error_ns, s.component,
    'client', CASE WHEN f.client_ack IS NULL THEN 4 ELSE 16 END, f.client_next, f.client_ack, f.client_ip_id, NULL,
    f.flow, w.conn, f.client, f.server, w.key_client, w.key_server, f.point, 1, l.times, f.engine
FROM r_fragment f JOIN r_flow w ON w.flow = f.flow JOIN clock_skew s ON s.point = f.point
JOIN r_fragment b ON b.flow = f.flow AND b.engine = f.engine AND b.talk = f.talk AND b.first = 1
JOIN r_lone l ON l.flow = f.flow AND l.engine = f.engine AND l.talk = f.talk
WHERE f.server_low IS NULL AND f.client_isn IS NULL AND f.client_low = f.client_next AND f.latest = 1;
--sqlite CREATE INDEX r_unknown_conn ON r_unknown(conn);

-- Own first (R3), over files: within the numbers that the same connection shows on the same wire tuple elsewhere.
CREATE TABLE r_own AS
SELECT DISTINCT u.file AS file, u.frame AS frame
FROM r_unknown u JOIN r_flow w ON w.conn = u.conn JOIN r_fragment g ON g.flow = w.flow
WHERE w.client = u.client AND w.server = u.server AND g.engine <> u.engine
    AND ((u.sender = 'server' AND g.server_low IS NOT NULL
            AND (u.seq - g.server_low + 4294967297) % 4294967296
                <= (g.server_next - g.server_low + 4294967296) % 4294967296 + 1048577)
        OR (u.sender = 'client' AND g.client_low IS NOT NULL
            AND (u.seq - g.client_low + 4294967297) % 4294967296
                <= (g.client_next - g.client_low + 4294967296) % 4294967296 + 1048577)
        OR (u.sender = 'server' AND u.flags % 8 >= 4 AND u.seq = g.client_ack)
        OR (u.sender = 'client' AND u.flags % 8 >= 4 AND u.seq = g.server_ack));

CREATE TABLE r_open AS
SELECT u.* FROM r_unknown u
WHERE u.seq <> 0 AND (u.file, u.frame) NOT IN (SELECT o.file, o.frame FROM r_own o);
--sqlite CREATE INDEX r_fragment_server_next ON r_fragment(server_next);
--sqlite CREATE INDEX r_fragment_client_ack ON r_fragment(client_ack);
--sqlite CREATE INDEX r_fragment_client_next ON r_fragment(client_next);
--sqlite CREATE INDEX r_fragment_server_ack ON r_fragment(server_ack);

-- Evidence as of R5, against the numbers at the end of each file of other readings: within its own the plugin has judged, and
-- what it leaves unexplained stays so. relation: 3 an earlier connection of the same wire tuple, 2 same client endpoint behind
-- the rewrite, 1 same server endpoint only.
CREATE TABLE r_match AS
SELECT m.*,
    m.e_ack + m.e_tsecr + m.e_ip_id + m.e_trigger AS more,
    CASE WHEN m.y_client = m.client AND m.y_server = m.server THEN 3
        WHEN m.y_key_client = m.key_client THEN 2
        WHEN m.y_server = m.server OR m.y_key_server = m.key_server THEN 1 ELSE 0 END AS relation
FROM (
    SELECT n.file AS file, n.frame AS frame, n.time AS time, n.at AS at, n.sender AS sender, n.flags AS flags,
        n.seq AS seq, n.ack AS ack, n.ip_id AS ip_id, n.conn AS conn, n.flow AS flow, n.client AS client,
        n.server AS server, n.key_client AS key_client, n.key_server AS key_server, n.point AS point, n.lone AS lone,
        n.times AS times, w.conn AS y_conn, n.y_file AS y_file, n.y_stream AS y_stream, w.client AS y_client,
        w.server AS y_server, w.key_client AS y_key_client, w.key_server AS y_key_server, n.e_seq AS e_seq,
        n.e_ack AS e_ack,
        CASE WHEN n.tsecr <> 0 AND n.tsecr = n.y_peer_tsval THEN 1 ELSE 0 END AS e_tsecr,
        CASE WHEN n.ip_id <> 0 AND n.y_ip_id <> 0 AND (n.ip_id - n.y_ip_id + 65535) % 65536 <= 7 THEN 1 ELSE 0 END AS e_ip_id,
        CASE WHEN n.y_last - s.skew_ns BETWEEN n.at - 1000000000 - (n.error_ns + s.error_ns + CASE WHEN n.component = s.component THEN 0 ELSE 10000000000 END)
            AND n.at + n.error_ns + s.error_ns + CASE WHEN n.component = s.component THEN 0 ELSE 10000000000 END THEN 1 ELSE 0 END AS e_trigger,
        n.at - (n.y_last - s.skew_ns) AS age,
        n.error_ns + s.error_ns + CASE WHEN n.component = s.component THEN 0 ELSE 10000000000 END AS error_ns
    FROM (
        SELECT u.file AS file, u.frame AS frame, u.time AS time, u.at AS at, u.error_ns AS error_ns, u.component AS component, u.sender AS sender,
            u.flags AS flags, u.seq AS seq, u.ack AS ack, u.ip_id AS ip_id, u.tsecr AS tsecr, u.flow AS flow,
            u.conn AS conn, u.client AS client, u.server AS server, u.key_client AS key_client,
            u.key_server AS key_server, u.point AS point, u.lone AS lone, u.times AS times, u.engine AS engine, y.flow AS y_flow, y.file AS y_file, y.stream AS y_stream, y.point AS y_point, y.last_time AS y_last,
            y.server_ip_id AS y_ip_id, y.client_tsval AS y_peer_tsval, 1 AS e_seq,
            CASE WHEN u.ack = y.client_next THEN 1 ELSE 0 END AS e_ack
        FROM r_fragment y JOIN r_open u ON u.seq = y.server_next WHERE u.sender = 'server' AND y.engine <> u.engine
        UNION ALL
        SELECT u.*, y.flow, y.file, y.stream, y.point, y.last_time, y.server_ip_id, y.client_tsval, 1,
            CASE WHEN u.ack = y.client_next THEN 1 ELSE 0 END
        FROM r_fragment y JOIN r_open u ON u.seq = y.client_ack
        WHERE u.sender = 'server' AND COALESCE(y.server_next, -1) <> y.client_ack
            AND y.engine <> u.engine
        UNION ALL
        SELECT u.*, y.flow, y.file, y.stream, y.point, y.last_time, y.server_ip_id, y.client_tsval, 0, 1
        FROM r_fragment y JOIN r_open u ON u.ack = y.client_next
        WHERE u.sender = 'server' AND COALESCE(y.server_next, -1) <> u.seq AND COALESCE(y.client_ack, -1) <> u.seq
            AND y.engine <> u.engine
        UNION ALL
        SELECT u.*, y.flow, y.file, y.stream, y.point, y.last_time, y.client_ip_id, y.server_tsval, 1,
            CASE WHEN u.ack = y.server_next THEN 1 ELSE 0 END
        FROM r_fragment y JOIN r_open u ON u.seq = y.client_next WHERE u.sender = 'client' AND y.engine <> u.engine
        UNION ALL
        SELECT u.*, y.flow, y.file, y.stream, y.point, y.last_time, y.client_ip_id, y.server_tsval, 1,
            CASE WHEN u.ack = y.server_next THEN 1 ELSE 0 END
        FROM r_fragment y JOIN r_open u ON u.seq = y.server_ack
        WHERE u.sender = 'client' AND COALESCE(y.client_next, -1) <> y.server_ack
            AND y.engine <> u.engine
    ) n
    JOIN r_flow w ON w.flow = n.y_flow JOIN clock_skew s ON s.point = n.y_point
    WHERE w.conn <> n.conn AND w.first_time - s.skew_ns <= n.at + n.error_ns + s.error_ns + CASE WHEN n.component = s.component THEN 0 ELSE 10000000000 END
) m;

-- Conversations that move through the same server numbers are two sides of one connection (R4), not two.
CREATE TABLE r_leg AS
SELECT DISTINCT p.conn AS conn, p.y_conn AS y_conn
FROM (SELECT DISTINCT m.conn AS conn, m.y_conn AS y_conn FROM r_match m) p
JOIN r_flow wx ON wx.conn = p.conn JOIN r_fragment x ON x.flow = wx.flow
JOIN r_flow wy ON wy.conn = p.y_conn JOIN r_fragment y ON y.flow = wy.flow
WHERE x.server_low <> x.server_next AND y.server_low <> y.server_next
    AND (x.server_isn IS NULL OR y.server_isn IS NULL)
    AND ((y.server_low - x.server_low + 4294967296) % 4294967296 < (x.server_next - x.server_low + 4294967296) % 4294967296
        OR (x.server_low - y.server_low + 4294967296) % 4294967296 < (y.server_next - y.server_low + 4294967296) % 4294967296);

-- The rows of R5's table that can be told from records. What holds for one segment holds for its repetitions. A conversation
-- of one number does not prove another such foreign.
CREATE TABLE r_accepted AS
SELECT DISTINCT m.conn AS conn, m.y_conn AS y_conn, m.seq AS seq, m.sender AS sender
FROM r_match m JOIN r_fragment y ON y.file = m.y_file AND y.stream = m.y_stream
LEFT JOIN r_leg l ON l.conn = m.conn AND l.y_conn = m.y_conn
WHERE l.conn IS NULL AND (m.lone = 0 OR CASE
    WHEN y.client_low IS NULL AND y.server_isn IS NULL AND y.server_low = y.server_next THEN 1
    WHEN y.server_low IS NULL AND y.client_isn IS NULL AND y.client_low = y.client_next THEN 1 ELSE 0 END = 0) AND (
    (m.relation >= 2 AND m.lone = 0 AND m.e_seq = 1 AND m.age <= 7200000000000 + m.error_ns)
    OR (m.relation >= 2 AND m.lone = 0 AND m.e_ack = 1 AND m.e_tsecr + m.e_ip_id > 0 AND m.age <= 7200000000000 + m.error_ns)
    OR (m.relation >= 1 AND m.e_seq = 1 AND m.e_ack + m.e_tsecr + m.e_ip_id > 0 AND m.age <= 60000000000 + m.error_ns)
    OR (m.relation >= 1 AND m.e_seq = 1 AND m.e_trigger = 1 AND m.flags % 8 >= 4));

CREATE TABLE r_attributed AS
SELECT q.* FROM (
    SELECT m.*, ROW_NUMBER() OVER (PARTITION BY m.file, m.frame
        ORDER BY m.relation DESC, m.e_seq DESC, m.more DESC, m.age, m.y_conn, m.y_file) AS place
    FROM r_match m
    WHERE (m.conn, m.y_conn, m.seq, m.sender) IN (SELECT a.conn, a.y_conn, a.seq, a.sender FROM r_accepted a)
) q
WHERE q.place = 1;

-- ---- 6. Facts and incidents -----------------------------------------------------------------------------------------

-- One row per observation: x carries it, y is the other. carrier: on which of its flows. across = 1: it took two files to see.
CREATE TABLE incident_fact AS
SELECT d.finding AS finding, d.severity AS severity, COALESCE(ax.alias, d.x) AS x, COALESCE(ay.alias, d.y) AS y, d.file AS file, d.frame AS frame,
    d.time AS time, d.time - s.skew_ns AS at, d.point AS point, d.sender AS sender, d.flags AS flags, d.seq AS seq,
    d.ack AS ack, d.ip_id AS ip_id, d.stream AS stream, d.y_file AS y_file, d.y_stream AS y_stream,
    d.y_frame AS y_frame, d.evidence AS evidence, d.isn_error AS isn_error, d.times AS times, d.across AS across, d.carrier AS carrier, d.cause AS cause
FROM (
    SELECT i.finding AS finding, i.severity AS severity, wx.conn AS x, wy.conn AS y, i.file AS file, i.frame AS frame,
        i.time AS time, i.point AS point, i.sender AS sender, i.flags AS flags, i.seq AS seq, i.ack AS ack,
        i.ip_id AS ip_id, COALESCE(fx.file_stream, fx.stream) AS stream, COALESCE(i.other_file, i.file) AS y_file,
        COALESCE(fz.file_stream, fz.stream) AS y_stream, i.other_frame AS y_frame,
        i.evidence AS evidence, i.isn_error_ns AS isn_error, 1 AS times, 0 AS across, fx.flow AS carrier, i.cause AS cause
    FROM finding i
    JOIN r_fragment fx ON fx.file = i.file AND fx.stream = i.stream
    JOIN r_fragment fy ON fy.file = i.file AND fy.stream = COALESCE(i.other_stream, i.stream)
    LEFT JOIN r_fragment fz ON fz.flow = fy.flow AND fz.talk = fy.talk AND fz.file = COALESCE(i.other_file, i.file)
    JOIN r_flow wx ON wx.flow = fx.flow JOIN r_flow wy ON wy.flow = fy.flow
    WHERE i.finding IN ('collision', 'collision.confirmed', 'collision.refuted', 'reuse', 'foreign.rst', 'foreign.segment',
        'foreign.dup_ack', 'stale_session', 'self_connect')
    UNION ALL
    SELECT CASE WHEN a.relation = 3 THEN 'stale_session' WHEN a.flags % 8 >= 4 THEN 'foreign.rst'
            ELSE 'foreign.segment' END,
        CASE WHEN a.relation = 3 THEN 'note' ELSE 'warn' END, a.conn, a.y_conn, a.file, a.frame, a.time, a.point,
        a.sender, a.flags, a.seq, a.ack, a.ip_id, NULL, a.y_file, a.y_stream, NULL,
        CASE WHEN a.e_seq = 1 THEN 'seq,' ELSE '' END || CASE WHEN a.e_ack = 1 THEN 'ack,' ELSE '' END
            || CASE WHEN a.e_ip_id = 1 THEN 'ip_id,' ELSE '' END || CASE WHEN a.e_tsecr = 1 THEN 'tsecr,' ELSE '' END
            || CASE WHEN a.e_trigger = 1 THEN 'trigger,' ELSE '' END,
        NULL, a.times, 1, a.flow, NULL
    FROM r_attributed a
    UNION ALL
    SELECT CASE WHEN h.unclear = 1 THEN 'collision.unclear' ELSE 'collision' END,
        CASE WHEN h.unclear = 1 THEN 'note' ELSE 'warn' END, h.b, h.a, NULL, NULL, h.b_time + z.skew_ns, z.point,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'key,', NULL, 1, 1, h.b, NULL
    FROM r_shared h JOIN r_flow k ON k.flow = h.b JOIN clock_skew z ON z.point = k.point
    UNION ALL
    SELECT CASE WHEN c.closed = 1 THEN 'reuse' ELSE 'collision.confirmed' END,
        CASE WHEN c.closed = 1 THEN 'note' ELSE 'warn' END, c.b, c.a, NULL, NULL, c.b_time + z.skew_ns, z.point, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, 'isn_clock,', c.isn_error, 1, 1, c.b, NULL
    FROM r_clock c JOIN r_flow k ON k.flow = c.b JOIN clock_skew z ON z.point = k.point
) d JOIN clock_skew s ON s.point = d.point
LEFT JOIN r_alias ax ON ax.conn = d.x LEFT JOIN r_alias ay ON ay.conn = d.y
WHERE COALESCE(ax.alias, d.x) <> COALESCE(ay.alias, d.y) OR d.finding = 'self_connect';
--sqlite CREATE INDEX incident_fact_pair ON incident_fact(x, y);

-- What the plugin says of two connections of one reading, x the earlier: its verdict, as a number (the more certain the higher),
-- and who of them waits in vain at its end (conn), since which frame, and how often it has asked.
CREATE TABLE r_said AS
SELECT COALESCE(ax.alias, wx.conn) AS x, COALESCE(ay.alias, wy.conn) AS y,
    CASE v.verdict WHEN 'proven' THEN 6 WHEN 'crossed' THEN 5 WHEN 'shared key' THEN 4 WHEN 'not translated' THEN 3
        WHEN 'stale session' THEN 2 ELSE 0 END AS verdict,
    CASE WHEN v.victim_stream IS NULL THEN NULL
        WHEN v.victim_stream = v.early_stream THEN COALESCE(ax.alias, wx.conn) ELSE COALESCE(ay.alias, wy.conn) END AS conn,
    COALESCE(v.victim_since_file, v.file) AS file, v.victim_since_frame AS frame, v.victim_segments AS asked,
    v.last_time AS last_time, v.verdict AS word
FROM verdict v
JOIN r_fragment fx ON fx.file = v.file AND fx.stream = v.early_stream
JOIN r_fragment fy ON fy.file = v.file AND fy.stream = v.late_stream
JOIN r_flow wx ON wx.flow = fx.flow JOIN r_flow wy ON wy.flow = fy.flow
LEFT JOIN r_alias ax ON ax.conn = wx.conn LEFT JOIN r_alias ay ON ay.conn = wy.conn;
--sqlite CREATE INDEX r_said_pair ON r_said(x, y);

-- Which of the two began first, over all points; and the plugin's verdict (NULL: it has seen no incident of the two).
CREATE TABLE r_order AS
SELECT p.x AS x, p.y AS y,
    CASE WHEN MAX(s.verdict) IS NOT NULL AND MAX(t.verdict) IS NULL THEN p.x
        WHEN MAX(t.verdict) IS NOT NULL AND MAX(s.verdict) IS NULL THEN p.y
        WHEN MIN(wx.first_time - sx.skew_ns) < MIN(wy.first_time - sy.skew_ns) THEN p.x
        WHEN MIN(wx.first_time - sx.skew_ns) = MIN(wy.first_time - sy.skew_ns) AND p.x < p.y THEN p.x ELSE p.y END AS first_conn,
    CASE WHEN COALESCE(MAX(s.verdict), -1) > COALESCE(MAX(t.verdict), -1) THEN MAX(s.verdict) ELSE MAX(t.verdict) END AS verdict,
    MAX(wx.source || wx.key_client) AS x_key_client, MAX(wx.source || wx.key_server) AS x_key_server,
    MAX(wy.source || wy.key_client) AS y_key_client, MAX(wy.source || wy.key_server) AS y_key_server,
    MAX(wx.source) AS x_source, MAX(wy.source) AS y_source
FROM (SELECT DISTINCT d.x AS x, d.y AS y FROM incident_fact d) p
JOIN r_flow wx ON wx.conn = p.x JOIN clock_skew sx ON sx.point = wx.point
JOIN r_flow wy ON wy.conn = p.y JOIN clock_skew sy ON sy.point = wy.point
LEFT JOIN (SELECT x, y, MAX(verdict) AS verdict FROM r_said GROUP BY x, y) s ON s.x = p.x AND s.y = p.y
LEFT JOIN (SELECT x, y, MAX(verdict) AS verdict FROM r_said GROUP BY x, y) t ON t.x = p.y AND t.y = p.x
GROUP BY p.x, p.y;

-- What the flows of x carry of y's: of several (legs, capture points) the one that carries most, as the plugin counts.
CREATE TABLE r_load AS
SELECT q.x AS x, q.y AS y, MAX(q.rsts) AS rsts, MAX(q.segments) AS segments, MAX(q.dup_acks) AS dup_acks, MAX(q.stale) AS stale
FROM (
    SELECT d.x AS x, d.y AS y, d.carrier AS carrier,
        SUM(CASE WHEN d.finding IN ('foreign.rst', 'foreign.segment', 'stale_session') AND d.flags % 8 >= 4 THEN d.times ELSE 0 END) AS rsts,
        SUM(CASE WHEN d.finding IN ('foreign.rst', 'foreign.segment', 'stale_session') AND d.flags % 8 < 4 THEN d.times ELSE 0 END) AS segments,
        SUM(CASE WHEN d.finding = 'foreign.dup_ack' THEN 1 ELSE 0 END) AS dup_acks,
        SUM(CASE WHEN d.finding = 'stale_session' THEN d.times ELSE 0 END) AS stale
    FROM incident_fact d
    GROUP BY d.x, d.y, d.carrier
) q
GROUP BY q.x, q.y;
--sqlite CREATE INDEX r_load_pair ON r_load(x, y);

-- The verdict is the plugin's; of what took several readings to see, and where a reading has told none, that of the facts. What
-- the plugin calls a note is more where somebody waits in vain.
CREATE TABLE incident AS
SELECT k.a AS a, k.b AS b, k.kind AS kind,
    CASE WHEN k.kind = 'collision.refuted' THEN 0
        WHEN k.kind IN ('stale_session', 'foreign.dup_ack') AND v.a IS NOT NULL THEN 2
        WHEN k.severity = 2 AND k.kind NOT IN ('collision.confirmed', 'collision', 'foreign', 'untranslated') THEN 1
        ELSE k.severity END AS severity,
    CASE WHEN k.kind = 'collision.confirmed' AND k.key_both <> '' THEN k.key_both ELSE k.key_text END AS key_text,
    k.first_time AS first_time, k.last_time AS last_time, COALESCE(l.rsts, 0) + COALESCE(m.rsts, 0) AS foreign_rsts,
    COALESCE(l.segments, 0) + COALESCE(m.segments, 0) AS foreign_segments,
    COALESCE(l.dup_acks, 0) + COALESCE(m.dup_acks, 0) AS dup_acks, COALESCE(l.stale, 0) + COALESCE(m.stale, 0) AS stale,
    k.across AS across
FROM (
    SELECT g.*,
        CASE WHEN g.verdict = 6 OR (g.shared > 0 AND g.answers > 0) THEN 'collision.confirmed'
            WHEN g.verdict = 5 AND g.severity < 2 THEN 'foreign.dup_ack'
            WHEN g.verdict = 5 THEN 'foreign' WHEN g.verdict = 3 OR (g.verdict = 4 AND g.untranslated > 0) THEN 'untranslated'
            WHEN g.verdict = 4 AND g.refuted = 0 THEN 'collision'
            WHEN g.refuted > 0 THEN 'collision.refuted' WHEN g.verdict = 2 THEN 'stale_session'
            WHEN g.reuses > 0 THEN 'reuse' WHEN g.unclear > 0 THEN 'collision.unclear'
            WHEN g.selves > 0 THEN 'self_connect' ELSE 'unknown' END AS kind
    FROM (
        SELECT o.first_conn AS a, CASE WHEN o.first_conn = d.x THEN d.y ELSE d.x END AS b,
            MAX(CASE WHEN o.verdict IS NOT NULL AND d.across = 0 THEN o.verdict
                WHEN d.finding = 'collision.confirmed' THEN 6 WHEN d.cause = 'untranslated' THEN 3
                WHEN d.finding IN ('foreign.rst', 'foreign.segment', 'foreign.dup_ack') THEN 5
                WHEN d.finding = 'collision' THEN 4 WHEN d.finding = 'stale_session' THEN 2 ELSE 0 END) AS verdict,
            SUM(CASE WHEN d.finding = 'collision' THEN 1 ELSE 0 END) AS shared,
            SUM(CASE WHEN d.severity IN ('warn', 'error') AND d.sender = 'server' AND d.across = 1 THEN 1 ELSE 0 END) AS answers,
            SUM(CASE WHEN d.finding = 'collision.refuted' THEN 1 ELSE 0 END) AS refuted,
            SUM(CASE WHEN d.cause = 'untranslated' THEN 1 ELSE 0 END) AS untranslated,
            SUM(CASE WHEN d.finding = 'reuse' THEN 1 ELSE 0 END) AS reuses,
            SUM(CASE WHEN d.finding = 'collision.unclear' THEN 1 ELSE 0 END) AS unclear,
            SUM(CASE WHEN d.finding = 'self_connect' THEN 1 ELSE 0 END) AS selves,
            MAX(CASE d.severity WHEN 'error' THEN 2 WHEN 'warn' THEN 2 WHEN 'note' THEN 1 ELSE 0 END) AS severity,
            MAX(CASE WHEN o.x_source > o.y_source OR (o.x_source = o.y_source AND o.first_conn = d.x) THEN SUBSTR(o.x_key_client, 2) || ' > ' || SUBSTR(o.x_key_server, 2)
                ELSE SUBSTR(o.y_key_client, 2) || ' > ' || SUBSTR(o.y_key_server, 2) END) AS key_text,
            -- nothing says which of the two is the server's own address
            MAX(CASE WHEN o.x_source = '1' AND o.y_source = '1' AND o.x_key_client = o.y_key_client AND o.x_key_server <> o.y_key_server
                THEN SUBSTR(o.x_key_client, 2) || ' > ' || CASE WHEN o.first_conn = d.x
                    THEN SUBSTR(o.x_key_server, 2) || ' or ' || SUBSTR(o.y_key_server, 2)
                    ELSE SUBSTR(o.y_key_server, 2) || ' or ' || SUBSTR(o.x_key_server, 2) END ELSE '' END) AS key_both,
            MIN(d.at) AS first_time, MAX(d.at) AS last_time, MAX(d.across) AS across
        FROM incident_fact d JOIN r_order o ON o.x = d.x AND o.y = d.y
        GROUP BY o.first_conn, CASE WHEN o.first_conn = d.x THEN d.y ELSE d.x END
    ) g
) k
LEFT JOIN r_load l ON l.x = k.a AND l.y = k.b LEFT JOIN r_load m ON m.x = k.b AND m.y = k.a AND k.a <> k.b
LEFT JOIN (SELECT q.x AS a, q.y AS b FROM r_said q WHERE q.conn IS NOT NULL UNION SELECT q.y, q.x FROM r_said q WHERE q.conn IS NOT NULL) v
    ON v.a = k.a AND v.b = k.b;

-- ---- 7. What the plugin says of who waits ---------------------------------------------------------------------------

CREATE TABLE incident_victim AS
SELECT d.x AS x, d.y AS y, d.conn AS conn, d.file AS file, d.frame AS frame, d.asked AS asked, d.last_time AS last_time,
    d.word AS verdict
FROM r_said d
WHERE d.conn IS NOT NULL;
--sqlite CREATE INDEX incident_victim_pair ON incident_victim(x, y);

-- Segments whose owner no capture has (toa.foreign.unseen), of connections that are in no incident.
CREATE TABLE incident_unseen AS
SELECT w.conn AS conn, i.file AS file, MIN(i.frame) AS frame, COUNT(*) AS segments
FROM finding i JOIN r_fragment f ON f.file = i.file AND f.stream = i.stream JOIN r_flow w ON w.flow = f.flow
WHERE i.finding = 'foreign.unseen'
    AND w.conn NOT IN (SELECT n.a FROM incident n WHERE n.severity > 0 UNION SELECT n.b FROM incident n WHERE n.severity > 0)
GROUP BY w.conn, i.file;
