-- clocks.sql: the first half of the reduction, see reduce.sql for its language and its words. Reads capture_file,
-- conversation, finding, unexplained; makes connections of rotated files (r_flow) and r_link: how the clocks of two
-- capture points that saw the same connections differ. From that, clocks.c makes the table clock_skew for reduce.sql.

DROP TABLE IF EXISTS r_wanted;
DROP TABLE IF EXISTS r_client;
DROP TABLE IF EXISTS r_tuple;
DROP TABLE IF EXISTS r_used;
DROP TABLE IF EXISTS r_reversed;
DROP TABLE IF EXISTS r_step;
DROP TABLE IF EXISTS r_numbered;
DROP TABLE IF EXISTS r_fragment;
DROP TABLE IF EXISTS r_flow;
DROP TABLE IF EXISTS r_meeting;
DROP TABLE IF EXISTS r_meeting_best;
DROP TABLE IF EXISTS r_link;

-- ---- 0. Pre-filter: candidate clients -------------------------------------------------------------------------------

-- Most connections meet nobody: their client endpoint had no other connection, and none of their numbers turns up
-- anywhere else. They are counted, not joined.

-- Numbers that are looked for: of segments that no conversation of their file explains, and of conversations of which a
-- file shows nothing but one number of one side.
CREATE TABLE r_wanted AS
SELECT u.file AS file, u.stream AS stream, u.seq AS number FROM unexplained u WHERE u.seq <> 0
UNION ALL
SELECT u.file, u.stream, u.ack FROM unexplained u WHERE u.ack IS NOT NULL
UNION ALL
SELECT c.file, c.stream, COALESCE(c.server_next, c.client_next) FROM conversation c
WHERE (c.client_low IS NULL AND c.server_isn IS NULL AND c.server_low = c.server_next)
    OR (c.server_low IS NULL AND c.client_isn IS NULL AND c.client_low = c.client_next);

-- Client endpoints: with connections of different tuples; with a finding; with a number that is looked for, or that was
-- found.
CREATE TABLE r_client AS
SELECT c.key_client AS client FROM conversation c GROUP BY c.key_client
HAVING (MIN(c.server) <> MAX(c.server) OR MIN(c.client) <> MAX(c.client))
    AND MIN(COALESCE(c.server_isn, -1)) <> MAX(COALESCE(c.server_isn, -1))
UNION
SELECT c.key_client FROM (
    SELECT f.file AS file, f.stream AS stream FROM finding f
    UNION
    SELECT f.file, f.other_stream FROM finding f WHERE f.other_stream IS NOT NULL
    UNION
    SELECT w.file, w.stream FROM r_wanted w
) m JOIN conversation c ON c.file = m.file AND c.stream = m.stream
UNION
SELECT c.key_client FROM conversation c
WHERE c.server_next IN (SELECT w.number FROM r_wanted w) OR c.client_ack IN (SELECT w.number FROM r_wanted w)
    OR c.client_next IN (SELECT w.number FROM r_wanted w) OR c.server_ack IN (SELECT w.number FROM r_wanted w);

-- All that those endpoints did, on any tuple and in any file; and enough of the rest to compare the clocks with.
CREATE TABLE r_tuple AS
SELECT DISTINCT c.client AS client, c.server AS server FROM conversation c
WHERE c.key_client IN (SELECT k.client FROM r_client k)
    OR (c.client_isn % 32 = 0 OR (SELECT COUNT(*) FROM conversation) < 100000)
        AND (SELECT COUNT(DISTINCT c.point) FROM capture_file c) > 1;

CREATE TABLE r_used AS
SELECT c.* FROM conversation c WHERE (c.client, c.server) IN (SELECT t.client, t.server FROM r_tuple t)
UNION ALL
SELECT c.* FROM conversation c
WHERE COALESCE(c.roles, 'port') = 'port' AND (c.server, c.client) IN (SELECT t.client, t.server FROM r_tuple t)
    AND (c.client, c.server) NOT IN (SELECT t.client, t.server FROM r_tuple t);
--sqlite CREATE INDEX r_used_at ON r_used(file, stream);

-- ---- 1. Rotation: fragments to flows --------------------------------------------------------------------------------

-- A file that starts within a connection shows no SYN, and the guess "lower port is the server" may be wrong: another
-- file knows better, or the same reading did later.
CREATE TABLE r_reversed AS
SELECT p.client AS client, p.server AS server
FROM (SELECT DISTINCT u.client AS client, u.server AS server FROM r_used u WHERE COALESCE(u.roles, 'port') = 'port') p
JOIN (SELECT DISTINCT u.client AS client, u.server AS server FROM r_used u WHERE COALESCE(u.roles, 'port') <> 'port') s
    ON s.client = p.server AND s.server = p.client
UNION
SELECT l.client, l.server
FROM (
    SELECT u.client AS client, u.server AS server,
        FIRST_VALUE(u.client) OVER (PARTITION BY k.engine, u.began_time, CASE WHEN u.client < u.server THEN u.client ELSE u.server END,
            CASE WHEN u.client < u.server THEN u.server ELSE u.client END ORDER BY u.last_time DESC, k.first_time DESC) AS last_client
    FROM r_used u JOIN capture_file k ON k.file = u.file
    WHERE COALESCE(u.roles, 'port') = 'port' AND u.began_time IS NOT NULL
) l
WHERE l.client <> l.last_client;

-- A tcp.stream may be two conversations (R14 and R15 of the plugin), which begin at different times.
-- In the order of time within a capture point and wire tuple; "begins" where a new connection does. Files that were read as
-- one say themselves when a conversation began ("began"). For others: another SYN, or two conversations of one file, or two
-- hours of silence (the time after which Linux probes an idle connection). A SYN with the ISN of before is a
-- retransmission, which makes a conversation of its own in a file that began after the first.
CREATE TABLE r_step AS
SELECT c.file AS file, c.stream AS stream, c.first_time AS first_time, c.turned AS turned,
    ROW_NUMBER() OVER w AS n,
    CASE
        WHEN COALESCE(LAG(c.place) OVER w, '') <> c.place THEN 1
        WHEN c.began = LAG(c.began) OVER w THEN 0
        WHEN c.client_isn IS NOT NULL AND (c.client_isn = LAG(c.client_isn) OVER w
            OR (c.client_isn = LAG(c.client_isn, 2) OVER w AND c.place = LAG(c.place, 2) OVER w)) THEN 0
        WHEN LAG(c.file) OVER w = c.file OR LAG(c.engine) OVER w = c.engine THEN 1
        WHEN c.client_isn IS NOT NULL THEN 1
        WHEN c.server_isn IS NOT NULL AND COALESCE(LAG(c.server_isn) OVER w, c.server_isn) <> c.server_isn THEN 1
        WHEN c.first_time - LAG(c.last_time) OVER w > 7200000000000 THEN 1
        ELSE 0
    END AS begins
FROM (
    SELECT b.*, MAX(b.own_client_isn) OVER t AS client_isn, MAX(b.own_server_isn) OVER t AS server_isn
    FROM (
    SELECT o.file AS file, o.stream AS stream, o.first_time AS first_time, o.last_time AS last_time,
        o.began_time AS began, k.engine AS engine, k.first_time AS file_time, COALESCE(o.began_time, o.first_time) AS since,
        CASE WHEN v.client IS NULL OR COALESCE(o.roles, 'port') <> 'port' THEN 0 ELSE 1 END AS turned,
        CASE WHEN v.client IS NULL OR COALESCE(o.roles, 'port') <> 'port'
            THEN o.point || ' ' || o.client || ' ' || o.server
            ELSE o.point || ' ' || o.server || ' ' || o.client END AS place,
        CASE WHEN COALESCE(o.roles, 'port') <> 'port' THEN o.client_isn END AS own_client_isn,
        CASE WHEN COALESCE(o.roles, 'port') <> 'port' THEN o.server_isn END AS own_server_isn
    FROM r_used o JOIN capture_file k ON k.file = o.file
    LEFT JOIN r_reversed v ON v.client = o.client AND v.server = o.server
    ) b
    WINDOW t AS (PARTITION BY b.engine, b.place, COALESCE(b.began, b.stream))
) c
WINDOW w AS (ORDER BY c.place, c.since, c.first_time, c.file_time, c.file, c.stream);

CREATE TABLE r_numbered AS
SELECT p.file AS file, p.stream AS stream, p.first_time AS first_time, p.turned AS turned, p.n AS n,
    SUM(p.begins) OVER (ORDER BY p.n ROWS UNBOUNDED PRECEDING) AS flow
FROM r_step p;
DROP TABLE r_step;

-- "engine": the reading that has judged what it saw. "latest", "first": of the files that show a conversation to one reading.
CREATE TABLE r_fragment AS
SELECT q.*, CASE WHEN q.up = 1 THEN 1 ELSE 0 END AS first, CASE WHEN q.down = 1 THEN 1 ELSE 0 END AS latest
FROM (
    SELECT r.*, COALESCE(r.began, r.stream) AS talk, k.engine AS engine,
        ROW_NUMBER() OVER (PARTITION BY r.flow, k.engine, COALESCE(r.began, r.stream) ORDER BY r.n) AS up,
        ROW_NUMBER() OVER (PARTITION BY r.flow, k.engine, COALESCE(r.began, r.stream) ORDER BY r.n DESC) AS down
    FROM (
SELECT p.flow AS flow, p.n AS n, o.file AS file, o.stream AS stream, o.point AS point, o.client AS client,
    o.server AS server, o.key_client AS key_client, o.key_server AS key_server, o.key_source AS key_source,
    o.first_frame AS first_frame, o.first_time AS first_time, o.last_time AS last_time, o.frames AS frames,
    o.closed_time AS closed_time, o.syn_time AS syn_time, o.synack_time AS synack_time,
    o.client_isn AS client_isn, o.client_low AS client_low, o.client_next AS client_next,
    o.client_ack AS client_ack, o.client_tsval AS client_tsval, o.client_ip_id AS client_ip_id,
    o.server_isn AS server_isn, o.server_low AS server_low, o.server_next AS server_next,
    o.server_ack AS server_ack, o.server_tsval AS server_tsval, o.server_ip_id AS server_ip_id,
    o.file_stream AS file_stream, o.connection_stream AS connection_stream, o.began_time AS began
FROM r_numbered p JOIN r_used o ON o.file = p.file AND o.stream = p.stream AND o.first_time = p.first_time
WHERE p.turned = 0
UNION ALL
SELECT p.flow, p.n, o.file, o.stream, o.point, o.server, o.client, o.server, o.client, 'wire', o.first_frame,
    o.first_time, o.last_time, o.frames, o.closed_time, o.syn_time, o.synack_time,
    o.server_isn, o.server_low, o.server_next, o.server_ack, o.server_tsval, o.server_ip_id,
    o.client_isn, o.client_low, o.client_next, o.client_ack, o.client_tsval, o.client_ip_id, o.file_stream, o.connection_stream,
    o.began_time
FROM r_numbered p JOIN r_used o ON o.file = p.file AND o.stream = p.stream AND o.first_time = p.first_time
WHERE p.turned = 1
    ) r JOIN capture_file k ON k.file = r.file
) q;
DROP TABLE r_numbered;
--sqlite CREATE INDEX r_fragment_flow ON r_fragment(flow);
--sqlite CREATE INDEX r_fragment_stream ON r_fragment(file, stream);

-- What one file knows holds for the whole flow: a TOA in file 1 counts in file 7. Best source first. Flows with one
-- client endpoint and one server ISN are one connection: two points, or both sides of a load balancer. Where no SYN-ACK
-- was seen: the same wire tuple and client ISN. A key that the plugin proved is not taken over: it depends on which of
-- the two connections came first in that file; the finding that goes with it says the same for good.
CREATE TABLE r_flow AS
SELECT g.flow AS flow, g.point AS point, g.client AS client, g.server AS server,
    SUBSTR(g.best_client, 2) AS key_client, SUBSTR(g.best_server, 2) AS key_server, SUBSTR(g.best_server, 1, 1) AS source,
    g.first_time AS first_time, g.last_time AS last_time, g.closed_time AS closed_time, g.syn_time AS syn_time,
    g.synack_time AS synack_time, g.client_isn AS client_isn, g.server_isn AS server_isn, g.frames AS frames,
    g.fragments AS fragments,
    MIN(g.flow) OVER (PARTITION BY
        CASE WHEN g.server_isn IS NULL AND g.client_isn IS NOT NULL THEN g.client || '>' || g.server
            ELSE SUBSTR(g.best_client, 2) END,
        COALESCE(g.server_isn, g.client_isn + 4294967296, -g.flow)) AS conn
FROM (
    SELECT f.flow AS flow, MIN(f.point) AS point, MIN(f.client) AS client, MIN(f.server) AS server,
        MAX(CASE f.key_source WHEN 'toa' THEN '4' || f.key_client WHEN 'leg' THEN '3' || f.key_client
            WHEN 'map' THEN '2' || f.key_client ELSE '1' || f.client END) AS best_client,
        MAX(CASE f.key_source WHEN 'toa' THEN '4' || f.key_server WHEN 'leg' THEN '3' || f.key_server
            WHEN 'map' THEN '2' || f.key_server ELSE '1' || f.server END) AS best_server,
        MIN(f.first_time) AS first_time, MAX(f.last_time) AS last_time, MAX(f.closed_time) AS closed_time,
        MIN(f.syn_time) AS syn_time, MIN(f.synack_time) AS synack_time, MAX(f.client_isn) AS client_isn,
        MAX(f.server_isn) AS server_isn, SUM(f.frames) AS frames, COUNT(*) AS fragments
    FROM r_fragment f GROUP BY f.flow
) g;
--sqlite CREATE INDEX r_flow_flow ON r_flow(flow);
--sqlite CREATE INDEX r_flow_conn ON r_flow(conn);

-- ---- 2. Clocks of the capture points --------------------------------------------------------------------------------

-- One connection seen at two points: its SYN says "skew + way there", its SYN-ACK "skew - way back". The truth lies
-- between the two, so half their distance is the error.
CREATE TABLE r_meeting AS
SELECT m.a AS a, m.b AS b, m.by_syn AS by_syn, m.by_synack AS by_synack, ABS(m.by_syn - m.by_synack) AS width
FROM (
    SELECT x.point AS a, y.point AS b, y.syn_time - x.syn_time AS by_syn, y.synack_time - x.synack_time AS by_synack
    FROM r_flow x JOIN r_flow y ON y.conn = x.conn
    WHERE x.conn IN (SELECT f.conn FROM r_flow f GROUP BY f.conn HAVING COUNT(*) BETWEEN 2 AND 64)
        AND x.point < y.point AND x.syn_time IS NOT NULL AND y.syn_time IS NOT NULL AND x.synack_time IS NOT NULL
        AND y.synack_time IS NOT NULL
) m;

CREATE TABLE r_meeting_best AS
SELECT q.a AS a, q.b AS b, q.width AS width, q.by_syn + q.by_synack AS twice
FROM (
    SELECT m.*, ROW_NUMBER() OVER (PARTITION BY m.a, m.b ORDER BY m.width, m.by_syn) AS place FROM r_meeting m
) q
WHERE q.place = 1;

-- Drift and steps widen the error: what the other good meetings say.
CREATE TABLE r_link AS
SELECT l.a AS a, l.b AS b, l.skew AS skew, l.error AS error, l.meetings AS meetings
FROM (
    SELECT t.a AS a, t.b AS b, CAST(MIN(t.twice) / 2 AS BIGINT) AS skew,
        CAST((MIN(t.width) + MAX(ABS(m.by_syn + m.by_synack - t.twice))) / 2 AS BIGINT) AS error, COUNT(*) AS meetings
    FROM r_meeting_best t JOIN r_meeting m ON m.a = t.a AND m.b = t.b
    WHERE m.width <= 3 * t.width + 1000000
    GROUP BY t.a, t.b
) l;
