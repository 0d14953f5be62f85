# fish completion for ctwin(8)

# The options, one a line: letter, names, protocols, commands, value, help; - for none. Commands are
# their letters, in lower case on the table expect. A test compares these lines with the program's.
set -g __ctwin_options "\
L dump - command [table] list a table
G get - command [table] show one entry
D delete - command [table] delete what the options select
I create - command [table] create an entry
A add - command [table] create an entry or update it
U update - command [table] update what the options select
E event - command [table] show events as they happen
F flush - command [table] delete everything
C counter - command [table] show how many entries
S stats - command [table] show per-CPU counters
R load-file - command FILE|- run the commands of a file (must come first)
V version - command [table] show the version
h help - command [table] show this, and a protocol's options with -p
s src,orig-src - LIAUDGEidg ADDR[/N] original source
d dst,orig-dst - LIAUDGEidg ADDR[/N] original destination
r reply-src - LIAUDGEidg ADDR reply source
q reply-dst - LIAUDGEidg ADDR reply destination
p protonum - LIAUDGEhidg PROTO protocol, by name or number
t timeout - IAUDi SECONDS timeout
u status - LIAUDi LIST ASSURED, SEEN_REPLY, UNREPLIED, !ASSURED, …
z zero - L - zero the counters of what is listed
e event-mask - E LIST ALL, NEW, UPDATES, DESTROY
[ tuple-src - i ADDR[/N] source of the expected flow
] tuple-dst - i ADDR[/N] destination of the expected flow
{ mask-src - LUDEi MASK mask of the source, any bits
} mask-dst - LUDEi MASK mask of the destination, any bits
a nat-range - LIAUDGFEhlidge RANGE ignored, for old scripts
m mark - LIAUDE MARK[/MASK] mark
i id - UDG ID entry id, as -o id shows it
f family - LUDFEl FAMILY ipv4 or ipv6
n src-nat - LIAUDE [ADDR[:PORT]] source NAT
g dst-nat - LIAUDE [ADDR[:PORT]] destination NAT
o output - LUDGEle LIST xml, json, save, extended, id, timestamp, ktimestamp, labels
c secmark - LE SECMARK security mark
b buffer-size - E BYTES receive buffer for events
j any-nat - LE [ADDR[:PORT]] source or destination NAT
w zone - LIADE ZONE zone
l label - LUDGE LIST labels that must be set
< label-add - IAU LIST labels to set
> label-del - U [LIST] labels to clear, all of them without a list
( orig-zone - LIADE ZONE zone of the original direction
) reply-zone - LIADE ZONE zone of the reply direction
M labelmap - LUDE FILE names of labels
- netns - all NAME|PID|PATH work in this network namespace
- sport,orig-port-src tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original source port
- dport,orig-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original destination port
- reply-port-src tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply source port
- reply-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply destination port
- mask-port-src tcp,udp,udplite,sctp,dccp i MASK mask of the expected source port
- mask-port-dst tcp,udp,udplite,sctp,dccp i MASK mask of the expected destination port
- state tcp,sctp,dccp LIAUDGE STATE state, such as ESTABLISHED
- tuple-port-src tcp,udp,udplite,sctp,dccp i PORT expected source port
- tuple-port-dst tcp,udp,udplite,sctp,dccp i PORT expected destination port
- orig-vtag sctp LIAUDGEi TAG original verification tag
- reply-vtag sctp LIAUDGEi TAG reply verification tag
- role dccp LIADEi ROLE client or server
- srckey,orig-key-src gre LIAUDGEidg KEY original source key
- dstkey,orig-key-dst gre LIAUDGEidg KEY original destination key
- reply-key-src gre LIAUDGEidg KEY reply source key
- reply-key-dst gre LIAUDGEidg KEY reply destination key
- mask-key-src gre i MASK mask of the expected source key
- mask-key-dst gre i MASK mask of the expected destination key
- tuple-key-src gre i KEY expected source key
- tuple-key-dst gre i KEY expected destination key
- icmp-type icmp LIAUDGE TYPE type
- icmp-code icmp LIAUDGE CODE code
- icmp-id icmp LIAUDGE ID id
- icmpv6-type icmpv6 LIAUDGE TYPE type
- icmpv6-code icmpv6 LIAUDGE CODE code
- icmpv6-id icmpv6 LIAUDGE ID id
"

# The words in front of the cursor, in the globals __ctwin_command (the command's letter, in lower
# case on the table expect), __ctwin_protocol and __ctwin_labelmap.
function __ctwin_read_line
    set -g __ctwin_command ''
    set -g __ctwin_protocol ''
    set -g __ctwin_labelmap /etc/xtables/connlabel.conf
    set -l words (commandline -opc)
    set -e words[1]
    set -l names dump get delete create add update event flush counter stats version help
    set -l letters L G D I A U E F C S V h
    set -l before ''
    for word in $words
        switch $before
            case -p --protonum
                __ctwin_set_protocol $word
            case -M --labelmap
                set __ctwin_labelmap $word
            case --dump --get --delete --create --event '-*[LGDIE]'
                if string match -q -- "$word*" expect; and string match -qr '^[LGDIE]$' -- $__ctwin_command
                    set __ctwin_command (string lower $__ctwin_command)
                end
        end
        switch $word
            case '--protonum=*' '--labelmap=*'
                set -l parts (string split -m 1 = -- $word)
                test $parts[1] = --protonum
                and __ctwin_set_protocol $parts[2]
                or set __ctwin_labelmap $parts[2]
            case '-p?*'
                __ctwin_set_protocol (string sub -s 3 -- $word)
            case '--*'
                if set -l index (contains -i -- (string sub -s 3 -- $word) $names)
                    test -n "$__ctwin_command"; or set __ctwin_command $letters[$index]
                end
            case '-?*'
                set -l letter (string sub -s 2 -l 1 -- $word)
                if contains -- $letter $letters
                    test -n "$__ctwin_command"; or set __ctwin_command $letter
                end
        end
        set before $word
    end
end
