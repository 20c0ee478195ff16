-- crosstalk.lua: for the benchmark only. The core of the plugin's logic as a Lua post-dissector, as short as it can be:
-- numbers of each conversation, the TOA option, RSTs whose number is another conversation's of the same client.
-- SPDX-License-Identifier: GPL-2.0-or-later
local proto = Proto("luatoa", "Crossed connections (Lua)")
local other = ProtoField.uint32("luatoa.other", "Other conversation")
local foreign = ProtoExpert.new("luatoa.foreign", "RST of another conversation", expert.group.SEQUENCE,
                                expert.severity.WARN)
proto.fields = {other}
proto.experts = {foreign}

local names = {"tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len",
               "ip.src", "ip.dst", "ip.id", "tcp.options"}
local field = {}
for _, name in ipairs(names) do field[name] = Field.new(name) end

local flows, groups, hits = {}, {}, {}
function proto.init() flows, groups, hits = {}, {}, {} end

local function toa_of(options)
    local bytes, at = options and options.range:bytes(), 0
    while bytes and at + 1 < bytes:len() do
        local kind, length = bytes:get_index(at), bytes:get_index(at + 1)
        if kind == 0 then return nil end
        if kind == 1 then
            at = at + 1
        elseif length < 2 or at + length > bytes:len() then
            return nil
        elseif kind == 254 and length == 8 then
            return bytes:subset(at + 2, 6):tohex()
        else
            at = at + length
        end
    end
end

local function has(flags, bit) return math.floor(flags / bit) % 2 == 1 end -- Lua 5.2 has no operator for it

local function learn(flow, from, seq, ack, flags, length)
    local side = flow[from]
    local extra = (has(flags, 2) and 1 or 0) + (has(flags, 1) and 1 or 0)
    side.next = (seq + length + extra) % 4294967296
    if has(flags, 16) then side.ack = ack end
end

local function find_owner(stream, flow, from, seq)
    if flow[from].next == seq or (flow[1 - from].ack == seq) then return nil end
    for number, candidate in pairs(groups[flow.client] or {}) do
        if number ~= stream and (candidate[from].next == seq or candidate[1 - from].ack == seq) then return number end
    end
end

function proto.dissector(tvb, pinfo, tree)
    local stream = field["tcp.stream"]()
    if not stream or not field["ip.src"]() then return end
    stream = stream.value
    if not pinfo.visited then
        local source = tostring(field["ip.src"]()) .. ":" .. field["tcp.srcport"]().value
        local flags, seq = field["tcp.flags"]().value, field["tcp.seq_raw"]().value
        local flow = flows[stream]
        if not flow then
            flow = {[0] = {}, [1] = {}, client = source, first = source}
            flows[stream] = flow
        end
        local toa = toa_of(field["tcp.options"]())
        if toa then flow.client = toa end
        groups[flow.client] = groups[flow.client] or {}
        groups[flow.client][stream] = flow
        local from = source == flow.first and 0 or 1
        local owner = has(flags, 4) and find_owner(stream, flow, from, seq)
        if owner then
            hits[pinfo.number] = owner
        else
            learn(flow, from, seq, field["tcp.ack_raw"]().value, flags, field["tcp.len"]().value)
            flow[from].ip_id = field["ip.id"]().value
        end
    end
    if hits[pinfo.number] then
        local item = tree:add(proto)
        item:add(other, hits[pinfo.number])
        item:add_proto_expert_info(foreign)
    end
end
register_postdissector(proto)
